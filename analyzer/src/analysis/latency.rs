//! Latency: how long the attempts that ran took.

use std::collections::BTreeMap;

use crate::analysis::quantiles::{Quantiles, Samples};
use crate::analysis::{Attempt, Group, Part, Question, Tally, tally};
use crate::error::AnalysisError;
use crate::session::Session;

/// The durations of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatencyTally(Samples);

impl Tally for LatencyTally {
    fn add(&mut self, attempt: &Attempt<'_>) {
        if let Some(duration_us) = attempt.duration_us().filter(|_| attempt.outcome.ran()) {
            self.0.add(duration_us, attempt.weight_milli());
        }
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

impl LatencyTally {
    /// Returns the quantiles of the durations in microseconds.
    #[must_use]
    pub fn answer(&self) -> Quantiles {
        self.0.quantiles()
    }
}

/// Answers how long attempts take, in microseconds, by function and part.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn latency(
    session: &Session,
    question: &Question,
    by: Part,
) -> Result<BTreeMap<Group, Quantiles>, AnalysisError> {
    let groups = tally::<LatencyTally>(session, question, by).await?;
    Ok(groups
        .into_iter()
        .map(|(group, durations)| (group, durations.answer()))
        .collect())
}
