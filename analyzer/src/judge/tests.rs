//! Judgement over attempts as fold would leave them.

use pennyspan_rules::Catalogue;
use pennyspan_rules::rule::Severity;
use pennyspan_schema::tables::{environment_facts, invocations};

use super::*;
use crate::judge::judgement::Confidence;
use crate::session::Span;
use crate::testing::{SEVEN, World, attempt};

const IDS: [&str; 10] = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"];

/// Ten attempts within an hour, of which the fourth runs out of memory.
fn ten() -> World {
    let mut world = World::default();
    for (id, start_s) in IDS.into_iter().zip((0..).step_by(390)) {
        let outcome = if id == "a3" { "out_of_memory" } else { "ok" };
        world.attempt(&invocations::Row {
            outcome: Some(outcome),
            ..attempt(id, start_s)
        });
    }
    world
}

async fn judged(world: &World, judging: &Judging) -> Judgement {
    let session = world.session(Span::Whole).await;
    let question = Question {
        window: session.window(),
        selection: Selection::default(),
    };
    judge(&session, &question, &Catalogue::embedded().unwrap(), judging)
        .await
        .unwrap()
}

fn only(rules: &[&str]) -> Judging {
    Judging {
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        ..Judging::default()
    }
}

#[tokio::test]
async fn a_finding_says_what_whom_how_much_and_how_to_see_it() {
    let Judgement {
        findings,
        not_judged,
        coverage,
    } = judged(&ten(), &only(&["oom", "near-timeout"])).await;
    let [finding] = findings.as_slice() else {
        panic!("{findings:?}")
    };
    assert_eq!(
        (finding.rule.as_str(), finding.severity, finding.confidence),
        ("oom", Severity::High, Confidence::High)
    );
    assert_eq!(finding.fingerprint, "a80a1f0dbe5a675b");
    assert_eq!(
        (finding.function.as_deref(), finding.n, finding.versions.as_slice()),
        (Some("checkout"), 10, &["42".to_owned()][..])
    );
    assert_eq!(
        finding.message,
        "1 of 10 invocations ran out of memory at 1,024 MiB (10.0 %)."
    );
    assert_eq!(
        finding.impact.usd,
        Some(["0.0000168667".to_owned(), "0.0000168667".to_owned()])
    );
    assert_eq!(finding.impact.usd_month, None, "an hour gives no monthly amount");
    let threshold = finding.threshold.as_ref().unwrap();
    assert_eq!(
        (
            threshold.name.as_str(),
            threshold.value.as_i64(),
            &threshold.overridden_by
        ),
        ("min_count", Some(1), &None)
    );
    assert_eq!(finding.exemplars[0].invocation_id.as_deref(), Some("a3"));
    assert_eq!(finding.exemplars.len(), 1, "only what ran out of memory shows it");
    assert!(!finding.query.contains('$'), "{}", finding.query);
    let [gap] = not_judged.as_slice() else {
        panic!("{not_judged:?}")
    };
    assert_eq!(
        (gap.rule.as_str(), gap.reason.as_str(), gap.scopes),
        ("near-timeout", "insufficient configuration", 1)
    );
    assert_eq!(gap.needs, ["timeout_ms"]);
    assert_eq!((coverage.rules_judged, coverage.rules_not_judged), (1, 1));
}

#[tokio::test]
async fn findings_do_not_depend_on_the_order_of_rows_or_on_partitions() {
    let world = ten();
    let text = |judgement: Judgement| serde_json::to_string(&judgement.findings).unwrap();
    let whole = text(judged(&world, &Judging::default()).await);
    assert!(whole.contains("\"oom\""));
    assert_eq!(text(judged(&world.reversed(), &Judging::default()).await), whole);
    let session = world.session_of(Span::Whole, 1).await;
    let question = Question {
        window: session.window(),
        selection: Selection::default(),
    };
    let alone = judge(
        &session,
        &question,
        &Catalogue::embedded().unwrap(),
        &Judging::default(),
    )
    .await
    .unwrap();
    assert_eq!(text(alone), whole);
}

#[tokio::test]
async fn an_override_holds_for_the_functions_that_it_selects_and_is_named() {
    let changed = |function: &str| Override {
        rule: "oom".to_owned(),
        param: "min_count".to_owned(),
        value: Decimal::whole(2),
        key: "rules.oom.min_count".to_owned(),
        selection: Selection {
            functions: vec![function.to_owned()],
            ..Selection::default()
        },
    };
    let with = |overrides: Vec<Override>| Judging {
        overrides,
        ..only(&["oom"])
    };
    assert!(judged(&ten(), &with(vec![changed("check*")])).await.findings.is_empty());
    assert_eq!(judged(&ten(), &with(vec![changed("other")])).await.findings.len(), 1);
    let lowered = Override {
        value: Decimal::whole(1),
        ..changed("checkout")
    };
    let findings = judged(&ten(), &with(vec![lowered])).await.findings;
    assert_eq!(
        findings[0].threshold.as_ref().unwrap().overridden_by.as_deref(),
        Some("rules.oom.min_count")
    );
}

#[tokio::test]
async fn nothing_is_found_and_nothing_is_judged_where_there_is_nothing() {
    let judgement = judged(&World::default(), &Judging::default()).await;
    assert!(judgement.findings.is_empty());
    assert_eq!(
        (judgement.coverage.rules_judged, judgement.coverage.rules_not_judged),
        (0, 16)
    );
}

#[tokio::test]
async fn lost_telemetry_lowers_the_confidence_of_its_function() {
    let dropped = |function: Option<&'static str>, instance_id: Option<&'static str>| {
        let mut world = ten();
        world.environment(&environment_facts::Row {
            provider: "aws",
            fact_kind: "init_start",
            fact_unix_nano: SEVEN,
            function: Some("checkout"),
            instance_id: Some("a0"),
            ..environment_facts::Row::default()
        });
        world.environment(&environment_facts::Row {
            provider: "aws",
            fact_kind: "logs_dropped",
            fact_unix_nano: SEVEN + 1,
            function,
            instance_id,
            ..environment_facts::Row::default()
        });
        world
    };
    for (function, instance_id, confidence) in [
        (Some("checkout"), None, Confidence::Low),
        (None, Some("a0"), Confidence::Low),
        (Some("other"), None, Confidence::High),
        (None, None, Confidence::High),
    ] {
        let findings = judged(&dropped(function, instance_id), &only(&["oom"])).await.findings;
        assert_eq!(findings[0].confidence, confidence, "{function:?} {instance_id:?}");
    }
}
