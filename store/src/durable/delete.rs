//! Deleting what a function or a whole workspace has sent, and what was folded from it.
//!
//! The tables stay, without rows: their logs say how far they hold the frames of the write-ahead log, so that nothing that was
//! deleted comes back from it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::Int64Type;
use pennyspan_schema::{Slice, Table};

use super::StoreError;
use super::compact::MAINTENANCE;
use super::reread::read_file;
use super::rewrite::Keep;
use super::space::{Space, whole};
use super::tables::{FOLD_READS, Tables};
use crate::delta::{Change, DataFile, Effect};
use crate::fold::FoldError;

/// What is deleted from a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Everything.
    Everything,
    /// The rows that name a function, and those that name no function but an invocation of it.
    Function(String),
}

/// Rows by table.
pub type RowsByTable = BTreeMap<Table, u64>;

/// Which rows go.
enum Goes<'a> {
    Everything,
    Of {
        function: &'a str,
        invocation_ids: HashSet<String>,
    },
}

impl Keep for Goes<'_> {
    fn rows(&self, _: Table, rows: &RecordBatch) -> Result<Option<BooleanArray>, StoreError> {
        let Self::Of {
            function,
            invocation_ids,
        } = self
        else {
            return Ok(Some(BooleanArray::from(vec![false; rows.num_rows()])));
        };
        let text = |name| {
            rows.column_by_name(name)
                .and_then(|column| column.as_string_opt::<i32>())
        };
        let (functions, ids) = (text("function"), text("invocation_id"));
        let goes = |row: usize| {
            let value = |column: Option<&'_ arrow::array::StringArray>| {
                column
                    .filter(|column| column.is_valid(row))
                    .map(|column| column.value(row).to_owned())
            };
            match (value(functions), value(ids)) {
                (Some(named), _) => named == *function,
                (None, Some(id)) => invocation_ids.contains(&id),
                (None, None) => false,
            }
        };
        let kept: BooleanArray = (0..rows.num_rows()).map(|row| Some(!goes(row))).collect();
        Ok((kept.true_count() < rows.num_rows()).then_some(kept))
    }

    fn orphans(&self, _: Slice) -> bool {
        !matches!(self, Self::Everything)
    }
}

impl Space {
    /// Deletes, and returns how many rows went, by table.
    pub(super) async fn delete(&self, deletion: &Deletion) -> Result<RowsByTable, StoreError> {
        let mut tables = self.tables.lock().await;
        let mut counts = RowsByTable::new();
        let deleted = self.delete_into(&mut tables, deletion, &mut counts).await;
        self.note(&deleted);
        deleted.map(|()| counts)
    }

    /// Returns how many rows would go, by table.
    pub(super) async fn count_deletion(&self, deletion: &Deletion) -> Result<RowsByTable, StoreError> {
        let tables = self.tables.lock().await;
        let goes = self.what_goes(&tables, deletion).await?;
        let mut counts = RowsByTable::new();
        for table in Table::ALL {
            for file in tables.live(*table) {
                for batch in read_file(&self.options.files, *table, &file).await? {
                    let kept = goes.rows(*table, &batch)?;
                    let gone = kept.map_or(0, |kept| batch.num_rows() - kept.true_count());
                    *counts.entry(*table).or_default() += gone as u64;
                }
            }
        }
        counts.retain(|_, rows| *rows > 0);
        Ok(counts)
    }

    async fn delete_into(
        &self,
        tables: &mut Tables,
        deletion: &Deletion,
        counts: &mut RowsByTable,
    ) -> Result<(), StoreError> {
        self.flush_into(tables).await?;
        let goes = self.what_goes(tables, deletion).await?;
        let mut dirty = BTreeSet::new();
        let deleted = self.delete_from_all(tables, &goes, &mut dirty, counts).await;
        // What went before a failure went.
        tables.forget_orphans();
        let orphans = whole(tables.orphans());
        // All that was folded is in files since the flush; what was deleted must not be found beside them.
        self.recent.clear();
        self.swap(tables, |state| {
            state.dirty.extend(dirty);
            state.orphans = orphans;
        });
        deleted?;
        // Spans that belong to no attempt are counted anew where some of them went.
        self.flush_into(tables).await?;
        tables.sweep(i64::MAX).await
    }

    async fn what_goes<'a>(&self, tables: &Tables, deletion: &'a Deletion) -> Result<Goes<'a>, StoreError> {
        let Deletion::Function(function) = deletion else {
            return Ok(Goes::Everything);
        };
        let mut invocation_ids = HashSet::new();
        for table in [Table::InvocationFacts, Table::Invocations] {
            for file in tables.live(table) {
                for batch in read_file(&self.options.files, table, &file).await? {
                    note_ids(table, &batch, function, &mut invocation_ids)?;
                }
            }
        }
        Ok(Goes::Of {
            function,
            invocation_ids,
        })
    }

    async fn delete_from_all(
        &self,
        tables: &mut Tables,
        goes: &Goes<'_>,
        dirty: &mut BTreeSet<Slice>,
        counts: &mut RowsByTable,
    ) -> Result<(), StoreError> {
        // `invocations` comes last: where this ends early, it still tells which invocations are the function's.
        let others = Table::ALL.iter().filter(|table| **table != Table::Invocations);
        for table in others.chain([&Table::Invocations]) {
            let rows = self.delete_from(tables, *table, goes, dirty).await?;
            if rows > 0 {
                counts.insert(*table, rows);
            }
        }
        Ok(())
    }

    /// Deletes a table's rows in one commit.
    async fn delete_from(
        &self,
        tables: &mut Tables,
        table: Table,
        goes: &Goes<'_>,
        dirty: &mut BTreeSet<Slice>,
    ) -> Result<u64, StoreError> {
        let (mut added, mut removed, mut told) = (Vec::new(), Vec::<Arc<DataFile>>::new(), Vec::new());
        let mut rows = 0;
        for file in tables.live(table) {
            let rewritten = self.rewrite(tables, table, &[Arc::clone(&file)], goes).await?;
            let gone = rewritten.left_out_rows();
            let has_orphans = !tables.orphans_in(table, &file).is_empty();
            if gone == 0 && !(has_orphans && matches!(goes, Goes::Everything)) {
                continue;
            }
            if FOLD_READS.contains(&table) {
                rewritten
                    .left_out
                    .iter()
                    .try_for_each(|batch| note_slices(table, batch, dirty))?;
            }
            rows += gone as u64;
            added.extend(rewritten.added);
            told.extend(rewritten.orphans_by_file);
            removed.push(file);
        }
        if removed.is_empty() {
            return Ok(0);
        }
        let now = self.options.now();
        let change = Change {
            effect: Effect::Remove,
            added,
            removed,
            transactions: vec![(MAINTENANCE.to_owned(), now)],
            at_unix_nano: now,
        };
        self.commit(tables, table, &change).await?;
        tables.note_orphans(told);
        Ok(rows)
    }
}

/// Takes note of the invocations that rows say are a function's.
fn note_ids(table: Table, rows: &RecordBatch, function: &str, ids: &mut HashSet<String>) -> Result<(), FoldError> {
    let text = |name| {
        let column = rows
            .column_by_name(name)
            .and_then(|column| column.as_string_opt::<i32>());
        column.ok_or(FoldError::Layout { table: table.name() })
    };
    let (functions, invocations) = (text("function")?, text("invocation_id")?);
    let named = functions
        .iter()
        .zip(invocations)
        .filter(|(named, _)| *named == Some(function));
    ids.extend(named.filter_map(|(_, id)| id).map(str::to_owned));
    Ok(())
}

/// Takes note of the slices in which rows lie.
fn note_slices(table: Table, rows: &RecordBatch, slices: &mut BTreeSet<Slice>) -> Result<(), FoldError> {
    let times = rows
        .column_by_name(table.time_column())
        .ok_or(FoldError::Layout { table: table.name() })?;
    let times = times.as_primitive::<Int64Type>().values();
    slices.extend(times.iter().map(|time| Slice::of(*time)));
    Ok(())
}
