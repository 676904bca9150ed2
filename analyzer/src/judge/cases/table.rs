//! Cells of a case as columns of a view.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringArray, new_null_array,
};
use datafusion::arrow::datatypes::{DataType, Schema};
use pennyspan_rules::rule::{CASE_WINDOW_START_UNIX_NANO, Cell};
use pennyspan_schema::Histogram;
use pennyspan_schema::column::{ColumnType, Hist};
use pennyspan_schema::window::MINUTE_NANOS;

/// The column in which a time is a whole minute.
const MINUTE_COLUMN: &str = "unix_minute";

/// Says that a cell does not fit its column.
#[derive(Debug, thiserror::Error)]
#[error("column `{column}` is {expected}, and a case gives it {found}")]
pub(crate) struct CellError {
    column: String,
    expected: DataType,
    found: String,
}

/// Returns a schema whose columns may all be null.
pub(super) fn nullable(schema: &Schema) -> Schema {
    Schema::new(
        schema
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect::<Vec<_>>(),
    )
}

/// Builds a column of a type from the cells of a case.
pub(crate) fn array(column: &str, data_type: &DataType, cells: &[&Cell]) -> Result<ArrayRef, CellError> {
    let error = |cell: &Cell| CellError {
        column: column.to_owned(),
        expected: data_type.clone(),
        found: format!("{cell:?}"),
    };
    Ok(match data_type {
        DataType::Utf8 => Arc::new(each(cells, text, error)?.into_iter().collect::<StringArray>()),
        DataType::Int64 => Arc::new(
            each(cells, |cell| integer(column, cell), error)?
                .into_iter()
                .collect::<Int64Array>(),
        ),
        DataType::Float64 => Arc::new(each(cells, number, error)?.into_iter().collect::<Float64Array>()),
        DataType::Boolean => Arc::new(each(cells, flag, error)?.into_iter().collect::<BooleanArray>()),
        DataType::Decimal128(_, 0) => {
            let values = each(cells, |cell| integer(column, cell).map(i128::from), error)?;
            Arc::new(
                values
                    .into_iter()
                    .collect::<Decimal128Array>()
                    .with_data_type(data_type.clone()),
            )
        }
        DataType::List(_) if *data_type == Hist::data_type() => histograms(&each(cells, histogram, error)?),
        other => {
            if let Some(cell) = cells.iter().find(|cell| ***cell != Cell::Null) {
                return Err(error(cell));
            }
            new_null_array(other, cells.len())
        }
    })
}

/// Reads each cell; null stays null.
fn each<T>(
    cells: &[&Cell],
    read: impl Fn(&Cell) -> Option<T>,
    error: impl Fn(&Cell) -> CellError,
) -> Result<Vec<Option<T>>, CellError> {
    let one = |cell: &&Cell| match cell {
        Cell::Null => Ok(None),
        cell => read(cell).map(Some).ok_or_else(|| error(cell)),
    };
    cells.iter().map(one).collect()
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) | Cell::Number { text, .. } => Some(text.clone()),
        Cell::Null | Cell::Time { .. } | Cell::Histogram(_) => None,
    }
}

fn integer(column: &str, cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Number { value, .. } => value.to_i64(),
        Cell::Time { offset_ns } => {
            let unix_nano = CASE_WINDOW_START_UNIX_NANO.checked_add(*offset_ns)?;
            Some(if column == MINUTE_COLUMN {
                unix_nano.div_euclid(MINUTE_NANOS)
            } else {
                unix_nano
            })
        }
        Cell::Null | Cell::Text(_) | Cell::Histogram(_) => None,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number { value, .. } => Some(value.to_f64()),
        Cell::Null | Cell::Text(_) | Cell::Time { .. } | Cell::Histogram(_) => None,
    }
}

fn flag(cell: &Cell) -> Option<bool> {
    text(cell)?.parse().ok()
}

fn histogram(cell: &Cell) -> Option<Histogram> {
    let Cell::Histogram(values) = cell else { return None };
    let mut histogram = Histogram::default();
    for (value, count) in values {
        histogram.record(*value, count.checked_mul(1_000)?);
    }
    Some(histogram)
}

fn histograms(values: &[Option<Histogram>]) -> ArrayRef {
    let mut builder = Hist::builder();
    for value in values {
        Hist::append(&mut builder, value.as_ref().map(Histogram::borrowed));
    }
    Hist::finish(&mut builder)
}
