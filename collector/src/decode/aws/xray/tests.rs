use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, spans};
use serde_json::{Value, json};

use super::items;
use crate::decode::{Decoded, Origin, Settings};
use crate::request::Door;

const TRACE: &str = "1-68e61734-0a1b2c3d4e5f60718293a4b5";
const REQUEST: &str = "9d2f3a52-3c1f-4a0e-9a5e-5f2f4f6d1a09";
const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:checkout";

fn decode(body: &str) -> Decoded {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    items(body.as_bytes(), 1, &origin, &Settings::default())
        .unwrap()
        .into_decoded()
}

fn service(more: &Value) -> Value {
    let mut segment = json!({
        "trace_id": TRACE, "id": "1111111111111111", "name": "checkout", "origin": "AWS::Lambda",
        "start_time": 1_791_444_628.0, "end_time": 1_791_444_630.5, "resource_arn": ARN,
        "aws": { "request_id": REQUEST }, "http": { "response": { "status": 200 } }
    });
    merge(&mut segment, more);
    segment
}

fn function(more: &Value) -> Value {
    let mut segment = json!({
        "trace_id": TRACE, "id": "2222222222222222", "parent_id": "1111111111111111", "name": "checkout",
        "origin": "AWS::Lambda::Function", "start_time": 1_791_444_628.1, "end_time": 1_791_444_630.25,
        "aws": { "request_id": REQUEST, "function_arn": ARN, "account_id": "123456789012" },
        "annotations": { "team": "pay" },
        "subsegments": [
            { "id": "3333333333333333", "name": "Initialization", "start_time": 1_791_444_628.1, "end_time": 1_791_444_628.5 },
            { "id": "4444444444444444", "name": "Invocation", "start_time": 1_791_444_628.55, "end_time": 1_791_444_630.15,
              "subsegments": [
                { "id": "5555555555555555", "name": "DynamoDB", "namespace": "aws", "start_time": 1_791_444_628.6, "end_time": 1_791_444_628.9,
                  "aws": { "operation": "PutItem", "table_name": "orders", "region": "eu-west-1", "retries": 2, "request_id": "AAAA" },
                  "http": { "response": { "status": 200 } } },
                { "id": "6666666666666666", "name": "api.example.com", "namespace": "remote", "start_time": 1_791_444_629.0, "end_time": 1_791_444_629.5,
                  "http": { "request": { "method": "GET", "url": "https://api.example.com/rates?day=1" }, "response": { "status": 503 } }, "fault": true }
              ] },
            { "id": "7777777777777777", "name": "Overhead", "start_time": 1_791_444_630.15, "end_time": 1_791_444_630.25 }
        ]
    });
    merge(&mut segment, more);
    segment
}

fn merge(segment: &mut Value, more: &Value) {
    for (key, value) in more.as_object().unwrap() {
        segment[key] = value.clone();
    }
}

fn batch(segments: &[Value]) -> String {
    let segments: Vec<_> = segments
        .iter()
        .map(|segment| json!({ "Id": segment["id"], "Document": segment.to_string() }))
        .collect();
    json!({ "Traces": [{ "Id": TRACE, "Duration": 2.5, "LimitExceeded": false, "Segments": segments }], "UnprocessedTraceIds": [] })
        .to_string()
}

fn spans_of(decoded: &Decoded) -> spans::Reader {
    spans::Reader::new(decoded.rows.iter().find(|(of, _)| *of == Table::Spans).unwrap().1).unwrap()
}

fn facts_of(decoded: &Decoded) -> invocation_facts::Reader {
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::InvocationFacts)
        .unwrap()
        .1;
    invocation_facts::Reader::new(batch).unwrap()
}

#[test]
fn each_segment_and_subsegment_is_a_span_below_its_parent() {
    let decoded = decode(&batch(&[service(&json!({})), function(&json!({}))]));
    assert_eq!(
        (decoded.accepted, decoded.rejections.total()),
        (7, 0),
        "{:?}",
        decoded.rejections
    );
    let spans = spans_of(&decoded);
    let rows: Vec<_> = spans.rows().collect();
    assert!(
        rows.iter()
            .all(|row| hex::encode(row.trace_id) == "68e617340a1b2c3d4e5f60718293a4b5")
    );
    let parent = |at: usize| rows[at].parent_span_id.map(hex::encode);
    assert_eq!((parent(0), parent(1)), (None, Some("1111111111111111".to_owned())));
    assert_eq!(
        (parent(2), parent(4)),
        (Some("2222222222222222".to_owned()), Some("4444444444444444".to_owned()))
    );
    let invocations: Vec<_> = rows
        .iter()
        .filter(|row| row.invocation_span)
        .map(|row| row.name)
        .collect();
    assert_eq!(invocations, ["checkout"], "the function's segment alone, and no init");
    assert_eq!(
        (rows[1].start_unix_nano, rows[1].duration_us),
        (1_791_444_628_100_000_000, Some(2_150_000))
    );
    assert!(rows.iter().all(|row| row.function == Some("checkout")));
    let dynamo = &rows[4];
    assert_eq!(
        (
            dynamo.dependency_kind,
            dynamo.dependency,
            dynamo.operation,
            dynamo.retry_count,
            dynamo.kind
        ),
        (Some("database"), Some("orders"), Some("PutItem"), Some(2), 3)
    );
    assert_eq!(
        (dynamo.rpc_service, dynamo.dependency_region, dynamo.invocation_id),
        (Some("DynamoDB"), Some("eu-west-1"), None)
    );
    let http = &rows[5];
    assert_eq!(
        (
            http.dependency_kind,
            http.dependency,
            http.operation,
            http.http_status,
            http.server_address
        ),
        (
            Some("http"),
            Some("api.example.com"),
            Some("GET"),
            Some(503),
            Some("api.example.com")
        )
    );
    assert_eq!((http.status_code, dynamo.status_code), (2, 0));
    assert!(
        rows[1]
            .attributes_json
            .unwrap()
            .contains("\"annotations\":{\"team\":\"pay\"}")
    );
}

#[test]
fn the_pair_of_lambdas_segments_is_one_attempt() {
    let waited = json!({ "subsegments": [{ "id": "8888888888888888", "name": "Dwell Time", "start_time": 1_791_444_620.0, "end_time": 1_791_444_628.0 }] });
    let decoded = decode(&batch(&[service(&waited), function(&json!({}))]));
    let facts = facts_of(&decoded);
    assert_eq!(facts.len(), 2);
    let (of_service, of_function) = (facts.row(0), facts.row(1));
    assert!(
        [&of_service, &of_function]
            .iter()
            .all(|row| row.invocation_id == REQUEST && row.region == Some("eu-west-1"))
    );
    assert_eq!(
        (of_service.start_hint_unix_nano, of_service.outcome),
        (None, None),
        "it stands for every try of the request"
    );
    assert_eq!(of_service.enqueued_min_unix_nano, Some(1_791_444_620_000_000_000));
    assert_eq!(
        of_function.start_hint_unix_nano,
        Some(1_791_444_628_550_000_000),
        "the handler's start"
    );
    assert_eq!(
        (of_function.init_duration_us, of_function.runtime_us),
        (Some(400_000), Some(1_600_000))
    );
    assert_eq!(
        (of_function.cold_start_reported, of_function.outcome),
        (Some(true), Some("ok"))
    );
    assert_eq!((of_function.source, of_function.sample_weight_milli), ("span", 1000));
}

#[test]
fn causes_say_how_a_failed_function_ended() {
    for (more, outcome) in [
        (
            json!({ "fault": true, "cause": { "exceptions": [{ "type": "PaymentError", "message": "card refused", "stack": [{ "path": "index.mjs", "line": 7, "label": "pay" }] }] } }),
            Some("error"),
        ),
        (
            json!({ "fault": true, "cause": { "exceptions": [{ "type": "Sandbox.Timedout", "message": "Task timed out after 3.00 seconds" }] } }),
            Some("timeout"),
        ),
        (
            json!({ "fault": true, "cause": { "exceptions": [{ "type": "Runtime.ExitError", "message": "Runtime exited with error: signal: killed" }] } }),
            Some("crash"),
        ),
        (
            json!({ "fault": true, "cause": { "exceptions": [{ "type": "Runtime.OutOfMemory" }] } }),
            Some("out_of_memory"),
        ),
        (json!({ "fault": true, "cause": "2222222222222222" }), Some("error")),
        (json!({ "error": true }), Some("ok")),
        (json!({ "throttle": true, "error": true }), Some("throttled")),
    ] {
        let decoded = decode(&function(&more).to_string());
        let facts = facts_of(&decoded);
        assert_eq!(facts.row(0).outcome, outcome, "{more}");
    }
    let decoded = decode(&function(&json!({ "fault": true, "cause": { "exceptions": [{ "type": "PaymentError", "message": "card refused" }] } })).to_string());
    let facts = facts_of(&decoded);
    assert_eq!(
        (facts.row(0).error_type, facts.row(0).error_message),
        (Some("PaymentError"), Some("card refused"))
    );
    assert!(facts.row(0).error_fingerprint.is_some());
}

#[test]
fn a_throttled_request_is_an_attempt_of_its_own() {
    let refused = json!({ "throttle": true, "error": true, "http": { "response": { "status": 429 } } });
    let decoded = decode(&service(&refused).to_string());
    let facts = facts_of(&decoded);
    assert_eq!(
        (facts.row(0).outcome, facts.row(0).start_hint_unix_nano),
        (Some("throttled"), Some(1_791_444_628_000_000_000))
    );
    assert!(spans_of(&decoded).row(0).throttled);
}

#[test]
fn the_daemons_lines_are_documents_and_what_is_in_progress_is_replaced() {
    let mut open = service(&json!({ "in_progress": true }));
    open.as_object_mut().unwrap().remove("end_time");
    let header = "{\"format\": \"json\", \"version\": 1}";
    let subsegment = json!({ "trace_id": TRACE, "id": "9999999999999999", "parent_id": "2222222222222222", "type": "subsegment", "name": "work", "start_time": 1.791_444_629e9, "end_time": 1_791_444_629.25 });
    let body = format!(
        "{header}\n{open}\n{header}\n{}\n{header}\n{subsegment}\n",
        service(&json!({}))
    );
    let decoded = decode(&body);
    assert_eq!(decoded.rejections.total(), 0, "{:?}", decoded.rejections);
    let spans = spans_of(&decoded);
    assert_eq!(spans.len(), 2);
    assert_eq!(spans.row(0).end_unix_nano, Some(1_791_444_630_500_000_000));
    assert_eq!(
        (spans.row(1).start_unix_nano, spans.row(1).kind),
        (1_791_444_629_000_000_000, 2)
    );
    let alone = decode(&open.to_string());
    assert_eq!(
        spans_of(&alone).row(0).end_unix_nano,
        None,
        "without the finished one it is what there is"
    );
}

#[test]
fn a_bad_segment_is_rejected_alone() {
    let bad_id = function(&json!({ "id": "xyz" }));
    let bad_trace = function(&json!({ "trace_id": "1-abc" }));
    let mut no_start = service(&json!({}));
    no_start["start_time"] = json!("now");
    let bad_child = service(
        &json!({ "id": "aaaaaaaaaaaaaaaa", "subsegments": [{ "id": "bb", "name": "x", "start_time": 1 }, { "id": "bbbbbbbbbbbbbbbb", "name": "y", "start_time": 1_791_444_629.0 }] }),
    );
    let mut body: Value =
        serde_json::from_str(&batch(&[bad_id, bad_trace, no_start, service(&json!({})), bad_child])).unwrap();
    body["Traces"][0]["Segments"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "Id": "1", "Document": "{" }));
    let decoded = decode(&body.to_string());
    let places: Vec<_> = decoded
        .rejections
        .first()
        .iter()
        .map(|r| (r.place.as_str(), r.field.unwrap_or("")))
        .collect();
    assert_eq!(
        places,
        [
            ("line 1, Traces[0], Segments[0]", "id"),
            ("line 1, Traces[0], Segments[1]", "trace_id"),
            ("line 1, Traces[0], Segments[2]", "start_time"),
            ("subsegments[0]", "id"),
            ("line 1, Traces[0], Segments[5]", "Document"),
        ]
    );
    assert_eq!(decoded.accepted, 3);
}

#[test]
fn subsegments_that_nest_too_deep_end_there() {
    let mut segment = json!({ "id": "00000000000000ff", "name": "n", "start_time": 1_791_444_629.0 });
    for level in 0..100 {
        segment = json!({ "id": format!("{:016x}", level + 1), "name": "n", "start_time": 1_791_444_629.0, "subsegments": [segment] });
    }
    segment["trace_id"] = TRACE.into();
    let decoded = decode(&segment.to_string());
    assert_eq!(
        (decoded.accepted, decoded.rejections.total()),
        (33, 1),
        "{:?}",
        decoded.rejections
    );
}
