//! One table under a Delta log: which files are live, and commits that are never applied twice.
//!
//! Tables have no deletion vectors, no column mapping and reader version 1, so that every Delta reader reads them. One process
//! writes a table; it owns the retries, since the library gives up on any conflict.

use std::collections::BTreeMap;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::kernel::engine::arrow_conversion::TryFromArrow;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TableReference};
use deltalake_core::kernel::{Action, StructType, Transaction};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTableError, TableProperty};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, PutMode, PutOptions};
use pennyspan_schema::Table;
use url::Url;

pub(crate) mod file;
mod stats;
mod torn;

pub(crate) use file::{DataFile, Holds};
pub(crate) use stats::Stats;

/// Commits between two checkpoints, so that opening reads few entries.
const CHECKPOINT_COMMITS: u64 = 32;
/// How often a refused or unanswered commit is tried.
const TRIES: usize = 3;

/// Why a table could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// The table's log could not be read or written.
    #[error("cannot {what} the table in `{folder}`: check the disk, then try again")]
    Log {
        /// What was to be done.
        what: &'static str,
        /// The table's folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// A file of the table could not be read or written.
    #[error("cannot {what} `{file}` in `{folder}`: check the disk, then try again")]
    File {
        /// What was to be done.
        what: &'static str,
        /// The file.
        file: String,
        /// The table's folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: Box<object_store::Error>,
    },
    /// The folder's name cannot be a URL.
    #[error("`{folder}` cannot be named by a URL: use an absolute path")]
    Folder {
        /// The folder.
        folder: PathBuf,
    },
    /// A live file has no statistics, so another program wrote it.
    #[error("`{file}` in `{folder}` was written by another program: remove it from the table's log")]
    Foreign {
        /// The file.
        file: String,
        /// The table's folder.
        folder: PathBuf,
    },
}

/// What a commit does to a table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// New rows.
    Append,
    /// Rows are replaced by others.
    Replace,
    /// Rows go, and none come.
    Remove,
    /// The same rows lie in other files.
    Rearrange,
}

/// One commit.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) effect: Effect,
    pub(crate) added: Vec<DataFile>,
    pub(crate) removed: Vec<Arc<DataFile>>,
    /// Application transactions by name; the first one tells whether the commit was applied.
    pub(crate) transactions: Vec<(String, i64)>,
    pub(crate) at_unix_nano: i64,
}

/// One table and its log.
pub(crate) struct LoggedTable {
    table: Table,
    folder: PathBuf,
    store: Arc<dyn ObjectStore>,
    log: LogStoreRef,
    state: DeltaTableState,
    files: BTreeMap<String, Arc<DataFile>>,
    /// Whether a commit went unanswered, so that the state may be old.
    unsure: bool,
}

impl LoggedTable {
    /// Opens the table in a folder, or returns `None` where there is none.
    pub(crate) async fn open(
        files: &Arc<dyn ObjectStore>,
        folder: &FsPath,
        table: Table,
    ) -> Result<Option<Self>, DeltaError> {
        let (store, log) = place(files, folder)?;
        let exists = log.is_delta_table_location().await;
        if !exists.map_err(|source| failed("find", folder, source))? {
            return Ok(None);
        }
        Self::load(table, folder, store, log).await.map(Some)
    }

    /// Opens the table in a folder to write it: repairs what a crash left, and creates the table where there is none.
    pub(crate) async fn open_or_create(
        files: &Arc<dyn ObjectStore>,
        folder: &FsPath,
        table: Table,
    ) -> Result<Self, DeltaError> {
        let (store, log) = place(files, folder)?;
        torn::remove_torn_entry(&*store, folder).await?;
        let exists = log.is_delta_table_location().await;
        if !exists.map_err(|source| failed("find", folder, source))? {
            create(&log, table)
                .await
                .map_err(|source| failed("create", folder, source))?;
        }
        Self::load(table, folder, store, log).await
    }

    async fn load(
        table: Table,
        folder: &FsPath,
        store: Arc<dyn ObjectStore>,
        log: LogStoreRef,
    ) -> Result<Self, DeltaError> {
        let state = DeltaTableState::try_new(&*log, None).await;
        let state = state.map_err(|source| failed("read", folder, source))?;
        let mut table = Self {
            table,
            folder: folder.to_owned(),
            store,
            log,
            state,
            files: BTreeMap::new(),
            unsure: false,
        };
        table.list_live()?;
        Ok(table)
    }

    /// Returns the live files, in the order of their names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Arc<DataFile>> {
        self.files.values()
    }

    /// Returns when the newest live file was committed, in nanoseconds since 1970 UTC.
    pub(crate) fn newest_unix_nano(&self) -> Option<i64> {
        let at_ms = self
            .state
            .log_data()
            .iter()
            .map(|file| file.modification_time())
            .max()?;
        at_ms.checked_mul(1_000_000)
    }

    /// Returns the version of an application's last transaction.
    pub(crate) async fn transaction(&self, application: &str) -> Result<Option<i64>, DeltaError> {
        let version = self.state.transaction_version(&*self.log, application).await;
        version.map_err(|source| failed("read", &self.folder, source))
    }

    /// Writes a file that no commit names yet, and returns the name it got.
    pub(crate) async fn write(&self, stem: &str, content: Bytes) -> Result<String, DeltaError> {
        let mut number = 0_u64;
        loop {
            let name = format!("{stem}_{number}.parquet");
            let options = PutOptions::from(PutMode::Create);
            match self
                .store
                .put_opts(&Path::from(name.as_str()), content.clone().into(), options)
                .await
            {
                Ok(_) => return Ok(name),
                // A crash can have left a file that was never committed.
                Err(object_store::Error::AlreadyExists { .. }) => number += 1,
                Err(source) => return Err(self.file_failed("write", &name, source)),
            }
        }
    }

    /// Returns where in the file system a file of the table lies.
    pub(crate) fn location(&self, name: &str) -> Result<Path, DeltaError> {
        file::location(&self.folder, name)
    }

    /// Commits once: a commit that is refused or not answered is looked for before it is tried again.
    pub(crate) async fn commit(&mut self, change: &Change) -> Result<(), DeltaError> {
        let before = self.state.version();
        let mut refused = None;
        for tries in 0.. {
            if self.unsure {
                self.reload().await?;
                if self.state.version() > before && self.has_applied(change).await? {
                    return Ok(());
                }
            }
            if tries == TRIES {
                break;
            }
            match self.try_commit(change).await {
                Ok(()) => return Ok(()),
                Err(source) => refused = Some(source),
            }
            self.unsure = true;
        }
        let source = refused.unwrap_or_else(|| DeltaTableError::generic("no commit was tried"));
        Err(failed("commit to", &self.folder, source))
    }

    async fn has_applied(&self, change: &Change) -> Result<bool, DeltaError> {
        let Some((application, version)) = change.transactions.first() else {
            return Ok(false);
        };
        Ok(self.transaction(application).await? == Some(*version))
    }

    async fn try_commit(&mut self, change: &Change) -> Result<(), DeltaTableError> {
        let checkpoint = (self.state.version() + 2).is_multiple_of(CHECKPOINT_COMMITS);
        let transactions = change
            .transactions
            .iter()
            .map(|(name, version)| Transaction::new(name, *version));
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(true)
            .with_cleanup_expired_logs(Some(checkpoint))
            .with_application_transactions(transactions.collect());
        let commit = CommitBuilder::from(properties)
            .with_actions(change.actions())
            .build(
                Some(&self.state as &dyn TableReference),
                Arc::clone(&self.log),
                change.effect.operation(),
            )
            .await?;
        self.state = commit.snapshot();
        if checkpoint {
            // A state that was carried from commit to commit holds them all; a fresh one begins at the checkpoint.
            self.state = DeltaTableState::try_new(&*self.log, None).await?;
        }
        self.list_live()
            .map_err(|error| DeltaTableError::generic(error.to_string()))
    }

    async fn reload(&mut self) -> Result<(), DeltaError> {
        let state = DeltaTableState::try_new(&*self.log, None).await;
        self.state = state.map_err(|source| failed("read", &self.folder, source))?;
        self.unsure = false;
        self.list_live()
    }

    /// Lists the live files; those that were known keep their identity.
    fn list_live(&mut self) -> Result<(), DeltaError> {
        let mut live = BTreeMap::new();
        for view in self.state.log_data().iter() {
            let name = view.path().into_owned();
            let file = match self.files.remove(&name) {
                Some(known) => known,
                None => Arc::new(self.file_of(&name, view.size(), view.stats().as_deref())?),
            };
            live.insert(name, file);
        }
        self.files = live;
        Ok(())
    }

    fn file_of(&self, name: &str, size_bytes: i64, stats: Option<&str>) -> Result<DataFile, DeltaError> {
        let foreign = || DeltaError::Foreign {
            file: name.to_owned(),
            folder: self.folder.clone(),
        };
        let size_bytes = u64::try_from(size_bytes).map_err(|_| foreign())?;
        let stats = stats.and_then(Stats::parse).ok_or_else(foreign)?;
        DataFile::new(self.table, self.location(name)?, name, size_bytes, stats).ok_or_else(foreign)
    }

    fn file_failed(&self, what: &'static str, file: &str, source: object_store::Error) -> DeltaError {
        DeltaError::File {
            what,
            file: file.to_owned(),
            folder: self.folder.clone(),
            source: Box::new(source),
        }
    }

    /// Returns the names of the files in the folder, live or not, with when they were written, in nanoseconds since 1970 UTC.
    pub(crate) async fn stored(&self) -> Result<Vec<(String, i64)>, DeltaError> {
        let listed = self.store.list_with_delimiter(None).await;
        let listed = listed.map_err(|source| self.file_failed("list", ".", source))?;
        let files = listed.objects.into_iter().map(|object| {
            let written = object.last_modified.timestamp_nanos_opt().unwrap_or(i64::MAX);
            (object.location.to_string(), written)
        });
        Ok(files.filter(|(name, _)| name.ends_with(".parquet")).collect())
    }

    /// Returns when files were removed, by name, as far as the log still tells, in nanoseconds since 1970 UTC.
    pub(crate) async fn removed(&self) -> Result<BTreeMap<String, i64>, DeltaError> {
        let told = self.state.all_tombstones(&*self.log).try_collect::<Vec<_>>().await;
        let told = told.map_err(|source| failed("read", &self.folder, source))?;
        let at = |at_ms: i64| at_ms.saturating_mul(1_000_000);
        let removed = told
            .iter()
            .filter_map(|file| Some((file.path().into_owned(), at(file.deletion_timestamp()?))));
        Ok(removed.collect())
    }

    /// Deletes a file that is not live.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), DeltaError> {
        use object_store::ObjectStoreExt;
        match self.store.delete(&Path::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.file_failed("delete", name, source)),
        }
    }

    /// Returns whether a file is live.
    pub(crate) fn is_live(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }
}

impl Change {
    fn actions(&self) -> Vec<Action> {
        let data_change = self.effect != Effect::Rearrange;
        let at_ms = self.at_unix_nano / 1_000_000;
        let removed = self
            .removed
            .iter()
            .map(|file| Action::Remove(file.remove(data_change, at_ms)));
        removed
            .chain(self.added.iter().map(|file| Action::Add(file.add(data_change, at_ms))))
            .collect()
    }
}

impl Effect {
    fn operation(self) -> DeltaOperation {
        let write = |mode| DeltaOperation::Write {
            mode,
            partition_by: None,
            predicate: None,
        };
        match self {
            Self::Append => write(SaveMode::Append),
            Self::Replace => write(SaveMode::Overwrite),
            Self::Remove => DeltaOperation::Delete { predicate: None },
            Self::Rearrange => DeltaOperation::Optimize {
                predicate: None,
                target_size: 0,
            },
        }
    }
}

fn failed(what: &'static str, folder: &FsPath, source: DeltaTableError) -> DeltaError {
    DeltaError::Log {
        what,
        folder: folder.to_owned(),
        source: Box::new(source),
    }
}

/// Returns the store of a table's folder, and the table's log.
fn place(files: &Arc<dyn ObjectStore>, folder: &FsPath) -> Result<(Arc<dyn ObjectStore>, LogStoreRef), DeltaError> {
    let unnamed = || DeltaError::Folder {
        folder: folder.to_owned(),
    };
    let prefix = Path::from_absolute_path(folder).map_err(|_| unnamed())?;
    let url = Url::from_directory_path(folder).map_err(|()| unnamed())?;
    let store: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(files), prefix));
    let log = default_logstore(Arc::clone(&store), Arc::clone(files), &url, &StorageConfig::default());
    Ok((store, log))
}

async fn create(log: &LogStoreRef, table: Table) -> Result<(), DeltaTableError> {
    let columns = StructType::try_from_arrow(table.schema().as_ref())
        .map_err(|error| DeltaTableError::generic(error.to_string()))?;
    CreateBuilder::new()
        .with_log_store(Arc::clone(log))
        .with_table_name(table.name())
        .with_comment(table.doc())
        .with_columns(columns.fields().cloned())
        .with_configuration_property(TableProperty::CheckpointInterval, Some(CHECKPOINT_COMMITS.to_string()))
        .with_configuration_property(TableProperty::LogRetentionDuration, Some("interval 1 day"))
        .with_configuration_property(TableProperty::DeletedFileRetentionDuration, Some("interval 1 hour"))
        .await?;
    Ok(())
}
