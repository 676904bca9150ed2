use pennyspan_schema::tables::invocations::Row;

use super::*;
use crate::Span;
use crate::report::money::Volumes;
use crate::testing::{SECOND, SEVEN, World, attempt};

const HOUR_S: i64 = 3_600;

/// An hour of attempts before seven and one after it, whose durations and failures differ as told.
fn two_hours(slower_us: i64, failed: i64) -> World {
    let mut world = World::default();
    for at in 0..120 {
        let id: &'static str = format!("i{at}").leak();
        let now = at >= 60;
        world.attempt(&Row {
            duration_us: Some(1_000_000 + 1_000 * (at % 60) + if now { slower_us } else { 0 }),
            outcome: Some(if now && at - 60 < failed { "error" } else { "ok" }),
            ..attempt(id, (at - 60) * 60)
        });
    }
    world
}

fn now() -> Window {
    Window {
        start_unix_nano: SEVEN,
        end_unix_nano: SEVEN + HOUR_S * SECOND,
    }
}

async fn compared(world: &World, with: With) -> Comparison {
    let all = Selection::default();
    let session = world.session(Span::Window(with.window(now()).unwrap())).await;
    let before = Before::measured(with, &session, &all).await.unwrap();
    Comparison::of(&before, &beside(&before, world).await)
}

async fn beside(before: &Before, world: &World) -> Sides {
    let session = world.session(Span::Window(now())).await;
    let question = Question {
        window: now(),
        selection: Selection::default(),
    };
    Sides::of(before, &session, &figures(&session, &question).await.unwrap())
}

#[tokio::test]
async fn the_same_again_is_no_change() {
    let comparison = compared(&two_hours(0, 0), With::Previous).await;
    assert_eq!(comparison.window.start, "2026-10-08T06:00:00Z");
    assert_eq!(
        comparison.lines(),
        [(
            "all functions".to_owned(),
            "nothing changed by more than chance".to_owned()
        )]
    );
    let total = comparison.total.unwrap();
    assert_eq!(
        (total.invocations.before, total.invocations.delta),
        (Some(json!(60)), Some(json!(0)))
    );
    assert_eq!(total.cost_usd.delta, Some(json!("0")));
}

#[tokio::test]
async fn differences_beyond_chance_are_told_from_those_within() {
    let slower = compared(&two_hours(300_000, 1), With::Previous).await;
    let row = &slower.functions[0];
    assert_eq!((row.status, row.changes.p50_ms.beyond_noise), ("both", Some(true)));
    assert_eq!(row.changes.p50_ms.delta, Some(json!(300.0)));
    assert_eq!(row.changes.error_rate.beyond_noise, Some(false), "one of sixty");
    assert!(
        slower.lines()[1].1.starts_with("p50 ms 1029.0 -> 1329.0"),
        "{:?}",
        slower.lines()
    );
    let failing = compared(&two_hours(0, 20), With::Previous).await;
    assert_eq!(failing.functions[0].changes.error_rate.beyond_noise, Some(true));
}

#[tokio::test]
async fn a_window_without_data_before_is_said_and_not_zero() {
    let comparison = compared(&two_hours(0, 0), With::Week).await;
    assert_eq!((comparison.has_data, &comparison.total), (false, &None));
    assert!(comparison.functions.is_empty() && comparison.head().contains("no data there"));
    assert_eq!(comparison.window.start, "2026-10-01T07:00:00Z");
}

/// The example that the documentation publishes, as an earlier report.
const EARLIER: &str = include_str!("../tests/example.json");

#[tokio::test]
async fn an_earlier_report_is_compared_by_its_counts_and_by_tolerance() {
    let before = Before::of_report(&EarlierReport::parse(EARLIER).unwrap());
    let sides = beside(&before, &two_hours(300_000, 0)).await;
    let comparison = Comparison::of(&before, &sides);
    let changes = &comparison.functions[0].changes;
    assert_eq!(changes.p50_ms.interval, None);
    assert_eq!(
        (changes.p50_ms.before.clone(), changes.p50_ms.beyond_noise),
        (Some(json!(1000.0)), Some(true))
    );
    assert_eq!(changes.error_rate.before, Some(json!(0.1)));
    assert!(changes.error_rate.interval.is_some() && changes.cost_per_1k_usd.interval.is_some());
    assert_eq!(changes.retry_ratio.beyond_noise, Some(false));
    assert_eq!(
        comparison.total.unwrap().p50_ms.before,
        None,
        "a report has no quantiles over all functions"
    );
}

#[test]
fn what_is_no_earlier_report_is_refused_in_words() {
    for (text, words) in [
        ("{", "not JSON"),
        ("{}", "it has no `version`"),
        ("[]", "it has no `version`"),
        (r#"{"version":2}"#, "version 2, and this program reads version 1"),
        (r#"{"version":1}"#, "not a report of version 1"),
        (
            &EARLIER.replace("2026-10-08T07:00:00Z", "noon"),
            "`window.start` holds `noon`",
        ),
        (
            &EARLIER.replace("\"0.000168667\"", "\"cheap\""),
            "`cost_usd` holds `cheap`",
        ),
    ] {
        let error = EarlierReport::parse(text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn productions_counts_are_a_report_or_a_map() {
    let of_report = Volumes::parse(EARLIER).unwrap();
    assert_eq!(of_report.0["checkout"], Amount::ratio(7_300, 1), "ten in an hour");
    let of_map = Volumes::parse(r#"{"checkout": 7300, "version": 3}"#).unwrap();
    assert_eq!(
        (of_map.0["checkout"].clone(), of_map.0.len()),
        (Amount::ratio(7_300, 1), 2)
    );
    for (text, words) in [(r#"{"a": 1.5}"#, "a: 1.5"), ("[1]", "not a report"), ("x", "not JSON")] {
        let error = Volumes::parse(text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
