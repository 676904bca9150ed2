use pennyspan_schema::Window;
use pennyspan_schema::tables::invocation_calls;
use pennyspan_schema::tables::invocations::Row;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Span;
use crate::testing::{SECOND, SEVEN, World, attempt};

const ALL: Judging<'static> = Judging {
    within: &Selection {
        functions: Vec::new(),
        services: Vec::new(),
        environments: Vec::new(),
        tenants: Vec::new(),
        within: None,
    },
    min_samples: 20,
    volumes: None,
};

/// So many attempts, a minute apart, of which so many fail.
fn failing(failed: i64, all: i64) -> World {
    let mut world = World::default();
    for at in 0..all {
        let id: &'static str = format!("i{at}").leak();
        let outcome = if at < failed { "error" } else { "ok" };
        world.attempt(&Row {
            outcome: Some(outcome),
            service: Some("shop"),
            tenant: Some(if at % 2 == 0 { "blue" } else { "red" }),
            duration_us: Some(1_000 * (at + 1)),
            evidence_span: true,
            ..attempt(id, at * 60)
        });
    }
    world
}

fn budget(measure: Measure, limit: &str) -> Budget {
    Budget {
        selector: Selector::default(),
        measure,
        limit: limit.parse().unwrap(),
        level: Level::Fail,
    }
}

async fn judged(world: &World, budget: Budget) -> BudgetRow {
    judged_by(world, Span::Whole, budget, ALL).await
}

async fn judged_by(world: &World, span: Span, budget: Budget, by: Judging<'_>) -> BudgetRow {
    let session = world.session(span).await;
    let question = Question {
        window: session.window(),
        selection: by.within.clone(),
    };
    let all = figures(&session, &question).await.unwrap();
    judge(&session, &[budget], &all, by).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_budget_exactly_at_its_limit_passes() {
    for (measure, limit) in [
        (Measure::ErrorRate, "0.05"),
        (Measure::P95Ms, "95"),
        (Measure::RetryRatio, "1"),
        // A GB-second and a request each.
        (Measure::CostPer1kUsd, "0.0168667"),
    ] {
        let row = judged(&failing(5, 100), budget(measure, limit)).await;
        assert_eq!(row.status, Status::Passed, "{}", row.sentence());
        assert_eq!(
            row.value.as_ref().map(ToString::to_string),
            Some(row.limit.to_string()).map(|text| {
                // Shares and durations are numbers, written with a point.
                if measure.is_money() {
                    format!("\"{limit}\"")
                } else {
                    text
                }
            })
        );
    }
}

#[tokio::test]
async fn chance_only_warns_and_what_is_beyond_it_fails() {
    let world = failing(6, 100);
    let row = judged(&world, budget(Measure::ErrorRate, "0.05")).await;
    assert_eq!((row.status, row.n), (Status::Warned, 100), "{}", row.sentence());
    let row = judged(&failing(20, 20), budget(Measure::ErrorRate, "0.05")).await;
    assert_eq!(row.status, Status::Failed, "{}", row.sentence());
    assert_eq!(
        row.sentence(),
        "error_rate of all functions is 1.0 (0.838875 at the 95 % lower bound, n = 20), more than 0.05"
    );
    let listed = Budget {
        level: Level::Warn,
        ..budget(Measure::ErrorRate, "0.05")
    };
    assert_eq!(judged(&failing(20, 20), listed).await.status, Status::Warned);
    // Every invocation costs the same, so nothing above its price is chance.
    assert_eq!(
        judged(&world, budget(Measure::CostPer1kUsd, "0.0168666")).await.status,
        Status::Failed
    );
    assert_eq!(
        judged(&world, budget(Measure::P95Ms, "94")).await.status,
        Status::Warned
    );
    assert_eq!(
        judged(&world, budget(Measure::P95Ms, "80")).await.status,
        Status::Failed
    );
}

#[tokio::test]
async fn too_few_samples_and_what_nothing_tells_are_said_and_not_judged() {
    let row = judged(&failing(19, 19), budget(Measure::ErrorRate, "0.05")).await;
    assert_eq!(row.status, Status::NotJudged);
    assert!(
        row.sentence().contains("19 samples, and 20 are asked for"),
        "{}",
        row.sentence()
    );
    for (measure, words) in [
        (Measure::InitP95Ms, "no init duration is known"),
        (Measure::TriggerLagP95Ms, "no lag is known"),
        (Measure::MonthlyUsd, "a window of at least 24 hours"),
    ] {
        let row = judged(&failing(0, 30), budget(measure, "1")).await;
        assert_eq!((row.status, row.value.is_none()), (Status::NotJudged, true));
        assert!(row.sentence().contains(words), "{}", row.sentence());
    }
}

#[tokio::test]
async fn a_selector_chooses_attempts_and_one_that_matches_nothing_is_reported() {
    let of = |selector: Selector| Budget {
        selector,
        ..budget(Measure::ErrorRate, "0.5")
    };
    let glob = |text: &str| Some(text.to_owned());
    let world = failing(0, 60);
    for (selector, n) in [
        (
            Selector {
                function: glob("check*"),
                ..Selector::default()
            },
            60,
        ),
        (
            Selector {
                tenant: glob("blue"),
                service: glob("shop"),
                ..Selector::default()
            },
            30,
        ),
    ] {
        assert_eq!(judged(&world, of(selector)).await.n, n);
    }
    for selector in [
        Selector {
            function: glob("nobody"),
            ..Selector::default()
        },
        Selector {
            env: glob("prod"),
            ..Selector::default()
        },
    ] {
        let row = judged(&world, of(selector)).await;
        assert_eq!(row.status, Status::Unmatched);
        assert!(row.sentence().contains("correct its selector or remove it"));
    }
}

#[tokio::test]
async fn a_budget_of_what_the_report_is_not_about_is_not_called_unmatched() {
    let of_mailer = Selector {
        function: Some("mailer".to_owned()),
        ..Selector::default()
    };
    let budget = Budget {
        selector: of_mailer,
        ..budget(Measure::ErrorRate, "0.5")
    };
    let within = Selection {
        functions: vec!["checkout".to_owned()],
        ..Selection::default()
    };
    let by = Judging { within: &within, ..ALL };
    let row = judged_by(&failing(0, 30), Span::Whole, budget.clone(), by).await;
    assert!(
        row.status == Status::NotJudged && row.sentence().contains("other attempts"),
        "{}",
        row.sentence()
    );
    let row = judged(&World::default(), budget).await;
    assert!(
        row.sentence().contains("no attempt starts in the window"),
        "{}",
        row.sentence()
    );
}

#[tokio::test]
async fn calls_are_counted_for_each_invocation_with_spans() {
    let mut world = failing(0, 40);
    for at in 0..40 {
        let id: &'static str = format!("i{at}").leak();
        world.call(&invocation_calls::Row {
            provider: "aws",
            key_scope: "",
            invocation_id: id,
            start_unix_nano: SEVEN + at * 60 * SECOND,
            function: Some("checkout"),
            sample_weight_milli: 1_000,
            dependency_kind: "table",
            dependency: "orders",
            call_count: 3,
            ..invocation_calls::Row::default()
        });
    }
    let row = judged(&world, budget(Measure::CallsPerInvocation, "2")).await;
    assert_eq!((row.status, row.value, row.n), (Status::Failed, Some(json!(3.0)), 40));
    assert_eq!(
        judged(&world, budget(Measure::CallsPerInvocation, "3")).await.status,
        Status::Passed
    );
}

#[tokio::test]
async fn a_month_is_given_at_the_rate_of_a_day_or_at_productions_counts() {
    let world = failing(0, 50);
    let day = Window {
        start_unix_nano: SEVEN,
        end_unix_nano: SEVEN + 86_400 * SECOND,
    };
    let monthly = budget(Measure::MonthlyUsd, "1");
    let row = judged_by(&world, Span::Window(day), monthly.clone(), ALL).await;
    // 50 x $0.0000168667 x 730 / 24.
    assert_eq!(row.value, Some(json!("0.025651439583333333")));
    let volumes = Volumes([("checkout".to_owned(), Amount::ratio(1_000_000, 1))].into());
    let at_volumes = Judging {
        volumes: Some(&volumes),
        ..ALL
    };
    let row = judged_by(&world, Span::Window(day), monthly, at_volumes).await;
    assert_eq!((row.value, row.status), (Some(json!("16.8667")), Status::Failed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_higher_limit_is_never_judged_harder(failed in 0_i64..30, more in 20_i64..60, limit in 0_i64..1_000) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = failing(failed, failed + more);
        let rank = |thousandths: i64| {
            let limit = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
            match runtime.block_on(judged(&world, budget(Measure::ErrorRate, &limit))).status {
                Status::Passed => 0,
                Status::Warned => 1,
                _ => 2,
            }
        };
        prop_assert!(rank(limit) >= rank(limit + 50));
    }
}
