//! Rules inside of an application's own settings, as serde, figment and config-rs read them.

use figment::Figment;
use figment::providers::Format as _;
use oss_cors_core::{CorsConfiguration, Format, Profile, RuleFile, RuleTable};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Settings {
    listen: String,
    cors: CorsConfiguration,
}

const TOML: &str = r#"
listen = "127.0.0.1:3000"

[cors]
response_vary = true

[[cors.rules]]
allowed_origins = ["https://app.example.com", "https://*.example.com"]
allowed_methods = ["GET", "PUT"]
allowed_headers = ["X-Oss-*"]
expose_headers = "ETag"
max_age_seconds = 600

[[cors.rules]]
AllowedOrigin = "*"
AllowedMethod = "GET"
"#;

/// What the same rules say as a file of their own.
fn as_file() -> CorsConfiguration {
    let text =
        TOML.lines().skip(3).collect::<Vec<_>>().join("\n").replace("[cors]", "").replace("cors.rules", "CORSRule");
    RuleFile::parse(text.as_bytes(), Some(Format::Toml), Profile::Oss).unwrap().into_configuration()
}

fn right(settings: &Settings) {
    assert_eq!(settings.listen, "127.0.0.1:3000");
    assert_eq!(settings.cors, as_file());
    let table = RuleTable::compile(&settings.cors, Profile::Oss).unwrap();
    assert_eq!(table.rules().len(), 2);
    assert!(!table.rules_allowing_header(b"x-oss-meta-a").is_empty());
}

#[test]
fn settings_in_toml() {
    let text = TOML.replace("cors.rules", "cors.CORSRule");
    right(&toml::from_str(&text).unwrap());
}

#[test]
fn settings_by_figment() {
    let text = TOML.replace("cors.rules", "cors.CORSRule");
    right(&Figment::new().merge(figment::providers::Toml::string(&text)).extract().unwrap());
    // One setting alone can come from elsewhere, such as the environment, as text.
    let file = figment::providers::Toml::string(&text);
    let settings: Settings = Figment::new().merge(file).merge(("cors.response_vary", "false")).extract().unwrap();
    assert!(!settings.cors.response_vary);
}

#[test]
fn settings_by_config_rs() {
    let text = TOML.replace("cors.rules", "cors.CORSRule");
    let source = config::File::from_str(&text, config::FileFormat::Toml);
    let settings = config::Config::builder().add_source(source).build().unwrap();
    right(&settings.try_deserialize().unwrap());
}

#[test]
fn what_is_written_is_read() {
    let text = serde_json::to_string(&as_file()).unwrap();
    assert_eq!(serde_json::from_str::<CorsConfiguration>(&text).unwrap(), as_file());
    let absent = serde_json::from_str::<Option<CorsConfiguration>>("null").unwrap();
    assert_eq!(absent, None);
}

#[test]
fn every_fault_is_told_at_once() {
    let text = r#"{"CORSRule": [{"AllowedOrigin": 1, "AllowedMethods": ["GET"], "MaxAgeSecond": 600, "MaxAge": -1, "allow": true}],
                   "ResponseVary": "maybe"}"#;
    let error = serde_json::from_str::<CorsConfiguration>(text).unwrap_err().to_string();
    for part in ["rule 1, AllowedOrigin", "`MaxAge`", "`allow`", "ResponseVary `maybe`"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    for text in ["1", "\"x\"", "[1]", "{\"rules\": 1}", "{\"cors\": []}"] {
        assert!(serde_json::from_str::<CorsConfiguration>(text).is_err(), "{text}");
    }
    let many = format!("{{\"CORSRule\": [{}]}}", ["{}"; 1000].join(","));
    let error = serde_json::from_str::<CorsConfiguration>(&many).unwrap_err().to_string();
    assert!(error.contains("1000"), "{error}");
}

#[test]
fn what_is_read_is_bounded() {
    let huge =
        serde_json::json!({ "CORSRule": [{ "AllowedOrigin": ["x".repeat(17 << 20)], "AllowedMethod": ["GET"] }] });
    let many = serde_json::json!({ "CORSRule": vec![serde_json::Value::Null; 2 << 20] });
    for value in [huge, many] {
        let error = serde_json::from_value::<CorsConfiguration>(value).unwrap_err().to_string();
        assert!(error.contains("16777216") || error.contains("16 MiB"), "{error}");
    }
    let mut deep = serde_json::json!([]);
    for _ in 0..100 {
        deep = serde_json::json!([deep]);
    }
    assert!(serde_json::from_value::<CorsConfiguration>(serde_json::json!({ "CORSRule": deep })).is_err());
}
