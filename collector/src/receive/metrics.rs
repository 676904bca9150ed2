//! What the servers count, and how far they have come.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use pennyspan_schema::Counter;

use super::receipt::Receipt;
use crate::decode::{Decoded, Reason};
use crate::request::RequestKind;

/// One count per kind of request.
#[derive(Debug, Default)]
pub(super) struct PerKind([AtomicU64; RequestKind::ALL.len()]);

/// One count per two words.
type PerWord<K> = Mutex<BTreeMap<K, u64>>;

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
    /// Items of accepted requests that were rejected, by reason.
    rejected: PerWord<(&'static str, Reason)>,
    /// Requests that were refused, by reason.
    refused: PerWord<&'static str>,
}

impl PerKind {
    /// Counts `count` more.
    pub(super) fn add(&self, kind: RequestKind, count: u64) {
        let place = RequestKind::ALL.iter().position(|other| *other == kind);
        if let Some(counter) = place.and_then(|place| self.0.get(place)) {
            counter.fetch_add(count, Ordering::Relaxed);
        }
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
        for ((_, reason), count) in decoded.rejections.counts() {
            add(&self.rejected, (kind.name(), *reason), *count as u64);
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
        ];
        let mut counters: Vec<_> = per_kind
            .into_iter()
            .flat_map(|(counts, name)| counts.counters(name))
            .collect();
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
