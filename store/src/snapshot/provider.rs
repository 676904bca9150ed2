//! A snapshot's table, as DataFusion scans it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use pennyspan_schema::Table;

use super::Sources;

/// One table of one snapshot.
#[derive(Debug)]
pub(super) struct SnapshotTable {
    table: Table,
    sources: Sources,
}

impl SnapshotTable {
    pub(super) fn new(table: Table, sources: Sources) -> Self {
        Self { table, sources }
    }
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = [self.sources.batches.to_vec()];
        let memory = MemorySourceConfig::try_new(&partitions, self.schema(), projection.cloned())?;
        Ok(DataSourceExec::from_data_source(memory))
    }

    fn statistics(&self) -> Option<Statistics> {
        let rows = self
            .sources
            .batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum();
        let unknown = Statistics::new_unknown(&self.schema());
        Some(Statistics {
            num_rows: Precision::Exact(rows),
            ..unknown
        })
    }
}
