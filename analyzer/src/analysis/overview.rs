//! Overview: what a page says about a function in one window, without the rest of its month.

use crate::analysis::cold_starts::ColdStartTally;
use crate::analysis::cost::CostTally;
use crate::analysis::counts::Counts;
use crate::analysis::latency::LatencyTally;
use crate::analysis::trigger_lag::LagTally;
use crate::analysis::{Attempt, Tally};

/// What a page says about a function.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Attempts and how they ended.
    pub counts: Counts,
    /// Durations.
    pub latency: LatencyTally,
    /// Cold starts.
    pub cold_starts: ColdStartTally,
    /// Lags.
    pub lag: LagTally,
    /// Quantities and prices.
    pub cost: CostTally,
    /// The highest memory use beside the memory size of the same attempt, in millionths of it.
    pub used_ppm: Option<i64>,
    /// What the newest attempt says about its function.
    pub newest: Newest,
    /// When the first attempt started, in nanoseconds since 1970.
    pub first_unix_nano: Option<i64>,
}

/// What the newest attempt that says it tells about its function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// The version.
    pub version: Said<String>,
    /// The language runtime.
    pub runtime: Said<String>,
    /// The instruction set.
    pub architecture: Said<String>,
    /// What the team calls the service.
    pub service: Said<String>,
    /// Configured memory, in MiB.
    pub memory_mib: Said<i64>,
}

/// A value with the start of the newest attempt that says it; ordered, so that order of reading does not matter.
pub type Said<T> = Option<(i64, T)>;

fn newer<T: Ord>(said: &mut Said<T>, other: Said<T>) {
    if other > *said {
        *said = other;
    }
}

impl Tally for Overview {
    fn add(&mut self, attempt: &Attempt<'_>) {
        let row = &attempt.row;
        self.counts.add(attempt);
        self.latency.add(attempt);
        self.cold_starts.add(attempt);
        self.lag.add(attempt);
        self.cost.add(attempt);
        let used = row.max_memory_used_mib.zip(row.memory_size_mib.filter(|mib| *mib > 0));
        self.used_ppm = self
            .used_ppm
            .max(used.map(|(used, size)| used.saturating_mul(1_000_000) / size));
        let start = row.start_unix_nano;
        self.first_unix_nano = self.first_unix_nano.into_iter().chain(Some(start)).min();
        self.newest.see(start, row);
    }

    fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
        self.latency.merge(other.latency);
        self.cold_starts.merge(other.cold_starts);
        self.lag.merge(other.lag);
        self.cost.merge(other.cost);
        self.used_ppm = self.used_ppm.max(other.used_ppm);
        self.first_unix_nano = self.first_unix_nano.into_iter().chain(other.first_unix_nano).min();
        self.newest.merge(other.newest);
    }
}

impl Newest {
    fn see(&mut self, start: i64, row: &crate::attempts::Row<'_>) {
        let text = |said: &mut Said<String>, value: Option<&str>| {
            let known = said.as_ref().map(|(at, known)| (*at, known.as_str()));
            if let Some(value) = value.filter(|value| Some((start, *value)) > known) {
                *said = Some((start, value.to_owned()));
            }
        };
        text(&mut self.version, row.version);
        text(&mut self.runtime, row.runtime);
        text(&mut self.architecture, row.architecture);
        text(&mut self.service, row.service);
        newer(&mut self.memory_mib, row.memory_size_mib.map(|mib| (start, mib)));
    }

    fn merge(&mut self, other: Self) {
        newer(&mut self.version, other.version);
        newer(&mut self.runtime, other.runtime);
        newer(&mut self.architecture, other.architecture);
        newer(&mut self.service, other.service);
        newer(&mut self.memory_mib, other.memory_mib);
    }
}

/// The attempt of an interval that is most worth looking at: one that failed before one that did not, then the longest.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worst(pub Option<Example>);

/// An attempt with a trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// Whether it failed.
    pub failed: bool,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// When it started, in nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// Its trace, in hex.
    pub trace_id: String,
}

impl Tally for Worst {
    const READS: &'static [&'static str] = &["trace_id"];

    fn add(&mut self, attempt: &Attempt<'_>) {
        let Some((trace_id, duration_us)) = attempt.row.trace_id.zip(attempt.duration_us()) else {
            return;
        };
        let (failed, start_unix_nano) = (attempt.outcome.failed(), attempt.row.start_unix_nano);
        let shown = self.0.as_ref().map(|shown| {
            (
                shown.failed,
                shown.duration_us,
                shown.start_unix_nano,
                shown.trace_id.as_str(),
            )
        });
        if Some((failed, duration_us, start_unix_nano, trace_id)) > shown {
            self.0 = Some(Example {
                failed,
                duration_us,
                start_unix_nano,
                trace_id: trace_id.to_owned(),
            });
        }
    }

    fn merge(&mut self, other: Self) {
        if other > *self {
            *self = other;
        }
    }
}

/// Everything that the charts of a function show, with an example.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    /// The sums.
    pub sums: Overview,
    /// The example.
    pub worst: Worst,
    /// When its attempts ran, half-open, in nanoseconds since 1970.
    pub ran: Vec<(i64, i64)>,
}

impl Tally for Interval {
    const READS: &'static [&'static str] = Worst::READS;

    fn add(&mut self, attempt: &Attempt<'_>) {
        self.sums.add(attempt);
        self.worst.add(attempt);
        let start = attempt.row.start_unix_nano;
        let lasted = attempt
            .duration_us()
            .map(|us| start.saturating_add(us.saturating_mul(1_000)));
        let end = lasted
            .or(attempt.row.end_unix_nano)
            .filter(|end| attempt.outcome.ran() && *end > start);
        self.ran.extend(end.map(|end| (start, end)));
    }

    fn merge(&mut self, other: Self) {
        self.sums.merge(other.sums);
        self.worst.merge(other.worst);
        self.ran.extend(other.ran);
    }
}

/// The init or restore of every cold start, for a distribution.
#[derive(Clone, Debug, Default)]
pub struct Inits {
    /// What of the cold starts is known in sum.
    pub sums: ColdStartTally,
    /// How long each took, in microseconds, with its weight in thousandths.
    pub took_us: Vec<(i64, i64)>,
}

impl Tally for Inits {
    fn add(&mut self, attempt: &Attempt<'_>) {
        self.sums.add(attempt);
        let row = &attempt.row;
        if row.cold_start == Some(true) && attempt.outcome.ran() {
            self.took_us.extend(
                row.init_duration_us
                    .or(row.restore_duration_us)
                    .map(|us| (us, attempt.weight_milli())),
            );
        }
    }

    fn merge(&mut self, other: Self) {
        self.sums.merge(other.sums);
        self.took_us.extend(other.took_us);
    }
}
