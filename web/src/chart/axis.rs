//! Axes: round ticks for values, and round times in the reader's zone.

mod ticks;
mod time;

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};

pub(crate) use time::TimeAxis;

/// What a chart's values are, and so how its axis, titles and table write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Counts, or counts per minute.
    Count,
    /// Percent.
    Percent,
    /// Durations in microseconds.
    Microseconds,
    /// Dollars.
    Usd,
}

/// A value axis from its lowest to its highest tick.
#[derive(Debug, Clone)]
pub(crate) struct ValueAxis {
    ticks: Vec<f64>,
    labels: Vec<String>,
}

impl ValueAxis {
    /// Spans the axis over `values`, always with zero on it, in round steps.
    ///
    /// Values that are not finite take no part.
    pub(crate) fn over(values: impl Iterator<Item = f64>, unit: Unit) -> Self {
        Self::in_steps(values, unit, 4.0)
    }

    /// Spans the axis in about so many steps.
    pub(crate) fn in_steps(values: impl Iterator<Item = f64>, unit: Unit, steps: f64) -> Self {
        let (low, high) = values
            .filter(|v| v.abs() <= 1e300)
            .fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        let (scale, suffix) = unit.scale(high.max(-low));
        let ticks = ticks::round(low / scale, high / scale, unit == Unit::Percent, steps);
        let last = ticks.len().saturating_sub(1);
        let labels = ticks
            .iter()
            .enumerate()
            .map(|(index, tick)| match (index == last, suffix) {
                (true, suffix) if !suffix.is_empty() => format!("{}\u{a0}{suffix}", ticks::short(*tick)),
                _ => ticks::short(*tick),
            })
            .collect();
        Self {
            ticks: ticks.iter().map(|tick| tick * scale).collect(),
            labels,
        }
    }

    pub(crate) fn label(&self, value: f64) -> String {
        let nearest = self.ticks.iter().position(|tick| tick.to_bits() == value.to_bits());
        nearest
            .and_then(|index| self.labels.get(index))
            .cloned()
            .unwrap_or_default()
    }

    /// Returns the ticks that do not lie above `high`, without one that would touch the right edge.
    pub(crate) fn ticks_within(&self, high: f64) -> Vec<f64> {
        self.ticks.iter().copied().filter(|tick| *tick <= high * 0.95).collect()
    }

    pub(crate) fn low(&self) -> f64 {
        self.ticks.first().copied().unwrap_or(0.0)
    }

    pub(crate) fn high(&self) -> f64 {
        self.ticks.last().copied().unwrap_or(1.0)
    }
}

impl Unit {
    /// Returns by how much values are divided for the axis, and the unit that then stands at its top.
    fn scale(self, highest: f64) -> (f64, &'static str) {
        match self {
            Self::Count => (1.0, ""),
            Self::Percent => (1.0, "%"),
            Self::Usd if highest >= 0.75 => (1.0, "USD"),
            Self::Usd if highest >= 0.75e-3 => (1e-3, "mUSD"),
            Self::Usd => (1e-6, "µUSD"),
            Self::Microseconds if highest >= 6_000e6 => (3_600e6, "h"),
            Self::Microseconds if highest >= 100e6 => (60e6, "min"),
            Self::Microseconds if highest >= 0.75e6 => (1e6, "s"),
            Self::Microseconds if highest >= 0.75e3 => (1e3, "ms"),
            Self::Microseconds => (1.0, "µs"),
        }
    }

    /// Writes one value for a title or a table; what is not finite is no data.
    #[must_use]
    pub fn write(self, value: f64) -> String {
        if !value.is_finite() {
            return crate::format::Missing::NoData.to_string();
        }
        match self {
            Self::Count => ticks::short(value),
            Self::Percent => format!("{}\u{a0}%", ticks::places(value)),
            Self::Usd => {
                let (unit, name) = if value == 0.0 {
                    (1.0, "USD")
                } else {
                    self.scale(value.abs())
                };
                format!("{}\u{a0}{name}", ticks::short(value / unit))
            }
            #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 saturates")]
            Self::Microseconds => crate::format::duration(value.round() as i64).text(),
        }
    }
}

impl Ranged for ValueAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        project(*value, self.low(), self.high(), limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.ticks.clone()
        }
    }

    fn range(&self) -> Range<f64> {
        self.low()..self.high()
    }
}

impl plotters::coord::ranged1d::ValueFormatter<f64> for ValueAxis {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}

/// Places `value` between two positions; what lies outside or is not finite goes to the nearer end.
pub(crate) fn project(value: f64, low: f64, high: f64, limit: (i32, i32)) -> i32 {
    let share = if high > low {
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let share = if share.is_nan() { 0.0 } else { share };
    #[expect(clippy::cast_possible_truncation, reason = "between two i32 positions")]
    let offset = (share * f64::from(limit.1 - limit.0)).round() as i32;
    limit.0 + offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], unit: Unit) -> Vec<String> {
        ValueAxis::over(values.iter().copied(), unit)
            .labels
            .iter()
            .map(|l| l.replace('\u{a0}', " "))
            .collect()
    }

    #[test]
    fn ticks_are_round_and_carry_the_unit_at_the_top() {
        assert_eq!(labels(&[1_350.0], Unit::Count), ["0", "500", "1,000", "1,500"]);
        assert_eq!(labels(&[98.3], Unit::Percent), ["0", "25", "50", "75", "100 %"]);
        assert_eq!(labels(&[9.8e6], Unit::Microseconds), ["0", "2.5", "5", "7.5", "10 s"]);
        assert_eq!(labels(&[0.4], Unit::Percent), ["0", "0.1", "0.2", "0.3", "0.4 %"]);
    }

    #[test]
    fn the_very_large_and_the_very_small_have_short_labels() {
        assert_eq!(
            labels(&[1e12], Unit::Count),
            ["0", "250 bn", "500 bn", "750 bn", "1 tn"]
        );
        assert_eq!(
            labels(&[1e-9], Unit::Usd).last().map(String::as_str),
            Some("0.001 µUSD")
        );
    }

    #[test]
    fn nothing_and_nonsense_still_make_an_axis() {
        assert_eq!(labels(&[], Unit::Count), ["0", "1"]);
        assert_eq!(labels(&[f64::NAN, f64::INFINITY], Unit::Count), ["0", "1"]);
        assert_eq!(labels(&[-4.0, 4.0], Unit::Count), ["−4", "−2", "0", "2", "4"]);
    }

    #[test]
    fn values_outside_go_to_the_nearer_end() {
        assert_eq!(project(f64::NAN, 0.0, 1.0, (0, 100)), 0);
        assert_eq!(project(7.0, 0.0, 1.0, (100, 0)), 0);
        assert_eq!(project(1.0, 1.0, 1.0, (5, 100)), 5);
    }
}
