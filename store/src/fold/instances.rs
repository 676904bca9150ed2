//! `instance_minutes`: execution environments by minute.

use arrow::array::RecordBatch;
use pennyspan_schema::tables::instance_minutes::{self, Builder, Row};
use pennyspan_schema::tables::invocations::Reader;
use pennyspan_schema::{Outcome, Slice};

use super::FoldError;
use super::minutes::{BATCH_ROWS, each_group, each_sum, open};

/// Returns the rows of `instance_minutes` over rows of `invocations`, which come sorted by (function, start).
///
/// Only attempts that ran and name their instance are in it.
///
/// # Errors
/// [`FoldError::Read`] where a batch is not one of `invocations`.
pub fn instance_minutes(invocations: &[RecordBatch]) -> Result<Vec<RecordBatch>, FoldError> {
    let readers = open(invocations)?;
    let (mut builder, mut batches) = (Builder::default(), Vec::new());
    each_group(&readers, Instance::of, Life::add, |minute, instance, life| {
        life.append(minute, instance, &mut builder);
        if builder.len() >= BATCH_ROWS {
            batches.push(builder.finish());
        }
    });
    if !builder.is_empty() {
        batches.push(builder.finish());
    }
    Ok(batches)
}

/// Adds rows of `instance_minutes` up: those of one environment and minute become one.
///
/// # Errors
/// [`FoldError::Read`] where a batch is not one of `instance_minutes`.
pub(crate) fn add_up_instances(minutes: &[RecordBatch]) -> Result<Vec<RecordBatch>, FoldError> {
    let readers = minutes
        .iter()
        .map(instance_minutes::Reader::new)
        .collect::<Result<Vec<_>, _>>()?;
    let (mut builder, mut batches) = (Builder::default(), Vec::new());
    each_sum(
        readers.iter().map(|reader| (reader, reader.len())),
        |reader, row| {
            let (minute, instance) = (reader.minute_unix_nano(row), Instance::of_minute(reader, row));
            (instance.function, minute, instance)
        },
        Life::add_minute,
        |(_, minute, instance), life: &Life| {
            life.append(Slice::of(*minute), instance, &mut builder);
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

/// What environments are told apart by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Instance<'a> {
    provider: &'a str,
    account: Option<&'a str>,
    region: Option<&'a str>,
    function: Option<&'a str>,
    version: Option<&'a str>,
    id: &'a str,
}

impl<'a> Instance<'a> {
    fn of(reader: &'a Reader, row: usize) -> Option<Self> {
        if !reader
            .outcome(row)
            .and_then(Outcome::from_word)
            .is_none_or(Outcome::ran)
        {
            return None;
        }
        Some(Self {
            provider: reader.provider(row),
            account: reader.account(row),
            region: reader.region(row),
            function: reader.function(row),
            version: reader.version(row),
            id: reader.instance_id(row)?,
        })
    }

    fn of_minute(reader: &'a instance_minutes::Reader, row: usize) -> Self {
        Self {
            provider: reader.provider(row),
            account: reader.account(row),
            region: reader.region(row),
            function: reader.function(row),
            version: reader.version(row),
            id: reader.instance_id(row),
        }
    }
}

/// What an environment did in one minute.
#[derive(Default)]
struct Life {
    attempts: i64,
    first_start: Option<i64>,
    last_end: Option<i64>,
    init_evident: bool,
}

impl Life {
    fn add(&mut self, reader: &Reader, row: usize) {
        let start = reader.start_unix_nano(row);
        self.attempts += 1;
        self.first_start = Some(self.first_start.map_or(start, |first| first.min(start)));
        self.last_end = self.last_end.max(reader.end_unix_nano(row));
        self.init_evident |= reader.init_duration_us(row).is_some() || reader.restore_duration_us(row).is_some();
    }

    fn add_minute(&mut self, reader: &instance_minutes::Reader, row: usize) {
        let start = reader.first_start_unix_nano(row);
        self.attempts += reader.attempt_count(row);
        self.first_start = Some(self.first_start.map_or(start, |first| first.min(start)));
        self.last_end = self.last_end.max(reader.last_end_unix_nano(row));
        self.init_evident |= reader.init_evident(row);
    }

    fn append(&self, minute: Slice, instance: &Instance<'_>, builder: &mut Builder) {
        builder.append(&Row {
            minute_unix_nano: minute.start_unix_nano(),
            provider: instance.provider,
            account: instance.account,
            region: instance.region,
            function: instance.function,
            version: instance.version,
            instance_id: instance.id,
            attempt_count: self.attempts,
            first_start_unix_nano: self.first_start.unwrap_or(minute.start_unix_nano()),
            last_end_unix_nano: self.last_end,
            init_evident: self.init_evident,
            ..Row::default()
        });
    }
}

#[cfg(test)]
mod tests;
