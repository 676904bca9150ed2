use super::*;

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
    let nothing = judge_increase(&tenth, Some(&sides(side(0, 0, false), side(2_000, 100, false))), None);
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
    assert!(judge_increase(&tenth, None, None).notes[0].contains("--compare"));
}

#[test]
fn months_are_compared_with_months_and_at_productions_counts() {
    let fifty = Increase::Usd(usd(5_000));
    // 60,000 invocations a month.
    let days = |after: i128| sides(side(2_000, 100, true), side(2_000, after, true));
    assert_eq!(judge_increase(&fifty, Some(&days(150)), None), Verdict::default());
    assert!(judge_increase(&fifty, Some(&days(200)), None).failed[0].starts_with("a month's cost rose by 100.0 %"));
    let volumes = Volumes([("checkout".to_owned(), Amount::ratio(1_000_000, 1))].into());
    let hours = sides(side(2_000, 100, false), side(2_000, 150, false));
    let verdict = judge_increase(&fifty, Some(&hours), Some(&volumes));
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
    let none = judge_month(&usd(3_000), &month, None);
    assert!(
        none.failed.is_empty() && none.notes[0].contains("--volumes"),
        "{none:?}"
    );
    // 60,000 invocations a month for $30: 50 cents for 1,000.
    let before = sides(side(2_000, 100, true), side(100, 100, false));
    let verdict = judge_month(&usd(3_000), &month, Some(&before));
    assert!(verdict.failed[0].starts_with("$1.000000 per 1,000 invocations, of which $30.00 a month allows $0.500000"));
    let verdict = judge_month(&usd(6_000), &month, Some(&before));
    assert!(verdict.failed.is_empty() && verdict.notes.len() == 1, "{verdict:?}");
}

#[test]
fn functions_that_production_does_not_name_are_counted() {
    let volumes = Volumes([("checkout".to_owned(), Amount::ratio(2_000, 1))].into());
    let cost = Some(Bounded::within(usd(300), &usd(10), 40));
    let at = volumes.monthly_of([(Some("checkout"), cost.clone()), (Some("mailer"), cost)].into_iter());
    assert_eq!((at.value.unwrap().point, at.unnamed), (usd(600), 1));
}
