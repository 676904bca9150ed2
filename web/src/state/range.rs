//! Moments and windows: absolute, or relative to now.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;

const SECOND: i64 = 1_000_000_000;

/// A point in time as an address writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Absolute(i64),
    /// Now and so many seconds; negative is before.
    Relative(i64),
}

impl Moment {
    /// The moment at which the page is shown.
    pub const NOW: Self = Self(Kind::Relative(0));

    /// Returns a fixed moment, nanoseconds since 1970.
    #[must_use]
    pub fn absolute(unix_nano: i64) -> Self {
        Self(Kind::Absolute(unix_nano))
    }

    /// Returns the moment so many seconds before now.
    #[must_use]
    pub fn ago(seconds: i64) -> Self {
        Self(Kind::Relative(seconds.saturating_neg()))
    }

    /// Returns whether the moment moves with the clock.
    #[must_use]
    pub fn moves(self) -> bool {
        matches!(self.0, Kind::Relative(_))
    }

    /// Returns the seconds before now, if it moves.
    #[must_use]
    pub fn seconds_ago(self) -> Option<i64> {
        match self.0 {
            Kind::Relative(seconds) => Some(seconds.saturating_neg()),
            Kind::Absolute(_) => None,
        }
    }

    /// Reads `now`, `now-1h`, RFC 3339, a local date and time or a local date.
    pub(super) fn parse(text: &str, tz: Tz) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("now") {
            return relative(rest).map(|seconds| Self(Kind::Relative(seconds)));
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return at.timestamp_nanos_opt().map(Self::absolute);
        }
        // RFC 3339 asks for seconds; people leave them out.
        let (local, tz) = text.strip_suffix('Z').map_or((text, tz), |rest| (rest, Tz::UTC));
        let local = [
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%d %H:%M",
        ]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(local, form).ok())
        .or_else(|| NaiveDate::parse_from_str(local, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
        // A local time that clocks skip means the first one after it.
        let at = tz.from_local_datetime(&local).earliest().or_else(|| {
            tz.from_local_datetime(&local.checked_add_signed(chrono::TimeDelta::hours(1))?)
                .earliest()
        })?;
        at.timestamp_nanos_opt().map(Self::absolute)
    }

    /// Writes the moment as an address carries it: absolute ones in UTC.
    pub(super) fn write(self, _tz: Tz) -> String {
        match self.0 {
            Kind::Absolute(unix_nano) => {
                let at = DateTime::<Utc>::from_timestamp_nanos(unix_nano);
                let whole = unix_nano.rem_euclid(SECOND) == 0;
                at.to_rfc3339_opts(
                    if whole {
                        SecondsFormat::Secs
                    } else {
                        SecondsFormat::Nanos
                    },
                    true,
                )
            }
            Kind::Relative(0) => "now".to_owned(),
            Kind::Relative(seconds) => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let magnitude = seconds.unsigned_abs();
                let (value, unit) = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')]
                    .into_iter()
                    .find(|(size, _)| magnitude.is_multiple_of(*size) && (*size < 86_400 || magnitude >= size * 2))
                    .map_or((magnitude, 's'), |(size, unit)| (magnitude / size, unit));
                format!("now{sign}{value}{unit}")
            }
        }
    }

    /// Writes the moment for the form: local time, or the grammar.
    #[must_use]
    pub fn shown(self, tz: Tz) -> String {
        match self.0 {
            Kind::Absolute(unix_nano) => crate::format::instant(unix_nano, tz)
                .format("%Y-%m-%dT%H:%M:%S")
                .to_string(),
            Kind::Relative(_) => self.write(tz),
        }
    }

    /// Returns the moment in nanoseconds since 1970.
    #[must_use]
    pub fn at(self, now_unix_nano: i64) -> i64 {
        match self.0 {
            Kind::Absolute(unix_nano) => unix_nano,
            Kind::Relative(seconds) => now_unix_nano.saturating_add(seconds.saturating_mul(SECOND)),
        }
    }
}

/// Reads what follows `now`: nothing, or terms such as `-1h` or `-1d-6h`.
fn relative(text: &str) -> Option<i64> {
    let mut seconds: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let sign = match rest.as_bytes().first()? {
            b'-' => -1,
            b'+' => 1,
            _ => return None,
        };
        let end = rest.get(1..)?.find(|c: char| !c.is_ascii_digit())? + 1;
        let value: i64 = rest.get(1..end)?.parse().ok()?;
        let unit = match rest.as_bytes().get(end)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        seconds = seconds.checked_add(value.checked_mul(unit)?.checked_mul(sign)?)?;
        rest = rest.get(end + 1..)?;
    }
    Some(seconds)
}

/// A half-open range of time, nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant in it.
    pub start: i64,
    /// The first instant after it.
    pub end: i64,
}

impl Window {
    /// Returns its length in nanoseconds.
    #[must_use]
    pub fn length(self) -> i64 {
        self.end.saturating_sub(self.start)
    }

    /// Returns the window moved by half its length.
    #[must_use]
    pub fn shifted(self, direction: i64) -> Self {
        let by = (self.length() / 2).saturating_mul(direction.signum());
        Self {
            start: self.start.saturating_add(by),
            end: self.end.saturating_add(by),
        }
    }

    /// Returns a window twice as long around the same middle, not past `now` where it did not reach past it.
    #[must_use]
    pub fn zoomed_out(self, now_unix_nano: i64) -> Self {
        let half = self.length() / 2;
        let end = self.end.saturating_add(half);
        let over = if self.end <= now_unix_nano {
            end.saturating_sub(now_unix_nano).max(0)
        } else {
            0
        };
        Self {
            start: self.start.saturating_sub(half).saturating_sub(over),
            end: end.saturating_sub(over),
        }
    }

    /// Returns the window of the same length before it.
    #[must_use]
    pub fn before(self) -> Self {
        Self {
            start: self.start.saturating_sub(self.length()),
            end: self.start,
        }
    }
}

/// One of the ranges that are one click away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// 15 minutes.
    QuarterHour,
    /// One hour.
    Hour,
    /// Six hours.
    SixHours,
    /// A day.
    Day,
    /// A week.
    Week,
    /// 30 days.
    Month,
}

impl Preset {
    /// All of them, shortest first.
    pub const ALL: [Self; 6] = [
        Self::QuarterHour,
        Self::Hour,
        Self::SixHours,
        Self::Day,
        Self::Week,
        Self::Month,
    ];

    /// Returns its length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::QuarterHour => 900,
            Self::Hour => 3_600,
            Self::SixHours => 21_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => 2_592_000,
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }
}
