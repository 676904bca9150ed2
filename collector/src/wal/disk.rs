//! The log's files on a real disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::segment::{Directory, Segment};

/// Most parts that Linux takes in one vectored write (`IOV_MAX`).
const MOST_PARTS: usize = 1024;

/// A folder on a local file system.
#[derive(Debug)]
pub struct DiskDirectory {
    path: PathBuf,
}

impl DiskDirectory {
    /// Opens the folder at `path`, creating it durably where there is none.
    ///
    /// # Errors
    /// The operating system's answer.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        create_folders(&path.join(super::QUARANTINE))?;
        Ok(Self { path })
    }
}

impl Directory for DiskDirectory {
    fn create(&self, name: &str, len_bytes: u64) -> io::Result<Box<dyn Segment>> {
        let path = self.path.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        if let Err(error) = preallocate(&file, len_bytes) {
            // What was taken of the disk goes back at once; the file itself is overwritten by the next attempt.
            file.set_len(0)?;
            return Err(error);
        }
        Ok(Box::new(DiskSegment { file }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path.join(name))?;
        Ok(Box::new(DiskSegment { file }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path.join(super::QUARANTINE))?;
        sync_folder(&self.path)
    }
}

#[derive(Debug)]
struct DiskSegment {
    file: File,
}

impl Segment for DiskSegment {
    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let parts = &parts[..parts.len().min(MOST_PARTS)];
        Ok(rustix::io::pwritev(&self.file, parts, offset)?)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn truncate(&self, len_bytes: u64) -> io::Result<()> {
        self.file.set_len(len_bytes)
    }
}

/// Takes room for `len_bytes` of zeros; where the file system cannot, the file only gets its length.
fn preallocate(file: &File, len_bytes: u64) -> io::Result<()> {
    if len_bytes == 0 {
        return Ok(());
    }
    loop {
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, len_bytes) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return file.set_len(len_bytes),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Creates `path` and what is missing above it, each durable in the folder that holds it.
fn create_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_folders(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(parent.unwrap_or(Path::new(".")))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
