//! What the store has done since it was opened, for health checks and pages.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use pennyspan_schema::Counter;
use pennyspan_schema::progress::LastDone;

/// How often one kind of work was done, and when last.
#[derive(Debug, Default)]
pub(super) struct Done {
    count: AtomicU64,
    last_unix_nano: AtomicI64,
}

impl Done {
    pub(super) fn add(&self, now_unix_nano: i64) {
        self.last_unix_nano.store(now_unix_nano, Ordering::Release);
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    fn last(&self) -> Option<i64> {
        (self.count.load(Ordering::Acquire) > 0).then(|| self.last_unix_nano.load(Ordering::Acquire))
    }
}

/// What the store has done since it was opened.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) flushes: Done,
    pub(super) folds: Done,
    pub(super) commits: Done,
    pub(super) merges: Done,
}

impl Counts {
    pub(super) fn counters(&self) -> impl Iterator<Item = Counter> {
        let done = [
            ("flushes_total", &self.flushes),
            ("folds_total", &self.folds),
            ("commits_total", &self.commits),
            ("merges_total", &self.merges),
        ];
        done.into_iter().map(|(name, done)| Counter {
            name,
            labels: BTreeMap::new(),
            value: done.count.load(Ordering::Acquire),
        })
    }

    pub(super) fn last_done(&self) -> LastDone {
        LastDone {
            fsync_unix_nano: None,
            flush_unix_nano: self.flushes.last(),
            fold_unix_nano: self.folds.last(),
            commit_unix_nano: self.commits.last(),
        }
    }
}
