//! Hot rows of consecutive frames.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use pennyspan_schema::{Position, Rows, Table};

use crate::fold::FoldError;
use crate::memory::tiers::{Tiers, check_layout};

/// Batches of at least this many rows are kept as they come: hot rows are in memory for a minute, which is too short for copying
/// them into larger ones to be worth it.
const LARGE_ROWS: usize = 512;

/// The hot rows of consecutive frames of one workspace, by table.
#[derive(Clone, Debug, Default)]
pub(super) struct Generation {
    first: Option<Position>,
    through: Position,
    tables: BTreeMap<Table, Tiers>,
    since_unix_nano: Option<i64>,
}

impl Generation {
    /// Adds a frame's rows; all of them, or none where one batch has other columns than its table.
    pub(super) fn push(&mut self, position: Position, rows: Rows, now_unix_nano: i64) -> Result<(), FoldError> {
        rows.iter().try_for_each(|(table, batch)| check_layout(table, batch))?;
        self.first = self.first.or(Some(position));
        self.through = self.through.max(position);
        self.since_unix_nano = self.since_unix_nano.or(Some(now_unix_nano));
        rows.into_batches()
            .try_for_each(|(table, batch)| self.push_batch(table, batch))
    }

    fn push_batch(&mut self, table: Table, batch: RecordBatch) -> Result<(), FoldError> {
        self.tables
            .entry(table)
            .or_insert_with(|| Tiers::new(table, LARGE_ROWS))
            .push(batch)
    }

    /// Adds the rows of the frames that follow.
    pub(super) fn append(&mut self, later: Self) -> Result<(), FoldError> {
        self.first = self.first.or(later.first);
        self.through = self.through.max(later.through);
        self.since_unix_nano = self.since_unix_nano.or(later.since_unix_nano);
        for (table, tiers) in later.tables {
            tiers
                .iter()
                .try_for_each(|batch| self.push_batch(table, batch.clone()))?;
        }
        Ok(())
    }

    /// Returns the first frame and the last, or `None` where none was added.
    pub(super) fn frames(&self) -> Option<(Position, Position)> {
        self.first.map(|first| (first, self.through))
    }

    pub(super) fn batches(&self, table: Table) -> impl Iterator<Item = &RecordBatch> {
        self.tables.get(&table).into_iter().flat_map(Tiers::iter)
    }

    pub(super) fn bytes(&self) -> usize {
        self.tables.values().map(Tiers::memory_bytes).sum()
    }

    /// Returns when its oldest row was published.
    pub(super) fn since_unix_nano(&self) -> Option<i64> {
        self.since_unix_nano
    }
}
