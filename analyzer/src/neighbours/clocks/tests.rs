//! Corrections against the offsets that were put into the clocks.

use proptest::prelude::*;

use super::{Lags, Skew};

const MS: i64 = 1_000_000;

fn skews(lags: &[(&str, &str, i64)], limit_ms: i64) -> Vec<Skew> {
    let mut seen = Lags::default();
    for (sender, receiver, lag_ms) in lags {
        seen.add(sender, receiver, lag_ms * MS);
    }
    seen.settle(limit_ms * 1_000).0.into_values().collect()
}

/// Estimated, applied and left below zero.
fn numbers(skew: &Skew) -> (i64, i64, u64) {
    (
        skew.estimated_us / 1_000,
        skew.applied_us / 1_000,
        skew.below_zero_count,
    )
}

#[test]
fn clocks_that_show_no_message_before_it_was_sent_are_left_alone() {
    let found = skews(&[("a", "b", 3), ("a", "b", 700), ("b", "a", 5)], 1_000);
    assert!(found.iter().all(|skew| numbers(skew) == (0, 0, 0)), "{found:?}");
}

#[test]
fn a_receivers_slow_clock_raises_all_lags_of_its_pair_and_of_no_other() {
    let found = skews(&[("a", "b", -40), ("a", "b", 10), ("c", "b", 2)], 1_000);
    assert_eq!(found.iter().map(numbers).collect::<Vec<_>>(), [(40, 40, 0), (0, 0, 0)]);
}

#[test]
fn a_receivers_fast_clock_shows_in_what_it_sends_back() {
    let found = skews(&[("a", "b", 90), ("b", "a", -60)], 1_000);
    assert_eq!(
        found.iter().map(numbers).collect::<Vec<_>>(),
        [(-60, -60, 0), (60, 60, 0)]
    );
}

#[test]
fn clocks_that_contradict_each_other_are_met_in_the_middle() {
    let found = skews(&[("a", "b", -50), ("b", "a", -30)], 1_000);
    assert_eq!(
        found.iter().map(numbers).collect::<Vec<_>>(),
        [(10, 10, 1), (-10, -10, 1)]
    );
    let own = skews(&[("a", "a", -50)], 1_000);
    assert_eq!(
        numbers(&own[0]),
        (0, 0, 1),
        "instances of one function have clocks of their own"
    );
}

#[test]
fn a_correction_is_bounded_and_can_be_switched_off() {
    let lags = [("a", "b", -3_000), ("a", "b", -500), ("a", "b", 100)];
    assert_eq!(numbers(&skews(&lags, 1_000)[0]), (3_000, 1_000, 1));
    assert_eq!(numbers(&skews(&lags, 0)[0]), (3_000, 0, 2));
}

#[test]
fn one_lost_clock_among_hundreds_moves_nothing() {
    let mut lags = vec![("a", "b", 20); 150];
    lags.push(("a", "b", -800));
    assert_eq!(numbers(&skews(&lags, 1_000)[0]), (0, 0, 1));
    assert_eq!(
        numbers(&skews(&lags[60..], 1_000)[0]),
        (800, 800, 0),
        "among ninety it counts"
    );
}

#[test]
fn lags_beyond_all_numbers_are_corrected_within_the_limit() {
    let mut seen = Lags::default();
    seen.add("a", "b", i64::MIN);
    seen.add("b", "a", i64::MAX);
    let clocks = seen.settle(1_000);
    assert_eq!(clocks.correction_nanos("a", "b"), MS);
    assert_eq!(clocks.correction_nanos("b", "a"), -MS);
}

proptest! {
    /// Messages take some time either way, and one clock is off by some: what is corrected leaves no lag below zero, is no further
    /// than the shortest way from what was put in, and has the same size the other way.
    #[test]
    fn an_offset_is_found_within_the_shortest_ways(
        offset in -400_i64..400,
        forth in prop::collection::vec(0_i64..300, 1..40),
        back in prop::collection::vec(0_i64..300, 1..40),
    ) {
        let lags: Vec<(&str, &str, i64)> = forth
            .iter()
            .map(|way| ("a", "b", way - offset))
            .chain(back.iter().map(|way| ("b", "a", way + offset)))
            .collect();
        let found = skews(&lags, 1_000);
        let (there, here) = (&found[0], &found[1]);
        prop_assert_eq!((there.below_zero_count, here.below_zero_count), (0, 0));
        prop_assert_eq!(there.applied_us, -here.applied_us);
        let shortest = (forth.iter().min().unwrap(), back.iter().min().unwrap());
        let applied_ms = there.applied_us / 1_000;
        prop_assert!(applied_ms >= offset - shortest.0 && applied_ms <= offset + shortest.1);
        prop_assert!(applied_ms.abs() <= offset.abs());
    }

    /// The order in which messages are seen changes nothing.
    #[test]
    fn order_changes_nothing(mut lags in prop::collection::vec((0_u8..3, 0_u8..3, -900_i64..900), 0..60)) {
        let settle = |lags: &[(u8, u8, i64)]| {
            let mut seen = Lags::default();
            for (sender, receiver, lag) in lags {
                seen.add(&sender.to_string(), &receiver.to_string(), lag * MS);
            }
            seen.settle(500_000).0
        };
        let expected = settle(&lags);
        lags.reverse();
        prop_assert_eq!(settle(&lags), expected);
    }
}
