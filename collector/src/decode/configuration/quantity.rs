//! Quantities as Kubernetes and Google Cloud write them: `512Mi`, `1G`, `1000m`, `300s`.

use crate::decode::number;

/// Units of memory and how many bytes they are; the longest first.
const UNITS: &[(&str, i64)] = &[
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("", 1),
];

/// Returns the whole mebibytes of memory. The decimal units of Cloud Functions mean binary ones, as their documentation says: a
/// function of `256M` has 256 MiB.
pub(crate) fn mib(text: &str) -> Option<i64> {
    let (unit, bytes) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let amount = number::scaled(text.strip_suffix(unit)?, 3).filter(|amount| *amount > 0)?;
    let bytes = match *unit {
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => *bytes,
    };
    let mib = amount.checked_mul(bytes)? / 1_000 / (1 << 20);
    (mib > 0).then_some(mib)
}

/// Returns thousandths of a CPU: `1000m`, `1`, `0.5`.
pub(crate) fn milli(text: &str) -> Option<i64> {
    match text.strip_suffix('m') {
        Some(milli) => number::whole(milli),
        None => number::scaled(text, 3),
    }
    .filter(|milli| *milli > 0)
}

/// Returns the milliseconds of seconds, which may end in their unit: `300`, `300s`.
pub(crate) fn seconds_as_ms(text: &str) -> Option<i64> {
    number::scaled(text.strip_suffix('s').unwrap_or(text), 3).filter(|ms| *ms >= 0)
}

#[cfg(test)]
mod tests {
    use super::{mib, milli, seconds_as_ms};

    #[test]
    fn quantities_are_read_with_their_units() {
        assert_eq!(
            [mib("512Mi"), mib("1Gi"), mib("256M"), mib("1.5Gi")],
            [512, 1024, 256, 1536].map(Some)
        );
        assert_eq!(
            [mib("134217728"), mib("1Ki"), mib("much"), mib("")],
            [Some(128), None, None, None]
        );
        assert_eq!(
            [milli("1000m"), milli("2"), milli("0.08"), milli("x")],
            [Some(1000), Some(2000), Some(80), None]
        );
        assert_eq!(
            [seconds_as_ms("300"), seconds_as_ms("3.5s"), seconds_as_ms("")],
            [Some(300_000), Some(3_500), None]
        );
    }
}
