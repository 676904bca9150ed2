//! One workspace of a data directory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pennyspan_schema::{Counter, Position, Rows, Slice, TablePositions, Workspace};

use super::counts::Counts;
use super::marked::MarkCache;
use super::options::DurableOptions;
use super::pace::Pace;
use super::recent::Recent;
use super::state::State;
use super::tables::{Orphans, Tables};
use super::{StoreError, folding};
use crate::fold::FoldError;
use crate::snapshot::Snapshot;

/// One workspace: its state, which is read at any time, and its tables, on which one task works at a time.
#[derive(Debug)]
pub(super) struct Space {
    workspace: Workspace,
    state: Mutex<State>,
    pub(super) tables: tokio::sync::Mutex<Tables>,
    pub(super) options: Arc<DurableOptions>,
    pub(super) counts: Arc<Counts>,
    pub(super) pace: Arc<Pace>,
    pub(super) marks: MarkCache,
    pub(super) recent: Recent,
    /// The application of the log's transactions; none where this process only reads.
    pub(super) wal: Option<String>,
    failure: Mutex<Option<String>>,
}

impl Space {
    pub(super) fn new(
        workspace: Workspace,
        tables: Tables,
        options: &Arc<DurableOptions>,
        counts: &Arc<Counts>,
        wal: Option<String>,
    ) -> Self {
        Self {
            workspace,
            // Without rows the folded tables are up to date.
            state: Mutex::new(State {
                as_of_unix_nano: Some(options.now()),
                ..State::default()
            }),
            recent: Recent::above(tables.highest_position()),
            tables: tables.into(),
            options: Arc::clone(options),
            counts: Arc::clone(counts),
            pace: Arc::default(),
            marks: MarkCache::new(&options.files),
            wal,
            failure: Mutex::default(),
        }
    }

    /// Takes up a workspace whose tables were opened, and folds what a crash left unfolded.
    pub(super) async fn opened(
        workspace: Workspace,
        mut tables: Tables,
        options: &Arc<DurableOptions>,
        counts: &Arc<Counts>,
        wal: Option<String>,
    ) -> Result<Self, StoreError> {
        if let Some(wal) = &wal {
            tables.follow(wal).await?;
        }
        let state = State {
            files: tables.files(),
            unfolded: tables.unfolded().await?,
            orphans: whole(tables.orphans()),
            removed_before: tables.removed_before().await?,
            versions: tables.stored().clone(),
            flushed: tables.complete(),
            ..State::default()
        };
        let space = Self::new(workspace, tables, options, counts, wal);
        *space.state() = state;
        space.fold().await?;
        Ok(space)
    }

    /// Returns the state; what panicked while it was changed left it whole.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.state().snapshot()
    }

    pub(super) fn hot_bytes(&self) -> usize {
        self.state().hot_bytes()
    }

    pub(super) fn flushed(&self) -> Position {
        self.state().flushed
    }

    pub(super) fn versions(&self) -> TablePositions {
        self.state().versions.clone()
    }

    /// Makes a frame's rows visible, but for those that their tables hold already.
    pub(super) fn publish(&self, position: Position, rows: Rows) -> Result<(), FoldError> {
        let now = self.options.now();
        let mut state = self.state();
        let mut missing = Rows::default();
        for (table, batch) in rows.into_batches() {
            if state.versions.get(&table).is_none_or(|version| *version < position) {
                missing.push(table, batch);
            }
        }
        state.fresh.push(position, missing, now)
    }

    /// Returns whether the hot rows have reached the size or age at which they are flushed.
    pub(super) fn is_due(&self) -> bool {
        let state = self.state();
        let due_since = self.options.now().saturating_sub(self.options.flush_nanos);
        state.hot_bytes() >= self.options.flush_bytes || state.since_unix_nano().is_some_and(|since| since <= due_since)
    }

    /// Returns since when hot rows that are due to be flushed wait, and nothing went on.
    pub(super) fn unflushed_since(&self) -> Option<i64> {
        let state = self.state();
        let oldest = state.since_unix_nano()?;
        let due = if state.hot_bytes() >= self.options.flush_bytes {
            oldest
        } else {
            oldest.saturating_add(self.options.flush_nanos)
        };
        (due <= self.options.now()).then(|| self.pace.still_since(due))
    }

    /// Returns since when published rows are not folded, and nothing went on.
    pub(super) fn unfolded_since(&self) -> Option<i64> {
        let oldest = self.state().unfolded_since_unix_nano()?;
        Some(self.pace.still_since(oldest))
    }

    /// Returns since when a commit is not answered.
    pub(super) fn uncommitted_since(&self) -> Option<i64> {
        self.pace.committing_since()
    }

    /// Notes that some of the work is done.
    pub(super) fn step(&self) {
        self.pace.step(self.options.now());
    }

    /// Folds what was published since the last fold.
    pub(super) async fn fold(&self) -> Result<(), StoreError> {
        // The tables are not touched, but no flush may run beside a fold.
        let _tables = self.tables.lock().await;
        let folded = folding::fold(self).await;
        self.note(&folded);
        folded
    }

    /// Writes everything published so far into files.
    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        let mut tables = self.tables.lock().await;
        let flushed = self.flush_into(&mut tables).await;
        self.note(&flushed);
        flushed
    }

    pub(super) fn note(&self, done: &Result<(), StoreError>) {
        let failure = done.as_ref().err().map(StoreError::sentence);
        if let Some(failure) = &failure {
            tracing::error!(workspace = %self.workspace, failure, "failed to fold, flush or merge");
        }
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    pub(super) fn degraded(&self) -> Option<String> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure
            .as_ref()
            .map(|failure| format!("rows of workspace `{}` wait: {failure}", self.workspace))
    }

    fn age_ms(&self, since_unix_nano: i64) -> u64 {
        let age = self.options.now().saturating_sub(since_unix_nano) / 1_000_000;
        u64::try_from(age).unwrap_or_default()
    }

    pub(super) fn counters(&self) -> Vec<Counter> {
        let state = self.state();
        let labels = || BTreeMap::from([("workspace", self.workspace.to_string())]);
        let mut counters = vec![Counter {
            name: "hot_bytes",
            labels: labels(),
            value: state.hot_bytes() as u64,
        }];
        counters.push(Counter {
            name: "unfolded_age_ms",
            labels: labels(),
            value: state.unfolded_since_unix_nano().map_or(0, |since| self.age_ms(since)),
        });
        for (table, files) in &state.files {
            let of_table = |name, value| {
                let mut labels = labels();
                labels.insert("table", table.name().to_owned());
                Counter { name, labels, value }
            };
            counters.push(of_table("live_files", files.len() as u64));
            counters.push(of_table("live_bytes", files.iter().map(|file| file.size_bytes()).sum()));
        }
        counters
    }
}

/// Returns what files tell of orphans all together.
pub(super) fn whole(orphans: Orphans) -> BTreeMap<Slice, u64> {
    let whole = |(slice, count)| Some((slice, u64::try_from(count).ok().filter(|count| *count > 0)?));
    orphans.into_iter().filter_map(whole).collect()
}
