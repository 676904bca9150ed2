//! Opens what an earlier run left: finds every frame, cuts the torn end, puts damage aside.

use std::io::{self, IoSlice};
use std::ops::Range;

use pennyspan_schema::{Position, Workspace};

use super::QUARANTINE;
use super::catalogue::{Catalogue, SegmentRecord, first_of_name, segment_name};
use super::error::WalError;
use super::format::{PREFIX_BYTES, Salt, VOID_BYTES, WalId, encode_void};
use super::read::PAGE_BYTES;
use super::scan::{Gap, Piece, Scanner, id_in_head};
use super::segment::{ASIDE, Directory, Segment, create_durably, read_full_at, read_whole, replace, write_all_at};
use crate::request::Digest;

/// The file that holds the log's id.
pub(super) const ID_FILE: &str = "id";
/// Bytes that are copied aside at once.
const COPY_BYTES: usize = 1 << 20;

/// What opening the log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The log's id, by which a store tells logs apart.
    pub id: WalId,
    /// Segments that were there.
    pub segment_count: u64,
    /// Frames that can be replayed.
    pub frame_count: u64,
    /// The first and last of them.
    pub replayable: Option<(Position, Position)>,
    /// The position of the next frame.
    pub next: Position,
    /// Bytes of the last group that the crash tore, and that were cut, now or by an opening that failed afterwards. None of
    /// them was acknowledged.
    pub torn_bytes: u64,
    /// Ranges that can no longer be read as frames; while there are any, the log is degraded.
    pub damage: Vec<Damage>,
    /// Whether the file of remembered requests was damaged, so that copies of earlier requests may count twice.
    pub remembered_damaged: bool,
}

impl Recovery {
    /// Whether acknowledged frames may be missing.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        !self.damage.is_empty() || self.remembered_damaged
    }
}

/// A range of a segment that can no longer be read as frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment's name.
    pub segment: String,
    /// The damaged bytes.
    pub bytes: Range<u64>,
    /// Where the bytes were copied, within the log's directory; `None` where the disk did not take the copy, so that the
    /// segment itself is kept.
    pub quarantined: Option<String>,
    /// The last whole frame before the damage, where its segment has one.
    pub after: Option<Position>,
    /// The first whole frame after the damage, where its segment has one.
    pub before: Option<Position>,
}

/// A frame of an earlier run, as far as copies of its request are recognised by it.
pub(super) struct FrameSeen {
    pub(super) position: Position,
    pub(super) workspace: Workspace,
    pub(super) digest: Digest,
    pub(super) received_at_unix_nano: i64,
}

/// What an earlier run left.
pub(super) struct Recovered {
    pub(super) catalogue: Catalogue,
    pub(super) frames: Vec<FrameSeen>,
    pub(super) recovery: Recovery,
}

/// Reads all segments in `directory`, repairs what may be repaired, and says what it found.
pub(super) fn recover(directory: &dyn Directory, fresh_id: WalId, above: Position) -> Result<Recovered, WalError> {
    let names = directory
        .list()
        .map_err(|source| WalError::io("list the files of", ".", source))?;
    for name in names.iter().filter(|name| name.ends_with(ASIDE)) {
        directory
            .remove(name)
            .map_err(|source| WalError::io("remove", name, source))?;
    }
    let mut firsts: Vec<Position> = names.iter().filter_map(|name| first_of_name(name)).collect();
    firsts.sort_unstable();
    let id = read_id(directory, &firsts, fresh_id)?;
    let mut recovered = Recovered {
        catalogue: Catalogue::default(),
        frames: Vec::new(),
        recovery: Recovery {
            id,
            segment_count: firsts.len() as u64,
            frame_count: 0,
            replayable: None,
            next: Position(above.0 + 1),
            torn_bytes: 0,
            damage: Vec::new(),
            remembered_damaged: false,
        },
    };
    for (index, first) in firsts.iter().enumerate() {
        let newest = index + 1 == firsts.len();
        recovered.read_segment(directory, *first, newest)?;
    }
    Ok(recovered)
}

/// The log's id from its file, else from a segment's head, else `fresh`; the file holds it afterwards.
fn read_id(directory: &dyn Directory, firsts: &[Position], fresh: WalId) -> Result<WalId, WalError> {
    let content = read_whole(directory, ID_FILE).map_err(|source| WalError::io("read", ID_FILE, source))?;
    let from_file = content.and_then(|content| WalId::parse(str::from_utf8(&content).ok()?.trim_end()));
    if let Some(id) = from_file {
        return Ok(id);
    }
    let mut id = firsts.is_empty().then_some(fresh);
    for first in firsts {
        let name = segment_name(*first);
        id = id.or(id_in_head(&name, open(directory, &name)?)?);
    }
    let id = id.ok_or(WalError::NoId { file: ID_FILE })?;
    replace(directory, ID_FILE, format!("{id}\n").as_bytes())
        .map_err(|source| WalError::io("write", ID_FILE, source))?;
    Ok(id)
}

fn open(directory: &dyn Directory, name: &str) -> Result<Box<dyn Segment>, WalError> {
    directory
        .open(name)
        .map_err(|source| WalError::io("open", name, source))
}

/// A gap and the frames around it.
struct GapSeen {
    gap: Gap,
    after: Option<Position>,
    before: Option<Position>,
}

/// What one segment holds.
struct Contents {
    record: SegmentRecord,
    gaps: Vec<GapSeen>,
    /// First position of the group that was written last.
    last_group: Option<Position>,
    frames: Vec<FrameSeen>,
    /// Bytes that earlier openings cut out, in all and behind the last frame.
    void_bytes: u64,
    void_bytes_behind: u64,
    end: u64,
}

impl Contents {
    fn read(scanner: &mut Scanner, first: Position) -> Result<Self, WalError> {
        let record = SegmentRecord::new(first, scanner.len_bytes());
        let mut contents = Self {
            record,
            gaps: Vec::new(),
            last_group: None,
            frames: Vec::new(),
            void_bytes: 0,
            void_bytes_behind: 0,
            end: 0,
        };
        loop {
            match scanner.next_piece()? {
                Piece::Frame(frame) => {
                    if let Some(gap) = contents.gaps.last_mut() {
                        gap.before.get_or_insert(frame.position);
                    }
                    contents.record.record(&frame.header.workspace, frame.position);
                    contents.last_group = Some(frame.group_first);
                    contents.void_bytes_behind = 0;
                    contents.frames.push(FrameSeen {
                        position: frame.position,
                        workspace: frame.header.workspace,
                        digest: frame.header.digest,
                        received_at_unix_nano: frame.header.received_at_unix_nano,
                    });
                }
                Piece::Gap(gap) => {
                    contents.gaps.push(GapSeen {
                        gap,
                        after: contents.record.last,
                        before: None,
                    });
                }
                Piece::Void { len_bytes } => {
                    contents.void_bytes += len_bytes;
                    contents.void_bytes_behind += len_bytes;
                }
                Piece::End { at } => {
                    contents.end = at;
                    return Ok(contents);
                }
            }
        }
    }

    /// Whether `seen`, in the newest segment, is what a crash left of the last group, which nobody was told about.
    fn is_torn(&self, seen: &GapSeen) -> bool {
        let expected = seen.after.map_or(self.record.first.0, |after| after.0 + 1);
        let in_last_group = seen.before.is_none() || self.last_group.is_some_and(|group| group.0 <= expected);
        seen.gap.bytes.start > 0 && !seen.gap.unreadable && in_last_group
    }

    /// The next position, if this is the newest segment. Those that the bytes after its last frame hold, or held before they
    /// were cut, are not given again.
    fn next(&self) -> Position {
        let behind = self.gaps.iter().filter(|seen| seen.before.is_none());
        let mut lost: u64 = behind
            .map(|seen| most_frames(seen.gap.bytes.end - seen.gap.bytes.start))
            .sum();
        if self.void_bytes_behind > 0 {
            lost += most_frames(self.void_bytes_behind);
        }
        Position(self.record.last.map_or(self.record.first.0, |last| last.0 + 1) + lost)
    }

    /// Cuts `torn` gaps and the unused end from the newest segment, so that whatever stands there later is damage. A void says
    /// that there was one: the opening that cuts may fail before there is a newer segment.
    fn cut(&mut self, segment: &dyn Segment, torn: &[GapSeen], salt: Salt) -> io::Result<()> {
        let mut end = self.end;
        for seen in torn {
            let Range { start, end: torn_end } = seen.gap.bytes;
            let len = torn_end - start;
            // Fewer bytes held no frame.
            let has_room = len >= VOID_BYTES as u64;
            if has_room {
                let void = encode_void(u32::try_from(len).unwrap_or(u32::MAX), salt);
                write_all_at(segment, &mut [IoSlice::new(&void)], start)?;
            }
            if seen.before.is_none() {
                end = if has_room { start + VOID_BYTES as u64 } else { start };
            }
        }
        if torn.is_empty() && end == self.record.len_bytes {
            return Ok(());
        }
        segment.truncate(end)?;
        self.record.len_bytes = end;
        segment.sync_data()
    }
}

/// How many frames so many bytes may have held at most.
const fn most_frames(len_bytes: u64) -> u64 {
    len_bytes / PREFIX_BYTES as u64 + 1
}

impl Recovered {
    fn read_segment(&mut self, directory: &dyn Directory, first: Position, newest: bool) -> Result<(), WalError> {
        let name = segment_name(first);
        let id = self.recovery.id;
        let mut scanner = Scanner::open(&name, open(directory, &name)?, id, first)?;
        let mut contents = Contents::read(&mut scanner, first)?;
        self.count(&contents, newest);
        self.frames.append(&mut contents.frames);
        let gaps = std::mem::take(&mut contents.gaps);
        let (torn, damaged): (Vec<_>, Vec<_>) = gaps.into_iter().partition(|seen| newest && contents.is_torn(seen));
        let segment = scanner.into_segment();
        if newest {
            let torn_now: u64 = torn.iter().map(|seen| seen.gap.bytes.end - seen.gap.bytes.start).sum();
            self.recovery.torn_bytes = torn_now + contents.void_bytes;
            if torn_now > 0 {
                // Said here, because opening may fail before its caller is told.
                tracing::warn!(
                    wal.segment = name,
                    wal.torn_bytes = torn_now,
                    "cutting a write that a crash tore off the write-ahead log; nobody was told that it is durable"
                );
            }
            contents
                .cut(&*segment, &torn, Salt::of(id, first))
                .map_err(|source| WalError::io("cut the torn end of", &name, source))?;
        }
        for seen in damaged {
            let quarantined = quarantine(directory, &name, &*segment, &seen.gap.bytes);
            contents.record.damage.push(seen.gap.bytes.clone());
            contents.record.held |= quarantined.is_none();
            let GapSeen { gap, after, before } = seen;
            let damage = Damage {
                segment: name.clone(),
                bytes: gap.bytes,
                quarantined,
                after,
                before,
            };
            self.recovery.damage.push(damage);
        }
        self.catalogue.segments.push(contents.record);
        Ok(())
    }

    fn count(&mut self, contents: &Contents, newest: bool) {
        let recovery = &mut self.recovery;
        recovery.frame_count += contents.frames.len() as u64;
        if let (Some(first), Some(last)) = (contents.frames.first(), contents.frames.last()) {
            let earlier = recovery.replayable.map(|(first, _)| first);
            recovery.replayable = Some((earlier.unwrap_or(first.position), last.position));
        }
        if newest {
            recovery.next = recovery.next.max(contents.next());
        }
    }
}

/// Copies damaged bytes aside and returns the copy's name; `None`, said in the program's log, where that fails.
fn quarantine(directory: &dyn Directory, segment: &str, from: &dyn Segment, bytes: &Range<u64>) -> Option<String> {
    let name = format!(
        "{QUARANTINE}/{}-{}.bytes",
        segment.trim_end_matches(".wal"),
        bytes.start
    );
    let len = bytes.end - bytes.start;
    if directory
        .open(&name)
        .and_then(|copy| copy.len_bytes())
        .is_ok_and(|copied| copied == len)
    {
        return Some(name);
    }
    match create_durably(directory, &name, len, |copy| copy_range(from, copy, bytes)) {
        Ok(_) => Some(name),
        Err(error) => {
            tracing::error!(
                wal.segment = segment,
                error = &error as &dyn std::error::Error,
                "failed to copy damaged bytes of the write-ahead log aside; the segment is kept"
            );
            None
        }
    }
}

/// Copies a range; what cannot be read stays zero in the copy.
fn copy_range(from: &dyn Segment, to: &dyn Segment, bytes: &Range<u64>) -> io::Result<()> {
    let mut buffer = vec![0; COPY_BYTES];
    let mut offset = bytes.start;
    while offset < bytes.end {
        let len = usize::try_from(bytes.end - offset).map_or(COPY_BYTES, |left| left.min(COPY_BYTES));
        let part = &mut buffer[..len];
        part.fill(0);
        read_what_can_be_read(from, part, offset);
        write_all_at(to, &mut [IoSlice::new(part)], offset - bytes.start)?;
        offset += len as u64;
    }
    Ok(())
}

fn read_what_can_be_read(from: &dyn Segment, part: &mut [u8], offset: u64) {
    if read_full_at(from, part, offset).is_ok() {
        return;
    }
    for (index, page) in part.chunks_mut(PAGE_BYTES).enumerate() {
        if read_full_at(from, page, offset + (index * PAGE_BYTES) as u64).is_err() {
            page.fill(0);
        }
    }
}
