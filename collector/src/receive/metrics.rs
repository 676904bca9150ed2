//! What the servers count, and how far they have come.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::Int64Type;
use pennyspan_schema::{Counter, Rows, Table};

use super::receipt::Receipt;
use crate::decode::{Decoded, Reason};
use crate::request::RequestKind;

const NANOS_PER_MICRO: u64 = 1_000;

/// One count per kind of request.
#[derive(Debug, Default)]
pub(super) struct PerKind([AtomicU64; RequestKind::ALL.len()]);

/// One count per two words.
type PerWord<K> = Mutex<BTreeMap<K, u64>>;

/// A part of a request's way that computes and does not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Decompressing the body.
    Decompress,
    /// Computing the request's identity.
    Digest,
    /// Decoding the body into rows.
    Decode,
    /// Making rows visible.
    Publish,
}

/// How long requests took in each part, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Parts([AtomicU64; 4]);

impl Parts {
    const WORDS: [&str; 4] = ["decompress", "digest", "decode", "publish"];

    /// Does work, and notes how long it took.
    pub(super) fn time<R>(&self, part: Part, work: impl FnOnce() -> R) -> R {
        let begun = Instant::now();
        let done = work();
        let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0[part as usize].fetch_add(nanos, Ordering::Relaxed);
        done
    }

    /// The counters of the parts.
    pub(super) fn counters(&self) -> impl Iterator<Item = Counter> {
        self.0.iter().zip(Self::WORDS).map(|(nanos, part)| Counter {
            name: "request_part_nanos_total",
            labels: BTreeMap::from([("part", part.to_owned())]),
            value: nanos.load(Ordering::Relaxed),
        })
    }
}

/// What the servers count since they started.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    /// Requests whose body was read whole.
    pub(super) requests: PerKind,
    /// Bytes of their bodies, as received.
    pub(super) request_bytes: PerKind,
    /// Items of accepted requests that were accepted.
    accepted: PerKind,
    /// Attributes of accepted items that were left out.
    attributes_dropped: PerKind,
    /// Copies of earlier requests, answered as those were.
    pub(super) duplicates: PerKind,
    /// Items of shapes that nobody knows, which are kept as they came.
    kept_raw: PerKind,
    /// When the newest request came that was made durable, in nanoseconds since 1970.
    last_received: PerKind,
    /// The time of the newest event of all, in nanoseconds since 1970.
    newest_event: PerKind,
    /// How long the newest event of the newest request was on its way, in microseconds.
    lag_us: PerKind,
    /// Items of accepted requests that were rejected, by reason.
    rejected: PerWord<(&'static str, Reason)>,
    /// Requests that were refused, by reason.
    refused: PerWord<&'static str>,
    /// How long requests took, part by part.
    pub(super) parts: Parts,
}

impl PerKind {
    /// Counts `count` more.
    pub(super) fn add(&self, kind: RequestKind, count: u64) {
        let place = RequestKind::ALL.iter().position(|other| *other == kind);
        if let Some(counter) = place.and_then(|place| self.0.get(place)) {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }

    fn set(&self, kind: RequestKind, value: u64, how: fn(&AtomicU64, u64)) {
        let place = RequestKind::ALL.iter().position(|other| *other == kind);
        if let Some(counter) = place.and_then(|place| self.0.get(place)) {
            how(counter, value);
        }
    }

    /// The counters of kinds that have been counted; those of which there is nothing to say yet are left out.
    fn known(&self, name: &'static str) -> impl Iterator<Item = Counter> {
        self.counters(name).filter(|counter| counter.value > 0)
    }

    fn counters(&self, name: &'static str) -> impl Iterator<Item = Counter> {
        self.0.iter().zip(RequestKind::ALL).map(move |(counter, kind)| Counter {
            name,
            labels: BTreeMap::from([("source", kind.name().to_owned())]),
            value: counter.load(Ordering::Relaxed),
        })
    }
}

impl Metrics {
    /// Counts what an accepted request brought.
    pub(super) fn accept(&self, kind: RequestKind, decoded: &Decoded, receipt: &Receipt) {
        self.accepted.add(kind, receipt.accepted);
        self.attributes_dropped.add(kind, decoded.attributes_dropped as u64);
        self.kept_raw.add(kind, decoded.kept_raw as u64);
        for ((_, reason), count) in decoded.rejections.counts() {
            add(&self.rejected, (kind.name(), *reason), *count as u64);
        }
    }

    /// Takes note of when a durable request came, and how new the newest of its events was then.
    pub(super) fn note_time(&self, kind: RequestKind, received_unix_nano: i64, newest_event_unix_nano: Option<i64>) {
        let unsigned = |nanos: i64| u64::try_from(nanos).unwrap_or(0);
        let latest: fn(&AtomicU64, u64) = |counter, value| {
            counter.fetch_max(value, Ordering::Relaxed);
        };
        self.last_received.set(kind, unsigned(received_unix_nano), latest);
        if let Some(newest) = newest_event_unix_nano {
            self.newest_event.set(kind, unsigned(newest), latest);
            let lag_us = unsigned(received_unix_nano.saturating_sub(newest)) / NANOS_PER_MICRO;
            // A request that is not late says so too.
            self.lag_us.set(kind, lag_us.max(1), |counter, value| {
                counter.store(value, Ordering::Relaxed);
            });
        }
    }

    /// Counts a refused request.
    pub(super) fn refuse(&self, reason: &'static str) {
        add(&self.refused, reason, 1);
    }

    /// Every counter.
    pub(super) fn counters(&self) -> Vec<Counter> {
        let per_kind = [
            (&self.requests, "requests_total"),
            (&self.request_bytes, "request_bytes_total"),
            (&self.accepted, "items_accepted_total"),
            (&self.attributes_dropped, "attributes_dropped_total"),
            (&self.duplicates, "requests_duplicate_total"),
            (&self.kept_raw, "items_kept_raw_total"),
        ];
        let mut counters: Vec<_> = per_kind
            .into_iter()
            .flat_map(|(counts, name)| counts.counters(name))
            .collect();
        counters.extend(self.last_received.known("last_received_unix_nano"));
        counters.extend(self.newest_event.known("newest_event_unix_nano"));
        counters.extend(self.lag_us.known("lag_us"));
        let rejected = lock(&self.rejected);
        counters.extend(rejected.iter().map(|((source, reason), value)| Counter {
            name: "items_rejected_total",
            labels: BTreeMap::from([("reason", reason.as_str().to_owned()), ("source", (*source).to_owned())]),
            value: *value,
        }));
        let refused = lock(&self.refused);
        counters.extend(refused.iter().map(|(reason, value)| Counter {
            name: "requests_refused_total",
            labels: BTreeMap::from([("reason", (*reason).to_owned())]),
            value: *value,
        }));
        counters
    }
}

/// The time of the newest event among rows.
pub(super) fn newest_event_unix_nano(rows: &Rows) -> Option<i64> {
    let newest = |(table, batch): (Table, &RecordBatch)| {
        let name = match table {
            Table::Spans => "start_unix_nano",
            Table::Logs | Table::MetricPoints => "time_unix_nano",
            Table::InvocationFacts | Table::EnvironmentFacts | Table::Deliveries | Table::WorkflowSteps => {
                "fact_unix_nano"
            }
            Table::Configurations => "observed_unix_nano",
            Table::Deployments => "deployed_unix_nano",
            _ => return None,
        };
        let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        arrow::compute::max(column)
    };
    rows.iter().filter_map(newest).max()
}

fn add<K: Ord>(counts: &PerWord<K>, key: K, count: u64) {
    *lock(counts).entry(key).or_default() += count;
}

fn lock<K>(counts: &PerWord<K>) -> std::sync::MutexGuard<'_, BTreeMap<K, u64>> {
    // No code panics while it holds the lock, so a poisoned one still holds a whole map.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{PerKind, RequestKind};

    #[test]
    fn every_kind_is_counted_apart() {
        let counts = PerKind::default();
        for (kind, count) in RequestKind::ALL.iter().zip(1..) {
            counts.add(*kind, count);
        }
        let values: Vec<_> = counts.counters("some").map(|counter| counter.value).collect();
        assert_eq!(values, (1..=RequestKind::ALL.len() as u64).collect::<Vec<_>>());
    }
}
