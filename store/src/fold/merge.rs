//! An attempt's facts become one row, column by column, as each column's declaration says.

use pennyspan_schema::tables::invocation_facts::Reader;
use pennyspan_schema::tables::invocations::{self, Row};
use pennyspan_schema::{Source, TriggerType, attempt_columns};

use super::attempts::{Attempt, Members};
use super::fact::after;

mod outcome;

/// The kind of the fact that a delivery line states.
const DELIVERY: &str = "delivery";

/// Declares the merge of each column that fact and invocation share.
macro_rules! merge {
    ($(
        $(#[$doc:meta])* $name:ident: $type:ident { unit: $unit:expr, nullable: $why:literal, merge: $merge:ident, source: $source:literal },
    )*) => {
        /// Returns `rest` with every column merged that its facts share with the row.
        fn merge_columns<'a>(members: Members<'a>, rest: Row<'a>) -> Row<'a> {
            Row { $($name: merge!(@$merge members, $name),)* ..rest }
        }
    };
    (@First $members:ident, $name:ident) => { $members.first(Reader::$name) };
    (@Min $members:ident, $name:ident) => { $members.iter().filter_map(|(reader, row)| reader.$name(row)).min() };
    (@Max $members:ident, $name:ident) => { $members.iter().filter_map(|(reader, row)| reader.$name(row)).max() };
    (@Any $members:ident, $name:ident) => { $members.iter().filter_map(|(reader, row)| reader.$name(row)).max() };
}

attempt_columns! { merge {} {} }

/// Returns the row of an attempt.
pub(super) fn merge<'a>(attempt: &Attempt, members: Members<'a>) -> Row<'a> {
    let key = members.key();
    let evidence = |source: Source| {
        members
            .iter()
            .any(|(reader, row)| reader.source(row) == source.as_str())
    };
    let rest = Row {
        provider: key.provider,
        key_scope: key.scope,
        invocation_id: key.invocation_id,
        start_unix_nano: attempt.start,
        sample_weight_milli: weight_milli(members),
        evidence_platform: evidence(Source::Platform),
        evidence_insights: evidence(Source::Insights),
        evidence_record: evidence(Source::Record),
        evidence_span: evidence(Source::Span),
        evidence_log: evidence(Source::Log),
        fact_count: i64::try_from(members.len()).unwrap_or(i64::MAX),
        function_conflict: names_two_functions(members),
        service_version: members.first(Reader::service_version),
        ..Row::default()
    };
    let mut row = merge_columns(members, rest);
    believe_payload(members, &mut row);
    row.error_fingerprint = told_fingerprint(members).or(row.error_fingerprint);
    let computed = || row.duration_us.map(|us| after(attempt.start, us));
    row.end_unix_nano = stated_end(attempt.start, members).or_else(computed);
    row.post_runtime_us = row
        .duration_us
        .zip(row.runtime_us)
        .and_then(|(all, handler)| all.checked_sub(handler))
        .filter(|us| *us >= 0);
    row.billed_mib_ms = row
        .memory_size_mib
        .zip(row.billed_duration_ms)
        .and_then(|(mib, ms)| mib.checked_mul(ms));
    row.outcome = Some(outcome::outcome(members, &row).as_str());
    row.trigger_lag_us = lag_us(&row, attempt.retried);
    row
}

/// Takes the trigger from the delivery line where there is one: it is written from the event's payload, which names exactly what
/// a span's attributes only hint at. A function on a table's stream says `datasource`, one on a bus `pubsub`.
fn believe_payload<'a>(members: Members<'a>, row: &mut Row<'a>) {
    let delivery = |reader: &Reader, at| reader.fact_kind(at) == DELIVERY;
    let text = |column: fn(&'a Reader, usize) -> Option<&'a str>| {
        members.first(|reader, at| column(reader, at).filter(|_| delivery(reader, at)))
    };
    row.trigger_type = text(Reader::trigger_type).or(row.trigger_type);
    row.trigger_source = text(Reader::trigger_source).or(row.trigger_source);
    row.trigger_partition = text(Reader::trigger_partition).or(row.trigger_partition);
    let batch_size = members.first(|reader, at| reader.batch_size_count(at).filter(|_| delivery(reader, at)));
    row.batch_size_count = batch_size.or(row.batch_size_count);
}

/// Returns the fingerprint of the best source that also tells the error's message; a platform record knows the type alone, and
/// would throw all errors of one type together.
fn told_fingerprint(members: Members<'_>) -> Option<&str> {
    members.first(|reader, at| reader.error_message(at).and_then(|_| reader.error_fingerprint(at)))
}

/// Returns the latest end that a fact states. An end before the start, which clocks that lie apart can give, is no end.
pub(super) fn stated_end(start: i64, members: Members<'_>) -> Option<i64> {
    let stated = members.iter().filter_map(|(reader, row)| {
        let took = reader.duration_us(row).or(reader.runtime_us(row));
        reader.end_unix_nano(row).or(reader
            .start_hint_unix_nano(row)
            .zip(took)
            .map(|(hint, us)| after(hint, us)))
    });
    stated.filter(|end| *end >= start).max()
}

/// Returns what the attempt stands for: itself where a source speaks that sees every attempt, else what its span was sampled at.
fn weight_milli(members: Members<'_>) -> i64 {
    const ONE: i64 = 1000;
    let source = |reader: &Reader, row| Source::from_word(reader.source(row));
    let vouched = |(reader, row)| {
        matches!(
            source(reader, row),
            Some(Source::Platform | Source::Insights | Source::Record)
        )
    };
    if members.iter().any(vouched) {
        return ONE;
    }
    members
        .first(|reader, row| (source(reader, row) == Some(Source::Span)).then(|| reader.sample_weight_milli(row)))
        .unwrap_or(ONE)
}

fn names_two_functions(members: Members<'_>) -> bool {
    let mut named = members.iter().filter_map(|(reader, row)| reader.function(row));
    named.next().is_some_and(|first| named.any(|other| other != first))
}

/// Returns how long what started a first attempt had waited.
///
/// A later attempt of the key, and a message that was received before, have an age and no lag. Where a queue does not say how
/// often it delivered, and where Pub/Sub counts no deliveries, it is not known to be the first. A timer's lag counts from the
/// scheduled time. What the start contains of an init stays in.
fn lag_us(row: &Row<'_>, retried: bool) -> Option<i64> {
    let trigger = row.trigger_type.and_then(TriggerType::from_word);
    let counts = trigger == Some(TriggerType::Queue) || (trigger == Some(TriggerType::Topic) && row.provider == "gcp");
    let first = row.receive_max_count.map_or(!counts, |count| count <= 1);
    if retried || !first || row.attempt_reported.is_some_and(|attempt| attempt > 1) {
        return None;
    }
    let timer = (trigger == Some(TriggerType::Timer))
        .then_some(row.scheduled_unix_nano)
        .flatten();
    let since = timer.or(row.enqueued_min_unix_nano)?;
    Some(half_even_us(row.start_unix_nano.checked_sub(since)?))
}

/// Returns nanoseconds as microseconds, rounded half to even.
pub(super) fn half_even_us(nanos: i64) -> i64 {
    let (whole, rest) = (nanos.div_euclid(1000), nanos.rem_euclid(1000));
    whole + i64::from(rest > 500 || (rest == 500 && whole % 2 != 0))
}

/// Returns whether it was a cold start, as far as the attempt itself tells: an init or restore was reported, or the sender says.
pub(super) fn cold_start(reader: &invocations::Reader, row: usize) -> Option<bool> {
    let initialized = reader.init_duration_us(row).is_some() || reader.restore_duration_us(row).is_some();
    if initialized {
        Some(true)
    } else {
        reader.cold_start_reported(row)
    }
}

#[cfg(test)]
mod tests;
