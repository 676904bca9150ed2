//! What a log holds, read without changing anything: the process that writes it may be running.

use std::io;

use pennyspan_schema::Position;

use super::catalogue::first_of_name;
use super::error::WalError;
use super::format::WalId;
use super::recovery::ID_FILE;
use super::scan::{Piece, Scanner};
use super::segment::{Directory, read_whole};

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The log's id.
    pub id: WalId,
    /// Segments on the disk.
    pub segment_count: u64,
    /// Bytes that they take, with what is preallocated.
    pub segment_bytes: u64,
    /// Frames in them.
    pub frame_count: u64,
    /// The last frame; `None` where there is none.
    pub last: Option<Position>,
    /// Ranges that cannot be read as frames.
    pub gap_count: u64,
}

impl Standing {
    /// Reads what the log in `directory` holds; `None` where there is no log.
    ///
    /// # Errors
    /// A log of a newer format, or a disk that does not list or open its files.
    pub fn of(directory: &dyn Directory) -> Result<Option<Self>, WalError> {
        let content = read_whole(directory, ID_FILE).map_err(|source| WalError::io("read", ID_FILE, source))?;
        let Some(id) = content.and_then(|content| WalId::parse(str::from_utf8(&content).ok()?.trim_end())) else {
            return Ok(None);
        };
        let mut standing = Self {
            id,
            segment_count: 0,
            segment_bytes: 0,
            frame_count: 0,
            last: None,
            gap_count: 0,
        };
        let names = directory
            .list()
            .map_err(|source| WalError::io("list the files of", ".", source))?;
        for name in names {
            if let Some(first) = first_of_name(&name) {
                standing.read_segment(directory, &name, first)?;
            }
        }
        Ok(Some(standing))
    }

    fn read_segment(&mut self, directory: &dyn Directory, name: &str, first: Position) -> Result<(), WalError> {
        let segment = match directory.open(name) {
            Ok(segment) => segment,
            // Its writer let go of it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(WalError::io("open", name, source)),
        };
        let mut scanner = Scanner::open(name, segment, self.id, first)?;
        self.segment_count += 1;
        self.segment_bytes += scanner.len_bytes();
        loop {
            match scanner.next_piece()? {
                Piece::Frame(frame) => {
                    self.frame_count += 1;
                    self.last = self.last.max(Some(frame.position));
                }
                Piece::Gap(_) => self.gap_count += 1,
                Piece::Void { .. } => {}
                Piece::End { .. } => return Ok(()),
            }
        }
    }
}
