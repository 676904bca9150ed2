//! Quantiles by nearest rank: over the exact values up to 10,000 rows, over buckets above.

use pennyspan_schema::Histogram;

use crate::analysis::bounded::Weighed;
use crate::functions::judging::statistics::wilson;

/// Rows of a group and window up to which every value is kept.
pub const EXACT_ROWS: usize = 10_000;

/// What part of its value a quantile from buckets may be off: 0.8 %.
const BUCKET_PART: i64 = 125;

/// A quantile, and the values between which it lies in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundedQuantile {
    /// The quantile.
    pub point: i64,
    /// Its lower bound.
    pub low: i64,
    /// Its upper bound.
    pub high: i64,
    /// Rows behind it.
    pub rows: i64,
}

/// Values with their weights in thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    exact: Vec<(i64, i64)>,
    buckets: Option<Histogram>,
    min: Option<i64>,
    max: Option<i64>,
    weight_milli: i128,
    rows: i64,
    squares: i128,
}

/// The quantiles of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// What the values stand for, in thousandths.
    pub weight_milli: i128,
    /// The median.
    pub p50: Option<i64>,
    /// The 95th percentile.
    pub p95: Option<i64>,
    /// The 99th percentile.
    pub p99: Option<i64>,
    /// The largest value, exactly.
    pub max: Option<i64>,
    /// Whether they come from buckets, at most 0.8 % off.
    pub approximate: bool,
}

impl Samples {
    /// Adds one value.
    pub fn add(&mut self, value: i64, weight_milli: i64) {
        self.note(value, i128::from(weight_milli));
        match &mut self.buckets {
            Some(buckets) => buckets.record(value, weight_milli),
            None => self.exact.push((value, weight_milli)),
        }
        self.overflow();
    }

    /// Adds every value of another set.
    pub fn merge(&mut self, other: Self) {
        self.min = self.min.into_iter().chain(other.min).min();
        self.max = self.max.max(other.max);
        self.weight_milli += other.weight_milli;
        self.rows += other.rows;
        self.squares = self.squares.saturating_add(other.squares);
        self.exact.extend(other.exact);
        if let Some(buckets) = other.buckets {
            self.buckets.get_or_insert_default().merge(buckets.borrowed());
        }
        self.overflow();
    }

    /// Returns the quantiles.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        let mut sorted = self.exact.clone();
        sorted.sort_unstable();
        let at = |q_milli: u16| match &self.buckets {
            None => nearest_rank(&sorted, q_milli),
            Some(buckets) => Some(buckets.borrowed().quantile(q_milli)?.clamp(self.min?, self.max?)),
        };
        let weight_milli = self.weight_milli;
        Quantiles {
            weight_milli,
            p50: at(500),
            p95: at(950),
            p99: at(990),
            max: self.max,
            approximate: self.buckets.is_some(),
        }
    }

    fn note(&mut self, value: i64, weight_milli: i128) {
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = self.max.max(Some(value));
        self.weight_milli += weight_milli;
        self.rows += 1;
        self.squares = self.squares.saturating_add(weight_milli.saturating_mul(weight_milli));
    }

    /// Returns a quantile with the order statistics that bound it in 95 of 100 cases: the values at Wilson's bounds of the
    /// quantile's own share, cut to thousandths away from it. Buckets reach as far again as they may be off. None without a
    /// value.
    #[must_use]
    pub fn bounded(&self, q_milli: u16) -> Option<BoundedQuantile> {
        let weighed = Weighed {
            rows: self.rows,
            sum_milli: self.weight_milli,
            squares: self.squares,
        };
        let (n, share) = (weighed.effective(), f64::from(q_milli) / 1_000.0);
        let (low, high) = wilson(share * n, n)?;
        let mut sorted = self.exact.clone();
        sorted.sort_unstable();
        let at = |q_milli: u16| match &self.buckets {
            None => nearest_rank(&sorted, q_milli),
            Some(buckets) => Some(buckets.borrowed().quantile(q_milli)?.clamp(self.min?, self.max?)),
        };
        let milli = |share: f64| (1..=1_000_u16).rev().find(|milli| f64::from(*milli) <= share * 1_000.0);
        let (low, high) = (
            at(milli(low).unwrap_or(1))?,
            at(milli(high).map_or(1, |milli| (milli + 1).min(1_000)))?,
        );
        let off = |value: i64| if self.buckets.is_some() { value / BUCKET_PART } else { 0 };
        let point = at(q_milli)?;
        Some(BoundedQuantile {
            point,
            low: (low - off(low)).min(point),
            high: high.saturating_add(off(high)).max(point),
            rows: self.rows,
        })
    }

    /// Puts the values into buckets when there are too many, or when a part of them stands there already.
    fn overflow(&mut self) {
        if self.exact.len() > EXACT_ROWS || self.buckets.is_some() && !self.exact.is_empty() {
            let buckets = self.buckets.get_or_insert_default();
            for (value, weight_milli) in std::mem::take(&mut self.exact) {
                buckets.record(value, weight_milli);
            }
        }
    }
}

/// Returns the first value at which the cumulated weight reaches the quantile's share.
fn nearest_rank(sorted: &[(i64, i64)], q_milli: u16) -> Option<i64> {
    let total: i128 = sorted.iter().map(|(_, weight)| i128::from(*weight)).sum();
    let mut seen = 0_i128;
    let reaches = |(_, weight): &&(i64, i64)| {
        seen += i128::from(*weight);
        seen * 1_000 >= total * i128::from(q_milli)
    };
    sorted.iter().find(reaches).map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[i64]) -> Samples {
        let mut samples = Samples::default();
        for value in values {
            samples.add(*value, 1_000);
        }
        samples
    }

    #[test]
    fn quantiles_are_nearest_rank_over_exact_values() {
        let quantiles = of(&[40, 10, 30, 20]).quantiles();
        assert_eq!(
            (quantiles.p50, quantiles.p95, quantiles.max, quantiles.approximate),
            (Some(20), Some(40), Some(40), false)
        );
        assert_eq!(Samples::default().quantiles(), Quantiles::default());
    }

    #[test]
    fn a_sampled_value_counts_as_many_times_as_it_stands_for() {
        let mut samples = of(&[1, 2, 3]);
        samples.add(100, 5_000);
        assert_eq!(samples.quantiles().p50, Some(100));
    }

    #[test]
    fn one_row_too_many_makes_quantiles_approximate_in_whatever_parts_it_comes() {
        let values: Vec<i64> = (0..=i64::try_from(EXACT_ROWS).unwrap()).map(|n| n * 37).collect();
        let whole = of(&values);
        let (left, right) = values.split_at(values.len() / 3);
        let mut parts = of(right);
        parts.merge(of(left));
        assert!(whole.quantiles().approximate);
        assert_eq!(whole.quantiles(), parts.quantiles());
        assert!(!of(&values[1..]).quantiles().approximate);
    }

    #[test]
    fn order_statistics_bound_a_quantile() {
        let hundred: Vec<i64> = (1..=100).collect();
        let median = of(&hundred).bounded(500).unwrap();
        assert_eq!((median.low, median.point, median.high, median.rows), (41, 50, 60, 100));
        assert_eq!(
            of(&[7]).bounded(950).map(|one| (one.low, one.point, one.high)),
            Some((7, 7, 7))
        );
        assert_eq!(Samples::default().bounded(500), None);
    }

    proptest! {
        #[test]
        fn bounds_of_quantiles_hold_them(values in prop::collection::vec(0_i64..1 << 40, 1..200), q_milli in 1_u16..1_000) {
            let bounded = of(&values).bounded(q_milli).unwrap();
            prop_assert!(bounded.low <= bounded.point && bounded.point <= bounded.high);
        }

        #[test]
        fn merging_in_any_order_gives_the_same(values in prop::collection::vec(0_i64..1 << 40, 1..200), cut in 0_usize..200) {
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut merged = of(right);
            merged.merge(of(left));
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let rank = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1];
            let quantiles = merged.quantiles();
            prop_assert_eq!(quantiles, of(&values).quantiles());
            prop_assert_eq!((quantiles.p50, quantiles.p95, quantiles.p99), (Some(rank(50)), Some(rank(95)), Some(rank(99))));
        }
    }
}
