//! What AWS's records seem to say and do not: each trap is a test.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use pennyspan_schema::Table;
use pennyspan_schema::tables::{environment_facts, invocation_facts, logs, metric_points};
use proptest::prelude::*;
use serde_json::json;

use crate::decode::workflow::step_functions;
use crate::decode::{DecodeError, Decoded, Origin, Settings, otlp};
use crate::request::{ContentType, Door};

const ID: &str = "0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01";

/// Decodes lines of one log stream.
fn lines(lines: &[&str]) -> Decoded {
    let events: Vec<_> = lines
        .iter()
        .zip(0..)
        .map(|(line, ms)| json!({ "id": ms.to_string(), "timestamp": 1_791_444_629_000_i64 + ms, "message": line }))
        .collect();
    let message = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/checkout",
        "logStream": "2026/10/08/[$LATEST]22be53a8cfde4e68b844f8ec293b2543", "subscriptionFilters": ["f"], "logEvents": events
    });
    let door = Door::default();
    super::cloudwatch(message.to_string().as_bytes(), &origin(&door), &Settings::default()).unwrap()
}

fn origin(door: &Door) -> Origin<'_> {
    Origin {
        door,
        region: None,
        received_at_unix_nano: Some(1_791_444_700_000_000_000),
    }
}

fn facts(decoded: &Decoded) -> Option<invocation_facts::Reader> {
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::InvocationFacts)?.1;
    Some(invocation_facts::Reader::new(batch).unwrap())
}

#[test]
fn inits_extensions_and_dropped_logs_are_no_invocations() {
    let decoded = lines(&[
        "INIT_START Runtime Version: nodejs:22.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:1",
        "EXTENSION\tName: logs\tState: Ready\tEvents: [INVOKE,SHUTDOWN]",
        "TELEMETRY\tName: logs\tState: Subscribed\tTypes: [Platform]",
        "INIT_REPORT Init Duration: 316.80 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError",
        "LOGS_DROPPED DroppedRecords: 3 DroppedBytes: 9 Reason: slow",
        "RESTORE_REPORT Restore Duration: 511.25 ms",
    ]);
    assert!(facts(&decoded).is_none());
    assert_eq!(
        (
            decoded.rows.count(Table::EnvironmentFacts),
            decoded.rows.count(Table::Logs)
        ),
        (6, 6)
    );
}

#[test]
fn a_counter_of_cold_starts_counts_no_invocations() {
    let request: ExportMetricsServiceRequest = serde_json::from_value(json!({ "resourceMetrics": [{
        "resource": { "attributes": [{ "key": "faas.name", "value": { "stringValue": "checkout" } }] },
        "scopeMetrics": [{ "metrics": [{ "name": "faas.coldstarts", "sum": { "aggregationTemporality": 2, "isMonotonic": true,
            "dataPoints": [{ "timeUnixNano": "1791444629000000000", "asInt": "3" }] } }] }] }] }))
    .unwrap();
    let (door, body) = (Door::default(), prost::Message::encode_to_vec(&request));
    let decoded = otlp::metrics(&body, ContentType::Protobuf, origin(&door), &Settings::default()).unwrap();
    assert!(facts(&decoded).is_none());
    assert_eq!(decoded.rows.count(Table::MetricPoints), 1);
}

#[test]
fn a_word_where_a_request_should_be_named_names_none() {
    let decoded = lines(&[
        "2026-10-08T07:30:28.299Z\tundefined\tERROR\tUncaught Exception\t{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"no module\",\"stack\":[\"at index.mjs\"]}",
        r#"{"timestamp":"2026-10-08T07:30:28.299Z","level":"ERROR","requestId":null,"message":"init"}"#,
        r#"{"timestamp":"2026-10-08T07:30:28.299Z","level":"ERROR","requestId":"undefined","errorType":"Boom","errorMessage":"m","stackTrace":[]}"#,
    ]);
    assert!(
        facts(&decoded).is_none(),
        "an error of an init belongs to no invocation"
    );
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1;
    let logs = logs::Reader::new(batch).unwrap();
    assert!(logs.rows().all(|row| row.invocation_id.is_none()));
    assert_eq!(logs.row(0).error_type, Some("Runtime.ImportModuleError"));
}

#[test]
fn max_memory_used_is_the_environments_high_water_mark() {
    let other = "1e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a02";
    let report = |id: &str| {
        format!(
            "REPORT RequestId: {id}\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 512 MB\tMax Memory Used: 400 MB"
        )
    };
    let decoded = lines(&[&report(ID), &report(other)]);
    let facts = facts(&decoded).unwrap();
    let marks: Vec<_> = facts
        .rows()
        .map(|row| (row.instance_id, row.max_memory_used_mib))
        .collect();
    assert_eq!(marks[0], marks[1], "told with the environment that it is of");
    assert!(marks[0].0.is_some());
}

#[test]
fn the_report_contains_extensions_and_the_runtime_does_not() {
    let body = format!(
        r#"[{{"time":"2026-10-08T07:30:29.000Z","type":"platform.runtimeDone","record":{{"requestId":"{ID}","status":"success","metrics":{{"durationMs":100.5,"producedBytes":9}},"spans":[{{"name":"responseLatency","start":"2026-10-08T07:30:28.900Z","durationMs":2.5}},{{"name":"responseDuration","start":"2026-10-08T07:30:28.902Z","durationMs":90}}]}}}},
            {{"time":"2026-10-08T07:30:29.400Z","type":"platform.report","record":{{"requestId":"{ID}","status":"success","metrics":{{"durationMs":500.25,"billedDurationMs":501,"memorySizeMB":128,"maxMemoryUsedMB":64}}}}}}]"#
    );
    let door = Door::default();
    let decoded = super::telemetry(body.as_bytes(), &origin(&door), &Settings::default()).unwrap();
    let facts = facts(&decoded).unwrap();
    let (done, report) = (facts.row(0), facts.row(1));
    assert_eq!((done.runtime_us, done.duration_us), (Some(100_500), None));
    assert_eq!((report.runtime_us, report.duration_us), (None, Some(500_250)));
    let spans = done.attributes_json.unwrap();
    assert!(
        spans.contains("responseDuration"),
        "a streamed answer goes on after its latency: {spans}"
    );
}

#[test]
fn throttles_and_invocations_of_the_platform_are_points_and_no_attempts() {
    let point = |metric: &str| {
        format!(
            r#"{{"metric_stream_name":"s","namespace":"AWS/Lambda","metric_name":"{metric}","dimensions":{{"FunctionName":"checkout"}},"timestamp":1791444600000,"value":{{"count":60,"sum":60,"min":1,"max":1}},"unit":"Count"}}"#
        )
    };
    let body = [point("Invocations"), point("Throttles")].join("\n");
    let door = Door::default();
    let output = super::metric_stream::items(body.as_bytes(), 1, &origin(&door), &Settings::default()).unwrap();
    let decoded = output.into_decoded();
    assert!(facts(&decoded).is_none());
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::MetricPoints)
        .unwrap()
        .1;
    let points = metric_points::Reader::new(batch).unwrap();
    let names: Vec<_> = points.rows().map(|row| row.metric).collect();
    assert_eq!(
        names,
        [
            "amazonaws.com/AWS/Lambda/Invocations",
            "amazonaws.com/AWS/Lambda/Throttles"
        ]
    );
}

#[test]
fn counters_of_two_environments_are_two_series() {
    let resource = |instance: &str| {
        json!({ "resource": { "attributes": [
            { "key": "faas.name", "value": { "stringValue": "checkout" } },
            { "key": "faas.instance", "value": { "stringValue": format!("2026/10/08/[7]{instance}") } } ] },
            "scopeMetrics": [{ "metrics": [{ "name": "faas.invoke_duration", "unit": "s", "histogram": { "aggregationTemporality": 2,
                "dataPoints": [{ "startTimeUnixNano": "1791444600000000000", "timeUnixNano": "1791444629000000000", "count": "3", "sum": 1.5,
                                 "bucketCounts": ["3"], "explicitBounds": [] }] } }] }] })
    };
    let (one, two) = ("22be53a8cfde4e68b844f8ec293b2543", "33be53a8cfde4e68b844f8ec293b2543");
    let body = json!({ "resourceMetrics": [resource(one), resource(two)] }).to_string();
    let door = Door::default();
    let decoded = otlp::metrics(body.as_bytes(), ContentType::Json, origin(&door), &Settings::default()).unwrap();
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::MetricPoints)
        .unwrap()
        .1;
    let points = metric_points::Reader::new(batch).unwrap();
    let told: Vec<_> = points
        .rows()
        .map(|row| (row.instance_id, row.temporality, row.start_unix_nano.is_some()))
        .collect();
    assert_eq!(
        told,
        [(Some(one), Some(2), true), (Some(two), Some(2), true)],
        "each begins anew with its environment"
    );
}

#[test]
fn the_latest_version_is_a_name_and_no_deployment() {
    let decoded = lines(&["START RequestId: 0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01 Version: $LATEST"]);
    assert_eq!(facts(&decoded).unwrap().row(0).version, Some("$LATEST"));
    assert_eq!(decoded.rows.count(Table::Deployments), 0);
    let started =
        lines(&["INIT_START Runtime Version: nodejs:22.v2\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:2"]);
    let batch = started
        .rows
        .iter()
        .find(|(of, _)| *of == Table::EnvironmentFacts)
        .unwrap()
        .1;
    let row = environment_facts::Reader::new(batch).unwrap();
    assert_eq!(
        row.row(0).runtime_version_arn,
        Some("arn:aws:lambda:eu-west-1::runtime:2"),
        "a runtime's change is seen here"
    );
}

/// Contents that a stream may carry, and files may hold.
const KNOWN: &[&str] = &[
    r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/lambda/f","logStream":"s","logEvents":[{"id":"1","timestamp":1791444629000,"message":"START RequestId: 0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01 Version: 7"},{"id":"2","timestamp":1791444629000,"message":"{}"}]}"#,
    r#"{"metric_stream_name":"s","namespace":"AWS/SQS","metric_name":"Age","dimensions":{"QueueName":"q"},"timestamp":1791444600000,"value":{"count":1,"sum":12.5,"min":1,"max":12,"p99":3},"unit":"Seconds"}"#,
    r#"{"_aws":{"Timestamp":1791444629000,"CloudWatchMetrics":[{"Namespace":"shop","Metrics":[{"Name":"Orders"}],"Dimensions":[["F"]]}]},"F":"f","Orders":[1,2.5],"event_type":"performance","function_name":"f","request_id":"r","duration":3}"#,
    r#"{"trace_id":"1-68e61734-0a1b2c3d4e5f60718293a4b5","id":"0a1b2c3d4e5f6071","name":"f","origin":"AWS::Lambda::Function","start_time":1791444629.1,"end_time":1791444629.2,"aws":{"request_id":"r"},"subsegments":[{"id":"1a1b2c3d4e5f6071","name":"Invocation","start_time":1791444629.1,"end_time":1.5}]}"#,
    r#"{"Traces":[{"Id":"1","Segments":[{"Id":"1","Document":"{\"trace_id\":\"1-68e61734-0a1b2c3d4e5f60718293a4b5\",\"id\":\"0a1b2c3d4e5f6071\",\"name\":\"f\",\"start_time\":1791444629.1}"}]}]}"#,
    r#"{"time":"2026-10-08T07:30:00.000Z","type":"platform.invokeReport","record":{"metrics":{"durationMs":600000}}}"#,
    r#"{"results":[[{"field":"@timestamp","value":"2026-10-08 07:30:29.000"},{"field":"@message","value":"m"}]],"status":"Complete"}"#,
    r#"{"events":[{"timestamp":1791444600.5,"type":"TaskStateEntered","id":1,"previousEventId":0,"stateEnteredEventDetails":{"name":"A"}},{"timestamp":1791444601,"type":"TaskStateExited","id":2,"previousEventId":1,"stateExitedEventDetails":{"name":"A"}}]}"#,
    r#"{"id":"1","type":"ExecutionFailed","details":{"error":"E"},"event_timestamp":"1791444600500","previous_event_id":"0","execution_arn":"arn:aws:states:r:1:express:m:e:i"}"#,
    "REPORT RequestId: 0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01\tDuration: 3.00 ms\tBilled Duration: 3 ms",
    "\u{5}\n\u{3}\u{12}\u{1}\0",
];

/// Returns a known content, most often with some of its bytes replaced, left out or doubled.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0_u8..4);
    (prop::sample::select(KNOWN), prop::collection::vec(edit, 0..4)).prop_map(|(known, edits)| {
        let mut content = known.as_bytes().to_vec();
        for (at, byte, how) in edits {
            if content.is_empty() {
                break;
            }
            let at = at.index(content.len());
            match how {
                0 => content[at] = byte,
                1 => drop(content.remove(at)),
                2 => content.truncate(at),
                _ => content.extend_from_within(at..),
            }
        }
        content
    })
}

fn request(records: &[Vec<u8>]) -> String {
    use base64::Engine as _;
    let encode = |data: &Vec<u8>| json!({ "data": base64::engine::general_purpose::STANDARD.encode(data) });
    json!({ "requestId": "r", "timestamp": 1, "records": records.iter().map(encode).collect::<Vec<_>>() }).to_string()
}

/// Returns how many items were understood, and how many rejected or kept as they came.
fn judged(records: &[Vec<u8>]) -> (usize, usize) {
    let door = Door::default();
    match super::firehose(request(records).as_bytes(), &origin(&door), &Settings::default()) {
        Ok(decoded) => (
            decoded.accepted - decoded.kept_raw,
            decoded.rejections.total() + decoded.kept_raw,
        ),
        Err(DecodeError::NothingAcceptable { items, .. }) => (0, items),
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #[test]
    fn records_of_a_stream_are_judged_each_by_itself(records in prop::collection::vec(content(), 1..8)) {
        let together = judged(&records);
        let each: Vec<_> = records.iter().map(|record| judged(std::slice::from_ref(record))).collect();
        let sum = each.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        prop_assert_eq!(together, sum);
        prop_assert!(each.iter().all(|(accepted, rejected)| accepted + rejected > 0), "nothing is silent: {:?}", each);
    }

    #[test]
    fn no_file_panics(body in content()) {
        let door = Door::default();
        let (origin, settings) = (origin(&door), Settings::default());
        let _ = super::xray::items(&body, 1, &origin, &settings);
        let _ = super::metric_stream::items(&body, 1, &origin, &settings);
        let _ = super::log_insights::items(&body, 1, &origin, &settings);
        let _ = super::export::items(&body, 1, &origin, &settings);
        let _ = step_functions::items(&body, 1, &origin, &settings);
        let _ = crate::import::recognise(&body);
    }
}
