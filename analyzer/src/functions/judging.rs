//! The SQL functions that rules use beyond SQL's own: bounds, tests and quantiles over what is counted.
//!
//! Floating point appears here, after aggregation, and never in a sum: each result depends on its arguments alone.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Float64Array, Int64Array, ListArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::{as_float64_array, as_int64_array, as_list_array};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    AggregateUDF, ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::SessionContext;
use pennyspan_schema::HistogramRef;
use pennyspan_schema::column::{ColumnType, Hist};

mod merge;
pub(crate) mod statistics;

/// Thousandths in one.
const MILLI: f64 = 1_000.0;

/// Registers every function of rules.
pub(crate) fn register(context: &SessionContext) {
    for kind in Kind::ALL {
        context.register_udf(ScalarUDF::from(Function::new(kind)));
    }
    context.register_udaf(AggregateUDF::from(merge::HistMerge::new()));
}

/// What a function computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    WilsonLower,
    WilsonUpper,
    HistQuantile,
    HistCount,
    MannWhitneyP,
    PoissonTail,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::WilsonLower,
        Self::WilsonUpper,
        Self::HistQuantile,
        Self::HistCount,
        Self::MannWhitneyP,
        Self::PoissonTail,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::WilsonLower => "wilson_lower",
            Self::WilsonUpper => "wilson_upper",
            Self::HistQuantile => "hist_quantile",
            Self::HistCount => "hist_count",
            Self::MannWhitneyP => "mann_whitney_p",
            Self::PoissonTail => "poisson_tail",
        }
    }

    fn arguments(self) -> Vec<DataType> {
        match self {
            Self::WilsonLower | Self::WilsonUpper => vec![DataType::Float64, DataType::Float64],
            Self::HistQuantile => vec![Hist::data_type(), DataType::Float64],
            Self::HistCount => vec![Hist::data_type()],
            Self::MannWhitneyP => vec![Hist::data_type(), Hist::data_type()],
            Self::PoissonTail => vec![DataType::Int64, DataType::Float64],
        }
    }

    fn result(self) -> DataType {
        match self {
            Self::HistQuantile | Self::HistCount => DataType::Int64,
            Self::WilsonLower | Self::WilsonUpper | Self::MannWhitneyP | Self::PoissonTail => DataType::Float64,
        }
    }

    fn compute(self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        match (self, arguments) {
            (Self::WilsonLower, [k, n]) => over_numbers(k, n, |k, n| statistics::wilson(k, n).map(|(lower, _)| lower)),
            (Self::WilsonUpper, [k, n]) => over_numbers(k, n, |k, n| statistics::wilson(k, n).map(|(_, upper)| upper)),
            (Self::HistQuantile, [histogram, q]) => quantiles(histogram, q),
            (Self::HistCount, [histogram]) => counts(histogram),
            (Self::MannWhitneyP, [a, b]) => rank_tests(a, b),
            (Self::PoissonTail, [observed, expected]) => tails(observed, expected),
            _ => exec_err!("{} takes {} arguments", self.name(), self.arguments().len()),
        }
    }
}

/// One scalar function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    kind: Kind,
    signature: Signature,
}

impl Function {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            signature: Signature::exact(kind.arguments(), Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.kind.name()
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.kind.result())
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let arrays: Vec<ArrayRef> = arguments
            .args
            .into_iter()
            .map(|value| value.into_array(rows))
            .collect::<Result<_>>()?;
        self.kind.compute(&arrays).map(ColumnarValue::Array)
    }
}

/// Returns the histogram at a row; none where it is null.
fn histogram(list: &ListArray, row: usize) -> Option<HistogramRef<'_>> {
    list.is_valid(row).then(|| Hist::get(list, row))
}

fn over_numbers(a: &ArrayRef, b: &ArrayRef, compute: fn(f64, f64) -> Option<f64>) -> Result<ArrayRef> {
    let (a, b) = (as_float64_array(a)?, as_float64_array(b)?);
    let values = a.iter().zip(b).map(|(a, b)| a.zip(b).and_then(|(a, b)| compute(a, b)));
    Ok(Arc::new(values.collect::<Float64Array>()))
}

fn quantiles(histograms: &ArrayRef, q: &ArrayRef) -> Result<ArrayRef> {
    let (list, q) = (as_list_array(histograms)?, as_float64_array(q)?);
    let value = |row: usize| histogram(list, row)?.quantile(thousandths(q.is_valid(row).then(|| q.value(row))?)?);
    Ok(Arc::new((0..list.len()).map(value).collect::<Int64Array>()))
}

/// Returns a share of 1 in thousandths; none for what is no share.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value lies between 0 and 1,000"
)]
fn thousandths(share: f64) -> Option<u16> {
    (0.0..=1.0).contains(&share).then(|| (share * MILLI).round() as u16)
}

fn counts(histograms: &ArrayRef) -> Result<ArrayRef> {
    let list = as_list_array(histograms)?;
    let count = |row: usize| histogram(list, row).map(|histogram| (histogram.weight_milli() + 500) / 1_000);
    Ok(Arc::new((0..list.len()).map(count).collect::<Int64Array>()))
}

fn rank_tests(a: &ArrayRef, b: &ArrayRef) -> Result<ArrayRef> {
    let (a, b) = (as_list_array(a)?, as_list_array(b)?);
    let p = |row: usize| statistics::mann_whitney_p(histogram(a, row)?, histogram(b, row)?);
    Ok(Arc::new((0..a.len()).map(p).collect::<Float64Array>()))
}

fn tails(observed: &ArrayRef, expected: &ArrayRef) -> Result<ArrayRef> {
    let (observed, expected) = (as_int64_array(observed)?, as_float64_array(expected)?);
    let tail = |(observed, expected): (Option<i64>, Option<f64>)| statistics::poisson_tail(observed?, expected?);
    Ok(Arc::new(
        observed.iter().zip(expected).map(tail).collect::<Float64Array>(),
    ))
}

#[cfg(test)]
mod tests;
