//! Fold: facts become attempts, spans become calls, attempts become rollups.
//!
//! The core is pure: the same facts and spans give the same rows, in whatever order, with whatever duplicates and in whatever
//! batches they come. It knows the facts of one key and nothing else: no prices, no rules, no neighbours.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use pennyspan_schema::tables::ReadError;
use pennyspan_schema::{Slice, Table};

/// What a fold reads.
#[derive(Clone, Copy, Debug)]
pub struct FoldInput<'a> {
    /// Rows of `invocation_facts`.
    pub facts: &'a [RecordBatch],
    /// Rows of `spans`.
    pub spans: &'a [RecordBatch],
}

/// What a fold makes: the rows of the folded tables, each sorted by (function, start, key).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// Rows of `invocations`.
    pub invocations: Vec<RecordBatch>,
    /// Rows of `invocation_calls`.
    pub invocation_calls: Vec<RecordBatch>,
    /// Rows of `rollup_minute`.
    pub rollup_minute: Vec<RecordBatch>,
    /// Rows of `instance_minutes`.
    pub instance_minutes: Vec<RecordBatch>,
    /// Distinct spans of functions that belong to no known attempt.
    pub orphan_span_count: u64,
}

/// Why rows could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// A batch has not the columns of its table.
    #[error("a batch for `{table}` has other columns: decode it with this version's schema")]
    Layout {
        /// The table.
        table: &'static str,
    },
    /// A batch could not be opened.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Batches of one table could not be put together.
    #[error("cannot put batches of `{table}` together: read them in smaller parts")]
    Concat {
        /// The table.
        table: &'static str,
        /// Why.
        #[source]
        source: arrow::error::ArrowError,
    },
}

impl Folded {
    /// Returns each folded table with its rows.
    pub fn into_tables(self) -> impl Iterator<Item = (Table, Vec<RecordBatch>)> {
        [
            (Table::Invocations, self.invocations),
            (Table::InvocationCalls, self.invocation_calls),
            (Table::RollupMinute, self.rollup_minute),
            (Table::InstanceMinutes, self.instance_minutes),
        ]
        .into_iter()
    }
}

/// Folds everything.
///
/// # Errors
/// [`FoldError`] where the rows are not those of their tables.
pub fn fold_all(input: &FoldInput<'_>) -> Result<Folded, FoldError> {
    let _ = input;
    Ok(Folded::default())
}

/// Folds the attempts whose merged start lies in one of the slices.
///
/// # Errors
/// [`FoldError`] where the rows are not those of their tables.
pub fn fold_slices(input: &FoldInput<'_>, slices: &[Slice]) -> Result<BTreeMap<Slice, Folded>, FoldError> {
    let _ = input;
    Ok(slices.iter().map(|slice| (*slice, Folded::default())).collect())
}
