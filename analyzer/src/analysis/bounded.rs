//! A measured value with the bounds of its 95 % interval.
//!
//! Values and bounds are exact fractions, also of money, so that a value at its limit is at its limit. Where a bound comes
//! from a formula in floating point, only shares, durations and quantities do, never an amount.

use num_bigint::BigInt;
use num_rational::BigRational;
use pennyspan_rules::price::Amount;

use crate::functions::judging::statistics::wilson;

/// The quantile of the normal distribution that leaves 2.5 % above it.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;
/// Places to which a square root of an exact fraction is cut.
const ROOT_PLACES: u32 = 18;

/// A value, and where the truth behind it lies in 95 of 100 cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded {
    /// The value.
    pub point: Amount,
    /// The lower bound and the upper one; none where only the value is known.
    pub bounds: Option<(Amount, Amount)>,
    /// Rows behind it.
    pub n: i64,
}

impl Bounded {
    /// Returns a value of which nothing but itself is known.
    #[must_use]
    pub fn bare(point: Amount, n: i64) -> Self {
        Self { point, bounds: None, n }
    }

    /// Returns the share `part / whole` of weighted rows with Wilson's bounds; none of nothing.
    #[must_use]
    pub fn share(part_milli: i128, whole: Weighed) -> Option<Self> {
        let n = whole.effective();
        let point = Amount::ratio(part_milli, whole.sum_milli);
        let (low, high) = wilson(float(part_milli) / float(whole.sum_milli.max(1)) * n, n)?;
        // The formula may pass the value by a rounding error where every row or none counts.
        let low = fraction(low)?.min(point.clone());
        let high = fraction(high)?.max(point.clone());
        Some(Self {
            point,
            bounds: Some((low, high)),
            n: whole.rows,
        })
    }

    /// Returns a number of weighted rows, within what may come by chance.
    #[must_use]
    pub fn count(of: Weighed) -> Self {
        let reach = fraction(Z_95 * float(of.squares).sqrt() / 1_000.0).unwrap_or_else(Amount::zero);
        Self::within(Amount::ratio(of.sum_milli, 1_000), &reach, of.rows)
    }

    /// Returns a value with the same reach on both sides; below zero it never is.
    #[must_use]
    pub fn within(point: Amount, reach: &Amount, n: i64) -> Self {
        let low = (point.clone() - reach.clone()).max(Amount::zero());
        let high = point.clone() + reach.clone();
        Self {
            point,
            bounds: Some((low, high)),
            n,
        }
    }

    /// Returns the lower bound, or the value where there is none.
    #[must_use]
    pub fn low(&self) -> &Amount {
        self.bounds.as_ref().map_or(&self.point, |(low, _)| low)
    }

    /// Multiplies value and bounds.
    #[must_use]
    pub fn times(&self, factor: &Amount) -> Self {
        let times = |amount: &Amount| amount.clone() * factor.as_ratio();
        Self {
            point: times(&self.point),
            bounds: self.bounds.as_ref().map(|(low, high)| (times(low), times(high))),
            n: self.n,
        }
    }

    /// Returns the interval of `after - self`, by squares of how far each side's bounds reach; none where a side has none.
    #[must_use]
    pub fn difference(&self, after: &Self) -> Option<(Amount, Amount)> {
        let ((before_low, before_high), (low, high)) = (self.bounds.as_ref()?, after.bounds.as_ref()?);
        let delta = after.point.clone() - self.point.clone();
        let reach = |of: &Amount, from: &Amount| of.clone() - from.clone();
        let down = hypotenuse(&reach(&after.point, low), &reach(before_high, &self.point));
        let up = hypotenuse(&reach(high, &after.point), &reach(&self.point, before_low));
        Some((delta.clone() - down, delta + up))
    }

    /// Gives a value of which only itself is known the bounds that it has if its rows scatter as those of `like` do.
    #[must_use]
    pub fn scattered_as(self, like: &Self) -> Self {
        let Some((low, _)) = like.bounds.as_ref().filter(|_| self.bounds.is_none()) else {
            return self;
        };
        if like.point.is_zero() || self.n <= 0 || like.n <= 0 {
            return self;
        }
        let share = (like.point.clone() - low.clone()).as_ratio() / like.point.as_ratio();
        let rows = root(&Amount::ratio(i128::from(like.n), i128::from(self.n)));
        let reach = self.point.clone() * &share * rows.as_ratio();
        Self::within(self.point, &reach, self.n)
    }
}

/// Rows with weights: how many, what they stand for, and how unevenly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weighed {
    /// Rows.
    pub rows: i64,
    /// The sum of the weights, in thousandths.
    pub sum_milli: i128,
    /// The sum of the squared weights.
    pub squares: i128,
}

impl Weighed {
    /// Adds a row.
    pub fn add(&mut self, weight_milli: i64) {
        let weight = i128::from(weight_milli);
        self.rows += 1;
        self.sum_milli += weight;
        self.squares = self.squares.saturating_add(weight * weight);
    }

    /// Adds all rows of another.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.sum_milli += other.sum_milli;
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// Returns the sum of the weights, in thousandths; of more than fit, the most that do.
    #[must_use]
    pub fn milli(self) -> i64 {
        i64::try_from(self.sum_milli).unwrap_or(i64::MAX)
    }

    /// Returns how many equal rows would say as much (Kish's effective sample size).
    #[must_use]
    pub fn effective(self) -> f64 {
        if self.squares == 0 {
            return 0.0;
        }
        float(self.sum_milli) * float(self.sum_milli) / float(self.squares)
    }

    /// Returns so many rows that each stand for themselves.
    #[must_use]
    pub fn plain(rows: i64) -> Self {
        let count = i128::from(rows.max(0));
        Self {
            rows: rows.max(0),
            sum_milli: count * 1_000,
            squares: count * 1_000_000,
        }
    }
}

/// Returns a whole number for a formula of bounds.
#[expect(clippy::cast_precision_loss, reason = "bounds have no more digits than an f64")]
pub(crate) fn float(value: i128) -> f64 {
    value as f64
}

/// Returns a bound of a formula as the exact fraction that it is; none where it is not finite.
pub(crate) fn fraction(value: f64) -> Option<Amount> {
    BigRational::from_float(value).map(Amount::new)
}

/// Returns the root of the sum of squares.
fn hypotenuse(a: &Amount, b: &Amount) -> Amount {
    let square = |side: &Amount| side.as_ratio() * side.as_ratio();
    root(&Amount::new(square(a) + square(b)))
}

/// Returns the square root, cut to 18 places; of what is below zero, zero.
fn root(of: &Amount) -> Amount {
    let scale = BigInt::from(10).pow(ROOT_PLACES);
    let scaled = (of.as_ratio() * &scale * &scale).to_integer();
    if scaled <= BigInt::from(0) {
        return Amount::zero();
    }
    Amount::new(BigRational::new(scaled.sqrt(), scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(part: i64, whole: i64) -> Bounded {
        Bounded::share(i128::from(part) * 1_000, Weighed::plain(whole)).unwrap()
    }

    #[test]
    fn shares_have_wilsons_bounds_and_nothing_has_none() {
        let tenth = of(1, 10);
        assert_eq!(tenth.point, Amount::ratio(1, 10));
        assert_eq!(tenth.low().fixed(4), "0.0179");
        assert_eq!(Bounded::share(0, Weighed::default()), None);
        assert_eq!(of(20, 20).low().fixed(3), "0.839");
    }

    #[test]
    fn heavy_rows_say_less_than_as_many_light_ones() {
        let mut heavy = Weighed::default();
        (0..10).for_each(|_| heavy.add(100_000));
        let wide = Bounded::share(100_000, heavy).unwrap();
        assert_eq!((wide.low(), wide.n), (of(1, 10).low(), 10));
        assert!((heavy.effective() - 10.0).abs() < 1e-9 && heavy.milli() == 1_000_000);
        heavy.add(1_000);
        assert!(heavy.effective() < 11.0, "a light row beside heavy ones says little");
    }

    #[test]
    fn roots_are_those_of_the_tables() {
        assert_eq!(root(&Amount::ratio(2, 1)).fixed(9), "1.414213562");
        assert_eq!(
            hypotenuse(&Amount::ratio(3, 10), &Amount::ratio(4, 10)),
            Amount::ratio(1, 2)
        );
        assert_eq!(root(&Amount::ratio(-1, 1)), Amount::zero());
    }

    #[test]
    fn a_bare_value_takes_the_scatter_of_its_successor() {
        let like = Bounded::within(Amount::ratio(10, 1), &Amount::ratio(1, 1), 400);
        let bare = Bounded::bare(Amount::ratio(20, 1), 100).scattered_as(&like);
        assert_eq!(
            bare.low(),
            &Amount::ratio(16, 1),
            "a quarter of the rows: twice the scatter"
        );
    }

    proptest! {
        #[test]
        fn bounds_hold_their_value(part in 0_i64..500, more in 1_i64..500) {
            let share = of(part, part + more);
            let (low, high) = share.bounds.clone().unwrap();
            prop_assert!(low <= share.point && share.point <= high && low >= Amount::zero());
        }

        #[test]
        fn a_difference_from_itself_holds_zero(part in 0_i64..500, more in 1_i64..500) {
            let share = of(part, part + more);
            let (low, high) = share.difference(&share).unwrap();
            prop_assert!(low <= Amount::zero() && high >= Amount::zero());
        }
    }
}
