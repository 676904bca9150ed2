//! `by_function`: attempts of the window by function, version and alias.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use pennyspan_schema::window::MINUTE_NANOS;
use pennyspan_schema::{Histogram, InitType, Outcome, Window};

use super::attempt::Row;
use super::sightings::Sightings;
use super::tally::{Sum, larger, recorded, smaller};
use super::views::ByFunction;
use crate::analysis::bounded::Weighed;
use crate::grouped::Grouped;

/// How long spans may take to arrive, in nanoseconds.
const SPANS_ARRIVE_NANOS: i64 = 15 * MINUTE_NANOS;
/// Timeouts of one duration that tell the limit.
const LIMIT_TIMEOUTS: i64 = 3;

/// Groups by function, version and alias.
#[derive(Debug, Default)]
pub(crate) struct Functions(Grouped<6, Function>);

/// One kind of end: how many, and what they were billed.
#[derive(Debug, Default)]
struct Ends {
    count: Weighed,
    billed: Sum,
}

/// Sampled invocations, and those of them without a span.
#[derive(Debug, Default)]
struct Spanned {
    all: i64,
    dark: i64,
}

/// What a group adds up to.
#[derive(Debug, Default)]
struct Function {
    service: Option<String>,
    environment: Option<String>,
    memory_size_mib: Option<i64>,
    max_memory_used_mib: Option<i64>,
    timeout_ms: Option<(i64, i64)>,
    cut_after_ms: BTreeMap<i64, i64>,
    attempts: i64,
    invocations: Weighed,
    failed: Ends,
    timeouts: Ends,
    out_of_memory: Ends,
    durations: Histogram,
    ok_durations: Histogram,
    cold_starts: i64,
    inits: Initialized,
    on_demand_inits: Initialized,
    waited: Waited,
    sampled: bool,
    ok: Spanned,
    ended_badly: Spanned,
    dark_billed: Sum,
}

/// Initializations with a known duration.
#[derive(Debug, Default)]
struct Initialized {
    count: i64,
    durations: Histogram,
}

/// Invocations that somebody waited for.
#[derive(Debug, Default)]
struct Waited {
    all: i64,
    judged: Weighed,
    cold: Weighed,
    latencies: Histogram,
    warm_latencies: Histogram,
    init_billed: Sum,
}

impl Functions {
    /// Adds one attempt of the window.
    pub(crate) fn add(&mut self, row: &Row<'_>, sightings: &Sightings, window: Window) {
        let [provider, account, region, function] = row.scope();
        let of = self.0.of([provider, account, region, function, row.version, row.alias]);
        of.attempts += 1;
        smaller(&mut of.service, row.service);
        smaller(&mut of.environment, row.environment);
        larger(&mut of.memory_size_mib, row.memory_size_mib);
        larger(
            &mut of.timeout_ms,
            row.timeout_ms.map(|limit| (row.start_unix_nano, limit)),
        );
        if row.outcome().ran() {
            of.add(row, sightings, window);
        }
    }

    /// Returns the view's rows.
    pub(crate) fn rows(self) -> Vec<ByFunction> {
        self.0
            .into_sorted()
            .into_iter()
            .map(|(names, function)| function.row(names))
            .collect()
    }
}

impl Ends {
    fn add(&mut self, row: &Row<'_>) {
        self.count.add(row.sample_weight_milli);
        self.billed.add(row.billed_mib_ms, row.sample_weight_milli);
    }
}

impl Spanned {
    fn add(&mut self, row: &Row<'_>) {
        self.all += 1;
        self.dark += i64::from(!row.evidence_span);
    }
}

impl Initialized {
    fn add(&mut self, init_us: i64, weight_milli: i64) {
        self.count += 1;
        self.durations.record(init_us, weight_milli);
    }
}

impl Waited {
    fn add(&mut self, row: &Row<'_>, early: Option<bool>) {
        self.all += 1;
        let (Some(cold), Some(false)) = (row.cold_start, early) else {
            return;
        };
        let weight = row.sample_weight_milli;
        self.judged.add(weight);
        if let Some(latency_us) = row.latency_us() {
            self.latencies.record(latency_us, weight);
            if !cold {
                self.warm_latencies.record(latency_us, weight);
            }
        }
        if cold {
            self.cold.add(weight);
            self.init_billed.add(init_billed_mib_ms(row), weight);
        }
    }
}

/// Returns what was billed for the init or restore: what exceeds the run's own whole milliseconds.
fn init_billed_mib_ms(row: &Row<'_>) -> Option<i64> {
    let run_ms = row.took_us()?.saturating_add(999) / 1_000;
    let init_ms = row.billed_duration_ms?.saturating_sub(run_ms).max(0);
    Some(init_ms.saturating_mul(row.memory_size_mib?))
}

impl Function {
    fn add(&mut self, row: &Row<'_>, sightings: &Sightings, window: Window) {
        let (outcome, weight) = (row.outcome(), row.sample_weight_milli);
        self.invocations.add(weight);
        larger(&mut self.max_memory_used_mib, row.max_memory_used_mib);
        self.cold_starts += i64::from(row.cold_start == Some(true));
        if let Some(took_us) = row.took_us() {
            self.durations.record(took_us, weight);
            if outcome == Outcome::Ok {
                self.ok_durations.record(took_us, weight);
            }
            if outcome == Outcome::Timeout {
                *self.cut_after_ms.entry(took_us / 1_000).or_default() += 1;
            }
        }
        let ends = [
            (outcome.failed(), &mut self.failed),
            (outcome == Outcome::Timeout, &mut self.timeouts),
            (outcome == Outcome::OutOfMemory, &mut self.out_of_memory),
        ];
        ends.into_iter()
            .filter(|(is, _)| *is)
            .for_each(|(_, ends)| ends.add(row));
        if let Some(init_us) = row.init_duration_us {
            self.inits.add(init_us, weight);
            if row.init_type.is_none_or(|kind| kind == InitType::OnDemand.as_str()) {
                self.on_demand_inits.add(init_us, weight);
            }
        }
        if row.synchronous() {
            self.waited.add(row, sightings.early(row));
        }
        if row.trace_sampled == Some(true)
            && row.start_unix_nano < window.end_unix_nano.saturating_sub(SPANS_ARRIVE_NANOS)
        {
            self.add_sampled(row, outcome);
        }
    }

    fn add_sampled(&mut self, row: &Row<'_>, outcome: Outcome) {
        let spanned = match outcome {
            Outcome::Ok => &mut self.ok,
            ended if ended.failed() => &mut self.ended_badly,
            _ => return,
        };
        self.sampled = true;
        spanned.add(row);
        if !row.evidence_span {
            self.dark_billed.add(row.billed_mib_ms, row.sample_weight_milli);
        }
    }

    /// Returns the limit: as configured last, else the most frequent duration of timeouts.
    fn limit_ms(&self) -> Option<i64> {
        let frequent = self.cut_after_ms.iter().filter(|(_, count)| **count >= LIMIT_TIMEOUTS);
        let cut = frequent
            .max_by_key(|(ms, count)| (**count, Reverse(**ms)))
            .map(|(ms, _)| *ms);
        self.timeout_ms.map(|(_, limit)| limit).or(cut)
    }

    fn row(self, [provider, account, region, function, version, alias]: [Option<String>; 6]) -> ByFunction {
        let timeout_ms = self.limit_ms();
        let waited = (self.waited.all == 0 || self.waited.judged.rows > 0).then_some(self.waited.judged);
        let sampled = |count: i64| self.sampled.then_some(count);
        ByFunction {
            provider,
            account,
            region,
            function,
            service: self.service,
            environment: self.environment,
            version,
            alias,
            memory_size_mib: self.memory_size_mib,
            timeout_ms,
            attempts: Some(self.attempts),
            invocations: Some(self.invocations.rows),
            invocations_milli: Some(self.invocations.milli()),
            n_eff: Some(self.invocations.effective()),
            failed: Some(self.failed.count.rows),
            failed_milli: Some(self.failed.count.milli()),
            failed_billed_mib_ms: self.failed.billed.value(),
            timeouts: Some(self.timeouts.count.rows),
            timeouts_milli: Some(self.timeouts.count.milli()),
            timeouts_billed_mib_ms: self.timeouts.billed.value(),
            out_of_memory: Some(self.out_of_memory.count.rows),
            out_of_memory_milli: Some(self.out_of_memory.count.milli()),
            out_of_memory_billed_mib_ms: self.out_of_memory.billed.value(),
            max_memory_used_mib: self.max_memory_used_mib,
            duration_hist: recorded(self.durations),
            ok_duration_hist: recorded(self.ok_durations),
            cold_starts: Some(self.cold_starts),
            init_count: Some(self.inits.count),
            init_hist: recorded(self.inits.durations),
            on_demand_init_count: Some(self.on_demand_inits.count),
            on_demand_init_hist: recorded(self.on_demand_inits.durations),
            sync_triggered: Some(self.waited.all),
            sync_invocations: waited.map(|count| count.rows),
            sync_invocations_milli: waited.map(Weighed::milli),
            sync_n_eff: waited.map(Weighed::effective),
            sync_cold_starts: waited.map(|_| self.waited.cold.rows),
            sync_cold_starts_milli: waited.map(|_| self.waited.cold.milli()),
            sync_latency_hist: recorded(self.waited.latencies),
            sync_warm_latency_hist: recorded(self.waited.warm_latencies),
            sync_init_billed_mib_ms: self.waited.init_billed.value(),
            sampled_ok: sampled(self.ok.all),
            sampled_ok_dark: sampled(self.ok.dark),
            sampled_failed: sampled(self.ended_badly.all),
            sampled_failed_dark: sampled(self.ended_badly.dark),
            dark_billed_mib_ms: self.dark_billed.value(),
        }
    }
}
