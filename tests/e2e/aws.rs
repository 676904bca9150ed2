//! What AWS sends and what its command line prints, through the program.

use std::collections::BTreeMap;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::company::pennyspan;
use crate::network::query;
use crate::server::{Server, exchange_with};

const REQUEST: &str = "6d2f3a52-3c1f-4a0e-9a5e-5f2f4f6d1a0d";
const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:checkout";
const STREAM: &str = "2026/10/08/[7]22be53a8cfde4e68b844f8ec293b2543";
const KEY: &str = "a key of this test";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn report_line() -> String {
    format!(
        "REPORT RequestId: {REQUEST}\tDuration: 1600.00 ms\tBilled Duration: 2000 ms\tMemory Size: 256 MB\tMax Memory Used: 63 MB\tInit Duration: 400.00 ms\t\n"
    )
}

fn subscription() -> Value {
    json!({ "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/checkout", "logStream": STREAM,
            "subscriptionFilters": ["f"], "logEvents": [
                { "id": "1", "timestamp": 1_791_444_628_550_i64, "message": format!("START RequestId: {REQUEST} Version: 7\n") },
                { "id": "2", "timestamp": 1_791_444_630_150_i64, "message": report_line() }] })
}

fn insights() -> Value {
    let event = json!({ "_aws": { "Timestamp": 1_791_444_630_150_i64, "CloudWatchMetrics": [] }, "event_type": "performance",
                        "function_name": "checkout", "request_id": REQUEST, "duration": 1600, "cpu_total_time": 690 });
    json!({ "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda-insights", "logStream": "checkout",
            "subscriptionFilters": ["f"], "logEvents": [{ "id": "9", "timestamp": 1_791_444_630_200_i64, "message": event.to_string() }] })
}

fn segment() -> Value {
    json!({ "trace_id": "1-68e61734-0a1b2c3d4e5f60718293a4b5", "id": "2222222222222222", "parent_id": "1111111111111111", "name": "checkout",
            "origin": "AWS::Lambda::Function", "start_time": 1_791_444_628.1, "end_time": 1_791_444_630.15,
            "aws": { "request_id": REQUEST, "function_arn": ARN },
            "subsegments": [
                { "id": "3333333333333333", "name": "Initialization", "start_time": 1_791_444_628.1, "end_time": 1_791_444_628.5 },
                { "id": "4444444444444444", "name": "Invocation", "start_time": 1_791_444_628.55, "end_time": 1_791_444_630.1, "subsegments": [
                    { "id": "5555555555555555", "name": "DynamoDB", "namespace": "aws", "start_time": 1_791_444_628.6, "end_time": 1_791_444_628.9,
                      "aws": { "operation": "PutItem", "table_name": "orders" } }] }] })
}

fn firehose(id: &str, records: &[Vec<u8>]) -> Vec<u8> {
    let records: Vec<_> = records
        .iter()
        .map(|data| json!({ "data": STANDARD.encode(data) }))
        .collect();
    let body = json!({ "requestId": id, "timestamp": 1_791_444_640_000_i64, "records": records });
    gzip(body.to_string().as_bytes())
}

fn deliver(server: &Server, id: &str, key: &str, body: &[u8]) -> (u16, Value) {
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("x-amz-firehose-protocol-version", "1.0"),
        ("x-amz-firehose-request-id", id),
        ("x-amz-firehose-access-key", key),
        (
            "x-amz-firehose-source-arn",
            "arn:aws:firehose:eu-west-1:123456789012:deliverystream/telemetry",
        ),
    ];
    let answer = exchange_with(&server.http, "/v1/aws/firehose", &headers, body).unwrap();
    let body = answer.text.split("\r\n\r\n").nth(1).unwrap();
    (answer.status, serde_json::from_str(body).unwrap())
}

#[test]
fn what_a_stream_delivers_is_one_invocation_through_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let key = hex::encode(Sha256::digest(KEY));
    let environment = BTreeMap::from([("PENNYSPAN_SERVE_FIREHOSE_KEY_SHA256", key)]);
    let server = Server::start_with(data.path(), &environment);
    let body = firehose(
        "r-1",
        &[
            gzip(subscription().to_string().as_bytes()),
            gzip(insights().to_string().as_bytes()),
            segment().to_string().into_bytes(),
            b"nothing that is known".to_vec(),
        ],
    );
    let (status, refused) = deliver(&server, "r-1", "another key", &body);
    assert_eq!((status, &refused["requestId"]), (401, &json!("r-1")));
    assert!(refused["errorMessage"].as_str().is_some());
    let (status, accepted) = deliver(&server, "r-1", KEY, &body);
    assert_eq!((status, &accepted["requestId"]), (200, &json!("r-1")));
    server.kill();
    let server = Server::start_with(data.path(), &environment);
    assert_eq!(
        deliver(&server, "r-1", KEY, &body).0,
        200,
        "sent again, as Firehose does that got no answer"
    );
    server.stop();
    let rows = query(
        data.path(),
        "SELECT function, region, cold_start, billed_duration_ms, cpu_time_ms, trace_id IS NOT NULL AS traced FROM invocations",
    );
    assert_eq!(
        rows,
        json!([{ "function": "checkout", "region": "eu-west-1", "cold_start": true, "billed_duration_ms": 2000, "cpu_time_ms": 690.0, "traced": true }])
    );
    let calls = query(
        data.path(),
        "SELECT dependency, operation FROM spans WHERE dependency IS NOT NULL",
    );
    assert_eq!(calls, json!([{ "dependency": "orders", "operation": "PutItem" }]));
}

#[test]
fn what_the_command_line_prints_is_reported_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    let pair = |field: &str, value: &str| json!({ "field": field, "value": value });
    let results = json!({ "results": [[
        pair("@timestamp", "2026-10-08 07:30:30.150"), pair("@message", &report_line()), pair("@logStream", STREAM),
        pair("@log", "123456789012:/aws/lambda/checkout"), pair("@ptr", "Cm")]], "statistics": {}, "status": "Complete" });
    write("insights", serde_json::to_string_pretty(&results).unwrap().as_bytes());
    let document = json!({ "Traces": [{ "Id": "1-68e61734-0a1b2c3d4e5f60718293a4b5", "Duration": 2.0,
        "Segments": [{ "Id": "2222222222222222", "Document": segment().to_string() }] }], "UnprocessedTraceIds": [] });
    write("traces", serde_json::to_string_pretty(&document).unwrap().as_bytes());
    let export = format!(
        "2026-10-08T07:30:28.550Z START RequestId: {REQUEST} Version: 7\n2026-10-08T07:30:30.150Z {}",
        report_line()
    );
    write("000000.gz", &gzip(export.as_bytes()));
    let history = json!({ "events": [{ "timestamp": "2026-10-08T07:30:28Z", "type": "ExecutionStarted", "id": 1, "previousEventId": 0 }] });
    write("history", history.to_string().as_bytes());
    let report = |expected: i32| {
        let output = pennyspan(&[
            "report",
            "--from",
            folder.path().to_str().unwrap(),
            "--region",
            "eu-west-1",
            "--since",
            "2026-10-08T00:00:00Z",
            "-o",
            "json",
        ]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(expected), "{said}");
        (serde_json::from_slice::<Value>(&output.stdout).unwrap(), said)
    };
    let (whole, _) = report(0);
    assert_eq!(
        whole["totals"]["invocations"],
        json!(1),
        "three forms tell of one invocation: {}",
        whole["totals"]
    );
    write("near-miss", br#"{"results": [], "count": 0}"#);
    let (partial, said) = report(3);
    assert_eq!(
        partial["totals"]["invocations"],
        json!(1),
        "the rest of the folder is still read"
    );
    assert!(
        said.contains("near-miss") && said.contains("results of CloudWatch Logs Insights with @timestamp and @message"),
        "{said}"
    );
}
