//! The memory of a session that may put down what it cannot hold.
//!
//! An operator that can spill does so when it is refused more, but can give nothing back where it has nothing yet; one that cannot
//! spill ends the statement when it is refused. So those who can spill share three quarters, each an even part but never less
//! than what one batch needs, and the rest is left for those who cannot.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// Of the whole, the part that any operator may take, however many there are: a statement of many steps registers them all at
/// once, and most hold nothing while others run.
const LEAST: usize = 32;

/// Memory in two parts.
#[derive(Debug)]
pub(super) struct Parted {
    bytes: usize,
    spilling: AtomicUsize,
    reserved: AtomicUsize,
}

impl Parted {
    /// Parts so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            bytes,
            spilling: AtomicUsize::new(0),
            reserved: AtomicUsize::new(0),
        }
    }

    /// Returns what one operator that can spill may take.
    fn share(&self) -> usize {
        let even = self.bytes / 4 * 3 / self.spilling.load(Ordering::Relaxed).max(1);
        even.max(self.bytes / LEAST)
    }

    fn refuse<T>(&self, reservation: &MemoryReservation, additional: usize) -> Result<T> {
        let name = reservation.consumer().name();
        Err(DataFusionError::ResourcesExhausted(format!(
            "{name} needs {additional} bytes more than it may take of the session's {}",
            self.bytes
        )))
    }
}

impl MemoryPool for Parted {
    fn name(&self) -> &'static str {
        "parted"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            self.spilling.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            self.spilling.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn grow(&self, _reservation: &MemoryReservation, additional: usize) {
        self.reserved.fetch_add(additional, Ordering::Relaxed);
    }

    fn shrink(&self, _reservation: &MemoryReservation, shrink: usize) {
        self.reserved.fetch_sub(shrink, Ordering::Relaxed);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let wanted = reservation.size().saturating_add(additional);
        if reservation.consumer().can_spill() && wanted > self.share() {
            return self.refuse(reservation, additional);
        }
        let fits = |reserved: usize| {
            let after = reserved.checked_add(additional)?;
            (after <= self.bytes).then_some(after)
        };
        match self.reserved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => Ok(()),
            Err(_) => self.refuse(reservation, additional),
        }
    }

    fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}

impl fmt::Display for Parted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes reserved", self.reserved(), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn spilling(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
        MemoryConsumer::new("spilling").with_can_spill(true).register(pool)
    }

    #[test]
    fn who_cannot_spill_finds_room_beside_those_who_can_and_all_stay_within_the_limit() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Parted::new(400));
        let (first, second) = (spilling(&pool), spilling(&pool));
        let fixed = MemoryConsumer::new("fixed").register(&pool);
        // Each of the two has half of three quarters, whoever comes first.
        assert!(first.try_grow(150).is_ok() && first.try_grow(1).is_err());
        assert!(second.try_grow(150).is_ok() && second.try_grow(1).is_err());
        assert!(fixed.try_grow(100).is_ok() && fixed.try_grow(1).is_err());
        assert_eq!(pool.reserved(), 400);
        // What is given back can be had by whoever cannot spill, and then not by the others.
        first.free();
        assert!(fixed.try_grow(150).is_ok());
        assert!(first.try_grow(1).is_err());
        assert_eq!(pool.reserved(), 400);
    }

    #[test]
    fn many_steps_that_hold_nothing_leave_room_for_the_one_that_runs() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Parted::new(3_200));
        let idle: Vec<MemoryReservation> = (0..100).map(|_| spilling(&pool)).collect();
        let running = spilling(&pool);
        assert!(running.try_grow(100).is_ok() && running.try_grow(1).is_err());
        drop(idle);
        assert!(running.try_grow(2_300).is_ok() && running.try_grow(1).is_err());
    }
}
