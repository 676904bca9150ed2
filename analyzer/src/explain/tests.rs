use std::num::NonZeroUsize;
use std::sync::Arc;

use pennyspan_rules::PriceBooks;
use pennyspan_rules::rule::Severity;
use pennyspan_schema::tables::{deliveries, invocation_facts};
use pennyspan_schema::{Rows, Table};
use pennyspan_store::MemoryStore;

use super::{Explanation, Relation, explain, nearest, render};
use crate::judge::judgement::{Confidence, ExemplarText, Finding, Impact, WindowText};
use crate::testing::{SECOND, SEVEN};
use crate::{Session, Settings, Span};

const ID: &str = "8286a188-ba32-4475-8077-530cd35c09a9";

fn fact(source: &'static str, kind: &'static str) -> invocation_facts::Row<'static> {
    invocation_facts::Row {
        provider: "aws",
        invocation_id: ID,
        source,
        fact_kind: kind,
        fact_unix_nano: SEVEN + SECOND,
        sample_weight_milli: 1_000,
        ..invocation_facts::Row::default()
    }
}

/// What the platform reports: a second at 1,024 MiB.
fn report() -> invocation_facts::Row<'static> {
    invocation_facts::Row {
        start_hint_unix_nano: Some(SEVEN),
        platform: Some("aws_lambda"),
        function: Some("checkout"),
        region: Some("us-east-1"),
        architecture: Some("x86_64"),
        duration_us: Some(1_000_000),
        billed_duration_ms: Some(1_000),
        memory_size_mib: Some(1_024),
        ..fact("platform", "report")
    }
}

/// What the span states, which measures another duration.
fn span() -> invocation_facts::Row<'static> {
    invocation_facts::Row {
        start_hint_unix_nano: Some(SEVEN + 3_000_000),
        end_unix_nano: Some(SEVEN + SECOND),
        function: Some("checkout"),
        duration_us: Some(990_500),
        runtime_us: Some(990_500),
        trigger_source: Some("orders"),
        enqueued_min_unix_nano: Some(SEVEN - SECOND),
        ..fact("span", "span")
    }
}

/// What a line of the function's states.
fn line() -> invocation_facts::Row<'static> {
    invocation_facts::Row {
        enqueued_min_unix_nano: Some(SEVEN - 2 * SECOND),
        ..fact("log", "delivery")
    }
}

async fn session(facts: &[invocation_facts::Row<'static>]) -> Session {
    let (mut rows, mut builder, mut delivered) = (
        Rows::default(),
        invocation_facts::Builder::default(),
        deliveries::Builder::default(),
    );
    for fact in facts {
        builder.append(&invocation_facts::Row {
            content_hash: fact.hash(),
            ..*fact
        });
    }
    let delivery = deliveries::Row {
        provider: "aws",
        invocation_id: Some(ID),
        source: "log",
        fact_unix_nano: SEVEN + SECOND,
        trigger_source: Some("orders"),
        message_id: Some("m-1"),
        receive_count: Some(2),
        outcome: "delivered",
        ..deliveries::Row::default()
    };
    // The same statement, twice.
    delivered.append(&delivery);
    delivered.append(&delivery);
    rows.push(Table::InvocationFacts, builder.finish());
    rows.push(Table::Deliveries, delivered.finish());
    let mut store = MemoryStore::default();
    store.push(rows).unwrap();
    let settings = Settings {
        partitions: NonZeroUsize::new(2).unwrap(),
        memory_bytes: 256 << 20,
        spill: None,
        skew_limit_us: 1_000_000,
    };
    let books = Arc::new(PriceBooks::embedded().unwrap());
    Session::open(&store.snapshot().unwrap(), books, Span::Whole, settings)
        .await
        .unwrap()
}

fn finding(function: &str, sub_resource: Option<&str>, exemplar: &str) -> Finding {
    Finding {
        rule: "retry-amplification".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        fingerprint: "0".repeat(16),
        provider: Some("aws".to_owned()),
        account: None,
        region: Some("us-east-1".to_owned()),
        function: Some(function.to_owned()),
        sub_resource: sub_resource.map(str::to_owned),
        versions: Vec::new(),
        window: WindowText {
            start: String::new(),
            end: String::new(),
        },
        n: 1,
        message: "events are tried again".to_owned(),
        values: serde_json::Map::new(),
        threshold: None,
        impact: Impact::default(),
        exemplars: vec![ExemplarText {
            invocation_id: Some(exemplar.to_owned()),
            trace_id: None,
        }],
        query: String::new(),
        baseline: None,
        suppressed: None,
        also: Vec::new(),
        any_account: false,
        place: None,
    }
}

async fn explained(facts: &[invocation_facts::Row<'static>], findings: &[Finding]) -> Explanation {
    explain(&session(facts).await, findings, ID).await.unwrap().unwrap()
}

#[tokio::test]
async fn each_value_names_the_fact_that_gave_it_and_why() {
    let explanation = explained(&[line(), span(), report()], &[]).await;
    let attempt = &explanation.attempts[0];
    let sources: Vec<_> = attempt.facts.iter().map(|fact| fact.source.as_str()).collect();
    assert_eq!(sources, ["platform", "span", "log"]);
    let field = |name: &str| attempt.fields.iter().find(|field| field.column == name).unwrap();
    let duration = field("duration_us");
    assert_eq!(
        (duration.fact, duration.conflict, duration.value.as_i64()),
        (Some(1), true, Some(1_000_000))
    );
    assert_eq!(duration.others[&2].as_i64(), Some(990_500));
    assert_eq!((field("function").fact, field("function").conflict), (Some(1), false));
    let enqueued = field("enqueued_min_unix_nano");
    assert_eq!(
        (enqueued.fact, enqueued.merge, enqueued.conflict),
        (Some(3), "min", false)
    );
    assert_eq!(field("outcome").fact, None);
    assert_eq!(attempt.start_fact, Some(1));
    assert_eq!(explanation.deliveries.len(), 1, "one statement counts once");
}

#[tokio::test]
async fn the_steps_of_the_price_lead_to_its_amount() {
    let explanation = explained(&[report()], &[]).await;
    let price = &explanation.attempts[0].price;
    let items: Vec<_> = price
        .lines
        .iter()
        .map(|line| (line.item.as_str(), line.cost_usd.as_str()))
        .collect();
    assert_eq!(items, [("duration-x86", "0.0000166667"), ("requests", "0.0000002")]);
    assert_eq!(
        (price.status, price.cost_usd.as_deref()),
        ("priced", Some("0.0000168667"))
    );
    let steps: Vec<_> = price.lines[0].steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(steps.first(), Some(&"measured"));
    assert!(
        price.lines[0]
            .steps
            .iter()
            .any(|step| step.text.contains("aws-lambda.toml:")),
        "{price:?}"
    );
    assert_eq!(price.waste[0].text, "$0.0000168667");
}

#[tokio::test]
async fn what_has_no_price_says_what_is_unknown() {
    let nowhere = invocation_facts::Row {
        region: None,
        memory_size_mib: None,
        ..report()
    };
    let price = explained(&[nowhere], &[]).await.attempts[0].price.clone();
    assert_eq!((price.status, price.cost_usd), ("not priced", None));
    assert_eq!(price.notes.len(), 2, "{:?}", price.notes);
    let managed = invocation_facts::Row {
        init_type: Some("lambda-managed-instances"),
        execution_model: Some("managed_instance"),
        ..report()
    };
    let price = explained(&[managed], &[]).await.attempts[0].price.clone();
    assert_eq!((price.status, price.notes.len()), ("not priced", 1));
    assert!(price.notes[0].contains("managed instance"), "{:?}", price.notes);
    let elsewhere = invocation_facts::Row {
        region: Some("moon-1"),
        ..report()
    };
    let price = explained(&[elsewhere], &[]).await.attempts[0].price.clone();
    assert!(price.notes[0].contains("moon-1"), "{:?}", price.notes);
    let assumed = invocation_facts::Row {
        architecture: None,
        ..report()
    };
    let price = explained(&[assumed], &[]).await.attempts[0].price.clone();
    assert!(
        price.notes[0].contains("arm64") && price.cost_usd.is_some(),
        "{:?}",
        price.notes
    );
}

#[tokio::test]
async fn findings_are_those_that_show_or_count_it() {
    let findings = [
        finding("checkout", None, ID),
        finding("checkout", None, "another"),
        finding("checkout", Some("orders"), "another"),
        finding("checkout", Some("invoices"), "another"),
        finding("mailer", None, ID),
    ];
    let explanation = explained(&[report(), span()], &findings).await;
    let relations: Vec<_> = explanation.findings.iter().map(|took| took.relation).collect();
    let expected = [
        Relation::Exemplar,
        Relation::Counted,
        Relation::Counted,
        Relation::SameFunction,
    ];
    assert_eq!(relations, expected);
}

#[tokio::test]
async fn an_unknown_id_is_none_and_has_near_ones() {
    let session = session(&[report()]).await;
    let slip = ID.replace("ba32", "ba23");
    assert!(explain(&session, &[], &slip).await.unwrap().is_none());
    assert_eq!(nearest(&session, &slip).await.unwrap(), [ID]);
    assert!(nearest(&session, "x").await.unwrap().is_empty());
}

#[tokio::test]
async fn people_read_facts_choices_and_steps() {
    let hostile = invocation_facts::Row {
        error_message: Some("\u{1b}[31mred"),
        ..line()
    };
    let explanation = explained(&[hostile, span(), report()], &[finding("checkout", None, ID)]).await;
    let text = render(&explanation).unwrap();
    assert!(!text.contains('\u{1b}'));
    insta::assert_snapshot!("text", text);
}
