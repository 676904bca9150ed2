//! Rows of a coarser rollup, added up from a finer one's when they are asked for.
//!
//! Hours and days are stored when nothing much changes them any more. Until then, and where a late fact has changed one that is
//! stored, they are the sums of what is finer, so that the three rollups agree at any time.

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use datafusion::catalog::Session;
use datafusion::common::{DataFusionError, Result};
use datafusion::physical_plan::collect;
use datafusion::prelude::{Expr, col, lit};
use futures::future::BoxFuture;
use pennyspan_schema::{Period, Table, Window};

use super::{Sources, within};
use crate::fold::add_up;

/// What a rollup's rows are added up from.
#[derive(Debug)]
pub(crate) struct Rolled {
    /// What the rows are added up by.
    pub(crate) period: Period,
    /// The finer rollup.
    pub(crate) finer: Table,
    /// Its rows.
    pub(crate) sources: Sources,
    /// The first instant that is in no stored file.
    pub(crate) from_unix_nano: i64,
    /// Whole periods before it whose stored rows do not count.
    pub(crate) changed: Vec<Window>,
}

impl Rolled {
    /// Adds the rows up.
    pub(super) fn rows<'a>(&'a self, state: &'a dyn Session) -> BoxFuture<'a, Result<Vec<RecordBatch>>> {
        Box::pin(async move {
            let finer = self.sources.with_rolled(state).await?;
            let plan = finer.plan(state, self.finer, None, &[self.wanted()])?;
            let batches = collect(plan, state.task_ctx()).await?;
            let batches = batches
                .iter()
                .map(|batch| self.kept(batch))
                .collect::<Result<Vec<_>>>()?;
            add_up(&batches, self.period).map_err(|error| DataFusionError::External(error.into()))
        })
    }

    /// Returns which of the finer rows may be wanted, so that other files are left out.
    fn wanted(&self) -> Expr {
        let later = col(self.finer.time_column()).gt_eq(lit(self.from_unix_nano));
        let changed = self.changed.iter().map(|window| within(self.finer, *window));
        changed.fold(later, Expr::or)
    }

    fn kept(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let Some(times) = batch.column_by_name(self.finer.time_column()) else {
            return Ok(batch.clone());
        };
        let wanted = |time: i64| time >= self.from_unix_nano || self.changed.iter().any(|window| window.contains(time));
        let times = times.as_primitive::<Int64Type>().values();
        let kept: BooleanArray = times.iter().map(|time| Some(wanted(*time))).collect();
        Ok(filter_record_batch(batch, &kept)?)
    }
}
