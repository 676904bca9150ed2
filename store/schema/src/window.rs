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

#[cfg(test)]
mod tests {
    use super::{Slice, Window};

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
