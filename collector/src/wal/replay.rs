//! Reads durable frames back, in the order of their positions.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use pennyspan_schema::Position;

use super::catalogue::SegmentRecord;
use super::error::WalError;
use super::format::WalId;
use super::scan::{FrameAt, Piece, Scanner};
use super::segment::Directory;
use crate::request::Request;

/// A request that was appended, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its number in the log.
    pub position: Position,
    /// The request, its body as received.
    pub request: Request,
    /// The decode settings that were in force when it was appended, as the caller of that time wrote them; `None` where the
    /// head of its segment is damaged.
    pub settings: Option<Bytes>,
}

/// The frames from one position on that were durable when it was made; one segment is open at a time, and never whole in
/// memory.
///
/// Ranges that opening the log reported as damaged are passed over; damage that is new is an error, after which the frames
/// behind it follow.
pub struct Replay {
    directory: Arc<dyn Directory>,
    id: WalId,
    from: Position,
    segments: VecDeque<SegmentRecord>,
    open: Option<OpenSegment>,
}

struct OpenSegment {
    record: SegmentRecord,
    scanner: Scanner,
    settings: Option<Bytes>,
}

impl Replay {
    pub(super) fn new(
        directory: Arc<dyn Directory>,
        id: WalId,
        from: Position,
        segments: impl Iterator<Item = SegmentRecord>,
    ) -> Self {
        let segments = segments
            .filter(|segment| segment.last.is_some_and(|last| last >= from))
            .collect();
        Self {
            directory,
            id,
            from,
            segments,
            open: None,
        }
    }

    /// Opens the next segment; `None` after the last.
    fn open_next(&mut self) -> Option<Result<(), WalError>> {
        let record = self.segments.pop_front()?;
        let opened = self
            .directory
            .open(&record.name)
            .map_err(|source| WalError::io("open", &record.name, source));
        let scanner = opened.and_then(|segment| Scanner::open(&record.name, segment, self.id, record.first));
        Some(scanner.map(|scanner| {
            let settings = scanner.settings().map(Bytes::copy_from_slice);
            self.open = Some(OpenSegment {
                record,
                scanner,
                settings,
            });
        }))
    }
}

impl OpenSegment {
    /// The next frame; `None` at the end of what was durable.
    fn next_frame(&mut self, from: Position) -> Option<Result<Frame, WalError>> {
        loop {
            match self.scanner.next_piece() {
                Ok(Piece::Frame(frame)) if self.record.last.is_some_and(|last| frame.position > last) => return None,
                Ok(Piece::Frame(frame)) if frame.position < from => {}
                Ok(Piece::Void { .. }) => {}
                Ok(Piece::Frame(frame)) => return Some(self.frame(frame)),
                Ok(Piece::Gap(gap)) if self.record.damage.contains(&gap.bytes) => {}
                Ok(Piece::Gap(gap)) => return Some(Err(self.damaged(gap.bytes.start, gap.bytes.end))),
                Ok(Piece::End { .. }) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn frame(&mut self, frame: FrameAt) -> Result<Frame, WalError> {
        let FrameAt {
            position,
            header,
            payload,
            ..
        } = frame;
        let body = self
            .scanner
            .payload(&payload)
            .ok_or_else(|| self.damaged(payload.start, payload.end))?;
        Ok(Frame {
            position,
            request: header.into_request(body),
            settings: self.settings.clone(),
        })
    }

    fn damaged(&self, start: u64, end: u64) -> WalError {
        WalError::Damaged {
            segment: self.record.name.clone(),
            start,
            end,
        }
    }
}

impl Iterator for Replay {
    type Item = Result<Frame, WalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(open) = &mut self.open {
                match open.next_frame(self.from) {
                    Some(frame) => return Some(frame),
                    None => self.open = None,
                }
            }
            if let Err(error) = self.open_next()? {
                return Some(Err(error));
            }
        }
    }
}
