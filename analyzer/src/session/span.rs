//! Which span of time is asked about, and the window that it becomes.

use pennyspan_schema::{Slice, Window};

/// The span of time that is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// The whole input: from the first start to the last, widened to whole minutes.
    #[default]
    Whole,
    /// A window.
    Window(Window),
    /// So long before the newest start's minute ends, or before `until`.
    Last {
        /// How long, in nanoseconds.
        length_nanos: i64,
        /// The end, in nanoseconds since 1970; the newest start's where none is given.
        until_unix_nano: Option<i64>,
    },
    /// From the first start's minute to `until`.
    Until {
        /// The end, in nanoseconds since 1970.
        until_unix_nano: i64,
    },
}

impl Span {
    /// Returns the window, given the first and the last start; an empty one where there is nothing.
    ///
    /// It never looks at a clock: the same input gives the same window.
    #[must_use]
    pub fn resolve(self, starts: Option<(i64, i64)>) -> Window {
        let (first, last) = starts.unwrap_or((0, 0));
        let nothing = Window {
            start_unix_nano: 0,
            end_unix_nano: 0,
        };
        match self {
            Self::Window(window) => window,
            Self::Whole => starts.map_or(nothing, |(first, last)| Window::of_minutes(first, last)),
            Self::Last {
                length_nanos,
                until_unix_nano,
            } => match until_unix_nano.or_else(|| starts.map(|_| Slice::of(last).end_unix_nano())) {
                Some(end) => Window {
                    start_unix_nano: end.saturating_sub(length_nanos.max(0)),
                    end_unix_nano: end,
                },
                None => nothing,
            },
            Self::Until { until_unix_nano } => {
                let start = Slice::of(first).start_unix_nano().min(until_unix_nano);
                Window {
                    start_unix_nano: start,
                    end_unix_nano: until_unix_nano,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::Window;
    use pennyspan_schema::window::MINUTE_NANOS;

    use super::Span;

    #[test]
    fn since_counts_back_from_the_newest_start() {
        let span = Span::Last {
            length_nanos: 5 * MINUTE_NANOS,
            until_unix_nano: None,
        };
        let window = span.resolve(Some((0, 10 * MINUTE_NANOS + 1)));
        assert_eq!(
            window,
            Window {
                start_unix_nano: 6 * MINUTE_NANOS,
                end_unix_nano: 11 * MINUTE_NANOS
            }
        );
        assert_eq!(span.resolve(None).length_nanos(), 0);
    }

    #[test]
    fn the_whole_input_is_widened_to_minutes() {
        let window = Span::Whole.resolve(Some((MINUTE_NANOS + 1, MINUTE_NANOS + 2)));
        assert_eq!(
            window,
            Window {
                start_unix_nano: MINUTE_NANOS,
                end_unix_nano: 2 * MINUTE_NANOS
            }
        );
    }
}
