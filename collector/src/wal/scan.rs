//! Reads a segment from its beginning to its end, whatever state it is in.

use std::ops::Range;

use bytes::Bytes;
use pennyspan_schema::Position;

use super::error::WalError;
use super::format::{
    FRAME_MAGIC, HEAD_BYTES, Head, Header, HeaderError, PREFIX_BYTES, Preamble, Prefix, Salt, VOID_BYTES, WalId,
    decode_void, header_checksum, payload_checksum,
};
use super::read::Reader;
use super::segment::Segment;

/// What a segment holds next.
#[derive(Debug)]
pub(super) enum Piece {
    /// A whole frame.
    Frame(FrameAt),
    /// Bytes that are neither a frame nor the unused end.
    Gap(Gap),
    /// A torn group was cut out here.
    Void {
        /// Bytes that it took.
        len_bytes: u64,
    },
    /// The end: nothing but zeros from here on.
    End {
        /// First byte after the last piece.
        at: u64,
    },
}

/// A whole frame; its payload is still in the segment.
#[derive(Debug)]
pub(super) struct FrameAt {
    pub(super) position: Position,
    pub(super) group_first: Position,
    pub(super) header: Header,
    pub(super) payload: Range<u64>,
}

/// Bytes that are neither a frame nor the unused end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) bytes: Range<u64>,
    /// Whether the disk refused to read some of them.
    pub(super) unreadable: bool,
}

/// Reads one segment piece by piece.
pub(super) struct Scanner {
    name: String,
    reader: Reader,
    salt: Salt,
    head: Option<Head>,
    offset: u64,
    /// Positions below this one were read, or belong to earlier segments.
    floor: u64,
    /// Where the end is, when a gap before it was just told.
    ahead: Option<u64>,
}

/// Whether a frame begins where it was looked for.
enum Found {
    Frame(FrameAt, u64),
    Void { len_bytes: u64, end: u64 },
    Nothing,
}

impl Scanner {
    /// Begins to read the segment `name`, whose first position is `first`.
    ///
    /// A damaged head is the first gap, and the frames after it have no settings.
    ///
    /// # Errors
    /// A segment of a newer format or of another log; a disk that does not even tell the segment's length.
    pub(super) fn open(name: &str, segment: Box<dyn Segment>, id: WalId, first: Position) -> Result<Self, WalError> {
        let mut reader =
            Reader::open(segment).map_err(|source| WalError::io("read the length of the segment", name, source))?;
        let head = read_head(name, &mut reader)?;
        if let Some((head, _)) = &head
            && (head.id != id || head.first != first)
        {
            let found = format!("{} at position {}", head.id, head.first);
            return Err(WalError::Foreign {
                segment: name.to_owned(),
                found,
                expected: format!("{id} at {first}"),
            });
        }
        let (head, offset) = head.map_or((None, 0), |(head, offset)| (Some(head), offset));
        Ok(Self {
            name: name.to_owned(),
            reader,
            salt: Salt::of(id, first),
            head,
            offset,
            floor: first.0,
            ahead: None,
        })
    }

    /// The decode settings that were in force when the segment was written; `None` where its head is damaged.
    pub(super) fn settings(&self) -> Option<&[u8]> {
        self.head.as_ref().map(|head| head.settings.as_slice())
    }

    /// Bytes of the segment's file.
    pub(super) const fn len_bytes(&self) -> u64 {
        self.reader.len_bytes()
    }

    /// The segment itself, to repair it.
    pub(super) fn into_segment(self) -> Box<dyn Segment> {
        self.reader.into_segment()
    }

    /// The next piece; after [`Piece::End`] it is the end again.
    ///
    /// # Errors
    /// [`WalError::UnknownCode`] where a whole frame says what only a newer program understands.
    pub(super) fn next_piece(&mut self) -> Result<Piece, WalError> {
        if let Some(end) = self.ahead.take() {
            self.offset = end;
            return Ok(Piece::End { at: end });
        }
        match self.look(self.offset)? {
            Found::Frame(frame, end) => {
                self.offset = end;
                self.floor = frame.position.0 + 1;
                Ok(Piece::Frame(frame))
            }
            Found::Void { len_bytes, end } => {
                self.offset = end;
                Ok(Piece::Void { len_bytes })
            }
            Found::Nothing => self.gap_or_end(),
        }
    }

    /// Copies a frame's payload.
    pub(super) fn payload(&mut self, range: &Range<u64>) -> Option<Bytes> {
        let len = usize::try_from(range.end - range.start).ok()?;
        self.reader.bytes(range.start, len).map(Bytes::copy_from_slice)
    }

    /// Looks for a frame or a void at `offset`.
    fn look(&mut self, offset: u64) -> Result<Found, WalError> {
        let Some(bytes) = self.reader.bytes(offset, VOID_BYTES) else {
            return Ok(Found::Nothing);
        };
        if let Some(len) = decode_void(bytes, self.salt) {
            let len_bytes = u64::from(len);
            let end = (offset + len_bytes).min(self.len_bytes());
            return Ok(Found::Void { len_bytes, end });
        }
        let Some(prefix) = self
            .reader
            .bytes(offset, PREFIX_BYTES)
            .and_then(|bytes| Prefix::decode(bytes, self.salt))
        else {
            return Ok(Found::Nothing);
        };
        if prefix.position.0 < self.floor || prefix.group_first > prefix.position {
            return Ok(Found::Nothing);
        }
        self.look_behind(offset, &prefix)
    }

    /// Reads the header and payload of the frame at `offset`.
    fn look_behind(&mut self, offset: u64, prefix: &Prefix) -> Result<Found, WalError> {
        let payload_start = offset + PREFIX_BYTES as u64 + u64::from(prefix.header_bytes);
        let end = offset + prefix.frame_bytes();
        let payload = self.reader.bytes(payload_start, prefix.payload_bytes as usize);
        if payload.map(payload_checksum) != Some(prefix.payload_checksum) {
            return Ok(Found::Nothing);
        }
        let header = self
            .reader
            .bytes(offset + PREFIX_BYTES as u64, prefix.header_bytes as usize);
        let Some(header) = header.filter(|header| header_checksum(header, self.salt) == prefix.header_checksum) else {
            return Ok(Found::Nothing);
        };
        match Header::decode(header) {
            Ok(header) => {
                let Prefix {
                    position, group_first, ..
                } = *prefix;
                Ok(Found::Frame(
                    FrameAt {
                        position,
                        group_first,
                        header,
                        payload: payload_start..end,
                    },
                    end,
                ))
            }
            Err(HeaderError::Malformed) => Ok(Found::Nothing),
            Err(HeaderError::Unknown { field, code }) => Err(WalError::UnknownCode {
                segment: self.name.clone(),
                field,
                code,
            }),
        }
    }

    /// Finds where the next frame begins, or that there is none.
    fn gap_or_end(&mut self) -> Result<Piece, WalError> {
        let start = self.offset;
        let mut from = start;
        let mut written_end = start;
        while let Some(stretch) = self.reader.stretch(from) {
            let candidate = match stretch {
                Stretch::Zeros { end } => {
                    from = end;
                    continue;
                }
                Stretch::Written {
                    end,
                    written,
                    candidate,
                } => {
                    written_end = written_end.max(written);
                    from = end;
                    candidate
                }
            };
            if let Some(candidate) = candidate {
                if candidate > start && !matches!(self.look(candidate)?, Found::Nothing) {
                    self.offset = candidate;
                    return Ok(self.gap(start..candidate));
                }
                from = candidate + 1;
            }
        }
        if written_end == start {
            return Ok(Piece::End { at: start });
        }
        self.ahead = Some(written_end);
        Ok(self.gap(start..written_end))
    }

    fn gap(&self, bytes: Range<u64>) -> Piece {
        let unreadable = self.reader.is_unreadable(&bytes);
        Piece::Gap(Gap { bytes, unreadable })
    }
}

/// Some bytes of a segment, seen from afar.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Nothing but zeros up to `end`.
    Zeros { end: u64 },
    /// Bytes up to `end`, the last of which that is not zero stands before `written`. Where `candidate` is given, a frame or
    /// void may begin there, and what follows it was not looked at.
    Written {
        end: u64,
        written: u64,
        candidate: Option<u64>,
    },
}

/// The head and where it ends; `None` where it is damaged.
fn read_head(name: &str, reader: &mut Reader) -> Result<Option<(Head, u64)>, WalError> {
    let Some(bytes) = reader.bytes(0, HEAD_BYTES) else {
        return Ok(None);
    };
    match Preamble::decode(bytes) {
        Preamble::Known => {}
        Preamble::Damaged => return Ok(None),
        Preamble::Newer { format } => {
            return Err(WalError::NewerFormat {
                segment: name.to_owned(),
                found: format,
                known: super::format::FORMAT,
            });
        }
    }
    let whole = Head::whole_bytes(bytes).and_then(|whole| reader.bytes(0, whole));
    Ok(whole.and_then(Head::decode).map(|(head, end)| (head, end as u64)))
}

/// The log's id that the segment's head names; `None` where the head is damaged.
///
/// # Errors
/// A segment of a newer format; a disk that does not even tell the segment's length.
pub(super) fn id_in_head(name: &str, segment: Box<dyn Segment>) -> Result<Option<WalId>, WalError> {
    let mut reader =
        Reader::open(segment).map_err(|source| WalError::io("read the length of the segment", name, source))?;
    Ok(read_head(name, &mut reader)?.map(|(head, _)| head.id))
}

/// Where in `bytes` a frame or void may begin.
pub(super) fn candidate(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == FRAME_MAGIC[0])
}
