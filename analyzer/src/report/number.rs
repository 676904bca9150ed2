//! How numbers are printed: milliseconds from microseconds, quantities as decimal text.

use pennyspan_rules::price::Amount;
use serde::Serialize;

use crate::analysis::counts::whole;
use crate::analysis::quantiles::Quantiles;
use crate::analysis::trigger_lag::TriggerLag;
use crate::report::totals::is_zero;

/// MiB times milliseconds in a GB-second.
const MIB_MS_PER_GB_S: i128 = 1_024_000;
/// Thousandths in one: weights are in thousandths.
const MILLI: i128 = 1_000;

/// Returns a duration in milliseconds.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "durations are far below 2^52 microseconds")]
pub fn milliseconds(us: i64) -> f64 {
    us as f64 / 1_000.0
}

/// Prints weighted `MiB*ms` as GB-seconds.
#[must_use]
pub fn gb_s(mib_ms_milli: i128) -> String {
    Amount::ratio(mib_ms_milli, MIB_MS_PER_GB_S * MILLI).to_string()
}

/// The quantiles of durations, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
    /// Whether they are from buckets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
}

impl Latency {
    pub(crate) fn of(us: &Quantiles) -> Self {
        let ms = |value: Option<i64>| value.map(milliseconds);
        Self {
            p50: ms(us.p50),
            p95: ms(us.p95),
            p99: ms(us.p99),
            max: ms(us.max),
            approximate: us.approximate,
        }
    }
}

/// The quantiles of inits, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Inits {
    /// How many.
    pub count: i64,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
    /// Whether they are from buckets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
}

impl Inits {
    pub(crate) fn of(us: &Quantiles) -> Self {
        let Latency {
            p50,
            p95,
            max,
            approximate,
            ..
        } = Latency::of(us);
        Self {
            count: whole(us.weight_milli),
            p50,
            p95,
            max,
            approximate,
        }
    }
}

/// The quantiles of lags, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lags {
    /// First attempts whose lag is known.
    pub count: i64,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// Whether they are from buckets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
    /// Of the first attempts, those whose lag clocks showed below zero: it is taken for zero.
    #[serde(skip_serializing_if = "is_zero")]
    pub below_zero: i64,
}

impl Lags {
    pub(crate) fn of(lag: &TriggerLag) -> Self {
        let us = &lag.first_attempt_us;
        let Latency {
            p50,
            p95,
            p99,
            approximate,
            ..
        } = Latency::of(us);
        Self {
            count: whole(us.weight_milli),
            p50,
            p95,
            p99,
            approximate,
            below_zero: whole(lag.below_zero_milli),
        }
    }
}
