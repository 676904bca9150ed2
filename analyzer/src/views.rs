//! The stable SQL surface: one view per table, with ids as text, `*_time` beside `*_unix_nano` and `*_ms` beside
//! `*_us`.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, ScalarUDF, cast, col};
use datafusion::prelude::{DataFrame, SessionContext};
use pennyspan_schema::{Column, Table, Unit};

use crate::functions::show::{AsMilliseconds, HexId};
use crate::reading::stored;

pub mod deployments;
pub mod invocations;

/// Returns the names of the views, in the order of the tables.
#[must_use]
pub fn names() -> Vec<&'static str> {
    Table::ALL.iter().map(|table| table.name()).collect()
}

/// Returns what a view's row is.
#[must_use]
pub fn doc(name: &str) -> Option<&'static str> {
    Table::from_name(name).map(Table::doc)
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
