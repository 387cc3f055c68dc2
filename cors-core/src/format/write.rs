//! A configuration as text, in the strict form that OSS returns.

use std::fmt::Write as _;

use crate::config::CorsConfiguration;
use crate::error::Element;
use crate::escape;

impl CorsConfiguration {
    /// The XML that OSS returns: no namespace, AllowedHeader in lower case, `ResponseVary` always present and last
    /// (SEMANTICS section 1).
    pub fn to_xml(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CORSConfiguration>\n");
        for rule in &self.rules {
            xml.push_str("  <CORSRule>\n");
            for (element, entries) in [
                (Element::AllowedOrigin, &rule.allowed_origins),
                (Element::AllowedMethod, &rule.allowed_methods),
                (Element::AllowedHeader, &rule.allowed_headers),
                (Element::ExposeHeader, &rule.expose_headers),
            ] {
                for entry in entries {
                    let entry = escape::xml(entry);
                    if element == Element::AllowedHeader {
                        leaf(&mut xml, 4, element, &entry.to_ascii_lowercase());
                    } else {
                        leaf(&mut xml, 4, element, &entry);
                    }
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

    /// JSON with the names of the XML: `{"CORSRule": [..], "ResponseVary": ..}`.
    #[cfg(feature = "json")]
    pub fn to_json(&self) -> String {
        // Text, numbers and booleans under fixed keys: there is nothing in it that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn leaf(xml: &mut String, indent: usize, element: Element, text: &str) {
    // Writing to a String never fails.
    let _ = writeln!(xml, "{:indent$}<{element}>{text}</{element}>", "");
}
