//! Reading a table's rows wherever they lie: in memory, in Parquet files, or both.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::Session;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::prelude::{col, lit};
use object_store::ObjectMeta;
use pennyspan_schema::{Table, Window};

use crate::delta::DataFile;

mod rolled;

pub(crate) use rolled::Rolled;

/// Where a table's rows lie.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// Rows in memory.
    pub(crate) batches: Arc<[RecordBatch]>,
    /// Rows in files.
    pub(crate) files: Arc<[Arc<DataFile>]>,
    /// Times at which only the rows in memory count, because they replace those of the files; in order, none overlapping.
    pub(crate) replaced: Arc<[Window]>,
    /// Rows that are added up from a finer rollup when they are asked for.
    pub(crate) rolled: Option<Arc<Rolled>>,
}

impl Sources {
    /// Returns how many rows there are; those that are replaced count twice.
    pub(crate) fn rows(&self) -> usize {
        let in_files: usize = self.files.iter().map(|file| file.rows()).sum();
        in_files + self.batches.iter().map(RecordBatch::num_rows).sum::<usize>()
    }

    /// Returns these rows and others.
    pub(crate) fn with(&self, others: &Self) -> Self {
        Self {
            batches: self.batches.iter().chain(&*others.batches).cloned().collect(),
            files: self.files.iter().chain(&*others.files).cloned().collect(),
            replaced: Arc::clone(&self.replaced),
            rolled: self.rolled.clone(),
        }
    }

    /// Returns whether [`Self::rows`] is exact.
    pub(crate) fn is_counted(&self) -> bool {
        self.rolled.is_none() && !self.files.iter().any(|file| self.is_partly_replaced(file))
    }

    fn is_partly_replaced(&self, file: &DataFile) -> bool {
        self.replaced.iter().any(|window| file.touches(*window))
    }

    /// Returns these sources with the rows in memory that are added up when they are asked for.
    pub(crate) async fn with_rolled(&self, state: &dyn Session) -> Result<Self> {
        let Some(rolled) = &self.rolled else {
            return Ok(self.clone());
        };
        Ok(Self {
            batches: rolled.rows(state).await?.into(),
            rolled: None,
            ..self.clone()
        })
    }

    /// Plans the scan of some columns; files without rows that pass the filters are left out, other rows are not.
    pub(crate) fn plan(
        &self,
        state: &dyn Session,
        table: Table,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = matching(state, table, &self.files, filters)?;
        let (partly, whole): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| self.is_partly_replaced(file));
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !self.batches.is_empty() || (whole.is_empty() && partly.is_empty()) {
            let memory = MemorySourceConfig::try_new(&[self.batches.to_vec()], table.schema(), projection.cloned())?;
            parts.push(DataSourceExec::from_data_source(memory));
        }
        if !whole.is_empty() {
            parts.push(scan_files(state, table, &whole, projection)?);
        }
        if !partly.is_empty() {
            parts.push(self.scan_beside_replaced(state, table, &partly, projection)?);
        }
        match parts.len() {
            1 => Ok(parts.swap_remove(0)),
            _ => UnionExec::try_new(parts),
        }
    }

    /// Scans files without their rows that rows in memory replace.
    fn scan_beside_replaced(
        &self,
        state: &dyn Session,
        table: Table,
        files: &[Arc<DataFile>],
        projection: Option<&Vec<usize>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = scan_files(state, table, files, None)?;
        let others = self
            .replaced
            .iter()
            .map(|window| !within(table, *window))
            .reduce(Expr::and);
        let kept: Arc<dyn ExecutionPlan> = match others {
            Some(others) => {
                let schema = DFSchema::try_from(table.schema())?;
                Arc::new(FilterExec::try_new(state.create_physical_expr(others, &schema)?, scan)?)
            }
            None => scan,
        };
        let Some(projection) = projection else { return Ok(kept) };
        let schema = kept.schema();
        let columns = projection.iter().map(|index| {
            let name = schema.field(*index).name();
            let column = datafusion::physical_expr::expressions::col(name, &schema)?;
            Ok((column, name.clone()))
        });
        Ok(Arc::new(ProjectionExec::try_new(
            columns.collect::<Result<Vec<_>>>()?,
            kept,
        )?))
    }
}

/// Returns the files that may have rows that pass all filters, as far as the log's statistics tell.
fn matching(
    state: &dyn Session,
    table: Table,
    files: &[Arc<DataFile>],
    filters: &[Expr],
) -> Result<Vec<Arc<DataFile>>> {
    let Some(all) = filters.iter().cloned().reduce(Expr::and).filter(|_| !files.is_empty()) else {
        return Ok(files.to_vec());
    };
    let schema = DFSchema::try_from(table.schema())?;
    let predicate = PruningPredicateBuilder::new().with_file_schema(table.schema());
    let Ok(predicate) = predicate.try_build(state.create_physical_expr(all, &schema)?) else {
        return Ok(files.to_vec());
    };
    let statistics = files.iter().map(|file| file.statistics()).collect();
    let matches = predicate.prune(&PrunableStatistics::new(statistics, table.schema()))?;
    let matching = files.iter().zip(matches).filter(|(_, matches)| *matches);
    Ok(matching.map(|(file, _)| Arc::clone(file)).collect())
}

fn within(table: Table, window: Window) -> Expr {
    let time = || col(table.time_column());
    time()
        .gt_eq(lit(window.start_unix_nano))
        .and(time().lt(lit(window.end_unix_nano)))
}

/// Plans a Parquet scan: statistics per file, from the table's log, let files be skipped.
fn scan_files(
    state: &dyn Session,
    table: Table,
    files: &[Arc<DataFile>],
    projection: Option<&Vec<usize>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let options = TableParquetOptions {
        global: state.config_options().execution.parquet.clone(),
        ..TableParquetOptions::default()
    };
    let source = ParquetSource::new(table.schema()).with_table_parquet_options(options);
    let rows = files.iter().map(|file| file.rows()).sum();
    let statistics = Statistics {
        num_rows: Precision::Exact(rows),
        ..Statistics::new_unknown(&table.schema())
    };
    let files = files.iter().map(|file| partitioned(file)).collect();
    let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
        .with_file_groups(vec![FileGroup::new(files)])
        .with_statistics(statistics)
        .with_projection_indices(projection.cloned())?
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

fn partitioned(file: &DataFile) -> PartitionedFile {
    let meta = ObjectMeta {
        location: file.location().clone(),
        last_modified: chrono::DateTime::UNIX_EPOCH,
        size: file.size_bytes(),
        e_tag: None,
        version: None,
    };
    PartitionedFile::new_from_meta(meta).with_statistics(file.statistics())
}
