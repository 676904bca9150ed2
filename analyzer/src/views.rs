//! The stable SQL surface: one view per table, with ids as text, `*_time` beside `*_unix_nano` and `*_ms` beside
//! `*_us`; and views that sum up what several rows say of one thing.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, ScalarUDF, cast, col};
use datafusion::prelude::{DataFrame, SessionContext};
use pennyspan_schema::{Column, Table, Unit};

use crate::functions::show::{AsMilliseconds, HexId};
use crate::reading::stored;

pub mod deployments;
mod environments;
mod executions;
pub mod invocations;
mod metric_increases;

/// The views that sum up others: name, and what a row is.
const SUMMED_UP: [(&str, &str); 3] = [
    (environments::NAME, environments::DOC),
    (executions::NAME, executions::DOC),
    (metric_increases::NAME, metric_increases::DOC),
];

/// Returns the names of the views: those of the tables in their order, then those that sum up others.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let tables = Table::ALL.iter().map(|table| table.name());
    tables.chain(SUMMED_UP.map(|(name, _)| name)).collect()
}

/// Returns what a view's row is.
#[must_use]
pub fn doc(name: &str) -> Option<&'static str> {
    let summed_up = || SUMMED_UP.into_iter().find(|(other, _)| *other == name);
    Table::from_name(name).map_or_else(|| summed_up().map(|(_, doc)| doc), |table| Some(table.doc()))
}

/// Registers the views that sum up others, which are there already.
pub(crate) async fn register_summed_up(context: &SessionContext) -> Result<()> {
    let views = [
        (environments::NAME, environments::view(context).await?),
        (executions::NAME, executions::view(context).await?),
        (metric_increases::NAME, metric_increases::view(context).await?),
    ];
    for (name, view) in views {
        context.register_table(name, view.into_view())?;
    }
    Ok(())
}

/// Returns the view of a table: its columns as they are shown.
pub(crate) async fn of(context: &SessionContext, table: Table) -> Result<DataFrame> {
    let columns: Vec<Expr> = table
        .columns()
        .iter()
        .flat_map(|column| shown(column, col(column.name)))
        .collect();
    stored(context, table).await?.select(columns)
}

/// Returns how one stored column is shown: itself (an id as hex), and its time or milliseconds.
pub(crate) fn shown(column: &Column, value: Expr) -> Vec<Expr> {
    let name = column.name;
    match (column.unit, (column.data_type)()) {
        (Unit::UnixNano, _) => vec![
            value.clone().alias(name),
            time(value).alias(beside(name, "_unix_nano", "_time")),
        ],
        (Unit::Microsecond, _) => vec![
            value.clone().alias(name),
            milliseconds(value).alias(beside(name, "_us", "_ms")),
        ],
        (_, DataType::FixedSizeBinary(8)) => vec![ScalarUDF::from(HexId::short()).call(vec![value]).alias(name)],
        (_, DataType::FixedSizeBinary(_)) => vec![ScalarUDF::from(HexId::long()).call(vec![value]).alias(name)],
        _ => vec![value.alias(name)],
    }
}

/// Returns a frame with `*_time` beside `*_unix_nano` and `*_ms` beside `*_us`.
fn with_shown(frame: DataFrame) -> Result<DataFrame> {
    let names: Vec<String> = frame
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let columns = names.iter().flat_map(|name| {
        let shown = match (name.ends_with("_unix_nano"), name.ends_with("_us")) {
            (true, _) => Some(time(col(name)).alias(beside(name, "_unix_nano", "_time"))),
            (_, true) => Some(milliseconds(col(name)).alias(beside(name, "_us", "_ms"))),
            _ => None,
        };
        [col(name)].into_iter().chain(shown)
    });
    let columns: Vec<Expr> = columns.collect();
    frame.select(columns)
}

fn beside(name: &str, stored: &str, shown: &str) -> String {
    format!("{}{shown}", name.strip_suffix(stored).unwrap_or(name))
}

/// Returns an instant as a timestamp; a comparison with it reaches the stored integers.
pub(crate) fn time(unix_nano: Expr) -> Expr {
    cast(unix_nano, DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())))
}

/// Returns a duration in milliseconds.
pub(crate) fn milliseconds(us: Expr) -> Expr {
    ScalarUDF::from(AsMilliseconds::new()).call(vec![us])
}
