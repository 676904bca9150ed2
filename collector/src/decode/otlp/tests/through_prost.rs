//! Spans as a decoder makes them that builds an object per span first: by prost, and from its objects into the same rows.
//!
//! It is what the decoder is compared with, in what it gives and in what it costs.

use std::borrow::Cow;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use pennyspan_fixtures::{in_json, span_request};
use prost::Message as _;

use super::super::fields::{EventFields, Id, LinkFields, ScopeFields, SpanFields};
use super::super::intake::{Context, Intake};
use super::super::{finish, spans};
use super::START;
use crate::decode::attributes::{Attribute, Value};
use crate::decode::{Decoded, Origin, Settings, inflate};
use crate::request::{ContentEncoding, ContentType, Digest, Door, RequestKind};

fn value(any: Option<&AnyValue>) -> Value<'_> {
    match any.and_then(|any| any.value.as_ref()) {
        Some(Any::StringValue(text)) => Value::Text(Cow::Borrowed(text)),
        Some(Any::BoolValue(value)) => Value::Bool(*value),
        Some(Any::IntValue(value)) => Value::Int(*value),
        Some(Any::DoubleValue(value)) => Value::Double(*value),
        Some(Any::BytesValue(bytes)) => Value::Bytes(Cow::Borrowed(bytes)),
        Some(Any::ArrayValue(list)) => Value::List(list.values.iter().map(|any| value(Some(any))).collect()),
        Some(Any::KvlistValue(map)) => Value::Map(attributes(&map.values)),
        _ => Value::Empty,
    }
}

fn attributes(list: &[KeyValue]) -> Vec<Attribute<'_>> {
    let attribute = |of| {
        let KeyValue { key, value: any, .. }: &KeyValue = of;
        Attribute {
            key: Cow::Borrowed(key),
            value: value(any.as_ref()),
        }
    };
    list.iter().map(attribute).collect()
}

fn fill<'a>(span: &'a Span, fields: &mut SpanFields<'a>) {
    fields.trace_id = Id::Bytes(&span.trace_id);
    fields.span_id = Id::Bytes(&span.span_id);
    fields.parent_span_id = Id::Bytes(&span.parent_span_id);
    fields.trace_state = Cow::Borrowed(&span.trace_state);
    fields.flags = span.flags;
    fields.name = Cow::Borrowed(&span.name);
    fields.kind = span.kind;
    fields.start_unix_nano = span.start_time_unix_nano;
    fields.end_unix_nano = span.end_time_unix_nano;
    fields.attributes = attributes(&span.attributes);
    fields.attributes_left_out = span.dropped_attributes_count;
    for event in &span.events {
        let from = fields.pool.len();
        fields.pool.extend(attributes(&event.attributes));
        fields.events.push(EventFields {
            time_unix_nano: event.time_unix_nano,
            name: Cow::Borrowed(&event.name),
            attributes: from..fields.pool.len(),
            attributes_left_out: event.dropped_attributes_count,
        });
    }
    fields.events_left_out = span.dropped_events_count;
    for link in &span.links {
        let from = fields.pool.len();
        fields.pool.extend(attributes(&link.attributes));
        fields.links.push(LinkFields {
            trace_id: Id::Bytes(&link.trace_id),
            span_id: Id::Bytes(&link.span_id),
            trace_state: Cow::Borrowed(&link.trace_state),
            flags: link.flags,
            attributes: from..fields.pool.len(),
            attributes_left_out: link.dropped_attributes_count,
        });
    }
    fields.links_left_out = span.dropped_links_count;
    if let Some(status) = &span.status {
        fields.status_code = status.code;
        fields.status_message = Cow::Borrowed(&status.message);
    }
}

/// Makes rows of a request that prost has read.
fn rows_of(request: &ExportTraceServiceRequest) -> Decoded {
    let (door, settings) = (Door::default(), Settings::default());
    let context = Context::new(origin(&door), &settings);
    let mut intake = Intake::<SpanFields<'_>>::new(&context);
    for (index, of_resource) in request.resource_spans.iter().enumerate() {
        intake.enter(0, index);
        let of = of_resource.resource.as_ref();
        intake.begin_resource(Ok(of
            .map(|resource| attributes(&resource.attributes))
            .unwrap_or_default()));
        for (index, of_scope) in of_resource.scope_spans.iter().enumerate() {
            intake.enter(1, index);
            let name = of_scope.scope.as_ref().map(|scope| Cow::Borrowed(&*scope.name));
            intake.begin_scope(Ok(ScopeFields {
                name: name.unwrap_or_default(),
            }));
            for (index, span) in of_scope.spans.iter().enumerate() {
                fill(span, &mut intake.item);
                intake.take(index, Ok(()));
            }
        }
    }
    finish(intake).unwrap()
}

fn origin(door: &Door) -> Origin<'_> {
    Origin {
        door,
        region: None,
        received_at_unix_nano: Some(START),
    }
}

fn decoded(body: &[u8], content_type: ContentType) -> Decoded {
    spans(body, content_type, origin(&Door::default()), &Settings::default()).unwrap()
}

#[test]
fn rows_are_those_of_an_object_per_span() {
    for seed in 0..4 {
        let body = span_request(seed, 0, 300, START).body;
        let request = ExportTraceServiceRequest::decode(&*body).unwrap();
        let rows = decoded(&body, ContentType::Protobuf).rows;
        assert!(rows == rows_of(&request).rows);
        let json = in_json("/v1/traces", &body).unwrap();
        assert!(rows == decoded(&json, ContentType::Json).rows);
    }
}

/// A part of the way: its name, the bodies, and what is done with each.
type Part<'a> = (&'a str, &'a [Vec<u8>], &'a dyn Fn(&[u8]));

/// Prints what a span costs, part by part, in one run over the same bytes; nothing is judged by it.
#[test]
#[ignore = "measures; `just bench-decode` runs it optimized"]
fn what_a_span_costs_is_printed() {
    const SPANS: usize = 1_000;
    let bodies: Vec<Vec<u8>> = (0..40).map(|nth| span_request(1, nth, SPANS, START).body).collect();
    let gzip: Vec<Vec<u8>> = bodies
        .iter()
        .map(|body| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        })
        .collect();
    let zstd: Vec<Vec<u8>> = bodies
        .iter()
        .map(|body| zstd::encode_all(&**body, 3).unwrap())
        .collect();
    let json: Vec<Vec<u8>> = bodies.iter().map(|body| in_json("/v1/traces", body).unwrap()).collect();
    let (limit, workspace) = (64 << 20, pennyspan_schema::Workspace::default());
    let parts: [Part<'_>; 8] = [
        ("inflate, gzip", &gzip, &|body| {
            black_box(inflate(ContentEncoding::Gzip, body, limit).unwrap());
        }),
        ("inflate, zstd", &zstd, &|body| {
            black_box(inflate(ContentEncoding::Zstd, body, limit).unwrap());
        }),
        ("digest", &bodies, &|body| {
            black_box(Digest::of_body(&workspace, RequestKind::Spans, body));
        }),
        ("decode, protobuf into rows", &bodies, &|body| {
            black_box(decoded(body, ContentType::Protobuf));
        }),
        ("prost into objects", &bodies, &|body| {
            black_box(ExportTraceServiceRequest::decode(body).unwrap());
        }),
        ("prost into objects, and those into rows", &bodies, &|body| {
            black_box(rows_of(&ExportTraceServiceRequest::decode(body).unwrap()));
        }),
        ("decode, JSON into rows", &json, &|body| {
            black_box(decoded(body, ContentType::Json));
        }),
        ("serde into objects", &json, &|body| {
            black_box(serde_json::from_slice::<ExportTraceServiceRequest>(body).unwrap());
        }),
    ];
    for (name, bodies, part) in parts {
        part(&bodies[0]);
        let mut least = Duration::MAX;
        for _ in 0..5 {
            let begun = Instant::now();
            for body in bodies {
                part(body);
            }
            least = least.min(begun.elapsed());
        }
        let spans = u128::try_from(bodies.len() * SPANS).unwrap();
        eprintln!(
            "{name:>40}: {:>6} ns a span, the least of 5 runs on one thread",
            least.as_nanos() / spans
        );
    }
}
