//! A file replaced as a whole: whoever reads it sees the old text or the new one, never a part.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Replaces what stands in the existing file `path`. Permissions and owner stay, and a link stays a link.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    // To open a pipe could take for ever.
    if !fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("not a regular file; name one"));
    }
    // A rename does not ask whether the file may be written.
    let known = OpenOptions::new().write(true).open(&path)?.metadata()?;
    // In the same directory, so that a rename is enough.
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".oss-cors-").tempfile_in(directory)?;
    new.write_all(text.as_bytes())?;
    // Before the permissions: a change of the owner takes some of them away.
    keep_owner(new.as_file(), &known)?;
    new.as_file().set_permissions(known.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path).map_err(|failed| failed.error)?;
    Ok(())
}

#[cfg(unix)]
fn keep_owner(new: &File, known: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let owner = |metadata: &Metadata| (metadata.uid(), metadata.gid());
    if owner(&new.metadata()?) == owner(known) {
        return Ok(());
    }
    fchown(new, Some(known.uid()), Some(known.gid()))
        .map_err(|error| io::Error::new(error.kind(), format!("its owner cannot be kept ({error}); run as its owner")))
}

/// A new file inherits from its directory.
#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
