//! What attempts add up to: counts with weights, billed quantities, histograms; all of them integers.

use pennyspan_schema::Histogram;

/// Thousandths in one: weights are in thousandths.
const MILLI: i128 = 1_000;

/// A sum of quantities, each times its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    weighted_milli: i128,
    known: bool,
    unknown: bool,
}

impl Sum {
    /// Adds a quantity; one that is not known makes a sum of nothing else unknown.
    pub(crate) fn add(&mut self, quantity: Option<i64>, weight_milli: i64) {
        match quantity {
            Some(quantity) => {
                self.known = true;
                self.weighted_milli = self
                    .weighted_milli
                    .saturating_add(i128::from(quantity) * i128::from(weight_milli));
            }
            None => self.unknown = true,
        }
    }

    /// Returns the sum of what is known; none where nothing is and something should be.
    pub(crate) fn value(&self) -> Option<i128> {
        (self.known || !self.unknown).then_some(self.weighted_milli / MILLI)
    }

    /// Returns the sum of what is known; none where nothing is.
    pub(crate) fn if_known(&self) -> Option<i128> {
        self.known.then_some(self.weighted_milli / MILLI)
    }
}

/// Returns a histogram; none where nothing was recorded.
pub(crate) fn recorded(histogram: Histogram) -> Option<Histogram> {
    (!histogram.is_empty()).then_some(histogram)
}

/// Returns the nearest-rank quantile of a histogram, in thousandths.
pub(crate) fn quantile(histogram: &Histogram, q_milli: u16) -> Option<i64> {
    histogram.borrowed().quantile(q_milli)
}

/// The larger of two values that may be unknown.
pub(crate) fn larger<T: Ord>(known: &mut Option<T>, value: Option<T>) {
    if value.is_some() && value > *known {
        *known = value;
    }
}

/// The smaller of two names that may be unknown.
pub(crate) fn smaller(known: &mut Option<String>, value: Option<&str>) {
    if let Some(value) = value
        && known.as_deref().is_none_or(|known| value < known)
    {
        *known = Some(value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_unknown_only_where_nothing_is_known() {
        let mut sum = Sum::default();
        assert_eq!((sum.value(), sum.if_known()), (Some(0), None));
        sum.add(None, 1_000);
        assert_eq!(sum.value(), None);
        sum.add(Some(7), 2_000);
        assert_eq!(sum.value(), Some(14));
    }
}
