//! Writing hours and days: when nothing much changes them any more, and again when a late fact does.
//!
//! Younger ones are added up when they are asked for ([`Rolled`](crate::scan::Rolled)), so that what changes every two seconds is
//! not written every minute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use pennyspan_schema::{Period, Position, Slice, Table, Window};

use super::StoreError;
use super::reread::read_file;
use super::space::Space;
use super::state::State;
use super::tables::{Orphans, Tables};
use crate::delta::{Change, DataFile, Effect};
use crate::fold::{FoldError, add_up, table_of};

/// What is stored, and how long in hours after its end.
const STORED: [(Period, i64); 2] = [(Period::Hour, 2), (Period::Day, 48)];

/// Returns by what a rollup adds up, and from which finer one; only hours and days are made so.
pub(super) fn rolled_from(table: Table) -> Option<(Period, Table)> {
    match table {
        Table::RollupHour => Some((Period::Hour, Table::RollupMinute)),
        Table::RollupDay => Some((Period::Day, Table::RollupHour)),
        _ => None,
    }
}

/// Returns the first instant that no file of a rollup holds, nor held before retention removed it: before it all that there is
/// is stored.
pub(super) fn stored_until(period: Period, files: &[Arc<DataFile>], removed_before: i64) -> i64 {
    let last = files
        .iter()
        .filter_map(|file| file.slices())
        .map(|(_, last)| last)
        .max();
    let until = last.map_or(i64::MIN, |last| period.window_of(last.start_unix_nano()).end_unix_nano);
    until.max(first_whole(period, removed_before))
}

/// Returns the start of the first period that lies after an instant as a whole.
pub(super) fn first_whole(period: Period, unix_nano: i64) -> i64 {
    if unix_nano == i64::MIN {
        return unix_nano;
    }
    period.window_of(unix_nano.saturating_sub(1)).end_unix_nano
}

impl Space {
    /// Writes the hours and days that have become old enough, and those stored ones that hold slices which were folded again.
    /// Returns whether there were any.
    pub(super) async fn store_rollups(
        &self,
        tables: &mut Tables,
        folded: &BTreeSet<Slice>,
        covered: Position,
    ) -> Result<bool, StoreError> {
        let mut stored = false;
        for (period, hours) in STORED {
            let until = self.options.now().saturating_sub(hours * Period::Hour.nanos());
            let due = {
                let state = self.state();
                due(tables, &state, period, period.start_of(until), folded)
            };
            if !due.is_empty() {
                self.store_periods(tables, period, &due, covered).await?;
                stored = true;
            }
        }
        Ok(stored)
    }

    async fn store_periods(
        &self,
        tables: &mut Tables,
        period: Period,
        due: &BTreeSet<i64>,
        covered: Position,
    ) -> Result<(), StoreError> {
        let table = table_of(period);
        let (mut added, mut removed, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for file in tables.live(table).into_iter().filter(|file| holds_one_of(file, due)) {
            let kept = self.rows_where(table, &file, |time| !due.contains(&time)).await?;
            let kept_rows: usize = kept.iter().map(RecordBatch::num_rows).sum();
            if kept_rows < file.rows() {
                rows.extend(kept);
                removed.push(file);
            }
        }
        for (day, due) in by_day(due) {
            rows.extend(self.summed(tables, period, day, &due).await?);
        }
        if !rows.is_empty() {
            added = self
                .write_fold(tables, table, rows, &Orphans::new(), covered, &mut Vec::new())
                .await?;
        }
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let change = Change {
            effect: Effect::Replace,
            added,
            removed,
            transactions: vec![Self::fold_transaction(covered)?],
            at_unix_nano: self.options.now(),
        };
        self.commit(tables, table, &change).await
    }

    /// Adds the periods of one day up, from the files of the finer rollup.
    async fn summed(
        &self,
        tables: &Tables,
        period: Period,
        day: Window,
        due: &BTreeSet<i64>,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let Some((_, finer)) = rolled_from(table_of(period)) else {
            return Ok(Vec::new());
        };
        let mut rows = Vec::new();
        for file in tables.live(finer).iter().filter(|file| file.touches(day)) {
            let wanted = |time| day.contains(time) && due.contains(&period.start_of(time));
            rows.extend(self.rows_where(finer, file, wanted).await?);
        }
        Ok(add_up(&rows, period)?)
    }

    /// Reads a file's rows of some times.
    pub(super) async fn rows_where(
        &self,
        table: Table,
        file: &Arc<DataFile>,
        wanted: impl Fn(i64) -> bool,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let mut kept = Vec::new();
        for batch in read_file(&self.options.files, table, file).await? {
            let batch = rows_of_times(table, &batch, &wanted)?;
            if batch.num_rows() > 0 {
                kept.push(batch);
            }
        }
        Ok(kept)
    }
}

/// Returns the rows of some times.
pub(super) fn rows_of_times(
    table: Table,
    batch: &RecordBatch,
    wanted: impl Fn(i64) -> bool,
) -> Result<RecordBatch, FoldError> {
    let times = batch
        .column_by_name(table.time_column())
        .and_then(|times| times.as_primitive_opt::<Int64Type>());
    let Some(times) = times else {
        return Err(FoldError::Layout { table: table.name() });
    };
    let wanted: BooleanArray = times.values().iter().map(|time| Some(wanted(*time))).collect();
    filter_record_batch(batch, &wanted).map_err(|source| FoldError::Concat {
        table: table.name(),
        source,
    })
}

fn holds_one_of(file: &DataFile, starts: &BTreeSet<i64>) -> bool {
    file.times().is_some_and(|times| {
        starts
            .range(times.start_unix_nano..times.end_unix_nano)
            .next()
            .is_some()
    })
}

/// Returns the starts of the periods that are to be written.
///
/// What was added up before retention removed a part of it stays as it is.
fn due(tables: &Tables, state: &State, period: Period, until: i64, folded: &BTreeSet<Slice>) -> BTreeSet<i64> {
    let table = table_of(period);
    let Some((_, finer)) = rolled_from(table) else {
        return BTreeSet::new();
    };
    let before = stored_until(period, &tables.live(table), state.removed_before(table));
    let kept_from = first_whole(period, state.removed_before(table).max(state.removed_before(finer)));
    let again = folded.iter().map(|slice| period.start_of(slice.start_unix_nano()));
    let mut due: BTreeSet<i64> = again.filter(|start| (kept_from..before).contains(start)).collect();
    let finer = tables.live(finer);
    for times in finer.iter().filter_map(|file| file.times()) {
        let mut start = period.start_of(times.start_unix_nano.max(before));
        while start < until.min(times.end_unix_nano) {
            due.insert(start);
            start += period.nanos();
        }
    }
    due
}

/// Puts the starts of periods together that lie in one day.
fn by_day(starts: &BTreeSet<i64>) -> Vec<(Window, BTreeSet<i64>)> {
    let mut days: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for start in starts {
        days.entry(Period::Day.start_of(*start)).or_default().insert(*start);
    }
    let whole = |(day, starts)| (Period::Day.window_of(day), starts);
    days.into_iter().map(whole).collect()
}
