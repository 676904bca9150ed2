//! Which segments there are, and which of them nobody needs any more.

use std::collections::HashMap;
use std::ops::Range;

use pennyspan_schema::{Position, Workspace};

/// What is known about one segment without reading it.
#[derive(Debug, Clone)]
pub(super) struct SegmentRecord {
    pub(super) name: String,
    pub(super) first: Position,
    /// Its last durable frame; `None` while it has none.
    pub(super) last: Option<Position>,
    /// The last durable frame of each workspace.
    pub(super) last_of: HashMap<Workspace, Position>,
    pub(super) len_bytes: u64,
    /// Damage that was found when the log was opened.
    pub(super) damage: Vec<Range<u64>>,
    /// Whether it holds damage that could not be copied aside, so that it must stay.
    pub(super) held: bool,
}

impl SegmentRecord {
    pub(super) fn new(first: Position, len_bytes: u64) -> Self {
        Self {
            name: segment_name(first),
            first,
            last: None,
            last_of: HashMap::new(),
            len_bytes,
            damage: Vec::new(),
            held: false,
        }
    }

    pub(super) fn record(&mut self, workspace: &Workspace, position: Position) {
        self.last = Some(position);
        if let Some(last) = self.last_of.get_mut(workspace) {
            *last = position;
        } else {
            self.last_of.insert(workspace.clone(), position);
        }
    }
}

/// All segments, in the order of their positions. The last one is being written.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) segments: Vec<SegmentRecord>,
}

impl Catalogue {
    /// Adds a segment that was just created; one of the same first position was empty and is replaced.
    pub(super) fn add(&mut self, segment: SegmentRecord) {
        self.segments.retain(|older| older.first != segment.first);
        self.segments.push(segment);
    }

    pub(super) fn len_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len_bytes).sum()
    }

    /// The names of the segments, oldest first, all of whose frames are published and flushed.
    pub(super) fn releasable(&self, flushed: impl Fn(&Workspace) -> Position, published: Position) -> Vec<String> {
        let Some((_, closed)) = self.segments.split_last() else {
            return Vec::new();
        };
        closed
            .iter()
            .filter(|segment| !segment.held && segment.last.is_none_or(|last| last <= published))
            .filter(|segment| {
                segment
                    .last_of
                    .iter()
                    .all(|(workspace, last)| *last <= flushed(workspace))
            })
            .map(|segment| segment.name.clone())
            .collect()
    }
}

/// The name of the segment whose first frame is, or will be, at `first`.
pub(super) fn segment_name(first: Position) -> String {
    format!("{:020}.wal", first.0)
}

/// The first position of the segment `name`; `None` where that is no segment's name.
pub(super) fn first_of_name(name: &str) -> Option<Position> {
    let digits = name.strip_suffix(".wal")?;
    let is_number = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().ok().map(Position)).flatten()
}
