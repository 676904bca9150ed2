//! Integer-bucket histograms: mergeable by addition, at most 0.8 % off, equal whatever the order.
//!
//! Below 128 every value has a bucket of its own. Above it each power of two is cut into 64 buckets, and a bucket stands for its
//! middle. Weights are thousandths, so that sampled telemetry merges with the rest.

/// Values below this have a bucket each.
const EXACT_BELOW: i64 = 128;
/// Buckets in each power of two at or above [`EXACT_BELOW`], as an exponent.
const SPLIT_BITS: u32 = 6;
/// The exponent of [`EXACT_BELOW`].
const EXACT_BITS: u32 = 7;
/// Buckets below [`EXACT_BELOW`].
const EXACT_BUCKETS: u16 = 1 << EXACT_BITS;
/// The exponent of the largest values.
const LAST_EXPONENT: u32 = 62;

/// Returns the bucket of a value; negative values count as zero.
///
/// ```
/// use pennyspan_schema::histogram::bucket_of;
/// assert_eq!(bucket_of(5), 5);
/// assert_eq!(bucket_of(128), 128);
/// assert_eq!(bucket_of(129), 128);
/// ```
#[must_use]
pub fn bucket_of(value: i64) -> i16 {
    let value = value.max(0);
    if value < EXACT_BELOW {
        return i16::try_from(value).unwrap_or(i16::MAX);
    }
    let exponent = 63 - value.leading_zeros();
    let within = (value >> (exponent - SPLIT_BITS)) - (1 << SPLIT_BITS);
    let bucket = EXACT_BELOW + i64::from(exponent - EXACT_BITS) * (1 << SPLIT_BITS) + within;
    i16::try_from(bucket).unwrap_or(i16::MAX)
}

/// Returns the middle of a bucket, by which its values are represented.
#[must_use]
pub fn middle_of(bucket: i16) -> i64 {
    let number = bucket.max(0).unsigned_abs();
    let Some(above) = number.checked_sub(EXACT_BUCKETS) else {
        return i64::from(number);
    };
    let exponent = (u32::from(above >> SPLIT_BITS) + EXACT_BITS).min(LAST_EXPONENT);
    let width = 1_i64 << (exponent - SPLIT_BITS);
    let low = (i64::from(above & ((1 << SPLIT_BITS) - 1)) + (1 << SPLIT_BITS)) << (exponent - SPLIT_BITS);
    low + (width - 1) / 2
}

/// A stored histogram, borrowed: buckets rise, and each has its weight in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistogramRef<'a> {
    /// The buckets, rising.
    pub buckets: &'a [i16],
    /// The weight of each bucket, in thousandths.
    pub weights_milli: &'a [i64],
}

impl HistogramRef<'_> {
    /// Returns each bucket with its weight in thousandths.
    pub fn iter(&self) -> impl Iterator<Item = (i16, i64)> + '_ {
        self.buckets.iter().copied().zip(self.weights_milli.iter().copied())
    }

    /// Returns the whole weight, in thousandths.
    #[must_use]
    pub fn weight_milli(&self) -> i64 {
        self.weights_milli
            .iter()
            .fold(0_i64, |sum, weight| sum.saturating_add(*weight))
    }

    /// Returns the nearest-rank quantile: the middle of the bucket that holds it, or `None` without weight.
    ///
    /// `q_milli` is in thousandths: 950 is the 95th percentile.
    #[must_use]
    pub fn quantile(&self, q_milli: u16) -> Option<i64> {
        let total = i128::from(self.weight_milli());
        if total <= 0 {
            return None;
        }
        let mut seen = 0_i128;
        self.iter()
            .find(|(_, weight)| {
                seen += i128::from(*weight);
                seen * 1000 >= total * i128::from(q_milli)
            })
            .map(|(bucket, _)| middle_of(bucket))
    }
}

/// A histogram that is being built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    // Rising, without repetition.
    buckets: Vec<i16>,
    weights_milli: Vec<i64>,
}

impl Histogram {
    /// Adds one value with its weight in thousandths.
    pub fn record(&mut self, value: i64, weight_milli: i64) {
        self.add(0, bucket_of(value), weight_milli);
    }

    /// Adds every bucket of another histogram.
    pub fn merge(&mut self, other: HistogramRef<'_>) {
        // Buckets rise in both, so each is looked for from the one before.
        let mut from = 0;
        for (bucket, weight) in other.iter() {
            from = self.add(from, bucket, weight);
        }
    }

    /// Takes every bucket of a histogram that was merged before out again.
    pub fn part(&mut self, other: HistogramRef<'_>) {
        for (bucket, weight) in other.iter() {
            if let Ok(at) = self.buckets.binary_search(&bucket) {
                self.weights_milli[at] = self.weights_milli[at].saturating_sub(weight);
                if self.weights_milli[at] == 0 {
                    self.buckets.remove(at);
                    self.weights_milli.remove(at);
                }
            }
        }
    }

    /// Returns it as it is stored.
    #[must_use]
    pub fn borrowed(&self) -> HistogramRef<'_> {
        HistogramRef {
            buckets: &self.buckets,
            weights_milli: &self.weights_milli,
        }
    }

    /// Returns whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Adds to a bucket at or behind a position, and returns where it is.
    fn add(&mut self, from: usize, bucket: i16, weight_milli: i64) -> usize {
        let at = from + self.buckets[from..].partition_point(|known| *known < bucket);
        if self.buckets.get(at) == Some(&bucket) {
            self.weights_milli[at] = self.weights_milli[at].saturating_add(weight_milli);
        } else {
            self.buckets.insert(at, bucket);
            self.weights_milli.insert(at, weight_milli);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_is_at_most_eight_permille_from_its_buckets_middle(value in 0_i64..i64::MAX) {
            let error = (i128::from(middle_of(bucket_of(value))) - i128::from(value)).abs();
            prop_assert!(error * 1000 <= i128::from(value) * 8, "{value} -> {}", middle_of(bucket_of(value)));
        }

        #[test]
        fn buckets_rise_with_values(a in 0_i64..i64::MAX, b in 0_i64..i64::MAX) {
            prop_assert_eq!(a.min(b) == a || bucket_of(a) >= bucket_of(b), true);
            prop_assert!(bucket_of(a.min(b)) <= bucket_of(a.max(b)));
        }

        #[test]
        fn merging_in_any_order_gives_the_same(values in prop::collection::vec((0_i64..1 << 40, 1_i64..5000), 0..60), cut in 0_usize..60) {
            let all = of(&values);
            let cut = cut.min(values.len());
            let (left, right) = (of(&values[..cut]), of(&values[cut..]));
            let mut merged = right.clone();
            merged.merge(left.borrowed());
            prop_assert_eq!(&all, &merged);
            merged.part(left.borrowed());
            prop_assert_eq!(merged, right, "what is taken out again leaves the rest");
        }
    }

    fn of(values: &[(i64, i64)]) -> Histogram {
        let mut histogram = Histogram::default();
        for (value, weight) in values {
            histogram.record(*value, *weight);
        }
        histogram
    }

    #[test]
    fn every_bucket_number_has_a_middle() {
        assert!((i16::MIN..=i16::MAX).all(|bucket| middle_of(bucket) >= 0));
        assert_eq!(middle_of(bucket_of(i64::MAX)), i64::MAX - (1 << 55));
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        let histogram = of(&[(10, 1000), (20, 1000), (30, 1000), (40, 1000)]);
        assert_eq!(
            [500, 501, 750, 1000].map(|q| histogram.borrowed().quantile(q)),
            [Some(20), Some(30), Some(30), Some(40)]
        );
        assert_eq!(HistogramRef::default().quantile(500), None);
    }
}
