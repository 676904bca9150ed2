//! One table's batches in memory, merged as they come so that there are few.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use pennyspan_schema::Table;

use crate::fold::FoldError;

/// Batches of at least this many rows are kept as they come.
const LARGE_ROWS: usize = 8192;
/// So many small batches of one tier become one of the next, so that each row is copied a few times at most.
const FAN_IN: usize = 32;

/// The batches of one table: large ones, and tiers of small ones.
#[derive(Debug)]
pub(super) struct Tiers {
    table: Table,
    large: Vec<RecordBatch>,
    small: Vec<Vec<RecordBatch>>,
}

impl Tiers {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table,
            large: Vec::new(),
            small: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, batch: RecordBatch) -> Result<(), FoldError> {
        if batch.schema_ref().fields() != self.table.schema().fields() {
            return Err(FoldError::Layout {
                table: self.table.name(),
            });
        }
        let mut batch = batch;
        for tier in 0.. {
            if batch.num_rows() >= LARGE_ROWS {
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
        }
        Ok(())
    }

    /// Returns the rows in few batches.
    pub(super) fn batches(&self) -> Result<Vec<RecordBatch>, FoldError> {
        let mut batches = self.large.clone();
        let small: Vec<RecordBatch> = self.small.iter().flatten().cloned().collect();
        if !small.is_empty() {
            batches.push(self.concat(&small)?);
        }
        Ok(batches)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.large
            .iter()
            .chain(self.small.iter().flatten())
            .map(RecordBatch::get_array_memory_size)
            .sum()
    }

    fn concat(&self, batches: &[RecordBatch]) -> Result<RecordBatch, FoldError> {
        concat_batches(&self.table.schema(), batches).map_err(|source| FoldError::Concat {
            table: self.table.name(),
            source,
        })
    }
}
