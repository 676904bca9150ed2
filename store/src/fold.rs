//! Fold: facts become attempts, spans become calls, attempts become rollups.
//!
//! The core is pure: the same facts and spans give the same rows, in whatever order, with whatever duplicates and in whatever
//! batches they come. It knows the facts of one key and nothing else: no prices, no rules, no neighbours.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use pennyspan_schema::tables::{ReadError, invocation_calls, invocations};
use pennyspan_schema::{Period, Slice, Table};

mod attempt;
mod attempts;
mod calls;
mod explain;
mod fact;
mod instances;
mod key;
mod marks;
mod merge;
mod minutes;
mod ownership;
mod part;
mod reading;
mod rollup;
mod trace;

use attempts::{Attempt, Attempts, Members};
use calls::Calls;
use key::Facts;
use minutes::BATCH_ROWS;
use ownership::Owner;
use trace::{Span, Spans};

pub use explain::{Choice, Explained, explain};
pub(crate) use instances::add_up_instances;
pub use instances::instance_minutes;
pub(crate) use marks::Marks;
pub(crate) use part::{Part, slices_with};
pub(crate) use reading::Keys;
pub use reading::Reading;
pub(crate) use reading::oldest_slice;
pub use rollup::{add_up, rollup_minutes, table_of};
pub(crate) use trace::{SPAN_COLUMNS, span_preference};

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
    /// Rows of `rollup_hour`; none where a part of the minutes was folded.
    pub rollup_hour: Vec<RecordBatch>,
    /// Rows of `rollup_day`; none where a part of the minutes was folded.
    pub rollup_day: Vec<RecordBatch>,
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
    /// There are more rows than a fold can number.
    #[error("`{table}` has too many rows for one fold: fold fewer slices at once")]
    TooMany {
        /// The table.
        table: &'static str,
    },
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
            (Table::RollupHour, self.rollup_hour),
            (Table::RollupDay, self.rollup_day),
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
    let (facts, spans) = (Facts::open(input.facts)?, Spans::open(input.spans)?);
    let attempts = Attempts::of(&facts)?;
    let owners = ownership::owners(&spans, &attempts);
    let calls = Calls::of(&spans, &owners);
    let orphans = orphans(&spans, &owners).count();
    let mut folded = emit(&attempts, &calls, 0..attempts.len(), orphans)?;
    folded.rollup_hour = add_up(&folded.rollup_minute, Period::Hour)?;
    folded.rollup_day = add_up(&folded.rollup_hour, Period::Day)?;
    Ok(folded)
}

/// Folds the attempts whose merged start lies in one of the slices, each slice by itself.
///
/// `input` must hold what [`Reading`] keeps for these slices; it may hold more.
///
/// # Errors
/// [`FoldError`] where the rows are not those of their tables.
pub fn fold_slices(input: &FoldInput<'_>, slices: &[Slice]) -> Result<BTreeMap<Slice, Folded>, FoldError> {
    let wanted: BTreeSet<Slice> = slices.iter().copied().collect();
    let of_slice = |start| wanted.contains(&Slice::of(start));
    let mut folded = fold_those(input, |attempt, _| of_slice(attempt.start), |span| of_slice(span.start))?;
    for slice in wanted {
        folded.entry(slice).or_default();
    }
    Ok(folded)
}

/// Folds the attempts of some keys, and counts the orphans of some traces, each slice by itself.
///
/// `changed` has learned, from new facts and spans and from all facts of their window, whose rows may be others than before.
/// `input` must hold what it keeps when it has learned once more; it may hold more.
///
/// # Errors
/// [`FoldError`] where the rows are not those of their tables.
pub(crate) fn fold_changed(input: &FoldInput<'_>, changed: &Reading) -> Result<BTreeMap<Slice, Folded>, FoldError> {
    let reach = changed.reach();
    fold_those(
        input,
        |attempt, members| reach.contains(attempt.start) && changed.has_key(key::hash(members.key())),
        |span| reach.contains(span.start) && changed.has_trace(&span.trace),
    )
}

/// Counts what [`fold_changed`] counts, and folds nothing.
///
/// # Errors
/// [`FoldError`] where the rows are not those of their tables.
pub(crate) fn orphans_changed(input: &FoldInput<'_>, changed: &Reading) -> Result<BTreeMap<Slice, u64>, FoldError> {
    let folded = fold_those(
        input,
        |_, _| false,
        |span| changed.reach().contains(span.start) && changed.has_trace(&span.trace),
    )?;
    Ok(folded
        .into_iter()
        .map(|(slice, folded)| (slice, folded.orphan_span_count))
        .collect())
}

/// Folds those attempts that are asked for, and counts those orphans, by slice.
fn fold_those(
    input: &FoldInput<'_>,
    attempt_wanted: impl Fn(&Attempt, Members<'_>) -> bool,
    orphan_wanted: impl Fn(&Span) -> bool,
) -> Result<BTreeMap<Slice, Folded>, FoldError> {
    let (facts, spans) = (Facts::open(input.facts)?, Spans::open(input.spans)?);
    let attempts = Attempts::of(&facts)?;
    let owners = ownership::owners(&spans, &attempts);
    let calls = Calls::of(&spans, &owners);
    let mut wanted: BTreeMap<Slice, (Vec<usize>, usize)> = BTreeMap::new();
    for (index, (attempt, members)) in attempts.iter().enumerate() {
        if attempt_wanted(attempt, members) {
            wanted.entry(Slice::of(attempt.start)).or_default().0.push(index);
        }
    }
    for span in orphans(&spans, &owners).filter(|span| orphan_wanted(span)) {
        wanted.entry(Slice::of(span.start)).or_default().1 += 1;
    }
    let folded = |(slice, (indices, orphans))| Ok((slice, emit(&attempts, &calls, indices, orphans)?));
    wanted.into_iter().map(folded).collect()
}

/// Returns the slices in which the attempts of these facts start.
///
/// New facts can move an attempt's start, join two attempts or part them. The slices to fold again are those of the touched
/// keys' facts without the new ones, and those with them.
///
/// # Errors
/// [`FoldError`] where the rows are not those of `invocation_facts`.
pub fn slices_of(facts: &[RecordBatch]) -> Result<BTreeSet<Slice>, FoldError> {
    let facts = Facts::open(facts)?;
    let attempts = Attempts::of(&facts)?;
    Ok(attempts.iter().map(|(attempt, _)| Slice::of(attempt.start)).collect())
}

/// Returns the spans of functions that belong to no known attempt.
fn orphans<'a>(spans: &'a Spans, owners: &'a [Owner]) -> impl Iterator<Item = &'a Span> {
    let orphans = spans
        .list
        .iter()
        .zip(owners)
        .filter(|(_, owner)| **owner == Owner::Orphan);
    orphans.map(|(span, _)| span).filter(|span| {
        let (reader, row) = spans.of(span);
        reader.function(row).is_some()
    })
}

/// Makes the rows of some attempts, which come in order.
fn emit(
    attempts: &Attempts<'_>,
    calls: &Calls<'_>,
    indices: impl IntoIterator<Item = usize>,
    orphans: usize,
) -> Result<Folded, FoldError> {
    let mut folded = Folded {
        orphan_span_count: orphans as u64,
        ..Folded::default()
    };
    let (mut invocations, mut called) = (invocations::Builder::default(), invocation_calls::Builder::default());
    for index in indices {
        let (attempt, members) = attempts.get(index);
        let row = merge::merge(attempt, members);
        invocations.append(&row);
        calls.append(index, &row, &mut called);
        if invocations.len() >= BATCH_ROWS {
            folded.invocations.push(invocations.finish());
        }
        if called.len() >= BATCH_ROWS {
            folded.invocation_calls.push(called.finish());
        }
    }
    if !invocations.is_empty() {
        folded.invocations.push(invocations.finish());
    }
    if !called.is_empty() {
        folded.invocation_calls.push(called.finish());
    }
    folded.rollup_minute = rollup_minutes(&folded.invocations)?;
    folded.instance_minutes = instance_minutes(&folded.invocations)?;
    Ok(folded)
}

#[cfg(test)]
pub(crate) mod tests;
