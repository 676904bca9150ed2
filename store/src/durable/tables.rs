//! The tables of one workspace, as the one task that works on them sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use pennyspan_schema::{Position, Slice, Table, TablePositions};

use super::options::DurableOptions;
use super::state::Files;
use super::sweep::Replaced;
use super::{StoreError, encode};
use crate::delta::{DataFile, LoggedTable};

/// The application of a fold's transactions: their version is the last frame that the folded rows cover.
pub(super) const FOLD: &str = "pennyspan-fold";
/// The raw tables that a fold reads.
pub(super) const FOLD_READS: [Table; 2] = [Table::InvocationFacts, Table::Spans];

/// Orphans by slice, as one file of `invocations` tells them: what all live files tell of a slice adds up to what it has.
pub(super) type Orphans = BTreeMap<Slice, i64>;

/// The tables of one workspace.
pub(super) struct Tables {
    pub(super) folder: PathBuf,
    pub(super) store: Arc<dyn ObjectStore>,
    by_name: BTreeMap<Table, LoggedTable>,
    /// The last frame that each raw table holds, and the last up to which every one of them holds all.
    stored: TablePositions,
    complete: Position,
    /// What the live files of `invocations` tell of orphans, by name.
    orphans: BTreeMap<String, Orphans>,
    /// Files that are not live any more.
    pub(super) replaced: Vec<Replaced>,
    /// When it was last looked for rows that are due to go.
    pub(super) expired_unix_nano: Option<i64>,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Tables {
    /// The tables of a workspace that has none yet; a flush creates them.
    pub(super) fn absent(folder: &FsPath, store: &Arc<dyn ObjectStore>) -> Self {
        Self {
            folder: folder.to_owned(),
            store: Arc::clone(store),
            by_name: BTreeMap::new(),
            stored: TablePositions::new(),
            complete: Position(0),
            orphans: BTreeMap::new(),
            replaced: Vec::new(),
            expired_unix_nano: None,
        }
    }

    pub(super) async fn open_to_write(folder: &FsPath, options: &DurableOptions) -> Result<Self, StoreError> {
        let mut tables = Self::absent(folder, &options.files);
        tables.create().await?;
        tables.read_orphans().await?;
        tables.find_strays().await?;
        Ok(tables)
    }

    pub(super) async fn open_to_read(folder: &FsPath, options: &DurableOptions) -> Result<Self, StoreError> {
        let mut tables = Self::absent(folder, &options.files);
        for table in Table::ALL {
            let opened = LoggedTable::open(&tables.store, &folder.join(table.name()), *table).await?;
            tables.by_name.extend(opened.map(|opened| (*table, opened)));
        }
        tables.read_orphans().await?;
        Ok(tables)
    }

    /// Opens the tables that are not open, and creates those that are not there.
    pub(super) async fn create(&mut self) -> Result<(), StoreError> {
        for table in Table::ALL {
            if !self.by_name.contains_key(table) {
                let folder = self.folder.join(table.name());
                crate::local::create_folder(&folder).map_err(|source| StoreError::Directory {
                    what: "create",
                    path: folder.clone(),
                    source,
                })?;
                let opened = LoggedTable::open_or_create(&self.store, &folder, *table).await?;
                self.by_name.insert(*table, opened);
            }
        }
        Ok(())
    }

    /// Reads how far the tables hold the frames of a log.
    pub(super) async fn follow(&mut self, wal: &str) -> Result<(), StoreError> {
        for table in Table::raw() {
            let Some(logged) = self.by_name.get(&table) else {
                continue;
            };
            if let Some(position) = logged.transaction(wal).await? {
                self.stored.insert(table, position_of(position));
            }
            if let Some(position) = logged.transaction(&complete_application(wal)).await? {
                self.complete = self.complete.max(position_of(position));
            }
        }
        for table in Table::raw() {
            let stored = self.stored.entry(table).or_default();
            *stored = self.complete.max(*stored);
        }
        Ok(())
    }

    /// Returns the last frame that each raw table holds.
    pub(super) fn stored(&self) -> &TablePositions {
        &self.stored
    }

    /// Returns the last frame up to which every raw table holds all.
    pub(super) fn complete(&self) -> Position {
        self.complete
    }

    pub(super) fn note_stored(&mut self, table: Table, position: Position) {
        self.stored.insert(table, position);
    }

    pub(super) fn note_complete(&mut self, position: Position) {
        self.complete = self.complete.max(position);
        for table in Table::raw() {
            let stored = self.stored.entry(table).or_default();
            *stored = self.complete.max(*stored);
        }
    }

    /// Returns the table, once it was opened or created.
    pub(super) fn get(&self, table: Table) -> Option<&LoggedTable> {
        self.by_name.get(&table)
    }

    /// Returns the table, once it was opened or created.
    pub(super) fn get_mut(&mut self, table: Table) -> Option<&mut LoggedTable> {
        self.by_name.get_mut(&table)
    }

    /// Returns a table's live files.
    pub(super) fn live(&self, table: Table) -> Vec<Arc<DataFile>> {
        self.get(table)
            .into_iter()
            .flat_map(LoggedTable::files)
            .cloned()
            .collect()
    }

    pub(super) fn files(&self) -> Files {
        self.by_name
            .keys()
            .map(|table| (*table, self.live(*table).into()))
            .collect()
    }

    pub(super) fn highest_position(&self) -> Position {
        let files = self.by_name.values().flat_map(LoggedTable::files);
        files.map(|file| file.holds().last()).max().unwrap_or_default()
    }

    /// Returns when rows were last committed to a raw table.
    pub(super) fn committed_unix_nano(&self) -> Option<i64> {
        let raw = Table::raw().filter_map(|table| self.get(table));
        raw.filter_map(LoggedTable::newest_unix_nano).max()
    }

    /// Returns the last frame that the folded tables cover.
    pub(super) async fn folded_through(&self) -> Result<Position, StoreError> {
        let Some(invocations) = self.get(Table::Invocations) else {
            return Ok(Position(0));
        };
        Ok(invocations.transaction(FOLD).await?.map_or(Position(0), position_of))
    }

    /// Returns the names of the files that the folded tables do not cover.
    pub(super) async fn unfolded(&self) -> Result<BTreeSet<String>, StoreError> {
        let covered = self.folded_through().await?;
        let files = FOLD_READS
            .iter()
            .filter_map(|table| self.get(*table))
            .flat_map(LoggedTable::files);
        let unfolded = files.filter(|file| file.holds().last() > covered);
        Ok(unfolded.map(|file| file.name().to_owned()).collect())
    }

    /// Returns the orphans of all live files.
    pub(super) fn orphans(&self) -> Orphans {
        let mut all = Orphans::new();
        for (slice, count) in self.orphans.values().flatten() {
            *all.entry(*slice).or_default() += count;
        }
        all
    }

    /// Returns what a file tells of orphans; only those of `invocations` do.
    pub(super) fn orphans_in(&self, table: Table, file: &DataFile) -> Orphans {
        if table == Table::Invocations {
            self.orphans.get(file.name()).cloned().unwrap_or_default()
        } else {
            Orphans::new()
        }
    }

    /// Takes note of what new files of `invocations` tell of orphans.
    pub(super) fn note_orphans(&mut self, orphans_by_file: Vec<(String, Orphans)>) {
        let told = orphans_by_file.into_iter().filter(|(_, orphans)| !orphans.is_empty());
        self.orphans.extend(told);
    }

    /// Forgets what files told that are not live any more.
    pub(super) fn forget_orphans(&mut self) {
        let Some(invocations) = self.by_name.get(&Table::Invocations) else {
            return;
        };
        self.orphans.retain(|name, _| invocations.is_live(name));
    }

    async fn read_orphans(&mut self) -> Result<(), StoreError> {
        for file in self.live(Table::Invocations) {
            let orphans = encode::read_orphans(&self.store, &file).await?;
            self.orphans.insert(file.name().to_owned(), orphans);
        }
        Ok(())
    }
}

/// Returns the application whose transaction says up to which frame every raw table holds all.
pub(super) fn complete_application(wal: &str) -> String {
    format!("{wal}/complete")
}

/// Returns the transaction's version of a position.
pub(super) fn version_of(position: Position) -> Result<i64, StoreError> {
    i64::try_from(position.0).map_err(|_| StoreError::Position { position: position.0 })
}

fn position_of(version: i64) -> Position {
    Position(u64::try_from(version).unwrap_or(0))
}
