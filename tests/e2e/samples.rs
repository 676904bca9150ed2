//! Recorded telemetry of others, where it is at hand: it is read, and says what its recorders say it says.

use std::path::PathBuf;

use pennyspan_collector::decode::{self, Decoded, Origin, Settings};
use pennyspan_collector::import;
use pennyspan_collector::request::{ContentType, Door, RequestKind};
use pennyspan_schema::Table;
use pennyspan_schema::tables::{deliveries, invocation_facts, logs, spans};
use serde_json::{Value, json};

use crate::company::{pennyspan, report};

const WHY: &str = "PENNYSPAN_SAMPLES names the folder of samples";

fn samples() -> PathBuf {
    PathBuf::from(std::env::var_os("PENNYSPAN_SAMPLES").expect(WHY))
}

fn origin(door: &Door) -> Origin<'_> {
    Origin {
        door,
        region: None,
        received_at_unix_nano: None,
    }
}

fn decoded(kind: RequestKind, content_type: ContentType, body: &[u8]) -> Decoded {
    decode::decode(kind, content_type, body, origin(&Door::default()), &Settings::default()).unwrap()
}

/// Decodes an OTLP example as JSON and, written again as protobuf, as protobuf.
fn both<M: prost::Message + serde::de::DeserializeOwned>(file: &str, kind: RequestKind) -> (Decoded, Decoded) {
    let text = std::fs::read(samples().join("otlp").join(file)).unwrap();
    let message: M = serde_json::from_slice(&text).unwrap();
    (
        decoded(kind, ContentType::Json, &text),
        decoded(kind, ContentType::Protobuf, &message.encode_to_vec()),
    )
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_otlp_give_equal_rows_in_json_and_protobuf() {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    let pairs = [
        (
            both::<ExportTraceServiceRequest>("trace.json", RequestKind::Spans),
            Table::Spans,
        ),
        (
            both::<ExportLogsServiceRequest>("logs.json", RequestKind::Logs),
            Table::Logs,
        ),
        (
            both::<ExportLogsServiceRequest>("events.json", RequestKind::Logs),
            Table::Logs,
        ),
        (
            both::<ExportMetricsServiceRequest>("metrics.json", RequestKind::Metrics),
            Table::MetricPoints,
        ),
    ];
    for ((json, protobuf), table) in pairs {
        assert_eq!(json.rejections.total(), 0, "{:?}", json.rejections.first());
        assert!(json.rows.count(table) > 0, "{}", table.name());
        assert_eq!(json, protobuf, "{}", table.name());
    }
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_report_lines_give_their_recorded_values() {
    let text = std::fs::read_to_string(samples().join("lambda/report_lines.jsonl")).unwrap();
    let mut lines = 0;
    for line in text.lines() {
        let sample: Value = serde_json::from_str(line).unwrap();
        let event = json!({ "id": "1", "timestamp": 1_591_284_559_098_i64, "message": sample["line"] });
        let message = json!({ "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/lambda/f", "logStream": "s", "logEvents": [event] });
        let rows = decoded(
            RequestKind::Cloudwatch,
            ContentType::Json,
            message.to_string().as_bytes(),
        )
        .rows;
        let (_, batch) = rows.iter().find(|(table, _)| *table == Table::InvocationFacts).unwrap();
        let reader = invocation_facts::Reader::new(batch).unwrap();
        let fact = reader.rows().find(|fact| fact.fact_kind == "report").unwrap();
        let expected = &sample["expected"];
        let ms = |us: Option<i64>| us.map_or(Value::Null, |us| json!(f64::from(i32::try_from(us).unwrap()) / 1000.0));
        assert_eq!(ms(fact.duration_us), expected["duration_ms"], "{line}");
        assert_eq!(json!(fact.billed_duration_ms), expected["billed_ms"], "{line}");
        assert_eq!(json!(fact.memory_size_mib), expected["memory_mb"], "{line}");
        assert_eq!(json!(fact.max_memory_used_mib), expected["used_mb"], "{line}");
        assert_eq!(
            ms(fact.init_duration_us),
            expected.get("init_ms").cloned().unwrap_or(Value::Null),
            "{line}"
        );
        lines += 1;
    }
    assert!(lines >= 5);
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_telemetry_events_are_read_but_for_the_line_that_is_none() {
    let file = std::fs::File::open(samples().join("lambda/telemetry_events.ndjson")).unwrap();
    let door = Door::default();
    let mut rejected = Vec::new();
    let summary = import::decode_file(file, &origin(&door), &Settings::default(), |decoded| {
        rejected.extend(decoded.rejections.first().to_vec());
    });
    assert_eq!(summary.unwrap().accepted, 16);
    let places: Vec<&str> = rejected.iter().map(|rejection| rejection.place.as_str()).collect();
    assert_eq!(places, ["line 3"]);
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_real_invocations_give_their_recorded_totals() {
    let workloads = samples().join("workloads");
    let expected: Value =
        serde_json::from_slice(&std::fs::read(workloads.join("pacslab-2020-05-28.expected.json")).unwrap()).unwrap();
    let totals = &report(&workloads.join("pacslab-2020-05-28.ndjson"), &[])["totals"];
    assert_eq!(totals["invocations"], expected["invocations"]);
    assert_eq!(totals["cold_starts"], expected["cold_starts"]);
    assert_eq!(
        totals["billed_duration_ms"].as_f64(),
        expected["billed_duration_ms"].as_f64()
    );
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_without_their_flag_are_cold_at_first_sight_of_an_instance() {
    let workloads = samples().join("workloads");
    let text = std::fs::read_to_string(workloads.join("pacslab-2020-05-28.ndjson")).unwrap();
    let unflagged = |line: &str| {
        let mut record: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        record.remove("cold_start");
        Value::Object(record).to_string()
    };
    let without = text.lines().map(unflagged).collect::<Vec<_>>().join("\n");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("records.ndjson");
    std::fs::write(&file, without).unwrap();
    let sql = "SELECT COUNT(DISTINCT instance_id) AS instances, \
               COUNT(*) FILTER (WHERE cold_start) AS cold FROM invocations";
    let output = pennyspan(&[
        "query",
        sql,
        "--from",
        file.to_str().unwrap(),
        "--format",
        "json",
        "--quiet",
    ]);
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected: Value =
        serde_json::from_slice(&std::fs::read(workloads.join("pacslab-2020-05-28.expected.json")).unwrap()).unwrap();
    assert_eq!(rows[0]["instances"], expected["instances"]);
    assert_eq!(
        rows[0]["cold"], expected["instances"],
        "one cold start for each instance that is seen"
    );
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_metric_streams_are_points_and_what_is_none_is_told_alone() {
    use base64::Engine as _;
    let folder = samples().join("cloudwatch/metric-stream-json");
    let door = Door::default();
    for (file, accepted, none) in [
        ("single_record", 1, 0),
        ("multiple_records", 127, 0),
        ("some_invalid_records", 88, 4),
    ] {
        let record = std::fs::read(folder.join(file)).unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(record);
        let body = json!({ "requestId": "r", "timestamp": 0, "records": [{ "data": data }] }).to_string();
        let origin = Origin {
            door: &door,
            region: None,
            received_at_unix_nano: Some(1_791_444_700_000_000_000),
        };
        let decoded = decode::aws::firehose(body.as_bytes(), &origin, &Settings::default()).unwrap();
        assert_eq!(
            (
                decoded.rows.count(Table::MetricPoints),
                decoded.rejections.total() + decoded.kept_raw
            ),
            (accepted, none),
            "{file}: {:?}",
            decoded.rejections.first()
        );
    }
}

/// Reads one recorded batch of Azure's records, and what its recorders say of it.
fn azure(file: &str) -> (Decoded, Value) {
    let folder = samples().join("azure");
    let body = std::fs::read(folder.join(file)).unwrap();
    let decoded = decoded(RequestKind::AzureRecords, ContentType::Json, &body);
    assert_eq!(decoded.rejections.total(), 0, "{:?}", decoded.rejections.first());
    let expected: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    (decoded, expected[file].clone())
}

/// Compares a span with what its recorders say; their ends are a nanosecond off where they come from binary fractions.
fn is_span(row: &spans::Row<'_>, expected: &Value) {
    assert_eq!(
        json!(format!("{:032x}", u128::from_be_bytes(row.trace_id))),
        expected["traceId"]
    );
    let span = |id: [u8; 8]| format!("{:016x}", u64::from_be_bytes(id));
    assert_eq!(json!(span(row.span_id)), expected["spanId"]);
    assert_eq!(json!(row.parent_span_id.map(span)), expected["parentSpanId"]);
    assert_eq!(json!(row.kind), expected["kind"]);
    assert_eq!(row.status_code == 2, expected["status"] == "error");
    let end = expected["endTimeUnixNano"]
        .as_str()
        .or(expected["golden_endTimeUnixNano"].as_str());
    let end: i64 = end.unwrap().parse().unwrap();
    assert!(
        (row.end_unix_nano.unwrap() - end).abs() <= 1,
        "{:?}, not {end}",
        row.end_unix_nano
    );
    if let Some(status) = expected.get("http.response.status_code") {
        assert_eq!(json!(row.http_status), *status);
    }
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_application_insights_are_the_spans_that_are_recorded_beside_them() {
    let (requests, expected) = azure("app-requests.json");
    let (_, batch) = requests.rows.iter().find(|(table, _)| *table == Table::Spans).unwrap();
    let reader = spans::Reader::new(batch).unwrap();
    assert_eq!(json!(reader.len()), expected["spans"]);
    let row = reader.row(0);
    is_span(&row, &expected);
    assert_eq!(json!(row.name), expected["name"]);
    assert_eq!(json!(row.start_unix_nano.to_string()), expected["startTimeUnixNano"]);
    let kept: Value = serde_json::from_str(row.attributes_json.unwrap()).unwrap();
    for (key, value) in expected["attributes"].as_object().unwrap() {
        assert_eq!(kept[key], *value, "{key}");
    }
    assert_eq!(json!(row.service), expected["resource"]["service.name"]);
    assert_eq!(json!(row.provider), expected["resource"]["cloud.provider"]);
    let (_, batch) = requests
        .rows
        .iter()
        .find(|(table, _)| *table == Table::InvocationFacts)
        .unwrap();
    let facts = invocation_facts::Reader::new(batch).unwrap();
    assert_eq!(
        json!(facts.row(0).invocation_id),
        expected["attributes"]["InvocationId"]
    );

    let (calls, expected) = azure("app-dependencies.json");
    let (_, batch) = calls.rows.iter().find(|(table, _)| *table == Table::Spans).unwrap();
    let reader = spans::Reader::new(batch).unwrap();
    let listed = expected["spans"].as_array().unwrap();
    assert_eq!(reader.len(), listed.len());
    for (row, expected) in reader.rows().zip(listed) {
        is_span(&row, expected);
    }
    assert_eq!(calls.rows.count(Table::InvocationFacts), 0, "a call is no invocation");
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_function_logs_are_the_records_that_are_recorded_beside_them() {
    let (decoded, expected) = azure("function-app-log.json");
    let (_, batch) = decoded.rows.iter().find(|(table, _)| *table == Table::Logs).unwrap();
    let reader = logs::Reader::new(batch).unwrap();
    let rows: Vec<_> = reader.rows().collect();
    assert_eq!(json!(rows.len()), expected["records"]);
    for (row, expected) in rows.iter().zip([&expected["first"], &expected["second"]]) {
        assert_eq!(json!(row.invocation_id), expected["faas.invocation_id"]);
        assert_eq!(json!(row.severity_number), expected["severityNumber"]);
        assert_eq!(json!(row.time_unix_nano.to_string()), expected["timeUnixNano"]);
    }
    // Recorders keep the host's prefix of a function's name; names here are `<app>/<function>`, as the conventions write them.
    let named = expected["first"]["faas.name"]
        .as_str()
        .unwrap()
        .replace("/Functions.", "/");
    assert_eq!(rows[0].function, Some(&*named));
    assert_eq!(rows[2].function, Some("invalidjson-function-app/processData"));
    assert_eq!(rows[2].body, Some("Message"));
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::InvocationFacts)
        .unwrap();
    let facts = invocation_facts::Reader::new(batch).unwrap();
    let failed = facts.rows().find(|fact| fact.fact_kind == "report").unwrap();
    assert_eq!(
        failed.duration_us,
        expected["first"]["duration_ms"].as_i64().map(|ms| ms * 1000)
    );
    assert_eq!((failed.outcome, failed.error_type), (Some("error"), Some("Exception")));
    assert_eq!(facts.rows().filter(|fact| fact.fact_kind == "start").count(), 2);
}

/// Returns what the facts and deliveries of an event that a function logged say, in the form of the samples' own list.
fn said_of_event(event: &str, request_id: &str) -> Value {
    let line = format!(r#"{{"level":"INFO","function_request_id":"{request_id}","message":{event}}}"#);
    let log_event = json!({ "id": "1", "timestamp": 1_791_284_559_098_i64, "message": line });
    let message = json!({ "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/lambda/f", "logStream": "s", "logEvents": [log_event] });
    let decoded = decoded(
        RequestKind::Cloudwatch,
        ContentType::Json,
        message.to_string().as_bytes(),
    );
    assert_eq!(decoded.rejections.total(), 0);
    let batch = |table| decoded.rows.iter().find(|(of, _)| *of == table).map(|(_, batch)| batch);
    let ms = |nanos: Option<i64>| json!(nanos.map(|nanos| nanos / 1_000_000));
    let Some(facts) = batch(Table::InvocationFacts) else {
        return json!({ "trigger_type": null, "source": null, "batch_size": null, "enqueued_min_unix_ms": null,
            "enqueued_max_unix_ms": null, "receive_count_max": null, "messages": [] });
    };
    let facts = invocation_facts::Reader::new(facts).unwrap();
    let fact = facts.row(0);
    assert_eq!((facts.rows().count(), fact.invocation_id), (1, request_id));
    let delivered = deliveries::Reader::new(batch(Table::Deliveries).unwrap()).unwrap();
    let message = |row: deliveries::Row<'_>| {
        assert_eq!(row.trigger_type, fact.trigger_type);
        let mut message = json!({ "id": row.message_id, "source": row.trigger_source, "partition": row.trigger_partition,
            "enqueued_unix_ms": ms(row.enqueued_unix_nano), "first_received_unix_ms": ms(row.first_received_unix_nano),
            "receive_count": row.receive_count });
        if let Some(queue) = row.dead_letter_of {
            message["dead_letter_of"] = json!(queue);
        }
        message
    };
    json!({ "trigger_type": fact.trigger_type, "source": fact.trigger_source, "batch_size": fact.batch_size_count,
        "enqueued_min_unix_ms": ms(fact.enqueued_min_unix_nano), "enqueued_max_unix_ms": ms(fact.enqueued_max_unix_nano),
        "receive_count_max": fact.receive_max_count, "messages": delivered.rows().map(message).collect::<Vec<_>>() })
}

#[test]
#[ignore = "PENNYSPAN_SAMPLES names the folder of samples"]
fn samples_of_events_that_functions_log_give_what_they_say() {
    let folder = samples().join("events");
    let expected: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let (mut files, mut wrong) = (0, Vec::new());
    for (file, expected) in expected.as_object().unwrap() {
        let mut expected = expected.clone();
        expected.as_object_mut().unwrap().remove("enqueued_field");
        let event = std::fs::read_to_string(folder.join(file)).unwrap();
        let said = said_of_event(&event, "79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36");
        if said != expected {
            wrong.push(format!("{file}: said {said}, expected {expected}"));
        }
        files += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files >= 52, "{files}");
}
