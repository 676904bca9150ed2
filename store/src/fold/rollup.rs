//! The rollups: attempts by minute, and minutes by hour and day.

use arrow::array::RecordBatch;
use pennyspan_schema::tables::invocations::Reader;
use pennyspan_schema::tables::rollup_minute::{self, Builder, Row};
use pennyspan_schema::{Histogram, HistogramRef, Outcome, Period, Slice, Table};

use super::FoldError;
use super::merge::cold_start;
use super::minutes::{BATCH_ROWS, each_group, each_sum, open};

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

/// Adds rows of `rollup_minute` or `rollup_hour` up by period; equal groups of one period become one row of the period's table.
///
/// Rows may come in any order; the sums come out sorted by (function, time).
///
/// # Errors
/// [`FoldError`] where a batch is not one of a rollup.
pub fn add_up(rollups: &[RecordBatch], period: Period) -> Result<Vec<RecordBatch>, FoldError> {
    let rollups = rollups.iter().map(|batch| labelled(batch, Table::RollupMinute));
    let readers = rollups
        .map(|batch| Ok(rollup_minute::Reader::new(&batch?)?))
        .collect::<Result<Vec<_>, FoldError>>()?;
    let (mut builder, mut batches) = (Builder::default(), Vec::new());
    each_sum(
        readers.iter().map(|reader| (reader, reader.len())),
        |reader, row| {
            let start = period.start_of(reader.minute_unix_nano(row));
            (reader.function(row), start, Group::of_rollup(reader, row))
        },
        Sums::add_rollup,
        |(_, start, group), sums: &Sums| {
            sums.append(Slice::of(*start), group, &mut builder);
            if builder.len() >= BATCH_ROWS {
                batches.push(builder.finish());
            }
        },
    );
    if !builder.is_empty() {
        batches.push(builder.finish());
    }
    batches.iter().map(|batch| labelled(batch, table_of(period))).collect()
}

/// Returns the table that adds up by a period.
#[must_use]
pub fn table_of(period: Period) -> Table {
    match period {
        Period::Minute => Table::RollupMinute,
        Period::Hour => Table::RollupHour,
        Period::Day => Table::RollupDay,
    }
}

/// Returns rows of one rollup as those of another: they differ by the name of their time alone.
fn labelled(batch: &RecordBatch, table: Table) -> Result<RecordBatch, FoldError> {
    RecordBatch::try_new(table.schema(), batch.columns().to_vec())
        .map_err(|_| FoldError::Layout { table: table.name() })
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

    fn of_rollup(reader: &'a rollup_minute::Reader, row: usize) -> Self {
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
            outcome: reader.outcome(row),
            cold_start: reader.cold_start(row),
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

    fn add_sum(&mut self, sum: i64, (min, max): (Option<i64>, Option<i64>), histogram: HistogramRef<'_>) {
        self.sum = self.sum.saturating_add(sum);
        self.min = self.min.into_iter().chain(min).min();
        self.max = self.max.max(max);
        self.histogram.merge(histogram);
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

    fn add_rollup(&mut self, reader: &rollup_minute::Reader, row: usize) {
        let sum = |sum: i64, more: i64| sum.saturating_add(more);
        self.attempts = sum(self.attempts, reader.attempt_count(row));
        self.weight_milli = sum(self.weight_milli, reader.weight_milli(row));
        let durations = (reader.duration_min_us(row), reader.duration_max_us(row));
        self.duration
            .add_sum(reader.duration_us(row), durations, reader.duration_hist(row));
        let longest = (None, reader.init_max_us(row));
        self.init
            .add_sum(reader.init_duration_us(row), longest, reader.init_hist(row));
        self.restore
            .add_sum(reader.restore_duration_us(row), (None, None), reader.restore_hist(row));
        self.lag.merge(reader.lag_hist(row));
        self.cpu_time_us = sum(self.cpu_time_us, reader.cpu_time_us(row));
        self.billed_duration_ms = sum(self.billed_duration_ms, reader.billed_duration_ms(row));
        self.billed_mib_ms = sum(self.billed_mib_ms, reader.billed_mib_ms(row));
        self.max_memory_used_mib = self.max_memory_used_mib.max(reader.max_memory_used_mib(row));
        self.without_billed = sum(self.without_billed, reader.without_billed_count(row));
        self.without_memory = sum(self.without_memory, reader.without_memory_count(row));
        self.without_region = sum(self.without_region, reader.without_region_count(row));
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
