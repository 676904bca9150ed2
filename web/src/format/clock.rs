//! Instants and ages in the reader's time zone.

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// Converts nanoseconds since 1970 to the reader's zone.
#[must_use]
pub fn instant(unix_nano: i64, tz: Tz) -> DateTime<Tz> {
    tz.from_utc_datetime(&DateTime::<Utc>::from_timestamp_nanos(unix_nano).naive_utc())
}

/// Writes the time of day to the second: `14:20:41`.
#[must_use]
pub fn clock(unix_nano: i64, tz: Tz) -> String {
    instant(unix_nano, tz).format("%H:%M:%S").to_string()
}

/// Writes the time of day to the minute: `14:20`.
#[must_use]
pub fn minute(unix_nano: i64, tz: Tz) -> String {
    instant(unix_nano, tz).format("%H:%M").to_string()
}

/// Writes the day: `Thu 19 Nov`.
#[must_use]
pub fn day(unix_nano: i64, tz: Tz) -> String {
    instant(unix_nano, tz).format("%a %-d %b").to_string()
}

/// Writes the date: `19 Nov 2026`.
#[must_use]
pub fn date(unix_nano: i64, tz: Tz) -> String {
    instant(unix_nano, tz).format("%-d %b %Y").to_string()
}

/// Writes a range of time, with the days only where it crosses one.
#[must_use]
pub fn range(start_unix_nano: i64, end_unix_nano: i64, tz: Tz) -> String {
    let (start, end) = (instant(start_unix_nano, tz), instant(end_unix_nano, tz));
    if start.date_naive() == end.date_naive() {
        let form = if (end - start).num_seconds() < 120 {
            "%H:%M:%S"
        } else {
            "%H:%M"
        };
        format!("{} – {}", start.format(form), end.format(form))
    } else if (end - start).num_days() < 366 {
        format!("{} – {}", start.format("%-d %b %H:%M"), end.format("%-d %b %H:%M"))
    } else {
        format!("{} – {}", start.format("%-d %b %Y"), end.format("%-d %b %Y"))
    }
}

/// Writes how long ago something was, or how long it lasts: `2 s`, `31 min`, `3 h`, `4 days`.
#[must_use]
pub fn age(ns: i64) -> String {
    let seconds = ns.max(0) / 1_000_000_000;
    let (value, unit) = match seconds {
        0..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "min"),
        7_200..172_800 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{value}\u{a0}{unit}")
}
