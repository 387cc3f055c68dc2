//! What is seen of a file in one look. Never waits for it: whatever stands at the path, it is refused unless regular.

use std::fs::{self, File, Metadata, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use file_id::{FileId, get_file_id};
use oss_cors_core::MAX_FILE_BYTES;

use crate::file;

/// One look at a file.
pub(crate) struct Sight {
    pub(crate) print: Print,
    /// What it says; `None` where there is nothing to read, or nothing new since the last look.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// What tells two sights apart, small enough to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Print {
    /// The file's state, and a hash of its bytes.
    Content(Stamp, u64),
    /// It was written to while it was read.
    Moving,
    /// It is there and cannot be read: why.
    Unreadable(io::ErrorKind, String),
    /// More than one file where one belongs.
    Several(Vec<PathBuf>),
    /// There is none.
    Missing,
    /// A folder that could be listed.
    Listed,
}

/// What changes whenever the bytes do, within the clock of the filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    id: FileId,
    len: u64,
    modified: Option<SystemTime>,
    changed: (i64, i64),
}

/// The coarsest clock of a filesystem: FAT counts modifications in steps of 2 s.
const COARSEST_CLOCK: Duration = Duration::from_secs(3);

impl Sight {
    /// Reads the file at `path`, unless it is as `known` was.
    pub(crate) fn of(path: &Path, known: Option<&Print>) -> Self {
        let seen = fs::metadata(path).and_then(|metadata| {
            check_regular(&metadata)?;
            match known {
                Some(known @ Print::Content(then, _))
                    if then.is_old() && *then == Stamp::new(get_file_id(path)?, &metadata) =>
                {
                    Ok(Self::from(known.clone()))
                }
                _ => read(path),
            }
        });
        seen.unwrap_or_else(|error| Print::from(error).into())
    }
}

impl From<Print> for Sight {
    fn from(print: Print) -> Self {
        Self { print, bytes: None }
    }
}

impl From<io::Error> for Print {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            kind => Self::Unreadable(kind, error.to_string()),
        }
    }
}

impl Print {
    /// Whether both say the same, wherever and whenever it was written.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Content(_, hash), Self::Content(_, other)) => hash == other,
            _ => self == other,
        }
    }

    /// Whether `bytes` are what this print is of, and more after it.
    pub(crate) fn is_beginning_of(&self, bytes: &[u8]) -> bool {
        let Self::Content(stamp, hash) = self else { return false };
        let len = usize::try_from(stamp.len).unwrap_or(usize::MAX);
        len < bytes.len() && bytes.get(..len).is_some_and(|beginning| self::hash(beginning) == *hash)
    }

    /// Whether nothing was written for a while, by the file's own clock; what is no file does not come to rest.
    pub(crate) fn is_old(&self) -> bool {
        match self {
            Self::Content(stamp, _) => stamp.is_old(),
            Self::Moving => false,
            _ => true,
        }
    }
}

impl Stamp {
    fn new(id: FileId, metadata: &Metadata) -> Self {
        Self { id, len: metadata.len(), modified: metadata.modified().ok(), changed: changed(metadata) }
    }

    /// Whether the last write is longer ago than a step of the clock: then the next one shows.
    fn is_old(&self) -> bool {
        let age = self.modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
        age.is_some_and(|age| age > COARSEST_CLOCK)
    }
}

fn read(path: &Path) -> io::Result<Sight> {
    // Before the file is opened, and again after it was read: another one that took its place meanwhile shows.
    let id = get_file_id(path)?;
    let file = open(path)?;
    let metadata = file.metadata()?;
    check_regular(&metadata)?;
    let stamp = Stamp::new(id, &metadata);
    if metadata.len() > MAX_FILE_BYTES as u64 {
        // Whatever they are: so many bytes are refused, and all such files are alike.
        return Ok(Sight { print: Print::Content(stamp, 0), bytes: Some(vec![0; MAX_FILE_BYTES + 1]) });
    }
    let bytes = file::read(&file)?;
    let is_still = Stamp::new(get_file_id(path)?, &file.metadata()?) == stamp;
    let print = if is_still { Print::Content(stamp, hash(&bytes)) } else { Print::Moving };
    Ok(Sight { print, bytes: Some(bytes) })
}

/// Seeded: nobody can make two files look the same.
fn hash(bytes: &[u8]) -> u64 {
    static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    HASHER.hash_one(bytes)
}

fn check_regular(metadata: &Metadata) -> io::Result<()> {
    let why = match () {
        () if metadata.is_file() => return Ok(()),
        () if metadata.is_dir() => "it is a folder; name a file in it, or watch the folder",
        () => "it is neither a file nor a folder; write the rules to a regular file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// A named pipe that took the file's place since it was looked at must not block.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// When the file's state was changed last, which nobody can set back.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> (i64, i64) {
    (0, 0)
}
