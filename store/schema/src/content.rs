//! What rows say together, as one value that does not depend on their order.

use std::collections::BTreeSet;
use std::fmt;

use arrow::array::{Array as _, FixedSizeBinaryArray, RecordBatch};

use crate::column::Digest;
use crate::rows::Rows;
use crate::tables::{ReadError, Table, logs};

/// The column that holds a row's own hash, in the tables that have one.
const CONTENT_HASH: &str = "content_hash";

/// What rows say together: equal for the same rows in whatever order and in however many batches they came, and another where
/// a value is another, a row is missing, or one is there once more.
///
/// It is the sum of the rows' hashes, so that the contents of parts add up to that of the whole. Settings count once however
/// often they are stated, because records repeat theirs and decode leaves some of the repetitions out.
///
/// ```
/// use pennyspan_schema::Content;
///
/// assert_eq!(Content::default().id().to_string(), "00000000000000000000000000000000");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    sum: u128,
    settings: BTreeSet<u128>,
}

/// What identifies content: 128 bits, shown in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentId(u128);

impl Content {
    /// Adds rows.
    ///
    /// # Errors
    /// [`ReadError`] where a batch has not its table's columns; the rows of earlier tables stay.
    pub fn add(&mut self, rows: &Rows) -> Result<(), ReadError> {
        for (table, batch) in rows.iter() {
            self.add_batch(table, batch)?;
        }
        Ok(())
    }

    /// Returns what identifies everything that was added.
    #[must_use]
    pub fn id(&self) -> ContentId {
        ContentId(self.settings.iter().fold(self.sum, |sum, hash| sum.wrapping_add(*hash)))
    }

    fn add_batch(&mut self, table: Table, batch: &RecordBatch) -> Result<(), ReadError> {
        if table == Table::Configurations {
            let settings = &mut self.settings;
            return table.hashes(batch, |hash| {
                settings.insert(u128::from_le_bytes(hash));
            });
        }
        let mut sum = |hash: [u8; 16]| self.sum = self.sum.wrapping_add(u128::from_le_bytes(hash));
        if table == Table::Logs {
            // An import numbers equal records that have no id, file by file; the number says nothing about what was logged.
            for row in logs::Reader::new(batch)?.rows() {
                let mut digest = Digest::default();
                logs::Row { record_id: None, ..row }.feed(&mut digest);
                sum(digest.finish());
            }
            return Ok(());
        }
        let stored = batch.column_by_name(CONTENT_HASH);
        let Some(stored) = stored.and_then(|column| column.as_any().downcast_ref::<FixedSizeBinaryArray>()) else {
            return table.hashes(batch, sum);
        };
        for hash in stored.iter().flatten() {
            sum(std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default()));
        }
        Ok(())
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{configurations, invocation_facts, spans};

    fn spans(names: &[&str]) -> RecordBatch {
        let mut builder = spans::Builder::default();
        for name in names {
            builder.append(&spans::Row {
                name,
                ..spans::Row::default()
            });
        }
        builder.finish()
    }

    fn content(batches: Vec<(Table, RecordBatch)>) -> ContentId {
        let mut content = Content::default();
        for (table, batch) in batches {
            let mut rows = Rows::default();
            rows.push(table, batch);
            content.add(&rows).unwrap();
        }
        content.id()
    }

    #[test]
    fn settings_count_once() {
        let settings = |values: &[&str]| {
            let mut builder = configurations::Builder::default();
            for value in values {
                builder.append(&configurations::Row {
                    value: Some(value),
                    ..configurations::Row::default()
                });
            }
            content(vec![(Table::Configurations, builder.finish())])
        };
        assert_eq!(settings(&["1", "2"]), settings(&["2", "1", "2"]));
        assert_ne!(settings(&["1"]), settings(&["2"]));
    }

    #[test]
    fn order_and_batches_do_not_matter() {
        let whole = content(vec![(Table::Spans, spans(&["a", "b", "c"]))]);
        let parts = content(vec![(Table::Spans, spans(&["c"])), (Table::Spans, spans(&["b", "a"]))]);
        assert_eq!(whole, parts);
    }

    #[test]
    fn each_value_and_each_repetition_matters() {
        let of = |names: &[&str]| content(vec![(Table::Spans, spans(names))]);
        assert_ne!(of(&["a", "b"]), of(&["a", "c"]));
        assert_ne!(of(&["a"]), of(&["a", "a"]));
        assert_ne!(of(&["a"]), of(&[]));
    }

    #[test]
    fn the_number_of_a_log_record_is_no_part_of_it() {
        let log = |record_id, body| {
            let mut builder = logs::Builder::default();
            builder.append(&logs::Row {
                record_id: Some(record_id),
                body: Some(body),
                ..logs::Row::default()
            });
            content(vec![(Table::Logs, builder.finish())])
        };
        assert_eq!(log("1", "a"), log("2", "a"));
        assert_ne!(log("1", "a"), log("1", "b"));
    }

    #[test]
    fn a_statement_counts_by_its_own_hash() {
        let fact = |received| {
            let mut row = invocation_facts::Row {
                invocation_id: "a",
                received_unix_nano: received,
                ..invocation_facts::Row::default()
            };
            row.content_hash = row.hash();
            let mut builder = invocation_facts::Builder::default();
            builder.append(&row);
            content(vec![(Table::InvocationFacts, builder.finish())])
        };
        assert_eq!(fact(None), fact(Some(1)), "when it was received is no part of it");
        assert_ne!(fact(None), content(Vec::new()));
    }
}
