//! All tables of one workspace at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use pennyspan_schema::{Rows, Table};

use crate::fold::Folded;
use crate::scan::Sources;

mod provider;

use provider::SnapshotTable;

/// All tables of one workspace at one moment: what a question is asked of.
///
/// A query or page takes one snapshot and keeps it to its end, so that all its parts speak of the same rows. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    tables: BTreeMap<Table, Sources>,
    as_of_unix_nano: Option<i64>,
    orphan_span_count: u64,
}

impl Snapshot {
    /// Puts a snapshot together from the raw tables' rows and what was folded from them.
    ///
    /// `as_of_unix_nano` is when the fold was made, or `None` where the fold always covers every row, as it does in memory.
    #[must_use]
    pub fn new(
        raw: impl IntoIterator<Item = (Table, Vec<RecordBatch>)>,
        folded: Folded,
        as_of_unix_nano: Option<i64>,
    ) -> Self {
        let orphan_span_count = folded.orphan_span_count;
        let tables = raw
            .into_iter()
            .chain(folded.into_tables())
            .map(|(table, batches)| {
                (
                    table,
                    Sources {
                        batches: batches.into(),
                        ..Sources::default()
                    },
                )
            })
            .collect();
        Self {
            tables,
            as_of_unix_nano,
            orphan_span_count,
        }
    }

    pub(crate) fn of_sources(
        tables: BTreeMap<Table, Sources>,
        as_of_unix_nano: Option<i64>,
        orphan_span_count: u64,
    ) -> Self {
        Self {
            tables,
            as_of_unix_nano,
            orphan_span_count,
        }
    }

    /// Returns the snapshot with rows beside those that are stored.
    #[must_use]
    pub fn with(&self, rows: &Rows) -> Self {
        let mut with = self.clone();
        for (table, batch) in rows.iter() {
            let more = Sources {
                batches: [batch.clone()].into(),
                ..Sources::default()
            };
            let sources = with.tables.entry(table).or_default();
            *sources = sources.with(&more);
        }
        with
    }

    pub(crate) fn sources(&self, table: Table) -> Sources {
        self.tables.get(&table).cloned().unwrap_or_default()
    }

    /// Returns a table's rows that lie in memory; of a store without files, these are all.
    #[must_use]
    pub fn batches(&self, table: Table) -> &[RecordBatch] {
        self.tables.get(&table).map_or(&[], |sources| &sources.batches)
    }

    /// Returns the table for DataFusion, with every row of this moment wherever it lies.
    #[must_use]
    pub fn provider(&self, table: Table) -> Arc<dyn TableProvider> {
        Arc::new(SnapshotTable::new(table, self.sources(table)))
    }

    /// Returns how many rows a raw table has; of a folded table at most so many, since files may hold rows that a later fold
    /// has replaced in memory.
    #[must_use]
    pub fn rows(&self, table: Table) -> usize {
        self.tables.get(&table).map_or(0, Sources::rows)
    }

    /// Returns how many rows each raw table has: the input of everything that is computed.
    pub fn input(&self) -> impl Iterator<Item = (Table, usize)> + '_ {
        Table::raw().map(|table| (table, self.rows(table)))
    }

    /// Returns when the folded tables were last brought up to date, in nanoseconds since 1970 UTC; `None` where they always are.
    #[must_use]
    pub fn as_of_unix_nano(&self) -> Option<i64> {
        self.as_of_unix_nano
    }

    /// Returns how many spans of functions belong to no known attempt.
    #[must_use]
    pub fn orphan_span_count(&self) -> u64 {
        self.orphan_span_count
    }
}

#[cfg(test)]
mod tests;
