//! Spans by trace, each counted once.

use std::cmp::Reverse;

use arrow::array::RecordBatch;
use pennyspan_schema::column::Digest;
use pennyspan_schema::tables::spans::{NAME, Reader, Row};

use super::FoldError;
use super::key::At;

/// One span: its identity, and where its row lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) trace: [u8; 16],
    pub(super) id: [u8; 8],
    pub(super) kind: i64,
    pub(super) start: i64,
    pub(super) at: At,
}

/// The distinct spans that a fold reads, sorted by (trace, span, kind, start), which identify a span.
#[derive(Debug)]
pub(super) struct Spans {
    readers: Vec<Reader>,
    pub(super) list: Vec<Span>,
}

impl Spans {
    pub(super) fn open(batches: &[RecordBatch]) -> Result<Self, FoldError> {
        let readers = batches.iter().map(Reader::new).collect::<Result<Vec<_>, _>>()?;
        let places = At::all(readers.iter().map(Reader::len)).ok_or(FoldError::TooMany { table: NAME })?;
        let read = |at: At| {
            let (reader, row) = at.of(&readers);
            let (trace, id) = (reader.trace_id(row), reader.span_id(row));
            Span {
                trace,
                id,
                kind: reader.kind(row),
                start: reader.start_unix_nano(row),
                at,
            }
        };
        let mut list: Vec<Span> = places.into_iter().map(read).collect();
        list.sort_unstable_by_key(identity);
        list.dedup_by(|again, kept| {
            let same = identity(again) == identity(kept);
            if same && preference(&readers, again) < preference(&readers, kept) {
                kept.at = again.at;
            }
            same
        });
        Ok(Self { readers, list })
    }

    /// Returns the reader that holds a span, and the span's index in it.
    pub(super) fn of(&self, span: &Span) -> (&Reader, usize) {
        span.at.of(&self.readers)
    }
}

fn identity(span: &Span) -> impl Ord + use<> {
    (span.trace, span.id, span.kind, span.start)
}

fn preference(readers: &[Reader], span: &Span) -> impl Ord + use<> {
    let (reader, row) = span.at.of(readers);
    fold_preference(reader, row)
}

/// Declares which columns of a span a fold reads.
macro_rules! span_columns {
    ($($name:ident)+) => {
        /// The columns of `spans` that a fold reads, and those that are never null.
        pub(crate) const SPAN_COLUMNS: &[&str] = &[$(stringify!($name)),+];

        /// Of spans with one identity the one that ended last stands for all; a digest of what folds read decides between the
        /// rest.
        fn fold_preference(reader: &Reader, row: usize) -> impl Ord + use<> {
            let mut digest = Digest::default();
            let read = Row { $($name: reader.$name(row),)+ ..Row::default() };
            read.feed(&mut digest);
            (Reverse(reader.end_unix_nano(row)), digest.finish())
        }
    };
}

span_columns! {
    trace_id span_id parent_span_id kind name start_unix_nano end_unix_nano duration_us clock_skew time_suspect status_code flags
    sample_weight_milli invocation_span region service function instance_id dependency_kind dependency operation
    dependency_region throttled retry_count
}

/// Of spans with one identity the one that folds prefer is kept; a digest of its whole content decides between the rest.
pub(crate) fn span_preference(reader: &Reader, row: usize) -> impl Ord + use<> {
    let mut digest = Digest::default();
    Row {
        received_unix_nano: None,
        ..reader.row(row)
    }
    .feed(&mut digest);
    (fold_preference(reader, row), digest.finish())
}
