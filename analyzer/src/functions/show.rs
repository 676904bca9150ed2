//! How stored values are shown: ids as lower-case hex, microseconds as milliseconds with three places.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Decimal128Array, FixedSizeBinaryArray, Int64Array, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{
    Result,
    cast::{as_fixed_size_binary_array, as_int64_array},
};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// Digits of a duration in milliseconds, three of them after the point.
const MILLISECOND_PRECISION: u8 = 18;
/// Digits after the point.
const MILLISECOND_SCALE: i8 = 3;

/// Returns the type in which durations are shown.
pub(crate) fn millisecond_type() -> DataType {
    DataType::Decimal128(MILLISECOND_PRECISION, MILLISECOND_SCALE)
}

/// `hex_8(id)` and `hex_16(id)`: an id of that many bytes as lower-case hex.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct HexId {
    name: &'static str,
    signature: Signature,
}

impl HexId {
    /// The function for ids of 8 bytes: spans.
    pub(crate) const SHORT: &str = "hex_8";
    /// The function for ids of 16 bytes: traces and content hashes.
    pub(crate) const LONG: &str = "hex_16";

    pub(crate) fn short() -> Self {
        Self {
            name: Self::SHORT,
            signature: Signature::any(1, Volatility::Immutable),
        }
    }

    pub(crate) fn long() -> Self {
        Self {
            name: Self::LONG,
            signature: Signature::any(1, Volatility::Immutable),
        }
    }

    /// Returns how many bytes the ids have that a function of this name shows.
    pub(crate) fn width_of(name: &str) -> Option<i32> {
        match name {
            Self::SHORT => Some(8),
            Self::LONG => Some(16),
            _ => None,
        }
    }
}

impl ScalarUDFImpl for HexId {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let ids = as_fixed_size_binary_array(&arrays[0])?;
        Ok(ColumnarValue::Array(hex(ids)))
    }
}

fn hex(ids: &FixedSizeBinaryArray) -> ArrayRef {
    let mut text = StringBuilder::with_capacity(ids.len(), ids.len() * 32);
    for id in ids {
        text.append_option(id.map(hex::encode));
    }
    Arc::new(text.finish())
}

/// `as_ms(microseconds)`: a duration in milliseconds, exactly.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct AsMilliseconds {
    signature: Signature,
}

impl AsMilliseconds {
    pub(crate) fn new() -> Self {
        Self {
            signature: Signature::exact(vec![DataType::Int64], Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for AsMilliseconds {
    fn name(&self) -> &'static str {
        "as_ms"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(millisecond_type())
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let durations = as_int64_array(&arrays[0])?;
        Ok(ColumnarValue::Array(Arc::new(milliseconds(durations)?)))
    }
}

/// A duration beyond the type's digits (31,000 years) is unknown.
fn milliseconds(durations: &Int64Array) -> Result<Decimal128Array> {
    let limit = 10_i64.pow(u32::from(MILLISECOND_PRECISION));
    let values = durations
        .iter()
        .map(|value| value.filter(|us| us.abs() < limit).map(i128::from));
    let array: Decimal128Array = values.collect();
    Ok(array.with_precision_and_scale(MILLISECOND_PRECISION, MILLISECOND_SCALE)?)
}
