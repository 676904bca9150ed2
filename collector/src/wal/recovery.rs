//! Opens what an earlier run left: finds every frame, cuts the torn end, puts damage aside.

use std::io::{self, IoSlice};
use std::ops::Range;

use pennyspan_schema::Position;

use super::QUARANTINE;
use super::catalogue::{Catalogue, SegmentRecord, first_of_name, segment_name};
use super::error::WalError;
use super::format::{PREFIX_BYTES, Salt, WalId, encode_void};
use super::read::PAGE_BYTES;
use super::scan::{Gap, Piece, Scanner, id_in_head};
use super::segment::{ASIDE, Directory, Segment, create_durably, read_full_at, read_whole, replace, write_all_at};

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
    /// Bytes of the last group that the crash tore, and that were cut. None of them was acknowledged.
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

/// What an earlier run left.
pub(super) struct Recovered {
    pub(super) catalogue: Catalogue,
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
    first_frame: Option<Position>,
    frame_count: u64,
    end: u64,
}

impl Contents {
    fn read(scanner: &mut Scanner, first: Position) -> Result<Self, WalError> {
        let record = SegmentRecord::new(first, scanner.len_bytes());
        let mut contents = Self {
            record,
            gaps: Vec::new(),
            last_group: None,
            first_frame: None,
            frame_count: 0,
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
                    contents.first_frame.get_or_insert(frame.position);
                    contents.frame_count += 1;
                }
                Piece::Gap(gap) => {
                    contents.gaps.push(GapSeen {
                        gap,
                        after: contents.record.last,
                        before: None,
                    });
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

    /// The next position, if this is the newest segment. Those that the bytes after its last frame may have held are not
    /// given again.
    fn next(&self) -> Position {
        let lost: u64 = self
            .gaps
            .iter()
            .filter(|seen| seen.before.is_none())
            .map(GapSeen::most_frames)
            .sum();
        Position(self.record.last.map_or(self.record.first.0, |last| last.0 + 1) + lost)
    }

    /// Cuts `torn` gaps and the unused end from the newest segment, so that whatever stands there later is damage.
    fn cut(&mut self, segment: &dyn Segment, torn: &[GapSeen], salt: Salt) -> io::Result<()> {
        for seen in torn.iter().filter(|seen| seen.before.is_some()) {
            let len = u32::try_from(seen.gap.bytes.end - seen.gap.bytes.start).unwrap_or(u32::MAX);
            let void = encode_void(len, salt);
            write_all_at(segment, &mut [IoSlice::new(&void)], seen.gap.bytes.start)?;
        }
        let tail = torn.iter().find(|seen| seen.before.is_none());
        let end = tail.map_or(self.end, |tail| tail.gap.bytes.start);
        if torn.is_empty() && end == self.record.len_bytes {
            return Ok(());
        }
        segment.truncate(end)?;
        self.record.len_bytes = end;
        segment.sync_data()
    }
}

impl GapSeen {
    /// How many frames the gap may have held at most.
    fn most_frames(&self) -> u64 {
        (self.gap.bytes.end - self.gap.bytes.start) / PREFIX_BYTES as u64 + 1
    }
}

impl Recovered {
    fn read_segment(&mut self, directory: &dyn Directory, first: Position, newest: bool) -> Result<(), WalError> {
        let name = segment_name(first);
        let id = self.recovery.id;
        let mut scanner = Scanner::open(&name, open(directory, &name)?, id, first)?;
        let mut contents = Contents::read(&mut scanner, first)?;
        self.count(&contents, newest);
        let gaps = std::mem::take(&mut contents.gaps);
        let (torn, damaged): (Vec<_>, Vec<_>) = gaps.into_iter().partition(|seen| newest && contents.is_torn(seen));
        let segment = scanner.into_segment();
        if newest {
            self.recovery.torn_bytes = torn.iter().map(|seen| seen.gap.bytes.end - seen.gap.bytes.start).sum();
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
        recovery.frame_count += contents.frame_count;
        if let (Some(first), Some(last)) = (contents.first_frame, contents.record.last) {
            recovery.replayable = Some((recovery.replayable.map_or(first, |(first, _)| first), last));
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
