//! What a tally is given: one attempt of the view `invocations`, with its outcome and its price.

use pennyspan_schema::Outcome;

use crate::attempts::{Row, outcome_of};
use crate::pricing::Pricing;

/// One attempt with its outcome and its price.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// The row.
    pub row: Row<'a>,
    /// How it ended; unknown where nothing says.
    pub outcome: Outcome,
    /// What it costs.
    pub pricing: Pricing,
}

impl<'a> Attempt<'a> {
    /// Reads the outcome of a row.
    #[expect(clippy::large_types_passed_by_value, reason = "the row moves into the attempt")]
    pub(crate) fn new(row: Row<'a>, pricing: Pricing) -> Self {
        Self {
            outcome: outcome_of(&row),
            row,
            pricing,
        }
    }

    /// Returns what it stands for, in thousandths.
    #[must_use]
    pub fn weight_milli(&self) -> i64 {
        self.row.sample_weight_milli
    }

    /// Returns how long it took: what the platform reports, else the handler alone.
    #[must_use]
    pub fn duration_us(&self) -> Option<i64> {
        self.row.duration_us.or(self.row.runtime_us)
    }
}
