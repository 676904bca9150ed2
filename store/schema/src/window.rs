//! Time ranges: the window of a question and the slice of a fold.

/// Nanoseconds in a minute.
pub const MINUTE_NANOS: i64 = 60_000_000_000;

/// A half-open range of instants: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first instant, in nanoseconds since 1970 UTC.
    pub start_unix_nano: i64,
    /// The first instant after the window, in nanoseconds since 1970 UTC.
    pub end_unix_nano: i64,
}

impl Window {
    /// Returns the smallest window of whole minutes that holds both instants.
    #[must_use]
    pub fn of_minutes(first_unix_nano: i64, last_unix_nano: i64) -> Self {
        Self {
            start_unix_nano: Slice::of(first_unix_nano).start_unix_nano(),
            end_unix_nano: Slice::of(last_unix_nano).end_unix_nano(),
        }
    }

    /// Returns whether the instant lies in the window.
    #[must_use]
    pub fn contains(self, unix_nano: i64) -> bool {
        (self.start_unix_nano..self.end_unix_nano).contains(&unix_nano)
    }

    /// Returns the length in nanoseconds; 0 for a window that ends before it starts.
    #[must_use]
    pub fn length_nanos(self) -> i64 {
        self.end_unix_nano.saturating_sub(self.start_unix_nano).max(0)
    }
}

/// One minute, by number since 1970: the unit of fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slice(pub i64);

impl Slice {
    /// Returns the slice that holds an instant.
    #[must_use]
    pub fn of(unix_nano: i64) -> Self {
        Self(unix_nano.div_euclid(MINUTE_NANOS))
    }

    /// Returns the slice's first instant.
    #[must_use]
    pub fn start_unix_nano(self) -> i64 {
        self.0.saturating_mul(MINUTE_NANOS)
    }

    /// Returns the first instant after the slice.
    #[must_use]
    pub fn end_unix_nano(self) -> i64 {
        self.0.saturating_add(1).saturating_mul(MINUTE_NANOS)
    }
}

/// What attempts are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day of UTC.
    Day,
}

impl Period {
    /// Returns the length in nanoseconds.
    #[must_use]
    pub fn nanos(self) -> i64 {
        match self {
            Self::Minute => MINUTE_NANOS,
            Self::Hour => 60 * MINUTE_NANOS,
            Self::Day => 24 * 60 * MINUTE_NANOS,
        }
    }

    /// Returns the first instant of the period that holds an instant, in nanoseconds since 1970 UTC.
    #[must_use]
    pub fn start_of(self, unix_nano: i64) -> i64 {
        unix_nano.div_euclid(self.nanos()).saturating_mul(self.nanos())
    }

    /// Returns the period that holds an instant.
    #[must_use]
    pub fn window_of(self, unix_nano: i64) -> Window {
        let start_unix_nano = self.start_of(unix_nano);
        Window {
            start_unix_nano,
            end_unix_nano: start_unix_nano.saturating_add(self.nanos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Period, Slice, Window};

    #[test]
    fn periods_begin_at_whole_hours_and_days_of_utc() {
        let (minute, hour) = (Period::Minute.nanos(), Period::Hour.nanos());
        let later = 25 * hour + 2 * minute + 7;
        assert_eq!(
            [Period::Minute, Period::Hour, Period::Day].map(|period| period.start_of(later)),
            [25 * hour + 2 * minute, 25 * hour, 24 * hour]
        );
        assert_eq!(Period::Hour.start_of(-1), -hour, "also before 1970");
        assert_eq!(Period::Hour.window_of(hour).length_nanos(), hour);
    }

    #[test]
    fn windows_of_minutes_are_half_open() {
        let window = Window::of_minutes(59_999_999_999, 60_000_000_000);
        assert_eq!(
            window,
            Window {
                start_unix_nano: 0,
                end_unix_nano: 120_000_000_000
            }
        );
        assert!(window.contains(0) && !window.contains(120_000_000_000));
        assert_eq!(Slice::of(-1).start_unix_nano(), -60_000_000_000);
    }
}
