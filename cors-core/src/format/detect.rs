//! Which format a file is written in, by how it begins.

/// How a rule file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The XML of OSS (and of S3, whose namespace and `<ID>` are read and dropped). Feature `xml`.
    Xml,
    /// JSON: that of ossutil, `{"CORSRule": [..], "ResponseVary": true}`, of the AWS CLI and console, of the SDKs, and
    /// Terraform's JSON syntax. Feature `json`.
    Json,
    /// YAML in the same shapes, without aliases. Feature `yaml`.
    Yaml,
    /// TOML in the same shapes: `ResponseVary`, then a `[[CORSRule]]` for each rule. Feature `toml`.
    Toml,
}

impl Format {
    /// By a file name's extension, without the dot, in any case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "xml" => Some(Self::Xml),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    /// By how the text begins, after blanks, comments and a byte order mark: `<` is XML, `{` and `[` are JSON, but
    /// `[name]` and `[[name]]` are TOML; with `key =` it is TOML, with `key:`, `- ` and `---` YAML.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        detect(without_mark(bytes))
    }
}

/// Without the byte order mark.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Blanks and the comments that YAML and TOML share are passed over. XML, JSON and a TOML table show by their first
/// characters; otherwise by what follows the first key, `=` or `:`.
fn detect(mut text: &[u8]) -> Option<Format> {
    loop {
        text = text.trim_ascii_start();
        match text.first()? {
            b'#' => text = text.get(line(text).len()..)?,
            b'<' => return Some(Format::Xml),
            b'{' => return Some(Format::Json),
            b'[' if is_table_header(text) => return Some(Format::Toml),
            b'[' => return Some(Format::Json),
            // A directive.
            b'%' => return Some(Format::Yaml),
            b'-' if matches!(line(text), [b'-'] | [b'-', b' ' | b'\t' | b'\r', ..] | [b'-', b'-', b'-', ..]) => {
                return Some(Format::Yaml);
            }
            _ => return by_first_key(line(text)),
        }
    }
}

fn line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// `[table]` or `[[table]]`: a name that JSON could not have, up to a bracket.
fn is_table_header(text: &[u8]) -> bool {
    let inside = text.strip_prefix(b"[[").or_else(|| text.strip_prefix(b"[")).unwrap_or_default();
    let Some(end) = line(inside).iter().position(|byte| *byte == b']') else { return false };
    let name = inside.get(..end).unwrap_or_default().trim_ascii();
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. \t\"'".contains(byte);
    let word = name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_');
    word && name.iter().all(in_name) && !matches!(name, b"true" | b"false" | b"null")
}

fn by_first_key(line: &[u8]) -> Option<Format> {
    let after_key = match line.first()? {
        quote @ (b'"' | b'\'') => 2 + line.get(1..)?.iter().position(|byte| byte == quote)?,
        _ => 1,
    };
    for (index, byte) in line.iter().enumerate().skip(after_key) {
        match byte {
            b'=' => return Some(Format::Toml),
            b':' if line.get(index + 1).is_none_or(u8::is_ascii_whitespace) => return Some(Format::Yaml),
            _ => {}
        }
    }
    None
}
