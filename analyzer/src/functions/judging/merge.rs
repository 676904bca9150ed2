//! `hist_merge(histogram)`: the sum of histograms, as an aggregate.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_list_array;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use pennyspan_schema::column::{ColumnType, Hist};
use pennyspan_schema::{Histogram, HistogramRef};

use super::histogram;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct HistMerge {
    signature: Signature,
}

impl HistMerge {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::exact(vec![Hist::data_type()], Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for HistMerge {
    fn name(&self) -> &'static str {
        "hist_merge"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(Hist::data_type())
    }
    fn accumulator(&self, _arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Merged::default()))
    }
}

/// The sum so far; none where every input was null.
#[derive(Debug, Default)]
struct Merged(Option<Histogram>);

impl Accumulator for Merged {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for values in values {
            let list = as_list_array(values)?;
            for histogram in (0..list.len()).filter_map(|row| histogram(list, row)) {
                self.0.get_or_insert_default().merge(histogram);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let parts = self.0.as_ref().map(Histogram::parts);
        let mut builder = Hist::builder();
        let sum = parts
            .as_ref()
            .map(|(buckets, weights_milli)| HistogramRef { buckets, weights_milli });
        Hist::append(&mut builder, sum);
        let list = Hist::finish(&mut builder);
        Ok(ScalarValue::List(Arc::new(as_list_array(&list)?.clone())))
    }

    fn size(&self) -> usize {
        let buckets = self.0.as_ref().map_or(0, |sum| sum.parts().0.len());
        size_of_val(self) + buckets * (size_of::<i16>() + size_of::<i64>())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
