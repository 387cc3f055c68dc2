//! The rules that a server starts with, and what it says about them.

use std::error::Error;
use std::net::SocketAddr;

use comfy_table::{Table, presets};
use cors_source::load_file;
use cors_tower::cors_core::{CorsConfiguration, Format, Profile, RuleFile};

use super::args::Args;

/// The four scenarios of the OSS user's guide.
const SCENARIOS: &str = include_str!("../rules/scenarios.xml");

/// The rules of `--rules`, or the embedded ones.
pub fn load(args: &Args) -> Result<RuleFile, Box<dyn Error>> {
    match &args.rules {
        Some(path) => Ok(load_file(path)?),
        None => Ok(embedded()?),
    }
}

/// The embedded rules.
pub fn embedded() -> Result<RuleFile, cors_tower::cors_core::ConfigErrors> {
    RuleFile::parse(SCENARIOS.as_bytes(), Some(Format::Xml), Profile::Oss)
}

/// Prints the address, the rules and what to try.
pub fn announce(address: SocketAddr, file: &RuleFile) {
    let configuration = file.configuration();
    println!("{}", table(configuration));
    println!("ResponseVary: {}", configuration.response_vary);
    println!("\ntry:");
    for line in curl_lines(address, configuration) {
        println!("  {line}");
    }
    println!("\nlistening on http://{address}");
}

fn table(configuration: &CorsConfiguration) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_FULL_CONDENSED).set_header([
        "rule",
        "AllowedOrigin",
        "AllowedMethod",
        "AllowedHeader",
        "ExposeHeader",
        "MaxAgeSeconds",
    ]);
    for (index, rule) in configuration.rules.iter().enumerate() {
        table.add_row([
            (index + 1).to_string(),
            rule.allowed_origins.join("\n"),
            rule.allowed_methods.join("\n"),
            rule.allowed_headers.join("\n"),
            rule.expose_headers.join("\n"),
            rule.max_age_seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

/// A preflight and an actual request that the last rule with a wildcard or, failing that, the first rule allows, and a
/// preflight that no rule should.
fn curl_lines(address: SocketAddr, configuration: &CorsConfiguration) -> Vec<String> {
    let with_wildcard =
        configuration.rules.iter().rfind(|rule| rule.allowed_origins.iter().any(|one| one.contains('*')));
    let Some(rule) = with_wildcard.or(configuration.rules.first()) else { return Vec::new() };
    let origin = rule.allowed_origins.first().map(|one| one.replace('*', "dev")).unwrap_or_default();
    let method = rule.allowed_methods.first().map_or("GET", String::as_str);
    let header = rule.allowed_headers.first().map(|one| one.replace('*', "x-oss-meta-a"));
    let asked = header.map(|name| format!(" -H 'Access-Control-Request-Headers: {name}'")).unwrap_or_default();
    let preflight = format!("curl -i -X OPTIONS http://{address}/a.txt -H 'Access-Control-Request-Method: {method}'");
    vec![
        format!("{preflight} -H 'Origin: {origin}'{asked}"),
        format!("curl -i http://{address}/a.txt -H 'Origin: {origin}'"),
        format!("{preflight} -H 'Origin: {origin}.evil.example'"),
    ]
}
