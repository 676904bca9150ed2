use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, logs, metric_points};

use crate::decode::{Decoded, Origin, Settings};
use crate::request::Door;

const ID: &str = "7c1fb2a4-2f0e-4a73-9f0d-0d5a5f1f3b10";

fn event(more: &str) -> String {
    format!(
        r#"{{"_aws":{{"Timestamp":1791444629000,"CloudWatchMetrics":[{{"Namespace":"LambdaInsights","Metrics":[{{"Name":"cpu_total_time","Unit":"Milliseconds"}}],"Dimensions":[["function_name"]]}}],"LambdaInsights":{{"ShareTelemetry":true}}}},"event_type":"performance","function_name":"resize","version":"7","request_id":"{ID}","trace_id":"1-68e61734-0a1b2c3d4e5f60718293a4b5","duration":1500,"billed_duration":1600,"billed_mb_ms":409600,"cold_start":true,"init_duration":130,"used_memory_max":63,"total_memory":256,"cpu_total_time":690,"tx_bytes":4434,"rx_bytes":6911,"threads_max":11{more}}}"#
    )
}

fn decode(line: &str) -> Decoded {
    let message = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda-insights", "logStream": "resize/22be53a8cfde4e68b844f8ec293b2543",
        "subscriptionFilters": ["f"],
        "logEvents": [{ "id": "1", "timestamp": 1_791_444_629_500_i64, "message": line }]
    });
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: Some("eu-west-1"),
        received_at_unix_nano: Some(1_791_444_700_000_000_000),
    };
    crate::decode::aws::cloudwatch(message.to_string().as_bytes(), &origin, &Settings::default()).unwrap()
}

fn fact(decoded: &Decoded) -> invocation_facts::Reader {
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::InvocationFacts)
        .unwrap()
        .1;
    invocation_facts::Reader::new(batch).unwrap()
}

#[test]
fn an_event_is_a_fact_with_cpu_time_and_points() {
    let decoded = decode(&event(""));
    let reader = fact(&decoded);
    let row = reader.row(0);
    assert_eq!(
        (row.source, row.invocation_id, row.function, row.version),
        ("insights", ID, Some("resize"), Some("7"))
    );
    assert_eq!(
        (row.cpu_time_us, row.duration_us, row.init_duration_us),
        (Some(690_000), Some(1_500_000), Some(130_000))
    );
    assert_eq!(
        (row.billed_duration_ms, row.memory_size_mib, row.max_memory_used_mib),
        (Some(1600), Some(256), Some(63))
    );
    assert_eq!(
        (row.out_bytes, row.cold_start_reported, row.outcome),
        (Some(4434), Some(true), None)
    );
    assert_eq!(
        row.start_hint_unix_nano,
        Some(1_791_444_627_500_000_000),
        "the event's time less the duration"
    );
    assert!(row.trace_id.is_some());
    assert!(
        row.attributes_json.unwrap().contains("\"threads_max\":11"),
        "unknown fields are kept"
    );
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::MetricPoints)
        .unwrap()
        .1;
    let points = metric_points::Reader::new(batch).unwrap();
    assert_eq!(
        (points.row(0).metric, points.row(0).value_text, points.row(0).function),
        (
            "amazonaws.com/LambdaInsights/cpu_total_time",
            Some("690"),
            Some("resize")
        )
    );
}

#[test]
fn the_streams_of_insights_are_no_environments() {
    let decoded = decode(&event(""));
    assert_eq!(fact(&decoded).row(0).instance_id, None);
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1;
    let logs = logs::Reader::new(batch).unwrap();
    assert_eq!((logs.row(0).instance_id, logs.row(0).invocation_id), (None, Some(ID)));
}

#[test]
fn time_outs_and_ends_of_the_process_are_outcomes() {
    for (more, outcome) in [
        (r#","timeout":true,"shutdown_reason":"Timeout""#, Some("timeout")),
        (r#","shutdown_reason":"Failure""#, Some("crash")),
        (r#","shutdown_reason":"Spindown""#, None),
        (r#","timeout":false"#, None),
    ] {
        assert_eq!(fact(&decode(&event(more))).row(0).outcome, outcome, "{more}");
    }
}
