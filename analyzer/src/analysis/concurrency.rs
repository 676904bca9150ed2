//! Concurrency: the most attempts at one moment, reconstructed from their intervals.

use crate::analysis::{Attempt, Tally};

/// The intervals of a group's attempts, half-open, in nanoseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals {
    starts: Vec<i64>,
    ends: Vec<i64>,
}

impl Tally for Intervals {
    fn add(&mut self, attempt: &Attempt<'_>) {
        let start = attempt.row.start_unix_nano;
        let lasted = attempt
            .duration_us()
            .map(|us| start.saturating_add(us.saturating_mul(1_000)));
        if let Some(end) = lasted
            .or(attempt.row.end_unix_nano)
            .filter(|end| attempt.outcome.ran() && *end > start)
        {
            self.starts.push(start);
            self.ends.push(end);
        }
    }

    fn merge(&mut self, other: Self) {
        self.starts.extend(other.starts);
        self.ends.extend(other.ends);
    }
}

impl Intervals {
    /// Returns the most attempts at one moment; none where no interval is known. One that ends when another starts does
    /// not meet it.
    #[must_use]
    pub fn most(&self) -> Option<i64> {
        let (mut starts, mut ends) = (self.starts.clone(), self.ends.clone());
        starts.sort_unstable();
        ends.sort_unstable();
        let mut ended = 0;
        let running = starts.iter().enumerate().map(|(before, start)| {
            while ends.get(ended).is_some_and(|end| end <= start) {
                ended += 1;
            }
            before + 1 - ended
        });
        running.max().and_then(|most| i64::try_from(most).ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Intervals;

    #[test]
    fn attempts_that_touch_do_not_meet() {
        assert_eq!(
            Intervals {
                starts: vec![0, 10, 20],
                ends: vec![10, 20, 30]
            }
            .most(),
            Some(1)
        );
        assert_eq!(
            Intervals {
                starts: vec![0, 9],
                ends: vec![10, 20]
            }
            .most(),
            Some(2)
        );
        assert_eq!(Intervals::default().most(), None);
    }

    proptest! {
        #[test]
        fn the_most_is_what_counting_at_every_start_finds(spans in prop::collection::vec((0_i64..100, 1_i64..50), 1..40)) {
            let intervals = Intervals {
                starts: spans.iter().map(|(start, _)| *start).collect(),
                ends: spans.iter().rev().map(|(start, length)| start + length).collect(),
            };
            let at = |t: i64| spans.iter().filter(|(start, length)| *start <= t && t < start + length).count();
            let most = spans.iter().map(|(start, _)| at(*start)).max().unwrap();
            prop_assert_eq!(intervals.most(), i64::try_from(most).ok());
        }
    }
}
