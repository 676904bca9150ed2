//! What platforms send over OTLP themselves, each in its own dialect.

use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, spans};

use super::{SPAN, START, TRACE, only_fact, only_span, received, span, spans_of, texts};
use crate::decode::Decoded;
use crate::request::ContentType;

const WORKER: &[(&str, &str)] = &[
    ("cloud.provider", "cloudflare"),
    ("cloud.platform", "cloudflare.workers"),
    ("faas.name", "edge"),
    ("service.name", "edge"),
];
const AZURE_HOST: &[(&str, &str)] = &[
    ("cloud.provider", "azure"),
    ("cloud.platform", "azure_functions"),
    ("cloud.region", "westeurope"),
    (
        "cloud.resource_id",
        "/subscriptions/0c6f/resourceGroups/shop/providers/Microsoft.Web/sites/shop",
    ),
    ("service.name", "shop"),
];
const CLOUD_RUN: &[(&str, &str)] = &[
    ("cloud.provider", "gcp"),
    ("cloud.platform", "gcp_cloud_run"),
    ("faas.name", "quotes"),
];

fn with(kind: i32, more: &str, list: &[(&str, &str)], rest: &str, resource: &[(&str, &str)]) -> Decoded {
    let comma = if rest.is_empty() { "" } else { "," };
    let before = if more.is_empty() { "" } else { "," };
    let more = format!(r#"{more}{before}"attributes":[{}{comma}{rest}]"#, texts(list));
    spans_of(&span(kind, &more), &texts(resource))
}

#[test]
fn a_worker_whose_clock_stood_still_has_its_wall_and_processor_time() {
    let root = [
        ("faas.trigger", "http"),
        ("faas.invocation_id", "5f1c0a"),
        ("cloudflare.ray_id", "9a1f3c5e7b2d4f60"),
        ("cloudflare.handler_type", "fetch"),
        ("cloudflare.outcome", "ok"),
    ];
    let still = START.to_string();
    for (cpu, wall) in [
        ("cloudflare.cpu_time", "cloudflare.wall_time"),
        ("cloudflare.cpu_time_ms", "cloudflare.wall_time_ms"),
        ("cpu_time_ms", "wall_time_ms"),
    ] {
        let times = format!(
            r#"{{"key":"{cpu}","value":{{"intValue":"7"}}}},{{"key":"{wall}","value":{{"doubleValue":23.5}}}}"#
        );
        let body = span(1, &format!(r#""attributes":[{},{times}]"#, texts(&root)));
        let zero = body.replace(&(START + 12_345_500).to_string(), &still);
        only_fact(&spans_of(&zero, &texts(WORKER)), |fact| {
            assert_eq!(
                (fact.duration_us, fact.cpu_time_us),
                (Some(23_500), Some(7_000)),
                "{wall}"
            );
            assert_eq!(fact.runtime_us, Some(0), "what the span itself says");
            assert_eq!((fact.invocation_id, fact.key_scope), ("9a1f3c5e7b2d4f60", "edge"));
            assert_eq!(
                (fact.execution_model, fact.trigger_type),
                (Some("worker"), Some("http"))
            );
        });
    }
}

#[test]
fn every_span_of_a_worker_names_the_invocation_and_only_its_root_is_one() {
    let decoded = with(
        3,
        "",
        &[("faas.invocation_id", "5f1c0a"), ("db.system.name", "kv")],
        "",
        WORKER,
    );
    only_span(&decoded, |row| {
        assert!(!row.invocation_span);
        assert_eq!(row.dependency_kind, Some("database"));
    });
    assert_eq!(decoded.rows.count(Table::InvocationFacts), 0);
}

#[test]
fn handlers_of_a_worker_are_triggers() {
    for (list, trigger, source) in [
        (
            [("faas.trigger", "pubsub"), ("cloudflare.queue.name", "mails")],
            "queue",
            Some("mails"),
        ),
        (
            [("faas.trigger", "timer"), ("faas.cron", "0 * * * *")],
            "timer",
            Some("0 * * * *"),
        ),
        (
            [("faas.trigger", "cron"), ("faas.cron", "0 * * * *")],
            "timer",
            Some("0 * * * *"),
        ),
        ([("faas.trigger", "jsrpc"), ("jsrpc.method", "rank")], "rpc", None),
        (
            [("faas.trigger", "email"), ("cloudflare.handler_type", "email")],
            "email",
            None,
        ),
    ] {
        let at = r#"{"key":"cloudflare.scheduled_time","value":{"stringValue":"2026-10-08T07:30:00.000Z"}}"#;
        only_fact(&with(1, "", &list, at, WORKER), |fact| {
            assert_eq!(
                (fact.trigger_type, fact.trigger_source),
                (Some(trigger), source),
                "{list:?}"
            );
            assert_eq!(fact.scheduled_unix_nano, Some(1_791_444_600_000_000_000));
        });
    }
}

#[test]
fn the_host_of_azure_functions_says_that_a_start_was_cold_and_its_init_is_no_invocation() {
    let named = [
        ("faas.name", "shop/Pay"),
        ("faas.invocation_id", "5f0d1a52-3c1f-4a0e-9a5e-5f2f4f6d1a01"),
    ];
    let cold = r#"{"key":"azure.functions.coldstart_impacted","value":{"boolValue":true}}"#;
    only_fact(&with(2, "", &named, cold, AZURE_HOST), |fact| {
        assert_eq!((fact.provider, fact.key_scope), ("azure", ""));
        assert_eq!(
            (fact.platform, fact.execution_model),
            (Some("azure.functions"), Some("event_function"))
        );
        assert_eq!((fact.function, fact.account), (Some("shop/Pay"), Some("0c6f")));
        assert_eq!(fact.cold_start_reported, Some(true));
    });
    let both = format!(r#"{{"key":"faas.coldstart","value":{{"boolValue":false}}}},{cold}"#);
    only_fact(&with(2, "", &named, &both, AZURE_HOST), |fact| {
        assert_eq!(
            fact.cold_start_reported,
            Some(false),
            "the conventions' own name is preferred"
        );
    });
    let init = span(2, &format!(r#""attributes":[{},{cold}]"#, texts(&named))).replace("\"work\"", "\"init\"");
    let decoded = spans_of(&init, &texts(AZURE_HOST));
    only_span(&decoded, |row| {
        assert!(!row.invocation_span);
        assert_eq!(row.platform, Some("azure.functions"));
        assert!(
            row.resource_json.unwrap().contains("azure_functions"),
            "the name as it was sent is kept"
        );
    });
    assert_eq!(decoded.rows.count(Table::InvocationFacts), 0);
}

#[test]
fn a_span_of_cloud_run_is_the_request_that_cloud_run_opened_for_it() {
    let parent = "1a2b3c4d5e6f7001";
    let id_of = |more: &str, list: &[(&str, &str)], resource: &[(&str, &str)]| {
        let decoded = with(2, more, list, "", resource);
        let (_, batch) = decoded
            .rows
            .iter()
            .find(|(table, _)| *table == Table::InvocationFacts)
            .unwrap();
        invocation_facts::Reader::new(batch)
            .unwrap()
            .row(0)
            .invocation_id
            .to_owned()
    };
    let below = format!(r#""parentSpanId":"{parent}""#);
    let of_request = format!("{TRACE}:{parent}");
    let own = format!("{TRACE}:{SPAN}");
    assert_eq!(id_of(&below, &[], CLOUD_RUN), of_request);
    assert_eq!(id_of(&format!(r#"{below},"flags":769"#), &[], CLOUD_RUN), of_request);
    assert_eq!(
        id_of(&format!(r#"{below},"flags":257"#), &[], CLOUD_RUN),
        own,
        "a parent in the same process"
    );
    assert_eq!(id_of("", &[], CLOUD_RUN), own, "a root");
    assert_eq!(id_of(&below, &[("faas.invocation_id", "x1")], CLOUD_RUN), "x1");
    let elsewhere = [("cloud.provider", "gcp"), ("faas.name", "quotes")];
    assert_eq!(id_of(&below, &[], &elsewhere), own, "another product");
}

#[test]
fn rows_of_dialects_keep_their_spans() {
    let decoded = with(2, "", &[("cloudflare.outcome", "brandNew")], "", WORKER);
    let (_, batch) = decoded.rows.iter().find(|(table, _)| *table == Table::Spans).unwrap();
    let row = spans::Reader::new(batch).unwrap();
    assert!(row.row(0).attributes_json.unwrap().contains("brandNew"));
    only_fact(&decoded, |fact| {
        assert_eq!(fact.outcome, Some("ok"), "a word that is not known says nothing");
    });
}

#[test]
fn an_exception_that_a_worker_logs_is_stated_of_its_request_or_of_nothing() {
    let facts = |list: &[(&str, &str)]| {
        let body = format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[{}]}},"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"{START}","body":{{"stringValue":"no"}},"attributes":[{}]}}]}}]}}]}}"#,
            texts(WORKER),
            texts(list)
        );
        received(crate::decode::otlp::logs, body.as_bytes(), ContentType::Json).unwrap()
    };
    let named = [("faas.invocation_id", "5f1c0a"), ("exception.type", "TypeError")];
    assert_eq!(facts(&named).rows.count(Table::InvocationFacts), 0);
    let with_ray = [named[0], named[1], ("cloudflare.ray_id", "9a1f3c5e7b2d4f60")];
    only_fact(&facts(&with_ray), |fact| {
        assert_eq!((fact.invocation_id, fact.key_scope), ("9a1f3c5e7b2d4f60", "edge"));
    });
}
