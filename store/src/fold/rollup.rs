//! `rollup_minute`: attempts by minute.

use arrow::array::RecordBatch;
use pennyspan_schema::tables::invocations::Reader;
use pennyspan_schema::tables::rollup_minute::{Builder, Row};
use pennyspan_schema::{Histogram, Outcome, Slice};

use super::FoldError;
use super::merge::cold_start;
use super::minutes::{BATCH_ROWS, each_group, open};

/// Returns the rows of `rollup_minute` over rows of `invocations`, which come sorted by (function, start).
///
/// Attempts whose time cannot be are left out, as they are out of every window.
///
/// # Errors
/// [`FoldError::Read`] where a batch is not one of `invocations`.
pub fn rollup_minutes(invocations: &[RecordBatch]) -> Result<Vec<RecordBatch>, FoldError> {
    let readers = open(invocations)?;
    let (mut builder, mut batches) = (Builder::default(), Vec::new());
    each_group(
        &readers,
        |reader, row| Some(Group::of(reader, row)),
        Sums::add,
        |minute, group, sums| {
            sums.append(minute, group, &mut builder);
            if builder.len() >= BATCH_ROWS {
                batches.push(builder.finish());
            }
        },
    );
    if !builder.is_empty() {
        batches.push(builder.finish());
    }
    Ok(batches)
}

/// What attempts of one minute are told apart by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group<'a> {
    provider: &'a str,
    account: Option<&'a str>,
    region: Option<&'a str>,
    environment: Option<&'a str>,
    service: Option<&'a str>,
    function: Option<&'a str>,
    version: Option<&'a str>,
    alias: Option<&'a str>,
    architecture: Option<&'a str>,
    memory_size_mib: Option<i64>,
    init_type: Option<&'a str>,
    trigger_type: Option<&'a str>,
    trigger_source: Option<&'a str>,
    outcome: &'a str,
    cold_start: Option<bool>,
}

impl<'a> Group<'a> {
    fn of(reader: &'a Reader, row: usize) -> Self {
        Self {
            provider: reader.provider(row),
            account: reader.account(row),
            region: reader.region(row),
            environment: reader.environment(row),
            service: reader.service(row),
            function: reader.function(row),
            version: reader.version(row),
            alias: reader.alias(row),
            architecture: reader.architecture(row),
            memory_size_mib: reader.memory_size_mib(row),
            init_type: reader.init_type(row),
            trigger_type: reader.trigger_type(row),
            trigger_source: reader.trigger_source(row),
            outcome: reader.outcome(row).unwrap_or(Outcome::Unknown.as_str()),
            cold_start: cold_start(reader, row),
        }
    }
}

/// A sum with its smallest and largest part, and how the parts spread.
#[derive(Default)]
struct Spread {
    sum: i64,
    min: Option<i64>,
    max: Option<i64>,
    histogram: Histogram,
}

impl Spread {
    fn add(&mut self, value: Option<i64>, weight_milli: i64) {
        let Some(value) = value else { return };
        self.sum = self.sum.saturating_add(value);
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = self.max.max(Some(value));
        self.histogram.record(value, weight_milli);
    }
}

/// What is added up over the attempts of one group.
#[derive(Default)]
struct Sums {
    attempts: i64,
    weight_milli: i64,
    duration: Spread,
    init: Spread,
    restore: Spread,
    lag: Histogram,
    cpu_time_us: i64,
    billed_duration_ms: i64,
    billed_mib_ms: i64,
    max_memory_used_mib: Option<i64>,
    without_billed: i64,
    without_memory: i64,
    without_region: i64,
}

impl Sums {
    fn add(&mut self, reader: &Reader, row: usize) {
        let weight = reader.sample_weight_milli(row);
        self.attempts += 1;
        self.weight_milli = self.weight_milli.saturating_add(weight);
        self.duration.add(reader.duration_us(row), weight);
        self.init.add(reader.init_duration_us(row), weight);
        self.restore.add(reader.restore_duration_us(row), weight);
        if let Some(lag) = reader.trigger_lag_us(row) {
            self.lag.record(lag, weight);
        }
        let sum = |sum: i64, value: Option<i64>| sum.saturating_add(value.unwrap_or(0));
        self.cpu_time_us = sum(self.cpu_time_us, reader.cpu_time_us(row));
        self.billed_duration_ms = sum(self.billed_duration_ms, reader.billed_duration_ms(row));
        self.billed_mib_ms = sum(self.billed_mib_ms, reader.billed_mib_ms(row));
        self.max_memory_used_mib = self.max_memory_used_mib.max(reader.max_memory_used_mib(row));
        self.without_billed += i64::from(reader.billed_duration_ms(row).is_none());
        self.without_memory += i64::from(reader.memory_size_mib(row).is_none());
        self.without_region += i64::from(reader.region(row).is_none());
    }

    fn append(&self, minute: Slice, group: &Group<'_>, builder: &mut Builder) {
        builder.append(&Row {
            minute_unix_nano: minute.start_unix_nano(),
            provider: group.provider,
            account: group.account,
            region: group.region,
            environment: group.environment,
            service: group.service,
            function: group.function,
            version: group.version,
            alias: group.alias,
            architecture: group.architecture,
            memory_size_mib: group.memory_size_mib,
            init_type: group.init_type,
            trigger_type: group.trigger_type,
            trigger_source: group.trigger_source,
            outcome: group.outcome,
            cold_start: group.cold_start,
            attempt_count: self.attempts,
            weight_milli: self.weight_milli,
            duration_us: self.duration.sum,
            duration_min_us: self.duration.min,
            duration_max_us: self.duration.max,
            init_duration_us: self.init.sum,
            init_max_us: self.init.max,
            restore_duration_us: self.restore.sum,
            cpu_time_us: self.cpu_time_us,
            billed_duration_ms: self.billed_duration_ms,
            billed_mib_ms: self.billed_mib_ms,
            max_memory_used_mib: self.max_memory_used_mib,
            without_billed_count: self.without_billed,
            without_memory_count: self.without_memory,
            without_region_count: self.without_region,
            duration_hist: self.duration.histogram.borrowed(),
            init_hist: self.init.histogram.borrowed(),
            restore_hist: self.restore.histogram.borrowed(),
            lag_hist: self.lag.borrowed(),
            ..Row::default()
        });
    }
}

#[cfg(test)]
mod tests;
