//! Writing folds: files that hold rows which a fold replaces are rewritten without them, and new files hold what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use pennyspan_schema::{Period, Position, Slice, Table, Window};

use super::StoreError;
use super::compact::{groups, is_small};
use super::encode::encode;
use super::rollups::rolled_from;
use super::slice_fold::SliceFold;
use super::space::Space;
use super::tables::{Orphans, Tables};
use crate::delta::{Change, DataFile, Effect, Holds};

/// What is folded, by slice.
type Folds = BTreeMap<Slice, Arc<SliceFold>>;

/// The folded tables of slices, in the order in which they are written: when `invocations` says that frames are covered, all are.
const WRITTEN: [Table; 3] = [Table::InvocationCalls, Table::RollupMinute, Table::InstanceMinutes];

impl Space {
    /// Writes folds, one commit per folded table.
    pub(super) async fn store_folds(
        &self,
        tables: &mut Tables,
        folds: Folds,
        covered: Position,
    ) -> Result<(), StoreError> {
        if folds.is_empty() {
            return Ok(());
        }
        for table in WRITTEN {
            self.store_table_folds(tables, table, &folds, covered).await?;
        }
        let slices: BTreeSet<Slice> = folds.keys().copied().collect();
        self.store_rollups(tables, &slices, covered).await?;
        self.store_table_folds(tables, Table::Invocations, &folds, covered)
            .await
    }

    async fn store_table_folds(
        &self,
        tables: &mut Tables,
        table: Table,
        folds: &Folds,
        covered: Position,
    ) -> Result<(), StoreError> {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let mut orphans_by_file = Vec::new();
        let replaced = |slice: &Slice| folds.get(slice).is_some_and(|fold| fold.replaces(table));
        for file in tables.live(table) {
            let Some((first, last)) = file.slices() else { continue };
            if !folds.range(first..=last).any(|(slice, _)| replaced(slice)) {
                continue;
            }
            let kept = self
                .rows_where(table, &file, |time| !replaced(&Slice::of(time)))
                .await?;
            let kept_rows: usize = kept.iter().map(RecordBatch::num_rows).sum();
            if kept_rows == file.rows() {
                continue;
            }
            let told = tables.orphans_in(table, &file);
            if kept_rows > 0 || !told.is_empty() {
                added.extend(
                    self.write_fold(tables, table, kept, &told, covered, &mut orphans_by_file)
                        .await?,
                );
            }
            removed.push(file);
        }
        let mut orphans = if table == Table::Invocations {
            orphans_beside(tables, folds)
        } else {
            Orphans::new()
        };
        for (period, slices) in self.by_period(folds) {
            let rows = slices
                .iter()
                .flat_map(|fold| fold.rows_of(table))
                .cloned()
                .collect::<Vec<_>>();
            let later = orphans.split_off(&Slice::of(period.end_unix_nano));
            let told = std::mem::replace(&mut orphans, later);
            if !rows.is_empty() || !told.is_empty() {
                added.extend(
                    self.write_fold(tables, table, rows, &told, covered, &mut orphans_by_file)
                        .await?,
                );
            }
        }
        if added.is_empty() && removed.is_empty() && table != Table::Invocations {
            return Ok(());
        }
        let change = Change {
            effect: Effect::Replace,
            added,
            removed,
            transactions: vec![Self::fold_transaction(covered)?],
            at_unix_nano: self.options.now(),
        };
        self.commit(tables, table, &change).await?;
        tables.note_orphans(orphans_by_file);
        Ok(())
    }

    /// Puts slices together that are written into one file: those of an hour, or of a day that is long over.
    fn by_period(&self, folds: &Folds) -> Vec<(Window, Vec<Arc<SliceFold>>)> {
        let now = self.options.now();
        let mut periods: BTreeMap<i64, (Window, Vec<Arc<SliceFold>>)> = BTreeMap::new();
        for (slice, fold) in folds {
            let window = file_period(slice.start_unix_nano(), now);
            let (_, folds) = periods.entry(window.start_unix_nano).or_insert((window, Vec::new()));
            folds.push(Arc::clone(fold));
        }
        periods.into_values().collect()
    }

    /// Writes rows of a folded table and tells the orphans of their slices.
    pub(super) async fn write_fold(
        &self,
        tables: &Tables,
        table: Table,
        rows: Vec<RecordBatch>,
        orphans: &Orphans,
        covered: Position,
        orphans_by_file: &mut Vec<(String, Orphans)>,
    ) -> Result<Vec<DataFile>, StoreError> {
        let mut written = Vec::new();
        for (index, encoded) in encode(table, rows, orphans.clone()).await?.into_iter().enumerate() {
            let told = if index == 0 { orphans.clone() } else { Orphans::new() };
            let of_rows = encoded.times.map(|(first, last)| [Slice::of(first), Slice::of(last)]);
            let slices = || of_rows.into_iter().flatten().chain(told.keys().copied());
            let (Some(first), Some(last)) = (slices().min(), slices().max()) else {
                continue;
            };
            let holds = Holds::Slices {
                first,
                last,
                through: covered,
            };
            let files = self.write(tables, table, holds, vec![encoded]).await?;
            orphans_by_file.extend(files.iter().map(|file| (file.name().to_owned(), told.clone())));
            written.extend(files);
        }
        Ok(written)
    }
}

impl Space {
    /// Returns the small files of a folded table that become one: those of an hour that is two hours over, or of a day that is
    /// two days over.
    pub(super) fn settled(&self, tables: &Tables, table: Table) -> Vec<Vec<Arc<DataFile>>> {
        let now = self.options.now();
        let mut periods: BTreeMap<i64, Vec<Arc<DataFile>>> = BTreeMap::new();
        let mut small = tables.live(table);
        small.retain(is_small);
        small.sort_by_key(|file| (file.times().map(|times| times.start_unix_nano), file.name().to_owned()));
        for file in small {
            if let Some(period) = settled_period(table, &file, now) {
                periods.entry(period.start_unix_nano).or_default().push(file);
            }
        }
        periods.into_values().flat_map(groups).collect()
    }

    /// Returns the files of a table that are merged by size alone.
    pub(super) fn unsettled(&self, tables: &Tables, table: Table) -> impl Iterator<Item = Arc<DataFile>> + use<> {
        let now = self.options.now();
        let files = tables.live(table).into_iter();
        files.filter(move |file| settled_period(table, file, now).is_none())
    }
}

/// Returns the part of time that holds all of a folded file, when little changes it any more.
fn settled_period(table: Table, file: &DataFile, now_unix_nano: i64) -> Option<Window> {
    if rolled_from(table).is_some() {
        // Hours and days are written when they are settled, and small.
        return None;
    }
    let (first, last) = file.slices()?;
    let period = file_period(first.start_unix_nano(), now_unix_nano);
    let settled = period.end_unix_nano <= now_unix_nano.saturating_sub(2 * Period::Hour.nanos());
    (settled && period.contains(last.start_unix_nano())).then_some(period)
}

/// Returns the part of time whose folded rows go into one file: the hour, or the day when it is two days over.
pub(super) fn file_period(unix_nano: i64, now_unix_nano: i64) -> Window {
    let day = Period::Day.window_of(unix_nano);
    if day.end_unix_nano <= now_unix_nano.saturating_sub(2 * Period::Day.nanos()) {
        return day;
    }
    Period::Hour.window_of(unix_nano)
}

/// Returns what new files tell of orphans: what the slices have, less what live files tell of them.
fn orphans_beside(tables: &Tables, folds: &Folds) -> Orphans {
    let told = tables.orphans();
    let beside = |(slice, fold): (&Slice, &Arc<SliceFold>)| {
        let has = i64::try_from(fold.orphans).unwrap_or(i64::MAX);
        (*slice, has.saturating_sub(told.get(slice).copied().unwrap_or(0)))
    };
    folds.iter().map(beside).filter(|(_, count)| *count != 0).collect()
}
