use super::*;
use crate::analysis::bounded::{Z_95, float, fraction};

fn usd(cents: i128) -> Amount {
    Amount::ratio(cents, 100)
}

/// A side of so many invocations, each 1,000 of which cost so many cents, give or take a twentieth.
fn side(invocations: i64, cents: i128, monthly: bool) -> Side {
    let per_1k = Bounded::within(usd(cents), &Amount::ratio(cents, 2_000), invocations);
    Side {
        invocations: Bounded::bare(Amount::ratio(i128::from(invocations), 1), invocations),
        monthly_invocations: monthly.then(|| Amount::ratio(i128::from(invocations) * 30, 1)),
        error_rate: None,
        cold_start_rate: None,
        p50_ms: None,
        p95_ms: None,
        retry_ratio: None,
        cost_usd: None,
        monthly_usd: monthly.then(|| per_1k.times(&Amount::ratio(i128::from(invocations) * 30, 1_000))),
        cost_per_1k: (invocations > 0).then_some(per_1k),
    }
}

fn sides(before: Side, after: Side) -> Sides {
    let scope = Scope {
        function: Some("checkout".to_owned()),
        ..Scope::default()
    };
    Sides {
        before: [(scope.clone(), before.clone())].into(),
        after: [(scope, after.clone())].into(),
        before_total: before,
        after_total: after,
    }
}

fn risen(most: &Increase, before: i128, after: i128) -> Verdict {
    judge_increase(
        most,
        Some(&sides(side(2_000, before, false), side(2_000, after, false))),
        None,
        20,
    )
}

#[test]
fn a_rise_beyond_chance_fails_and_one_within_it_is_said() {
    let tenth = Increase::Percent(Amount::ratio(10, 1));
    assert_eq!(
        risen(&tenth, 100, 130).failed,
        ["the cost of 1,000 invocations rose by 30.0 % from $1.00 to $1.30, more than 10 %"]
    );
    let chance = risen(&tenth, 100, 112);
    assert!(
        chance.failed.is_empty() && chance.notes[0].ends_with("which may be chance"),
        "{chance:?}"
    );
    assert_eq!(risen(&tenth, 100, 110), Verdict::default(), "exactly at the limit");
    assert_eq!(risen(&tenth, 100, 50), Verdict::default());
}

#[test]
fn what_cannot_be_compared_is_said() {
    let tenth = Increase::Percent(Amount::ratio(10, 1));
    let nothing = judge_increase(
        &tenth,
        Some(&sides(side(0, 0, false), side(2_000, 100, false))),
        None,
        20,
    );
    assert_eq!(
        nothing.notes,
        ["an increase is not judged: there is no data in the window before"]
    );
    let fifty = Increase::Usd(usd(5_000));
    let short = risen(&fifty, 100, 200);
    assert!(
        short.failed.is_empty() && short.notes[0].contains("--volumes"),
        "{short:?}"
    );
    assert!(judge_increase(&tenth, None, None, 20).notes[0].contains("--compare"));
}

#[test]
fn months_are_compared_with_months_and_at_productions_counts() {
    let fifty = Increase::Usd(usd(5_000));
    // 60,000 invocations a month.
    let days = |after: i128| sides(side(2_000, 100, true), side(2_000, after, true));
    assert_eq!(judge_increase(&fifty, Some(&days(150)), None, 20), Verdict::default());
    assert!(judge_increase(&fifty, Some(&days(200)), None, 20).failed[0].starts_with("a month's cost rose by 100.0 %"));
    let volumes = Volumes([("checkout".to_owned(), Amount::ratio(1_000_000, 1))].into());
    let hours = sides(side(2_000, 100, false), side(2_000, 150, false));
    let verdict = judge_increase(&fifty, Some(&hours), Some(&volumes), 20);
    assert_eq!(
        verdict.failed,
        ["a month's cost at production's counts rose by 50.0 % from $1000.00 to $1500.00, more than $50.00"]
    );
}

#[test]
fn a_monthly_maximum_of_a_short_window_is_judged_by_a_thousand_invocations() {
    let month = Month {
        monthly: None,
        at_volumes: None,
        not_priced: 0,
    };
    let none = judge_month(&usd(3_000), &month, None, 20);
    assert!(
        none.failed.is_empty() && none.notes[0].contains("--volumes"),
        "{none:?}"
    );
    // 60,000 invocations a month for $30: 50 cents for 1,000.
    let before = sides(side(2_000, 100, true), side(100, 100, false));
    let verdict = judge_month(&usd(3_000), &month, Some(&before), 20);
    assert!(verdict.failed[0].starts_with("$1.000000 per 1,000 invocations, of which $30.00 a month allows $0.500000"));
    let verdict = judge_month(&usd(6_000), &month, Some(&before), 20);
    assert!(verdict.failed.is_empty() && verdict.notes.len() == 1, "{verdict:?}");
}

#[test]
fn functions_that_production_does_not_name_are_counted() {
    let volumes = Volumes([("checkout".to_owned(), Amount::ratio(2_000, 1))].into());
    let cost = Some(Bounded::within(usd(300), &usd(10), 40));
    let at = volumes.monthly_of([(Some("checkout"), cost.clone()), (Some("mailer"), cost)].into_iter());
    assert_eq!((at.value.unwrap().point, at.unnamed), (usd(600), 1));
}

/// Returns the cost of 1,000 of so many invocations whose durations scatter by half of what they are, drawn from a seed.
fn drawn(mut seed: u64, n: i64, percent: i64) -> Bounded {
    let mut uniform = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(seed >> 40).unwrap()
    };
    // From nothing to twice the middle, on average the middle.
    let costs: Vec<i64> = (0..n).map(|_| uniform() * percent / 100).collect();
    let (sum, squares) = costs.iter().fold((0_i128, 0.0), |(sum, squares), cost| {
        let cost = i128::from(*cost);
        (sum + cost, squares + float(cost) * float(cost))
    });
    let count = float(i128::from(n));
    let scatter = (squares - float(sum) * float(sum) / count).sqrt() / count;
    let reach = fraction(Z_95 * scatter).unwrap();
    Bounded::within(Amount::ratio(sum, i128::from(n)), &reach, n)
}

#[test]
fn two_hundred_seeds_never_fail_by_chance_and_always_by_a_third_more() {
    let tenth = Increase::Percent(Amount::ratio(10, 1));
    let failed = |seed: u64, percent: i64| {
        let with = |cost: Bounded| Side {
            cost_per_1k: Some(cost),
            ..side(2_000, 100, false)
        };
        let compared = sides(
            with(drawn(seed, 2_000, 100)),
            with(drawn(seed ^ 0xA5A5, 2_000, percent)),
        );
        !judge_increase(&tenth, Some(&compared), None, 20).failed.is_empty()
    };
    assert_eq!((1..=200).filter(|seed| failed(*seed, 100)).count(), 0);
    assert_eq!((1..=200).filter(|seed| failed(*seed, 130)).count(), 200);
}

#[test]
fn a_rise_of_few_samples_is_said_and_not_judged() {
    let tenth = Increase::Percent(Amount::ratio(10, 1));
    let few = sides(side(2_000, 100, false), side(19, 900, false));
    let verdict = judge_increase(&tenth, Some(&few), None, 20);
    assert!(
        verdict.failed.is_empty() && verdict.notes[0].contains("19 samples on one side"),
        "{verdict:?}"
    );
}
