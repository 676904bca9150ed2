//! The memory of a session that may put down what it cannot hold.
//!
//! An operator that can spill does so when it is refused more, but can give nothing back where it has nothing yet; one that cannot
//! spill ends the statement when it is refused. So those who can spill share three quarters, each an even part, and the rest is
//! left for those who cannot.

use std::fmt;

use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// Memory in two parts.
#[derive(Debug)]
pub(super) struct Parted {
    bytes: usize,
    spilling: FairSpillPool,
    rest: GreedyMemoryPool,
}

impl Parted {
    /// Parts so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            bytes,
            spilling: FairSpillPool::new(bytes / 4 * 3),
            rest: GreedyMemoryPool::new(bytes),
        }
    }

    fn part_of(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        if consumer.can_spill() {
            &self.spilling
        } else {
            &self.rest
        }
    }
}

impl MemoryPool for Parted {
    fn name(&self) -> &'static str {
        "parted"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.part_of(consumer).register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.part_of(consumer).unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.part_of(reservation.consumer()).grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.part_of(reservation.consumer()).shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let part = self.part_of(reservation.consumer());
        part.try_grow(reservation, additional)?;
        if self.reserved() <= self.bytes {
            return Ok(());
        }
        part.shrink(reservation, additional);
        let name = reservation.consumer().name();
        Err(DataFusionError::ResourcesExhausted(format!(
            "{name} needs {additional} bytes more than the {} of the session leave",
            self.bytes
        )))
    }

    fn reserved(&self) -> usize {
        self.spilling.reserved() + self.rest.reserved()
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

    #[test]
    fn who_cannot_spill_finds_room_beside_those_who_can_and_all_stay_within_the_limit() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Parted::new(400));
        let spilling = |name: &str| MemoryConsumer::new(name).with_can_spill(true).register(&pool);
        let (first, second) = (spilling("first"), spilling("second"));
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
}
