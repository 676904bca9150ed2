//! Several requests on one instance at a time: the instance is billed once for the union of their times, and each
//! request bears its request-seconds' share of the busy interval in which it lies.

use super::TimeRule;
use super::billing::Packaging;

/// The time of one request on an instance, half-open, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// Its start.
    pub start_us: i64,
    /// Its end; one before the start counts as the start.
    pub end_us: i64,
}

impl Interval {
    fn length_us(self) -> i64 {
        self.end_us.saturating_sub(self.start_us).max(0)
    }
}

/// Returns the billed milliseconds of each request on one instance, in the order given.
///
/// Overlapping and touching requests make one busy interval, whose length is rounded up by `rule` once. Its billed
/// milliseconds are shared in proportion to the requests' durations, in whole milliseconds by largest remainder, the
/// earlier of equals first. So the shares of an instance sum to what it is billed for, whatever their order.
#[must_use]
pub fn shares_ms(rule: &TimeRule, requests: &[Interval]) -> Vec<i64> {
    let mut order: Vec<usize> = (0..requests.len()).collect();
    order.sort_by_key(|&at| (requests[at], at));
    let mut shares = vec![0; requests.len()];
    let mut rest = order.as_slice();
    while let Some(&first) = rest.first() {
        let mut end_us = requests[first].end_us.max(requests[first].start_us);
        let mut members = 1;
        while let Some(&next) = rest.get(members).filter(|&&next| requests[next].start_us <= end_us) {
            end_us = end_us.max(requests[next].end_us);
            members += 1;
        }
        let (busy, others) = rest.split_at(members);
        let length_us = end_us.saturating_sub(requests[first].start_us);
        let billed_ms = rule.billed_ms(length_us, None, Packaging::Other);
        split(billed_ms, busy, requests, &mut shares);
        rest = others;
    }
    shares
}

/// Splits the billed milliseconds of one busy interval among its requests, which come in the order of their starts.
fn split(billed_ms: i64, busy: &[usize], requests: &[Interval], shares: &mut [i64]) {
    let whole: i128 = busy.iter().map(|&at| i128::from(requests[at].length_us())).sum();
    // Requests that took no time at all share equally.
    let weight = |at: usize| {
        if whole == 0 {
            1
        } else {
            i128::from(requests[at].length_us())
        }
    };
    let whole = if whole == 0 { busy.len() as i128 } else { whole };
    let part = |at: usize| i128::from(billed_ms) * weight(at);
    let mut left = billed_ms;
    for &at in busy {
        shares[at] = i64::try_from(part(at) / whole).unwrap_or(i64::MAX);
        left -= shares[at];
    }
    let mut by_remainder = busy.to_vec();
    by_remainder.sort_by_key(|&at| std::cmp::Reverse(part(at) % whole));
    for at in by_remainder.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        shares[at] += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::price::{InitBilling, Overlap};

    const HUNDRED: TimeRule = TimeRule {
        step_ms: 100,
        minimum_ms: 100,
        init: InitBilling::NotBilled,
        overlap: Overlap::Union,
    };

    fn ms(requests: &[(i64, i64)]) -> Vec<Interval> {
        let interval = |&(start, end): &(i64, i64)| Interval {
            start_us: start * 1_000,
            end_us: end * 1_000,
        };
        requests.iter().map(interval).collect()
    }

    #[test]
    fn requests_that_overlap_are_billed_once_and_share_by_their_durations() {
        assert_eq!(shares_ms(&HUNDRED, &ms(&[(0, 90), (0, 90)])), [50, 50]);
        assert_eq!(shares_ms(&HUNDRED, &ms(&[(0, 150), (100, 150)])), [150, 50]);
        assert_eq!(shares_ms(&HUNDRED, &ms(&[(0, 150), (150, 200)])), [150, 50]);
        assert_eq!(shares_ms(&HUNDRED, &ms(&[(0, 10), (500, 510)])), [100, 100]);
        assert_eq!(shares_ms(&HUNDRED, &ms(&[(0, 10), (0, 10), (0, 10)])), [34, 33, 33]);
        assert_eq!(shares_ms(&HUNDRED, &ms(&[(5, 5), (5, 4)])), [50, 50]);
    }

    proptest! {
        #[test]
        fn shares_sum_to_the_instances_bill_whatever_their_order(
            requests in prop::collection::vec((0_i64..2_000_000, 0_i64..600_000), 1..30),
        ) {
            let requests: Vec<Interval> = requests.iter()
                .map(|(start, length)| Interval { start_us: *start, end_us: start + length })
                .collect();
            let shares = shares_ms(&HUNDRED, &requests);
            prop_assert!(shares.iter().all(|share| *share >= 0));
            let mut instants: Vec<Interval> = requests.clone();
            instants.sort_unstable();
            let (mut billed, mut open): (i64, Option<Interval>) = (0, None);
            for next in instants {
                open = match open {
                    Some(busy) if next.start_us <= busy.end_us => Some(Interval { end_us: busy.end_us.max(next.end_us), ..busy }),
                    Some(busy) => {
                        billed += HUNDRED.billed_ms(busy.length_us(), None, Packaging::Other);
                        Some(next)
                    }
                    None => Some(next),
                };
            }
            billed += open.map_or(0, |busy| HUNDRED.billed_ms(busy.length_us(), None, Packaging::Other));
            prop_assert_eq!(shares.iter().sum::<i64>(), billed);
            let alone: i64 = requests.iter().map(|one| HUNDRED.billed_ms(one.length_us(), None, Packaging::Other)).sum();
            prop_assert!(billed <= alone);
            let reversed: Vec<Interval> = requests.iter().rev().copied().collect();
            let mut of_reversed: Vec<(Interval, i64)> = reversed.iter().copied().zip(shares_ms(&HUNDRED, &reversed)).collect();
            let mut of_given: Vec<(Interval, i64)> = requests.iter().copied().zip(shares).collect();
            of_reversed.sort_unstable();
            of_given.sort_unstable();
            prop_assert_eq!(of_reversed, of_given);
        }
    }
}
