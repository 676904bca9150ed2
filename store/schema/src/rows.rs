//! Decoded rows: one batch per raw table.

use arrow::array::RecordBatch;

use crate::tables::Table;

/// The rows that one request or file became: at most one batch per raw table, none of them empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    batches: Vec<(Table, RecordBatch)>,
}

impl Rows {
    /// Adds a table's batch, unless it is empty.
    pub fn push(&mut self, table: Table, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.batches.push((table, batch));
        }
    }

    /// Returns each table with its batch.
    pub fn iter(&self) -> impl Iterator<Item = (Table, &RecordBatch)> {
        self.batches.iter().map(|(table, batch)| (*table, batch))
    }

    /// Returns each table with its batch.
    pub fn into_batches(self) -> impl Iterator<Item = (Table, RecordBatch)> {
        self.batches.into_iter()
    }

    /// Returns how many rows a table gets.
    #[must_use]
    pub fn count(&self, table: Table) -> usize {
        self.iter()
            .filter(|(of, _)| *of == table)
            .map(|(_, batch)| batch.num_rows())
            .sum()
    }

    /// Returns whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Returns how much memory the batches hold, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.batches
            .iter()
            .map(|(_, batch)| batch.get_array_memory_size())
            .sum()
    }
}
