//! The row of one function.

use std::collections::BTreeMap;

use pennyspan_rules::price::{Amount, largest_remainder};
use serde::Serialize;

use crate::analysis::Scope;
use crate::analysis::cost::Cost;
use crate::analysis::counts::whole;
use crate::analysis::functions::FunctionTally;
use crate::report::number::{Inits, Lags, Latency, gb_s};
use crate::report::totals::is_zero;

/// One function in one provider, account and region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunctionRow {
    /// The provider.
    pub provider: String,
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// Its versions, by name.
    pub versions: Vec<VersionRow>,
    /// Attempts that ran.
    pub invocations: i64,
    /// Cold starts.
    pub cold_starts: i64,
    /// Cold starts among the invocations; null where nothing tells of any.
    pub cold_start_rate: Option<f64>,
    /// Invocations of which nothing tells.
    #[serde(skip_serializing_if = "is_zero")]
    pub cold_start_unknown: i64,
    /// Errors, crashes, and those that used too much CPU.
    pub errors: i64,
    /// Those cut at their limit.
    pub timeouts: i64,
    /// Those that needed more memory than they had.
    pub out_of_memory: i64,
    /// Those refused for want of concurrency.
    pub throttles: i64,
    /// How long they took.
    pub duration_ms: Latency,
    /// How long inits took.
    pub init_duration_ms: Inits,
    /// How long events waited for their first attempt.
    pub trigger_lag_ms: Lags,
    /// Attempts per event.
    pub retries: RetryRow,
    /// What the provider charges for, in milliseconds.
    pub billed_duration_ms: i64,
    /// Billed memory and time, in GB-seconds.
    pub billed_gb_s: String,
    /// The highest memory use, in MiB.
    pub max_memory_used_mib: Option<i64>,
    /// Configured memory of the newest attempt, in MiB.
    pub memory_size_mib: Option<i64>,
    /// The most attempts at one moment.
    pub concurrency_max: Option<i64>,
    /// List amount of what is priced, in USD; the rows add up to the total.
    pub cost_usd: String,
    /// What of it was not useful, in USD.
    pub waste_usd: String,
    /// Invocations that are not priced.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_priced: i64,
    /// Whether sampled telemetry was counted by weight.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// How many of a hundred of its attempts were seen, where it is sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent_seen: Option<f64>,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionRow {
    /// The version.
    pub version: Option<String>,
    /// Its invocations.
    pub invocations: i64,
}

/// Attempts per event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RetryRow {
    /// Distinct messages or keys.
    pub events: i64,
    /// Attempts at them.
    pub attempts: i64,
    /// Attempts per event.
    pub ratio: Option<f64>,
}

/// Returns the rows in the order of their scopes.
pub(crate) fn rows(
    seen: &[(&Scope, &FunctionTally)],
    costs: &BTreeMap<Scope, Cost>,
    total: &Amount,
) -> Vec<FunctionRow> {
    let amounts: Vec<Amount> = seen
        .iter()
        .map(|(scope, _)| costs.get(scope).map_or_else(Amount::zero, |cost| cost.amount.clone()))
        .collect();
    let printed = largest_remainder(&amounts, total).unwrap_or(amounts);
    let rows = seen.iter().zip(printed);
    rows.filter_map(|((scope, sums), printed)| Some(FunctionRow::of(scope, sums, costs.get(scope)?, &printed)))
        .collect()
}

impl FunctionRow {
    fn of(scope: &Scope, sums: &FunctionTally, cost: &Cost, printed: &Amount) -> Self {
        let (counts, cold, retries) = (&sums.counts, sums.cold_starts.answer(), sums.retries.answer());
        Self {
            provider: scope.provider.clone(),
            account: scope.account.clone(),
            region: scope.region.clone(),
            function: scope.function.clone(),
            versions: versions(sums),
            invocations: whole(counts.invocations_milli),
            cold_starts: whole(cold.cold_milli),
            cold_start_rate: cold.rate,
            cold_start_unknown: whole(cold.unknown_milli),
            errors: whole(counts.errors_milli),
            timeouts: whole(counts.timeouts_milli),
            out_of_memory: whole(counts.out_of_memory_milli),
            throttles: whole(counts.throttles_milli),
            duration_ms: Latency::of(&sums.latency.answer()),
            init_duration_ms: Inits::of(&cold.init_us),
            trigger_lag_ms: Lags::of(&sums.lag.answer()),
            retries: RetryRow {
                events: whole(retries.events_milli),
                attempts: whole(retries.attempts_milli),
                ratio: retries.ratio,
            },
            billed_duration_ms: whole(sums.billed_duration_ms_milli),
            billed_gb_s: gb_s(sums.billed_mib_ms_milli),
            max_memory_used_mib: sums.max_memory_used_mib,
            memory_size_mib: sums.memory_size_mib(),
            concurrency_max: sums.concurrency.most(),
            cost_usd: printed.to_string(),
            waste_usd: cost.wasted().to_string(),
            not_priced: whole(cost.not_priced_milli),
            estimated: counts.estimated,
            percent_seen: percent_seen(sums),
        }
    }
}

fn versions(sums: &FunctionTally) -> Vec<VersionRow> {
    let row = |(version, invocations): (&Option<String>, &i128)| VersionRow {
        version: version.clone(),
        invocations: whole(*invocations),
    };
    sums.versions.iter().map(row).collect()
}

fn percent_seen(sums: &FunctionTally) -> Option<f64> {
    let seen_milli = i128::from(sums.counts.rows) * 100 * 1_000;
    sums.counts
        .estimated
        .then(|| crate::analysis::counts::ratio(seen_milli, sums.counts.attempts_milli))
        .flatten()
}
