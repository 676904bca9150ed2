//! Ids for log records that have none, by which overlapping imports add nothing twice.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, StringBuilder};
use pennyspan_schema::column::Digest;
use pennyspan_schema::tables::logs;
use pennyspan_schema::{Rows, Table};

use crate::decode::Decoded;

/// How many different records are remembered at a time: equal ones of one time stand close together.
const REMEMBERED: usize = 1 << 16;

/// The records of one file that were seen so far, in two generations, of which the older one is forgotten.
#[derive(Debug, Default)]
pub(super) struct RecordIds {
    recent: HashMap<[u8; 16], u32>,
    older: HashMap<[u8; 16], u32>,
}

impl RecordIds {
    /// Gives every log record without an id the hash of its content and its number among equal ones.
    pub(super) fn fill(&mut self, decoded: Decoded) -> Decoded {
        let mut rows = Rows::default();
        for (table, batch) in decoded.rows.into_batches() {
            rows.push(
                table,
                if table == Table::Logs {
                    self.fill_logs(batch)
                } else {
                    batch
                },
            );
        }
        Decoded { rows, ..decoded }
    }

    fn fill_logs(&mut self, batch: RecordBatch) -> RecordBatch {
        let Ok(reader) = logs::Reader::new(&batch) else {
            return batch;
        };
        let mut ids = StringBuilder::new();
        for row in reader.rows() {
            match row.record_id {
                Some(id) => ids.append_value(id),
                None => ids.append_value(self.id(&row)),
            }
        }
        let ids: StringArray = ids.finish();
        let column = |(index, column): (usize, &ArrayRef)| {
            let named = batch.schema().field(index).name() == "record_id";
            if named {
                Arc::new(ids.clone()) as ArrayRef
            } else {
                Arc::clone(column)
            }
        };
        let columns = batch.columns().iter().enumerate().map(column).collect();
        debug_assert_eq!(ids.len(), batch.num_rows());
        RecordBatch::try_new(batch.schema(), columns).unwrap_or(batch)
    }

    fn id(&mut self, row: &logs::Row<'_>) -> String {
        let mut digest = Digest::default();
        row.feed(&mut digest);
        let hash = digest.finish();
        if self.recent.len() >= REMEMBERED {
            self.older = std::mem::take(&mut self.recent);
        }
        let before = self.older.get(&hash).copied().unwrap_or_default();
        let ordinal = self.recent.entry(hash).or_insert(before);
        *ordinal = ordinal.saturating_add(1);
        format!("{}-{ordinal}", hex::encode(hash))
    }
}
