//! Exact decimal numbers as people write them in rule files and price books.

use std::{cmp::Ordering, fmt, str::FromStr};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;

/// Most digits after the point that a number may have.
const MAX_SCALE: u32 = 30;

/// Holds a number exactly as it was written: `mantissa / 10^scale`, without trailing zeros after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Says why a text is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is no plain decimal number.
    #[error("`{text}` is not a decimal number; write digits with at most one point, such as `0.95`")]
    NotANumber {
        /// The text as given.
        text: String,
    },
    /// The number needs more digits than are kept.
    #[error("`{text}` has too many digits; at most 38 digits, {MAX_SCALE} of them after the point, are kept")]
    TooLong {
        /// The text as given.
        text: String,
    },
}

impl Decimal {
    /// Builds a whole number.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        Self {
            mantissa: value as i128,
            scale: 0,
        }
    }

    /// Tells whether the number has no digits after the point.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.scale == 0
    }

    /// Returns the number as an integer where it is one and fits.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        if self.scale == 0 {
            i64::try_from(self.mantissa).ok()
        } else {
            None
        }
    }

    /// Returns the number as an exact fraction.
    #[must_use]
    pub fn to_ratio(self) -> BigRational {
        BigRational::new(BigInt::from(self.mantissa), BigInt::from(10).pow(self.scale))
    }

    /// Returns the nearest floating-point number, for thresholds that SQL compares; never for money.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.to_ratio().to_f64().unwrap_or(f64::NAN)
    }

    /// Returns `self + other`, or none where the sum does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let sum = self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?;
        Some(Self { mantissa: sum, scale }.trimmed())
    }

    /// Returns `self - other`, or none where the difference does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self {
            mantissa: other.mantissa.checked_neg()?,
            scale: other.scale,
        })
    }

    /// Tells whether the number is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    fn at_scale(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(10_i128.checked_pow(scale - self.scale)?)
    }

    fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let not_a_number = || DecimalError::NotANumber { text: text.to_owned() };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
        if !plain(whole) || !plain(fraction) {
            return Err(not_a_number());
        }
        let too_long = || DecimalError::TooLong { text: text.to_owned() };
        let fraction: String = fraction.trim_end_matches('0').replace('_', "");
        let scale = u32::try_from(fraction.len())
            .ok()
            .filter(|n| *n <= MAX_SCALE)
            .ok_or_else(too_long)?;
        let all = whole.replace('_', "") + &fraction;
        let mantissa: i128 = all.parse().map_err(|_| too_long())?;
        Ok(Self {
            mantissa: if negative { -mantissa } else { mantissa },
            scale,
        }
        .trimmed())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return f.pad(&format!("{sign}{digits}"));
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        f.pad(&format!("{sign}{whole}.{fraction}"))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_ratio().cmp(&other.to_ratio())
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_print_as_they_were_written_without_trailing_zeros() {
        for (text, printed) in [
            ("0.010", "0.01"),
            ("-0.5", "-0.5"),
            ("1_000", "1000"),
            ("20", "20"),
            ("-0", "0"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1e3",
            "nan",
            "--1",
            "1.2.3",
            "0x10",
            &"9".repeat(60),
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_returns_the_same_number(mantissa in any::<i64>(), scale in 0_u32..18) {
            let number = Decimal { mantissa: mantissa.into(), scale }.trimmed();
            prop_assert_eq!(number.to_string().parse::<Decimal>().unwrap(), number);
        }

        #[test]
        fn a_step_up_and_down_returns_to_the_value(a in any::<i32>(), b in any::<i32>(), s in 0_u32..6, t in 0_u32..6) {
            let value = Decimal { mantissa: a.into(), scale: s }.trimmed();
            let step = Decimal { mantissa: b.into(), scale: t }.trimmed();
            prop_assert_eq!(value.checked_add(step).unwrap().checked_sub(step).unwrap(), value);
        }
    }
}
