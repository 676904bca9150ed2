//! Writing files anew with some of their rows: what merging, expiring and deleting have in common.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use pennyspan_schema::{Position, Slice, Table};

use super::StoreError;
use super::encode::encode;
use super::reread::read_file;
use super::space::Space;
use super::tables::{Orphans, Tables};
use crate::delta::{DataFile, Holds};
use crate::fold::FoldError;

/// Which rows of a file stay.
pub(super) trait Keep {
    /// Returns for each row whether it stays; `None` where all do.
    fn rows(&self, table: Table, rows: &RecordBatch) -> Result<Option<BooleanArray>, StoreError>;

    /// Returns whether the count of a slice's orphans stays.
    fn orphans(&self, slice: Slice) -> bool;
}

/// Keeps every row.
pub(super) struct All;

impl Keep for All {
    fn rows(&self, _: Table, _: &RecordBatch) -> Result<Option<BooleanArray>, StoreError> {
        Ok(None)
    }

    fn orphans(&self, _: Slice) -> bool {
        true
    }
}

/// Files that replace others, which no commit names yet.
pub(super) struct Rewritten {
    pub(super) added: Vec<DataFile>,
    pub(super) orphans_by_file: Vec<(String, Orphans)>,
    /// Rows that did not stay.
    pub(super) left_out: Vec<RecordBatch>,
}

impl Rewritten {
    pub(super) fn left_out_rows(&self) -> usize {
        self.left_out.iter().map(RecordBatch::num_rows).sum()
    }
}

impl Space {
    /// Writes the rows of some files that stay into new ones; no file where no row does, or where one file stays as it is.
    pub(super) async fn rewrite(
        &self,
        tables: &Tables,
        table: Table,
        group: &[Arc<DataFile>],
        keep: &impl Keep,
    ) -> Result<Rewritten, StoreError> {
        let (mut rows, mut left_out, mut orphans) = (Vec::new(), Vec::new(), Orphans::new());
        for file in group {
            for batch in read_file(&self.options.files, table, file).await? {
                match keep.rows(table, &batch)? {
                    None => rows.push(batch),
                    Some(kept) => {
                        rows.push(filtered(table, &batch, &kept)?);
                        let gone = arrow::compute::not(&kept).map_err(|source| failed(table, source))?;
                        left_out.push(filtered(table, &batch, &gone)?);
                    }
                }
            }
            for (slice, count) in tables.orphans_in(table, file) {
                if keep.orphans(slice) {
                    *orphans.entry(slice).or_default() += count;
                }
            }
        }
        rows.retain(|batch| batch.num_rows() > 0);
        let mut orphans_by_file = Vec::new();
        let stays = group.len() == 1 && left_out.is_empty() && orphans == tables.orphans_in(table, &group[0]);
        let added = match frames_of(group) {
            _ if stays || (rows.is_empty() && orphans.is_empty()) => Vec::new(),
            Some(holds) => {
                let encoded = encode(table, rows, orphans).await?;
                self.write(tables, table, holds, encoded).await?
            }
            None => {
                let through = through_of(group);
                self.write_fold(tables, table, rows, &orphans, through, &mut orphans_by_file)
                    .await?
            }
        };
        Ok(Rewritten {
            added,
            orphans_by_file,
            left_out,
        })
    }
}

fn filtered(table: Table, rows: &RecordBatch, kept: &BooleanArray) -> Result<RecordBatch, StoreError> {
    filter_record_batch(rows, kept).map_err(|source| failed(table, source))
}

fn failed(table: Table, source: arrow::error::ArrowError) -> StoreError {
    let table = table.name();
    FoldError::Concat { table, source }.into()
}

/// Returns the frames of raw files; `None` for folded files.
fn frames_of(group: &[Arc<DataFile>]) -> Option<Holds> {
    let frames = || {
        group.iter().filter_map(|file| match file.holds() {
            Holds::Frames { first, last } => Some((first, last)),
            Holds::Slices { .. } => None,
        })
    };
    let first = frames().map(|(first, _)| first).min()?;
    let last = frames().map(|(_, last)| last).max()?;
    Some(Holds::Frames { first, last })
}

fn through_of(group: &[Arc<DataFile>]) -> Position {
    group.iter().map(|file| file.holds().last()).max().unwrap_or_default()
}
