//! A configuration as text. AllowedHeader is in lower case in every format, as OSS stores it (SEMANTICS section 1).

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::config::{CorsConfiguration, CorsRule};
use crate::error::Element;
use crate::escape;

impl CorsConfiguration {
    /// The XML that OSS returns: no namespace, AllowedHeader in lower case, `ResponseVary` always present and last
    /// (SEMANTICS section 1).
    pub fn to_xml(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CORSConfiguration>\n");
        for rule in &self.rules {
            xml.push_str("  <CORSRule>\n");
            for (element, entries) in lists(rule) {
                for entry in entries.iter() {
                    leaf(&mut xml, 4, element, &escape::xml(entry));
                }
            }
            if let Some(seconds) = rule.max_age_seconds {
                leaf(&mut xml, 4, Element::MaxAgeSeconds, &seconds.to_string());
            }
            if rule.allow_credentials {
                leaf(&mut xml, 4, Element::AllowCredentials, "true");
            }
            xml.push_str("  </CORSRule>\n");
        }
        leaf(&mut xml, 2, Element::ResponseVary, if self.response_vary { "true" } else { "false" });
        xml.push_str("</CORSConfiguration>\n");
        xml
    }
}

fn leaf(xml: &mut String, indent: usize, element: Element, text: &str) {
    // Writing to a String never fails.
    let _ = writeln!(xml, "{:indent$}<{element}>{text}</{element}>", "");
}

/// The lists of a rule in the order of the XML, as they are to be written.
pub(super) fn lists(rule: &CorsRule) -> [(Element, Cow<'_, [String]>); 4] {
    let headers = rule.allowed_headers.iter().map(|name| name.to_ascii_lowercase()).collect();
    [
        (Element::AllowedOrigin, Cow::Borrowed(&rule.allowed_origins)),
        (Element::AllowedMethod, Cow::Borrowed(&rule.allowed_methods)),
        (Element::AllowedHeader, Cow::Owned(headers)),
        (Element::ExposeHeader, Cow::Borrowed(&rule.expose_headers)),
    ]
}
