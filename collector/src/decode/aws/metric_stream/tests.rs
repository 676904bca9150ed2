use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, KeyValueList, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, ResourceMetrics, ScopeMetrics, Summary, SummaryDataPoint, metric, summary_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use pennyspan_schema::Table;
use pennyspan_schema::tables::metric_points;
use prost::Message as _;

use super::{begins_message, is_messages, items, messages};
use crate::decode::slices::Slices;
use crate::decode::{Decoded, Origin, Output, Settings};
use crate::request::Door;

/// 2026-10-08T07:30:00Z.
const MINUTE: u64 = 1_791_444_600_000_000_000;

fn text(text: &str) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text.to_owned())),
    }
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(value),
        ..KeyValue::default()
    }
}

fn throttles(function: &str) -> ExportMetricsServiceRequest {
    let dimensions = AnyValue {
        value: Some(any_value::Value::KvlistValue(KeyValueList {
            values: vec![pair("FunctionName", text(function))],
        })),
    };
    let quantile = |quantile, value| summary_data_point::ValueAtQuantile { quantile, value };
    let point = SummaryDataPoint {
        attributes: vec![
            pair("Namespace", text("AWS/Lambda")),
            pair("MetricName", text("Throttles")),
            pair("Dimensions", dimensions),
        ],
        start_time_unix_nano: MINUTE,
        time_unix_nano: MINUTE + 60_000_000_000,
        count: 3,
        sum: 2.0,
        quantile_values: vec![quantile(0.0, 0.0), quantile(1.0, 1.0)],
        ..SummaryDataPoint::default()
    };
    let metric = Metric {
        name: "amazonaws.com/AWS/Lambda/Throttles".to_owned(),
        unit: "{Count}".to_owned(),
        data: Some(metric::Data::Summary(Summary {
            data_points: vec![point],
        })),
        ..Metric::default()
    };
    let resource = Resource {
        attributes: vec![
            pair("cloud.provider", text("aws")),
            pair("cloud.account.id", text("123456789012")),
            pair("cloud.region", text("eu-west-1")),
        ],
        ..Resource::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![metric],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

fn points(decoded: &Decoded) -> metric_points::Reader {
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::MetricPoints)
        .unwrap()
        .1;
    metric_points::Reader::new(batch).unwrap()
}

fn read_messages(content: &[u8]) -> Decoded {
    let (door, settings) = (Door::default(), Settings::default());
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let (mut output, mut slices) = (Output::default(), Slices::new(&origin, &settings));
    messages(content, (&origin, &settings), &mut slices, &mut output).unwrap();
    output.into_decoded()
}

fn read_json(body: &str) -> Decoded {
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

#[test]
fn one_record_holds_several_messages() {
    let content = [
        throttles("checkout").encode_length_delimited_to_vec(),
        throttles("refund").encode_length_delimited_to_vec(),
    ]
    .concat();
    assert!(is_messages(&content) && begins_message(&content));
    let decoded = read_messages(&content);
    let points = points(&decoded);
    assert_eq!((points.len(), decoded.accepted), (2, 2));
    let row = points.row(1);
    assert_eq!(
        (row.function, row.region, row.account),
        (Some("refund"), Some("eu-west-1"), Some("123456789012"))
    );
    assert_eq!(
        (row.sum_text, row.min_text, row.max_text),
        (Some("2.0"), Some("0.0"), Some("1.0"))
    );
}

#[test]
fn a_message_whose_length_reads_as_a_brace_is_still_a_message() {
    let message = (1..200)
        .map(|length| throttles(&"x".repeat(length)).encode_length_delimited_to_vec())
        .find(|message| message[0] == b'{')
        .unwrap_or_else(|| {
            // A message of 123 bytes: a metric without anything else.
            let name = "n".repeat(123 - 6);
            let metric = Metric {
                name,
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
            request.encode_length_delimited_to_vec()
        });
    assert!(is_messages(&message), "{message:?}");
}

#[test]
fn labels_of_protocol_0_7_are_the_points_dimensions() {
    /// `SummaryDataPoint` of protocol 0.7, as far as it differs.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Label {
        #[prost(string, tag = "1")]
        key: String,
        #[prost(string, tag = "2")]
        value: String,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Point {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<Label>,
        #[prost(fixed64, tag = "3")]
        time_unix_nano: u64,
        #[prost(fixed64, tag = "4")]
        count: u64,
        #[prost(double, tag = "5")]
        sum: f64,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Points {
        #[prost(message, repeated, tag = "1")]
        points: Vec<Point>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct OldMetric {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, optional, tag = "11")]
        summary: Option<Points>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Metrics {
        #[prost(message, repeated, tag = "2")]
        metrics: Vec<OldMetric>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Of {
        #[prost(message, repeated, tag = "2")]
        of: Vec<Metrics>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Request {
        #[prost(message, repeated, tag = "1")]
        resources: Vec<Of>,
    }
    let label = |key: &str, value: &str| Label {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let point = Point {
        labels: vec![label("MetricName", "Errors"), label("FunctionName", "checkout")],
        time_unix_nano: MINUTE,
        count: 1,
        sum: 1.0,
    };
    let metric = OldMetric {
        name: "amazonaws.com/AWS/Lambda/Errors".to_owned(),
        summary: Some(Points { points: vec![point] }),
    };
    let request = Request {
        resources: vec![Of {
            of: vec![Metrics { metrics: vec![metric] }],
        }],
    };
    let decoded = read_messages(&request.encode_length_delimited_to_vec());
    let points = points(&decoded);
    assert_eq!(points.row(0).function, Some("checkout"));
    assert!(
        points
            .row(0)
            .attributes_json
            .unwrap()
            .contains("\"MetricName\":\"Errors\"")
    );
}

#[test]
fn json_gives_the_rows_of_the_other_form() {
    let json = read_json(
        r#"{"metric_stream_name":"s","account_id":"123456789012","region":"eu-west-1","namespace":"AWS/Lambda","metric_name":"Throttles","dimensions":{"FunctionName":"checkout"},"timestamp":1791444600000,"value":{"count":3.0,"sum":2.0,"max":1.0,"min":0.0,"p99":0.98},"unit":"{Count}"}"#,
    );
    let protobuf = read_messages(&throttles("checkout").encode_length_delimited_to_vec());
    let (json, protobuf) = (points(&json), points(&protobuf));
    let (a, b) = (json.row(0), protobuf.row(0));
    assert_eq!(
        (a.metric, a.metric_unit, a.point_kind),
        (b.metric, b.metric_unit, b.point_kind)
    );
    assert_eq!(
        (a.account, a.region, a.function, a.provider),
        (b.account, b.region, b.function, b.provider)
    );
    assert_eq!(
        (a.observation_count, a.sum_text, a.min_text, a.max_text),
        (b.observation_count, b.sum_text, b.min_text, b.max_text)
    );
    assert_eq!(a.start_unix_nano, b.start_unix_nano);
    let sorted = |text: Option<&str>| serde_json::from_str::<serde_json::Value>(text.unwrap()).unwrap();
    assert_eq!(sorted(a.attributes_json), sorted(b.attributes_json));
    assert_eq!(a.detail_json, Some(r#"{"statistics":{"p99":0.98}}"#));
}

#[test]
fn a_line_without_a_value_is_rejected_alone() {
    let point = |value: &str| {
        format!(
            r#"{{"namespace":"AWS/SQS","metric_name":"ApproximateAgeOfOldestMessage","timestamp":1791444600000,"value":{value}}}"#
        )
    };
    let body = [
        point(r#"{"sum":1}"#),
        point("7"),
        point(r#"{"sum":"much"}"#),
        "{".to_owned(),
        point(r#"{"max":2}"#),
    ]
    .join("\n");
    let decoded = read_json(&body);
    assert_eq!((decoded.accepted, decoded.rejections.total()), (2, 3));
    let places: Vec<_> = decoded.rejections.first().iter().map(|r| r.place.as_str()).collect();
    assert_eq!(places, ["line 2", "line 3", "line 4"]);
}

#[test]
fn text_is_no_message_of_a_stream() {
    for text in [
        &b"{\n  \"a\": 1}"[..],
        b"START RequestId: 1",
        b"a\nB\n",
        b"",
        b"\x05\x0a",
    ] {
        assert!(!begins_message(text), "{text:?}");
    }
    assert!(!is_messages(b""));
    assert!(!is_messages(b"\x02\x0a"));
    assert!(!is_messages(&[0xff; 12]));
}
