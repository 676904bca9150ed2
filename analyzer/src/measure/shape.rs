//! `by_trace_shape`: what invocations with spans call, how long they wait, and how far chains of functions reach.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use pennyspan_schema::tables::invocation_calls::Row as Call;
use pennyspan_schema::{Histogram, TriggerType};

use super::attempt::Row;
use super::tally::{Sum, larger, quantile, smaller};
use super::views::ByTraceShape;
use crate::grouped::{Grouped, Names};

/// What calls of a function are filed under.
const FUNCTION: &str = "function";
/// The longest chain that is counted, so that a circle of functions ends.
const LONGEST_CHAIN: i64 = 16;
/// Microseconds in a millisecond.
const MS_US: i64 = 1_000;

/// The calls of one attempt.
#[derive(Debug, Default)]
struct Calls {
    made: i64,
    longest_run: i64,
    busy_us: i64,
    longest_us: i64,
    operations: BTreeMap<(String, Option<String>), i64>,
    functions: BTreeMap<String, i64>,
}

/// Groups by function, version and alias, and the calls of the attempts that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    calls: HashMap<String, Calls>,
    callees: BTreeMap<String, BTreeSet<String>>,
    chains: BTreeMap<String, i64>,
    groups: Grouped<6, Shape>,
}

/// What a group adds up to.
#[derive(Debug, Default)]
struct Shape {
    service: Option<String>,
    environment: Option<String>,
    memory_size_mib: Option<i64>,
    usd_per_mib_ms: Option<f64>,
    traced: i64,
    calls: Histogram,
    longest_runs: Histogram,
    savings: Histogram,
    depths: Histogram,
    waits: Histogram,
    latencies: Histogram,
    wait_us: i64,
    wait_mib_us: Sum,
    runtime_us: i64,
    operations: BTreeMap<(String, Option<String>), i64>,
    awaited: BTreeMap<String, i64>,
}

impl Shapes {
    /// Takes the calls of one attempt to one operation; `attempt` names the attempt.
    pub(crate) fn take(&mut self, call: &Call<'_>, attempt: &str) {
        let of = match self.calls.get_mut(attempt) {
            Some(of) => of,
            None => self.calls.entry(attempt.to_owned()).or_default(),
        };
        of.made = of.made.saturating_add(call.call_count);
        of.longest_run = of.longest_run.max(call.sequential_run_count);
        of.busy_us = of.busy_us.saturating_add(call.busy_us);
        of.longest_us = of.longest_us.max(call.max_us.unwrap_or(0));
        let operation = (call.dependency.to_owned(), call.operation.map(str::to_owned));
        add_to(of.operations.entry(operation).or_default(), call.call_count);
        if call.dependency_kind == FUNCTION {
            add_to(
                of.functions.entry(call.dependency.to_owned()).or_default(),
                call.busy_us,
            );
            if let Some(function) = call.function {
                self.callees
                    .entry(function.to_owned())
                    .or_default()
                    .insert(call.dependency.to_owned());
            }
        }
    }

    /// Finds how long the chain is that begins at each function; to be called after all calls were taken.
    pub(crate) fn settle(&mut self) {
        for _ in 1..LONGEST_CHAIN {
            let longer = |callees: &BTreeSet<String>| {
                1 + callees
                    .iter()
                    .map(|name| self.chains.get(name).copied().unwrap_or(1))
                    .max()
                    .unwrap_or(0)
            };
            let chains = self
                .callees
                .iter()
                .map(|(name, callees)| (name.clone(), longer(callees)))
                .collect();
            if chains == self.chains {
                break;
            }
            self.chains = chains;
        }
    }

    /// Adds one attempt of the window that ran and has spans, and its price.
    pub(crate) fn add(&mut self, row: &Row<'_>, attempt: &str, usd_per_mib_ms: Option<f64>) {
        let calls = self.calls.remove(attempt).unwrap_or_default();
        let deepest = calls
            .functions
            .keys()
            .map(|name| self.chains.get(name).copied().unwrap_or(1))
            .max()
            .unwrap_or(0);
        let [provider, account, region, function] = row.scope();
        let of = self
            .groups
            .of([provider, account, region, function, row.version, row.alias]);
        smaller(&mut of.service, row.service);
        smaller(&mut of.environment, row.environment);
        larger(&mut of.memory_size_mib, row.memory_size_mib);
        of.usd_per_mib_ms = [of.usd_per_mib_ms, usd_per_mib_ms]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        of.add(row, calls, 1 + deepest);
    }

    /// Returns the view's rows.
    pub(crate) fn rows(self) -> Vec<ByTraceShape> {
        self.groups
            .into_sorted()
            .into_iter()
            .map(|(names, shape)| shape.row(names))
            .collect()
    }
}

/// Adds to a sum, which stays at its end where the telemetry cannot be.
fn add_to(sum: &mut i64, value: i64) {
    *sum = sum.saturating_add(value);
}

impl Shape {
    fn add(&mut self, row: &Row<'_>, calls: Calls, depth: i64) {
        let weight = row.sample_weight_milli;
        let records = row.batch_size_count.unwrap_or(1).max(1);
        self.traced += 1;
        self.calls.record(calls.made / records, weight);
        self.longest_runs.record(calls.longest_run / records, weight);
        self.savings
            .record(calls.busy_us.saturating_sub(calls.longest_us), weight);
        self.depths.record(depth, weight);
        let wait_us = row.function_wait_us.unwrap_or(0);
        self.waits.record(wait_us, weight);
        self.wait_us = self.wait_us.saturating_add(wait_us);
        let wait_mib_us = row.memory_size_mib.map(|mib| wait_us.saturating_mul(mib));
        self.wait_mib_us
            .add(wait_mib_us.or((wait_us == 0).then_some(0)), weight);
        self.runtime_us = self
            .runtime_us
            .saturating_add(row.runtime_us.or(row.duration_us).unwrap_or(0));
        if let Some(latency_us) = row.latency_us().filter(|_| row.trigger() == Some(TriggerType::Http)) {
            self.latencies.record(latency_us, weight);
        }
        for (operation, count) in calls.operations {
            add_to(self.operations.entry(operation).or_default(), count);
        }
        for (function, us) in calls.functions {
            add_to(self.awaited.entry(function).or_default(), us);
        }
    }

    fn row(self, [provider, account, region, function, version, alias]: Names<6>) -> ByTraceShape {
        let median = |histogram: &Histogram| quantile(histogram, 500);
        let busiest = self
            .operations
            .into_iter()
            .min_by_key(|(operation, calls)| (Reverse(*calls), operation.clone()));
        let (busiest_dependency, busiest_operation) = busiest.map(|(operation, _)| operation).unzip();
        let awaited = self
            .awaited
            .into_iter()
            .min_by_key(|(function, us)| (Reverse(*us), function.clone()));
        ByTraceShape {
            provider,
            account,
            region,
            function,
            service: self.service,
            environment: self.environment,
            version,
            alias,
            memory_size_mib: self.memory_size_mib,
            duration_usd_per_mib_ms: self.usd_per_mib_ms,
            traced_invocations: Some(self.traced),
            calls_p50: median(&self.calls),
            longest_run_p50: median(&self.longest_runs),
            busiest_dependency,
            busiest_operation: busiest_operation.flatten(),
            parallel_saving_p50_us: median(&self.savings),
            sync_depth_p50: median(&self.depths),
            awaited_function: awaited.map(|(function, _)| function),
            function_wait_us: Some(self.wait_us),
            function_wait_p50_us: median(&self.waits),
            function_wait_mib_ms: self.wait_mib_us.value().map(|sum| sum / i128::from(MS_US)),
            runtime_us: Some(self.runtime_us),
            user_latency_p95_us: quantile(&self.latencies, 950),
        }
    }
}
