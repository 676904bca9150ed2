//! How a data directory is opened.

use std::fmt;
use std::sync::Arc;

use object_store::ObjectStore;

use super::retention::Retention;
use crate::local::LocalStore;

/// Tells the time, in nanoseconds since 1970 UTC. The store reads no clock of its own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Is told which stage of work begins: `flush` before hot rows are written, `commit` before a table's log names new files,
/// `swap` before queries see them, `fold` before what was folded becomes visible, `merge` before small files are read, `expire`
/// before rows that are due are removed; faults are injected here.
pub type Stage = Arc<dyn Fn(&'static str) + Send + Sync>;

/// How a data directory is opened.
#[derive(Clone)]
pub struct DurableOptions {
    /// Bytes of a workspace's hot rows from which they are flushed.
    pub flush_bytes: usize,
    /// Age in nanoseconds of a workspace's oldest hot row from which they are flushed.
    pub flush_nanos: i64,
    /// Bytes of a workspace's hot rows from which requests are refused.
    pub hot_bytes: usize,
    /// Live files of a table from which small ones are merged.
    pub live_files: usize,
    /// Nanoseconds for which files that were replaced are kept, for readers in other processes.
    pub keep_nanos: i64,
    /// How long rows are kept.
    pub retention: Retention,
    /// Tells the time.
    pub clock: Clock,
    /// Is told which stage begins.
    pub stage: Stage,
    /// The file system, by absolute paths; a test puts one that fails here.
    pub files: Arc<dyn ObjectStore>,
}

impl DurableOptions {
    /// Options with the usual sizes.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            flush_bytes: 128 << 20,
            flush_nanos: 60_000_000_000,
            hot_bytes: 512 << 20,
            live_files: 64,
            keep_nanos: 600_000_000_000,
            retention: Retention::default(),
            clock,
            stage: Arc::new(|_| {}),
            files: Arc::new(LocalStore::of_root()),
        }
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    pub(super) fn begin(&self, stage: &'static str) {
        (self.stage)(stage);
    }
}

impl fmt::Debug for DurableOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableOptions")
            .field("flush_bytes", &self.flush_bytes)
            .field("flush_nanos", &self.flush_nanos)
            .field("hot_bytes", &self.hot_bytes)
            .field("live_files", &self.live_files)
            .field("keep_nanos", &self.keep_nanos)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
