//! The seam between the log and the disk, where tests inject faults.

use std::io::{self, IoSlice};

/// One file of the log.
///
/// Offsets are explicit; nothing here keeps a cursor. Writes are durable only after [`Segment::sync_data`].
pub trait Segment: Send + Sync {
    /// Writes the beginning of `parts`, joined, at `offset`, and returns how many bytes it wrote.
    ///
    /// # Errors
    /// The disk's answer; what was written is then unknown.
    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;

    /// Reads up to `buffer.len()` bytes from `offset`, and returns how many there were; 0 at the end.
    ///
    /// # Errors
    /// The disk's answer.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Returns when everything written so far, and the length, survives a crash of the machine.
    ///
    /// # Errors
    /// The disk's answer; what survives is then unknown.
    fn sync_data(&self) -> io::Result<()>;

    /// The file's length in bytes, with what is preallocated.
    ///
    /// # Errors
    /// The disk's answer.
    fn len_bytes(&self) -> io::Result<u64>;

    /// Cuts the file to `len_bytes`.
    ///
    /// # Errors
    /// The disk's answer.
    fn truncate(&self, len_bytes: u64) -> io::Result<()>;
}

/// The folder that holds the log's files. Names may have one folder before them (`quarantine/x`).
pub trait Directory: Send + Sync {
    /// Creates `name` (over an older one) with `len_bytes` of zeros whose room on the disk is taken.
    ///
    /// # Errors
    /// The disk's answer; a disk without that much room answers [`io::ErrorKind::StorageFull`].
    fn create(&self, name: &str, len_bytes: u64) -> io::Result<Box<dyn Segment>>;

    /// Opens `name` to read and write.
    ///
    /// # Errors
    /// The disk's answer; [`io::ErrorKind::NotFound`] where there is none.
    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>>;

    /// The names of the files in the folder itself, in any order.
    ///
    /// # Errors
    /// The disk's answer.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Renames `from` to `to`, replacing it at once.
    ///
    /// # Errors
    /// The disk's answer.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes `name`.
    ///
    /// # Errors
    /// The disk's answer.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Returns when every creation, rename and removal so far survives a crash of the machine.
    ///
    /// # Errors
    /// The disk's answer.
    fn sync(&self) -> io::Result<()>;
}

/// Writes `parts`, joined, at `offset`, however many calls that takes.
pub(super) fn write_all_at(segment: &dyn Segment, mut parts: &mut [IoSlice<'_>], mut offset: u64) -> io::Result<()> {
    IoSlice::advance_slices(&mut parts, 0);
    while !parts.is_empty() {
        match segment.write_vectored_at(parts, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                offset += written as u64;
                IoSlice::advance_slices(&mut parts, written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the beginning of `buffer` from `offset`, and returns how many bytes there were.
pub(super) fn read_full_at(segment: &dyn Segment, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match segment.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Ends the name under which a file is written before it takes its own.
pub(super) const ASIDE: &str = ".aside";

/// Creates `name` with `len_bytes`, lets `fill` write it, and returns it when it is durable under its name.
///
/// A crash leaves the file whole, or what stood there before.
pub(super) fn create_durably(
    directory: &dyn Directory,
    name: &str,
    len_bytes: u64,
    fill: impl FnOnce(&dyn Segment) -> io::Result<()>,
) -> io::Result<Box<dyn Segment>> {
    let aside = format!("{name}{ASIDE}");
    let segment = directory.create(&aside, len_bytes)?;
    fill(&*segment)?;
    segment.sync_data()?;
    directory.rename(&aside, name)?;
    directory.sync()?;
    Ok(segment)
}

/// Replaces the file `name` by `content`, durably and at once.
pub(super) fn replace(directory: &dyn Directory, name: &str, content: &[u8]) -> io::Result<()> {
    create_durably(directory, name, content.len() as u64, |file| {
        write_all_at(file, &mut [IoSlice::new(content)], 0)
    })
    .map(drop)
}

/// Reads the whole file `name`; `None` where there is none.
pub(super) fn read_whole(directory: &dyn Directory, name: &str) -> io::Result<Option<Vec<u8>>> {
    let file = match directory.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let len = usize::try_from(file.len_bytes()?).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut content = vec![0; len];
    let read = read_full_at(&*file, &mut content, 0)?;
    content.truncate(read);
    Ok(Some(content))
}
