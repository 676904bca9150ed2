//! The same messages through another implementation's encoders: `opentelemetry-proto`'s protobuf and JSON.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use pennyspan_schema::Table;
use pennyspan_schema::tables::spans;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message as _;

use super::{Decode, START, received};
use crate::decode::{DecodeError, Decoded, otlp};
use crate::request::ContentType;

const KEYS: &[&str] = &[
    "faas.name",
    "faas.invocation_id",
    "faas.execution",
    "faas.trigger",
    "faas.coldstart",
    "cloud.provider",
    "cloud.resource_id",
    "http.method",
    "http.request.method",
    "http.response.status_code",
    "rpc.system",
    "rpc.method",
    "messaging.system",
    "messaging.message.id",
    "faas.trigger.enqueued_time_unix_ms",
    "host.arch",
    "exception.type",
    "service.name",
    "pennyspan",
    "batch_size",
    "type",
    "",
];

fn values() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        "\\PC{0,6}".prop_map(|text| Some(Value::StringValue(text))),
        select(
            &[
                "aws",
                "pubsub",
                "delivery",
                "REPORT RequestId: x\tDuration: 1.5 ms",
                "arn:aws:lambda:eu-west-1:1:function:f:1"
            ][..]
        )
        .prop_map(|text| Some(Value::StringValue(text.to_owned()))),
        any::<bool>().prop_map(|value| Some(Value::BoolValue(value))),
        any::<i64>().prop_map(|value| Some(Value::IntValue(value))),
        any::<f64>()
            .prop_filter("the oracle's JSON has only finite numbers", |value| value.is_finite())
            .prop_map(|value| Some(Value::DoubleValue(value))),
        vec(any::<u8>(), 0..4).prop_map(|bytes| Some(Value::BytesValue(bytes))),
    ];
    leaf.prop_map(|value| AnyValue { value })
        .prop_recursive(3, 12, 3, |inner| {
            let map = vec(("\\PC{0,3}", option::of(inner.clone())), 0..3);
            prop_oneof![
                vec(inner, 0..3).prop_map(|values| AnyValue {
                    value: Some(Value::ArrayValue(ArrayValue { values }))
                }),
                map.prop_map(|entries| {
                    let values = entries
                        .into_iter()
                        .map(|(key, value)| KeyValue {
                            key,
                            value,
                            ..KeyValue::default()
                        })
                        .collect();
                    AnyValue {
                        value: Some(Value::KvlistValue(KeyValueList { values })),
                    }
                }),
            ]
        })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let key = prop_oneof![select(KEYS).prop_map(str::to_owned), "\\PC{0,4}"];
    vec((key, values()), 0..5).prop_map(|all| {
        all.into_iter()
            .map(|(key, value)| KeyValue {
                key,
                value: Some(value),
                ..KeyValue::default()
            })
            .collect()
    })
}

fn id(bytes: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![8 => vec(any::<u8>(), bytes), 1 => vec(any::<u8>(), 0..20), 1 => Just(vec![0; bytes])]
}

fn time() -> impl Strategy<Value = u64> {
    let near = START.unsigned_abs();
    prop_oneof![6 => near..near + 600_000_000_000, 1 => Just(0), 1 => any::<u64>()]
}

fn resource() -> impl Strategy<Value = Option<Resource>> {
    option::of(attributes().prop_map(|attributes| Resource {
        attributes,
        ..Resource::default()
    }))
}

fn scope() -> impl Strategy<Value = Option<InstrumentationScope>> {
    option::of("\\PC{0,4}".prop_map(|name| InstrumentationScope {
        name,
        ..InstrumentationScope::default()
    }))
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (
        any::<u64>(),
        prop_oneof![Just("exception".to_owned()), "\\PC{0,4}"],
        attributes(),
        0_u32..3,
    );
    let event = event.prop_map(|(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
        time_unix_nano,
        name,
        attributes,
        dropped_attributes_count,
    });
    vec(event, 0..3)
}

fn links() -> impl Strategy<Value = Vec<Link>> {
    let id = |bytes| prop_oneof![12 => vec(any::<u8>(), bytes), 1 => vec(any::<u8>(), 0..20)];
    let link = (id(16), id(8), "\\PC{0,4}", attributes(), any::<u32>());
    let link = link.prop_map(|(trace_id, span_id, trace_state, attributes, flags)| Link {
        trace_id,
        span_id,
        trace_state,
        attributes,
        flags,
        ..Link::default()
    });
    vec(link, 0..3)
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (id(16), id(8), prop_oneof![Just(Vec::new()), id(8)]);
    let times = (time(), time());
    let words = (
        "\\PC{0,6}",
        prop_oneof!["\\PC{0,6}", Just("ot=th:c".to_owned())],
        any::<u32>(),
        -1_i32..7,
    );
    let status = option::of((0_i32..4, "\\PC{0,4}").prop_map(|(code, message)| Status { message, code }));
    (ids, times, words, attributes(), events(), links(), status, 0_u32..3).prop_map(
        |(
            (trace_id, span_id, parent_span_id),
            (start, end),
            (name, trace_state, flags, kind),
            attributes,
            events,
            links,
            status,
            dropped,
        )| Span {
            trace_id,
            span_id,
            trace_state,
            parent_span_id,
            flags,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            dropped_attributes_count: dropped,
            events,
            dropped_events_count: 0,
            links,
            dropped_links_count: 0,
            status,
        },
    )
}

pub(super) fn trace_requests() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scopes = vec((scope(), vec(span(), 0..4)), 0..3);
    vec((resource(), scopes), 0..3).prop_map(|all| ExportTraceServiceRequest {
        resource_spans: all
            .into_iter()
            .map(|(resource, scopes)| ResourceSpans {
                resource,
                scope_spans: scopes
                    .into_iter()
                    .map(|(scope, spans)| ScopeSpans {
                        scope,
                        spans,
                        ..ScopeSpans::default()
                    })
                    .collect(),
                ..ResourceSpans::default()
            })
            .collect(),
    })
}

pub(super) fn log_requests() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let record = (
        time(),
        time(),
        0_i32..26,
        "\\PC{0,4}",
        option::of(values()),
        attributes(),
        id(16),
        id(8),
        "\\PC{0,4}",
    )
        .prop_map(
            |(time, observed, severity_number, severity_text, body, attributes, trace_id, span_id, event_name)| {
                LogRecord {
                    time_unix_nano: time,
                    observed_time_unix_nano: observed,
                    severity_number,
                    severity_text,
                    body,
                    attributes,
                    trace_id,
                    span_id,
                    event_name,
                    ..LogRecord::default()
                }
            },
        );
    (resource(), scope(), vec(record, 0..5)).prop_map(|(resource, scope, log_records)| ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource,
            scope_logs: vec![ScopeLogs {
                scope,
                log_records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    })
}

/// Numbers that both encoders of the oracle write: its JSON has only finite ones, its protobuf leaves out a zero of either sign.
fn finite() -> impl Strategy<Value = f64> {
    any::<f64>()
        .prop_filter("the oracle's JSON has only finite numbers", |value| value.is_finite())
        .prop_map(|value| value + 0.0)
}

fn data() -> impl Strategy<Value = Data> {
    let number = (
        time(),
        attributes(),
        option::of(prop_oneof![
            any::<i64>().prop_map(Number::AsInt),
            finite().prop_map(Number::AsDouble)
        ]),
    )
        .prop_map(|(time_unix_nano, attributes, value)| NumberDataPoint {
            time_unix_nano,
            attributes,
            value,
            ..NumberDataPoint::default()
        });
    let numbers = vec(number, 0..3).boxed();
    let stats = || {
        (
            time(),
            attributes(),
            any::<u64>(),
            option::of(finite()),
            option::of(finite()),
        )
    };
    let histogram = (stats(), vec(any::<u64>(), 0..3), vec(finite(), 0..3)).prop_map(
        |((time_unix_nano, attributes, count, sum, min), bucket_counts, explicit_bounds)| HistogramDataPoint {
            time_unix_nano,
            attributes,
            count,
            sum,
            min,
            bucket_counts,
            explicit_bounds,
            ..HistogramDataPoint::default()
        },
    );
    let buckets = || {
        option::of(
            (any::<i32>(), vec(any::<u64>(), 0..3))
                .prop_map(|(offset, bucket_counts)| Buckets { offset, bucket_counts }),
        )
    };
    let exponential = (stats(), any::<i32>(), any::<u64>(), buckets(), buckets(), finite()).prop_map(
        |((time_unix_nano, attributes, count, sum, max), scale, zero_count, positive, negative, zero_threshold)| {
            ExponentialHistogramDataPoint {
                time_unix_nano,
                attributes,
                count,
                sum,
                max,
                scale,
                zero_count,
                positive,
                negative,
                zero_threshold,
                ..ExponentialHistogramDataPoint::default()
            }
        },
    );
    let quantiles = vec(
        (select(&[0.0, 0.5, 1.0][..]), finite()).prop_map(|(quantile, value)| ValueAtQuantile { quantile, value }),
        0..3,
    );
    let summary = (time(), attributes(), any::<u64>(), finite(), quantiles).prop_map(
        |(time_unix_nano, attributes, count, sum, quantile_values)| SummaryDataPoint {
            time_unix_nano,
            attributes,
            count,
            sum,
            quantile_values,
            ..SummaryDataPoint::default()
        },
    );
    prop_oneof![
        numbers
            .clone()
            .prop_map(|data_points| Data::Gauge(Gauge { data_points })),
        (numbers, 0_i32..3, any::<bool>()).prop_map(|(data_points, aggregation_temporality, is_monotonic)| {
            Data::Sum(Sum {
                data_points,
                aggregation_temporality,
                is_monotonic,
            })
        }),
        (vec(histogram, 0..3), 0_i32..3).prop_map(|(data_points, aggregation_temporality)| Data::Histogram(
            Histogram {
                data_points,
                aggregation_temporality
            }
        )),
        (vec(exponential, 0..3), 0_i32..3).prop_map(|(data_points, aggregation_temporality)| {
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points,
                aggregation_temporality,
            })
        }),
        vec(summary, 0..3).prop_map(|data_points| Data::Summary(Summary { data_points })),
    ]
}

pub(super) fn metric_requests() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    let metric = ("\\PC{0,4}", "\\PC{0,4}", option::of(data())).prop_map(|(name, unit, data)| Metric {
        name,
        unit,
        data,
        ..Metric::default()
    });
    (resource(), scope(), vec(metric, 0..4)).prop_map(|(resource, scope, metrics)| ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource,
            scope_metrics: vec![ScopeMetrics {
                scope,
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    })
}

/// Decodes both encodings of one request, and checks that they say the same and lose no item.
fn both(decode: Decode, table: Table, protobuf: &[u8], json: &str, items: usize) -> Option<Decoded> {
    let protobuf = received(decode, protobuf, ContentType::Protobuf);
    let json_decoded = received(decode, json.as_bytes(), ContentType::Json);
    match (protobuf, json_decoded) {
        (Ok(protobuf), Ok(json_decoded)) => {
            assert!(protobuf.rows == json_decoded.rows, "{json}");
            assert_eq!(protobuf.rejections.counts(), json_decoded.rejections.counts(), "{json}");
            assert_eq!(protobuf.accepted, protobuf.rows.count(table));
            assert_eq!(
                (protobuf.accepted, protobuf.rejections.total()),
                (json_decoded.accepted, items - protobuf.accepted)
            );
            Some(protobuf)
        }
        (
            Err(DecodeError::NothingAcceptable { items: left, .. }),
            Err(DecodeError::NothingAcceptable { items: right, .. }),
        ) => {
            assert_eq!((left, right), (items, items));
            None
        }
        (protobuf, json_decoded) => panic!("{protobuf:?}\n{json_decoded:?}\n{json}"),
    }
}

fn acceptable(span: &Span) -> bool {
    let id = |id: &[u8], bytes| id.len() == bytes && id.iter().any(|byte| *byte != 0);
    let stored = |time| i64::try_from(time).is_ok();
    let parent = matches!(span.parent_span_id.len(), 0 | 8);
    let links = span
        .links
        .iter()
        .all(|link| matches!(link.trace_id.len(), 0 | 16) && matches!(link.span_id.len(), 0 | 8));
    let times = stored(span.start_time_unix_nano) && span.start_time_unix_nano > 0 && stored(span.end_time_unix_nano);
    id(&span.trace_id, 16) && id(&span.span_id, 8) && parent && links && times
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn spans_are_the_same_in_both_encodings(request in trace_requests()) {
        let sent: Vec<&Span> = request.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans).collect();
        let json = serde_json::to_string(&request).unwrap();
        let decoded = both(otlp::spans, Table::Spans, &request.encode_to_vec(), &json, sent.len());
        let accepted = sent.iter().filter(|span| acceptable(span)).count();
        prop_assert_eq!(decoded.as_ref().map_or(0, |decoded| decoded.accepted), accepted);
        let Some((_, batch)) = decoded.as_ref().and_then(|decoded| decoded.rows.iter().find(|(table, _)| *table == Table::Spans)) else {
            return Ok(());
        };
        let reader = spans::Reader::new(batch).unwrap();
        for (row, span) in reader.rows().zip(sent.iter().filter(|span| acceptable(span))) {
            prop_assert_eq!((&row.trace_id[..], &row.span_id[..], row.name), (&*span.trace_id, &*span.span_id, &*span.name));
            prop_assert_eq!((row.kind, row.flags.unwrap_or(0)), (i64::from(span.kind), i64::from(span.flags)));
            prop_assert_eq!(row.end_unix_nano.unwrap_or(0), i64::try_from(span.end_time_unix_nano).unwrap());
            prop_assert_eq!(row.links_json.is_some(), !span.links.is_empty());
        }
    }

    #[test]
    fn log_records_are_the_same_in_both_encodings(request in log_requests()) {
        let items = request.resource_logs.iter().flat_map(|of| &of.scope_logs).map(|of| of.log_records.len()).sum();
        let json = serde_json::to_string(&request).unwrap();
        both(otlp::logs, Table::Logs, &request.encode_to_vec(), &json, items);
    }

    #[test]
    fn data_points_are_the_same_in_both_encodings(request in metric_requests()) {
        let points = |metric: &Metric| match &metric.data {
            Some(Data::Gauge(of)) => of.data_points.len(),
            Some(Data::Sum(of)) => of.data_points.len(),
            Some(Data::Histogram(of)) => of.data_points.len(),
            Some(Data::ExponentialHistogram(of)) => of.data_points.len(),
            Some(Data::Summary(of)) => of.data_points.len(),
            None => 0,
        };
        let items = request.resource_metrics.iter().flat_map(|of| &of.scope_metrics).flat_map(|of| &of.metrics).map(points).sum();
        let json = serde_json::to_string(&request).unwrap();
        both(otlp::metrics, Table::MetricPoints, &request.encode_to_vec(), &json, items);
    }

    #[test]
    fn unknown_fields_change_nothing(request in trace_requests(), number in 200_u32..400, value in any::<u64>()) {
        let known = request.encode_to_vec();
        let mut unknown = known.clone();
        prost::encoding::uint64::encode(number, &value, &mut unknown);
        prost::encoding::bytes::encode(number, &known, &mut unknown);
        prop_assert_eq!(received(otlp::spans, &known, ContentType::Protobuf).ok(), received(otlp::spans, &unknown, ContentType::Protobuf).ok());
    }

    #[test]
    fn no_damage_panics(request in trace_requests(), cut in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>(), bits in any::<u8>()) {
        for mut body in [request.encode_to_vec(), serde_json::to_vec(&request).unwrap()] {
            if body.is_empty() {
                continue;
            }
            let at = flip.index(body.len());
            body[at] ^= bits;
            for decode in [otlp::spans, otlp::logs, otlp::metrics] {
                for content_type in [ContentType::Protobuf, ContentType::Json] {
                    let _ = received(decode, &body, content_type);
                    let _ = received(decode, &body[..cut.index(body.len())], content_type);
                }
            }
        }
    }
}
