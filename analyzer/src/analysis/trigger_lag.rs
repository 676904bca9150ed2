//! Trigger lag: from the event to its first attempt, apart from the age of what is tried again.

use std::collections::BTreeMap;

use crate::analysis::quantiles::{Quantiles, Samples};
use crate::analysis::{Attempt, Group, Question, Tally, part, tally};
use crate::error::AnalysisError;
use crate::session::Session;

/// The lags of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LagTally {
    first: Samples,
    again: Samples,
    below_zero_milli: i128,
}

impl Tally for LagTally {
    fn add(&mut self, attempt: &Attempt<'_>) {
        if !attempt.outcome.ran() {
            return;
        }
        match (attempt.row.trigger_lag_us, attempt.row.event_age_us) {
            (Some(lag_us), _) => {
                self.first.add(lag_us, attempt.weight_milli());
                if attempt.row.trigger_lag_below_zero == Some(true) {
                    self.below_zero_milli += i128::from(attempt.weight_milli());
                }
            }
            (None, Some(age_us)) => self.again.add(age_us, attempt.weight_milli()),
            (None, None) => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.first.merge(other.first);
        self.again.merge(other.again);
        self.below_zero_milli += other.below_zero_milli;
    }
}

/// The lags of one function and source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggerLag {
    /// Lags of first attempts, in microseconds.
    pub first_attempt_us: Quantiles,
    /// Ages of events whose attempt is not known to be the first, in microseconds.
    pub age_us: Quantiles,
    /// First attempts whose lag clocks showed below zero, and which is taken for zero, in thousandths.
    pub below_zero_milli: i128,
}

impl LagTally {
    /// Returns the answer.
    #[must_use]
    pub fn answer(&self) -> TriggerLag {
        TriggerLag {
            first_attempt_us: self.first.quantiles(),
            age_us: self.again.quantiles(),
            below_zero_milli: self.below_zero_milli,
        }
    }
}

/// Answers how long events wait, by function and source.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn trigger_lag(session: &Session, question: &Question) -> Result<BTreeMap<Group, TriggerLag>, AnalysisError> {
    let groups = tally::<LagTally>(session, question, part::trigger_source).await?;
    Ok(groups.into_iter().map(|(group, lags)| (group, lags.answer())).collect())
}
