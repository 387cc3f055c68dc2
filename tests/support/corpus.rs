//! The corpus: cases as data, read strictly.
//!
//! What is misspelt, said twice, said by half or cites nothing fails here, before any case runs. All complaints are
//! told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use oss_cors_core::{Profile, RuleFile, RuleTable};
use serde::Deserialize;

use super::oracle::{Bucket, Header};

/// Fewer cases than this mean that the walk did not find them.
const FEWEST: usize = 200;

const NOT_ENABLED: &str = "not-enabled";
const NO_SUCH_BUCKET: &str = "no-such-bucket";

/// Facts about other software are cited under their source's own names.
const FOREIGN: &str = "aliyun-oss-sdk: ";

/// Every case of `tests/corpus`.
pub(crate) struct Corpus {
    pub(crate) cases: Vec<Case>,
    pub(crate) files: Vec<FileCase>,
}

/// One request, and the whole answer to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(skip)]
    pub(crate) topic: String,
    #[serde(skip)]
    pub(crate) state: State,
    pub(crate) name: String,
    cites: Vec<String>,
    rules: String,
    #[serde(default)]
    profile: ProfileName,
    #[serde(default)]
    pub(crate) answer_every_options: bool,
    #[serde(default)]
    pub(crate) keep_inner_headers: bool,
    #[serde(default = "every_subject")]
    pub(crate) subjects: Vec<Subject>,
    pub(crate) method: String,
    headers: Vec<(String, Latin1)>,
    #[serde(default)]
    pub(crate) app: App,
    pub(crate) expect: Expect,
}

/// What the rules are taken from.
#[derive(Default)]
pub(crate) enum State {
    Enabled(Box<RuleFile>),
    #[default]
    NotEnabled,
    NoSuchBucket,
}

/// What decides: everything must answer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Subject {
    Table,
    Oracle,
    Tower,
    Actix,
}

/// What the application answers when it is called.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct App {
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default)]
    headers: Vec<(String, Latin1)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) answered: bool,
    pub(crate) status: u16,
    pub(crate) rule: Option<usize>,
    pub(crate) code: Option<String>,
    pub(crate) unmatched: Option<String>,
    headers: BTreeMap<String, Lines>,
}

/// One line of a header; several only where the application's own stay.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(Latin1),
    Several(Vec<Latin1>),
}

/// A rule file to read, judge and write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileCase {
    #[serde(skip)]
    pub(crate) topic: String,
    pub(crate) name: String,
    cites: Vec<String>,
    pub(crate) format: Option<FormatName>,
    #[serde(default)]
    profile: ProfileName,
    text: Option<Expanded>,
    text_hex: Option<String>,
    valid: Option<bool>,
    pub(crate) rules_read: Option<usize>,
    pub(crate) xml: Option<String>,
    pub(crate) errors: Option<Vec<Fault>>,
}

/// One error of a rule file. `kind` may leave out what the kind holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) rule: Option<usize>,
    pub(crate) element: Option<String>,
    pub(crate) entry: Option<usize>,
    pub(crate) kind: String,
    pub(crate) value: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FormatName {
    Xml,
    Json,
    Yaml,
    Toml,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProfileName {
    #[default]
    Oss,
    Extended,
}

/// Bytes, one for each character; `{x*1000}` is a thousand times `x`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Expanded")]
pub(crate) struct Latin1(pub(crate) Vec<u8>);

/// Text in which `{x*1000}` is a thousand times `x`.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Expanded(String);

/// One file of the corpus.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    #[serde(default)]
    rules: BTreeMap<String, Expanded>,
    #[serde(default, rename = "case")]
    cases: Vec<Case>,
    #[serde(default, rename = "file")]
    files: Vec<FileCase>,
}

impl Corpus {
    /// Reads the whole folder.
    ///
    /// # Panics
    ///
    /// With every complaint about it.
    pub(crate) fn load() -> Self {
        let mut corpus = Self { cases: Vec::new(), files: Vec::new() };
        let mut complaints = Vec::new();
        for path in toml_files(&project().join("tests/corpus")) {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            let mut complain = |what: String| complaints.push(format!("{name}: {what}"));
            match toml::from_str::<Topic>(&read(&path)) {
                Ok(topic) => corpus.add(&name, topic, &mut complain),
                Err(error) => complain(error.to_string()),
            }
        }
        if corpus.len() < FEWEST {
            complaints.push(format!("{} cases, fewer than {FEWEST}", corpus.len()));
        }
        assert!(complaints.is_empty(), "the corpus is not in order:\n{}", complaints.join("\n"));
        corpus
    }

    fn len(&self) -> usize {
        self.cases.len() + self.files.len()
    }

    fn add(&mut self, name: &str, topic: Topic, complain: &mut impl FnMut(String)) {
        if topic.cases.is_empty() && topic.files.is_empty() {
            complain("no cases".to_owned());
        }
        let mut names = BTreeSet::new();
        let all = topic.cases.iter().map(|case| &case.name).chain(topic.files.iter().map(|file| &file.name));
        for name in all.filter(|name| !names.insert((*name).clone())) {
            complain(format!("two cases are named `{name}`"));
        }
        let used: BTreeSet<&String> = topic.cases.iter().map(|case| &case.rules).collect();
        for rules in topic.rules.keys().filter(|rules| !used.contains(rules)) {
            complain(format!("the rules `{rules}` are not used"));
        }
        for mut case in topic.cases {
            topic_and_state(&mut case, name, &topic.rules).unwrap_or_else(&mut *complain);
            case.check(complain);
            self.cases.push(case);
        }
        for mut file in topic.files {
            name.clone_into(&mut file.topic);
            file.check(complain);
            self.files.push(file);
        }
    }

    /// Every complaint about what the cases cite: all that is cited is in SEMANTICS.md, and all of its sections 1 to 3
    /// is cited.
    pub(crate) fn citation_complaints(&self) -> Vec<String> {
        let (sections, ids) = specification();
        let cases = self.cases.iter().map(|case| (&case.topic, &case.name, &case.cites));
        let files = self.files.iter().map(|file| (&file.topic, &file.name, &file.cites));
        let mut complaints = Vec::new();
        let mut cited = BTreeSet::new();
        for (topic, name, cites) in cases.chain(files) {
            let ours: Vec<_> = cites.iter().filter(|cite| !cite.starts_with(FOREIGN)).collect();
            if ours.is_empty() {
                complaints.push(format!("{topic}: `{name}` cites nothing of SEMANTICS.md"));
            }
            for cite in ours {
                if !ids.contains(cite) && !sections.contains(cite) {
                    complaints.push(format!("{topic}: `{name}` cites {cite}, which SEMANTICS.md does not have"));
                }
                cited.insert(cite.clone());
            }
        }
        complaints.extend(ids.difference(&cited).map(|id| format!("no case cites {id}")));
        complaints
    }
}

impl Case {
    fn check(&self, complain: &mut impl FnMut(String)) {
        let expect = &self.expect;
        let matched = expect.rule.is_some();
        if expect.answered && (matched != (expect.status == 200) || matched == expect.code.is_some()) {
            complain(format!("`{}` is answered: by a rule with 200, or refused with a code", self.name));
        }
        if !expect.answered && (expect.status != self.app.status || expect.code.is_some()) {
            complain(format!("`{}` is forwarded: with the application's status, without a code", self.name));
        }
        if matched && expect.unmatched.is_some() {
            complain(format!("`{}` has a rule, and a reason why none matched", self.name));
        }
        for name in expect.headers.keys().filter(|name| !is_cors_or_vary(&name.to_ascii_lowercase())) {
            complain(format!("`{}` expects {name}, which nobody looks at", self.name));
        }
    }

    pub(crate) fn table(&self) -> RuleTable {
        match &self.state {
            State::Enabled(file) => file.table(),
            State::NotEnabled => RuleTable::not_enabled(),
            State::NoSuchBucket => RuleTable::no_such_bucket(),
        }
    }

    /// The profile of its rules.
    pub(crate) fn profile(&self) -> Profile {
        self.profile.into()
    }

    pub(crate) fn bucket(&self) -> Bucket<'_> {
        match &self.state {
            State::Enabled(file) => Bucket::Rules(file.configuration()),
            State::NotEnabled => Bucket::NotEnabled,
            State::NoSuchBucket => Bucket::Missing,
        }
    }

    /// The request's headers, names in lower case.
    pub(crate) fn headers(&self) -> Vec<Header> {
        headers(&self.headers)
    }

    /// `Message` of the refusal, in OSS's own words (SEMANTICS section 3).
    pub(crate) fn message(&self) -> Option<&'static str> {
        let has_origin = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("origin"));
        Some(match (self.expect.code.as_deref()?, &self.state) {
            ("NoSuchBucket", _) => "The specified bucket does not exist.",
            ("AccessForbidden", State::NotEnabled) => "CORSResponse: CORS is not enabled for this bucket.",
            ("AccessForbidden", _) => {
                "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec."
            }
            ("BadRequest", _) if has_origin => {
                "Insufficient information. Request Access-Control-Request-Method header needed."
            }
            ("BadRequest", _) => "Insufficient information. Origin request header needed.",
            (other, _) => panic!("{}: `{}` expects the code {other}, which OSS does not have", self.topic, self.name),
        })
    }
}

impl App {
    /// The application's headers, names in lower case.
    pub(crate) fn headers(&self) -> Vec<Header> {
        headers(&self.headers)
    }
}

impl Default for App {
    fn default() -> Self {
        Self { status: ok(), headers: Vec::new() }
    }
}

impl Expect {
    /// Every `Access-Control-*` and `Vary` line, sorted, names in lower case.
    pub(crate) fn headers(&self) -> Vec<(String, Latin1)> {
        let mut lines = Vec::new();
        for (name, values) in &self.headers {
            let values = match values {
                Lines::One(value) => std::slice::from_ref(value),
                Lines::Several(values) => values,
            };
            lines.extend(values.iter().map(|value| (name.to_ascii_lowercase(), value.clone())));
        }
        lines.sort();
        lines
    }
}

impl FileCase {
    fn check(&self, complain: &mut impl FnMut(String)) {
        if self.text.is_some() == self.text_hex.is_some() {
            complain(format!("`{}` needs one of text and text_hex", self.name));
        }
        if self.valid.is_some() == self.errors.is_some() || self.valid == Some(false) {
            complain(format!("`{}` needs `valid = true` or errors", self.name));
        }
        if self.errors.as_ref().is_some_and(Vec::is_empty) {
            complain(format!("`{}` names no error", self.name));
        }
        if self.errors.is_some() && (self.xml.is_some() || self.rules_read.is_some()) {
            complain(format!("`{}` cannot be wrong and yet be written", self.name));
        }
    }

    pub(crate) fn profile(&self) -> Profile {
        self.profile.into()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let hex = |hex: &String| {
            let digits: String = hex.split_whitespace().collect();
            let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("text_hex has pairs of hex digits");
            (0..digits.len()).step_by(2).map(pair).collect()
        };
        let text = self.text.as_ref().map(|text| text.0.clone().into_bytes());
        text.or_else(|| self.text_hex.as_ref().map(hex)).unwrap_or_default()
    }
}

/// Whether a response header is compared: all that CORS and caches go by.
pub(crate) fn is_cors_or_vary(name: &str) -> bool {
    name == "vary" || name.starts_with("access-control-")
}

fn topic_and_state(case: &mut Case, topic: &str, rules: &BTreeMap<String, Expanded>) -> Result<(), String> {
    topic.clone_into(&mut case.topic);
    case.state = match (case.rules.as_str(), rules.get(&case.rules)) {
        (NOT_ENABLED, None) => State::NotEnabled,
        (NO_SUCH_BUCKET, None) => State::NoSuchBucket,
        (NOT_ENABLED | NO_SUCH_BUCKET, Some(_)) => return Err(format!("`{}` is a reserved name", case.rules)),
        (name, None) => return Err(format!("`{}` wants the rules `{name}`, which do not exist", case.name)),
        (name, Some(text)) => RuleFile::parse(text.0.as_bytes(), None, case.profile.into())
            .map(|file| State::Enabled(Box::new(file)))
            .map_err(|errors| format!("the rules `{name}`: {errors}"))?,
    };
    Ok(())
}

/// The sections of SEMANTICS.md that have no ids, and the ids of the others.
fn specification() -> (BTreeSet<String>, BTreeSet<String>) {
    let text = read(&project().join("cors-core/SEMANTICS.md"));
    let (mut sections, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let mut section = "";
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.split('.').next().expect("a split has a first part");
            if !["1", "2", "3"].contains(&section) {
                sections.insert(section.to_owned());
            }
        }
        for bracket in line.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inside, _)| inside) {
            let is_id = |(major, minor): (&str, &str)| [major, minor].iter().all(|part| part.parse::<u16>().is_ok());
            if bracket.split_once('.').is_some_and(is_id) {
                assert!(bracket.starts_with(&format!("{section}.")), "[{bracket}] stands in section {section}");
                assert!(ids.insert(bracket.to_owned()), "[{bracket}] stands twice in SEMANTICS.md");
            }
        }
    }
    (sections, ids)
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of the folder, sorted. Anything but TOML is a mistake.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    paths.sort();
    for path in &paths {
        assert!(path.extension().is_some_and(|extension| extension == "toml"), "{} is no case file", path.display());
    }
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths
}

fn headers(lines: &[(String, Latin1)]) -> Vec<Header> {
    lines.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.0.clone())).collect()
}

fn every_subject() -> Vec<Subject> {
    vec![Subject::Table, Subject::Oracle, Subject::Tower, Subject::Actix]
}

fn ok() -> u16 {
    200
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Oss => Self::Oss,
            ProfileName::Extended => Self::Extended,
        }
    }
}

impl From<String> for Expanded {
    fn from(text: String) -> Self {
        let expand = |piece: &str| {
            let inner = piece.strip_suffix('}').and_then(|rest| rest.rsplit_once('{'));
            let times = |inner: &str| inner.rsplit_once('*').map(|(_, times)| times.parse::<usize>());
            match inner.map(|(head, inner)| (head, inner, times(inner))) {
                Some((head, inner, Some(Ok(times)))) => {
                    let unit = inner.rsplit_once('*').map_or("", |(unit, _)| unit);
                    format!("{head}{}", unit.repeat(times))
                }
                _ => piece.to_owned(),
            }
        };
        Self(text.split_inclusive('}').map(expand).collect())
    }
}

impl TryFrom<Expanded> for Latin1 {
    type Error = String;

    fn try_from(text: Expanded) -> Result<Self, String> {
        let byte = |found: char| u8::try_from(found).map_err(|_| format!("`{found}` is no single byte"));
        text.0.chars().map(byte).collect::<Result<_, _>>().map(Self)
    }
}

/// As text; of a long one, the beginning and the length.
impl fmt::Debug for Latin1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get(..300) {
            Some(beginning) => write!(f, "\"{}...\" ({} bytes)", beginning.escape_ascii(), self.0.len()),
            None => write!(f, "\"{}\"", self.0.escape_ascii()),
        }
    }
}
