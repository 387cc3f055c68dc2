//! A configuration as JSON: OSS's, the AWS CLI's, Terraform's.

use serde_json::{Value, json};

use super::terraform::escape;
use super::write::lists;
use crate::config::{CorsConfiguration, CorsRule};
use crate::error::Element;

impl CorsConfiguration {
    /// JSON with the names of the XML: `{"CORSRule": [..], "ResponseVary": ..}`, as ossutil takes it.
    pub fn to_json(&self) -> String {
        // Text, numbers and booleans under fixed keys: there is nothing in it that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The JSON of the AWS CLI: `{"CORSRules": [{"AllowedOrigins": [..], ..}]}`.
    ///
    /// S3 has neither `ResponseVary` nor `AllowCredentials`: they are left out.
    pub fn to_aws_json(&self) -> String {
        let rules = self.rules.iter().map(|rule| object(rule, aws_name, str::to_owned));
        pretty(&json!({ "CORSRules": rules.collect::<Vec<_>>() }))
    }

    /// Terraform's JSON syntax (`cors.tf.json`): one `alicloud_oss_bucket_cors` resource of the Alibaba Cloud provider,
    /// for the bucket that the variable `bucket` names.
    ///
    /// The provider has no `AllowCredentials`: it is left out. It keeps `cors_rule` blocks and their entries as sets, so
    /// it may send them to OSS in another order, and the first rule that matches answers: rules whose order matters are
    /// not safe with it.
    pub fn to_terraform_json(&self) -> String {
        let rules = self.rules.iter().map(|rule| object(rule, terraform_name, escape));
        pretty(&json!({
            "variable": { "bucket": { "type": "string" } },
            "resource": { "alicloud_oss_bucket_cors": { "cors": {
                "bucket": "${var.bucket}",
                "cors_rule": rules.collect::<Vec<_>>(),
                "response_vary": self.response_vary,
            } } },
        }))
    }
}

fn object(rule: &CorsRule, name: fn(Element) -> &'static str, text: fn(&str) -> String) -> Value {
    let lists = lists(rule).into_iter().filter(|(_, entries)| !entries.is_empty());
    let lists = lists.map(|(element, entries)| (element, entries.iter().map(|entry| text(entry)).collect::<Value>()));
    let seconds = rule.max_age_seconds.map(|seconds| (Element::MaxAgeSeconds, Value::from(seconds)));
    lists.chain(seconds).map(|(element, value)| (name(element), value)).collect()
}

fn aws_name(element: Element) -> &'static str {
    match element {
        Element::AllowedOrigin => "AllowedOrigins",
        Element::AllowedMethod => "AllowedMethods",
        Element::AllowedHeader => "AllowedHeaders",
        Element::ExposeHeader => "ExposeHeaders",
        other => other.name(),
    }
}

/// As the provider has them: the plural of all but one.
fn terraform_name(element: Element) -> &'static str {
    match element {
        Element::AllowedOrigin => "allowed_origins",
        Element::AllowedMethod => "allowed_methods",
        Element::AllowedHeader => "allowed_headers",
        Element::ExposeHeader => "expose_header",
        Element::MaxAgeSeconds => "max_age_seconds",
        other => other.name(),
    }
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
