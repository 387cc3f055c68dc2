//! The way to a file: the folders in which a change can lead it elsewhere.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use file_id::{FileId, get_file_id};

/// More symbolic links than the kernel follows for one path (Linux: 40, path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Where news of the watched files can come from.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    /// The folders that hold the files, and those that hold a symbolic link on the way to one.
    pub(crate) folders: BTreeSet<Folder>,
    /// The entries of those folders that count.
    pub(crate) names: HashSet<PathBuf>,
    /// The folders in which every entry counts.
    pub(crate) whole: HashSet<PathBuf>,
}

/// A folder without symbolic links in its path, and which one it was: another may stand there later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    id: Option<FileId>,
}

impl Folder {
    fn new(path: PathBuf) -> Self {
        let id = get_file_id(&path).ok();
        Self { path, id }
    }
}

impl Ways {
    /// Adds the way to `path`, which is absolute. Returns where it ends: the file without symbolic links in its path,
    /// or the first entry on the way that is missing.
    ///
    /// A folder above that is no link is not watched itself: when it is renamed, no event tells, and the next look at
    /// the path does.
    pub(crate) fn add(&mut self, path: &Path) -> PathBuf {
        let mut ahead: VecDeque<OsString> = VecDeque::new();
        push(&mut ahead, path);
        let mut here = PathBuf::new();
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            match Path::new(&name).components().next() {
                Some(Component::ParentDir) => {
                    here.pop();
                    continue;
                }
                Some(Component::Normal(_)) => {}
                // The root, or a drive.
                _ => {
                    here.push(&name);
                    continue;
                }
            }
            let entry = here.join(&name);
            let found = fs::symlink_metadata(&entry);
            let is_link = found.as_ref().is_ok_and(fs::Metadata::is_symlink);
            if found.is_ok() && !is_link && !ahead.is_empty() {
                here = entry;
                continue;
            }
            self.folders.insert(Folder::new(here.clone()));
            self.names.insert(entry.clone());
            match fs::read_link(&entry) {
                Ok(target) if is_link && links < MAX_LINKS => {
                    links += 1;
                    push(&mut ahead, &target);
                }
                // The file, or what is missing, or a loop: opening it tells which.
                _ => return entry,
            }
        }
        here
    }

    /// Adds the folder at `path`, with every entry. `path` is what [`add`](Self::add) has returned.
    pub(crate) fn add_whole(&mut self, path: PathBuf) -> Folder {
        let folder = Folder::new(path.clone());
        self.folders.insert(folder.clone());
        self.whole.insert(path);
        folder
    }
}

/// The components of `path` before those that are ahead already.
fn push(ahead: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev().filter(|component| *component != Component::CurDir) {
        ahead.push_front(component.as_os_str().to_owned());
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::expect_used, reason = "a test")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Where the way to `path` ends, and in which folders a change counts, in a folder with
    /// `real/deep/file`, `real/dots -> deep/../../link/deep/file`, `link -> real` and `loop -> loop`.
    #[track_caller]
    fn way(path: &str, end: &str, folders: &[&str]) {
        let temp = tempfile::tempdir().expect("a folder");
        let root = temp.path().canonicalize().expect("a path");
        fs::create_dir_all(root.join("real/deep")).expect("folders");
        fs::write(root.join("real/deep/file"), "").expect("a file");
        symlink("real", root.join("link")).expect("a link");
        symlink("deep/../../link/deep/file", root.join("real/dots")).expect("a link");
        symlink("loop", root.join("loop")).expect("a link");
        let mut ways = Ways::default();
        assert_eq!(ways.add(&root.join(path)), root.join(end), "{path}");
        let folders: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
        let found: Vec<PathBuf> = ways.folders.into_iter().map(|folder| folder.path).collect();
        assert_eq!(found, folders, "{path}");
    }

    #[test]
    fn ways() {
        way("real/deep/file", "real/deep/file", &["real/deep"]);
        way("link/deep/file", "real/deep/file", &["", "real/deep"]);
        way("real/dots", "real/deep/file", &["", "real", "real/deep"]);
        way("real/./deep/../deep/file", "real/deep/file", &["real/deep"]);
        way("link/none", "real/none", &["", "real"]);
        way("none/deep/file", "none", &[""]);
        way("loop/file", "loop", &[""]);
        way("real/deep/file/below", "real/deep/file/below", &["real/deep/file"]);
    }

    #[test]
    fn another_folder_at_the_same_path_is_another() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("folder");
        fs::create_dir(&path).expect("a folder");
        let before = Folder::new(path.clone());
        assert_eq!(Folder::new(path.clone()), before);
        fs::rename(&path, temp.path().join("other")).expect("renamed");
        fs::create_dir(&path).expect("a folder");
        assert_ne!(Folder::new(path), before);
    }
}
