//! Trigger lag: from the event to the start of its first attempt. A redelivered event has an age, not a lag.

use pennyspan_schema::TriggerType;
use pennyspan_schema::tables::invocations::Row;

use crate::neighbours::configurations::{Configurations, Subject};
use crate::neighbours::producers::Sent;

/// Settings by which a source waits on purpose, in milliseconds.
const WAITS_MS: [&str; 2] = ["batch_window_ms", "delay_ms"];
/// The same, in seconds.
const WAITS_S: [&str; 2] = ["batch_window_s", "delay_seconds"];

/// Nanoseconds in a second.
const SECOND_NANOS: i64 = 1_000_000_000;
/// Microseconds in a second.
const SECOND_US: i64 = 1_000_000;

/// Returns the event's age at the start, in microseconds; an event of the future has the age 0.
pub(super) fn age_us(row: &Row<'_>, linked: Option<Sent>) -> Option<i64> {
    let timer = trigger(row) == Some(TriggerType::Timer);
    let event_unix_nano = if timer {
        row.scheduled_unix_nano.or(row.enqueued_min_unix_nano)
    } else {
        row.enqueued_min_unix_nano.or(row.scheduled_unix_nano)
    };
    let event_unix_nano = event_unix_nano.or(linked.map(|sent| sent.unix_nano))?;
    Some(row.start_unix_nano.saturating_sub(event_unix_nano).max(0) / 1_000)
}

/// The lag of a first attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lag {
    /// What is shown, in microseconds, as precisely as its source knows it.
    pub(super) us: Option<i64>,
    /// Whether clocks still showed it below zero, which is shown as zero.
    pub(super) below_zero: bool,
}

/// Returns the lag of a first attempt.
///
/// Fold knows whether the attempt's own facts speak of a first one; a message that was tried before by another attempt,
/// only neighbours know. What the source waits on purpose is no lag, and of a request's time before the start init and
/// restore are not the trigger's. Where only a link to the sender's span tells of the message, the first attempt is the first one
/// that links it.
pub(super) fn of_first_attempt(
    row: &Row<'_>,
    function: Option<&str>,
    tried_before: bool,
    linked: Option<Sent>,
    settings: &Configurations,
) -> Option<Lag> {
    let linked_us = || {
        let sent = by_link(row, linked)?;
        Some(row.start_unix_nano.checked_sub(sent.unix_nano)?.div_euclid(1_000))
    };
    let lag_us = row.trigger_lag_us.or_else(linked_us).filter(|_| !tried_before)?;
    let own_us = match trigger(row) {
        Some(TriggerType::Http) => row
            .init_duration_us
            .unwrap_or(0)
            .saturating_add(row.restore_duration_us.unwrap_or(0)),
        _ => waits_us(row, function, settings),
    };
    Some(Lag {
        us: precise_us(row, lag_us.saturating_sub(own_us).max(0)),
        below_zero: lag_us < 0,
    })
}

/// Returns by how much the lag was raised because clocks disagree, in microseconds; none where no sender's clock is in it.
pub(super) fn correction_us(row: &Row<'_>, linked: Option<Sent>) -> Option<i64> {
    let sent = by_link(row, linked.filter(|_| row.trigger_lag_us.is_none()))?;
    Some(sent.correction_nanos / 1_000).filter(|us| *us != 0)
}

/// Returns what links say of an attempt that is the first one by them, where nothing else tells when its event was.
fn by_link(row: &Row<'_>, linked: Option<Sent>) -> Option<Sent> {
    linked.filter(|sent| sent.first && row.scheduled_unix_nano.is_none())
}

/// Returns a lag as precisely as its source knows it.
///
/// A bus names its time to the second: a shorter lag is a second at most. A table's stream, which unlike others names no
/// partition, names it to a second more or less, so that nothing is said below two.
fn precise_us(row: &Row<'_>, lag_us: i64) -> Option<i64> {
    let whole_second = row.enqueued_min_unix_nano.is_some_and(|at| at % SECOND_NANOS == 0);
    match trigger(row).filter(|_| whole_second) {
        Some(TriggerType::Bus) => Some(lag_us.max(SECOND_US)),
        Some(TriggerType::Stream) if row.trigger_partition.is_none() => {
            Some(lag_us).filter(|lag_us| *lag_us >= 2 * SECOND_US)
        }
        _ => Some(lag_us),
    }
}

fn trigger(row: &Row<'_>) -> Option<TriggerType> {
    row.trigger_type.and_then(TriggerType::from_word)
}

/// Returns how long the source waits on purpose, as far as settings of the function or the source say.
fn waits_us(row: &Row<'_>, function: Option<&str>, settings: &Configurations) -> i64 {
    let of = |resource: Option<&str>, key: &str| {
        let subject = Subject {
            provider: row.provider,
            account: row.account,
            region: row.region,
            resource: resource?,
        };
        settings.number(subject, key, row.start_unix_nano)
    };
    let either = |key: &str| {
        of(row.trigger_source, key)
            .or_else(|| of(function, key))
            .unwrap_or(0)
            .max(0)
    };
    let milliseconds: i64 = WAITS_MS.iter().map(|key| either(key)).fold(0, i64::saturating_add);
    let seconds: i64 = WAITS_S.iter().map(|key| either(key)).fold(0, i64::saturating_add);
    milliseconds
        .saturating_mul(1_000)
        .saturating_add(seconds.saturating_mul(1_000_000))
}
