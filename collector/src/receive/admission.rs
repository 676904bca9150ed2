//! How many bytes all requests in flight hold, and who gets no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::refusal::Refusal;

/// The bytes that all requests in flight hold together.
#[derive(Debug)]
pub(super) struct InFlight {
    held_bytes: AtomicUsize,
    limit_bytes: usize,
}

/// One request's share; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Grant {
    of: Arc<InFlight>,
    bytes: usize,
}

impl InFlight {
    pub(super) fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            held_bytes: AtomicUsize::new(0),
            limit_bytes,
        })
    }

    /// A share of nothing yet.
    pub(super) fn open(self: &Arc<Self>) -> Grant {
        Grant {
            of: Arc::clone(self),
            bytes: 0,
        }
    }

    /// Bytes held now.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Acquire)
    }
}

impl Grant {
    /// Takes `bytes` more, where there is room; a request that is alone always has room, so that none waits for ever.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let InFlight {
            held_bytes,
            limit_bytes,
        } = &*self.of;
        let grown = held_bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| {
            let after = held.saturating_add(bytes);
            (held == self.bytes || after <= *limit_bytes).then_some(after)
        });
        match grown {
            Ok(held) => {
                self.bytes += held.saturating_add(bytes) - held;
                Ok(())
            }
            Err(held_bytes) => Err(Refusal::Busy {
                held_bytes,
                limit_bytes: *limit_bytes,
            }),
        }
    }

    /// Holds `bytes` instead of what was held, for what stands in memory already.
    pub(super) fn settle(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.of.held_bytes.fetch_add(bytes - self.bytes, Ordering::AcqRel);
        } else {
            self.of.held_bytes.fetch_sub(self.bytes - bytes, Ordering::AcqRel);
        }
        self.bytes = bytes;
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.settle(0);
    }
}

#[cfg(test)]
mod tests {
    use super::InFlight;

    #[test]
    fn bytes_in_flight_stay_under_their_limit_and_come_back() {
        let in_flight = InFlight::new(100);
        let (mut one, mut two) = (in_flight.open(), in_flight.open());
        one.grow(60).unwrap();
        assert!(two.grow(41).is_err());
        two.grow(40).unwrap();
        assert!(one.grow(1).is_err());
        one.settle(10);
        two.grow(50).unwrap();
        drop(one);
        drop(two);
        assert_eq!(in_flight.held_bytes(), 0);
    }

    #[test]
    fn a_request_that_is_alone_always_has_room() {
        let in_flight = InFlight::new(100);
        let mut alone = in_flight.open();
        alone.grow(90).unwrap();
        alone.grow(90).unwrap();
        assert!(in_flight.open().grow(1).is_err());
    }
}
