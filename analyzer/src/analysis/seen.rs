//! What there is at all: the newest attempt, and the names that filters offer.

use std::collections::BTreeSet;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{col, lit};
use datafusion::scalar::ScalarValue;
use pennyspan_schema::{Table, Window};

use crate::error::AnalysisError;
use crate::reading;
use crate::session::Session;

/// The most names of one kind that are offered.
const NAMES: usize = 200;

/// What there is at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// When the newest attempt started, in nanoseconds since 1970.
    pub newest_unix_nano: Option<i64>,
    /// Services.
    pub services: BTreeSet<String>,
    /// Regions.
    pub regions: BTreeSet<String>,
    /// Environments.
    pub environments: BTreeSet<String>,
}

/// Answers when the newest attempt started, and which names the attempts of a window have.
///
/// # Errors
/// [`AnalysisError`] where the tables cannot be read.
pub async fn seen(session: &Session, window: Window) -> Result<Seen, AnalysisError> {
    let failed = || AnalysisError::run("what there is");
    let stored = reading::stored(session.context(), Table::Invocations)
        .await
        .map_err(failed())?;
    let trusted = stored.filter(col("time_suspect").is_not_true()).map_err(failed())?;
    let newest = trusted
        .aggregate(vec![], vec![max(col("start_unix_nano"))])
        .map_err(failed())?;
    let newest = newest.collect().await.map_err(failed())?;
    let newest = newest
        .first()
        .map(|batch| ScalarValue::try_from_array(batch.column(0), 0));
    let mut seen = Seen {
        newest_unix_nano: if let Some(Ok(ScalarValue::Int64(start))) = newest {
            start
        } else {
            None
        },
        ..Seen::default()
    };
    let rollup = reading::stored(session.context(), Table::RollupMinute)
        .await
        .map_err(failed())?;
    let time = || col(Table::RollupMinute.time_column());
    let inside = time()
        .gt_eq(lit(window.start_unix_nano))
        .and(time().lt(lit(window.end_unix_nano)));
    let names = rollup
        .filter(inside)
        .and_then(|frame| frame.select_columns(&["service", "region", "environment"]))
        .and_then(datafusion::prelude::DataFrame::distinct)
        .map_err(failed())?;
    for batch in names.collect().await.map_err(failed())? {
        for (column, names) in [&mut seen.services, &mut seen.regions, &mut seen.environments]
            .into_iter()
            .enumerate()
        {
            let texts = batch.column(column).as_string::<i32>();
            names.extend(
                (0..texts.len())
                    .filter(|row| texts.is_valid(*row))
                    .map(|row| texts.value(row).to_owned()),
            );
            while names.len() > NAMES {
                names.pop_last();
            }
        }
    }
    Ok(seen)
}
