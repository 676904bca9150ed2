//! A snapshot's table, as DataFusion scans it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use pennyspan_schema::Table;

use crate::scan::Sources;

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

    /// Filters leave files out; the rows of the others are filtered above the scan.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let sources = self.sources.with_rolled(state).await?;
        sources.plan(state, self.table, projection, filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        let unknown = Statistics::new_unknown(&self.schema());
        let rows = self.sources.rows();
        Some(Statistics {
            num_rows: if self.sources.is_counted() {
                Precision::Exact(rows)
            } else {
                Precision::Inexact(rows)
            },
            ..unknown
        })
    }
}
