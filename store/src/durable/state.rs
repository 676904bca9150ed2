//! What queries see of a workspace: hot rows, live files, and folds that are not in files yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pennyspan_schema::{Position, Slice, Table, TablePositions, Window};

use super::generation::Generation;
use super::rollups::{first_whole, rolled_from, stored_until};
use super::slice_fold::SliceFold;
use super::tables::FOLD_READS;
use crate::delta::DataFile;
use crate::fold::oldest_slice;
use crate::scan::{Rolled, Sources};
use crate::snapshot::Snapshot;

/// The live files of each table.
pub(super) type Files = BTreeMap<Table, Arc<[Arc<DataFile>]>>;

/// What queries see of a workspace. Hot rows go from `fresh` through `folding`, `ripe` and `frozen` into files.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Rows that no fold has read.
    pub(super) fresh: Generation,
    /// Rows that a fold reads now, or read in vain.
    pub(super) folding: Option<Generation>,
    /// Rows that are folded.
    pub(super) ripe: Generation,
    /// Rows that a flush writes now, or wrote in vain.
    pub(super) frozen: Vec<Generation>,
    pub(super) files: Files,
    /// Names of files of raw tables that the folded files do not cover.
    pub(super) unfolded: BTreeSet<String>,
    /// What is folded beside the folded files' rows, or instead of them, by slice.
    pub(super) folds: BTreeMap<Slice, Arc<SliceFold>>,
    /// Slices of which a flush that failed may have written a part.
    pub(super) torn: BTreeSet<Slice>,
    /// Spans of functions without a known attempt, by slice.
    pub(super) orphans: BTreeMap<Slice, u64>,
    pub(super) versions: TablePositions,
    pub(super) flushed: Position,
    pub(super) as_of_unix_nano: Option<i64>,
    /// The instants, in nanoseconds since 1970 UTC, before which retention has removed rows, by table.
    pub(super) removed_before: BTreeMap<Table, i64>,
    /// Slices that are to be folded again, because rows were deleted.
    pub(super) dirty: BTreeSet<Slice>,
}

impl State {
    /// Returns the instant before which retention has removed rows of a table.
    pub(super) fn removed_before(&self, table: Table) -> i64 {
        self.removed_before.get(&table).copied().unwrap_or(i64::MIN)
    }

    /// Returns the oldest slice of which folds can still read everything; `None` where they can of all.
    pub(super) fn folds_from(&self) -> Option<Slice> {
        let before = FOLD_READS.iter().filter_map(|table| self.removed_before.get(table));
        before.max().copied().map(oldest_slice)
    }

    /// Returns the window that folds can read everything of, and that retention has left only a part of what was folded of.
    pub(super) fn partly_removed(&self) -> Option<Window> {
        let folded = Table::folded().filter(|table| rolled_from(*table).is_none());
        let end_unix_nano = folded.map(|table| self.removed_before(table)).max()?;
        let start_unix_nano = self.folds_from().map_or(i64::MIN, Slice::start_unix_nano);
        (start_unix_nano < end_unix_nano).then_some(Window {
            start_unix_nano,
            end_unix_nano,
        })
    }

    fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.frozen
            .iter()
            .chain([&self.ripe])
            .chain(&self.folding)
            .chain([&self.fresh])
    }

    pub(super) fn hot_bytes(&self) -> usize {
        self.generations().map(Generation::bytes).sum()
    }

    /// Returns when the oldest hot row was published.
    pub(super) fn since_unix_nano(&self) -> Option<i64> {
        self.generations().filter_map(Generation::since_unix_nano).min()
    }

    /// Returns when the oldest row was published that no fold has made visible in the folded tables.
    pub(super) fn unfolded_since_unix_nano(&self) -> Option<i64> {
        let unfolded = self.folding.iter().chain([&self.fresh]);
        unfolded.filter_map(Generation::since_unix_nano).min()
    }

    pub(super) fn files(&self, table: Table) -> Arc<[Arc<DataFile>]> {
        self.files.get(&table).map(Arc::clone).unwrap_or_default()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let sources = Table::ALL.iter().map(|table| {
            let sources = if table.is_raw() {
                self.raw(*table)
            } else {
                self.folded(*table)
            };
            (*table, sources)
        });
        Snapshot::of_sources(sources.collect(), self.as_of_unix_nano, self.orphans.values().sum())
    }

    fn raw(&self, table: Table) -> Sources {
        Sources {
            batches: self
                .generations()
                .flat_map(|generation| generation.batches(table))
                .cloned()
                .collect(),
            files: self.files(table),
            ..Sources::default()
        }
    }

    fn folded(&self, table: Table) -> Sources {
        if let Some(rolled) = self.rolled(table) {
            return Sources {
                files: self.files(table),
                replaced: rolled.changed.as_slice().into(),
                rolled: Some(Arc::new(rolled)),
                ..Sources::default()
            };
        }
        let rows = self.folds.values().flat_map(|fold| fold.rows_of(table));
        Sources {
            batches: rows.cloned().collect(),
            files: self.files(table),
            replaced: self.replaced(table),
            ..Sources::default()
        }
    }

    /// Returns what the hours and days that are not stored, or are not as they are stored, are added up from.
    fn rolled(&self, table: Table) -> Option<Rolled> {
        let (period, finer) = rolled_from(table)?;
        let from_unix_nano = stored_until(period, &self.files(table), self.removed_before(table));
        let kept_from = first_whole(period, self.removed_before(table).max(self.removed_before(finer)));
        let whole = |slice: &Slice| period.window_of(slice.start_unix_nano());
        let mut changed: Vec<Window> = self.folds.keys().map(whole).collect();
        changed.dedup();
        changed.retain(|window| (kept_from..from_unix_nano).contains(&window.start_unix_nano));
        Some(Rolled {
            period,
            finer,
            sources: self.folded(finer),
            from_unix_nano,
            changed,
        })
    }

    /// Returns the slices whose folds replace the files' rows of a table as windows, neighbours together.
    fn replaced(&self, table: Table) -> Arc<[Window]> {
        let mut windows: Vec<Window> = Vec::new();
        for (slice, _) in self.folds.iter().filter(|(_, fold)| fold.replaces(table)) {
            match windows.last_mut() {
                Some(last) if last.end_unix_nano == slice.start_unix_nano() => {
                    last.end_unix_nano = slice.end_unix_nano();
                }
                _ => windows.push(Window {
                    start_unix_nano: slice.start_unix_nano(),
                    end_unix_nano: slice.end_unix_nano(),
                }),
            }
        }
        windows.into()
    }

    /// Returns the rows of a raw table that folds have read, and those that they have not.
    pub(super) fn parted(&self, table: Table) -> (Sources, Sources) {
        let (new, old): (Vec<_>, Vec<_>) = self
            .files(table)
            .iter()
            .cloned()
            .partition(|file| self.unfolded.contains(file.name()));
        let of = |generations: &mut dyn Iterator<Item = &Generation>, files: Vec<_>| Sources {
            batches: generations
                .flat_map(|generation| generation.batches(table).cloned().collect::<Vec<_>>())
                .collect(),
            files: files.into(),
            ..Sources::default()
        };
        let read = of(&mut self.frozen.iter().chain([&self.ripe]), old);
        (read, of(&mut self.folding.iter(), new))
    }
}
