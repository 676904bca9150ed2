//! Reading tables as they are stored, before any view: what neighbours are made of.

use datafusion::arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::SessionContext;
use pennyspan_schema::{Column, Table, Window};

use crate::error::AnalysisError;

/// The schema under which the tables stand as they are stored; queries do not see it.
pub(crate) const STORED: &str = "stored";

/// Returns the stored form of a table.
pub(crate) async fn stored(context: &SessionContext, table: Table) -> Result<DataFrame, DataFusionError> {
    context.table(format!("{STORED}.{}", table.name())).await
}

/// Reads stored tables.
pub(crate) struct Reading {
    context: SessionContext,
}

impl Reading {
    /// Reads what a session's context has.
    pub(crate) fn new(context: &SessionContext) -> Self {
        Self {
            context: context.clone(),
        }
    }

    /// Streams some columns of the rows of a range of time, in no order.
    pub(crate) async fn stream(
        &self,
        table: Table,
        columns: &[Column],
        range: Option<Window>,
    ) -> Result<SendableRecordBatchStream, AnalysisError> {
        self.stream_where(table, columns, range, None).await
    }

    /// Streams some columns of those rows of a range of time that a condition chooses, in no order.
    pub(crate) async fn stream_where(
        &self,
        table: Table,
        columns: &[Column],
        range: Option<Window>,
        condition: Option<Expr>,
    ) -> Result<SendableRecordBatchStream, AnalysisError> {
        let failed = || AnalysisError::run(table.name());
        let mut frame = stored(&self.context, table).await.map_err(failed())?;
        if let Some(range) = range {
            frame = frame.filter(within(table, range)).map_err(failed())?;
        }
        if let Some(condition) = condition {
            frame = frame.filter(condition).map_err(failed())?;
        }
        let columns = columns.iter().map(|column| col(column.name)).collect::<Vec<_>>();
        frame
            .select(columns)
            .map_err(failed())?
            .execute_stream()
            .await
            .map_err(failed())
    }

    /// Returns the first and the last start of an attempt.
    pub(crate) async fn starts(&self) -> Result<Option<(i64, i64)>, AnalysisError> {
        use datafusion::functions_aggregate::expr_fn::{max, min};
        let failed = || AnalysisError::run("the window");
        let frame = stored(&self.context, Table::Invocations).await.map_err(failed())?;
        let start = || col(Table::Invocations.time_column());
        let ends = frame
            .filter(trusted())
            .and_then(|frame| frame.aggregate(vec![], vec![min(start()), max(start())]));
        let batches: Vec<RecordBatch> = ends.map_err(failed())?.collect().await.map_err(failed())?;
        let value = |column: usize| match batches
            .first()
            .map(|batch| ScalarValue::try_from_array(batch.column(column), 0))
        {
            Some(Ok(ScalarValue::Int64(value))) => value,
            _ => None,
        };
        Ok(value(0).zip(value(1)))
    }
}

/// Returns the condition that a row's time can be.
fn trusted() -> Expr {
    col("time_suspect").is_not_true()
}

/// Returns the condition that a row lies in a range of time.
pub(crate) fn within(table: Table, range: Window) -> Expr {
    let time = || col(table.time_column());
    let inside = time()
        .gt_eq(lit(range.start_unix_nano))
        .and(time().lt(lit(range.end_unix_nano)));
    if table.columns().iter().any(|column| column.name == "time_suspect") {
        inside.and(trusted())
    } else {
        inside
    }
}
