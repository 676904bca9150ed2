//! Numbers, units, durations, money and times as a reader sees them.
//!
//! A number that is not there is a [`Missing`] with its word, never a zero. Digits and unit are apart, because the unit is
//! set smaller. Everything is computed from integers; only ratios of change go through f64.

mod clock;
mod money;

use std::fmt;

pub use clock::{age, clock, date, day, instant, minute, range};
pub use money::{Amount, Usd, micro_usd, usd, usd_fine, usd_parts};

use crate::text::escape;

/// Why a number is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing was written that it could be computed from.
    NoData,
    /// Something was written, but not this.
    Unknown,
    /// There are too few values for it to mean anything; carries how many.
    TooFew(i64),
    /// No price is known.
    NotPriced,
    /// It does not exist on this platform.
    NotApplicable,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoData => f.write_str("no data"),
            Self::Unknown => f.write_str("unknown"),
            Self::TooFew(n) => write!(f, "n = {}", group(i128::from(*n))),
            Self::NotPriced => f.write_str("not priced"),
            Self::NotApplicable => f.write_str("n/a"),
        }
    }
}

/// A value, or the reason why there is none.
pub type Reading<T> = Result<T, Missing>;

/// Whether a quantile is exact or comes from histogram buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Nearest rank over the values themselves.
    Exact,
    /// From buckets, at most 0.8 % off; marked with a tilde.
    Buckets,
}

/// A number ready to be shown: digits, unit, and how it is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    digits: String,
    unit: &'static str,
    missing: bool,
    harm: bool,
}

impl Shown {
    fn of(digits: impl Into<String>, unit: &'static str) -> Self {
        Self {
            digits: digits.into(),
            unit,
            missing: false,
            harm: false,
        }
    }

    /// Shows the reason why there is no number.
    #[must_use]
    pub fn missing(why: Missing) -> Self {
        Self {
            digits: why.to_string(),
            unit: "",
            missing: true,
            harm: false,
        }
    }

    /// Shows a reading with `show`, or the reason why there is none.
    #[must_use]
    pub fn reading<T>(reading: &Reading<T>, show: impl FnOnce(&T) -> Shown) -> Self {
        match reading {
            Ok(value) => show(value),
            Err(why) => Self::missing(*why),
        }
    }

    /// Marks the number as one whose rule fires.
    #[must_use]
    pub fn harmful(mut self, fires: Harm) -> Self {
        self.harm = fires == Harm::Fires && !self.missing;
        self
    }

    /// Marks a quantile from buckets with a tilde.
    #[must_use]
    pub fn quantile(mut self, precision: Precision) -> Self {
        if precision == Precision::Buckets && !self.missing {
            self.digits.insert(0, '~');
        }
        self
    }

    /// Leaves the unit to the head of the column.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.unit = "";
        self
    }

    /// Returns whether there is no number.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    /// Returns the digits, or the word for what is missing.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Returns the unit, empty where there is none.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// Returns digits and unit as one text, parted by a space that does not break.
    #[must_use]
    pub fn text(&self) -> String {
        if self.unit.is_empty() {
            self.digits.clone()
        } else {
            format!("{}\u{a0}{}", self.digits, self.unit)
        }
    }

    /// Returns the markup of a table cell: digits, and the unit smaller behind them.
    #[must_use]
    pub fn cell(&self) -> String {
        let digits = escape(&self.digits);
        if self.missing {
            return format!("<span class=\"nodata\">{digits}</span>");
        }
        let unit = match self.unit {
            "" => String::new(),
            unit => format!("\u{a0}<span class=\"u\">{unit}</span>"),
        };
        if self.harm {
            format!("<span class=\"harm\">{digits}{unit}</span>")
        } else {
            format!("{digits}{unit}")
        }
    }
}

/// Whether the rule that watches a number fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Harm {
    /// No rule fires on it.
    #[default]
    Quiet,
    /// A rule fires: the number is red.
    Fires,
}

impl Harm {
    /// Returns whether the rule fires.
    #[must_use]
    pub fn fires(self) -> bool {
        self == Self::Fires
    }
}

/// Writes an integer with thousands parted by commas.
#[must_use]
pub fn group(value: i128) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        grouped.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Writes `value / 10^scale` with `places` decimals, rounded half-up away from zero.
pub(crate) fn decimal(value: i128, scale: u32, places: u32) -> String {
    let negative = value < 0;
    let magnitude = value.unsigned_abs();
    let drop = 10_u128.pow(scale.saturating_sub(places));
    let grow = 10_u128.pow(places.saturating_sub(scale));
    let rounded = (magnitude / drop + u128::from(magnitude % drop * 2 >= drop && drop > 1)).saturating_mul(grow);
    let one = 10_u128.pow(places);
    let whole = group(i128::try_from(rounded / one).unwrap_or(i128::MAX));
    let sign = if negative && rounded > 0 { "−" } else { "" };
    if places == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{:0width$}", rounded % one, width = places as usize)
}

/// Shows a count.
#[must_use]
pub fn count(value: i64) -> Shown {
    Shown::of(group(i128::from(value)), "")
}

/// Shows a rate per minute out of a count and a window in nanoseconds: whole from ten on, else with decimals.
#[must_use]
pub fn per_minute(count: i64, window_ns: i64) -> Shown {
    if window_ns <= 0 {
        return Shown::missing(Missing::NoData);
    }
    let milli = i128::from(count) * 60_000_000_000_000 / i128::from(window_ns);
    let places = match milli {
        10_000.. => 0,
        1_000..10_000 => 1,
        _ => 2,
    };
    Shown::of(decimal(milli, 3, if milli == 0 { 0 } else { places }), "")
}

/// Shows a duration in microseconds with the unit that suits it, in about three digits.
#[must_use]
pub fn duration(us: i64) -> Shown {
    let value = i128::from(us);
    match us.unsigned_abs() {
        0 => Shown::of("0", "ms"),
        1..1_000 => Shown::of(group(value), "µs"),
        1_000..9_950 => Shown::of(decimal(value, 3, 1), "ms"),
        9_950..999_500 => Shown::of(decimal(value, 3, 0), "ms"),
        999_500..9_995_000 => Shown::of(decimal(value, 6, 2), "s"),
        9_995_000..59_950_000 => Shown::of(decimal(value, 6, 1), "s"),
        _ => Shown::of(long_duration(us), ""),
    }
}

/// Writes a duration of a minute or more in two units.
fn long_duration(us: i64) -> String {
    let sign = if us < 0 { "−" } else { "" };
    let seconds = (us.unsigned_abs() + 500_000) / 1_000_000;
    let (value, unit, rest, small) = match seconds {
        0..3_600 => (seconds / 60, "min", seconds % 60, "s"),
        3_600..172_800 => (seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => (seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    };
    let rest = if rest == 0 || value >= 100 {
        String::new()
    } else {
        format!("\u{a0}{rest}\u{a0}{small}")
    };
    format!("{sign}{}\u{a0}{unit}{rest}", group(i128::from(value)))
}

/// Shows a duration in milliseconds without its unit, for columns whose head names it.
#[must_use]
pub fn millis(us: i64) -> Shown {
    let places = u32::from(us.unsigned_abs() < 9_950 && us % 1_000 != 0);
    Shown::of(decimal(i128::from(us), 3, places), "ms")
}

/// Shows `part` of `whole` in percent; no whole is no data.
///
/// What is not nothing is not shown as 0, and what is not all is not shown as 100.
#[must_use]
pub fn percent(part: i64, whole: i64) -> Shown {
    if whole <= 0 {
        return Shown::missing(Missing::NoData);
    }
    let exact = i128::from(part) * 100_000;
    let milli = exact / i128::from(whole);
    let digits = match milli {
        0 if part == 0 => "0".to_owned(),
        0..5 => "<\u{202f}0.01".to_owned(),
        5..995 => decimal(milli, 3, 2),
        99_950.. if part < whole => ">\u{202f}99.9".to_owned(),
        i128::MIN..=-1 | 995..99_950 => decimal(milli, 3, 1),
        _ => decimal(milli, 3, 0),
    };
    Shown::of(digits, "%")
}

/// Shows a share given in millionths.
#[must_use]
pub fn ratio_ppm(ppm: i64) -> Shown {
    percent(ppm, 1_000_000)
}

/// Shows a memory size in MiB.
#[must_use]
pub fn mebibytes(mib: i64) -> Shown {
    Shown::of(group(i128::from(mib)), "MiB")
}

/// Names a change from `was` to `now`: a factor, "from 0", or "as before" within a twentieth.
#[must_use]
pub fn change(was: f64, now: f64) -> Change {
    if !was.is_finite() || !now.is_finite() || was < 0.0 || now < 0.0 {
        return Change {
            words: "not comparable".to_owned(),
            direction: Direction::Level,
        };
    }
    if was == 0.0 {
        return if now == 0.0 {
            Change {
                words: "as before".to_owned(),
                direction: Direction::Level,
            }
        } else {
            Change {
                words: "from 0".to_owned(),
                direction: Direction::Up,
            }
        };
    }
    if now == 0.0 {
        return Change {
            words: "to 0".to_owned(),
            direction: Direction::Down,
        };
    }
    let factor = now / was;
    let direction = if factor >= 1.0 { Direction::Up } else { Direction::Down };
    let words = if (0.95..=1.05).contains(&factor) {
        return Change {
            words: "as before".to_owned(),
            direction: Direction::Level,
        };
    } else if (0.5..1.995).contains(&factor) {
        format!("{:+.0}\u{a0}%", (factor - 1.0) * 100.0).replace('-', "−")
    } else if factor > 1.0 {
        format!("×\u{a0}{}", short_factor(factor))
    } else {
        format!("÷\u{a0}{}", short_factor(1.0 / factor))
    };
    Change { words, direction }
}

fn short_factor(factor: f64) -> String {
    if factor >= 1e15 {
        return "10¹⁵ and more".to_owned();
    }
    if factor < 9.95 {
        return format!("{factor:.1}");
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 1e15 by the test above")]
    group(factor.round() as i128)
}

/// A change in words, and whether it went up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The factor or the words instead of it.
    pub words: String,
    /// Where it went.
    pub direction: Direction,
}

/// Where a number went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It grew.
    Up,
    /// It shrank.
    Down,
    /// It stayed within a twentieth.
    Level,
}

/// Writes a count with its noun: "1 finding", "5 findings".
#[must_use]
pub fn plural(n: i64, one: &str, many: &str) -> String {
    format!("{}\u{a0}{}", group(i128::from(n)), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
