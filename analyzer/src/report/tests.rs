//! The report as a whole.

use pennyspan_rules::price::Allowances;
use pennyspan_rules::rule::Severity;
use pennyspan_schema::Window;
use serde_json::{Value, json};

use super::gate::Against;
use super::*;
use crate::Span;
use crate::judge::judgement::WindowText;
use crate::judge::judgement::{Confidence, ExemplarText, Impact, Threshold};
use crate::testing::{SECOND, SEVEN, World, attempt};

mod accepted;
mod broken;
mod formats;
mod order;
mod schema;

const HOUR: Window = Window {
    start_unix_nano: SEVEN,
    end_unix_nano: SEVEN + 3_600 * SECOND,
};

/// Ten attempts of a second at 1,024 MiB: two with 200 ms of init, one warm one out of memory, two of them at once.
fn ten() -> World {
    let mut world = World::default();
    for (id, start_s) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().zip(0..) {
        world.attempt(&attempt(id, start_s * 60));
    }
    world.attempt(&pennyspan_schema::tables::invocations::Row {
        outcome: Some("out_of_memory"),
        max_memory_used_mib: Some(1_024),
        ..attempt("h", 600)
    });
    for id in ["i", "j"] {
        world.attempt(&pennyspan_schema::tables::invocations::Row {
            duration_us: Some(800_000),
            init_duration_us: Some(200_000),
            ..attempt(id, 900)
        });
    }
    world
}

fn asked() -> Asked {
    Asked {
        selection: Selection::default(),
        rules: Vec::new(),
        input: Input {
            sources: 1,
            ..Input::default()
        },
        payers: Payers::default(),
        allowances: Allowances::Applied,
        suppressions: Vec::new(),
        trust: Trust::default(),
        gate: GatePolicy {
            against: Against::Baseline,
            ..GatePolicy::default()
        },
        numbers: Numbers::default(),
    }
}

fn out_of_memory() -> Finding {
    let usd = "0.0000168667".to_owned();
    Finding {
        rule: "oom".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        fingerprint: "a80a1f0dbe5a675b".to_owned(),
        provider: Some("aws".to_owned()),
        account: None,
        region: Some("us-east-1".to_owned()),
        function: Some("checkout".to_owned()),
        sub_resource: None,
        versions: vec!["42".to_owned()],
        window: WindowText::of(HOUR),
        n: 10,
        message: "…".to_owned(),
        values: [("out_of_memory".to_owned(), json!(1))].into_iter().collect(),
        threshold: Some(Threshold {
            name: "min_count".to_owned(),
            value: json!(1),
            unit: "invocation".to_owned(),
            source: "…".to_owned(),
            overridden_by: None,
        }),
        impact: Impact {
            usd: Some([usd.clone(), usd]),
            ..Impact::default()
        },
        exemplars: vec![ExemplarText {
            invocation_id: Some("…".to_owned()),
            trace_id: None,
        }],
        query: "SELECT …".to_owned(),
        baseline: Some("new".to_owned()),
        suppressed: None,
        also: Vec::new(),
        any_account: false,
        place: None,
    }
}

fn judgement() -> Judgement {
    Judgement {
        findings: vec![out_of_memory()],
        not_judged: vec![NotJudged {
            rule: "near-timeout".to_owned(),
            reason: "insufficient configuration".to_owned(),
            needs: vec!["timeout_ms".to_owned()],
            scopes: 1,
        }],
        coverage: CoverageText {
            rules_judged: 1,
            rules_not_judged: 1,
            ..CoverageText::default()
        },
    }
}

async fn report_of(world: &World, span: Span, asked: &Asked, judgement: Judgement) -> Report {
    let session = world.session(span).await;
    Report::assemble(&session, &world.snapshot(), asked, judgement)
        .await
        .unwrap()
}

#[tokio::test]
async fn ten_invocations_give_the_published_report() {
    let mut report = report_of(&ten(), Span::Window(HOUR), &asked(), judgement()).await;
    // The facts behind the ten attempts are not part of this test's snapshot.
    report.input.rows.invocation_facts = 10;
    let published: Value = serde_json::from_str(include_str!("tests/example.json")).unwrap();
    assert_eq!(
        serde_json::to_string_pretty(&report).unwrap(),
        serde_json::to_string_pretty(&published).unwrap()
    );
}

#[tokio::test]
async fn an_empty_input_is_no_data_and_not_zero() {
    let report = report_of(&World::default(), Span::Whole, &asked(), Judgement::default()).await;
    assert_eq!((report.gate.status, report.gate.exit_code), ("no data", 3));
    assert!(report.functions.is_empty());
    assert!(table::render(&report).unwrap().contains("no data"));
    assert!(markdown::render(&report).unwrap().contains("No data"));
}

#[tokio::test]
async fn without_a_baseline_findings_are_listed_and_the_gate_passes() {
    let asked = Asked {
        trust: Trust::default(),
        gate: GatePolicy::default(),
        ..asked()
    };
    let report = report_of(&ten(), Span::Window(HOUR), &asked, judgement()).await;
    assert_eq!((report.gate.status, report.gate.exit_code), ("passed", 0));
    assert!(
        report.gate.reasons[0].contains("--write-baseline"),
        "{:?}",
        report.gate.reasons
    );
}

#[tokio::test]
async fn suppressed_and_known_findings_do_not_close_the_gate() {
    let quiet = |finding: Finding| Judgement {
        findings: vec![finding],
        ..judgement()
    };
    for finding in [
        Finding {
            suppressed: Some("accepted".to_owned()),
            ..out_of_memory()
        },
        Finding {
            baseline: Some("known".to_owned()),
            ..out_of_memory()
        },
        Finding {
            severity: Severity::Medium,
            ..out_of_memory()
        },
    ] {
        let report = report_of(&ten(), Span::Window(HOUR), &asked(), quiet(finding)).await;
        assert_eq!(report.gate.exit_code, 0);
    }
}

#[tokio::test]
async fn a_monthly_limit_needs_a_day_of_window() {
    let cents = Amount::ratio(1, 100);
    let gate = GatePolicy {
        max_monthly: Some(cents),
        ..GatePolicy::default()
    };
    let asked = Asked { gate, ..asked() };
    let hour = report_of(&ten(), Span::Window(HOUR), &asked, Judgement::default()).await;
    assert_eq!(hour.gate.exit_code, 0);
    let day = Window {
        end_unix_nano: SEVEN + 86_400 * SECOND,
        ..HOUR
    };
    let day = report_of(&ten(), Span::Window(day), &asked, Judgement::default()).await;
    assert_eq!(
        day.gate.exit_code, 0,
        "$0.000168667 x 730 / 24 is half a cent: {:?}",
        day.gate.reasons
    );
    let less = GatePolicy {
        max_monthly: Some(Amount::ratio(5, 1_000)),
        ..GatePolicy::default()
    };
    let day = Window {
        end_unix_nano: SEVEN + 86_400 * SECOND,
        ..HOUR
    };
    let day = report_of(
        &ten(),
        Span::Window(day),
        &Asked { gate: less, ..asked },
        Judgement::default(),
    )
    .await;
    assert_eq!(
        day.gate.reasons,
        ["$0.01 a month at list prices (0 not priced), more than $0.00"]
    );
}

#[tokio::test]
async fn people_read_verdict_and_money_first() {
    let report = report_of(&ten(), Span::Window(HOUR), &asked(), judgement()).await;
    insta::assert_snapshot!("table", table::render(&report).unwrap());
    insta::assert_snapshot!("markdown", markdown::render(&report).unwrap());
}

#[tokio::test]
async fn a_comment_stays_under_its_limit_and_hostile_names_do_nothing() {
    let mut world = World::default();
    let names: Vec<String> = (0..400)
        .map(|n| format!("<b>fn|{n}@team`\u{1b}[31m{}", "x".repeat(300)))
        .collect();
    for name in &names {
        world.attempt(&pennyspan_schema::tables::invocations::Row {
            function: Some(name),
            ..attempt("a", 0)
        });
    }
    let report = report_of(&world, Span::Whole, &asked(), judgement()).await;
    let comment = markdown::render(&report).unwrap();
    assert!(
        comment.chars().count() < markdown::LONGEST,
        "{}",
        comment.chars().count()
    );
    assert!(comment.contains('+') && comment.contains("more functions in the JSON report"));
    assert!(!comment.contains("<b>") && !comment.contains('\u{1b}') && !comment.contains("@team"));
    assert!(!table::render(&report).unwrap().contains('\u{1b}'));
}
