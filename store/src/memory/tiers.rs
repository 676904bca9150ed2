//! One table's batches in memory, merged as they come so that there are few.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use pennyspan_schema::Table;

use crate::fold::FoldError;

/// Batches of at least this many rows are kept as they come.
const LARGE_ROWS: usize = 8192;
/// So are batches of at least this many bytes, so that no column of a merged batch grows beyond what its offsets can say.
const LARGE_BYTES: usize = 16 << 20;
/// So many small batches of one tier become one of the next, so that each row is copied a few times at most.
const FAN_IN: usize = 32;

/// The batches of one table: large ones, and tiers of small ones.
#[derive(Clone, Debug)]
pub(crate) struct Tiers {
    table: Table,
    large: Vec<RecordBatch>,
    small: Vec<Vec<RecordBatch>>,
}

/// Refuses a batch that has not its table's columns.
pub(crate) fn check_layout(table: Table, batch: &RecordBatch) -> Result<(), FoldError> {
    if batch.schema_ref().fields() == table.schema().fields() {
        return Ok(());
    }
    Err(FoldError::Layout { table: table.name() })
}

impl Tiers {
    pub(crate) fn new(table: Table) -> Self {
        Self {
            table,
            large: Vec::new(),
            small: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<(), FoldError> {
        check_layout(self.table, &batch)?;
        let mut batch = batch;
        for tier in 0.. {
            if batch.num_rows() >= LARGE_ROWS || batch.get_array_memory_size() >= LARGE_BYTES {
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

    pub(crate) fn memory_bytes(&self) -> usize {
        self.iter().map(RecordBatch::get_array_memory_size).sum()
    }

    fn concat(&self, batches: &[RecordBatch]) -> Result<RecordBatch, FoldError> {
        concat_batches(&self.table.schema(), batches).map_err(|source| FoldError::Concat {
            table: self.table.name(),
            source,
        })
    }
}
