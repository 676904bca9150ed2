//! Sums over all functions.

use std::collections::BTreeMap;

use pennyspan_rules::price::Amount;
use serde::Serialize;

use crate::analysis::cost::Cost;
use crate::analysis::counts::{Counts, whole};
use crate::analysis::functions::FunctionTally;
use crate::analysis::{Scope, Tally};
use crate::report::number::gb_s;

/// Sums over all functions. Counts of sampled telemetry are sums of weights, rounded at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All attempts that start in the window.
    pub attempts: i64,
    /// Those that ran.
    pub invocations: i64,
    /// Distinct things to be done.
    pub events: i64,
    /// Cold starts.
    pub cold_starts: i64,
    /// Errors, crashes, and those that used too much CPU.
    pub errors: i64,
    /// Those cut at their limit.
    pub timeouts: i64,
    /// Those that needed more memory than they had.
    pub out_of_memory: i64,
    /// Those whose caller went away.
    pub cancelled: i64,
    /// Those refused for want of concurrency.
    pub throttles: i64,
    /// What the provider charges for, in milliseconds.
    pub billed_duration_ms: i64,
    /// Billed memory and time, in GB-seconds.
    pub billed_gb_s: String,
    /// List amount of what is priced, in USD.
    pub cost_usd: String,
    /// Invocations that are not priced.
    pub not_priced: i64,
    /// Priced invocations whose architecture nothing names.
    pub assumed_architecture: i64,
    /// List amount were those all arm64, in USD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_low_usd: Option<String>,
    /// Priced invocations older than the first known price.
    #[serde(skip_serializing_if = "is_zero")]
    pub priced_backdated: i64,
    /// Priced invocations by the prices of the fallback region, as their own has none.
    #[serde(skip_serializing_if = "is_zero")]
    pub priced_by_fallback_region: i64,
    /// Whether sampled telemetry was counted by weight.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_zero(count: &i64) -> bool {
    *count == 0
}

impl Totals {
    pub(crate) fn of(tallies: &BTreeMap<Scope, FunctionTally>, costs: &BTreeMap<Scope, Cost>, amount: &Amount) -> Self {
        let mut counts = Counts::default();
        for sums in tallies.values() {
            counts.merge(sums.counts);
        }
        let sum = |of: fn(&FunctionTally) -> i128| tallies.values().map(of).sum::<i128>();
        let of_costs = |of: fn(&Cost) -> i128| whole(costs.values().map(of).sum());
        let assumed = of_costs(|cost| cost.assumed_architecture_milli);
        let low_end: Amount = costs
            .values()
            .map(|cost| cost.low_end.as_ref().unwrap_or(&cost.amount))
            .sum();
        Self {
            attempts: whole(counts.attempts_milli),
            invocations: whole(counts.invocations_milli),
            events: whole(sum(|sums| sums.retries.answer().events_milli)),
            cold_starts: whole(sum(|sums| sums.cold_starts.cold_milli())),
            errors: whole(counts.errors_milli),
            timeouts: whole(counts.timeouts_milli),
            out_of_memory: whole(counts.out_of_memory_milli),
            cancelled: whole(counts.cancelled_milli),
            throttles: whole(counts.throttles_milli),
            billed_duration_ms: whole(sum(|sums| sums.billed_duration_ms_milli)),
            billed_gb_s: gb_s(sum(|sums| sums.billed_mib_ms_milli)),
            cost_usd: amount.to_string(),
            not_priced: of_costs(|cost| cost.not_priced_milli),
            assumed_architecture: assumed,
            cost_low_usd: (assumed > 0).then(|| low_end.to_string()),
            priced_backdated: of_costs(|cost| cost.priced_backdated_milli),
            priced_by_fallback_region: of_costs(|cost| cost.fallback_region_milli),
            estimated: counts.estimated,
        }
    }
}
