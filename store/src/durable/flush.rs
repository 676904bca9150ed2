//! Writing hot rows and folds as files: table by table, then visible at once.

use std::collections::BTreeSet;

use pennyspan_schema::{Position, Table};

use super::encode::{Encoded, encode};
use super::generation::Generation;
use super::space::Space;
use super::tables::{FOLD_READS, Orphans, Tables, complete_application, version_of};
use super::{StoreError, folding};
use crate::delta::{Change, DataFile, Effect, Holds};

impl Space {
    /// Folds and writes everything published so far. After a failure the next call goes on: a table that holds the rows is
    /// left as it is, and queries see neither part before all is done.
    pub(super) async fn flush_into(&self, tables: &mut Tables) -> Result<(), StoreError> {
        let Some(wal) = &self.wal else {
            return Err(StoreError::ReadOnly);
        };
        folding::fold(self).await?;
        let (frozen, folds) = {
            let mut state = self.state();
            if state.ripe.frames().is_some() {
                let ripe = std::mem::take(&mut state.ripe);
                state.frozen.push(ripe);
            }
            (state.frozen.clone(), state.folds.clone())
        };
        if frozen.is_empty() && folds.is_empty() {
            return self.maintain(tables).await;
        }
        self.options.begin("flush");
        tables.create().await?;
        for generation in &frozen {
            self.store_rows(tables, wal, generation).await?;
        }
        let frames = frozen.iter().filter_map(Generation::frames);
        let through = frames.map(|(_, last)| last).max().unwrap_or_default();
        let covered = through.max(tables.highest_position());
        // Until all tables have them, some may and others not: whoever goes on folds these slices as a whole again.
        self.state().torn.extend(folds.keys().copied());
        self.store_folds(tables, folds, covered).await?;
        self.recent.note_flushed(through);
        tables.note_complete(through);
        self.options.begin("swap");
        self.swap(tables, |state| {
            state.frozen.clear();
            state.folds.clear();
            state.torn.clear();
        });
        self.counts.flushes.add(self.options.now());
        self.step();
        self.maintain(tables).await
    }

    /// Makes the tables' live files those of the state.
    pub(super) fn swap(&self, tables: &mut Tables, also: impl FnOnce(&mut super::state::State)) {
        let files = tables.files();
        let now = self.options.now();
        let mut state = self.state();
        tables.note_replaced(&state.files, now);
        state.files = files;
        state.versions = tables.stored().clone();
        state.flushed = tables.complete();
        also(&mut state);
    }

    /// Writes one generation's rows, each table in one commit.
    async fn store_rows(&self, tables: &mut Tables, wal: &str, generation: &Generation) -> Result<(), StoreError> {
        let Some((first, last)) = generation.frames() else {
            return Ok(());
        };
        let lacks = |table: &Table| tables.stored().get(table).is_none_or(|stored| *stored < last);
        let lacking: Vec<Table> = Table::raw()
            .filter(|table| generation.batches(*table).next().is_some())
            .filter(lacks)
            .collect();
        let version = version_of(last)?;
        for (index, table) in lacking.iter().enumerate() {
            let batches = generation.batches(*table).cloned().collect();
            let holds = Holds::Frames { first, last };
            let added = self
                .write(tables, *table, holds, encode(*table, batches, Orphans::new()).await?)
                .await?;
            let mut transactions = vec![(wal.to_owned(), version)];
            if index + 1 == lacking.len() {
                transactions.push((complete_application(wal), version));
            }
            let change = Change {
                effect: Effect::Append,
                added,
                removed: Vec::new(),
                transactions,
                at_unix_nano: self.options.now(),
            };
            self.commit(tables, *table, &change).await?;
            tables.note_stored(*table, last);
        }
        Ok(())
    }

    /// Writes encoded files, which no commit names yet.
    pub(super) async fn write(
        &self,
        tables: &Tables,
        table: Table,
        holds: Holds,
        encoded: Vec<Encoded>,
    ) -> Result<Vec<DataFile>, StoreError> {
        let Some(logged) = tables.get(table) else {
            return Ok(Vec::new());
        };
        let mut written = Vec::new();
        for Encoded {
            content,
            stats,
            marks,
            equal_rows,
            ..
        } in encoded
        {
            self.counts.note_equal_rows(table, equal_rows);
            let size_bytes = content.len() as u64;
            let name = logged.write(&holds.stem(crc32c::crc32c(&content)), content).await?;
            self.step();
            let location = logged.location(&name)?;
            let Some(file) = DataFile::new(table, location, &name, size_bytes, stats) else {
                continue;
            };
            if FOLD_READS.contains(&table) || table == Table::Invocations {
                self.marks.note(&file, marks);
            }
            written.push(file);
        }
        Ok(written)
    }

    pub(super) async fn commit(&self, tables: &mut Tables, table: Table, change: &Change) -> Result<(), StoreError> {
        let _committing = self.pace.committing(self.options.now());
        self.options.begin("commit");
        if let Some(logged) = tables.get_mut(table) {
            logged.commit(change).await?;
            self.counts.commits.add(self.options.now());
            self.step();
        }
        Ok(())
    }

    /// Writes the hours and days that are old enough, removes what is due, merges small files, and deletes files that nobody
    /// reads any more.
    pub(super) async fn maintain(&self, tables: &mut Tables) -> Result<(), StoreError> {
        if self
            .store_rollups(tables, &BTreeSet::new(), tables.highest_position())
            .await?
        {
            self.swap(tables, |_| {});
        }
        self.expire_by_and_by(tables).await?;
        self.merge_small_files(tables, self.options.live_files).await?;
        tables
            .sweep(self.options.now().saturating_sub(self.options.keep_nanos))
            .await
    }

    /// Returns the position that a commit of folds covers.
    pub(super) fn fold_transaction(covered: Position) -> Result<(String, i64), StoreError> {
        Ok((super::tables::FOLD.to_owned(), version_of(covered)?))
    }
}
