//! Rows of one batch that say the same, kept once.
//!
//! What has an identity is merged by it: spans by trace, id, kind and start; facts, deliveries and statements by their content;
//! log records by the id that their platform or file gave them; metric points of files by all they say. Log records and metric
//! points from the network have none, and every one of them stays. The time of receipt is never part of an identity.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;
use pennyspan_schema::Table;
use pennyspan_schema::column::Digest;
use pennyspan_schema::tables::{
    ReadError, configurations, deliveries, deployments, environment_facts, invocation_facts, logs, metric_points,
    spans, workflow_steps,
};

use crate::fold::span_preference;

/// Keeps one of the rows that say the same, in the order in which they stand.
///
/// Which one stays depends on the rows alone: the one that a fold would take, and of those the one received first.
pub(super) fn distinct(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let kept = kept(table, rows).map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
    match kept {
        Some(kept) if kept.contains(&false) => filter_record_batch(rows, &BooleanArray::from(kept)),
        _ => Ok(rows.clone()),
    }
}

/// Keeps the rows of a table by the digest of all their values but the time of receipt.
macro_rules! by_content {
    ($table:ident, $rows:expr, $has_identity:expr) => {{
        let reader = $table::Reader::new($rows)?;
        let content = |row| {
            let row = $table::Row {
                received_unix_nano: None,
                ..reader.row(row)
            };
            let mut digest = Digest::default();
            row.feed(&mut digest);
            digest.finish()
        };
        let key = |row| $has_identity(&reader, row).then(|| content(row));
        one_of_each(reader.len(), key, |row| reader.received_unix_nano(row))
    }};
}

/// Keeps the rows of a table by the hash of their content that they carry.
macro_rules! by_content_hash {
    ($table:ident, $rows:expr) => {{
        let reader = $table::Reader::new($rows)?;
        let key = |row| Some(reader.content_hash(row));
        one_of_each(reader.len(), key, |row| reader.received_unix_nano(row))
    }};
}

/// Returns which rows stay; `None` where the table's rows are one of a kind by the way they are made.
fn kept(table: Table, rows: &RecordBatch) -> Result<Option<Vec<bool>>, ReadError> {
    let kept = match table {
        Table::Spans => spans_kept(&spans::Reader::new(rows)?),
        Table::Logs => log_records_kept(&logs::Reader::new(rows)?),
        Table::MetricPoints => by_content!(metric_points, rows, |reader: &metric_points::Reader, row| {
            reader.received_unix_nano(row).is_none()
        }),
        Table::InvocationFacts => by_content_hash!(invocation_facts, rows),
        Table::Deliveries => by_content_hash!(deliveries, rows),
        Table::EnvironmentFacts => by_content_hash!(environment_facts, rows),
        Table::Configurations => by_content!(configurations, rows, |_: &_, _| true),
        Table::Deployments => by_content!(deployments, rows, |_: &_, _| true),
        Table::WorkflowSteps => by_content!(workflow_steps, rows, |_: &_, _| true),
        Table::Invocations
        | Table::InvocationCalls
        | Table::RollupMinute
        | Table::RollupHour
        | Table::RollupDay
        | Table::InstanceMinutes => return Ok(None),
    };
    Ok(Some(kept))
}

fn spans_kept(spans: &spans::Reader) -> Vec<bool> {
    let key = |row| {
        let (trace, id) = (spans.trace_id(row), spans.span_id(row));
        Some((trace, id, spans.kind(row), spans.start_unix_nano(row)))
    };
    let preference = |row| (span_preference(spans, row), spans.received_unix_nano(row));
    one_of_each(spans.len(), key, preference)
}

fn log_records_kept(logs: &logs::Reader) -> Vec<bool> {
    let key = |row| {
        let stream = (
            logs.account(row),
            logs.region(row),
            logs.function(row),
            logs.instance_id(row),
        );
        logs.record_id(row).map(|id| (id, logs.time_unix_nano(row), stream))
    };
    one_of_each(logs.len(), key, |row| logs.received_unix_nano(row))
}

/// Keeps of the rows with one key the one with the smallest preference, the earlier where two have the same; and all without.
fn one_of_each<K: Eq + Hash, P: Ord>(
    count: usize,
    key: impl Fn(usize) -> Option<K>,
    preference: impl Fn(usize) -> P,
) -> Vec<bool> {
    let (mut kept, mut by_key) = (vec![true; count], HashMap::with_capacity(count));
    for row in 0..count {
        let Some(key) = key(row) else { continue };
        match by_key.entry(key) {
            Entry::Vacant(place) => {
                place.insert(row);
            }
            Entry::Occupied(mut place) => {
                let mut left_out = row;
                if preference(row) < preference(*place.get()) {
                    left_out = place.insert(row);
                }
                kept[left_out] = false;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests;
