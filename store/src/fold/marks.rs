//! Which keys and traces a file speaks of, so that a fold leaves out files that cannot matter.

use arrow::array::RecordBatch;
use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, spans};

use super::FoldError;
use super::reading::hash_of;

/// The hashes of the keys and traces of which rows of `invocation_facts` or `spans` speak: 8 bytes each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    sorted: Vec<u64>,
}

impl Marks {
    /// Returns the marks of rows of `invocation_facts` or `spans`; other tables have none.
    pub(crate) fn of(table: Table, rows: &[RecordBatch]) -> Result<Self, FoldError> {
        let mut sorted = Vec::new();
        for batch in rows {
            match table {
                Table::InvocationFacts => {
                    let reader = invocation_facts::Reader::new(batch)?;
                    sorted.extend((0..reader.len()).map(|row| hash_of(&reader, row)));
                    sorted.extend((0..reader.len()).filter_map(|row| reader.trace_id(row)).map(of_trace));
                }
                Table::Spans => {
                    let reader = spans::Reader::new(batch)?;
                    sorted.extend((0..reader.len()).map(|row| of_trace(reader.trace_id(row))));
                }
                _ => {}
            }
        }
        sorted.sort_unstable();
        sorted.dedup();
        sorted.shrink_to_fit();
        Ok(Self { sorted })
    }

    /// Returns whether some row may speak of one of these.
    pub(super) fn may_hold(&self, hashes: impl IntoIterator<Item = u64>) -> bool {
        !self.sorted.is_empty() && hashes.into_iter().any(|hash| self.sorted.binary_search(&hash).is_ok())
    }
}

/// Returns the mark of a trace: trace ids are random, so half of one tells traces apart.
pub(super) fn of_trace(trace: [u8; 16]) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|index| trace[index]))
}
