//! Money: exact to 18 decimals inside, two places on the page.

use super::{Missing, Shown, decimal, plural};

/// US dollars in units of 10⁻¹⁸, as the views' Decimal(38,18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Usd(pub i128);

impl Usd {
    /// Returns the amount as f64, for positions in a chart only.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a position in a picture, not an amount")]
    pub fn position(self) -> f64 {
        self.0 as f64 / 1e18
    }
}

/// The sum of what is priced, beside the count of what is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Sum of what is priced.
    pub usd: Usd,
    /// Rows that have a price.
    pub priced: i64,
    /// Rows that have none.
    pub not_priced: i64,
}

impl Amount {
    /// Shows the sum; where nothing has a price, that is said instead of a zero.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match (self.priced, self.not_priced) {
            (0, 0) => Shown::missing(Missing::NoData),
            (0, _) => Shown::missing(Missing::NotPriced),
            _ => usd(self.usd),
        }
    }

    /// Says what the sum leaves out, empty if nothing.
    #[must_use]
    pub fn caveat(&self) -> String {
        if self.not_priced == 0 {
            String::new()
        } else {
            plural(self.not_priced, "not priced", "not priced")
        }
    }
}

/// Shows dollars with two places; what is not nothing is not shown as 0.00.
#[must_use]
pub fn usd(amount: Usd) -> Shown {
    const CENT: i128 = 10_000_000_000_000_000;
    match amount.0 {
        0 => Shown::of("0", "USD"),
        1.. if amount.0 * 2 < CENT => Shown::of("<\u{202f}0.01", "USD"),
        value => Shown::of(decimal(value, 18, 2), "USD"),
    }
}

/// Shows millionths of a dollar with two places, for one trace or one invocation.
#[must_use]
pub fn micro_usd(amount: Usd) -> Shown {
    match amount.0 {
        0 => Shown::of("0", "µUSD"),
        1..5_000_000_000 => Shown::of("<\u{202f}0.01", "µUSD"),
        value => Shown::of(decimal(value, 12, 2), "µUSD"),
    }
}
