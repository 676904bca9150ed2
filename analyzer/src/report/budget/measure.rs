//! What a budget may limit.

use pennyspan_rules::price::Amount;
use serde_json::{Value, json};

use super::number;
use crate::analysis::bounded::Bounded;
use crate::analysis::figures::{Calls, Figures};
use crate::session::Session;

/// The median and the 95th percentile, in thousandths.
const P50: u16 = 500;
const P95: u16 = 950;
/// Places of a share or a ratio in JSON, and of milliseconds, which are counted in microseconds.
const SHARE_PLACES: u32 = 6;
const MS_PLACES: u32 = 3;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// USD for 1,000 invocations of those that are priced.
    CostPer1kUsd,
    /// USD in a month.
    MonthlyUsd,
    /// 95th percentile of what cold starts add.
    ColdP95Ms,
    /// Cold starts / invocations.
    ColdRate,
    /// Median of inits.
    InitP50Ms,
    /// 95th percentile of inits.
    InitP95Ms,
    /// Attempts / events.
    RetryRatio,
    /// Calls / invocations.
    CallsPerInvocation,
    /// Failed / invocations.
    ErrorRate,
    /// 95th percentile of durations.
    P95Ms,
    /// 95th percentile of the lags of first attempts.
    TriggerLagP95Ms,
}

impl Measure {
    /// Every measure, in the order in which they are documented.
    pub const ALL: [Self; 11] = [
        Self::CostPer1kUsd,
        Self::MonthlyUsd,
        Self::ColdP95Ms,
        Self::ColdRate,
        Self::InitP50Ms,
        Self::InitP95Ms,
        Self::RetryRatio,
        Self::CallsPerInvocation,
        Self::ErrorRate,
        Self::P95Ms,
        Self::TriggerLagP95Ms,
    ];

    /// Returns its key.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CostPer1kUsd => "cost_per_1k_usd",
            Self::MonthlyUsd => "monthly_usd",
            Self::ColdP95Ms => "cold_p95_ms",
            Self::ColdRate => "cold_rate",
            Self::InitP50Ms => "init_p50_ms",
            Self::InitP95Ms => "init_p95_ms",
            Self::RetryRatio => "retry_ratio",
            Self::CallsPerInvocation => "calls_per_invocation",
            Self::ErrorRate => "error_rate",
            Self::P95Ms => "p95_ms",
            Self::TriggerLagP95Ms => "trigger_lag_p95_ms",
        }
    }

    /// Returns what it means.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::CostPer1kUsd => "USD at list prices for 1,000 invocations, of those that are priced.",
            Self::MonthlyUsd => {
                "USD at list prices for a month of 730 hours; needs a window of 24 hours, or --volumes."
            }
            Self::ColdP95Ms => "95th percentile of the init or restore of cold starts, in milliseconds.",
            Self::ColdRate => "Cold starts / invocations, from 0 to 1.",
            Self::InitP50Ms => "Median of init durations, in milliseconds.",
            Self::InitP95Ms => "95th percentile of init durations, in milliseconds.",
            Self::RetryRatio => "Attempts / events: 1 where nothing is tried again.",
            Self::CallsPerInvocation => "Calls to dependencies / invocations, of those that have spans.",
            Self::ErrorRate => "Failed (errors, timeouts, out of memory) / invocations, from 0 to 1.",
            Self::P95Ms => "95th percentile of durations, in milliseconds.",
            Self::TriggerLagP95Ms => "95th percentile of the time from event to first attempt, in milliseconds.",
        }
    }

    /// Returns whether it is an amount of money.
    #[must_use]
    pub fn is_money(self) -> bool {
        matches!(self, Self::CostPer1kUsd | Self::MonthlyUsd)
    }

    /// Returns its value for the attempts; none where nothing tells it.
    pub(super) fn of(self, sums: &Figures, calls: Option<&Calls>, session: &Session) -> Option<Bounded> {
        let books = session.books();
        match self {
            Self::CostPer1kUsd => sums.cost_per_1k(&books),
            Self::MonthlyUsd => sums.monthly_usd(&books, session.window().length_nanos()),
            Self::ColdP95Ms => sums.cold_ms(P95),
            Self::ColdRate => sums.cold_rate(),
            Self::InitP50Ms => sums.init_ms(P50),
            Self::InitP95Ms => sums.init_ms(P95),
            Self::RetryRatio => sums.retry_ratio(),
            Self::CallsPerInvocation => sums.calls_per_invocation(calls?),
            Self::ErrorRate => sums.error_rate(),
            Self::P95Ms => sums.duration_ms(P95),
            Self::TriggerLagP95Ms => sums.lag_ms(P95),
        }
    }

    /// Returns what is missing where there is no value.
    pub(super) fn needs(self) -> &'static str {
        match self {
            Self::CostPer1kUsd => "no invocation is priced",
            Self::MonthlyUsd => "a monthly figure needs a window of at least 24 hours, or --volumes",
            Self::ColdP95Ms => "no cold start tells how long it took",
            Self::ColdRate => "nothing tells of cold starts",
            Self::InitP50Ms | Self::InitP95Ms => "no init duration is known",
            Self::RetryRatio => "no event is known",
            Self::CallsPerInvocation => "no spans tell of calls, or a tenant is asked for, whom calls do not name",
            Self::ErrorRate => "no attempt ran",
            Self::P95Ms => "no duration is known",
            Self::TriggerLagP95Ms => "no lag is known",
        }
    }

    /// Returns a value as JSON: money as decimal text, all else as a number.
    pub(super) fn shown(self, amount: &Amount) -> Value {
        match self {
            _ if self.is_money() => json!(amount.to_string()),
            Self::ColdRate | Self::RetryRatio | Self::CallsPerInvocation | Self::ErrorRate => {
                number(amount, SHARE_PLACES)
            }
            _ => number(amount, MS_PLACES),
        }
    }
}
