//! What a finding's rule measures over time, and when that changed.

use pennyspan_analyzer::analysis::counts::whole;
use pennyspan_analyzer::analysis::courses::{Course, Grid};
use pennyspan_analyzer::analysis::overview::Overview;
use pennyspan_rules::Rule;

use super::numbers;
use crate::chart::{Unit, turn};

/// What a rule's finding is drawn as over time.
#[derive(Clone, Copy)]
pub(super) enum Measure {
    Failed,
    Cold,
    Init,
    Duration,
    Lag,
    Memory,
    Attempts,
}

impl Measure {
    pub(super) fn of(rule: &Rule) -> Self {
        match rule.name.as_str() {
            "error-rate" | "timeouts" | "oom" | "poison-message" | "dependency-degraded" => Self::Failed,
            "cold-start-rate" => Self::Cold,
            "slow-init" => Self::Init,
            "near-timeout" | "duration-regression" | "sync-chain" | "chatty-function" => Self::Duration,
            "trigger-lag" => Self::Lag,
            "memory-over-provisioned" => Self::Memory,
            _ => Self::Attempts,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Cold => "cold starts",
            Self::Init => "init p50",
            Self::Duration => "p95",
            Self::Lag => "lag p95",
            Self::Memory => "memory used",
            Self::Attempts => "attempts",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Failed => "failed invocations, % of invocations",
            Self::Cold => "cold starts, % of invocations",
            Self::Init => "init duration, median",
            Self::Duration => "duration p95",
            Self::Lag => "lag of first attempts, p95",
            Self::Memory => "highest memory use, % of the size",
            Self::Attempts => "attempts per interval",
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Self::Failed | Self::Cold | Self::Memory => Unit::Percent,
            Self::Init | Self::Duration | Self::Lag => Unit::Microseconds,
            Self::Attempts => Unit::Count,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
    pub(super) fn value(self, sums: &Overview) -> Option<f64> {
        let us = |us: Option<i64>| us.map(|us| us as f64);
        match self {
            Self::Failed => {
                let (ran, failed) = numbers::failures(&sums.counts);
                numbers::share(failed, ran).map(|share| share * 100.0)
            }
            Self::Cold => {
                let (cold, known) = numbers::cold(&sums.cold_starts.answer()).ok()?;
                numbers::share(cold, known).map(|share| share * 100.0)
            }
            Self::Init => us(sums.cold_starts.answer().init_us.p50),
            Self::Duration => us(sums.latency.answer().p95),
            Self::Lag => us(sums.lag.answer().first_attempt_us.p95),
            Self::Memory => sums.used_ppm.map(|ppm| ppm as f64 / 10_000.0),
            Self::Attempts => Some(whole(sums.counts.attempts_milli) as f64),
        }
    }
}

/// A change of a measure for the worse.
#[derive(Clone, Copy)]
pub(super) struct Onset {
    /// Start of the interval in which it changed, nanoseconds since 1970.
    pub(super) at_unix_nano: i64,
    measure: Measure,
    before: f64,
    after: f64,
}

impl Onset {
    /// Finds when the measure of a rule got worse within a course, if it plainly did.
    pub(super) fn of(rule: &Rule, course: &Course<Overview>, grid: Grid) -> Option<Self> {
        let measure = Measure::of(rule);
        let values: Vec<Option<f64>> = course
            .iter()
            .map(|cell| cell.as_ref().and_then(|cell| measure.value(cell)))
            .collect();
        let turn = turn(&values)?;
        let falls = turn.after < turn.before;
        let worse = falls == matches!(measure, Measure::Attempts);
        worse.then(|| Self {
            at_unix_nano: numbers::bins(grid).start(turn.bin),
            measure,
            before: turn.before,
            after: turn.after,
        })
    }

    /// Says from what to what it changed.
    pub(super) fn words(&self) -> String {
        let unit = self.measure.unit();
        format!(
            "{}: from {} to {}",
            self.measure.words(),
            unit.write(self.before),
            unit.write(self.after)
        )
    }
}
