//! The list amount of each row, for sorting; never summed, since each is rounded.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Decimal128Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Amount, PRINTED_PLACES, Price};
use pennyspan_schema::Column;

use super::{Pricer, Pricing};
use crate::attempts::{self, Reader};

/// Digits of an amount.
const PRECISION: u8 = 38;
/// Digits after the point.
const SCALE: i8 = 18;

/// Nullable columns that a price depends on.
const PRICED_BY: [&str; 17] = [
    "architecture",
    "billed_duration_ms",
    "billing_mode",
    "cpu_milli",
    "cpu_time_us",
    "duration_us",
    "ephemeral_storage_mib",
    "execution_model",
    "init_type",
    "memory_size_mib",
    "outcome",
    "platform",
    "region",
    "restore_duration_us",
    "runtime",
    "runtime_us",
    "trigger_type",
];

/// `list_amount(..)`: what an attempt costs; null where it is not priced.
#[derive(Debug)]
pub(crate) struct ListAmount {
    books: Arc<PriceBooks>,
    signature: Signature,
}

impl ListAmount {
    pub(crate) fn new(books: Arc<PriceBooks>) -> Self {
        Self {
            books,
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }

    /// Returns the columns of the view that it reads, in its order.
    pub(crate) fn inputs() -> Vec<&'static str> {
        columns().map(|column| column.name).collect()
    }

    fn amounts(&self, batch: &RecordBatch) -> Result<Decimal128Array> {
        let reader = Reader::new(batch).map_err(|source| DataFusionError::External(Box::new(source)))?;
        let prices: Vec<&Price> = self.books.prices().collect();
        let mut finder = Pricer::new(&self.books);
        let amounts: Decimal128Array = reader.rows().map(|row| scaled(&finder.price(&row), &prices)).collect();
        Ok(amounts.with_precision_and_scale(PRECISION, SCALE)?)
    }
}

fn columns() -> impl Iterator<Item = &'static Column> {
    let priced_by = |column: &&Column| column.nullable.is_none() || PRICED_BY.contains(&column.name);
    attempts::COLUMNS.iter().filter(priced_by)
}

/// Returns an amount in 10^-18 dollars.
fn scaled(pricing: &Pricing, prices: &[&Price]) -> Option<i128> {
    let amount: Amount = match pricing {
        Pricing::NotPriced(_) => return None,
        Pricing::Free => Amount::zero(),
        Pricing::Priced(charged) => {
            let amounts = charged.charges.iter().map(|charge| {
                prices
                    .get(charge.entry.0)
                    .map(|price| price.amount(charge.quantity.into()))
            });
            amounts.collect::<Option<Vec<Amount>>>()?.into_iter().sum()
        }
    };
    let unit = BigRational::from_integer(BigInt::from(10).pow(PRINTED_PLACES));
    (amount.rounded(PRINTED_PLACES).as_ratio() * unit)
        .to_integer()
        .to_i128()
}

/// Two of them are the same where they use the same books.
impl PartialEq for ListAmount {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.books, &other.books)
    }
}

impl Eq for ListAmount {}

impl Hash for ListAmount {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.books).hash(state);
    }
}

impl ScalarUDFImpl for ListAmount {
    fn name(&self) -> &'static str {
        "list_amount"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(PRECISION, SCALE))
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays: Vec<ArrayRef> = arguments
            .args
            .into_iter()
            .map(|value| value.into_array(arguments.number_rows))
            .collect::<Result<_>>()?;
        let fields: Vec<_> = columns().map(|column| column.field().with_nullable(true)).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
        Ok(ColumnarValue::Array(Arc::new(self.amounts(&batch)?)))
    }
}
