//! One table's batches in memory, merged as they come so that there are few.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use pennyspan_schema::Table;

use crate::fold::FoldError;

/// Rows of a batch that queries read as fast as they can.
pub(crate) const LARGE_ROWS: usize = 8192;
/// Batches of at least this many bytes are kept as they come, so that no column of a merged batch grows beyond what its offsets
/// can say.
const LARGE_BYTES: usize = 16 << 20;
/// So many small batches of one tier become one of the next, so that each row is copied a few times at most.
const FAN_IN: usize = 32;

/// The batches of one table: large ones, and tiers of small ones.
#[derive(Clone, Debug)]
pub(crate) struct Tiers {
    table: Table,
    /// Batches of at least this many rows are kept as they come.
    large_rows: usize,
    large: Vec<RecordBatch>,
    small: Vec<Vec<RecordBatch>>,
    /// Memory of all batches.
    bytes: usize,
}

/// Refuses a batch that has not its table's columns.
pub(crate) fn check_layout(table: Table, batch: &RecordBatch) -> Result<(), FoldError> {
    if batch.schema_ref().fields() == table.schema().fields() {
        return Ok(());
    }
    Err(FoldError::Layout { table: table.name() })
}

impl Tiers {
    pub(crate) fn new(table: Table, large_rows: usize) -> Self {
        Self {
            table,
            large_rows,
            large: Vec::new(),
            small: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<(), FoldError> {
        check_layout(self.table, &batch)?;
        let mut batch = batch;
        self.bytes += batch.get_array_memory_size();
        for tier in 0.. {
            if batch.num_rows() >= self.large_rows || batch.get_array_memory_size() >= LARGE_BYTES {
                self.large.push(batch);
                break;
            }
            if tier == self.small.len() {
                self.small.push(Vec::new());
            }
            self.small[tier].push(batch);
            if self.small[tier].len() < FAN_IN {
                break;
            }
            let full = std::mem::take(&mut self.small[tier]);
            batch = self.concat(&full)?;
            self.bytes += batch.get_array_memory_size();
            self.bytes -= full.iter().map(RecordBatch::get_array_memory_size).sum::<usize>();
        }
        Ok(())
    }

    /// Returns the rows in few batches.
    pub(crate) fn batches(&self) -> Result<Vec<RecordBatch>, FoldError> {
        let mut batches = self.large.clone();
        let small: Vec<RecordBatch> = self.small.iter().flatten().cloned().collect();
        if !small.is_empty() {
            batches.push(self.concat(&small)?);
        }
        Ok(batches)
    }

    /// Returns the batches as they lie, more of them than [`Self::batches`], but without copying.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RecordBatch> {
        self.large.iter().chain(self.small.iter().flatten())
    }

    /// Returns how much memory the batches take as they lie now, in bytes: small ones take less when they are put together.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes
    }

    fn concat(&self, batches: &[RecordBatch]) -> Result<RecordBatch, FoldError> {
        concat_batches(&self.table.schema(), batches).map_err(|source| FoldError::Concat {
            table: self.table.name(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::tables::logs;

    use super::*;

    #[test]
    fn small_batches_count_as_what_they_take_together() {
        let mut builder = logs::Builder::default();
        builder.append(&logs::Row::default());
        let one = builder.finish();
        let mut tiers = Tiers::new(Table::Logs, LARGE_ROWS);
        for _ in 0..FAN_IN * FAN_IN {
            tiers.push(one.clone()).unwrap();
        }
        let held: usize = tiers.iter().map(RecordBatch::get_array_memory_size).sum();
        assert_eq!(tiers.memory_bytes(), held);
        assert!(
            held * 8 < FAN_IN * FAN_IN * one.get_array_memory_size(),
            "{held} bytes for {} rows",
            FAN_IN * FAN_IN
        );
    }
}
