//! `hist_merge(histogram)`: the sum of histograms, as an aggregate.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::compute::kernels::nullif::nullif;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_list_array;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};
use pennyspan_schema::Histogram;
use pennyspan_schema::column::{ColumnType, Hist};

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
    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs) -> bool {
        true
    }
    fn create_groups_accumulator(&self, _arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(MergedGroups::default()))
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
        let list = column(std::slice::from_ref(&self.0));
        Ok(ScalarValue::List(Arc::new(as_list_array(&list)?.clone())))
    }

    fn size(&self) -> usize {
        size_of_val(self) + bytes(self.0.as_ref())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    /// Lets a window slide: what leaves it is taken out.
    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for values in values {
            let list = as_list_array(values)?;
            for histogram in (0..list.len()).filter_map(|row| histogram(list, row)) {
                if let Some(sum) = &mut self.0 {
                    sum.part(histogram);
                }
            }
        }
        self.0.take_if(|sum| sum.is_empty());
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }
}

/// The sums of many groups, by the group's number.
#[derive(Debug, Default)]
struct MergedGroups {
    sums: Vec<Option<Histogram>>,
    bytes: usize,
}

impl MergedGroups {
    fn add(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.sums.resize(count, None);
        let taken = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        for values in values {
            let list = as_list_array(values)?;
            for (row, group) in groups.iter().enumerate().filter(|(row, _)| taken(*row)) {
                if let Some(histogram) = histogram(list, row) {
                    let sum = &mut self.sums[*group];
                    self.bytes -= bytes(sum.as_ref());
                    sum.get_or_insert_default().merge(histogram);
                    self.bytes += bytes(sum.as_ref());
                }
            }
        }
        Ok(())
    }
}

impl GroupsAccumulator for MergedGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.add(values, group_indices, opt_filter, total_num_groups)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.add(values, group_indices, None, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sums = emit_to.take_needed(&mut self.sums);
        self.bytes -= sums.iter().map(|sum| bytes(sum.as_ref())).sum::<usize>();
        Ok(column(&sums))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    /// A row's own histogram is the state of a group of one.
    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let left_out = |filter: &BooleanArray| {
            (0..filter.len())
                .map(|row| Some(!(filter.is_valid(row) && filter.value(row))))
                .collect::<BooleanArray>()
        };
        let kept = |values: &ArrayRef| match opt_filter {
            Some(filter) => Ok(nullif(values, &left_out(filter))?),
            None => Ok(Arc::clone(values)),
        };
        values.iter().map(kept).collect()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sums.capacity() * size_of::<Option<Histogram>>() + self.bytes
    }
}

/// Writes sums as a column.
fn column(sums: &[Option<Histogram>]) -> ArrayRef {
    let mut builder = Hist::builder();
    for sum in sums {
        Hist::append(&mut builder, sum.as_ref().map(Histogram::borrowed));
    }
    Hist::finish(&mut builder)
}

/// Returns how much memory the buckets of a sum take.
fn bytes(sum: Option<&Histogram>) -> usize {
    let buckets = sum.map_or(0, |sum| sum.borrowed().buckets.len());
    buckets * (size_of::<i16>() + size_of::<i64>())
}
