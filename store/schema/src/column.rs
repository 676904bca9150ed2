//! What a column is, and the declaration that turns a list of columns into a table's code.

use arrow::datatypes::{DataType, Field};

use crate::unit::Unit;

mod declare;
mod sparse;
mod types;

pub use types::{Bool, ColumnType, Digest, Hash, Hist, Int, Json, SpanId, Text, TraceId};

/// How the values of several facts become one value of the folded row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The value of the best source (platform, insights, record, span, log), then of the smallest (time, content hash).
    First,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// True where any fact says true.
    Any,
    /// The column identifies the row or is computed by fold from others.
    None,
}

/// One column's entry, as declared.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name, ending in its unit.
    pub name: &'static str,
    /// The type's name in the declaration.
    pub type_name: &'static str,
    /// The Arrow type.
    pub data_type: fn() -> DataType,
    /// What a value measures.
    pub unit: Unit,
    /// Why a value may be unknown; `None` where it never is.
    pub nullable: Option<&'static str>,
    /// How fold merges it.
    pub merge: Merge,
    /// Where the value comes from.
    pub source: &'static str,
    /// The documentation.
    pub doc: &'static str,
}

impl Column {
    /// Returns the Arrow field.
    #[must_use]
    pub fn field(&self) -> Field {
        Field::new(self.name, (self.data_type)(), self.nullable.is_some())
    }
}
