//! Removing what is older than a workspace keeps it, or more than it has room for.
//!
//! Files whose last row is due go whole; a file is written anew once its first row is overdue by a day, so that a file with
//! few old rows is not written again and again. What went is told by the table's own log, in the commit that removes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::Int64Type;
use pennyspan_schema::{Slice, Table, Workspace};

use super::StoreError;
use super::compact::MAINTENANCE;
use super::counts::Counts;
use super::retention::{kept_from, lies_in};
use super::rewrite::{Keep, Rewritten};
use super::space::{Space, whole};
use super::tables::Tables;
use crate::delta::{Change, DataFile, Effect};
use crate::fold::FoldError;

/// How often in nanoseconds it is looked for what is due.
const EVERY_NANOS: i64 = 600_000_000_000;
/// How far in nanoseconds a row is overdue before its file is written anew for it.
const OVERDUE_NANOS: i64 = 86_400_000_000_000;
/// The application whose transaction says up to which instant, in nanoseconds since 1970 UTC, rows were removed.
const BEFORE: &str = "pennyspan-expired/before";
/// The application whose transaction says how many rows were removed.
const ROWS: &str = "pennyspan-expired/rows";
/// The application whose transaction says how many bytes of files were removed.
const BYTES: &str = "pennyspan-expired/bytes";

/// What retention has removed from one table, since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// The instant, in nanoseconds since 1970 UTC, before which rows were removed last.
    pub before_unix_nano: Option<i64>,
    /// Rows.
    pub rows: u64,
    /// Bytes of the files that held them.
    pub bytes: u64,
}

/// Which rows are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Those of files that are due whole or long overdue.
    ByFiles,
    /// Every row that is due.
    ByRows,
}

/// Keeps rows from an instant on.
struct From(i64);

impl Keep for From {
    fn rows(&self, table: Table, rows: &RecordBatch) -> Result<Option<BooleanArray>, StoreError> {
        let times = rows
            .column_by_name(table.time_column())
            .ok_or(FoldError::Layout { table: table.name() })?;
        let times = times.as_primitive::<Int64Type>().values();
        Ok(Some(times.iter().map(|time| Some(*time >= self.0)).collect()))
    }

    fn orphans(&self, slice: Slice) -> bool {
        slice.start_unix_nano() >= self.0
    }
}

impl Space {
    /// Removes what is due, where it has not been looked for lately.
    pub(super) async fn expire_by_and_by(&self, tables: &mut Tables) -> Result<(), StoreError> {
        let now = self.options.now();
        if tables
            .expired_unix_nano
            .is_some_and(|last| now < last.saturating_add(EVERY_NANOS))
        {
            return Ok(());
        }
        self.expire_into(tables, Due::ByFiles).await
    }

    /// Writes what is not in files yet, and removes every row that is due.
    pub(super) async fn expire(&self) -> Result<(), StoreError> {
        let mut tables = self.tables.lock().await;
        let expired = match self.flush_into(&mut tables).await {
            Ok(()) => self.expire_into(&mut tables, Due::ByRows).await,
            failed => failed,
        };
        self.note(&expired);
        expired
    }

    async fn expire_into(&self, tables: &mut Tables, due: Due) -> Result<(), StoreError> {
        let expired = self.expire_tables(tables, due).await;
        // What went before a failure went.
        if let Ok(true) | Err(_) = expired {
            let removed_before = tables.removed_before().await?;
            tables.forget_orphans();
            let orphans = whole(tables.orphans());
            // All that was folded is in files; what was removed must not be found beside them.
            self.recent.clear();
            self.swap(tables, |state| {
                state.removed_before = removed_before;
                state.orphans = orphans;
            });
        }
        expired?;
        tables.expired_unix_nano = Some(self.options.now());
        Ok(())
    }

    /// Removes the rows of every table that are due; returns whether there were any.
    async fn expire_tables(&self, tables: &mut Tables, due: Due) -> Result<bool, StoreError> {
        let mut removed = false;
        for table in Table::ALL {
            removed |= self.expire_table(tables, *table, due).await?;
        }
        Ok(removed)
    }

    /// Removes a table's rows that are due in one commit; returns whether there were any.
    async fn expire_table(&self, tables: &mut Tables, table: Table, due: Due) -> Result<bool, StoreError> {
        let now = self.options.now();
        let limit = self.options.retention.of(self.workspace(), table);
        let files = tables.live(table);
        let Some(from) = kept_from(&files, limit, now) else {
            return Ok(false);
        };
        let removed: Vec<Arc<DataFile>> = files.into_iter().filter(|file| is_due(file, from, due)).collect();
        if removed.is_empty() {
            return Ok(false);
        }
        self.options.begin("expire");
        let (whole, partly): (Vec<_>, Vec<_>) = removed.iter().cloned().partition(|file| is_past(file, from));
        let (mut added, mut orphans_by_file) = (Vec::new(), Vec::new());
        let mut rows: usize = whole.iter().map(|file| file.rows()).sum();
        for file in partly {
            let rewritten = self.rewrite(tables, table, &[file], &From(from)).await?;
            rows += rewritten.left_out_rows();
            let Rewritten {
                added: files,
                orphans_by_file: told,
                ..
            } = rewritten;
            added.extend(files);
            orphans_by_file.extend(told);
        }
        let bytes_removed: u64 = removed.iter().map(|file| file.size_bytes()).sum();
        let bytes_added: u64 = added.iter().map(DataFile::size_bytes).sum();
        let bytes = bytes_removed.saturating_sub(bytes_added);
        let before = tables.expired(table).await?;
        let total = Expired {
            before_unix_nano: before.before_unix_nano.max(Some(from)),
            rows: before.rows + rows as u64,
            bytes: before.bytes + bytes,
        };
        let change = Change {
            effect: Effect::Remove,
            added,
            removed,
            transactions: total.transactions(now),
            at_unix_nano: now,
        };
        self.commit(tables, table, &change).await?;
        tables.note_orphans(orphans_by_file);
        self.counts
            .note_expired(self.workspace(), table, rows as u64, bytes, now);
        tracing::info!(
            workspace = %self.workspace(),
            table = table.name(),
            rows,
            size.bytes = bytes,
            "removed {rows} rows of {} older than {limit}",
            table.name()
        );
        Ok(true)
    }
}

impl Expired {
    fn transactions(self, now_unix_nano: i64) -> Vec<(String, i64)> {
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut transactions = vec![
            (MAINTENANCE.to_owned(), now_unix_nano),
            (ROWS.to_owned(), count(self.rows)),
            (BYTES.to_owned(), count(self.bytes)),
        ];
        transactions.extend(self.before_unix_nano.map(|before| (BEFORE.to_owned(), before)));
        transactions
    }
}

impl Tables {
    /// Returns what retention has removed from a table.
    pub(super) async fn expired(&self, table: Table) -> Result<Expired, StoreError> {
        let Some(logged) = self.get(table) else {
            return Ok(Expired::default());
        };
        let count = |version: Option<i64>| version.and_then(|version| u64::try_from(version).ok()).unwrap_or(0);
        Ok(Expired {
            before_unix_nano: logged.transaction(BEFORE).await?,
            rows: count(logged.transaction(ROWS).await?),
            bytes: count(logged.transaction(BYTES).await?),
        })
    }

    /// Returns the instants, in nanoseconds since 1970 UTC, before which retention has removed rows, by table.
    pub(super) async fn removed_before(&self) -> Result<BTreeMap<Table, i64>, StoreError> {
        let mut removed = BTreeMap::new();
        for table in Table::ALL {
            let before = self.expired(*table).await?.before_unix_nano;
            removed.extend(before.map(|before| (*table, before)));
        }
        Ok(removed)
    }
}

fn is_past(file: &DataFile, from_unix_nano: i64) -> bool {
    lies_in(file).is_some_and(|window| window.end_unix_nano <= from_unix_nano)
}

fn is_due(file: &DataFile, from_unix_nano: i64, due: Due) -> bool {
    let overdue = match due {
        Due::ByFiles => OVERDUE_NANOS,
        Due::ByRows => 0,
    };
    let oldest = from_unix_nano.saturating_sub(overdue);
    is_past(file, from_unix_nano) || lies_in(file).is_some_and(|window| window.start_unix_nano < oldest)
}

impl Counts {
    /// Counts what was removed from a table.
    fn note_expired(&self, workspace: &Workspace, table: Table, rows: u64, bytes: u64, now_unix_nano: i64) {
        self.expiries.add(now_unix_nano);
        self.add("expired_rows_total", workspace, table, rows);
        self.add("expired_bytes_total", workspace, table, bytes);
    }
}
