//! Writing folds: the files that hold their slices are rewritten without them, and new files hold them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use pennyspan_schema::{Position, Slice, Table};

use super::StoreError;
use super::encode::encode;
use super::reread::read_file;
use super::space::Space;
use super::state::rows_of;
use super::tables::{Orphans, Tables};
use crate::delta::{Change, DataFile, Effect, Holds};
use crate::fold::{FoldError, Folded};

/// What is folded anew, by slice.
type Folds = BTreeMap<Slice, Arc<Folded>>;

/// The folded tables, in the order in which they are written: when `invocations` says that frames are covered, all are.
const WRITTEN: [Table; 4] = [
    Table::InvocationCalls,
    Table::RollupMinute,
    Table::InstanceMinutes,
    Table::Invocations,
];

impl Space {
    /// Writes folds, one commit per folded table.
    pub(super) async fn store_folds(
        &self,
        tables: &mut Tables,
        folds: Folds,
        covered: Position,
    ) -> Result<(), StoreError> {
        if folds.is_empty() {
            return Ok(());
        }
        for table in WRITTEN {
            self.store_table_folds(tables, table, &folds, covered).await?;
        }
        Ok(())
    }

    async fn store_table_folds(
        &self,
        tables: &mut Tables,
        table: Table,
        folds: &Folds,
        covered: Position,
    ) -> Result<(), StoreError> {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let mut orphans_by_file = Vec::new();
        for file in tables.live(table) {
            let Some((first, last)) = file.slices() else { continue };
            if folds.range(first..=last).next().is_none() {
                continue;
            }
            let told = tables.orphans_in(table, &file);
            let kept_orphans: Orphans = told
                .iter()
                .filter(|(slice, _)| !folds.contains_key(slice))
                .map(|(slice, count)| (*slice, *count))
                .collect();
            let kept = self.rows_beside(table, &file, folds).await?;
            let kept_rows: usize = kept.iter().map(RecordBatch::num_rows).sum();
            if kept_rows == file.rows() && kept_orphans == told {
                continue;
            }
            if kept_rows > 0 || !kept_orphans.is_empty() {
                added.extend(
                    self.write_fold(tables, table, kept, &kept_orphans, covered, &mut orphans_by_file)
                        .await?,
                );
            }
            removed.push(file);
        }
        let rows: Vec<RecordBatch> = folds
            .values()
            .flat_map(|folded| rows_of(folded, table))
            .cloned()
            .collect();
        let orphans = if table == Table::Invocations {
            orphans_of(folds)
        } else {
            Orphans::new()
        };
        if !rows.is_empty() || !orphans.is_empty() {
            added.extend(
                self.write_fold(tables, table, rows, &orphans, covered, &mut orphans_by_file)
                    .await?,
            );
        }
        if added.is_empty() && removed.is_empty() && table != Table::Invocations {
            return Ok(());
        }
        let change = Change {
            effect: Effect::Replace,
            added,
            removed,
            transactions: vec![Self::fold_transaction(covered)?],
            at_unix_nano: self.options.now(),
        };
        self.commit(tables, table, &change).await?;
        tables.note_orphans(orphans_by_file);
        Ok(())
    }

    /// Writes rows of a folded table and tells the orphans of their slices.
    pub(super) async fn write_fold(
        &self,
        tables: &Tables,
        table: Table,
        rows: Vec<RecordBatch>,
        orphans: &Orphans,
        covered: Position,
        orphans_by_file: &mut Vec<(String, Orphans)>,
    ) -> Result<Vec<DataFile>, StoreError> {
        let mut written = Vec::new();
        for (index, encoded) in encode(table, rows, orphans.clone()).await?.into_iter().enumerate() {
            let told = if index == 0 { orphans.clone() } else { Orphans::new() };
            let of_rows = encoded.times.map(|(first, last)| [Slice::of(first), Slice::of(last)]);
            let slices = || of_rows.into_iter().flatten().chain(told.keys().copied());
            let (Some(first), Some(last)) = (slices().min(), slices().max()) else {
                continue;
            };
            let holds = Holds::Slices {
                first,
                last,
                through: covered,
            };
            let files = self.write(tables, table, holds, vec![encoded]).await?;
            orphans_by_file.extend(files.iter().map(|file| (file.name().to_owned(), told.clone())));
            written.extend(files);
        }
        Ok(written)
    }

    /// Reads a file's rows whose slices are not folded anew.
    async fn rows_beside(
        &self,
        table: Table,
        file: &Arc<DataFile>,
        folds: &Folds,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let mut kept = Vec::new();
        for batch in read_file(&self.options.files, table, file).await? {
            let times = batch
                .column_by_name(table.time_column())
                .map(AsArray::as_primitive::<Int64Type>);
            let Some(times) = times else {
                return Err(FoldError::Layout { table: table.name() }.into());
            };
            let beside: BooleanArray = times
                .values()
                .iter()
                .map(|time| Some(!folds.contains_key(&Slice::of(*time))))
                .collect();
            let batch = filter_record_batch(&batch, &beside).map_err(|source| FoldError::Concat {
                table: table.name(),
                source,
            })?;
            if batch.num_rows() > 0 {
                kept.push(batch);
            }
        }
        Ok(kept)
    }
}

fn orphans_of(folds: &Folds) -> Orphans {
    let counts = folds.iter().map(|(slice, folded)| (*slice, folded.orphan_span_count));
    counts.filter(|(_, count)| *count > 0).collect()
}
