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

/// A millionth of a dollar.
const MICRO: i128 = 1_000_000_000_000;

/// Shows dollars below one with six places, so that small amounts can be told apart, and others with two.
#[must_use]
pub fn usd_fine(amount: Usd) -> Shown {
    placed(amount, places_of(amount))
}

/// Shows the parts of a total, and the total, with the places that suit the total; shown parts add up to the shown total.
#[must_use]
pub fn usd_parts(parts: &[Usd], total: Usd) -> (Vec<Shown>, Shown) {
    let places = places_of(total);
    let unit = 10_i128.pow(18 - places);
    let floors: Vec<i128> = parts.iter().map(|part| part.0.div_euclid(unit)).collect();
    let whole = (total.0 + unit / 2).div_euclid(unit);
    let missing = usize::try_from(whole - floors.iter().sum::<i128>()).unwrap_or(0);
    let mut by_rest: Vec<usize> = (0..parts.len()).collect();
    by_rest.sort_by_key(|at| (std::cmp::Reverse(parts[*at].0.rem_euclid(unit)), *at));
    let mut units = floors;
    for at in by_rest.into_iter().take(missing) {
        units[at] += 1;
    }
    let shown = |(part, units): (&Usd, i128)| match units {
        0 if part.0 > 0 => below(places),
        units => placed(Usd(units * unit), places),
    };
    (parts.iter().zip(units).map(shown).collect(), placed(total, places))
}

fn places_of(amount: Usd) -> u32 {
    if amount.0.abs() < 1_000_000 * MICRO { 6 } else { 2 }
}

/// Shows dollars with so many places; what is not nothing is not shown as 0.
fn placed(amount: Usd, places: u32) -> Shown {
    let unit = 10_i128.pow(18 - places);
    match amount.0 {
        0 => Shown::of("0", "USD"),
        1.. if amount.0 < unit / 2 => below(places),
        value => Shown::of(decimal(value, 18, places), "USD"),
    }
}

fn below(places: u32) -> Shown {
    Shown::of(format!("<\u{202f}{}", decimal(1, places, places)), "USD")
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
