//! `by_dependency`: calls by dependency, operation, calling function and minute, from the look-back's start on.
//!
//! Calls are filed under the minute in which the attempt's first call of the operation started.

use std::collections::{BTreeMap, HashMap};

use pennyspan_schema::tables::invocation_calls::Row as Call;
use pennyspan_schema::{Histogram, Slice, TriggerType};

use super::attempt::Row;
use super::tally::{Sum, recorded, smaller};
use super::views::ByDependency;
use crate::grouped::{Grouped, Names};

/// Calling function, dependency kind, dependency and operation.
type Path = Names<7>;

/// Groups by calling function, dependency and operation, then by minute.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    groups: Grouped<7, BTreeMap<i64, Minute>>,
    failed: HashMap<String, Vec<(Path, i64)>>,
}

/// What a minute adds up to.
#[derive(Debug, Default)]
struct Minute {
    service: Option<String>,
    environment: Option<String>,
    sync_caller: bool,
    calls: i64,
    errors: i64,
    durations: Histogram,
    failing_invocations: i64,
    failing_billed: Sum,
}

impl Dependencies {
    /// Adds the calls of one attempt to one operation; `attempt` names the attempt.
    pub(crate) fn add(&mut self, call: &Call<'_>, attempt: &str) {
        let minute = Slice::of(call.first_unix_nano).0;
        let path = [
            Some(call.provider),
            call.account,
            call.region,
            call.function,
            Some(call.dependency_kind),
            Some(call.dependency),
            call.operation,
        ];
        let of = self.groups.of(path).entry(minute).or_default();
        smaller(&mut of.service, call.service);
        smaller(&mut of.environment, call.environment);
        of.sync_caller |= call
            .trigger_type
            .and_then(TriggerType::from_word)
            .is_some_and(TriggerType::synchronous);
        of.calls = of.calls.saturating_add(call.call_count);
        of.errors = of.errors.saturating_add(call.error_count);
        of.durations.merge(call.duration_hist);
        if call.error_count > 0 {
            let path = path.map(|name| name.map(str::to_owned));
            self.failed.entry(attempt.to_owned()).or_default().push((path, minute));
        }
    }

    /// Adds an attempt that failed to what its failed calls hit.
    pub(crate) fn add_failed(&mut self, row: &Row<'_>, attempt: &str) {
        for (path, minute) in self.failed.get(attempt).into_iter().flatten() {
            let of = self
                .groups
                .of(path.each_ref().map(Option::as_deref))
                .entry(*minute)
                .or_default();
            of.failing_invocations += 1;
            of.failing_billed.add(row.billed_mib_ms, row.sample_weight_milli);
        }
    }

    /// Returns the view's rows.
    pub(crate) fn rows(self) -> Vec<ByDependency> {
        let of = |(path, minutes): (Path, BTreeMap<i64, Minute>)| {
            minutes
                .into_iter()
                .map(move |(at, minute)| minute.row(path.clone(), at))
        };
        self.groups.into_sorted().into_iter().flat_map(of).collect()
    }
}

impl Minute {
    fn row(self, path: Path, unix_minute: i64) -> ByDependency {
        let [
            provider,
            account,
            region,
            function,
            dependency_kind,
            dependency,
            operation,
        ] = path;
        ByDependency {
            provider,
            account,
            region,
            function,
            service: self.service,
            environment: self.environment,
            dependency_kind,
            dependency,
            operation,
            sync_caller: Some(self.sync_caller),
            unix_minute: Some(unix_minute),
            calls: Some(self.calls),
            errors: Some(self.errors),
            duration_hist: recorded(self.durations),
            failing_invocations: Some(self.failing_invocations),
            failing_billed_mib_ms: self.failing_billed.value(),
        }
    }
}
