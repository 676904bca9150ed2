//! What a table's log says of a file's content: the number of rows, and the range of each integer column.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::array::{Array, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The statistics of one file, as Delta's log writes them.
///
/// Source: Delta transaction log protocol, "Per-file Statistics".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    num_records: u64,
    #[serde(default)]
    min_values: BTreeMap<String, Value>,
    #[serde(default)]
    max_values: BTreeMap<String, Value>,
    #[serde(default)]
    null_count: BTreeMap<String, Value>,
}

impl Stats {
    /// Reads what the log says.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns the text for the log.
    pub(super) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Computes the statistics of a file's rows.
    pub(crate) fn of(rows: &RecordBatch) -> Self {
        let mut stats = Self {
            num_records: rows.num_rows() as u64,
            ..Self::default()
        };
        for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
            if *field.data_type() != DataType::Int64 {
                continue;
            }
            let column = column.as_primitive::<Int64Type>();
            if let Some((min, max)) = min(column).zip(max(column)) {
                stats.min_values.insert(field.name().clone(), min.into());
                stats.max_values.insert(field.name().clone(), max.into());
            }
            stats
                .null_count
                .insert(field.name().clone(), column.null_count().into());
        }
        stats
    }

    pub(crate) fn rows(&self) -> usize {
        usize::try_from(self.num_records).unwrap_or(usize::MAX)
    }

    /// Returns a column's smallest and largest value.
    pub(crate) fn range(&self, column: &str) -> Option<(i64, i64)> {
        let value = |values: &BTreeMap<String, Value>| values.get(column).and_then(Value::as_i64);
        value(&self.min_values).zip(value(&self.max_values))
    }

    /// Returns whether what is said here is so of rows; of columns that were added later nothing is said.
    pub(super) fn agree_with(&self, rows: &Self) -> bool {
        let within = |said: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>| {
            said.iter().all(|(column, value)| found.get(column) == Some(value))
        };
        self.num_records == rows.num_records
            && within(&self.min_values, &rows.min_values)
            && within(&self.max_values, &rows.max_values)
            && within(&self.null_count, &rows.null_count)
    }

    /// Returns the same for DataFusion.
    pub(super) fn for_scan(&self, schema: &SchemaRef, size_bytes: u64) -> Statistics {
        let column_statistics = schema.fields().iter().map(|field| {
            let Some((min, max)) = self.range(field.name()) else {
                return ColumnStatistics::new_unknown();
            };
            let nulls = self.null_count.get(field.name()).and_then(Value::as_u64);
            let nulls = nulls.and_then(|nulls| usize::try_from(nulls).ok());
            ColumnStatistics {
                null_count: nulls.map_or(Precision::Absent, Precision::Exact),
                min_value: Precision::Exact(ScalarValue::Int64(Some(min))),
                max_value: Precision::Exact(ScalarValue::Int64(Some(max))),
                ..ColumnStatistics::new_unknown()
            }
        });
        Statistics {
            num_rows: Precision::Exact(self.rows()),
            total_byte_size: Precision::Inexact(usize::try_from(size_bytes).unwrap_or(usize::MAX)),
            column_statistics: column_statistics.collect(),
        }
    }
}
