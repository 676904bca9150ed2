//! The time axis: ticks at round times of the reader's clock.

use std::ops::Range;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::project;
use crate::format::instant;

const SECOND: i64 = 1_000_000_000;
const MOST: i64 = 7;

/// A time axis over `[start, end)` in nanoseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct TimeAxis {
    start: i64,
    end: i64,
    tz: Tz,
    ticks: Vec<i64>,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Seconds(i64),
    Days(u64),
    Months(u32),
    Years(i32),
}

impl TimeAxis {
    pub(crate) fn over(start: i64, end: i64, tz: Tz) -> Self {
        let end = end.max(start.saturating_add(1));
        let step = Step::fitting(end.saturating_sub(start) / SECOND);
        let mut ticks = match step {
            Step::Seconds(seconds) => clock_ticks(start, end, tz, seconds),
            step => calendar_ticks(start, end, tz, step),
        };
        ticks.retain(|tick| (start..end).contains(tick));
        Self {
            start,
            end,
            tz,
            ticks,
            step,
        }
    }

    fn label(&self, unix_nano: i64) -> String {
        let local = instant(unix_nano, self.tz);
        let form = match self.step {
            Step::Seconds(_) if local.num_seconds_from_midnight() == 0 => "%-d %b",
            Step::Seconds(seconds) if seconds < 60 => "%H:%M:%S",
            Step::Seconds(_) => "%H:%M",
            Step::Days(_) => "%-d %b",
            Step::Months(_) => "%b %Y",
            Step::Years(_) => "%Y",
        };
        local.format(form).to_string()
    }
}

impl Step {
    /// Picks the smallest step that gives at most seven ticks.
    fn fitting(seconds: i64) -> Self {
        for step in [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
        ] {
            if seconds / step <= MOST {
                return Self::Seconds(step);
            }
        }
        let days = seconds / 86_400;
        match days {
            0..=7 => Self::Days(1),
            8..=14 => Self::Days(2),
            15..=49 => Self::Days(7),
            50..=215 => Self::Months(1),
            216..=640 => Self::Months(3),
            641..=2_560 => Self::Years(1),
            2_561..=5_110 => Self::Years(2),
            _ => Self::Years(i32::try_from(days / (365 * 5)).unwrap_or(i32::MAX).max(5)),
        }
    }
}

/// Every offset of a zone in force today is a multiple of a quarter of an hour, so round local times are found in such steps.
fn clock_ticks(start: i64, end: i64, tz: Tz, step: i64) -> Vec<i64> {
    let stride = step.min(900);
    let mut ticks = Vec::new();
    let mut second = start.div_euclid(SECOND).div_euclid(stride) * stride;
    while let Some(unix_nano) = second.checked_mul(SECOND).filter(|nano| *nano < end) {
        let offset = i64::from(instant(unix_nano, tz).offset().fix().local_minus_utc());
        if (second + offset).rem_euclid(step) == 0 {
            ticks.push(unix_nano);
        }
        second += stride;
    }
    ticks
}

fn calendar_ticks(start: i64, end: i64, tz: Tz, step: Step) -> Vec<i64> {
    let mut date = Some(first_date(instant(start, tz).date_naive(), step));
    let mut ticks = Vec::new();
    while let Some(day) = date {
        let Some(unix_nano) = midnight(day, tz).and_then(|at| at.timestamp_nanos_opt()) else {
            break;
        };
        if unix_nano >= end || ticks.len() > 40 {
            break;
        }
        ticks.push(unix_nano);
        date = match step {
            Step::Seconds(_) => None,
            Step::Days(days) => day.checked_add_days(Days::new(days)),
            Step::Months(months) => day.checked_add_months(Months::new(months)),
            Step::Years(years) => day.with_year(day.year().saturating_add(years)),
        };
    }
    ticks
}

fn first_date(day: NaiveDate, step: Step) -> NaiveDate {
    let first = match step {
        Step::Seconds(_) | Step::Days(1) => Some(day),
        Step::Days(7) => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))),
        Step::Days(_) => day.checked_sub_days(Days::new(u64::from(day.day0() % 2))),
        Step::Months(months) => NaiveDate::from_ymd_opt(day.year(), day.month0() / months * months + 1, 1),
        Step::Years(years) => NaiveDate::from_ymd_opt(day.year().div_euclid(years) * years, 1, 1),
    };
    first.unwrap_or(day)
}

/// Returns the first instant of a local day, which is not midnight where clocks change at midnight.
fn midnight(day: NaiveDate, tz: Tz) -> Option<DateTime<Tz>> {
    let start = day.and_time(NaiveTime::MIN);
    tz.from_local_datetime(&start).earliest().or_else(|| {
        tz.from_local_datetime(&(start + chrono::TimeDelta::hours(1)))
            .earliest()
    })
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    #[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
    fn map(&self, value: &i64, limit: (i32, i32)) -> i32 {
        let span = self.end.saturating_sub(self.start) as f64;
        project(value.saturating_sub(self.start) as f64, 0.0, span, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<i64> {
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.ticks.clone()
        }
    }

    fn range(&self) -> Range<i64> {
        self.start..self.end
    }
}

impl ValueFormatter<i64> for TimeAxis {
    fn format_ext(&self, value: &i64) -> String {
        self.label(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(start: &str, seconds: i64, tz: Tz) -> Vec<String> {
        let start = DateTime::parse_from_rfc3339(start)
            .unwrap()
            .timestamp_nanos_opt()
            .unwrap();
        let axis = TimeAxis::over(start, start + seconds * SECOND, tz);
        axis.ticks.iter().map(|tick| axis.label(*tick)).collect()
    }

    #[test]
    fn an_hour_has_ticks_at_ten_minutes() {
        let expected = ["14:00", "14:10", "14:20", "14:30", "14:40", "14:50"];
        assert_eq!(labels("2026-11-19T13:52:00Z", 3_600, Tz::UTC), expected);
    }

    #[test]
    fn ticks_are_round_in_zones_with_odd_offsets() {
        let expected = ["20 Nov", "06:00", "12:00", "18:00"];
        assert_eq!(
            labels("2026-11-19T13:00:00Z", 86_400, Tz::Asia__Kathmandu),
            expected.map(str::to_owned)
        );
    }

    #[test]
    fn a_day_with_changing_clocks_keeps_round_hours() {
        let ticks = labels("2026-10-24T20:00:00Z", 36_000, Tz::Europe__Berlin);
        assert_eq!(ticks, ["22:00", "25 Oct", "02:00", "02:00", "04:00", "06:00"]);
    }

    #[test]
    fn ten_years_have_ticks_at_years() {
        let ticks = labels("2016-03-01T00:00:00Z", 10 * 365 * 86_400, Tz::America__New_York);
        assert_eq!(ticks, ["2018", "2020", "2022", "2024", "2026"]);
    }

    #[test]
    fn the_ends_of_time_have_an_axis() {
        assert!(TimeAxis::over(i64::MAX - 1, i64::MAX, Tz::UTC).ticks.len() <= 9);
        assert!(TimeAxis::over(i64::MIN, i64::MAX, Tz::UTC).ticks.len() <= 41);
        assert!(TimeAxis::over(5, 5, Tz::UTC).ticks.len() <= 9);
    }
}
