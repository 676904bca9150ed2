//! The facts and spans that folds have read lately, kept in memory with their marks.
//!
//! What belongs to one event comes apart by seconds. Rows that no file holds yet are all here; those of files stay as long as
//! they take little, so that a fold does not read a file for what was written a moment ago.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use pennyspan_schema::{Position, Table};

use crate::delta::{DataFile, Holds};
use crate::fold::{FoldError, Marks, Reading, SPAN_COLUMNS};

/// Bytes of rows that files hold too.
const KEPT_BYTES: usize = 64 << 20;
/// Segments of one size become one of the next size.
const FAN_IN: usize = 8;
/// Batches of at least this many rows are not copied together any more.
const LARGE_ROWS: usize = 8192;
/// Segments of at least this many rows stay as they are.
const FULL_ROWS: usize = 1 << 18;

/// The facts and spans that folds have read lately.
#[derive(Debug)]
pub(super) struct Recent {
    /// The last frame that files held when this began.
    above: Position,
    segments: Mutex<VecDeque<Segment>>,
}

/// What is at hand at one moment.
pub(super) struct AtHand {
    pub(super) list: Vec<Segment>,
    /// The first frame from which on every fact and span is at hand.
    from: Option<Position>,
}

/// What consecutive folds have read.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    first: Position,
    last: Position,
    facts: Rows,
    spans: Rows,
    /// How often segments became this one.
    tier: u32,
}

#[derive(Clone, Debug, Default)]
struct Rows {
    batches: Vec<RecordBatch>,
    marks: Arc<Marks>,
    count: usize,
    bytes: usize,
}

impl Recent {
    /// Begins beside files that hold frames up to one.
    pub(super) fn above(last: Position) -> Self {
        Self {
            above: last,
            segments: Mutex::default(),
        }
    }

    /// Returns whether files may hold what follows from a frame, since before this began.
    pub(super) fn began_above(&self, frame: Position) -> bool {
        frame <= self.above
    }

    fn segments(&self) -> MutexGuard<'_, VecDeque<Segment>> {
        // Whatever panics while it is held leaves whole segments.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what a fold has read for the first time: the rows of the frames `first..=last`.
    pub(super) fn push(
        &self,
        (first, last): (Position, Position),
        facts: &[RecordBatch],
        spans: &[RecordBatch],
    ) -> Result<(), FoldError> {
        let segment = Segment {
            first,
            last,
            facts: Rows::of(Table::InvocationFacts, facts)?,
            spans: Rows::of(Table::Spans, spans)?,
            tier: 0,
        };
        let mut segments = self.segments();
        segments.push_back(segment);
        while let Some(from) = joinable(&segments) {
            let together: Vec<Segment> = segments.range(from..).cloned().collect();
            let joined = Segment::joined(&together)?;
            segments.truncate(from);
            segments.push_back(joined);
        }
        Ok(())
    }

    /// Lets go of the oldest of what files hold up to a frame, but for a few.
    pub(super) fn note_flushed(&self, through: Position) {
        let mut segments = self.segments();
        let mut bytes: usize = segments.iter().map(Segment::bytes).sum();
        while let Some(oldest) = segments.front()
            && oldest.last <= through
            && bytes > KEPT_BYTES
        {
            bytes -= oldest.bytes();
            segments.pop_front();
        }
    }

    /// Lets go of everything: what no file holds yet must not be here.
    pub(super) fn clear(&self) {
        self.segments().clear();
    }

    /// Returns what is at hand now.
    pub(super) fn all(&self) -> AtHand {
        let segments = self.segments();
        let first = segments.front().map(|segment| segment.first);
        AtHand {
            list: segments.iter().cloned().collect(),
            // Of frames that were stored in part, replay brings only the rest.
            from: first.map(|first| first.max(self.above.next())),
        }
    }
}

impl AtHand {
    /// Returns whether all rows of a file are at hand.
    pub(super) fn hold(&self, file: &DataFile) -> bool {
        match file.holds() {
            Holds::Frames { first, .. } => self.from.is_some_and(|from| from <= first),
            Holds::Slices { .. } => false,
        }
    }
}

impl Segment {
    fn bytes(&self) -> usize {
        self.facts.bytes + self.spans.bytes
    }

    fn joined(segments: &[Self]) -> Result<Self, FoldError> {
        let first = segments.iter().map(|segment| segment.first).min().unwrap_or_default();
        let last = segments.iter().map(|segment| segment.last).max().unwrap_or_default();
        Ok(Self {
            first,
            last,
            facts: Rows::joined(Table::InvocationFacts, segments.iter().map(|segment| &segment.facts))?,
            spans: Rows::joined(Table::Spans, segments.iter().map(|segment| &segment.spans))?,
            tier: segments.iter().map(|segment| segment.tier).max().unwrap_or_default() + 1,
        })
    }

    /// Returns a table's rows, where some may matter to a reading by what it has learned so far.
    pub(super) fn rows_for(&self, table: Table, reading: &Reading) -> &[RecordBatch] {
        let rows = match table {
            Table::Spans if reading.may_keep_spans(&self.spans.marks) => &self.spans,
            Table::InvocationFacts if reading.may_keep_facts(&self.facts.marks) => &self.facts,
            _ => return &[],
        };
        &rows.batches
    }
}

impl Rows {
    /// Takes the columns that folds read.
    fn of(table: Table, batches: &[RecordBatch]) -> Result<Self, FoldError> {
        let read = |batch: &RecordBatch| {
            let read = |name: &str| table != Table::Spans || SPAN_COLUMNS.contains(&name);
            let fields = batch.schema_ref().fields().iter().enumerate();
            let columns: Vec<usize> = fields
                .filter(|(_, field)| read(field.name()))
                .map(|(index, _)| index)
                .collect();
            batch.project(&columns).map_err(|source| FoldError::Concat {
                table: table.name(),
                source,
            })
        };
        let batches = batches.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let marks = Arc::new(Marks::of(table, &batches)?);
        Self::together(table, batches, marks)
    }

    fn joined<'a>(table: Table, all: impl Iterator<Item = &'a Self> + Clone) -> Result<Self, FoldError> {
        let marks = Arc::new(Marks::joined(all.clone().map(|rows| &*rows.marks)));
        Self::together(table, all.flat_map(|rows| rows.batches.clone()).collect(), marks)
    }

    fn together(table: Table, batches: Vec<RecordBatch>, marks: Arc<Marks>) -> Result<Self, FoldError> {
        let (mut batches, small): (Vec<_>, Vec<_>) =
            batches.into_iter().partition(|batch| batch.num_rows() >= LARGE_ROWS);
        if let Some(first) = small.first() {
            let together = concat_batches(first.schema_ref(), &small).map_err(|source| FoldError::Concat {
                table: table.name(),
                source,
            })?;
            batches.push(together);
        }
        Ok(Self {
            count: batches.iter().map(RecordBatch::num_rows).sum(),
            bytes: batches.iter().map(RecordBatch::get_array_memory_size).sum(),
            batches,
            marks,
        })
    }
}

/// Returns from where on segments become one.
fn joinable(segments: &VecDeque<Segment>) -> Option<usize> {
    let newest = segments.back()?;
    let from = segments.len().checked_sub(FAN_IN)?;
    let rows = |segment: &Segment| segment.facts.count + segment.spans.count;
    let together: usize = segments.range(from..).map(rows).sum();
    let same = segments.range(from..).all(|segment| segment.tier == newest.tier);
    (same && together < FULL_ROWS).then_some(from)
}
