//! The row of one function: everything that the report says about it, from one pass.

use std::collections::BTreeMap;

use crate::analysis::cold_starts::ColdStartTally;
use crate::analysis::concurrency::Intervals;
use crate::analysis::cost::CostTally;
use crate::analysis::counts::Counts;
use crate::analysis::latency::LatencyTally;
use crate::analysis::retries::RetryTally;
use crate::analysis::trigger_lag::LagTally;
use crate::analysis::{Attempt, Question, Scope, Tally, part, tally};
use crate::error::AnalysisError;
use crate::session::Session;

/// Everything about one function.
#[derive(Clone, Debug, Default)]
pub struct FunctionTally {
    /// Attempts and how they ended.
    pub counts: Counts,
    /// Invocations by version, in thousandths.
    pub versions: BTreeMap<Option<String>, i128>,
    /// Durations.
    pub latency: LatencyTally,
    /// Cold starts, inits and restores.
    pub cold_starts: ColdStartTally,
    /// Lags.
    pub lag: LagTally,
    /// Events.
    pub retries: RetryTally,
    /// Intervals.
    pub concurrency: Intervals,
    /// Quantities and prices.
    pub cost: CostTally,
    /// What the provider charges for, in thousandths of a millisecond's weight.
    pub billed_duration_ms_milli: i128,
    /// Memory size times billed duration, in thousandths.
    pub billed_mib_ms_milli: i128,
    /// The highest memory use.
    pub max_memory_used_mib: Option<i64>,
    /// Start and configured memory of the newest attempt that says it.
    newest_memory: Option<(i64, i64)>,
}

impl Tally for FunctionTally {
    const MONTH_TO_DATE: bool = true;

    fn add(&mut self, attempt: &Attempt<'_>) {
        let row = &attempt.row;
        let weight = i128::from(attempt.weight_milli());
        self.counts.add(attempt);
        self.latency.add(attempt);
        self.cold_starts.add(attempt);
        self.lag.add(attempt);
        self.retries.add(attempt);
        self.concurrency.add(attempt);
        self.cost.add(attempt);
        if attempt.outcome.ran() {
            self.add_version(row.version, weight);
        }
        self.billed_duration_ms_milli += i128::from(row.billed_duration_ms.unwrap_or(0)) * weight;
        self.billed_mib_ms_milli += i128::from(row.billed_mib_ms.unwrap_or(0)) * weight;
        self.max_memory_used_mib = self.max_memory_used_mib.max(row.max_memory_used_mib);
        let memory = row.memory_size_mib.map(|mib| (row.start_unix_nano, mib));
        self.newest_memory = self.newest_memory.max(memory);
    }

    fn add_earlier(&mut self, attempt: &Attempt<'_>) {
        self.cost.add_earlier(attempt);
    }

    fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
        self.latency.merge(other.latency);
        self.cold_starts.merge(other.cold_starts);
        self.lag.merge(other.lag);
        self.retries.merge(other.retries);
        self.concurrency.merge(other.concurrency);
        self.cost.merge(other.cost);
        for (version, invocations) in other.versions {
            *self.versions.entry(version).or_default() += invocations;
        }
        self.billed_duration_ms_milli += other.billed_duration_ms_milli;
        self.billed_mib_ms_milli += other.billed_mib_ms_milli;
        self.max_memory_used_mib = self.max_memory_used_mib.max(other.max_memory_used_mib);
        self.newest_memory = self.newest_memory.max(other.newest_memory);
    }
}

impl FunctionTally {
    fn add_version(&mut self, version: Option<&str>, weight: i128) {
        let known = self.versions.iter_mut().find(|(known, _)| known.as_deref() == version);
        match known {
            Some((_, invocations)) => *invocations += weight,
            None => {
                self.versions.insert(version.map(str::to_owned), weight);
            }
        }
    }

    /// Returns the configured memory of the newest attempt that says it, in MiB.
    #[must_use]
    pub fn memory_size_mib(&self) -> Option<i64> {
        self.newest_memory.map(|(_, mib)| mib)
    }
}

/// Answers everything about every function of the question, also about those that only ran before the window in its
/// month.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn functions(
    session: &Session,
    question: &Question,
) -> Result<BTreeMap<Scope, FunctionTally>, AnalysisError> {
    let groups = tally::<FunctionTally>(session, question, part::none).await?;
    Ok(groups.into_iter().map(|(group, sums)| (group.scope, sums)).collect())
}
