//! Cold starts: how many, how long init and restore take, by init type and version.

use std::collections::BTreeMap;

use crate::analysis::counts::ratio;
use crate::analysis::quantiles::{Quantiles, Samples};
use crate::analysis::{Attempt, Group, Question, Tally, part, tally};
use crate::error::AnalysisError;
use crate::session::Session;

/// What cold starts of a group add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColdStartTally {
    invocations_milli: i128,
    cold_milli: i128,
    unknown_milli: i128,
    init: Samples,
    restore: Samples,
}

impl Tally for ColdStartTally {
    fn add(&mut self, attempt: &Attempt<'_>) {
        if !attempt.outcome.ran() {
            return;
        }
        let weight = i128::from(attempt.weight_milli());
        self.invocations_milli += weight;
        match attempt.row.cold_start {
            Some(true) => self.cold_milli += weight,
            Some(false) => {}
            None => self.unknown_milli += weight,
        }
        if let Some(init_us) = attempt.row.init_duration_us {
            self.init.add(init_us, attempt.weight_milli());
        }
        if let Some(restore_us) = attempt.row.restore_duration_us {
            self.restore.add(restore_us, attempt.weight_milli());
        }
    }

    fn merge(&mut self, other: Self) {
        self.invocations_milli += other.invocations_milli;
        self.cold_milli += other.cold_milli;
        self.unknown_milli += other.unknown_milli;
        self.init.merge(other.init);
        self.restore.merge(other.restore);
    }
}

/// The cold starts of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColdStarts {
    /// Invocations, in thousandths.
    pub invocations_milli: i128,
    /// Those known to be cold starts, in thousandths.
    pub cold_milli: i128,
    /// Those of which nothing tells, in thousandths.
    pub unknown_milli: i128,
    /// Cold starts among the invocations; none where nothing tells of any of them.
    pub rate: Option<f64>,
    /// Init durations in microseconds.
    pub init_us: Quantiles,
    /// Restore durations in microseconds.
    pub restore_us: Quantiles,
}

impl ColdStartTally {
    /// Returns the cold starts, in thousandths.
    #[must_use]
    pub fn cold_milli(&self) -> i128 {
        self.cold_milli
    }

    /// Returns the answer.
    #[must_use]
    pub fn answer(&self) -> ColdStarts {
        let told = self.unknown_milli < self.invocations_milli;
        ColdStarts {
            invocations_milli: self.invocations_milli,
            cold_milli: self.cold_milli,
            unknown_milli: self.unknown_milli,
            rate: ratio(self.cold_milli, self.invocations_milli).filter(|_| told),
            init_us: self.init.quantiles(),
            restore_us: self.restore.quantiles(),
        }
    }
}

/// The cold starts of every function.
#[derive(Clone, Debug, PartialEq)]
pub struct ColdStartAnswer {
    /// By function and version.
    pub by_version: BTreeMap<Group, ColdStarts>,
    /// By function and init type.
    pub by_init_type: BTreeMap<Group, ColdStarts>,
}

/// Answers how often and how long functions start cold.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn cold_starts(session: &Session, question: &Question) -> Result<ColdStartAnswer, AnalysisError> {
    let answers = |groups: BTreeMap<Group, ColdStartTally>| {
        groups.into_iter().map(|(group, sums)| (group, sums.answer())).collect()
    };
    Ok(ColdStartAnswer {
        by_version: answers(tally(session, question, part::version).await?),
        by_init_type: answers(tally(session, question, part::init_type).await?),
    })
}
