//! The files below a path, in an order that does not depend on the operating system.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why a path could not be followed; the others are.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}`", path = path.display())]
pub struct FilesError {
    /// The path.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub error: io::Error,
}

/// Returns every file at or below a path, by rising path; hidden files and directories are left out, and a directory that a link
/// leads to again is read once.
pub fn files(path: &Path) -> impl Iterator<Item = Result<PathBuf, FilesError>> + use<> {
    Files {
        pending: vec![path.to_owned()],
        seen: BTreeSet::new(),
    }
}

struct Files {
    /// What is still to be looked at, the next one last.
    pending: Vec<PathBuf>,
    /// Directories that were read, by their real path.
    seen: BTreeSet<PathBuf>,
}

impl Iterator for Files {
    type Item = Result<PathBuf, FilesError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(path) = self.pending.pop() {
            match self.open(&path) {
                Ok(true) => return Some(Ok(path)),
                Ok(false) => {}
                Err(error) => return Some(Err(FilesError { path, error })),
            }
        }
        None
    }
}

impl Files {
    /// Returns whether the path is a file; a directory's entries are put before what is pending.
    fn open(&mut self, path: &Path) -> io::Result<bool> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_dir() {
            return Ok(metadata.is_file());
        }
        if !self.seen.insert(fs::canonicalize(path)?) {
            return Ok(false);
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                entries.push(entry.path());
            }
        }
        entries.sort_unstable_by(|a, b| b.cmp(a));
        self.pending.append(&mut entries);
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::files;

    #[test]
    fn files_come_by_path_and_links_end() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/inner")).unwrap();
        for file in ["b/inner/2.json", "b/10.json", "a.json", "c.json", ".hidden"] {
            fs::write(root.path().join(file), "{}").unwrap();
        }
        std::os::unix::fs::symlink(root.path(), root.path().join("b/loop")).unwrap();
        let found: Vec<PathBuf> = files(root.path()).map(Result::unwrap).collect();
        let expected = ["a.json", "b/10.json", "b/inner/2.json", "c.json"].map(|file| root.path().join(file));
        assert_eq!(found, expected);
        assert_eq!(files(&expected[0]).count(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/nowhere", root.path().join("a")).unwrap();
        fs::write(root.path().join("b"), "{}").unwrap();
        let found: Vec<_> = files(root.path()).collect();
        assert_eq!(found[0].as_ref().unwrap_err().path, root.path().join("a"));
        assert_eq!(found[1].as_ref().unwrap(), &root.path().join("b"));
    }
}
