//! What the log's handle and its writing thread share.

use std::io;
use std::sync::{Arc, PoisonError};

use super::catalogue::Catalogue;
use super::format::WalId;
use super::options::Clock;
use super::order::Order;
use super::queue::Queue;
use super::segment::Directory;
use super::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use super::sync::{Mutex, MutexGuard};

/// What the log's handle and its writing thread share.
pub(super) struct Shared {
    pub(super) id: WalId,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) settings: Vec<u8>,
    pub(super) segment_bytes: u64,
    pub(super) group_bytes: usize,
    pub(super) clock: Clock,
    pub(super) queue: Queue,
    pub(super) order: Arc<Order>,
    pub(super) catalogue: Mutex<Catalogue>,
    /// The last durable position.
    pub(super) durable: AtomicU64,
    /// When the last group was synced, nanoseconds since 1970 UTC; 0 before the first.
    pub(super) last_sync_unix_nano: AtomicI64,
    /// Since when a group is being written, nanoseconds since 1970 UTC; 0 while none is.
    pub(super) writing_since_unix_nano: AtomicI64,
    /// How many groups were synced.
    pub(super) syncs: AtomicU64,
}

impl Shared {
    pub(super) fn catalogue(&self) -> MutexGuard<'_, Catalogue> {
        // No code panics while it holds the lock, so a poisoned one still holds a whole catalogue.
        self.catalogue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that frames are taken to be written.
    pub(super) fn begin_writing(&self) {
        self.writing_since_unix_nano.store((self.clock)(), Ordering::Release);
    }

    /// Notes that the frames that were taken are answered.
    pub(super) fn end_writing(&self) {
        self.writing_since_unix_nano.store(0, Ordering::Release);
    }

    /// Since when frames are being written; `None` while none are.
    pub(super) fn writing_since(&self) -> Option<i64> {
        Some(self.writing_since_unix_nano.load(Ordering::Acquire)).filter(|since| *since != 0)
    }

    /// Notes that a group is durable.
    pub(super) fn synced(&self) {
        self.last_sync_unix_nano.store((self.clock)(), Ordering::Release);
        self.syncs.fetch_add(1, Ordering::AcqRel);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("id", &self.id)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// Ends the queue when the writing thread dies, so that nobody waits for it for ever.
pub(super) struct EndQueue(pub(super) Arc<Shared>);

impl Drop for EndQueue {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .queue
                .poison(&Arc::new(io::Error::other("the thread of the write-ahead log died")));
        } else {
            self.0.queue.close();
        }
    }
}
