//! What senders write otherwise than the semantic conventions say: one test each. Those of whole platforms stand in `dialects`.

use pennyspan_schema::Table;
use pennyspan_schema::tables::{configurations, invocation_facts, metric_points};

use super::{
    LAMBDA, SPAN, START, TRACE, deliveries_of, only_fact, only_log, only_span, received, span, spans_of, texts,
};
use crate::decode::otlp;
use crate::decode::{Decoded, ids};
use crate::request::ContentType;

/// The resource of the Telemetry API receiver of opentelemetry-lambda: memory as text in megabytes, and the place of the function
/// as that of one that it invoked.
const RECEIVER: &[(&str, &str)] = &[
    ("service.name", "checkout"),
    ("faas.name", "checkout"),
    ("faas.max_memory", "256"),
    ("faas.invoked_provider", "aws"),
    ("faas.invoked_region", "eu-west-1"),
];
const SCOPE: &str = "github.com/open-telemetry/opentelemetry-lambda/collector/receiver/telemetryapireceiver";
const REQUEST: &str = "79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36";

fn logs_of(record: &str, resource: &[(&str, &str)]) -> Decoded {
    let body = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{}]}},"scopeLogs":[{{"scope":{{"name":"{SCOPE}"}},"logRecords":[{record}]}}]}}]}}"#,
        texts(resource)
    );
    received(otlp::logs, body.as_bytes(), ContentType::Json).unwrap()
}

fn metrics_of(metrics: &str, scope: &str) -> Decoded {
    let body = format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{}]}},"scopeMetrics":[{{"scope":{{"name":"{scope}"}},"metrics":[{metrics}]}}]}}]}}"#,
        texts(RECEIVER)
    );
    received(otlp::metrics, body.as_bytes(), ContentType::Json).unwrap()
}

fn points(decoded: &Decoded) -> metric_points::Reader {
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::MetricPoints)
        .unwrap();
    metric_points::Reader::new(batch).unwrap()
}

fn counter(name: &str, value: u32) -> String {
    format!(
        r#"{{"name":"{name}","sum":{{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{{"timeUnixNano":"{START}","asInt":"{value}","attributes":[{}]}}]}}}}"#,
        texts(&[("faas.trigger", "pubsub")])
    )
}

#[test]
fn the_telemetry_api_receivers_resource_names_place_and_memory_in_its_own_way() {
    only_fact(&spans_of(&span(2, ""), &texts(RECEIVER)), |fact| {
        assert_eq!(
            (fact.provider, fact.region, fact.function),
            ("aws", Some("eu-west-1"), Some("checkout"))
        );
        assert_eq!(fact.memory_size_mib, Some(256));
    });
}

#[test]
fn the_telemetry_api_receivers_init_span_is_no_invocation() {
    let cold = r#""attributes":[{"key":"faas.coldstart","value":{"boolValue":true}}]"#;
    let init = span(1, cold).replace("\"work\"", "\"init checkout\"");
    let decoded = spans_of(&init, &texts(RECEIVER));
    assert_eq!((decoded.accepted, decoded.rows.count(Table::InvocationFacts)), (1, 0));
    only_span(&decoded, |row| assert!(!row.invocation_span));
}

#[test]
fn the_telemetry_api_receivers_platform_lines_are_typed_by_an_attribute() {
    let record = format!(
        r#"{{"timeUnixNano":"{START}","body":{{"stringValue":"REPORT RequestId: {REQUEST} Duration: 127.10 ms Billed Duration: 154 ms Memory Size: 256 MB Max Memory Used: 112 MB Status: failure"}},"attributes":[{}]}}"#,
        texts(&[("type", "platform.report"), ("faas.invocation_id", REQUEST)])
    );
    let decoded = logs_of(&record, RECEIVER);
    only_log(&decoded, |log| {
        assert_eq!(
            (log.platform_type, log.invocation_id),
            (Some("platform.report"), Some(REQUEST))
        );
    });
    only_fact(&decoded, |fact| {
        assert_eq!(
            (fact.invocation_id, fact.duration_us, fact.billed_duration_ms),
            (REQUEST, Some(127_100), Some(154))
        );
        assert_eq!(fact.outcome, Some("crash"));
    });
}

#[test]
fn platform_lines_that_nobody_reads_are_kept_as_they_came_and_counted() {
    let record = |kind: &str, text: &str| {
        let attributes = texts(&[("type", kind)]);
        let body = serde_json::Value::from(text);
        let record =
            format!(r#"{{"timeUnixNano":"{START}","body":{{"stringValue":{body}}},"attributes":[{attributes}]}}"#);
        let decoded = logs_of(&record, RECEIVER);
        assert_eq!((decoded.accepted, decoded.rows.count(Table::Logs)), (1, 1));
        decoded.kept_raw
    };
    assert_eq!(record("platform.brandNew", "something new"), 1);
    let event = r#"{"time":"2026-10-08T07:30:00Z","type":"platform.brandNew","record":{}}"#;
    assert_eq!(record("platform.brandNew", event), 1, "once");
    assert_eq!(
        record("platform.start", &format!("START RequestId: {REQUEST} Version: 7")),
        0
    );
    assert_eq!(record("function", "hello"), 0);
}

#[test]
fn the_architecture_in_a_spans_resource_is_a_setting_of_its_function() {
    let resource = [LAMBDA, &[("host.arch", "arm64")]].concat();
    let of_span = span(
        2,
        &format!(r#""attributes":[{}]"#, texts(&[("faas.invocation_id", REQUEST)])),
    );
    let two = format!("{of_span},{of_span}");
    let decoded = spans_of(&two, &texts(&resource));
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::Configurations)
        .unwrap();
    let reader = configurations::Reader::new(batch).unwrap();
    assert_eq!(reader.len(), 1, "what all spans say is said once");
    let row = reader.row(0);
    assert_eq!(
        (row.provider, row.function, row.source),
        ("aws", Some("checkout"), "span resource")
    );
    assert_eq!((row.key, row.value), ("architecture", Some("arm64")));
    let ten_minutes = 600_000_000_000;
    assert_eq!(row.observed_unix_nano, START / ten_minutes * ten_minutes);
    let client = spans_of(&span(3, ""), &texts(&resource));
    assert_eq!(
        client.rows.count(Table::Configurations),
        0,
        "a call states nothing of its caller"
    );
}

#[test]
fn the_telemetry_api_receivers_memory_use_becomes_bytes() {
    let histogram = format!(
        r#"{{"name":"faas.mem_usage","unit":"By","histogram":{{"aggregationTemporality":2,"dataPoints":[{{"timeUnixNano":"{START}","count":"1","sum":112000000,"min":112000000,"max":112000000,"bucketCounts":["1","0"],"explicitBounds":[128000000]}}]}}}}"#
    );
    let decoded = metrics_of(&histogram, SCOPE);
    let point = points(&decoded);
    // 112 MB of Lambda's are 112 MiB.
    assert_eq!(
        (point.row(0).sum_text, point.row(0).max_text),
        (Some("117440512.0"), Some("117440512.0"))
    );
    assert_eq!(
        point.row(0).detail_json,
        Some(r#"{"bounds":[134217728.0],"counts":[1,0]}"#)
    );
    let other = points(&metrics_of(&histogram, "another"));
    assert_eq!(other.row(0).sum_text, Some("112000000.0"));
}

#[test]
fn counters_of_cold_starts_and_of_successes_are_no_invocations() {
    // `faas.invocations` counts successes alone, so that all are the sum of the three; an environment that was initialized in
    // advance counts as a cold start as well. They stay points, and facts are made of records and spans only.
    let metrics = [
        ("faas.coldstarts", 3),
        ("faas.invocations", 90),
        ("faas.errors", 7),
        ("faas.timeouts", 3),
    ];
    let decoded = metrics_of(&metrics.map(|(name, value)| counter(name, value)).join(","), SCOPE);
    assert_eq!((decoded.accepted, decoded.rows.count(Table::InvocationFacts)), (4, 0));
    let points = points(&decoded);
    let of = |names: &[&str]| -> i64 {
        let rows = points.rows().filter(|row| names.contains(&row.metric));
        rows.map(|row| row.value_text.unwrap().parse::<i64>().unwrap()).sum()
    };
    assert_eq!(of(&["faas.invocations", "faas.errors", "faas.timeouts"]), 100);
}

#[test]
fn old_sdks_names_are_todays() {
    let old = texts(&[
        ("faas.execution", REQUEST),
        ("faas.trigger", "pubsub"),
        ("messaging.system", "AmazonSQS"),
        ("messaging.destination", "orders"),
        ("messaging.operation", "process"),
        ("messaging.message_id", "m-1"),
        ("net.peer.name", "sqs.eu-west-1.amazonaws.com"),
        ("db.statement", "SELECT 1"),
    ]);
    let more = format!(r#""attributes":[{old},{{"key":"http.status_code","value":{{"intValue":"200"}}}}]"#);
    let resource = texts(&[
        ("cloud.platform", "aws_lambda"),
        ("faas.name", "checkout"),
        ("faas.id", "arn:aws:lambda:eu-west-1:123456789012:function:checkout:42"),
        ("deployment.environment", "prod"),
    ]);
    let decoded = spans_of(&span(5, &more), &resource);
    only_fact(&decoded, |fact| {
        assert_eq!(
            (fact.invocation_id, fact.trigger_type, fact.trigger_source),
            (REQUEST, Some("queue"), Some("orders"))
        );
        assert_eq!(
            (fact.account, fact.region, fact.version),
            (Some("123456789012"), Some("eu-west-1"), Some("42"))
        );
        assert_eq!((fact.environment, fact.http_status), (Some("prod"), Some(200)));
    });
    only_span(&decoded, |row| {
        assert_eq!(
            (row.messaging_operation, row.message_id),
            (Some("process"), Some("m-1"))
        );
        assert_eq!(
            (row.server_address, row.db_query),
            (Some("sqs.eu-west-1.amazonaws.com"), Some("SELECT 1"))
        );
    });
}

#[test]
fn x_rays_header_is_the_trace_that_spans_have() {
    let start = format!(
        r#"{{\"time\":\"2026-10-08T07:30:28.235Z\",\"type\":\"platform.start\",\"record\":{{\"requestId\":\"{REQUEST}\",\"tracing\":{{\"type\":\"X-Amzn-Trace-Id\",\"value\":\"Root=1-5b8efff7-98038103d269b633813fc60c;Parent={SPAN};Sampled=1\"}}}}}}"#
    );
    let record = format!(r#"{{"timeUnixNano":"{START}","body":{{"stringValue":"{start}"}}}}"#);
    only_fact(&logs_of(&record, LAMBDA), |fact| {
        assert_eq!(fact.trace_id.map(hex::encode).as_deref(), Some(TRACE));
    });
    assert_eq!(
        ids::xray_trace_id("1-5b8efff7-98038103d269b633813fc60c")
            .map(hex::encode)
            .as_deref(),
        Some(TRACE)
    );
}

#[test]
fn what_caused_an_invocation_may_stand_on_span_link_or_log() {
    let sent = START / 1_000_000 - 250;
    let own = format!(
        r#"{{"key":"faas.trigger.enqueued_time_unix_ms","value":{{"intValue":"{sent}"}}}},{{"key":"faas.trigger.attempt","value":{{"intValue":"2"}}}},{{"key":"faas.trigger.batch_size","value":{{"intValue":"1"}}}},{}"#,
        texts(&[
            ("faas.trigger.source.id", "orders"),
            ("faas.invocation_id", REQUEST),
            ("messaging.message.id", "m-1")
        ])
    );
    let link = format!(r#""links":[{{"traceId":"{TRACE}","spanId":"{SPAN}","attributes":[{own}]}}]"#);
    let log = format!(r#"{{"timeUnixNano":"{START}","body":{{"stringValue":"got it"}},"attributes":[{own}]}}"#);
    let named = format!(r#""attributes":[{}]"#, texts(&[("faas.invocation_id", REQUEST)]));
    for (decoded, place) in [
        (
            spans_of(&span(5, &format!(r#""attributes":[{own}]"#)), &texts(LAMBDA)),
            "span",
        ),
        (spans_of(&span(5, &format!("{named},{link}")), &texts(LAMBDA)), "link"),
        (logs_of(&log, LAMBDA), "log"),
    ] {
        let (_, batch) = decoded
            .rows
            .iter()
            .find(|(table, _)| *table == Table::InvocationFacts)
            .unwrap();
        let facts = invocation_facts::Reader::new(batch).unwrap();
        let fact = facts.row(0);
        assert_eq!(fact.invocation_id, REQUEST, "{place}");
        assert_eq!(fact.enqueued_min_unix_nano, Some(sent * 1_000_000), "{place}");
        assert_eq!(
            (fact.receive_max_count, fact.batch_size_count),
            (Some(2), Some(1)),
            "{place}"
        );
        let delivered = [(Some("m-1".to_owned()), Some(sent * 1_000_000), Some(2))];
        assert_eq!(deliveries_of(&decoded), delivered, "{place}");
    }
}
