//! How a log is opened.

use std::fmt;
use std::sync::Arc;

use pennyspan_schema::Position;

use super::format::WalId;
use super::seen::SeenOptions;

/// Tells the time, in nanoseconds since 1970 UTC. The log reads no clock of its own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a log is opened.
#[derive(Clone)]
pub struct WalOptions {
    /// Bytes that a segment takes on the disk; a larger frame gets a larger segment.
    pub segment_bytes: u64,
    /// Bytes that may wait for the disk before requests are refused; also the largest frame.
    pub queue_bytes: usize,
    /// Bytes that are written and synced together at most.
    pub group_bytes: usize,
    /// The decode settings in force, as the caller writes them; replay gives them back.
    pub settings: Vec<u8>,
    /// The log's id, if this is its first opening.
    pub fresh_id: WalId,
    /// The highest position that any table was committed with; new frames stand above it.
    pub above: Position,
    /// How long requests are remembered.
    pub seen: SeenOptions,
    /// Tells the time of the last sync.
    pub clock: Clock,
}

impl WalOptions {
    /// Options with the usual sizes.
    #[must_use]
    pub fn new(fresh_id: WalId, settings: Vec<u8>, clock: Clock) -> Self {
        Self {
            segment_bytes: 64 << 20,
            queue_bytes: 256 << 20,
            group_bytes: 8 << 20,
            settings,
            fresh_id,
            above: Position(0),
            seen: SeenOptions::default(),
            clock,
        }
    }
}

impl fmt::Debug for WalOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalOptions")
            .field("segment_bytes", &self.segment_bytes)
            .field("queue_bytes", &self.queue_bytes)
            .field("group_bytes", &self.group_bytes)
            .field("fresh_id", &self.fresh_id)
            .field("above", &self.above)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}
