//! The store of a data directory: hot rows in memory, Parquet files under a Delta log, and what is folded from both.
//!
//! A row's life: [`Sink::publish`] makes it hot and visible; a fold turns facts and spans into attempts, in memory; a flush
//! writes both as files, table by table, and swaps them in at once; files that become many are merged. The directory holds
//! `format` (one number), `lock` (one process writes) and `<workspace>/<table>`. Work on one workspace is done by one task at a
//! time; snapshots never wait for it. The lock is all the lease that a local directory needs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use pennyspan_schema::progress::{LastDone, Waiting};
use pennyspan_schema::{Counter, Position, Progress, Rows, Sink, SinkError, TablePositions, Window, Workspace};

mod compact;
mod counts;
mod delete;
mod directory;
mod distinct;
mod encode;
mod error;
mod expire;
mod flush;
mod folded_files;
mod folding;
mod generation;
mod marked;
mod options;
mod pace;
mod recent;
mod reread;
mod retention;
mod rewrite;
mod rollups;
mod slice_fold;
mod space;
mod state;
mod status;
mod sweep;
mod tables;
mod too_late;
mod verify;

pub use delete::{Deletion, RowsByTable};
pub use directory::DataDir;
pub use error::StoreError;
pub use expire::Expired;
pub use options::{Clock, DurableOptions, Stage};
pub use retention::{Limit, LimitError, Retention};
pub use status::{TableStatus, WorkspaceStatus};
pub use verify::Verified;

use crate::newcomers::Newcomers;
use crate::snapshot::Snapshot;
use counts::Counts;
use directory::Held;
use space::Space;
use tables::Tables;

/// The store of a data directory.
#[derive(Debug)]
pub struct DurableStore {
    held: Held,
    options: Arc<DurableOptions>,
    /// The application of the log's transactions; none where this process only reads.
    wal: Option<String>,
    spaces: RwLock<BTreeMap<Workspace, Arc<Space>>>,
    counts: Arc<Counts>,
}

impl DurableStore {
    async fn of(
        held: Held,
        options: DurableOptions,
        opened: Vec<(Workspace, Tables)>,
        wal: Option<&str>,
    ) -> Result<Self, StoreError> {
        let (options, counts) = (Arc::new(options), Arc::new(Counts::default()));
        let wal = wal.map(wal_application);
        let mut spaces = BTreeMap::new();
        for (workspace, tables) in opened {
            let space = Space::opened(workspace.clone(), tables, &options, &counts, wal.clone()).await?;
            spaces.insert(workspace, Arc::new(space));
        }
        Ok(Self {
            held,
            options,
            wal,
            spaces: RwLock::new(spaces),
            counts,
        })
    }

    /// Opens a directory to read it, beside the process that writes it; folds what is not folded in memory, when asked.
    ///
    /// # Errors
    /// [`StoreError`] where the directory is no data directory, is of a newer format, or cannot be read.
    pub async fn open_read_only(path: &std::path::Path, options: DurableOptions) -> Result<Self, StoreError> {
        let (held, opened) = directory::open_to_read(path, &options).await?;
        Self::of(held, options, opened, None).await
    }

    /// Returns whether this process only reads the directory.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.wal.is_none()
    }

    /// Returns the workspaces, by name.
    #[must_use]
    pub fn workspaces(&self) -> Vec<Workspace> {
        self.spaces().iter().map(|space| space.workspace().clone()).collect()
    }

    /// Returns all tables of a workspace as they are now; folded tables answer as of the last fold.
    #[must_use]
    pub fn snapshot(&self, workspace: &Workspace) -> Snapshot {
        self.space(workspace)
            .map_or_else(Snapshot::default, |space| space.snapshot())
    }

    /// Returns when rows of a workspace were last committed, in nanoseconds since 1970 UTC: what another process received
    /// later, this one may not see.
    pub async fn committed_unix_nano(&self, workspace: &Workspace) -> Option<i64> {
        let space = self.space(workspace)?;
        let tables = space.tables.lock().await;
        tables.committed_unix_nano()
    }

    /// Tells rows that are about to be stored which of them the workspace holds.
    ///
    /// # Errors
    /// [`StoreError`] where a file cannot be read, or rows have not their table's columns.
    pub async fn compare(&self, workspace: &Workspace, newcomers: &mut Newcomers) -> Result<(), StoreError> {
        let snapshot = self.snapshot(workspace);
        for (table, window) in newcomers.windows().collect::<Vec<_>>() {
            let sources = snapshot.sources(table);
            let overlaps = |times: Window| {
                times.start_unix_nano < window.end_unix_nano && window.start_unix_nano < times.end_unix_nano
            };
            let failed = |source| StoreError::Compare {
                table: table.name(),
                source,
            };
            for batch in sources.batches.iter() {
                newcomers.note_stored(table, batch).map_err(failed)?;
            }
            for file in sources.files.iter().filter(|file| file.times().is_some_and(overlaps)) {
                for batch in reread::read_file(&self.options.files, table, file).await? {
                    newcomers.note_stored(table, &batch).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// Folds what was published to each workspace since its last fold.
    ///
    /// # Errors
    /// The first workspace's that fails; the others are folded.
    pub async fn fold_dirty(&self) -> Result<(), StoreError> {
        let mut failed = Ok(());
        for space in self.spaces() {
            failed = failed.and(space.fold().await);
        }
        failed
    }

    /// Folds what was published to a workspace since its last fold; a snapshot taken then answers for every row.
    ///
    /// # Errors
    /// [`StoreError`] where rows cannot be read.
    pub async fn fold_now(&self, workspace: &Workspace) -> Result<(), StoreError> {
        match self.space(workspace) {
            Some(space) => space.fold().await,
            None => Ok(()),
        }
    }

    /// Flushes the workspaces whose hot rows have reached their size or age.
    ///
    /// # Errors
    /// The first workspace's that fails; the others are flushed. Nothing is lost: the next flush goes on.
    pub async fn flush_due(&self) -> Result<(), StoreError> {
        let mut failed = Ok(());
        for space in self.spaces() {
            if space.is_due() {
                failed = failed.and(space.flush().await);
            }
        }
        failed
    }

    /// Flushes every workspace, as before the process ends.
    ///
    /// # Errors
    /// As for [`Self::flush_due`].
    pub async fn flush_all(&self) -> Result<(), StoreError> {
        let mut failed = Ok(());
        for space in self.spaces() {
            failed = failed.and(space.flush().await);
        }
        failed
    }

    /// Flushes a workspace.
    ///
    /// # Errors
    /// [`StoreError`] where files cannot be written or committed. Nothing is lost: the next flush goes on.
    pub async fn flush_now(&self, workspace: &Workspace) -> Result<(), StoreError> {
        match self.space(workspace) {
            Some(space) => space.flush().await,
            None => Ok(()),
        }
    }

    /// Merges the small files of every table, however few they are; equal rows of the files that are merged become one.
    ///
    /// # Errors
    /// The first workspace's that fails; the others are merged. Nothing is lost: the files stay as they were.
    pub async fn compact_all(&self) -> Result<(), StoreError> {
        let mut failed = Ok(());
        for space in self.spaces() {
            failed = failed.and(space.compact().await);
        }
        failed
    }

    /// Removes every row that the retention of its table no longer keeps.
    ///
    /// # Errors
    /// The first workspace's that fails; the others' rows are removed. Nothing else is lost: the next call goes on.
    pub async fn expire_all(&self) -> Result<(), StoreError> {
        let mut failed = Ok(());
        for space in self.spaces() {
            failed = failed.and(space.expire().await);
        }
        failed
    }

    /// Deletes rows of a workspace wherever they lie, and at once: readers in other processes may have to start again. Returns how
    /// many rows went, by table.
    ///
    /// # Errors
    /// [`StoreError`] where files cannot be read or committed. The next call goes on where this one ended.
    pub async fn delete(&self, workspace: &Workspace, deletion: &Deletion) -> Result<RowsByTable, StoreError> {
        match self.space(workspace) {
            Some(space) => space.delete(deletion).await,
            None => Ok(RowsByTable::new()),
        }
    }

    /// Returns how many rows [`Self::delete`] would delete from files, by table.
    ///
    /// # Errors
    /// [`StoreError`] where files cannot be read.
    pub async fn count_deletion(&self, workspace: &Workspace, deletion: &Deletion) -> Result<RowsByTable, StoreError> {
        match self.space(workspace) {
            Some(space) => space.count_deletion(deletion).await,
            None => Ok(RowsByTable::new()),
        }
    }

    /// Reads everything again, by workspace: whether files are what the tables' logs say, and the folded tables what the facts say.
    ///
    /// # Errors
    /// [`StoreError`] where a table's log cannot be read; of files it is told.
    pub async fn verify(&self) -> Result<Vec<Verified>, StoreError> {
        let mut all = Vec::new();
        for space in self.spaces() {
            all.push(space.verify().await?);
        }
        Ok(all)
    }

    /// Returns what each table holds, by workspace; with the id of a write-ahead log, how far they hold its frames.
    ///
    /// # Errors
    /// [`StoreError`] where a table's log cannot be read.
    pub async fn status(&self, wal_id: Option<&str>) -> Result<Vec<WorkspaceStatus>, StoreError> {
        let mut all = Vec::new();
        for space in self.spaces() {
            all.push(space.status(wal_id.map(wal_application).as_deref()).await?);
        }
        Ok(all)
    }

    fn spaces(&self) -> Vec<Arc<Space>> {
        self.spaces
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    fn space(&self, workspace: &Workspace) -> Option<Arc<Space>> {
        self.spaces
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(workspace)
            .cloned()
    }

    fn space_or_new(&self, workspace: &Workspace) -> Arc<Space> {
        if let Some(space) = self.space(workspace) {
            return space;
        }
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            let tables = Tables::absent(&self.held.folder(workspace), &self.options.files);
            Arc::new(Space::new(
                workspace.clone(),
                tables,
                &self.options,
                &self.counts,
                self.wal.clone(),
            ))
        };
        Arc::clone(spaces.entry(workspace.clone()).or_insert_with(fresh))
    }
}

impl Sink for DurableStore {
    fn room(&self, workspace: &Workspace, bytes: usize) -> Result<(), SinkError> {
        if self.is_read_only() {
            return Err(read_only(workspace));
        }
        let held_bytes = self.space(workspace).map_or(0, |space| space.hot_bytes());
        if held_bytes.saturating_add(bytes) <= self.options.hot_bytes {
            return Ok(());
        }
        Err(SinkError::Full {
            workspace: workspace.clone(),
            held_bytes,
        })
    }

    fn publish(&self, position: Position, workspace: &Workspace, rows: Rows) -> Result<(), SinkError> {
        if self.is_read_only() {
            return Err(read_only(workspace));
        }
        let published = self.space_or_new(workspace).publish(position, rows);
        published.map_err(|source| SinkError::Failed {
            workspace: workspace.clone(),
            source: Box::new(source),
        })
    }

    fn flushed(&self, workspace: &Workspace) -> Position {
        self.space(workspace).map_or(Position(0), |space| space.flushed())
    }

    fn versions(&self, workspace: &Workspace) -> TablePositions {
        self.space(workspace)
            .map_or_else(TablePositions::new, |space| space.versions())
    }
}

/// Returns the application of a log's transactions.
fn wal_application(id: &str) -> String {
    format!("pennyspan-wal/{id}")
}

fn read_only(workspace: &Workspace) -> SinkError {
    SinkError::Failed {
        workspace: workspace.clone(),
        source: Box::new(StoreError::ReadOnly),
    }
}

impl Progress for DurableStore {
    fn counters(&self) -> Vec<Counter> {
        let spaces = self.spaces();
        self.counts
            .counters()
            .chain(spaces.iter().flat_map(|space| space.counters()))
            .collect()
    }

    fn last_done(&self) -> LastDone {
        self.counts.last_done()
    }

    fn waiting(&self) -> Waiting {
        let spaces = self.spaces();
        let first = |since: fn(&Space) -> Option<i64>| spaces.iter().filter_map(|space| since(space)).min();
        Waiting {
            fsync_unix_nano: None,
            flush_unix_nano: first(Space::unflushed_since),
            fold_unix_nano: first(Space::unfolded_since),
            commit_unix_nano: first(Space::uncommitted_since),
        }
    }

    fn degraded(&self) -> Vec<String> {
        self.spaces().iter().filter_map(|space| space.degraded()).collect()
    }
}

#[cfg(test)]
mod tests;
