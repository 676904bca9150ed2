//! The sentence of a finding: text with placeholders for output columns of the query.

use std::{collections::BTreeMap, fmt::Write};

use chrono::DateTime;

use super::{RuleError, markdown::Section};

/// What an unknown value reads as.
const UNKNOWN: &str = "unknown";

/// A value of one output column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unknown.
    Null,
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A measured number.
    Number(f64),
}

/// How a placeholder prints its value; written after the column, as in `{share:percent}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As it is.
    Plain,
    /// A whole number in groups of three: `1,204,118`.
    Count,
    /// A share of 1 as per cent: `1.8 %`.
    Percent,
    /// Milliseconds, or seconds from ten seconds on: `412 ms`, `12.4 s`.
    Ms,
    /// Mebibytes: `512 MiB`.
    Mib,
    /// A ratio with two digits: `1.27`.
    Ratio,
    /// Nanoseconds since 1970 as a minute in UTC: `2026-10-08 07:30 UTC`.
    Time,
}

impl Format {
    /// All formats with the words that name them.
    pub const NAMES: [(&str, Self); 7] = [
        ("plain", Self::Plain),
        ("count", Self::Count),
        ("percent", Self::Percent),
        ("ms", Self::Ms),
        ("mib", Self::Mib),
        ("ratio", Self::Ratio),
        ("time", Self::Time),
    ];

    fn print(self, value: &Value) -> String {
        match (self, value) {
            (_, Value::Null) => UNKNOWN.to_owned(),
            (_, Value::Text(text)) => text.clone(),
            (Self::Plain, Value::Integer(number)) => number.to_string(),
            (Self::Time, Value::Integer(nanos)) => minute(*nanos),
            #[expect(clippy::cast_precision_loss, reason = "a sentence shows at most a few digits")]
            (_, Value::Integer(number)) => self.number(*number as f64),
            (_, Value::Number(number)) if !number.is_finite() => UNKNOWN.to_owned(),
            (_, Value::Number(number)) => self.number(*number),
        }
    }

    fn number(self, number: f64) -> String {
        match self {
            Self::Plain => number.to_string(),
            Self::Count | Self::Time => grouped(number, 0),
            Self::Percent => format!("{} %", percent(number * 100.0)),
            Self::Ms if number.abs() >= 10_000.0 => format!("{} s", grouped(number / 1_000.0, 1)),
            Self::Ms => format!("{} ms", grouped(number, usize::from(number.abs() < 10.0))),
            Self::Mib => format!("{} MiB", grouped(number, 0)),
            Self::Ratio => grouped(number, 2),
        }
    }
}

/// Prints per cent with one digit, and small shares with three, so that none reads as zero.
fn percent(number: f64) -> String {
    if number != 0.0 && number.abs() < 0.1 {
        format!("{number:.3}")
    } else {
        grouped(number, 1)
    }
}

fn minute(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos)
        .format("%Y-%m-%d %H:%M UTC")
        .to_string()
}

/// Prints a number with commas between groups of three digits.
fn grouped(number: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if number < 0.0 && text.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        out.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text as it stands.
    Text(String),
    /// The value of an output column.
    Placeholder {
        /// The column.
        column: String,
        /// How it prints.
        format: Format,
    },
}

/// A parsed sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    segments: Vec<Segment>,
}

impl Sentence {
    pub(super) fn parse(section: &Section<'_>) -> Result<Self, RuleError> {
        let text = section.prose()?;
        let text = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let mut segments = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let fault = |placeholder: &str, problem: &str| RuleError::Placeholder {
                file: section.file.to_owned(),
                line: section.line,
                placeholder: placeholder.to_owned(),
                problem: problem.to_owned(),
            };
            let (inner, tail) = after.split_once('}').ok_or_else(|| fault(after, "is never closed"))?;
            if !before.is_empty() {
                segments.push(Segment::Text(before.to_owned()));
            }
            let (column, format) = inner.split_once(':').unwrap_or((inner, "plain"));
            let known = Format::NAMES.iter().find(|(name, _)| *name == format);
            let names = Format::NAMES.map(|(name, _)| name).join(", ");
            let (_, format) =
                known.ok_or_else(|| fault(inner, &format!("has an unknown format; known are {names}")))?;
            if column.is_empty() || !column.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(fault(inner, "names no column"));
            }
            segments.push(Segment::Placeholder {
                column: column.to_owned(),
                format: *format,
            });
            rest = tail;
        }
        if !rest.is_empty() {
            segments.push(Segment::Text(rest.to_owned()));
        }
        Ok(Self { segments })
    }

    /// Returns the pieces in their order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Puts values into the sentence; a column that is absent or null reads "unknown".
    #[must_use]
    pub fn render(&self, values: &BTreeMap<String, Value>) -> String {
        let mut out = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => out.push_str(text),
                Segment::Placeholder { column, format } => {
                    let value = values.get(column).unwrap_or(&Value::Null);
                    // Writing into a String cannot fail.
                    let _ = write!(out, "{}", format.print(value));
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_prints_its_unit() {
        for (format, value, expected) in [
            (Format::Count, Value::Integer(1_204_118), "1,204,118"),
            (Format::Percent, Value::Number(0.0179), "1.8 %"),
            (Format::Percent, Value::Number(0.0001), "0.010 %"),
            (Format::Ms, Value::Number(412.4), "412 ms"),
            (Format::Ms, Value::Number(12_437.0), "12.4 s"),
            (Format::Mib, Value::Integer(1_024), "1,024 MiB"),
            (Format::Ratio, Value::Number(1.266), "1.27"),
            (Format::Ratio, Value::Number(-0.001), "0.00"),
            (
                Format::Time,
                Value::Integer(1_768_348_800_000_000_000),
                "2026-01-14 00:00 UTC",
            ),
            (Format::Plain, Value::Text("checkout".to_owned()), "checkout"),
            (Format::Ms, Value::Number(f64::NAN), UNKNOWN),
            (Format::Count, Value::Null, UNKNOWN),
        ] {
            assert_eq!(format.print(&value), expected, "{format:?}");
        }
    }
}
