//! A local directory as an object store whose writes are durable when they return.
//!
//! Neither `object_store` nor `deltalake` syncs what it writes, so a machine that loses power could lose a commit that was
//! answered. Reads are those of [`LocalFileSystem`]. A write goes into a file beside its target, is synced, then linked or
//! renamed to its name, and the directory is synced. Where that last sync fails, nobody knows what the disk holds: the store
//! then writes nothing more until it is opened again. Tests that need a failing disk wrap this store in another.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, RenameTargetMode,
    Result,
};

mod upload;

use upload::Upload;

/// What this store calls itself in errors.
const NAME: &str = "LocalStore";

/// A local directory whose writes are durable when they return.
#[derive(Debug, Clone)]
pub struct LocalStore {
    files: Arc<LocalFileSystem>,
    /// Whether a folder's sync failed after its content had changed.
    unsure: Arc<AtomicBool>,
}

impl LocalStore {
    /// Opens a directory, which must exist; objects' names are below it.
    ///
    /// # Errors
    /// The directory does not exist.
    pub fn of(directory: &FsPath) -> Result<Self> {
        let files = LocalFileSystem::new_with_prefix(directory)?;
        Ok(Self::over(files))
    }

    /// Opens the file system; objects' names are absolute paths.
    #[must_use]
    pub fn of_root() -> Self {
        Self::over(LocalFileSystem::new())
    }

    fn over(files: LocalFileSystem) -> Self {
        Self {
            files: files.into(),
            unsure: Arc::default(),
        }
    }

    async fn write(&self, location: &Path, content: PutPayload, existing: Existing) -> Result<()> {
        let path = self.files.path_to_filesystem(location)?;
        self.change(path, move |path| write_beside(path, &content, existing))
            .await
    }

    /// Changes what a folder holds, then syncs the folder.
    async fn change(
        &self,
        path: PathBuf,
        change: impl FnOnce(&FsPath) -> io::Result<()> + Send + 'static,
    ) -> Result<()> {
        let unsure = Arc::clone(&self.unsure);
        tokio::task::spawn_blocking(move || {
            let changed = (|| {
                if unsure.load(Ordering::Acquire) {
                    return Err(io::Error::other(
                        "an earlier sync of a folder failed: restart when the disk is well",
                    ));
                }
                create_folder(parent(&path))?;
                change(&path)?;
                sync_folder(parent(&path)).inspect_err(|_| unsure.store(true, Ordering::Release))
            })();
            changed.map_err(|source| failed(&path, source))
        })
        .await?
    }
}

/// What to do where the target exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Existing {
    Replace,
    Refuse,
}

impl fmt::Display for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}({})", self.files)
    }
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let existing = match options.mode {
            PutMode::Overwrite => Existing::Replace,
            PutMode::Create => Existing::Refuse,
            PutMode::Update(_) => return Err(not_implemented("a put that replaces one version only")),
        };
        self.write(location, payload, existing).await?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Upload::new(self.clone(), location.clone())))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let existing = match options.mode {
            CopyMode::Overwrite => Existing::Replace,
            CopyMode::Create => Existing::Refuse,
        };
        let content = self.files.get(from).await?.bytes().await?;
        self.write(to, content.into(), existing).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let existing = match options.target_mode {
            RenameTargetMode::Overwrite => Existing::Replace,
            RenameTargetMode::Create => Existing::Refuse,
        };
        let (from, to) = (self.files.path_to_filesystem(from)?, self.files.path_to_filesystem(to)?);
        self.change(to, move |to| {
            File::open(&from)?.sync_all()?;
            place(&from, to, existing)?;
            sync_folder(parent(&from))
        })
        .await
    }
}

fn not_implemented(operation: &str) -> Error {
    Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: NAME.to_owned(),
    }
}

fn failed(path: &FsPath, source: io::Error) -> Error {
    let (path, kind, source) = (path.display().to_string(), source.kind(), Box::new(source));
    match kind {
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path, source },
        io::ErrorKind::NotFound => Error::NotFound { path, source },
        _ => Error::Generic { store: NAME, source },
    }
}

/// Writes a whole file, so that its name stands for all of it or for what it stood for before.
fn write_beside(path: &FsPath, content: &PutPayload, existing: Existing) -> io::Result<()> {
    let (mut file, beside) = create_beside(path)?;
    let placed = (|| {
        content.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        place(&beside, path, existing)
    })();
    if placed.is_err() {
        // What is left beside is not listed; a disk that refuses this refuses more.
        let _ = fs::remove_file(&beside);
    }
    placed
}

fn parent(path: &FsPath) -> &FsPath {
    path.parent().unwrap_or(path)
}

/// Opens a fresh file beside the target, by a name that [`LocalFileSystem`] leaves out of its lists.
fn create_beside(path: &FsPath) -> io::Result<(File, PathBuf)> {
    let mut number = 0_u64;
    loop {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!("#{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((file, beside.into())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn place(from: &FsPath, to: &FsPath, existing: Existing) -> io::Result<()> {
    match existing {
        Existing::Replace => fs::rename(from, to),
        Existing::Refuse => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
    }
}

/// Creates a folder and those above it, each durable in the one that holds it.
pub(crate) fn create_folder(folder: &FsPath) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        create_folder(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(parent(folder)),
    }
}

fn sync_folder(folder: &FsPath) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
