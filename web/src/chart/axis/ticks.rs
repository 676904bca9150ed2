//! Round numbers and how an axis writes them.

use crate::format::group;

/// Returns round ticks from at or below `low` to at or above `high`: about as many `steps` as asked for, of 1, 2, 2.5 or 5 times a power of ten.
pub(super) fn round(low: f64, high: f64, percent: bool, steps: f64) -> Vec<f64> {
    let span = high - low;
    if !(1e-290..=1e300).contains(&span) {
        return vec![0.0, 1.0];
    }
    let high = if percent && high > 60.0 && high <= 100.0 {
        100.0
    } else {
        high
    };
    let (step, exponent) = step(span.max(high - low) / steps);
    let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
    let mut ticks = Vec::new();
    let mut index = first;
    while index <= last && ticks.len() < 12 {
        ticks.push(settle(index * step, exponent));
        index += 1.0;
    }
    ticks
}

/// Returns the smallest round step that is at least `wanted`, and its power of ten.
fn step(wanted: f64) -> (f64, i32) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the logarithm of an f64 lies within ±400"
    )]
    let exponent = wanted.log10().floor() as i32;
    let power = 10_f64.powi(exponent);
    for factor in [1.0, 2.0, 2.5, 5.0] {
        if factor * power >= wanted * (1.0 - 1e-9) {
            return (factor * power, exponent);
        }
    }
    (10.0 * power, exponent + 1)
}

/// Takes the rounding noise of a multiplication away, so that equal ticks are equal bits.
fn settle(value: f64, exponent: i32) -> f64 {
    let digits = usize::try_from((-exponent + 1).clamp(0, 300)).unwrap_or(0);
    format!("{value:.digits$}").parse().unwrap_or(value)
}

/// Writes a number in few characters: grouped, with bn and tn when large, with an exponent when tiny.
pub(super) fn short(value: f64) -> String {
    let magnitude = value.abs();
    let sign = if value < 0.0 { "−" } else { "" };
    let text = if magnitude >= 1e15 {
        format!("{magnitude:.1e}")
    } else if magnitude >= 1e12 {
        format!("{}\u{a0}tn", places(magnitude / 1e12))
    } else if magnitude >= 1e9 {
        format!("{}\u{a0}bn", places(magnitude / 1e9))
    } else if magnitude >= 1e6 {
        format!("{}\u{a0}M", places(magnitude / 1e6))
    } else if magnitude == 0.0 || magnitude >= 1e-4 {
        places(magnitude)
    } else {
        format!("{magnitude:.1e}").replace(".0e", "e")
    };
    format!("{sign}{text}")
}

/// Writes a number with about three digits, without zeros at the end.
pub(super) fn places(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 100.0 || (magnitude >= 10.0 && magnitude.fract() == 0.0) {
        #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 saturates")]
        return group(value.round() as i128);
    }
    let digits = match magnitude {
        10.0.. => 1,
        0.1..10.0 => 2,
        _ => 4,
    };
    let text = format!("{magnitude:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if value < 0.0 && text != "0" {
        format!("−{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(1_234_567.0), "1.23\u{a0}M");
        assert_eq!(short(0.0025), "0.0025");
        assert_eq!(short(-3.5), "−3.5");
        assert_eq!(short(1e-9), "1e-9");
        assert_eq!(places(0.999), "1");
        assert_eq!(places(-0.000_01), "0");
    }
}
