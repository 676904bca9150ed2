//! The tables: one module each, and the list of them.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, SchemaRef};

use crate::column::{Column, Digest};

pub mod configurations;
pub mod deliveries;
pub mod deployments;
pub mod environment_facts;
pub mod instance_minutes;
pub mod invocation_calls;
pub mod invocation_facts;
pub mod invocations;
pub mod logs;
pub mod metric_points;
pub mod rollup_day;
pub mod rollup_hour;
pub mod rollup_minute;
pub mod spans;
pub mod workflow_steps;

/// Lists the tables once.
macro_rules! tables {
    ($($(#[doc = $doc:literal])+ $variant:ident = $module:ident, raw: $raw:literal, time: $time:literal;)+) => {
        /// A table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table { $($(#[doc = $doc])+ $variant,)+ }

        impl Table {
            /// Every table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the name, which is also the directory's.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $module::NAME),+ }
            }

            /// Returns the columns.
            #[must_use]
            pub fn columns(self) -> &'static [Column] {
                match self { $(Self::$variant => $module::COLUMNS),+ }
            }

            /// Returns what one row is.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $module::DOC),+ }
            }

            /// Returns the Arrow schema of hot rows, files and scans alike.
            #[must_use]
            pub fn schema(self) -> SchemaRef {
                match self { $(Self::$variant => $module::schema()),+ }
            }

            /// Returns whether senders fill the table; fold fills the others.
            #[must_use]
            pub fn is_raw(self) -> bool {
                match self { $(Self::$variant => $raw),+ }
            }

            /// Returns the column by which rows are filed and windows are cut.
            #[must_use]
            pub fn time_column(self) -> &'static str {
                match self { $(Self::$variant => $time),+ }
            }

            /// Hands a hash over all values of each row of a batch to `each`.
            ///
            /// # Errors
            /// [`ReadError`] where the batch has not the table's columns.
            pub fn hashes(self, batch: &RecordBatch, mut each: impl FnMut([u8; 16])) -> Result<(), ReadError> {
                match self {
                    $(Self::$variant => for row in $module::Reader::new(batch)?.rows() {
                        let mut digest = Digest::default();
                        row.feed(&mut digest);
                        each(digest.finish());
                    })+
                }
                Ok(())
            }
        }
    };
}

tables! {
    /// OTLP spans.
    Spans = spans, raw: true, time: "start_unix_nano";
    /// Log records.
    Logs = logs, raw: true, time: "time_unix_nano";
    /// Metric data points.
    MetricPoints = metric_points, raw: true, time: "time_unix_nano";
    /// Statements about invocations.
    InvocationFacts = invocation_facts, raw: true, time: "fact_unix_nano";
    /// Messages handed to invocations.
    Deliveries = deliveries, raw: true, time: "fact_unix_nano";
    /// Statements about execution environments.
    EnvironmentFacts = environment_facts, raw: true, time: "fact_unix_nano";
    /// Statements about settings.
    Configurations = configurations, raw: true, time: "observed_unix_nano";
    /// Changes of functions and services.
    Deployments = deployments, raw: true, time: "deployed_unix_nano";
    /// States of workflow executions.
    WorkflowSteps = workflow_steps, raw: true, time: "fact_unix_nano";
    /// Attempts, merged.
    Invocations = invocations, raw: false, time: "start_unix_nano";
    /// Calls of attempts by dependency and operation.
    InvocationCalls = invocation_calls, raw: false, time: "start_unix_nano";
    /// Attempts by minute.
    RollupMinute = rollup_minute, raw: false, time: "minute_unix_nano";
    /// Attempts by hour.
    RollupHour = rollup_hour, raw: false, time: "hour_unix_nano";
    /// Attempts by day.
    RollupDay = rollup_day, raw: false, time: "day_unix_nano";
    /// Execution environments by minute.
    InstanceMinutes = instance_minutes, raw: false, time: "minute_unix_nano";
}

impl Table {
    /// Returns the tables that senders fill.
    pub fn raw() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|table| table.is_raw())
    }

    /// Returns the tables that fold fills.
    pub fn folded() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|table| !table.is_raw())
    }

    /// Returns the table of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.name() == name)
    }
}

/// Why a batch is not one of a table's.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A column that is never null is missing.
    #[error("a batch of `{table}` has no column `{column}`")]
    MissingColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A column has another type.
    #[error("column `{column}` of `{table}` is {found}, expected {expected}")]
    OtherType {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The type found.
        found: DataType,
        /// The type expected.
        expected: DataType,
    },
}

/// Returns a batch's column as its typed array; a nullable one that is missing is all null.
///
/// # Errors
/// [`ReadError`] where a column that is never null is missing, or where it has another type.
pub fn column<A: Array + Clone + 'static>(
    table: &'static str,
    name: &'static str,
    batch: &RecordBatch,
    nullable: bool,
    data_type: fn() -> DataType,
) -> Result<A, ReadError> {
    let array = match batch.column_by_name(name) {
        Some(array) => Arc::clone(array),
        None if nullable => new_null_array(&data_type(), batch.num_rows()),
        None => return Err(ReadError::MissingColumn { table, column: name }),
    };
    array
        .as_any()
        .downcast_ref::<A>()
        .cloned()
        .ok_or_else(|| ReadError::OtherType {
            table,
            column: name,
            found: array.data_type().clone(),
            expected: data_type(),
        })
}

#[cfg(test)]
mod tests;
