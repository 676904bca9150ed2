//! What the store has done since it was opened, for health checks and pages.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pennyspan_schema::progress::LastDone;
use pennyspan_schema::{Counter, Table, Workspace};

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
    pub(super) expiries: Done,
    equal_rows: Mutex<BTreeMap<Table, u64>>,
    by_table: Mutex<BTreeMap<(&'static str, Workspace, Table), u64>>,
}

impl Counts {
    pub(super) fn counters(&self) -> impl Iterator<Item = Counter> {
        let done = [
            ("flushes_total", &self.flushes),
            ("folds_total", &self.folds),
            ("commits_total", &self.commits),
            ("merges_total", &self.merges),
            ("expiries_total", &self.expiries),
        ];
        let done = done.into_iter().map(|(name, done)| Counter {
            name,
            labels: BTreeMap::new(),
            value: done.count.load(Ordering::Acquire),
        });
        done.chain(
            self.equal_rows()
                .iter()
                .map(|(table, rows)| Counter {
                    name: "equal_rows_merged_total",
                    labels: BTreeMap::from([("table", table.name().to_owned())]),
                    value: *rows,
                })
                .collect::<Vec<_>>(),
        )
        .chain(self.of_tables())
    }

    fn of_tables(&self) -> Vec<Counter> {
        let counted = self.by_table.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |((name, workspace, table), value): (&(&'static str, Workspace, Table), &u64)| Counter {
            name,
            labels: BTreeMap::from([("table", table.name().to_owned()), ("workspace", workspace.to_string())]),
            value: *value,
        };
        counted.iter().map(told).collect()
    }

    /// Adds to what is counted by workspace and table.
    pub(super) fn add(&self, name: &'static str, workspace: &Workspace, table: Table, count: u64) {
        let mut counted = self.by_table.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.entry((name, workspace.clone(), table)).or_default() += count;
    }

    /// Takes note of rows that were left out, because an equal one is kept.
    pub(super) fn note_equal_rows(&self, table: Table, rows: usize) {
        if rows > 0 {
            *self.equal_rows().entry(table).or_default() += rows as u64;
        }
    }

    fn equal_rows(&self) -> MutexGuard<'_, BTreeMap<Table, u64>> {
        // Nothing panics while it is held.
        self.equal_rows.lock().unwrap_or_else(PoisonError::into_inner)
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
