//! Coverage: how complete the telemetry is that everything else rests on.

use std::collections::BTreeMap;

use crate::analysis::{Attempt, Question, Scope, Tally, part, tally};
use crate::error::AnalysisError;
use crate::session::Session;

/// What a function's telemetry leaves out, in thousandths of what attempts stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Attempts.
    pub attempts_milli: i128,
    /// Attempts whose end is not known.
    pub without_end_milli: i128,
    /// Attempts without a region.
    pub without_region_milli: i128,
    /// Attempts without a memory size.
    pub without_memory_milli: i128,
    /// Attempts without a billed duration.
    pub without_billed_milli: i128,
    /// Attempts of which nothing tells whether they were cold.
    pub without_cold_start_milli: i128,
    /// Rows that were seen for them.
    pub rows: u64,
}

impl Tally for Coverage {
    fn add(&mut self, attempt: &Attempt<'_>) {
        let weight = i128::from(attempt.weight_milli());
        let when = |missing: bool| if missing { weight } else { 0 };
        let row = &attempt.row;
        self.attempts_milli += weight;
        self.without_end_milli += when(row.end_unix_nano.is_none());
        self.without_region_milli += when(row.region.is_none());
        self.without_memory_milli += when(row.memory_size_mib.is_none());
        self.without_billed_milli += when(row.billed_duration_ms.is_none());
        self.without_cold_start_milli += when(row.cold_start.is_none());
        self.rows += 1;
    }

    fn merge(&mut self, other: Self) {
        self.attempts_milli += other.attempts_milli;
        self.without_end_milli += other.without_end_milli;
        self.without_region_milli += other.without_region_milli;
        self.without_memory_milli += other.without_memory_milli;
        self.without_billed_milli += other.without_billed_milli;
        self.without_cold_start_milli += other.without_cold_start_milli;
        self.rows += other.rows;
    }
}

/// Answers what the telemetry of each function leaves out.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn coverage(session: &Session, question: &Question) -> Result<BTreeMap<Scope, Coverage>, AnalysisError> {
    let groups = tally::<Coverage>(session, question, part::none).await?;
    Ok(groups.into_iter().map(|(group, seen)| (group.scope, seen)).collect())
}
