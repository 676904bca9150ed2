//! Merging small files, so that a table has few, and equal rows that came in different requests become one.
//!
//! What was sent twice in different requests lies in different files until they are merged. Nothing that is folded changes by
//! that: a fold counts equal facts and equal spans once wherever they lie.

use std::sync::Arc;

use pennyspan_schema::Table;

use super::StoreError;
use super::rewrite::{All, Rewritten};
use super::space::Space;
use super::tables::{FOLD_READS, Tables};
use crate::delta::{Change, DataFile, Effect};

/// The application of the transactions of commits that rewrite, so that two of one table always conflict.
pub(super) const MAINTENANCE: &str = "pennyspan-maintenance";
/// Files are merged up to this size.
const MERGED_BYTES: u64 = 32 << 20;
/// Folded files of the last slices are left alone: the next flush rewrites them.
const RESTLESS_SLICES: i64 = 10;

impl Space {
    /// Writes what is not in files yet, and merges the small files of every table.
    pub(super) async fn compact(&self) -> Result<(), StoreError> {
        let mut tables = self.tables.lock().await;
        let compacted = match self.flush_into(&mut tables).await {
            Ok(()) => self.merge_small_files(&mut tables, 1).await,
            failed => failed,
        };
        self.note(&compacted);
        compacted
    }

    /// Merges the small files of each table that has more than so many.
    pub(super) async fn merge_small_files(&self, tables: &mut Tables, live_files: usize) -> Result<(), StoreError> {
        let mut merged = false;
        for table in Table::ALL {
            for group in self.settled(tables, *table) {
                self.merge_group(tables, *table, group).await?;
                merged = true;
            }
            if self.unsettled(tables, *table).count() > live_files {
                merged |= self.merge_table(tables, *table).await?;
            }
        }
        if merged {
            self.swap(tables, |_| {});
        }
        Ok(())
    }

    async fn merge_table(&self, tables: &mut Tables, table: Table) -> Result<bool, StoreError> {
        let covered = tables.folded_through().await?;
        let mut small: Vec<Arc<DataFile>> = self.unsettled(tables, table).collect();
        small.retain(is_small);
        if FOLD_READS.contains(&table) {
            small.retain(|file| file.holds().last() <= covered);
        }
        let newest = small
            .iter()
            .filter_map(|file| file.slices())
            .map(|(_, last)| last.0)
            .max();
        let restless = newest.map_or(i64::MAX, |newest| newest.saturating_sub(RESTLESS_SLICES));
        small.retain(|file| file.slices().is_none_or(|(_, last)| last.0 < restless));
        small.sort_by_key(|file| (file.times().map(|times| times.start_unix_nano), file.name().to_owned()));
        let mut merged = false;
        for group in groups(small) {
            self.merge_group(tables, table, group).await?;
            merged = true;
        }
        Ok(merged)
    }

    async fn merge_group(
        &self,
        tables: &mut Tables,
        table: Table,
        group: Vec<Arc<DataFile>>,
    ) -> Result<(), StoreError> {
        self.options.begin("merge");
        let Rewritten {
            added, orphans_by_file, ..
        } = self.rewrite(tables, table, &group, &All).await?;
        let now = self.options.now();
        let change = Change {
            effect: Effect::Rearrange,
            added,
            removed: group,
            transactions: vec![(MAINTENANCE.to_owned(), now)],
            at_unix_nano: now,
        };
        self.commit(tables, table, &change).await?;
        tables.note_orphans(orphans_by_file);
        self.counts.merges.add(now);
        Ok(())
    }
}

/// Returns whether a file is merged with others.
pub(super) fn is_small(file: &Arc<DataFile>) -> bool {
    file.size_bytes() < MERGED_BYTES / 2
}

/// Puts neighbours together up to the size of a merged file; alone a file stays as it is.
pub(super) fn groups(files: Vec<Arc<DataFile>>) -> Vec<Vec<Arc<DataFile>>> {
    let (mut groups, mut bytes) = (Vec::<Vec<_>>::new(), 0);
    for file in files {
        bytes += file.size_bytes();
        match groups.last_mut() {
            Some(group) if bytes <= MERGED_BYTES => group.push(file),
            _ => {
                bytes = file.size_bytes();
                groups.push(vec![file]);
            }
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}
