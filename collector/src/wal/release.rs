//! Removes segments that nobody needs any more, and keeps remembering their requests.

use std::io::{self, IoSlice};
use std::sync::PoisonError;

use pennyspan_schema::{Position, Workspace};

use super::Wal;
use super::error::WalError;
use super::segment::{Directory, Segment, write_all_at};

/// The file that remembers the requests of segments that are gone.
pub(super) const SEEN_FILE: &str = "seen";
/// What the next such file is written into. Its room is taken beforehand, so that a full disk can be emptied.
const SPARE: &str = "seen.spare";
/// Room that is taken beforehand, beside twice what was needed last.
const SPARE_BYTES: u64 = 64 << 10;

impl Wal {
    /// Removes the segments whose frames are all published, and flushed as `flushed` says for each workspace; their requests
    /// stay remembered. Returns how many it removed. The segment that is being written stays.
    ///
    /// # Errors
    /// A disk that refuses to write what is remembered, or to remove a segment. Nothing is lost, and the next call goes on.
    pub fn release(&self, flushed: impl Fn(&Workspace) -> Position) -> Result<usize, WalError> {
        let _releasing = self.releasing.lock().unwrap_or_else(PoisonError::into_inner);
        let names = self
            .shared
            .catalogue()
            .releasable(flushed, self.shared.order.published());
        if names.is_empty() {
            return Ok(0);
        }
        let directory = &*self.shared.directory;
        let remembered = self.seen.encode();
        replace_side_file(directory, &remembered).map_err(|source| WalError::io("write", SEEN_FILE, source))?;
        for name in &names {
            directory
                .remove(name)
                .map_err(|source| WalError::io("remove the segment", name, source))?;
            self.shared.catalogue().segments.retain(|segment| segment.name != *name);
        }
        directory.sync().map_err(|source| WalError::io("sync", ".", source))?;
        take_spare(directory, remembered.len() as u64);
        Ok(names.len())
    }
}

/// Replaces the side file at once and durably, in room that was taken beforehand where it suffices.
fn replace_side_file(directory: &dyn Directory, content: &[u8]) -> io::Result<()> {
    let len = content.len() as u64;
    let file = match spare(directory) {
        Some((spare, room)) if room >= len => spare,
        _ => directory.create(SPARE, len)?,
    };
    write_all_at(&*file, &mut [IoSlice::new(content)], 0)?;
    file.truncate(len)?;
    file.sync_data()?;
    directory.rename(SPARE, SEEN_FILE)?;
    directory.sync()
}

/// Takes room for the next side file, if the last one took `len` bytes. A disk without it is no error: the next one then
/// takes its room when it is written.
pub(super) fn take_spare(directory: &dyn Directory, len: u64) {
    let wanted = 2 * len + SPARE_BYTES;
    if spare(directory).is_some_and(|(_, room)| room >= wanted) {
        return;
    }
    if let Err(error) = directory.create(SPARE, wanted).and_then(|spare| spare.sync_data()) {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "failed to take room for what the write-ahead log remembers"
        );
    }
}

fn spare(directory: &dyn Directory) -> Option<(Box<dyn Segment>, u64)> {
    let spare = directory.open(SPARE).ok()?;
    let room = spare.len_bytes().ok()?;
    Some((spare, room))
}
