use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, ResourceMetrics, ScopeMetrics, Summary, SummaryDataPoint, metric,
};
use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, logs};
use prost::Message as _;
use serde_json::json;

use super::{firehose, request_id};
use crate::decode::{DecodeError, Decoded, Origin, Settings};
use crate::request::Door;

const ID: &str = "4e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a07";
const RECEIVED: i64 = 1_791_444_700_000_000_000;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn body(records: &[&[u8]]) -> String {
    let records: Vec<_> = records
        .iter()
        .map(|data| json!({ "data": STANDARD.encode(data) }))
        .collect();
    json!({ "requestId": "r-1", "timestamp": 1_791_444_690_000_i64, "records": records }).to_string()
}

fn decode_within(body: &str, settings: &Settings) -> Result<Decoded, DecodeError> {
    let door = Door {
        resource: Some("arn:aws:firehose:eu-west-1:123456789012:deliverystream/telemetry".to_owned()),
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(RECEIVED),
    };
    firehose(body.as_bytes(), &origin, settings)
}

fn decode(records: &[&[u8]]) -> Decoded {
    decode_within(&body(records), &Settings::default()).unwrap()
}

fn subscription(lines: &[&str]) -> Vec<u8> {
    let event = |(index, line): (usize, &&str)| json!({ "id": index.to_string(), "timestamp": 1_791_444_629_000_i64, "message": line });
    json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/checkout",
        "logStream": "2026/10/08/[7]22be53a8cfde4e68b844f8ec293b2543", "subscriptionFilters": ["f"],
        "logEvents": lines.iter().enumerate().map(event).collect::<Vec<_>>()
    })
    .to_string()
    .into_bytes()
}

fn report() -> String {
    format!(
        "REPORT RequestId: {ID}\tDuration: 120.00 ms\tBilled Duration: 120 ms\tMemory Size: 256 MB\tMax Memory Used: 63 MB"
    )
}

fn facts(decoded: &Decoded) -> invocation_facts::Reader {
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::InvocationFacts)
        .unwrap()
        .1;
    invocation_facts::Reader::new(batch).unwrap()
}

fn log_rows(decoded: &Decoded) -> logs::Reader {
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1;
    logs::Reader::new(batch).unwrap()
}

#[test]
fn subscription_messages_come_as_gzip_as_several_members_and_plain() {
    let (one, two) = (subscription(&[&report()]), subscription(&["hello"]));
    let control = br#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE"}]}"#;
    let twice = gzip(&gzip(&one));
    let members = [gzip(&one), gzip(&two)].concat();
    let concatenated = [one.clone(), two.clone(), control.to_vec()].concat();
    for (records, accepted, logs) in [
        (vec![gzip(&one)], 1, 1),
        (vec![members], 2, 2),
        (vec![twice], 1, 1),
        (vec![one.clone()], 1, 1),
        (vec![concatenated], 3, 2),
        (vec![gzip(control)], 1, 0),
        (vec![gzip(&one), gzip(&two)], 2, 2),
    ] {
        let records: Vec<_> = records.iter().map(Vec::as_slice).collect();
        let decoded = decode(&records);
        assert_eq!(
            (decoded.accepted, decoded.rejections.total()),
            (accepted, 0),
            "{:?}",
            decoded.rejections
        );
        assert_eq!(decoded.rows.count(Table::Logs), logs);
    }
    let decoded = decode(&[&gzip(&one)]);
    let reader = facts(&decoded);
    assert_eq!(
        (reader.row(0).function, reader.row(0).region),
        (Some("checkout"), Some("eu-west-1")),
        "the stream's ARN names the region"
    );
}

#[test]
fn every_content_is_known_by_itself() {
    let point = SummaryDataPoint {
        time_unix_nano: 1_791_444_629_000_000_000,
        count: 1,
        sum: 2.5,
        ..SummaryDataPoint::default()
    };
    let metric = Metric {
        name: "amazonaws.com/AWS/Lambda/Throttles".to_owned(),
        data: Some(metric::Data::Summary(Summary {
            data_points: vec![point],
        })),
        ..Metric::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![metric],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    let message = request.encode_length_delimited_to_vec();
    let two_messages = [message.clone(), message].concat();
    let json_point = r#"{"metric_stream_name":"s","namespace":"AWS/SQS","metric_name":"ApproximateAgeOfOldestMessage","dimensions":{"QueueName":"orders"},"timestamp":1791444600000,"value":{"count":1,"sum":12,"min":12,"max":12},"unit":"Seconds"}"#;
    let two_points = format!("{json_point}\n{json_point}\n");
    let event = format!(
        r#"{{"time":"2026-10-08T07:30:28.235Z","type":"platform.start","record":{{"requestId":"{ID}","version":"7"}}}}"#
    );
    let insights = format!(
        r#"{{"_aws":{{"Timestamp":1791444629000}},"event_type":"performance","function_name":"checkout","request_id":"{ID}","duration":3}}"#
    );
    let embedded = r#"{"_aws":{"Timestamp":1791444629000,"CloudWatchMetrics":[{"Namespace":"shop","Metrics":[{"Name":"Orders"}],"Dimensions":[[]]}]},"Orders":1}"#;
    let segment = r#"{"trace_id":"1-68e61734-0a1b2c3d4e5f60718293a4b5","id":"0a1b2c3d4e5f6071","name":"api","start_time":1791444629.1,"end_time":1791444629.2}"#;
    for (data, table, rows, accepted) in [
        (two_messages.as_slice(), Table::MetricPoints, 2, 2),
        (two_points.as_bytes(), Table::MetricPoints, 2, 2),
        (event.as_bytes(), Table::InvocationFacts, 1, 1),
        (insights.as_bytes(), Table::InvocationFacts, 1, 1),
        (embedded.as_bytes(), Table::MetricPoints, 1, 1),
        (segment.as_bytes(), Table::Spans, 1, 1),
        (br#"{"level":"INFO","message":"hello"}"#, Table::Logs, 1, 1),
        (br#"[{"message":"one"},{"message":"two"}]"#, Table::Logs, 2, 2),
        (report().as_bytes(), Table::InvocationFacts, 1, 1),
    ] {
        let decoded = decode(&[data]);
        assert_eq!(decoded.rejections.total(), 0, "{:?}", decoded.rejections);
        assert_eq!(
            (decoded.rows.count(table), decoded.accepted),
            (rows, accepted),
            "{}",
            String::from_utf8_lossy(data)
        );
    }
}

#[test]
fn a_record_that_is_not_understood_is_rejected_alone_by_its_index() {
    let good = gzip(&subscription(&["hello"]));
    let mut cut = good.clone();
    cut.truncate(20);
    let mut request: serde_json::Value = serde_json::from_str(&body(&[
        &good,
        b"hello",
        &cut,
        b"\x00\x01\x02",
        br#"{"price":4.96}"#,
        b"",
        b"{\"level\":\"INFO\",\"message\":\"kept\"}\n{\"price\":1}\n",
        &good,
    ]))
    .unwrap();
    let records = request["records"].as_array_mut().unwrap();
    records.push(json!({ "data": "not base64!" }));
    records.push(json!({ "value": "" }));
    records.push(json!(7));
    let decoded = decode_within(&request.to_string(), &Settings::default()).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (6, 6));
    let places: Vec<_> = decoded
        .rejections
        .first()
        .iter()
        .map(|rejection| rejection.place.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "records[2]",
            "records[3]",
            "records[5]",
            "records[8]",
            "records[9]",
            "records[10]"
        ]
    );
    let rows = log_rows(&decoded);
    assert_eq!(rows.len(), 6, "neighbours are kept");
    let unknown: Vec<_> = rows.rows().filter(|row| row.platform_type == Some("unknown")).collect();
    let raw: Vec<_> = unknown.iter().map(|row| row.body.unwrap()).collect();
    assert_eq!(raw, ["hello", r#"{"price":4.96}"#, r#"{"price":1}"#]);
    assert_eq!(decoded.kept_raw, 3, "what nobody knows is kept as it came, and counted");
    let detail = &decoded.rejections.first()[1].detail;
    assert!(
        detail.contains("expected CloudWatch Logs subscription messages"),
        "{detail}"
    );
}

#[test]
fn all_records_together_decompress_to_no_more_than_the_limit() {
    let settings = Settings {
        request_bytes: 1 << 20,
        ..Settings::default()
    };
    let bomb = gzip(&gzip(&vec![b' '; 64 << 20]));
    let large = gzip(&subscription(&[&"x".repeat(600 << 10)]));
    let small = gzip(&subscription(&["hello"]));
    let decoded = decode_within(&body(&[&bomb, &small, &large, &large, &small]), &settings).unwrap();
    let places: Vec<_> = decoded
        .rejections
        .first()
        .iter()
        .map(|rejection| rejection.place.as_str())
        .collect();
    assert_eq!((places, decoded.accepted), (vec!["records[0]", "records[3]"], 3));
}

#[test]
fn a_body_that_is_no_request_is_refused_as_a_whole() {
    for body in [
        "",
        "[]",
        "{",
        r#"{"requestId":"r-1"}"#,
        r#"{"requestId":"r-1","records":{}}"#,
        r#"{"requestId":7,"records":[]}"#,
    ] {
        let error = decode_within(body, &Settings::default()).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{body}: {error}");
        assert!(error.to_string().contains("a Firehose request"), "{error}");
    }
    let nothing = decode_within(&body(&[b"hello"]), &Settings::default()).unwrap_err();
    assert!(
        matches!(nothing, DecodeError::NothingAcceptable { items: 1, .. }),
        "{nothing}"
    );
    assert_eq!(
        decode(&[]),
        Decoded::default(),
        "a request without records is a question whether we are there"
    );
}

#[test]
fn a_body_names_its_request() {
    assert_eq!(request_id(body(&[]).as_bytes()).unwrap(), "r-1");
    assert!(request_id(br#"{"records":[]}"#).is_err());
}

#[test]
fn a_request_holds_only_so_many_items() {
    let settings = Settings {
        items: 3,
        ..Settings::default()
    };
    let line = br#"{"message":"hello"}"#;
    let decoded = decode_within(&body(&[line, line, line, line, line]), &settings).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (3, 2));
}
