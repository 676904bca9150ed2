//! What the money was spent on: an attempt goes whole to the first kind that applies, else its billed time is split.

use pennyspan_schema::Outcome;

use crate::analysis::Attempt;
use crate::pricing::{Basis, Charged, Entry};

/// A kind of waste, or what was useful; in the order in which the statement shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Waste {
    /// Neither the first attempt of its event nor its first success.
    Retry,
    /// Cut at its limit.
    Timeout,
    /// Error, crash, out of memory, or too much CPU.
    Failure,
    /// Billed init and restore.
    ColdStart,
    /// What extensions take after the handler has answered.
    ExtensionTail,
    /// Waiting for the answer of another function.
    FunctionWait,
    /// The rest.
    Useful,
}

impl Waste {
    /// Returns the word of the report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
            Self::ColdStart => "cold_start",
            Self::ExtensionTail => "extension_tail",
            Self::FunctionWait => "function_wait",
            Self::Useful => "useful",
        }
    }
}

/// Returns the quantities of an attempt by what they were spent on; they sum to the charges.
pub(super) fn split(attempt: &Attempt<'_>, charged: &Charged) -> Vec<(Waste, Entry, i64)> {
    if let Some(kind) = whole(attempt) {
        return charged
            .charges
            .iter()
            .map(|charge| (kind, charge.entry, charge.quantity))
            .collect();
    }
    let times = billed_times(attempt);
    let mut parts = Vec::new();
    for charge in &charged.charges {
        match charge.basis {
            Basis::Time { per_ms } => {
                let mut rest = charge.quantity;
                for (kind, ms) in times.iter().filter(|(_, ms)| *ms > 0) {
                    let quantity = per_ms.saturating_mul(*ms).min(rest);
                    rest -= quantity;
                    parts.push((*kind, charge.entry, quantity));
                }
                parts.push((Waste::Useful, charge.entry, rest));
            }
            Basis::Request | Basis::ProcessorTime => parts.push((Waste::Useful, charge.entry, charge.quantity)),
            Basis::Restore => parts.push((Waste::ColdStart, charge.entry, charge.quantity)),
        }
    }
    parts
}

/// Returns the kind to which an attempt goes whole.
fn whole(attempt: &Attempt<'_>) -> Option<Waste> {
    match attempt.outcome {
        _ if attempt.row.retry => Some(Waste::Retry),
        Outcome::Timeout => Some(Waste::Timeout),
        outcome if outcome.failed() => Some(Waste::Failure),
        _ => None,
    }
}

/// Returns the milliseconds of the billed time that are not useful, in order, and together at most the billed time.
fn billed_times(attempt: &Attempt<'_>) -> [(Waste, i64); 3] {
    let row = &attempt.row;
    let mut left = row.billed_duration_ms.unwrap_or(0).max(0);
    let mut take = |kind, ms: i64| {
        let taken = ms.clamp(0, left);
        left -= taken;
        (kind, taken)
    };
    [
        take(Waste::ColdStart, cold_ms(attempt)),
        take(Waste::ExtensionTail, row.post_runtime_us.unwrap_or(0) / 1_000),
        take(Waste::FunctionWait, row.function_wait_us.unwrap_or(0) / 1_000),
    ]
}

/// Returns the billed part of init and restore: what is billed beyond the duration, at most what they took.
fn cold_ms(attempt: &Attempt<'_>) -> i64 {
    let row = &attempt.row;
    let (Some(billed), Some(duration_us)) = (row.billed_duration_ms, attempt.duration_us()) else {
        return 0;
    };
    let init_ms = ceil_ms(row.init_duration_us.unwrap_or(0));
    let restore_ms = row.restore_billed_ms.unwrap_or(0).max(0);
    billed
        .saturating_sub(ceil_ms(duration_us))
        .clamp(0, init_ms.saturating_add(restore_ms))
}

fn ceil_ms(us: i64) -> i64 {
    us.max(0).saturating_add(999) / 1_000
}
