//! Days in UTC, between which prices hold.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};

/// A day in UTC between 1970 and 2261, whose start fits nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    day: NaiveDate,
    start_unix_nano: i64,
}

/// Says that a text is no such day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no day; write it as \"2026-11-01\"")]
pub struct DateError {
    /// The text as given.
    pub text: String,
}

impl Date {
    /// Returns midnight UTC at its start, in nanoseconds since 1970.
    #[must_use]
    pub const fn start_unix_nano(self) -> i64 {
        self.start_unix_nano
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let fault = || DateError { text: text.to_owned() };
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| fault())?;
        let start = day
            .and_time(chrono::NaiveTime::MIN)
            .and_utc()
            .timestamp_nanos_opt()
            .ok_or_else(fault)?;
        if (1970..=2261).contains(&day.year()) {
            Ok(Self {
                day,
                start_unix_nano: start,
            })
        } else {
            Err(fault())
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.day.format("%Y-%m-%d"))
    }
}
