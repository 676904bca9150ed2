//! Retries: attempts per event, by message where deliveries name them, else by key; and what they cost.

use std::collections::BTreeMap;

use pennyspan_rules::price::Amount;

use crate::analysis::cost::{CostTally, Waste};
use crate::analysis::counts::ratio;
use crate::analysis::{Attempt, Group, Question, Tally, part, tally};
use crate::error::AnalysisError;
use crate::session::Session;

/// What the events of a group add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryTally {
    events_milli: i128,
    attempts_milli: i128,
    retries_milli: i128,
    unseen_milli: i128,
    most_attempts: i64,
}

impl Tally for RetryTally {
    fn add(&mut self, attempt: &Attempt<'_>) {
        let weighted = |count: i64| i128::from(count) * i128::from(attempt.weight_milli());
        self.events_milli += weighted(attempt.row.event_count);
        self.attempts_milli += weighted(attempt.row.delivery_count);
        self.retries_milli += weighted(i64::from(attempt.row.retry));
        self.unseen_milli += weighted(attempt.row.unseen_delivery_count);
        self.most_attempts = self.most_attempts.max(attempt.row.event_attempts_count);
    }

    fn merge(&mut self, other: Self) {
        self.events_milli += other.events_milli;
        self.attempts_milli += other.attempts_milli;
        self.retries_milli += other.retries_milli;
        self.unseen_milli += other.unseen_milli;
        self.most_attempts = self.most_attempts.max(other.most_attempts);
    }
}

/// How often the events of a group are tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retries {
    /// Distinct events, in thousandths.
    pub events_milli: i128,
    /// Attempts of events: a message of a batch counts for itself; in thousandths.
    pub attempts_milli: i128,
    /// Attempts per event.
    pub ratio: Option<f64>,
    /// Attempts that brought no event for the first time and none to its first success, in thousandths.
    pub retries_milli: i128,
    /// Messages that deliveries leave out, in thousandths.
    pub unseen_milli: i128,
    /// The most attempts that one event had.
    pub most_attempts: i64,
}

impl RetryTally {
    /// Returns the answer.
    #[must_use]
    pub fn answer(&self) -> Retries {
        Retries {
            events_milli: self.events_milli,
            attempts_milli: self.attempts_milli,
            ratio: ratio(self.attempts_milli, self.events_milli),
            retries_milli: self.retries_milli,
            unseen_milli: self.unseen_milli,
            most_attempts: self.most_attempts,
        }
    }
}

/// Events and what their retries cost.
#[derive(Clone, Debug, Default)]
pub struct RetryCostTally {
    retries: RetryTally,
    cost: CostTally,
}

impl Tally for RetryCostTally {
    fn add(&mut self, attempt: &Attempt<'_>) {
        self.retries.add(attempt);
        self.cost.add(attempt);
    }

    fn merge(&mut self, other: Self) {
        self.retries.merge(other.retries);
        self.cost.merge(other.cost);
    }
}

/// The retries of one function, and their cost.
#[derive(Clone, Debug)]
pub struct RetryAnswer {
    /// How often events are tried.
    pub retries: Retries,
    /// List amount of the retries that are priced.
    pub cost: Amount,
    /// Attempts that are not priced, retries or not, in thousandths.
    pub not_priced_milli: i128,
}

/// Answers how often events are tried again and what that costs, by function.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn retries(session: &Session, question: &Question) -> Result<BTreeMap<Group, RetryAnswer>, AnalysisError> {
    let books = session.books();
    let groups = tally::<RetryCostTally>(session, question, part::none).await?;
    let answer = |sums: RetryCostTally| {
        let cost = sums.cost.cost(&books);
        let retried = cost.waste.iter().find(|(kind, _)| *kind == Waste::Retry);
        RetryAnswer {
            retries: sums.retries.answer(),
            cost: retried.map_or_else(Amount::zero, |(_, amount)| amount.clone()),
            not_priced_milli: cost.not_priced_milli,
        }
    };
    Ok(groups.into_iter().map(|(group, sums)| (group, answer(sums))).collect())
}
