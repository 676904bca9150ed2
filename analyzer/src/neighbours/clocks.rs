//! How far the clocks of senders and receivers disagree, by what their messages allow.
//!
//! Nothing is received before it was sent. So of one pair of sender and receiver, the shortest lag says how far lags must be raised
//! at least, and the shortest lag of messages the other way how far they may be raised at most. What is least is taken: no
//! correction where none is needed, the middle where the two contradict each other. The shortest lag is that of the first percentile,
//! so that one lost clock among hundreds of instances does not move the lags of all.

use std::collections::BTreeMap;

/// Nanoseconds in a microsecond.
const MICRO_NANOS: i64 = 1_000;
/// One lag in so many may be shorter than the one that counts as the shortest.
const OUTLIERS: usize = 100;

/// Who has a clock: a function, else a service.
pub(crate) type Place = String;

/// Lags by sender and receiver as their clocks show them, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Lags(BTreeMap<(Place, Place), Vec<i64>>);

/// What is known about the clocks of one sender and one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Who sent.
    pub sender: String,
    /// Who received.
    pub receiver: String,
    /// Messages that the estimate rests on.
    pub message_count: u64,
    /// By how much lags must be raised (lowered where it is negative) to agree with what messages allow, in microseconds.
    pub estimated_us: i64,
    /// By how much they are, which the limit bounds, in microseconds.
    pub applied_us: i64,
    /// Lags that the correction leaves below zero; they are shown as zero.
    pub below_zero_count: u64,
}

/// The corrections of all pairs.
#[derive(Debug, Default)]
pub(crate) struct Clocks(BTreeMap<(Place, Place), Skew>);

impl Lags {
    /// Adds the lag of one message.
    pub(crate) fn add(&mut self, sender: &str, receiver: &str, lag_nanos: i64) {
        let pair = (sender.to_owned(), receiver.to_owned());
        self.0.entry(pair).or_default().push(lag_nanos);
    }

    /// Estimates every pair; no correction is larger than the limit, in microseconds, and a limit of 0 corrects nothing.
    pub(crate) fn settle(mut self, limit_us: i64) -> Clocks {
        self.0.values_mut().for_each(|lags| lags.sort_unstable());
        let skew = |pair: &(Place, Place), lags: &[i64]| {
            let (sender, receiver) = pair;
            let back = self.0.get(&(receiver.clone(), sender.clone()));
            let estimated_us = estimated_nanos(shortest(lags), back.and_then(|back| shortest(back))) / MICRO_NANOS;
            let limit_us = limit_us.max(0);
            let applied_us = estimated_us.clamp(-limit_us, limit_us);
            let below = |lag: &&i64| lag.saturating_add(applied_us.saturating_mul(MICRO_NANOS)) < 0;
            Skew {
                sender: sender.clone(),
                receiver: receiver.clone(),
                message_count: lags.len() as u64,
                estimated_us,
                applied_us,
                below_zero_count: lags.iter().take_while(below).count() as u64,
            }
        };
        Clocks(
            self.0
                .iter()
                .map(|(pair, lags)| (pair.clone(), skew(pair, lags)))
                .collect(),
        )
    }
}

impl Clocks {
    /// Returns by how much a lag of the pair is raised, in nanoseconds.
    pub(crate) fn correction_nanos(&self, sender: &str, receiver: &str) -> i64 {
        let pair = (sender.to_owned(), receiver.to_owned());
        let applied_us = self.0.get(&pair).map_or(0, |skew| skew.applied_us);
        applied_us.saturating_mul(MICRO_NANOS)
    }

    /// Returns the pairs whose clocks disagree, by name.
    pub(crate) fn disagreeing(&self) -> impl Iterator<Item = &Skew> {
        self.0
            .values()
            .filter(|skew| skew.estimated_us != 0 || skew.below_zero_count > 0)
    }
}

/// Returns the shortest of some lags in order, but for outliers.
fn shortest(lags: &[i64]) -> Option<i64> {
    lags.get(lags.len().saturating_sub(1) / OUTLIERS).copied()
}

/// Returns the least correction that the shortest lags either way allow; rounded up to a microsecond, so that none is left below
/// zero by rounding.
fn estimated_nanos(forth: Option<i64>, back: Option<i64>) -> i64 {
    let up = |nanos: i64| nanos.saturating_add(MICRO_NANOS - 1).div_euclid(MICRO_NANOS) * MICRO_NANOS;
    let at_least = forth.map_or(0, i64::saturating_neg);
    match back {
        Some(at_most) if at_least > at_most => up(midpoint(at_least, at_most)),
        Some(at_most) => up(at_least.max(0.min(at_most))),
        None => up(at_least.max(0)),
    }
}

fn midpoint(one: i64, other: i64) -> i64 {
    i64::try_from(i128::midpoint(i128::from(one), i128::from(other))).unwrap_or(0)
}

#[cfg(test)]
mod tests;
