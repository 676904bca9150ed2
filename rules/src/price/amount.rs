//! Exact amounts of money, rounded once, when they are printed.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Mul, Sub},
};

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// Places after the point to which amounts are printed.
pub const PRINTED_PLACES: u32 = 18;

/// An amount in USD (or, before multiplication by a price, a quantity in units) as an exact fraction.
///
/// ```
/// use pennyspan_rules::Amount;
/// let third = Amount::ratio(1, 3);
/// assert_eq!(third.to_string(), "0.333333333333333333");
/// assert_eq!((third.clone() + third.clone() + third).to_string(), "1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(BigRational);

impl Amount {
    /// Wraps an exact fraction.
    #[must_use]
    pub const fn new(value: BigRational) -> Self {
        Self(value)
    }

    /// Returns nothing at all, which is known; an unknown amount is no `Amount`.
    #[must_use]
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// Returns `numerator / denominator`; a zero denominator counts as one.
    #[must_use]
    pub fn ratio(numerator: i128, denominator: i128) -> Self {
        let denominator = if denominator == 0 {
            BigInt::one()
        } else {
            BigInt::from(denominator)
        };
        Self(BigRational::new(BigInt::from(numerator), denominator))
    }

    /// Returns the exact fraction.
    #[must_use]
    pub const fn as_ratio(&self) -> &BigRational {
        &self.0
    }

    /// Tells whether the amount is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Returns the amount rounded half-even to that many places.
    #[must_use]
    pub fn rounded(&self, places: u32) -> Self {
        let scale = power_of_ten(places);
        Self(BigRational::new(half_even(&(&self.0 * &scale)), scale))
    }

    /// Prints the amount rounded half-even, with exactly that many places.
    #[must_use]
    pub fn fixed(&self, places: u32) -> String {
        let units = half_even(&(&self.0 * power_of_ten(places)));
        let sign = if units.is_negative() { "-" } else { "" };
        let digits = units.abs().to_string();
        let places = places as usize;
        if places == 0 {
            return format!("{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        format!("{sign}{whole}.{fraction}")
    }
}

impl fmt::Display for Amount {
    /// Prints half-even to 18 places, without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = self.fixed(PRINTED_PLACES);
        let trimmed = fixed.trim_end_matches('0').trim_end_matches('.');
        f.pad(if trimmed == "-0" { "0" } else { trimmed })
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul<&BigRational> for Amount {
    type Output = Self;

    fn mul(self, factor: &BigRational) -> Self {
        Self(self.0 * factor)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::zero(), |sum, amount| sum + amount)
    }
}

impl<'a> Sum<&'a Amount> for Amount {
    fn sum<I: Iterator<Item = &'a Amount>>(amounts: I) -> Self {
        amounts.fold(Self::zero(), |sum, amount| Self(sum.0 + &amount.0))
    }
}

/// Says that the parts of a table are not the parts of its total.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parts sum to {parts} and the total is {total}; pass all parts of that total")]
pub struct PartsDiffer {
    /// Sum of the parts, as printed.
    pub parts: String,
    /// The total, as printed.
    pub total: String,
}

/// Rounds the parts of a printed table so that they sum to the printed total.
///
/// Each part is cut to [`PRINTED_PLACES`]; the units that are then missing go to the parts with the largest
/// remainders, the first of equals first.
///
/// # Errors
/// [`PartsDiffer`] where the exact parts do not sum to the exact total.
pub fn largest_remainder(parts: &[Amount], total: &Amount) -> Result<Vec<Amount>, PartsDiffer> {
    let sum: Amount = parts.iter().sum();
    if sum != *total {
        return Err(PartsDiffer {
            parts: sum.to_string(),
            total: total.to_string(),
        });
    }
    let scale = power_of_ten(PRINTED_PLACES);
    let scaled: Vec<BigRational> = parts.iter().map(|part| &part.0 * &scale).collect();
    let mut units: Vec<BigInt> = scaled.iter().map(|part| part.numer().div_floor(part.denom())).collect();
    let mut missing = half_even(&(&total.0 * &scale)) - units.iter().sum::<BigInt>();
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_cached_key(|&at| std::cmp::Reverse(&scaled[at] - BigRational::from_integer(units[at].clone())));
    for at in order {
        if !missing.is_positive() {
            break;
        }
        units[at] += 1;
        missing -= 1;
    }
    Ok(units
        .into_iter()
        .map(|unit| Amount(BigRational::new(unit, scale.clone())))
        .collect())
}

fn power_of_ten(places: u32) -> BigInt {
    BigInt::from(10).pow(places)
}

/// Rounds to the nearest integer, and a tie to the even one.
fn half_even(value: &BigRational) -> BigInt {
    let floor = value.numer().div_floor(value.denom());
    let twice = (value - BigRational::from_integer(floor.clone())) * BigInt::from(2);
    let up = match twice.cmp(&BigRational::one()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => floor.is_odd(),
        std::cmp::Ordering::Greater => true,
    };
    if up { floor + 1 } else { floor }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_print_half_even_to_eighteen_places_without_trailing_zeros() {
        let tiny = 10_i128.pow(19);
        for (numerator, denominator, printed) in [
            (168_667, 1_000_000_000, "0.000168667"),
            (0, 1, "0"),
            (10, 1, "10"),
            (-1, 4, "-0.25"),
            (5, tiny, "0"),
            (15, tiny, "0.000000000000000002"),
            (25, tiny, "0.000000000000000002"),
            (-5, tiny, "0"),
            (1, 3, "0.333333333333333333"),
        ] {
            assert_eq!(Amount::ratio(numerator, denominator).to_string(), printed);
        }
        assert_eq!(Amount::ratio(168_667, 1_000_000_000).fixed(2), "0.00");
        assert_eq!(Amount::ratio(125, 1_000).fixed(2), "0.12");
    }

    #[test]
    fn thirds_of_a_dollar_print_as_parts_of_a_dollar() {
        let parts = [Amount::ratio(1, 3), Amount::ratio(1, 3), Amount::ratio(1, 3)];
        let printed = largest_remainder(&parts, &Amount::ratio(1, 1)).unwrap();
        let texts: Vec<_> = printed.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["0.333333333333333334", "0.333333333333333333", "0.333333333333333333"]
        );
    }

    #[test]
    fn parts_of_another_total_are_refused() {
        let refused = largest_remainder(&[Amount::ratio(1, 3)], &Amount::ratio(1, 2)).unwrap_err();
        insta::assert_snapshot!(refused, @"the parts sum to 0.333333333333333333 and the total is 0.5; pass all parts of that total");
    }

    proptest! {
        #[test]
        fn any_split_of_an_amount_adds_up(parts in prop::collection::vec((any::<i64>(), 1_i64..5_000_000), 1..40), at in 0_usize..40) {
            let parts: Vec<_> = parts.into_iter().map(|(n, d)| Amount::ratio(n.into(), d.into())).collect();
            let (left, right) = parts.split_at(at.min(parts.len()));
            let whole: Amount = parts.iter().sum();
            prop_assert_eq!(left.iter().sum::<Amount>() + right.iter().sum::<Amount>(), whole);
        }

        #[test]
        fn printed_parts_sum_to_the_printed_total(parts in prop::collection::vec((any::<i64>(), 1_i64..5_000_000), 1..40)) {
            let parts: Vec<_> = parts.into_iter().map(|(n, d)| Amount::ratio(n.into(), d.into())).collect();
            let total: Amount = parts.iter().sum();
            let printed = largest_remainder(&parts, &total).unwrap();
            prop_assert_eq!(printed.iter().sum::<Amount>(), total.rounded(PRINTED_PLACES));
            let unit = Amount::ratio(1, 10_i128.pow(PRINTED_PLACES));
            for (part, exact) in printed.iter().zip(&parts) {
                let off = part.clone() - exact.clone();
                prop_assert!(off < unit && off > Amount::zero() - unit.clone(), "{off} for {exact}");
            }
        }

        #[test]
        fn rounding_is_off_by_at_most_half_a_unit(n in any::<i64>(), d in 1_i64..5_000_000, places in 0_u32..19) {
            let exact = Amount::ratio(n.into(), d.into());
            let off = exact.rounded(places) - exact;
            let half = BigRational::new(BigInt::one(), power_of_ten(places) * 2);
            prop_assert!(off.0.abs() <= half);
        }
    }
}
