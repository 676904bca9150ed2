//! `by_version`: a version's warm invocations beside those of the version before it, at comparable times.
//!
//! Comparable is the time in which both versions ran, or the same hours of day: of the two, the one that holds more
//! invocations on its weaker side. The previous version's side begins a day before the window, since a version that was
//! replaced has no later hours.

use pennyspan_schema::window::MINUTE_NANOS;
use pennyspan_schema::{Histogram, Window};

use super::attempt::Row;
use super::sightings::Sightings;
use super::tally::{larger, recorded, smaller};
use super::views::ByVersion;
use crate::grouped::{Grouped, Names};

/// What does not count after a version's first sight, in nanoseconds.
const FIRST_NANOS: i64 = 15 * MINUTE_NANOS;
/// Hours of a day.
const HOURS: usize = 24;
/// Nanoseconds in an hour.
const HOUR_NANOS: i64 = 60 * MINUTE_NANOS;

/// Groups by function, route, trigger type, alias and the newer version.
#[derive(Debug, Default)]
pub(crate) struct Versions(Grouped<8, Pair>);

/// Two versions side by side.
#[derive(Debug, Default)]
struct Pair {
    service: Option<String>,
    environment: Option<String>,
    previous_version: Option<String>,
    memory_size_mib: Option<i64>,
    newer: Side,
    previous: Side,
}

/// Warm invocations of one version.
#[derive(Debug, Default)]
struct Side {
    together: Durations,
    by_hour: [Durations; HOURS],
}

/// Durations, and how many rows they come from.
#[derive(Clone, Debug, Default)]
struct Durations {
    rows: i64,
    histogram: Histogram,
}

impl Versions {
    /// Adds one attempt that ran, of the window or the day before it.
    pub(crate) fn add(&mut self, row: &Row<'_>, sightings: &Sightings, window: Window) {
        let (Some(version), Some(false), Some(took_us)) = (row.version, row.cold_start, row.took_us()) else {
            return;
        };
        let scope = row.scope();
        let Some(seen) = sightings.version(scope, version) else {
            return;
        };
        if row.start_unix_nano < seen.first.saturating_add(FIRST_NANOS) {
            return;
        }
        if let Some(previous) = sightings.predecessor(scope, version)
            && window.contains(row.start_unix_nano)
        {
            let pair = self.pair(row, version);
            pair.previous_version = Some(previous.to_owned());
            smaller(&mut pair.service, row.service);
            smaller(&mut pair.environment, row.environment);
            larger(&mut pair.memory_size_mib, row.memory_size_mib);
            let together = sightings
                .version(scope, previous)
                .is_some_and(|previous| row.start_unix_nano <= previous.last);
            pair.newer.add(row, took_us, together);
        }
        if let Some(newer) = sightings.successor(scope, version) {
            let first = sightings
                .version(scope, newer)
                .map(|newer| newer.first.saturating_add(FIRST_NANOS));
            let together =
                window.contains(row.start_unix_nano) && first.is_some_and(|first| row.start_unix_nano >= first);
            self.pair(row, newer).previous.add(row, took_us, together);
        }
    }

    fn pair(&mut self, row: &Row<'_>, newer: &str) -> &mut Pair {
        let [provider, account, region, function] = row.scope();
        self.0.of([
            provider,
            account,
            region,
            function,
            row.route,
            row.trigger_type,
            row.alias,
            Some(newer),
        ])
    }

    /// Returns the view's rows.
    pub(crate) fn rows(self) -> Vec<ByVersion> {
        let pairs = self
            .0
            .into_sorted()
            .into_iter()
            .filter(|(_, pair)| pair.previous_version.is_some());
        pairs.map(|(names, pair)| pair.row(names)).collect()
    }
}

impl Side {
    fn add(&mut self, row: &Row<'_>, took_us: i64, together: bool) {
        let weight = row.sample_weight_milli;
        if together {
            self.together.add(took_us, weight);
        }
        let hour = row.start_unix_nano.div_euclid(HOUR_NANOS).rem_euclid(24);
        if let Some(durations) = usize::try_from(hour).ok().and_then(|hour| self.by_hour.get_mut(hour)) {
            durations.add(took_us, weight);
        }
    }
}

impl Durations {
    fn add(&mut self, took_us: i64, weight_milli: i64) {
        self.rows += 1;
        self.histogram.record(took_us, weight_milli);
    }

    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.histogram.merge(other.histogram.borrowed());
    }
}

impl Pair {
    /// Returns both sides at comparable times.
    fn compared(&self) -> (Durations, Durations) {
        let (mut newer, mut previous) = (Durations::default(), Durations::default());
        let hours = self.newer.by_hour.iter().zip(&self.previous.by_hour);
        for (of_newer, of_previous) in hours.filter(|(newer, previous)| newer.rows > 0 && previous.rows > 0) {
            newer.merge(of_newer);
            previous.merge(of_previous);
        }
        let together = self.newer.together.rows.min(self.previous.together.rows);
        if together > 0 && together >= newer.rows.min(previous.rows) {
            return (self.newer.together.clone(), self.previous.together.clone());
        }
        (newer, previous)
    }

    fn row(self, names: Names<8>) -> ByVersion {
        let (newer, previous) = self.compared();
        let [provider, account, region, function, route, trigger_type, alias, version] = names;
        ByVersion {
            provider,
            account,
            region,
            function,
            service: self.service,
            environment: self.environment,
            route,
            trigger_type,
            alias,
            version,
            previous_version: self.previous_version,
            memory_size_mib: self.memory_size_mib,
            invocations: Some(newer.rows),
            previous_invocations: Some(previous.rows),
            duration_hist: recorded(newer.histogram),
            previous_duration_hist: recorded(previous.histogram),
        }
    }
}
