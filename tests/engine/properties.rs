//! What holds for all rules and all requests.

use oss_cors_core::{
    CorsConfiguration, CorsRequest, CorsRule, Decision, FieldLine, Format, Profile, RuleFile, RuleTable, Unmatched,
    allow_headers,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::oracle::{Bucket, Header, verdict};

/// Few texts, so that entries and requests meet often; wildcards that overlap themselves and each other.
fn origin_entry() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["*", "null", "https://*", "https://*.a.com", "*.a.com", "ab*ba", "a*a", "*a", "a*", "localhost"])
            .prop_map(String::from),
        "[ab.]{0,4}\\*?[ab.]{1,4}",
        "https?://[ab]{1,2}(\\.[ab]{1,2}){0,2}(:[0-9*])?",
    ]
    .prop_filter("one star", |entry| entry.matches('*').count() <= 1)
}

fn header_entry() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["*", "x-*", "*-id", "x-*-id", "Content-Type", "x-oss-*", "x-a: b"]).prop_map(String::from),
        "[aAbB-]{0,3}\\*?[aAbB-]{1,3}",
    ]
}

fn rule() -> impl Strategy<Value = CorsRule> {
    let methods = || vec(select(vec!["GET", "PUT", "POST", "DELETE", "HEAD"]).prop_map(String::from), 1..4);
    let fields = (
        vec(origin_entry(), 1..5),
        methods(),
        vec(header_entry(), 0..4),
        vec("[a-zA-Z-]{1,8}", 0..3),
        option::of(0_u32..1_000_000_000),
    );
    fields.prop_map(|(allowed_origins, allowed_methods, allowed_headers, expose_headers, max_age_seconds)| {
        CorsRule::new(allowed_origins, allowed_methods)
            .allowed_headers(allowed_headers)
            .expose_headers(expose_headers)
            .max_age_seconds(max_age_seconds)
            .allow_credentials(false)
    })
}

fn configuration() -> impl Strategy<Value = CorsConfiguration> {
    (vec(rule(), 1..=20), any::<bool>())
        .prop_map(|(rules, response_vary)| CorsConfiguration::from_rules(rules).response_vary(response_vary))
}

/// Header lines as they might come: names that rules have, in any case, repeated, empty, with odd bytes.
fn header_line() -> impl Strategy<Value = Vec<u8>> {
    let item = prop_oneof![
        4 => "[aAbB-]{1,5}".prop_map(String::into_bytes),
        4 => select(vec!["content-type", "Content-Type", "x-id", "x-a-id", "X-OSS-meta", "x-", ""])
            .prop_map(|name| name.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    let blank = || select(vec!["", " ", "\t", "  "]);
    vec((blank(), item, blank()), 0..5).prop_map(|items| {
        let items =
            items.into_iter().map(|(before, item, after)| [before.as_bytes(), &item, after.as_bytes()].concat());
        items.collect::<Vec<_>>().join(&b","[..])
    })
}

fn origin_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => origin_entry().prop_map(|entry| entry.replace('*', "b").into_bytes()),
        3 => "(https?://)?[ab.:0-9]{0,8}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..6),
        1 => (1020_usize..1030).prop_map(|length| [b"https://".to_vec(), vec![b'a'; length - 8]].concat()),
    ]
}

#[derive(Clone, Debug)]
struct Asked {
    method: String,
    headers: Vec<Header>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let method = || select(vec!["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", ""]);
    let several = |lines: Vec<Vec<u8>>, name: &str| -> Vec<Header> {
        lines.into_iter().map(|line| (name.to_owned(), line)).collect()
    };
    let fields = (
        prop_oneof![1 => method(), 2 => Just("OPTIONS")],
        prop_oneof![8 => vec(origin_value(), 1), 1 => vec(origin_value(), 0..3)],
        prop_oneof![8 => vec(method(), 1), 1 => vec(method(), 0..3)],
        vec(header_line(), 0..3),
    );
    fields.prop_map(move |(method, origins, methods, lines)| {
        let methods = methods.into_iter().map(|method| method.as_bytes().to_vec()).collect();
        let mut headers = several(origins, "origin");
        headers.extend(several(methods, "access-control-request-method"));
        headers.extend(several(lines, "access-control-request-headers"));
        Asked { method: method.to_owned(), headers }
    })
}

impl Asked {
    fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> + Clone {
        let name = name.to_owned();
        self.headers.iter().filter(move |(line, _)| *line == name).map(|(_, value)| &value[..])
    }

    fn request(&self) -> CorsRequest<'_, impl Iterator<Item = &[u8]> + Clone> {
        CorsRequest::new(
            self.method.as_bytes(),
            FieldLine::from_lines(self.lines("origin")),
            FieldLine::from_lines(self.lines("access-control-request-method")),
            self.lines("access-control-request-headers"),
        )
    }
}

/// What the oracle says too: who answers, by which rule, and the refusal.
fn told(decision: Decision<'_>) -> (bool, Option<usize>, Option<(u16, &'static str)>) {
    match decision {
        Decision::Forward { rule, .. } => (false, rule.ok().map(oss_cors_core::Rule::number), None),
        Decision::Answer { rule: Ok(rule), .. } => (true, Some(rule.number()), None),
        Decision::Answer { rule: Err(refusal), .. } => (true, None, Some((refusal.status(), refusal.code()))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// The table decides as the specification, read aloud.
    #[test]
    fn the_table_equals_the_oracle(configuration in configuration(), asked in vec(asked(), 1..8)) {
        let table = RuleTable::compile(&configuration, Profile::Oss).expect("generated right");
        for asked in asked {
            for as_bucket in [false, true] {
                let request = asked.request();
                let decision = if as_bucket { table.decide_as_bucket(&request) } else { table.decide(&request) };
                let expected =
                    verdict(Bucket::Rules(&configuration), asked.method.as_bytes(), &asked.headers, as_bucket);
                prop_assert_eq!(told(decision), (expected.answered, expected.rule, expected.refusal), "{:?}", asked);
                let names = allow_headers(asked.lines("access-control-request-headers"), <[u8]>::to_vec);
                let expected_names = expected.headers.iter().find(|(name, _)| name == "access-control-allow-headers");
                if matches!(decision, Decision::Answer { rule: Ok(_), .. }) {
                    prop_assert_eq!(names.as_ref(), expected_names.map(|(_, value)| value));
                }
            }
        }
    }

    /// What was written is read again, in every format.
    #[test]
    fn print_then_parse_is_the_same(mut configuration in configuration()) {
        for rule in &mut configuration.rules {
            // Reading lowers their case: OSS stores them so.
            rule.allowed_headers.iter_mut().for_each(|name| name.make_ascii_lowercase());
        }
        for (text, format) in [(configuration.to_xml(), Format::Xml), (configuration.to_json(), Format::Json)] {
            let file = RuleFile::parse(text.as_bytes(), Some(format), Profile::Oss).expect("written right");
            prop_assert_eq!(file.configuration(), &configuration);
            let detected = RuleFile::parse(text.as_bytes(), None, Profile::Oss).expect("written right");
            prop_assert_eq!(detected, file);
        }
    }

    /// Bytes of any kind are read or refused, never a panic; what is read compiles.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200), around in any::<bool>()) {
        let mut text = bytes;
        if around {
            text = [b"<CORSConfiguration><CORSRule>", &text[..], b"</CORSRule></CORSConfiguration>"].concat();
        }
        for format in [None, Some(Format::Xml), Some(Format::Json)] {
            match RuleFile::parse(&text, format, Profile::Extended) {
                Ok(file) => prop_assert!(!file.table().rules().is_empty()),
                Err(errors) => prop_assert!(errors.iter().count() > 0 && !errors.to_string().is_empty()),
            }
        }
    }

    /// Two requests that differ in Origin alone and are answered differently: a shared cache needs `Vary: Origin`, and
    /// the table says so whenever its configuration does.
    #[test]
    fn vary_is_on_every_answer_or_on_none(configuration in configuration(), asked in asked()) {
        let table = RuleTable::compile(&configuration, Profile::Oss).expect("generated right");
        let (Decision::Forward { vary_origin, .. } | Decision::Answer { vary_origin, .. }) = table.decide(&asked.request());
        prop_assert_eq!(vary_origin, configuration.response_vary);
    }

    /// No rules, no match, whatever is asked.
    #[test]
    fn without_a_configuration_nothing_matches(asked in asked()) {
        let decision = RuleTable::not_enabled();
        let decision = decision.decide(&asked.request());
        let matched = matches!(decision, Decision::Forward { rule: Ok(_), .. } | Decision::Answer { rule: Ok(_), .. });
        prop_assert!(!matched);
        if let Decision::Forward { rule: Err(reason), .. } = decision {
            prop_assert!(matches!(reason, Unmatched::NoOrigin | Unmatched::NotEnabled));
        }
    }
}
