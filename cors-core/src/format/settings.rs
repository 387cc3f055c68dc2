//! Rules inside of an application's own settings: whatever deserializes them, into the tree, and through the normaliser.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::detect::Format;
use super::normalize::{Draft, lower_case_headers, normalize};
use super::tree::{DEEPEST, Field, Map, Node, Value};
use crate::config::{CorsConfiguration, MAX_FILE_BYTES, MAX_RULES};
use crate::error::{ConfigError, ConfigErrorKind, ConfigErrors, Element};

/// What every value counts beside its text.
const VALUE_BYTES: usize = 16;

/// With the names of a rule file in JSON, YAML or TOML, in any of their spellings, and its defaults: ResponseVary is off.
///
/// Faults of the shape are reported here, all at once, under whatever key the rules have. What the rules may say depends on
/// the profile, which [`RuleTable::compile`](crate::RuleTable::compile) is given. Text of more than
/// [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES), each value counted with 16 bytes more, is refused.
///
/// ```
/// use oss_cors_core::{CorsConfiguration, Profile, RuleTable};
///
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     listen: String,
///     cors: CorsConfiguration,
/// }
///
/// let settings: Settings = serde_json::from_str(
///     r#"{
///         "listen": "127.0.0.1:3000",
///         "cors": {
///             "cors_rules": [{ "allowed_origins": ["https://app.example.com"], "allowed_methods": ["GET"] }],
///             "response_vary": true
///         }
///     }"#,
/// )?;
/// assert_eq!(RuleTable::compile(&settings.cors, Profile::Oss)?.rules().len(), 1);
/// # assert_eq!(settings.listen, "127.0.0.1:3000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de> serde::Deserialize<'de> for CorsConfiguration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut left = MAX_FILE_BYTES;
        let root = Any { left: &mut left, depth: 0 }.deserialize(deserializer)?;
        let Draft { mut configuration, errors, rules, .. } = normalize(&root, Format::Json);
        let mut errors: Vec<ConfigError> = errors.into_iter().map(|(_, error)| error).collect();
        if rules > MAX_RULES {
            let kind = ConfigErrorKind::TooManyRules(rules);
            errors.push(ConfigError { element: Some(Element::CorsRule), ..ConfigError::new(kind) });
        }
        ConfigErrors::check(errors).map_err(D::Error::custom)?;
        lower_case_headers(&mut configuration);
        Ok(configuration)
    }
}

/// Any value, of at most so many bytes.
struct Any<'l> {
    left: &'l mut usize,
    depth: usize,
}

impl Any<'_> {
    fn inside(&mut self) -> Any<'_> {
        Any { left: self.left, depth: self.depth + 1 }
    }

    fn value<E: Error>(self, bytes: usize, value: impl FnOnce() -> Value) -> Result<Node, E> {
        take(self.left, bytes)?;
        Ok(Node { at: 0, value: value() })
    }
}

fn take<E: Error>(left: &mut usize, bytes: usize) -> Result<(), E> {
    let rest = left.checked_sub(bytes.saturating_add(VALUE_BYTES));
    *left = rest.ok_or_else(|| E::custom(ConfigError::new(ConfigErrorKind::TooLarge)))?;
    Ok(())
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a CORSRule list")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.value(0, || Value::Bare(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.value(0, || Value::Bare(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.value(0, || Value::Bare(value.to_string()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.value(0, || Value::Bare(value.to_string()))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.value(0, || Value::Bare(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.value(0, || Value::Bare(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.value(value.len(), || Value::Text(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.value(0, || Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside())? {
            list.push(item);
        }
        let deep = self.depth > DEEPEST;
        self.value(0, || if deep { Value::Map(Box::default()) } else { Value::List(list) })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Node, A::Error> {
        let mut map = Map::default();
        while let Some(key) = fields.next_key::<String>()? {
            take(self.left, key.len())?;
            let node = fields.next_value_seed(self.inside())?;
            map.fields.push(Field { key, at: 0, node });
        }
        let deep = self.depth > DEEPEST;
        self.value(0, || Value::Map(if deep { Box::default() } else { Box::new(map) }))
    }
}
