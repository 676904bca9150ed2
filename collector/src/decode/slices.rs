//! How many minutes one received request may open.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::{Origin, Reason, Settings};

/// Nanoseconds of one minute, which is one slice.
const MINUTE_NANOS: i64 = 60 * 1_000_000_000;

/// The minutes that a request has opened so far; a file may open any number.
#[derive(Debug)]
pub(crate) struct Slices {
    opened: BTreeSet<i64>,
    /// The minute that was opened last; items lie near each other.
    last: Option<i64>,
    limit: Option<usize>,
}

impl Slices {
    /// Returns the count of a body that has opened none yet.
    pub(crate) fn new(origin: &Origin<'_>, settings: &Settings) -> Self {
        let limit = origin.received_at_unix_nano.map(|_| settings.slices);
        Self {
            opened: BTreeSet::new(),
            last: None,
            limit,
        }
    }

    /// Takes the minutes opened so far out, so that they can be counted on elsewhere and put back.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            opened: std::mem::take(&mut self.opened),
            last: self.last.take(),
            limit: self.limit,
        }
    }

    /// Opens the minute of an item.
    ///
    /// # Errors
    /// The fault says that the request has opened as many as it may.
    pub(crate) fn open(&mut self, unix_nano: i64) -> Result<(), Fault> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let minute = unix_nano.div_euclid(MINUTE_NANOS);
        if self.last == Some(minute) {
            return Ok(());
        }
        if self.opened.len() >= limit && !self.opened.contains(&minute) {
            let detail = format!(
                "the request has items in more than {limit} different minutes; send it in parts, or import it as a file"
            );
            return Err(Fault::whole(Reason::TooManySlices, detail));
        }
        self.opened.insert(minute);
        self.last = Some(minute);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MINUTE_NANOS, Slices};
    use crate::decode::{Origin, Reason, Settings};
    use crate::request::Door;

    #[test]
    fn a_request_opens_only_so_many_minutes_and_a_file_any_number() {
        let settings = Settings {
            slices: 2,
            ..Settings::default()
        };
        let door = Door::default();
        let origin = |received_at_unix_nano| Origin {
            door: &door,
            region: None,
            received_at_unix_nano,
        };
        let mut request = Slices::new(&origin(Some(0)), &settings);
        assert_eq!(request.open(0), Ok(()));
        assert_eq!(request.open(MINUTE_NANOS), Ok(()));
        assert_eq!(
            request.open(2 * MINUTE_NANOS).unwrap_err().reason,
            Reason::TooManySlices
        );
        assert_eq!(request.open(MINUTE_NANOS + 1), Ok(()), "a minute that is open stays so");
        let mut file = Slices::new(&origin(None), &settings);
        assert!((0..100).all(|minute| file.open(minute * MINUTE_NANOS).is_ok()));
    }
}
