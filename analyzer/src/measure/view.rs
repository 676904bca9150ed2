//! The declaration of measure views: one list of columns each, from which rows, schema and batches follow.
//!
//! Every column may be null, because a case of a rule names only the columns that it is about.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use pennyspan_schema::Histogram;
use pennyspan_schema::column::{ColumnType, Hist as StoredHist};

/// Digits of a billed quantity.
const QUANTITY_DIGITS: u8 = 38;

/// One column of a measure view.
#[derive(Clone, Copy, Debug)]
pub struct MeasureColumn {
    /// The name, ending in its unit.
    pub name: &'static str,
    /// The Arrow type.
    pub data_type: fn() -> DataType,
}

/// One measure view, as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct MeasureView {
    /// The name.
    pub name: &'static str,
    /// The columns in their order.
    pub columns: &'static [MeasureColumn],
}

impl MeasureView {
    /// Returns the Arrow schema.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &MeasureColumn| Field::new(column.name, (column.data_type)(), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// Returns whether the view has a column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.name == column)
    }
}

/// A row type of a measure view.
pub(crate) trait MeasureRow: Sized {
    /// The view.
    const VIEW: MeasureView;

    /// Builds the view's batch.
    fn batch(rows: &[Self]) -> RecordBatch;
}

/// A type that a column of a measure view may have.
pub(crate) trait Measured {
    /// One value.
    type Value;

    /// Returns the Arrow type.
    fn data_type() -> DataType;

    /// Builds a column.
    fn array<'a>(values: impl Iterator<Item = Option<&'a Self::Value>>) -> ArrayRef
    where
        Self::Value: 'a;
}

/// A text.
pub(crate) struct Text;
/// A count, a time or a size.
pub(crate) struct Int;
/// A measured number, made after aggregation.
pub(crate) struct Double;
/// A billed quantity: a sum of integers that may exceed 64 bits.
pub(crate) struct Quantity;
/// A truth value.
pub(crate) struct Bool;
/// A histogram.
pub(crate) struct Hist;

impl Measured for Text {
    type Value = String;

    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn array<'a>(values: impl Iterator<Item = Option<&'a String>>) -> ArrayRef {
        Arc::new(values.map(|value| value.map(String::as_str)).collect::<StringArray>())
    }
}

impl Measured for Int {
    type Value = i64;

    fn data_type() -> DataType {
        DataType::Int64
    }
    fn array<'a>(values: impl Iterator<Item = Option<&'a i64>>) -> ArrayRef {
        Arc::new(values.map(Option::<&i64>::copied).collect::<Int64Array>())
    }
}

impl Measured for Double {
    type Value = f64;

    fn data_type() -> DataType {
        DataType::Float64
    }
    fn array<'a>(values: impl Iterator<Item = Option<&'a f64>>) -> ArrayRef {
        Arc::new(values.map(Option::<&f64>::copied).collect::<Float64Array>())
    }
}

impl Measured for Quantity {
    type Value = i128;

    fn data_type() -> DataType {
        DataType::Decimal128(QUANTITY_DIGITS, 0)
    }
    fn array<'a>(values: impl Iterator<Item = Option<&'a i128>>) -> ArrayRef {
        let values = values.map(Option::<&i128>::copied).collect::<Decimal128Array>();
        Arc::new(values.with_data_type(Self::data_type()))
    }
}

impl Measured for Bool {
    type Value = bool;

    fn data_type() -> DataType {
        DataType::Boolean
    }
    fn array<'a>(values: impl Iterator<Item = Option<&'a bool>>) -> ArrayRef {
        Arc::new(values.map(Option::<&bool>::copied).collect::<BooleanArray>())
    }
}

impl Measured for Hist {
    type Value = Histogram;

    fn data_type() -> DataType {
        StoredHist::data_type()
    }
    fn array<'a>(values: impl Iterator<Item = Option<&'a Histogram>>) -> ArrayRef {
        let mut builder = StoredHist::builder();
        for value in values {
            StoredHist::append(&mut builder, value.map(Histogram::borrowed));
        }
        StoredHist::finish(&mut builder)
    }
}

/// Declares a measure view: its row, its columns and how rows become a batch.
macro_rules! measure_view {
    ($(#[doc = $doc:literal])+ $row:ident = $name:literal { $($column:ident: $type:ident,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $row {
            $(pub(crate) $column: Option<<$crate::measure::view::$type as $crate::measure::view::Measured>::Value>,)+
        }

        impl $crate::measure::view::MeasureRow for $row {
            const VIEW: $crate::measure::view::MeasureView = $crate::measure::view::MeasureView {
                name: $name,
                columns: &[$($crate::measure::view::MeasureColumn {
                    name: stringify!($column),
                    data_type: <$crate::measure::view::$type as $crate::measure::view::Measured>::data_type,
                },)+],
            };

            fn batch(rows: &[Self]) -> datafusion::arrow::array::RecordBatch {
                let columns = vec![$(<$crate::measure::view::$type as $crate::measure::view::Measured>::array(
                    rows.iter().map(|row| row.$column.as_ref()),
                ),)+];
                datafusion::arrow::array::RecordBatch::try_new(Self::VIEW.schema(), columns)
                    .expect("rows and schema come from one declaration")
            }
        }
    };
}
pub(crate) use measure_view;
