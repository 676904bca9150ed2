//! How far each stage has come, for health checks and pages.

use std::collections::BTreeMap;

/// One counter: what it counts, per source and reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// The name, in the grammar of `/metrics`, without the prefix `pennyspan_`.
    pub name: &'static str,
    /// The labels, sorted by key.
    pub labels: BTreeMap<&'static str, String>,
    /// What has been counted since start.
    pub value: u64,
}

/// The instants at which each stage last finished its work, in nanoseconds since 1970 UTC; unknown until the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastDone {
    /// The last fsync of the write-ahead log.
    pub fsync_unix_nano: Option<i64>,
    /// The last flush of hot rows into files.
    pub flush_unix_nano: Option<i64>,
    /// The last fold.
    pub fold_unix_nano: Option<i64>,
    /// The last commit to a table log.
    pub commit_unix_nano: Option<i64>,
}

/// Since when each stage has work that it has not finished, in nanoseconds since 1970 UTC; `None` while it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// A group of requests waits for its fsync.
    pub fsync_unix_nano: Option<i64>,
    /// Hot rows are due to be flushed.
    pub flush_unix_nano: Option<i64>,
    /// Published rows are not folded.
    pub fold_unix_nano: Option<i64>,
    /// A commit to a table log is not answered.
    pub commit_unix_nano: Option<i64>,
}

/// Tells how far a stage has come.
pub trait Progress: Send + Sync {
    /// Returns the counters, in any order.
    fn counters(&self) -> Vec<Counter>;
    /// Returns when each stage last finished its work; stages that this one does not know stay unknown.
    fn last_done(&self) -> LastDone;
    /// Returns since when each stage has unfinished work; stages that this one does not know have none.
    fn waiting(&self) -> Waiting;
    /// Returns what keeps telemetry from moving now, one sentence each; empty where all is well.
    fn degraded(&self) -> Vec<String>;
    /// Returns what was lost or damaged for good, one sentence each: telemetry moves, and no restart mends it.
    fn damaged(&self) -> Vec<String> {
        Vec::new()
    }
}
