//! Without any framework: a function from a request to a response, as serverless platforms call it.
//!
//! `cargo run --example lambda_like` gives it three requests, and prints what it answers.

use std::error::Error;

use http::{Method, Request, Response};
use oss_cors_tower::oss_cors_core::RuleTable;
use oss_cors_tower::{CorsConfiguration, CorsRule, Profile};

/// The whole handler. A preflight is answered by the rules, everything else by the application.
fn handler(rules: &RuleTable, request: &Request<String>) -> Response<String> {
    let decision = rules.decide_parts(request.method(), request.headers());
    if let Some(preflight) = decision.into_response() {
        return preflight;
    }
    let mut response = Response::new(format!("you sent {} bytes", request.body().len()));
    decision.apply(response.headers_mut());
    response
}

fn main() -> Result<(), Box<dyn Error>> {
    let rule = CorsRule::new(["https://app.example.com"], ["POST"]).allowed_headers(["content-type"]);
    let rules = RuleTable::compile(&CorsConfiguration::from(rule), Profile::Oss)?;

    let post = Request::post("/").header("origin", "https://app.example.com").body("{}".to_owned())?;
    let preflight = |origin: &str| {
        let request = Request::builder().method(Method::OPTIONS).header("origin", origin);
        request.header("access-control-request-method", "POST").body(String::new())
    };
    for request in [post, preflight("https://app.example.com")?, preflight("https://evil.example")?] {
        let response = handler(&rules, &request);
        let allowed = response.headers().get("access-control-allow-origin");
        let allowed = allowed.and_then(|origin| origin.to_str().ok()).unwrap_or("nobody");
        println!("{}: {}, readable for {allowed}", request.method(), response.status().as_u16());
    }
    Ok(())
}
