//! Rule files that do not load: the whole text of the error, the same from both adapters and in `Debug`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use oss_cors_actix::OssCors;
use oss_cors_core::MAX_FILE_BYTES;
use oss_cors_tower::{LoadError, OssCorsLayer};

const RULE: &str = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";

const EMPTY: &str = "empty; write a value or delete the entry";
const MAX_AGE: &str = "not a max age; write an integer from 0 to 999999999 (seconds)";
const METHOD: &str = "not a method OSS can allow; write one of GET, PUT, POST, DELETE, HEAD in upper case, \
                      or choose the extended profile for other methods \
                      (`--profile extended`, or `Profile::Extended` in code)";
const MISSING: &str = "missing; every rule needs at least one";
const NOT_A_BOOLEAN: &str = "not a boolean; write true or false";
const NO_RULES: &str = "no CORSRule; write at least one, or delete the configuration to switch CORS off";
const TWO_WILDCARDS: &str = "more than one `*`; keep one in each entry, or write several entries";

#[test]
fn unreadable() {
    let directory = TempDir::new();
    let missing = directory.file("cors.xml");
    refused(&missing, "cannot read the rule file `FILE`: No such file or directory (os error 2)");
    refused(&directory.0, "cannot read the rule file `FILE`: Is a directory (os error 21)");
}

#[test]
fn too_large() {
    let directory = TempDir::new();
    let path = directory.file("cors.xml");
    let file = File::create(&path).expect("a file");
    file.set_len(MAX_FILE_BYTES as u64 + 1).expect("room for 16 MiB of nothing");
    refused(&path, "the rule file `FILE` is wrong:\n  configuration: larger than 16 MiB; split it by bucket");
}

#[test]
fn no_text() {
    let empty = "configuration: the file is empty; write a CORSConfiguration with at least one CORSRule";
    wrong("", &[empty]);
    wrong(" \t\r\n \n", &[empty]);
    wrong("\u{feff}\n", &[empty]);
    let not_utf8 = "configuration: not UTF-8; save the file as UTF-8";
    wrong(b"<CORSConfiguration>\n  <!-- caf\xe9 -->", &[&format!("line 2, column 11: {not_utf8}")]);
    wrong(b"\xff\xfe<\0C\0", &[&format!("line 1, column 1: {not_utf8}")]);
}

#[test]
fn not_a_rule_file() {
    let wrong_root = "not a rule file; the root must be CORSConfiguration";
    wrong("<html/>", &[&format!("line 1, column 1: configuration `html`: {wrong_root}")]);
    wrong(
        "<?xml version=\"1.0\"?>\n  <corsconfiguration/>",
        &[&format!("line 2, column 3: configuration `corsconfiguration`: {wrong_root}")],
    );
    malformed("rules:\n  - origin: x\n", "line 1, column 1", "unknown token");
    wrong_named(
        "cors.conf",
        "allow everything\n",
        &["configuration: cannot tell the format; name the file .xml, .json, .yaml or .toml"],
    );
}

#[test]
fn doctype() {
    let fault = "configuration: a document type declaration is not allowed; delete the DOCTYPE";
    let document = "<!DOCTYPE CORSConfiguration [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n\
                    <CORSConfiguration>&x;</CORSConfiguration>";
    wrong(document, &[&format!("line 1, column 1: {fault}")]);
    wrong(format!("<?xml version=\"1.0\"?>\n  {document}"), &[&format!("line 2, column 3: {fault}")]);
    wrong(format!("<!-- no <!DOCTYPE -->\n{document}"), &[&format!("line 2, column 1: {fault}")]);
}

#[test]
fn not_well_formed() {
    malformed(
        "<CORSConfiguration>\n  <CORSRule></CORSConfiguration>",
        "line 2, column 13",
        "expected 'CORSRule' tag, not 'CORSConfiguration'",
    );
    malformed("<CORSConfiguration/>\n<CORSConfiguration/>", "line 2, column 1", "unknown token");
    malformed("<CORSConfiguration>&x;</CORSConfiguration>", "line 1, column 20", "unknown entity reference 'x'");
    malformed("<!-- nothing else -->", "line 1, column 1", "the document does not have a root node");
}

/// The place is where the text breaks off.
#[test]
fn truncated() {
    let (never_closed, end) = ("the root node was opened but never closed", "unexpected end of stream");
    truncated_after("<CORSConfiguration>", "line 2, column 20", never_closed);
    truncated_after("<CORSConfiguration>\n  <CORSRule>", "line 3, column 13", never_closed);
    truncated_after("<CORSConfiguration>\n  <CORSRule>&amp", "line 3, column 13", "malformed entity reference");
    truncated_after("<CORSConfiguration>\n  <CORSRule><AllowedOri", "line 3, column 24", never_closed);
    truncated_after("<CORSConfiguration>\n  <CORSRule>http", "line 3, column 17", never_closed);
    truncated_after("<CORSConfiguration>\n  <CORSRule></CORSRule", "line 3, column 23", end);
    truncated_after("<CORSConfiguration>\n  <CORSRule></CORSRule>\n", "line 4, column 1", never_closed);
}

#[test]
fn number_of_rules() {
    wrong("<CORSConfiguration/>", &[&format!("line 1, column 1: configuration: {NO_RULES}")]);
    wrong(
        "\n <CORSConfiguration>\n  <ResponseVary>true</ResponseVary>\n</CORSConfiguration>",
        &[&format!("line 2, column 2: configuration: {NO_RULES}")],
    );
    for count in [21, 1000] {
        let fault = format!("{count} rules; at most 20 are allowed, merge or delete some");
        let rules = format!("{RULE}\n").repeat(count);
        wrong(
            format!("<CORSConfiguration>\n{rules}</CORSConfiguration>"),
            &[&format!("line 22, column 1: rule 21, CORSRule: {fault}")],
        );
    }
}

#[test]
fn missing() {
    let (origin, method) = ("<AllowedOrigin>*</AllowedOrigin>", "<AllowedMethod>GET</AllowedMethod>");
    let no_origin = format!("line 1, column 20: rule 1, AllowedOrigin: {MISSING}");
    let no_method = format!("line 1, column 20: rule 1, AllowedMethod: {MISSING}");
    wrong_rule(method, &[&no_origin]);
    wrong_rule(origin, &[&no_method]);
    wrong_rule("", &[&no_origin, &no_method]);
}

/// What is malformed is not missing as well.
#[test]
fn malformed_rules() {
    let text = "text between elements; put it into an element or delete it";
    wrong_rule("*", &[&format!("line 1, column 20: rule 1, CORSRule `*`: {text}")]);
    wrong_rule(
        "<AllowedOrigin><x/></AllowedOrigin><AllowedMethod>GET</AllowedMethod>",
        &["line 1, column 30: rule 1, AllowedOrigin: wrong shape; write text, without anything inside"],
    );
    wrong(
        format!("<CORSConfiguration>{RULE}\ntrue</CORSConfiguration>"),
        &[&format!("line 2, column 1: configuration `true`: {text}")],
    );
}

#[test]
fn entries() {
    wrong_element("AllowedOrigin", "https://*.*.com", &format!("AllowedOrigin 2 `https://*.*.com`: {TWO_WILDCARDS}"));
    wrong_element("AllowedOrigin", "**", &format!("AllowedOrigin 2 `**`: {TWO_WILDCARDS}"));
    wrong_element("AllowedOrigin", " ", &format!("AllowedOrigin 2 ``: {EMPTY}"));
    wrong_element(
        "AllowedOrigin",
        "https://a.com\nhttps://b.com",
        "AllowedOrigin 2 `https://a.com\\nhttps://b.com`: \
         a line break or control character inside; write one entry for each value",
    );
    for method in ["PATCH", "OPTIONS", "get", "*", "GET, PUT"] {
        wrong_element("AllowedMethod", method, &format!("AllowedMethod 2 `{method}`: {METHOD}"));
    }
    wrong_element("AllowedMethod", "", &format!("AllowedMethod 2 ``: {EMPTY}"));
    wrong_element("AllowedMethod", &"x".repeat(500), &format!("AllowedMethod 2 `{}`: {METHOD}", "x".repeat(128)));
    wrong_element("AllowedHeader", "x-*-*", &format!("AllowedHeader 1 `x-*-*`: {TWO_WILDCARDS}"));
    wrong_element("AllowedHeader", "", &format!("AllowedHeader 1 ``: {EMPTY}"));
    let not_allowed = "is not allowed in ExposeHeader";
    for name in ["*", "x-oss-*"] {
        wrong_element("ExposeHeader", name, &format!("ExposeHeader 1 `{name}`: `*` {not_allowed}; name each header"));
    }
    wrong_element("ExposeHeader", "a&lt;b", &format!("ExposeHeader 1 `a<b`: `<` {not_allowed}; write a header name"));
    wrong_element("ExposeHeader", "é", &format!("ExposeHeader 1 `é`: `é` {not_allowed}; write a header name"));
}

#[test]
fn single_values() {
    for text in ["-1", "1000000000", "99999999999999999999999", "soon", "", "1.5", "+5", "0x10", "6 0", "１"] {
        wrong_element("MaxAgeSeconds", text, &format!("MaxAgeSeconds `{text}`: {MAX_AGE}"));
    }
    wrong_element(
        "AllowCredentials",
        "true",
        "AllowCredentials `true`: \
         OSS never sends Access-Control-Allow-Credentials; delete it, or choose the extended profile \
         (`--profile extended`, or `Profile::Extended` in code)",
    );
    wrong(
        format!("<CORSConfiguration>{RULE}\n<ResponseVary>yes</ResponseVary></CORSConfiguration>"),
        &[&format!("line 2, column 1: ResponseVary `yes`: {NOT_A_BOOLEAN}")],
    );
    let (once, twice) = ("<ResponseVary>true</ResponseVary>", "\n<ResponseVary>true</ResponseVary>");
    wrong(
        format!("<CORSConfiguration>{RULE}{once}{twice}</CORSConfiguration>"),
        &["line 2, column 1: configuration `ResponseVary`: stands more than once; keep one"],
    );
}

/// No fault hides another, and they come in the order of the file.
#[test]
fn several_faults() {
    let file = "<CORSConfiguration>
  <ResponseVary>on</ResponseVary>
  <CORSRule>
    <MaxAgeSeconds>a day</MaxAgeSeconds>
    <ExposeHeader>*</ExposeHeader>
    <AllowedMethod>GET</AllowedMethod>
    <AllowedMethod>PATCH</AllowedMethod>
  </CORSRule>
  <CORSRule>
    <AllowedHeader>*-*</AllowedHeader>
    <AllowedOrigin>http://*:*</AllowedOrigin>
    <AllowedOrigin>https://www.example.com</AllowedOrigin>
    <AllowedOrigin/>
  </CORSRule>
  <CORSRule/>
</CORSConfiguration>";
    wrong(
        file,
        &[
            &format!("line 2, column 3: ResponseVary `on`: {NOT_A_BOOLEAN}"),
            &format!("line 3, column 3: rule 1, AllowedOrigin: {MISSING}"),
            &format!("line 4, column 5: rule 1, MaxAgeSeconds `a day`: {MAX_AGE}"),
            "line 5, column 5: rule 1, ExposeHeader 1 `*`: `*` is not allowed in ExposeHeader; name each header",
            &format!("line 7, column 5: rule 1, AllowedMethod 2 `PATCH`: {METHOD}"),
            &format!("line 9, column 3: rule 2, AllowedMethod: {MISSING}"),
            &format!("line 10, column 5: rule 2, AllowedHeader 1 `*-*`: {TWO_WILDCARDS}"),
            &format!("line 11, column 5: rule 2, AllowedOrigin 1 `http://*:*`: {TWO_WILDCARDS}"),
            &format!("line 13, column 5: rule 2, AllowedOrigin 3 ``: {EMPTY}"),
            &format!("line 15, column 3: rule 3, AllowedOrigin: {MISSING}"),
            &format!("line 15, column 3: rule 3, AllowedMethod: {MISSING}"),
        ],
    );
}

#[test]
fn a_fault_elsewhere_does_not_hide_that_rules_are_missing() {
    wrong(
        "<CORSConfiguration><ResponseVary>on</ResponseVary></CORSConfiguration>",
        &[
            &format!("line 1, column 1: configuration: {NO_RULES}"),
            &format!("line 1, column 20: ResponseVary `on`: {NOT_A_BOOLEAN}"),
        ],
    );
}

#[test]
fn json() {
    wrong_named(
        "cors.json",
        "{\"CORSRule\": [",
        &["line 1, column 14: configuration: not well-formed: EOF while parsing a list"],
    );
    wrong_named("cors.json", "\n{}", &[&format!("line 2, column 1: configuration: {NO_RULES}")]);
    wrong_named(
        "cors",
        "{\n \"CORSRule\": [{\"AlowedOrigin\": \"*\",\n  \"AllowedMethods\": [\"GET\", \"PATCH\"], \"MaxAge\": 5}]\n}",
        &[
            &format!("line 2, column 15: rule 1, AllowedOrigin: {MISSING}"),
            "line 2, column 16: rule 1, CORSRule `AlowedOrigin`: unknown key; did you mean `AllowedOrigin`?",
            &format!("line 3, column 29: rule 1, AllowedMethod 2 `PATCH`: {METHOD}"),
            "line 3, column 39: rule 1, CORSRule `MaxAge`: unknown key; delete it",
        ],
    );
}

/// They neither overflow the stack nor take long.
#[test]
fn a_million_nested_elements() {
    let nested = format!("{}{}", "<x>".repeat(1_000_000), "</x>".repeat(1_000_000));
    loads(&format!("<CORSConfiguration>{RULE}{nested}</CORSConfiguration>"));
    loads(&format!(
        "<CORSConfiguration>{}</CORSConfiguration>",
        RULE.replace("</CORSRule>", &(nested.clone() + "</CORSRule>"))
    ));
    wrong(
        format!("<CORSConfiguration>{nested}</CORSConfiguration>"),
        &[&format!("line 1, column 1: configuration: {NO_RULES}")],
    );
    wrong_rule(
        &format!("<AllowedOrigin>{nested}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"),
        &["line 1, column 30: rule 1, AllowedOrigin: wrong shape; write text, without anything inside"],
    );
    wrong(nested, &["line 1, column 1: configuration `x`: not a rule file; the root must be CORSConfiguration"]);
    malformed(&"<x>".repeat(1_000_000), "line 1, column 3000001", "the root node was opened but never closed");
}

#[test]
fn a_million_nested_json_values() {
    let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
    wrong_named(
        "cors.json",
        nested("[", "]"),
        &["line 1, column 2: rule 1, CORSRule: wrong shape; write an object with AllowedOrigin and AllowedMethod"],
    );
    wrong_named(
        "cors.json",
        nested("{\"a\":", "}"),
        &[
            &format!("line 1, column 1: configuration: {NO_RULES}"),
            "line 1, column 2: configuration `a`: unknown key; delete it",
        ],
    );
}

#[track_caller]
fn loads(text: &str) {
    let directory = TempDir::new();
    let path = directory.file("cors.xml");
    fs::write(&path, text).expect("a file");
    OssCorsLayer::from_file(&path).expect("the tower layer takes the file");
    OssCors::from_file(&path).expect("the actix middleware takes the file");
}

/// An XML declaration in line 1, then `text` and nothing more.
#[track_caller]
fn truncated_after(text: &str, place: &str, what: &str) {
    malformed(&format!("<?xml version=\"1.0\"?>\n{text}"), place, what);
}

#[track_caller]
fn malformed(text: &str, place: &str, what: &str) {
    wrong(text, &[&format!("{place}: configuration: not well-formed: {what}")]);
}

/// A good rule with one `element` more has one fault, there.
#[track_caller]
fn wrong_element(element: &str, text: &str, fault: &str) {
    let rule = RULE.replace("</CORSRule>", &format!("\n<{element}>{text}</{element}></CORSRule>"));
    wrong(format!("<CORSConfiguration>{rule}</CORSConfiguration>"), &[&format!("line 2, column 1: rule 1, {fault}")]);
}

/// A rule of `elements` has exactly these faults.
#[track_caller]
fn wrong_rule(elements: &str, faults: &[&str]) {
    wrong(format!("<CORSConfiguration><CORSRule>{elements}</CORSRule></CORSConfiguration>"), faults);
}

/// A `cors.xml` with `text` has exactly these faults, in this order.
#[track_caller]
fn wrong(text: impl AsRef<[u8]>, faults: &[&str]) {
    wrong_named("cors.xml", text, faults);
}

#[track_caller]
fn wrong_named(name: &str, text: impl AsRef<[u8]>, faults: &[&str]) {
    let directory = TempDir::new();
    let path = directory.file(name);
    fs::write(&path, text).expect("a file");
    let faults: String = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    refused(&path, &format!("the rule file `FILE` is wrong:{faults}"));
}

/// Both adapters refuse the file at `path`; `expected` names it `FILE`.
#[track_caller]
fn refused(path: &Path, expected: &str) {
    let tower = OssCorsLayer::from_file(path).expect_err("the tower layer refuses the file");
    let actix = OssCors::from_file(path).expect_err("the actix middleware refuses the file");
    for told in [told(&tower, path), told(&actix, path)] {
        assert!(told == expected, "expected:\n{expected}\ntold:\n{told}");
    }
}

/// What a user reads; `Debug` is what a `main` that returns the error prints.
#[track_caller]
fn told(error: &LoadError, path: &Path) -> String {
    let text = error.to_string();
    assert_eq!(format!("{error:?}"), text);
    text.replace(&path.display().to_string(), "FILE")
}

/// A directory of its own, deleted at the end.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("bad-rule-files-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a directory");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // Nothing to do about a directory that stays, and a panic here would hide the test's own.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A hostile file takes no more memory for its faults than a bad one.
#[test]
fn the_faults_that_are_told_are_bounded() {
    let entries = "<AllowedOrigin>*.*</AllowedOrigin>".repeat(100_000);
    let text = format!(
        "<CORSConfiguration><CORSRule>{entries}<AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
    );
    let errors =
        oss_cors_core::RuleFile::parse(text.as_bytes(), None, oss_cors_core::Profile::Oss).expect_err("two stars each");
    assert_eq!(errors.iter().count(), oss_cors_core::MAX_FAULTS + 1);
    let last = errors.iter().last().map(|error| error.kind().clone());
    assert_eq!(last, Some(oss_cors_core::ConfigErrorKind::MoreFaults));
}
