//! Every format says the same: what is written is read again, and every part is found at its place.
//!
//! Which files load, and which faults the others have, is in `corpus/rule-files-*.toml`.

use crate::support::with_credentials;
use alloc_tracker::Session;
use oss_cors_core::{
    ConfigError, ConfigErrorKind, CorsConfiguration, CorsRule, Element, Format, Position, Profile, RuleFile,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const FORMATS: [Format; 4] = [Format::Xml, Format::Json, Format::Yaml, Format::Toml];

fn written(configuration: &CorsConfiguration, format: Format) -> String {
    match format {
        Format::Xml => configuration.to_xml(),
        Format::Json => configuration.to_json(),
        Format::Yaml => configuration.to_yaml(),
        Format::Toml => configuration.to_toml(),
        other => panic!("{other:?} is not written here"),
    }
}

/// What some format takes for something else: quotes, comments, keys, lists, escapes, templates, other words.
const HOSTILE: [&str; 60] = [
    "'",
    "\"",
    "'''",
    "\"\"\"",
    "\\",
    "\\n",
    "\\u0041",
    "\\\"",
    "#",
    " #",
    "# ",
    ":",
    ": ",
    " :",
    "-",
    "- ",
    "---",
    "...",
    "?",
    "? ",
    "!",
    "!!str",
    "&",
    "&a",
    "|",
    ">",
    "%",
    "@",
    "`",
    "[",
    "]",
    "[[",
    "{",
    "}",
    ",",
    ", ",
    "=",
    " = ",
    "<",
    "</",
    "<!--",
    "]]>",
    "&amp;",
    "${",
    "$${",
    "%{",
    "%%{",
    "~",
    "null",
    "true",
    "yes",
    "no",
    "0",
    "1e3",
    "0x1F",
    "\u{a0}",
    "\u{feff}",
    "\u{2028}",
    "ü",
    "\u{1f980}",
];

/// Any text that an entry may be: trimmed, printable, one `*` at most.
fn entry() -> impl Strategy<Value = String> {
    let piece =
        prop_oneof![6 => select(HOSTILE.to_vec()).prop_map(String::from), 2 => "[a-zA-Z.:/ ]{1,4}", 1 => "\\PC"];
    (vec(piece, 1..6), option::of(0_usize..6)).prop_filter_map("an entry", |(mut pieces, star)| {
        pieces.iter_mut().for_each(|piece| *piece = piece.replace('*', "+"));
        if let Some(star) = star {
            pieces.insert(star.min(pieces.len()), "*".to_owned());
        }
        let entry = pieces.concat().trim_ascii().to_owned();
        let unprintable = |found: char| found.is_control() || matches!(found, '\u{fffe}' | '\u{ffff}');
        (!entry.is_empty() && !entry.contains(unprintable)).then_some(entry)
    })
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "GET", "PUT", "POST", "DELETE", "HEAD", "null", "true", "no", "-", "1", "0x1F", "~", "!", "%", "|"
        ])
        .prop_map(String::from),
        "[!#$%&'+.^_`|~0-9a-zA-Z-]{1,8}",
    ]
}

fn rule() -> impl Strategy<Value = CorsRule> {
    let expose = "[ !#$%()+,./0-9:;=?@A-Z\\[\\]^_`a-z{|}~\\\\-]{1,12}".prop_filter_map("not blank", |name| {
        let name = name.trim_ascii();
        (!name.is_empty()).then(|| name.to_owned())
    });
    let fields = (
        vec(entry(), 1..4),
        vec(method(), 1..4),
        vec(entry().prop_map(|name| name.to_ascii_lowercase()), 0..4),
        vec(expose, 0..3),
        option::of(0_u32..1_000_000_000),
        any::<bool>(),
    );
    fields.prop_map(
        |(allowed_origins, allowed_methods, allowed_headers, expose_headers, max_age_seconds, credentials)| {
            let rule = CorsRule::new(allowed_origins, allowed_methods)
                .allowed_headers(allowed_headers)
                .expose_headers(expose_headers)
                .max_age_seconds(max_age_seconds);
            with_credentials(rule, credentials)
        },
    )
}

fn configuration() -> impl Strategy<Value = CorsConfiguration> {
    (vec(rule(), 1..4), any::<bool>())
        .prop_map(|(rules, response_vary)| CorsConfiguration::from_rules(rules).response_vary(response_vary))
}

fn parse(text: &str, format: Option<Format>) -> RuleFile {
    RuleFile::parse(text.as_bytes(), format, Profile::Extended).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// The text of the file from a place on.
fn from(text: &str, position: Position) -> &str {
    let line = text.split('\n').nth(position.line - 1).expect("the position is in the file");
    let (at, _) = line.char_indices().nth(position.column - 1).expect("the position is in the line");
    &line[at..]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// In every format, told or found out.
    #[test]
    fn print_then_parse_is_the_same(configuration in configuration()) {
        for format in FORMATS {
            let text = written(&configuration, format);
            prop_assert_eq!(Format::detect(text.as_bytes()), Some(format));
            for format in [Some(format), None] {
                let file = parse(&text, format);
                prop_assert_eq!(file.configuration(), &configuration, "{}", text);
            }
        }
    }

    /// What JSON has in it is YAML too.
    #[test]
    fn json_is_yaml(configuration in configuration()) {
        let text = configuration.to_json();
        let file = parse(&text, Some(Format::Yaml));
        prop_assert_eq!(file.configuration(), &configuration, "{}", text);
    }

    /// Without what the tools cannot say.
    #[test]
    fn the_tools_json_is_the_same(mut configuration in configuration()) {
        let (aws, terraform) = (configuration.to_aws_json(), configuration.to_terraform_json());
        let (from_aws, from_terraform) = (parse(&aws, None), parse(&terraform, None));
        configuration.rules.iter_mut().for_each(|rule| rule.allow_credentials = false);
        prop_assert_eq!(from_terraform.configuration(), &configuration, "{}", terraform);
        configuration.response_vary = false;
        prop_assert_eq!(from_aws.configuration(), &configuration, "{}", aws);
    }

    #[test]
    fn allowed_headers_are_written_in_lower_case(name in "[A-Za-z-]{1,8}") {
        let rule = CorsRule::new(["*"], ["GET"]).allowed_headers([name.clone()]);
        let configuration = CorsConfiguration::from_rules([rule]).response_vary(false);
        let texts = FORMATS.map(|format| written(&configuration, format));
        for text in texts.into_iter().chain([configuration.to_aws_json(), configuration.to_terraform_json()]) {
            let lower = name.to_ascii_lowercase();
            let stands = |name: &str| text.contains(&format!("\"{name}\"")) || text.contains(&format!(">{name}<"));
            prop_assert!(stands(&lower) && (lower == name || !stands(&name)), "{}", text);
        }
    }

    /// Every part stands at its place, whatever stands before it; what is absent stands where it is missing from.
    #[test]
    fn every_part_has_its_place(configuration in configuration(), mark in any::<bool>(), windows in any::<bool>()) {
        for format in FORMATS {
            let text = written(&configuration, format).replace('\n', if windows { "\r\n" } else { "\n" });
            // It is no character of the first line.
            let mark = if mark { "\u{feff}" } else { "" };
            let file = parse(&format!("{mark}{text}"), None);
            let found = |rule, element, entry| file.position(rule, element, entry).map_or("", |at| from(&text, at));
            for (index, rule) in configuration.rules.iter().enumerate() {
                let number = Some(index + 1);
                let whole = found(number, None, None);
                prop_assert!(whole.starts_with(begin_of_rule(format)), "{}", whole);
                prop_assert_eq!(found(number, Some(Element::CorsRule), None), whole);
                for (element, entries) in lists(rule) {
                    for (index, entry) in entries.iter().enumerate() {
                        let place = found(number, Some(element), Some(index + 1));
                        prop_assert!(place.starts_with(&as_written(format, element, entry)), "{} at {}", entry, place);
                    }
                    let place = found(number, Some(element), None);
                    prop_assert_eq!(found(number, Some(element), Some(entries.len() + 1)), place);
                    if entries.is_empty() {
                        prop_assert_eq!(place, whole);
                    } else {
                        prop_assert!(place.starts_with(&begin_of_list(format, element)), "{}", place);
                    }
                }
                let place = found(number, Some(Element::MaxAgeSeconds), None);
                match rule.max_age_seconds {
                    Some(value) => prop_assert!(place.starts_with(&single(format, Element::MaxAgeSeconds, value))),
                    None => prop_assert_eq!(place, whole),
                }
            }
            let place = found(None, Some(Element::ResponseVary), None);
            prop_assert!(place.starts_with(&single(format, Element::ResponseVary, configuration.response_vary)));
            prop_assert_eq!(file.position(Some(configuration.rules.len() + 1), None, None), None);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Files of any kind are read or refused, never a panic, and every fault has a place that is in the file.
    #[test]
    fn damaged_files_are_read_or_refused(
        configuration in configuration(),
        damage in vec((any::<prop::sample::Index>(), select(HOSTILE.to_vec()), 0_usize..8), 1..4),
    ) {
        let tools = [configuration.to_aws_json(), configuration.to_terraform_json()];
        for mut text in FORMATS.map(|format| written(&configuration, format)).into_iter().chain(tools) {
            let told = Format::detect(text.as_bytes());
            for (index, piece, length) in &damage {
                let at = index.index(text.len());
                let boundary = |at: &usize| text.is_char_boundary(*at);
                let (begin, end) = ((0..=at).rfind(boundary), (at + length..).find(|at| *at >= text.len() || boundary(at)));
                text.replace_range(begin.unwrap_or(0)..end.unwrap_or(at).min(text.len()), piece);
            }
            for format in FORMATS.map(Some).into_iter().chain([told, None]) {
                match RuleFile::parse(text.as_bytes(), format, Profile::Extended) {
                    Ok(file) => prop_assert!(file.position(Some(1), None, None).is_some()),
                    Err(errors) => {
                        for error in &errors {
                            let Some(place) = error.position() else { continue };
                            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                            let line = text.split('\n').nth(place.line - 1).map(|line| line.chars().count() + 1);
                            prop_assert!(line.is_some_and(|length| place.column <= length), "{} in {}", error, text);
                        }
                    }
                }
            }
        }
    }
}

fn lists(rule: &CorsRule) -> [(Element, &[String]); 4] {
    [
        (Element::AllowedOrigin, &rule.allowed_origins),
        (Element::AllowedMethod, &rule.allowed_methods),
        (Element::AllowedHeader, &rule.allowed_headers),
        (Element::ExposeHeader, &rule.expose_headers),
    ]
}

fn begin_of_rule(format: Format) -> &'static str {
    match format {
        Format::Xml => "<CORSRule>",
        Format::Json => "{",
        Format::Yaml => "AllowedOrigin:",
        _ => "[[CORSRule]]",
    }
}

fn begin_of_list(format: Format, element: Element) -> String {
    match format {
        Format::Xml => format!("<{element}>"),
        Format::Yaml => "- \"".to_owned(),
        _ => "[".to_owned(),
    }
}

fn as_written(format: Format, element: Element, entry: &str) -> String {
    if format == Format::Xml {
        let entry = entry.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        return format!("<{element}>{entry}</{element}>");
    }
    let quoted = serde_json::to_string(entry).expect("text is JSON");
    if format == Format::Json {
        return quoted;
    }
    quoted.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").replace('\u{feff}', "\\ufeff")
}

fn single(format: Format, element: Element, value: impl std::fmt::Display) -> String {
    if format == Format::Xml { format!("<{element}>{value}<") } else { value.to_string() }
}

#[test]
fn extensions() {
    for (extension, format) in [
        ("xml", Some(Format::Xml)),
        ("json", Some(Format::Json)),
        ("JSON", Some(Format::Json)),
        ("yaml", Some(Format::Yaml)),
        ("yml", Some(Format::Yaml)),
        ("toml", Some(Format::Toml)),
        ("", None),
        ("tf", None),
        (".toml", None),
        ("conf", None),
    ] {
        assert_eq!(Format::from_extension(extension), format, "{extension}");
    }
}

/// One of each, and what only some can say.
fn example() -> CorsConfiguration {
    let strings = |entries: &[&str]| entries.iter().map(ToString::to_string).collect::<Vec<_>>();
    CorsConfiguration::from_rules([
        CorsRule::new(strings(&["https://*.example.com", "${\"a\\b\"}"]), strings(&["GET", "PUT"]))
            .allowed_headers(strings(&["Authorization", "x-oss-*"]))
            .expose_headers(strings(&["ETag", "x-oss-request-id"]))
            .max_age_seconds(600)
            .allow_credentials(true),
        CorsRule::new(strings(&["*"]), strings(&["GET"])),
    ])
}

#[test]
fn yaml_as_written() {
    let yaml = r#"CORSRule:
  - AllowedOrigin:
      - "https://*.example.com"
      - "${\"a\\b\"}"
    AllowedMethod:
      - "GET"
      - "PUT"
    AllowedHeader:
      - "authorization"
      - "x-oss-*"
    ExposeHeader:
      - "ETag"
      - "x-oss-request-id"
    MaxAgeSeconds: 600
    AllowCredentials: true
  - AllowedOrigin:
      - "*"
    AllowedMethod:
      - "GET"
ResponseVary: true
"#;
    assert_eq!(example().to_yaml(), yaml);
}

#[test]
fn toml_as_written() {
    let toml = r#"ResponseVary = true

[[CORSRule]]
AllowedOrigin = ["https://*.example.com", "${\"a\\b\"}"]
AllowedMethod = ["GET", "PUT"]
AllowedHeader = ["authorization", "x-oss-*"]
ExposeHeader = ["ETag", "x-oss-request-id"]
MaxAgeSeconds = 600
AllowCredentials = true

[[CORSRule]]
AllowedOrigin = ["*"]
AllowedMethod = ["GET"]
"#;
    assert_eq!(example().to_toml(), toml);
}

/// A list has one line of 100 bytes at most, or a line for each entry.
#[test]
fn long_lists_in_toml() {
    let list = |last: usize| {
        let origins = vec!["a".repeat(40), "b".repeat(last)];
        let rule = CorsRule::new(origins, ["GET"]);
        let toml = CorsConfiguration::from_rules([rule]).response_vary(false).to_toml();
        toml.split_once("[[CORSRule]]\n").map(|(_, rule)| rule.to_owned()).unwrap_or_default()
    };
    let (first, last) = ("a".repeat(40), "b".repeat(36));
    assert_eq!(list(36), format!("AllowedOrigin = [\"{first}\", \"{last}\"]\nAllowedMethod = [\"GET\"]\n"));
    assert_eq!(list(36).lines().next().map(str::len), Some(100));
    assert_eq!(
        list(37),
        format!("AllowedOrigin = [\n    \"{first}\",\n    \"{last}b\",\n]\nAllowedMethod = [\"GET\"]\n")
    );
}

#[test]
fn aws_json_as_written() {
    let json = r#"{
  "CORSRules": [
    {
      "AllowedHeaders": [
        "authorization",
        "x-oss-*"
      ],
      "AllowedMethods": [
        "GET",
        "PUT"
      ],
      "AllowedOrigins": [
        "https://*.example.com",
        "${\"a\\b\"}"
      ],
      "ExposeHeaders": [
        "ETag",
        "x-oss-request-id"
      ],
      "MaxAgeSeconds": 600
    },
    {
      "AllowedMethods": [
        "GET"
      ],
      "AllowedOrigins": [
        "*"
      ]
    }
  ]
}"#;
    assert_eq!(example().to_aws_json(), json);
}

#[test]
fn terraform_json_as_written() {
    let json = r#"{
  "resource": {
    "alicloud_oss_bucket_cors": {
      "cors": {
        "bucket": "${var.bucket}",
        "cors_rule": [
          {
            "allowed_headers": [
              "authorization",
              "x-oss-*"
            ],
            "allowed_methods": [
              "GET",
              "PUT"
            ],
            "allowed_origins": [
              "https://*.example.com",
              "$${\"a\\b\"}"
            ],
            "expose_header": [
              "ETag",
              "x-oss-request-id"
            ],
            "max_age_seconds": 600
          },
          {
            "allowed_methods": [
              "GET"
            ],
            "allowed_origins": [
              "*"
            ]
          }
        ],
        "response_vary": true
      }
    }
  },
  "variable": {
    "bucket": {
      "type": "string"
    }
  }
}"#;
    assert_eq!(example().to_terraform_json(), json);
}

/// Even what no file may say is written, and read as what it is.
#[test]
fn nothing_is_lost_that_is_wrong() {
    let rule = CorsRule::default().allowed_origins(["a\nb\u{7f}\u{85}\u{ffff}"]);
    let configuration = CorsConfiguration::from_rules([rule]).response_vary(false);
    for format in [Format::Json, Format::Yaml, Format::Toml] {
        told(
            &written(&configuration, format),
            &[
                "rule 1, AllowedMethod: missing; every rule needs at least one",
                "rule 1, AllowedOrigin 1 `a\\nb\\u{7f}\\u{85}\\u{ffff}`: \
                 a line break or control character inside; write one entry for each value",
            ],
        );
        let no_rules = "configuration: no CORSRule; write at least one, or delete the configuration to switch CORS off";
        told(&written(&CorsConfiguration::default(), format), &[no_rules]);
    }
}

/// What a person reads, without the place.
#[track_caller]
fn told(text: &str, faults: &[&str]) {
    let errors = RuleFile::parse(text.as_bytes(), None, Profile::Oss).expect_err("the file is wrong");
    let told: Vec<String> = errors
        .iter()
        .map(|error| error.to_string().split_once(": ").map_or_else(String::new, |(_, told)| told.to_owned()))
        .collect();
    assert_eq!(told, faults, "{text}");
}

#[test]
fn messages() {
    let alias =
        "an alias in YAML, which is not read; put text that begins with `*` into quotes, or repeat what is meant";
    told("CORSRule:\n  - AllowedOrigin: *.example.com\n", &[&format!("configuration `*.example.com`: {alias}")]);
    told(
        "CORSRule: !Ref Rules\n",
        &["configuration `!Ref`: \
           a tag in YAML, which is not read; delete it, or put text that begins with `!` into quotes"],
    );
    told(
        "[[CORSRule]]\nAllowedOrigin = '*'\nAllowedMethod = 'GET'\nResponseVary = true\n",
        &["rule 1, CORSRule `ResponseVary`: belongs to the whole file; write it above the first `[[CORSRule]]`"],
    );
    told(
        "CORSRule: {AllowedOrigin: [null], AllowedMethod: 5}\n",
        &[
            "rule 1, AllowedOrigin: wrong shape; write text in quotes",
            "rule 1, AllowedMethod: wrong shape; write text in quotes",
        ],
    );
    told(
        "[CORSRule]\n[CORSRule]\n",
        &["configuration: not well-formed: a table that stands again; head each rule with `[[CORSRule]]`"],
    );
    told(
        r#"{"resource": {"a": {"b": {"cors_rule": {"allowed_origins": "${c}", "allowed_methods": "GET"}}}}}"#,
        &["rule 1, AllowedOrigin `${c}`: \
           computed when Terraform runs; write the value itself, or check the bucket's own rules"],
    );
    let resource = |name: usize| format!(r#""{name}": {{"cors_rule": []}}"#);
    let resources = |names: std::ops::Range<usize>| names.map(resource).collect::<Vec<_>>().join(", ");
    let several = "configuration: more than one resource has a `cors_rule`; keep one of";
    told(&format!(r#"{{"resource": {{"a": {{{}}}}}}}"#, resources(0..2)), &[&format!("{several} `a.0`, `a.1`")]);
    told(
        &format!(r#"{{"resource": {{"a": {{{}}}}}}}"#, resources(0..10)),
        &[&format!("{several} `a.0`, `a.1`, `a.2`, `a.3`, `a.4`, `a.5`, `a.6`, `a.7` and 2 more")],
    );
}

/// Bytes that this thread asked for.
fn allocated(work: impl FnOnce()) -> u64 {
    let session = Session::new().no_stdout().no_file();
    let operation = session.operation("work");
    {
        let _span = operation.measure_thread().iterations(1);
        work();
    }
    let report = session.to_report();
    report.operations().map(|(_, operation)| operation.total_bytes_allocated()).sum()
}

/// Each line is nine of the line before: 9 to the power of 20 texts, if it were read.
#[test]
fn a_billion_laughs_take_no_memory() {
    let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for line in 1..=20 {
        let nine = vec![format!("*a{}", line - 1); 9].join(", ");
        text.push_str(&format!("a{line}: &a{line} [{nine}]\n"));
    }
    text.push_str("CORSRule: *a20\n");
    let bytes = allocated(|| assert!(RuleFile::parse(text.as_bytes(), None, Profile::Oss).is_err()));
    assert!((1..100_000).contains(&bytes), "{bytes} bytes");
}

/// They neither overflow the stack nor take long.
#[test]
fn a_million_nested_values() {
    for (format, open, close) in [
        (Format::Yaml, "[", "]"),
        (Format::Yaml, "{a: ", "}"),
        (Format::Yaml, "- ", ""),
        (Format::Yaml, "? ", ""),
        (Format::Toml, "[", "]"),
        (Format::Toml, "{a = ", "}"),
        (Format::Toml, "a.", ""),
    ] {
        let begin = if format == Format::Toml { "a = " } else { "" };
        for text in [open.repeat(1_000_000), format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000))] {
            let text = format!("{begin}{text}\n");
            let errors = RuleFile::parse(text.as_bytes(), Some(format), Profile::Oss).expect_err("no rule file");
            assert!(errors.to_string().contains("not well-formed"), "{format:?} {open} {errors}");
        }
    }
}

/// Each costs hundreds of bytes: of a file that nobody wrote by hand, the first is enough.
#[test]
fn of_a_long_toml_file_the_first_fault_is_reported() {
    for (lines, faults) in [(1000, 1000), (1001, 1001), (30_000, 1001), (100_000, 1)] {
        let errors = RuleFile::parse("=\n".repeat(lines).as_bytes(), Some(Format::Toml), Profile::Oss).unwrap_err();
        assert_eq!(errors.iter().count(), faults, "{lines} lines");
        let last = errors.iter().last().map(ConfigError::kind);
        assert_eq!(last == Some(&ConfigErrorKind::MoreFaults), faults == 1001, "{lines} lines: {last:?}");
        assert!(errors.to_string().len() < 256 << 10, "{lines} lines");
        assert_eq!(errors.iter().next().and_then(ConfigError::position).map(|at| at.line), Some(1));
    }
}

/// A search through all fields before each would take minutes.
#[test]
fn repeated_fields_are_found_without_a_search() {
    let text = format!(
        "<CORSConfiguration><CORSRule>{}{}</CORSRule></CORSConfiguration>",
        "<AllowedOrigin/>".repeat(50_000),
        "<MaxAgeSeconds/>".repeat(50_000)
    );
    let errors = RuleFile::parse(text.as_bytes(), Some(Format::Xml), Profile::Oss).unwrap_err();
    assert!(errors.iter().count() > 1000, "{}", errors.iter().count());
    assert!(errors.to_string().len() < 1 << 20);
}
