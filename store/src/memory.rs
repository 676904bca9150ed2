//! The store of one report: rows in memory, no log, no disk.

use std::collections::BTreeMap;

use pennyspan_schema::{Rows, Table};

use crate::fold::{self, FoldError, FoldInput};
use crate::snapshot::Snapshot;

pub(crate) mod tiers;

use tiers::{LARGE_ROWS, Tiers};

/// Keeps rows in memory and folds them all when asked.
///
/// Beside the rows themselves it needs little: small batches are copied together as they come, so that a million requests of
/// one row each do not keep a million batches.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: BTreeMap<Table, Tiers>,
}

impl MemoryStore {
    /// Adds rows, in any order.
    ///
    /// # Errors
    /// [`FoldError::Layout`] where a batch has not its table's columns; the rows of earlier tables stay.
    pub fn push(&mut self, rows: Rows) -> Result<(), FoldError> {
        for (table, batch) in rows.into_batches() {
            self.tables
                .entry(table)
                .or_insert_with(|| Tiers::new(table, LARGE_ROWS))
                .push(batch)?;
        }
        Ok(())
    }

    /// Returns how much memory the rows hold, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.tables.values().map(Tiers::memory_bytes).sum()
    }

    /// Folds everything and returns all tables as they are now.
    ///
    /// # Errors
    /// [`FoldError`] where the rows cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, FoldError> {
        let mut raw = BTreeMap::new();
        for (table, tiers) in &self.tables {
            raw.insert(*table, tiers.batches()?);
        }
        let of = |table| raw.get(&table).map_or(&[][..], Vec::as_slice);
        let folded = fold::fold_all(&FoldInput {
            facts: of(Table::InvocationFacts),
            spans: of(Table::Spans),
        })?;
        Ok(Snapshot::new(raw, folded, None))
    }
}

#[cfg(test)]
mod tests;
