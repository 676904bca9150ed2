//! What the store is at, so that health checks see what stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The instants, in nanoseconds since 1970 UTC, at which work last went on, and since when a commit is not answered; 0: never.
#[derive(Debug, Default)]
pub(super) struct Pace {
    step_unix_nano: AtomicI64,
    committing_since_unix_nano: AtomicI64,
}

/// A commit that is not answered.
#[derive(Debug)]
pub(super) struct Committing(Arc<Pace>);

impl Pace {
    /// Notes that some of the work is done: a group of slices is folded, a file written, a commit answered.
    pub(super) fn step(&self, now_unix_nano: i64) {
        self.step_unix_nano.store(now_unix_nano, Ordering::Release);
    }

    /// Notes that a commit begins, until what is returned is dropped.
    pub(super) fn committing(self: &Arc<Self>, now_unix_nano: i64) -> Committing {
        self.committing_since_unix_nano.store(now_unix_nano, Ordering::Release);
        Committing(Arc::clone(self))
    }

    /// Returns since when a commit is not answered.
    pub(super) fn committing_since(&self) -> Option<i64> {
        Some(self.committing_since_unix_nano.load(Ordering::Acquire)).filter(|since| *since != 0)
    }

    /// Returns since when work that has waited since an instant has not gone on.
    pub(super) fn still_since(&self, waiting_unix_nano: i64) -> i64 {
        waiting_unix_nano.max(self.step_unix_nano.load(Ordering::Acquire))
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.0.committing_since_unix_nano.store(0, Ordering::Release);
    }
}
