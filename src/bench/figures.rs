//! Figures: what was measured, in which unit, how often, and how far the measurements lie apart.

use std::fmt::Write as _;
use std::time::Duration;

use super::machine::Machine;

/// The figures of one benchmark.
#[derive(Debug)]
pub struct Figures {
    title: String,
    machine: Machine,
    input: String,
    tails: bool,
    rows: Vec<Figure>,
}

#[derive(Debug)]
struct Figure {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
}

impl Figures {
    /// Begins the figures of a benchmark over some input.
    pub fn of(title: impl Into<String>, input: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            machine: Machine::read(),
            input: input.into(),
            tails: false,
            rows: Vec::new(),
        }
    }

    /// Shows the 95th and 99th percentile as well, for figures that are measured often.
    pub fn with_tails(self) -> Self {
        Self { tails: true, ..self }
    }

    /// Adds a measurement of a figure; one that the operating system did not say is left out.
    pub fn add(&mut self, name: &str, unit: &'static str, value: impl Into<Option<f64>>) {
        let Some(value) = value.into() else { return };
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.values.push(value),
            None => self.rows.push(Figure {
                name: name.to_owned(),
                unit,
                values: vec![value],
            }),
        }
    }

    /// Returns the table.
    pub fn table(&self) -> String {
        let mut text = format!("{}\n\n", self.title);
        // Writing into a String cannot fail.
        let _ = writeln!(text, "machine  {}", self.machine.sentence());
        let _ = writeln!(text, "input    {}\n", self.input);
        let width = self
            .rows
            .iter()
            .map(|row| row.name.chars().count())
            .max()
            .unwrap_or(0)
            .max(6);
        let columns: &[(&str, f64)] = if self.tails {
            &[
                ("min", 0.0),
                ("median", 0.5),
                ("p95", 0.95),
                ("p99", 0.99),
                ("max", 1.0),
            ]
        } else {
            &[("min", 0.0), ("median", 0.5), ("max", 1.0)]
        };
        let _ = write!(text, "{:width$}  {:>8}  {:>4}", "figure", "unit", "n");
        for (name, _) in columns {
            let _ = write!(text, "  {name:>10}");
        }
        text.push('\n');
        for Figure { name, unit, values } in &self.rows {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let _ = write!(text, "{name:width$}  {unit:>8}  {:>4}", sorted.len());
            for (_, share) in columns {
                let _ = write!(text, "  {:>10}", shown(rank(&sorted, *share)));
            }
            text.push('\n');
        }
        text
    }
}

/// Returns the nearest rank of sorted values.
fn rank(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody measures 2^52 times")]
    let wanted = (sorted.len() as f64 * share).ceil().max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1, at most the count"
    )]
    let index = wanted as usize - 1;
    sorted
        .get(index.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// Returns the nearest rank of durations, in milliseconds.
pub fn quantile_ms(durations: &[Duration], share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = durations.iter().map(|took| took.as_secs_f64() * 1_000.0).collect();
    sorted.sort_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| rank(&sorted, share))
}

/// Returns how many of something happened in a second.
pub fn per_second(count: u64, took: Duration) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = count as f64;
    (!took.is_zero()).then(|| count / took.as_secs_f64())
}

/// Returns bytes in MiB.
pub fn mib(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
    let bytes = bytes as f64;
    bytes / f64::from(1 << 20)
}

/// Returns a number with its thousands parted, and the fewer digits after the point the larger it is.
fn shown(value: f64) -> String {
    let decimals = match value.abs() {
        small if small < 10.0 => 2,
        middle if middle < 1_000.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let grouped = grouped(whole);
    rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

/// Puts a comma before every third digit from the right.
pub fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Figures, quantile_ms, shown};

    #[test]
    fn numbers_are_shown_as_precise_as_they_are() {
        assert_eq!(
            [1.234, 12.34, 1_234.5, 1_234_567.8].map(shown),
            ["1.23", "12.3", "1,234", "1,234,568"]
        );
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let took: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(
            [0.5, 0.95, 0.99].map(|share| quantile_ms(&took, share)),
            [Some(50.0), Some(95.0), Some(99.0)]
        );
        assert_eq!(quantile_ms(&[], 0.5), None);
    }

    #[test]
    fn a_table_has_a_row_per_figure() {
        let mut figures = Figures::of("a benchmark", "3 rows");
        for value in [3.0, 1.0, 2.0] {
            figures.add("answers", "1/s", value);
        }
        figures.add("unknown", "s", None);
        let table = figures.table();
        let row: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(row, ["answers", "1/s", "3", "1.00", "2.00", "3.00"]);
        assert!(
            table.contains("input    3 rows") && !table.contains("unknown"),
            "{table}"
        );
    }
}
