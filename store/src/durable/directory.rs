//! The directory itself: its format, its lock, and the workspaces in it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path as FsPath, PathBuf};
use std::time::Duration;

use object_store::ObjectStoreExt;
use object_store::path::Path;
use pennyspan_schema::{Position, Workspace};

use super::tables::Tables;
use super::{DurableOptions, DurableStore, StoreError};
use crate::local::create_folder;

/// The number of the directory's format.
const FORMAT: u32 = 1;
/// The file that holds it.
const FORMAT_FILE: &str = "format";
/// The file whose lock the writing process holds.
const LOCK_FILE: &str = "lock";
/// How often the lock is tried: another process may only be looking whether it is held.
const LOCK_TRIES: usize = 5;
/// How long one waits between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A directory that is in use.
#[derive(Debug)]
pub(super) struct Held {
    root: PathBuf,
    /// Locked as long as it is open.
    _lock: Option<File>,
}

impl Held {
    pub(super) fn folder(&self, workspace: &Workspace) -> PathBuf {
        self.root.join(workspace.as_str())
    }
}

/// A data directory that this process writes, before it knows which write-ahead log it follows.
///
/// A fresh log has to number its frames above [`Self::highest_position`], so the directory is opened before the log.
#[derive(Debug)]
pub struct DataDir {
    held: Held,
    options: DurableOptions,
    opened: Vec<(Workspace, Tables)>,
}

impl DataDir {
    /// Opens a directory to write it, creates it where there is none, and repairs what a crash left.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process writes it, [`StoreError::Format`] where a later version wrote it, and
    /// others where the disk fails.
    pub async fn open(path: &FsPath, options: DurableOptions) -> Result<Self, StoreError> {
        create_folder(&absolute(path)?).map_err(failed("create", path))?;
        let root = canonical(path)?;
        let lock = lock(&root).await?;
        match read_format(&root)? {
            Some(_) => {}
            None => write_format(&root, &options).await?,
        }
        let mut opened = Vec::new();
        for workspace in workspaces(&root)? {
            let folder = root.join(workspace.as_str());
            opened.push((workspace, Tables::open_to_write(&folder, &options).await?));
        }
        let held = Held {
            root,
            _lock: Some(lock),
        };
        Ok(Self { held, options, opened })
    }

    /// Returns whether another process writes a directory now.
    #[must_use]
    pub fn is_written(path: &FsPath) -> bool {
        // A lock that cannot be asked for is not held by a server of this machine.
        File::open(path.join(LOCK_FILE))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Returns the highest position that any table was committed with.
    #[must_use]
    pub fn highest_position(&self) -> Position {
        let positions = self.opened.iter().map(|(_, tables)| tables.highest_position());
        positions.max().unwrap_or_default()
    }

    /// Follows the write-ahead log of this id: its frames are stored once.
    ///
    /// # Errors
    /// [`StoreError`] where the tables cannot be read.
    pub async fn follow(self, wal_id: &str) -> Result<DurableStore, StoreError> {
        DurableStore::of(self.held, self.options, self.opened, Some(wal_id)).await
    }
}

/// Opens a directory to read it.
pub(super) async fn open_to_read(
    path: &FsPath,
    options: &DurableOptions,
) -> Result<(Held, Vec<(Workspace, Tables)>), StoreError> {
    let root = canonical(path)?;
    if read_format(&root)?.is_none() {
        return Err(StoreError::NotData { path: root });
    }
    let mut opened = Vec::new();
    for workspace in workspaces(&root)? {
        let folder = root.join(workspace.as_str());
        opened.push((workspace, Tables::open_to_read(&folder, options).await?));
    }
    Ok((Held { root, _lock: None }, opened))
}

fn failed(what: &'static str, path: &FsPath) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Directory {
        what,
        path: path.to_owned(),
        source,
    }
}

fn absolute(path: &FsPath) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(failed("find", path))
}

fn canonical(path: &FsPath) -> Result<PathBuf, StoreError> {
    path.canonicalize().map_err(failed("open", path))
}

async fn lock(root: &FsPath) -> Result<File, StoreError> {
    let path = root.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed("open", &path))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
    }
    Err(StoreError::Locked { path: root.to_owned() })
}

/// Returns the directory's format, or `None` for a fresh one; another than ours is refused.
fn read_format(root: &FsPath) -> Result<Option<u32>, StoreError> {
    let path = root.join(FORMAT_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", &path)(error)),
    };
    match text.trim().parse() {
        Ok(FORMAT) => Ok(Some(FORMAT)),
        _ => Err(StoreError::Format {
            path,
            found: text.trim().chars().take(20).collect(),
            known: FORMAT,
        }),
    }
}

async fn write_format(root: &FsPath, options: &DurableOptions) -> Result<(), StoreError> {
    let path = root.join(FORMAT_FILE);
    let location = Path::from_absolute_path(&path).map_err(|error| failed("name", &path)(io::Error::other(error)))?;
    let written = options.files.put(&location, format!("{FORMAT}\n").into()).await;
    written
        .map(|_| ())
        .map_err(|error| failed("write", &path)(io::Error::other(error)))
}

/// Returns the workspaces of a directory: the folders whose names can be a workspace's.
fn workspaces(root: &FsPath) -> Result<Vec<Workspace>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(failed("list", root))? {
        let entry = entry.map_err(failed("list", root))?;
        if entry.path().is_dir() {
            found.extend(entry.file_name().to_str().and_then(|name| Workspace::new(name).ok()));
        }
    }
    found.sort();
    Ok(found)
}
