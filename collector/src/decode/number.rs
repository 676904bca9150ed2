//! Numbers and instants from their decimal text, without passing through binary fractions.
//!
//! A duration of `1233.965` ms is 1233965 µs exactly, however it is written; what has more digits than the unit holds is rounded
//! half to even.

use std::cmp::Ordering;

use chrono::DateTime;

/// Digits that a significand may have: ten to this power fits an `i128` with room for one more digit.
const MAX_DIGITS: usize = 36;

/// Returns a decimal text times ten to `power`, rounded half to even.
///
/// The text is an optional sign, digits with at most one point among them, and an optional exponent, as JSON and log lines write
/// numbers. `None` is a text that is none of this, or a value outside `i64`.
pub(crate) fn scaled(text: &str, power: i32) -> Option<i64> {
    Some(Scaled::parse(text, power)?.value)
}

/// Returns a whole number, which may be written with a fraction of zeros or an exponent; `None` for any other.
pub(crate) fn whole(text: &str) -> Option<i64> {
    Scaled::parse(text, 0)
        .filter(|scaled| scaled.exact)
        .map(|scaled| scaled.value)
}

/// A decimal text times a power of ten, as an integer.
struct Scaled {
    value: i64,
    /// Whether nothing was rounded away.
    exact: bool,
}

impl Scaled {
    fn parse(text: &str, power: i32) -> Option<Self> {
        let negative = text.starts_with('-');
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (significand, exponent) = match text.split_once(['e', 'E']) {
            Some((significand, exponent)) => (significand, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
        let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let point = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(power);
        let (magnitude, exact) = rounded(whole.bytes().chain(fraction.bytes()), point)?;
        let value = i64::try_from(if negative { -magnitude } else { magnitude }).ok()?;
        Some(Self { value, exact })
    }
}

/// Returns the value of digits whose decimal point stands before digit number `point`, rounded half to even, and whether that
/// is exact.
fn rounded(digits: impl Iterator<Item = u8>, point: i64) -> Option<(i128, bool)> {
    let (mut value, mut position, mut significant) = (0_i128, 0_i64, 0_usize);
    let (mut first_dropped, mut rest_dropped) = (0_u8, false);
    for digit in digits.map(|byte| byte - b'0') {
        match position.cmp(&point) {
            Ordering::Less => {
                significant += usize::from(value > 0 || digit > 0);
                if significant > MAX_DIGITS {
                    return None;
                }
                value = value * 10 + i128::from(digit);
            }
            Ordering::Equal => first_dropped = digit,
            Ordering::Greater => rest_dropped |= digit > 0,
        }
        position += 1;
    }
    if value > 0 && position < point {
        let zeros = u32::try_from(point - position).ok()?;
        value = 10_i128
            .checked_pow(zeros)
            .and_then(|factor| value.checked_mul(factor))?;
    }
    let up = first_dropped > 5 || (first_dropped == 5 && (rest_dropped || value % 2 == 1));
    Some((value + i128::from(up), first_dropped == 0 && !rest_dropped))
}

/// Returns the microseconds of a duration in milliseconds, such as `1233.96`; one with a minus sign is `None`.
pub(crate) fn duration_us(millis: &str) -> Option<i64> {
    scaled(millis, 3).filter(|_| !millis.starts_with('-'))
}

/// Returns the instant, in nanoseconds since 1970 UTC, of an RFC 3339 time with up to nine digits of a second.
///
/// An offset may also be written without its colon, as AWS Lambda's `LastModified` is.
pub(crate) fn unix_nano(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?
        .timestamp_nanos_opt()
}

/// Returns the instant, in nanoseconds since 1970 UTC, of a number of milliseconds since 1970, fractions allowed.
pub(crate) fn unix_nano_of_millis(text: &str) -> Option<i64> {
    scaled(text, 6)
}

/// Returns the instant, in nanoseconds since 1970 UTC, of a number of seconds since 1970, fractions allowed.
pub(crate) fn unix_nano_of_seconds(text: &str) -> Option<i64> {
    scaled(text, 9)
}

/// Returns nanoseconds as microseconds, rounded half to even.
pub(crate) fn us_of_nanos(nanos: i64) -> i64 {
    let (us, rest) = (nanos.div_euclid(1000), nanos.rem_euclid(1000));
    us + i64::from(rest > 500 || (rest == 500 && us % 2 != 0))
}

#[cfg(test)]
mod tests;
