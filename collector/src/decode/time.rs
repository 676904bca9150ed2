//! Times that cannot be, and where their rows are filed.

/// 2014-01-01T00:00:00Z, before which no function platform kept records; rows of files with an earlier time are filed here.
pub(crate) const EARLIEST_UNIX_NANO: i64 = 1_388_534_400_000_000_000;
/// How far ahead of its receipt a row may lie.
const AHEAD_NANOS: i64 = 24 * 3_600 * 1_000_000_000;

/// Tells which times can be, by when the body was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    received_at_unix_nano: Option<i64>,
}

/// A row's time as it is filed, and whether it had to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filed {
    /// The time by which the row is filed.
    pub(crate) unix_nano: i64,
    /// Whether the row's own time cannot be.
    pub(crate) suspect: bool,
}

impl Clock {
    /// Returns the clock of a body; files have no time of receipt.
    pub(crate) fn new(received_at_unix_nano: Option<i64>) -> Self {
        Self { received_at_unix_nano }
    }

    /// Files a row under its own time, or where that cannot be, under its receipt.
    pub(crate) fn file(self, unix_nano: i64) -> Filed {
        let early = unix_nano < EARLIEST_UNIX_NANO;
        let ahead = self
            .received_at_unix_nano
            .is_some_and(|received| unix_nano > received.saturating_add(AHEAD_NANOS));
        if early || ahead {
            Filed {
                unix_nano: self.received_at_unix_nano.unwrap_or(EARLIEST_UNIX_NANO),
                suspect: true,
            }
        } else {
            Filed {
                unix_nano,
                suspect: false,
            }
        }
    }

    /// Files a row that has no time of its own: under its receipt, or nowhere when it comes from a file.
    pub(crate) fn file_untimed(self) -> Option<Filed> {
        self.received_at_unix_nano.map(|unix_nano| Filed {
            unix_nano,
            suspect: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AHEAD_NANOS, Clock, EARLIEST_UNIX_NANO, Filed};

    #[test]
    fn times_that_cannot_be_are_filed_under_their_receipt() {
        let received = EARLIEST_UNIX_NANO + AHEAD_NANOS;
        let network = Clock::new(Some(received));
        let suspect = Filed {
            unix_nano: received,
            suspect: true,
        };
        assert_eq!(network.file(0), suspect);
        assert_eq!(network.file(received + AHEAD_NANOS + 1), suspect);
        assert_eq!(
            network.file(received + AHEAD_NANOS),
            Filed {
                unix_nano: received + AHEAD_NANOS,
                suspect: false
            }
        );
        assert_eq!(
            network.file_untimed(),
            Some(Filed {
                unix_nano: received,
                suspect: false
            })
        );
    }

    #[test]
    fn files_keep_any_future_and_have_no_time_of_receipt() {
        let file = Clock::new(None);
        assert_eq!(
            file.file(i64::MAX),
            Filed {
                unix_nano: i64::MAX,
                suspect: false
            }
        );
        assert_eq!(
            file.file(-1),
            Filed {
                unix_nano: EARLIEST_UNIX_NANO,
                suspect: true
            }
        );
        assert_eq!(file.file_untimed(), None);
    }
}
