//! A rule file, read once.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use oss_cors_core::{Format, MAX_FILE_BYTES, Profile, RuleFile};

use crate::error::{LoadError, LoadErrorKind};

/// Reads the rule file at `path` under [`Profile::Oss`]. The format follows the extension, else the
/// content; XML and JSON are built in, YAML and TOML with the features of `oss-cors-core`.
///
/// # Errors
///
/// The file cannot be read, is over [`MAX_FILE_BYTES`], or has faults: all of them, each with its line.
pub fn load_file(path: impl AsRef<Path>) -> Result<RuleFile, LoadError> {
    load_file_with(path, Profile::Oss)
}

/// As [`load_file`], under `profile`.
///
/// # Errors
///
/// As [`load_file`].
pub fn load_file_with(path: impl AsRef<Path>, profile: Profile) -> Result<RuleFile, LoadError> {
    let path = path.as_ref();
    let bytes = File::open(path).and_then(|file| read(&file));
    parse(path, &bytes.map_err(|error| LoadError::new(path, LoadErrorKind::Io(error)))?, profile)
}

/// One byte more than is allowed at most: enough to know that there is too much, whatever the file's size.
pub(crate) fn read(file: &File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn parse(path: &Path, bytes: &[u8], profile: Profile) -> Result<RuleFile, LoadError> {
    let format = path.extension().and_then(|extension| Format::from_extension(extension.to_str()?));
    RuleFile::parse(bytes, format, profile).map_err(|errors| LoadError::new(path, LoadErrorKind::Config(errors)))
}
