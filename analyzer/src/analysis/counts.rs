//! How many attempts, and how they ended.

use pennyspan_schema::Outcome;

use crate::analysis::{Attempt, Tally};

/// Counts, in thousandths of what attempts stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All attempts.
    pub attempts_milli: i128,
    /// Those that ran: neither throttled nor dropped.
    pub invocations_milli: i128,
    /// Errors, crashes, and those that used too much CPU.
    pub errors_milli: i128,
    /// Those that the platform cut at their limit.
    pub timeouts_milli: i128,
    /// Those that needed more memory than they had.
    pub out_of_memory_milli: i128,
    /// Those whose caller went away.
    pub cancelled_milli: i128,
    /// Those that were refused for want of concurrency.
    pub throttles_milli: i128,
    /// Rows, whatever they stand for.
    pub rows: u64,
    /// Whether a row stands for another number than one.
    pub estimated: bool,
}

impl Tally for Counts {
    fn add(&mut self, attempt: &Attempt<'_>) {
        let weight = i128::from(attempt.weight_milli());
        let when = |counts: bool| if counts { weight } else { 0 };
        let outcome = attempt.outcome;
        self.attempts_milli += weight;
        self.invocations_milli += when(outcome.ran());
        self.errors_milli += when(outcome.is_error());
        self.timeouts_milli += when(outcome == Outcome::Timeout);
        self.out_of_memory_milli += when(outcome == Outcome::OutOfMemory);
        self.cancelled_milli += when(outcome == Outcome::Cancelled);
        self.throttles_milli += when(outcome == Outcome::Throttled);
        self.rows += 1;
        self.estimated |= weight != 1_000;
    }

    fn merge(&mut self, other: Self) {
        self.attempts_milli += other.attempts_milli;
        self.invocations_milli += other.invocations_milli;
        self.errors_milli += other.errors_milli;
        self.timeouts_milli += other.timeouts_milli;
        self.out_of_memory_milli += other.out_of_memory_milli;
        self.cancelled_milli += other.cancelled_milli;
        self.throttles_milli += other.throttles_milli;
        self.rows += other.rows;
        self.estimated |= other.estimated;
    }
}

impl Counts {
    /// Returns those that failed: errors, time-outs and out of memory.
    #[must_use]
    pub fn failed_milli(&self) -> i128 {
        self.errors_milli + self.timeouts_milli + self.out_of_memory_milli
    }
}

/// Returns a count in thousandths as a whole number, rounded half up.
#[must_use]
pub fn whole(milli: i128) -> i64 {
    i64::try_from((milli + 500).div_euclid(1_000)).unwrap_or(i64::MAX)
}

/// Returns a share, or none of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share has no more digits than an f64")]
pub fn ratio(part_milli: i128, whole_milli: i128) -> Option<f64> {
    (whole_milli > 0).then(|| part_milli as f64 / whole_milli as f64)
}
