//! Rule files: bytes in some format to a configuration, and back.
//!
//! ```text
//!   bytes --xml | json | yaml | toml--> Node --normalize--> CorsConfiguration + the place of every part
//!                                                                --validate--> RuleFile
//!   an application's own settings --serde--> Node, likewise
//! ```
//!
//! Each format only builds the tree; what a rule file may say is known to the normaliser alone.

mod detect;
#[cfg(feature = "json")]
mod json;
mod keys;
mod normalize;
mod places;
mod rule_file;
#[cfg(feature = "serde")]
mod settings;
mod terraform;
#[cfg(feature = "toml")]
mod toml;
mod tree;
#[cfg(any(feature = "xml", feature = "json", feature = "yaml", feature = "toml"))]
mod values;
mod write;
#[cfg(feature = "json")]
mod write_json;
#[cfg(any(feature = "yaml", feature = "toml"))]
mod write_lines;
#[cfg(feature = "xml")]
mod xml;
#[cfg(feature = "xml")]
mod xml_shape;
#[cfg(feature = "yaml")]
mod yaml;

pub use detect::Format;
pub use rule_file::{FaultyFile, RuleFile};
