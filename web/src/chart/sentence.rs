//! What is seen in a series, as a sentence.

use chrono_tz::Tz;

use super::axis::Unit;
use super::time::Bins;
use crate::format::minute;

/// A lasting change of level: where, from what mean, to what mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// The first bin of the new level.
    pub bin: usize,
    /// Mean of the known values before.
    pub before: f64,
    /// Mean of the known values from there on.
    pub after: f64,
}

/// A level is made of at least so many values.
const LEAST: usize = 3;

/// Finds the bin at which the level of `values` changed most, if it changed at least by half and by more than it varies.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "bins are few")]
pub fn turn(values: &[Option<f64>]) -> Option<Turn> {
    let known: Vec<(usize, f64)> = values
        .iter()
        .enumerate()
        .filter_map(|(i, v)| v.filter(|v| v.is_finite()).map(|v| (i, v)))
        .collect();
    let total: f64 = known.iter().map(|(_, v)| v).sum();
    let mut left = 0.0;
    let mut best: Option<(f64, Turn)> = None;
    for split in 1..known.len() {
        left += known[split - 1].1;
        if split < LEAST || known.len() - split < LEAST {
            continue;
        }
        let (n_left, n_right) = (split as f64, (known.len() - split) as f64);
        let (before, after) = (left / n_left, (total - left) / n_right);
        let score = (after - before).abs() * (n_left * n_right).sqrt();
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((
                score,
                Turn {
                    bin: known[split].0,
                    before,
                    after,
                },
            ));
        }
    }
    let turn = onset(&known, best?.1);
    let (low, high) = (turn.before.min(turn.after), turn.before.max(turn.after));
    let level = |bin: usize| if bin < turn.bin { turn.before } else { turn.after };
    let noise = known.iter().map(|(bin, v)| (v - level(*bin)).abs()).sum::<f64>() / known.len() as f64;
    (low >= 0.0 && high >= low * 1.5 && high - low > noise * 1.5).then_some(turn)
}

/// Moves a turn back to where the values began to leave the level before, so that a slow rise is dated by its start.
#[expect(clippy::cast_precision_loss, reason = "bins are few")]
fn onset(known: &[(usize, f64)], turn: Turn) -> Turn {
    let mean = |values: &[(usize, f64)]| values.iter().map(|(_, v)| v).sum::<f64>() / values.len().max(1) as f64;
    let split = known.iter().position(|(bin, _)| *bin == turn.bin).unwrap_or(0);
    let level = mean(&known[..split.div_ceil(2)]);
    let leave = (turn.after - level).abs() / 10.0;
    let start = known[..split]
        .iter()
        .rposition(|(_, v)| (v - level).abs() <= leave)
        .map_or(split, |last| last + 1);
    if start == 0 || start >= known.len() {
        return turn;
    }
    Turn {
        bin: known[start].0,
        before: mean(&known[..start]),
        after: mean(&known[start..]),
    }
}

/// Says in one sentence what is seen of a series: "failed: about 0.4 % until 14:20, then about 98 %."
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "bins are few")]
pub fn describe(name: &str, values: &[Option<f64>], bins: Bins, unit: Unit, tz: Tz) -> String {
    let known: Vec<f64> = values.iter().filter_map(|v| v.filter(|v| v.is_finite())).collect();
    if known.is_empty() {
        return format!("{name}: no data.");
    }
    let gaps = match values.len() - known.len() {
        0 => String::new(),
        missing => format!(" No data in {missing} of {} intervals.", values.len()),
    };
    if let [only] = known[..] {
        return format!("{name}: {} once.{gaps}", unit.write(only));
    }
    match turn(values) {
        Some(turn) => format!(
            "{name}: about {} until {}, then about {}.{gaps}",
            unit.write(turn.before),
            minute(bins.start(turn.bin), tz),
            unit.write(turn.after)
        ),
        None => format!(
            "{name}: level at about {}.{gaps}",
            unit.write(known.iter().sum::<f64>() / known.len() as f64)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(values: &[Option<f64>]) -> String {
        let bins = Bins {
            start_unix_nano: 1_795_096_320_000_000_000,
            step_ns: 60_000_000_000,
            count: values.len(),
        };
        describe("failed", values, bins, Unit::Percent, Tz::UTC).replace('\u{a0}', " ")
    }

    #[test]
    fn a_step_is_named_with_its_time() {
        let values = [0.4, 0.4, 0.4, 98.0, 98.0, 98.0].map(Some);
        assert_eq!(say(&values), "failed: about 0.4 % until 13:55, then about 98 %.");
    }

    #[test]
    fn silence_is_not_zero() {
        assert_eq!(say(&[None, None]), "failed: no data.");
        assert_eq!(
            say(&[Some(1.0), None, Some(1.0)]),
            "failed: level at about 1 %. No data in 1 of 3 intervals."
        );
        assert_eq!(
            say(&[None, Some(3.0)]),
            "failed: 3 % once. No data in 1 of 2 intervals."
        );
        assert_eq!(say(&[Some(f64::NAN)]), "failed: no data.");
    }
}
