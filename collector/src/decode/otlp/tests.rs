use arrow::array::RecordBatch;
use pennyspan_schema::Table;
use pennyspan_schema::tables::{deliveries, invocation_facts, logs, metric_points, spans};

use crate::decode::{DecodeError, Decoded, Origin, Reason, Settings};
use crate::request::{ContentType, Door};

mod cases;
mod dialects;
mod json;
mod logs_and_metrics;
mod oracle;
mod senders;
mod spans_to_facts;
mod through_prost;

/// 2026-10-08T07:30:28.235Z.
const START: i64 = 1_791_444_628_235_000_000;
const TRACE: &str = "5b8efff798038103d269b633813fc60c";
const SPAN: &str = "eee19b7ec3c1b174";

type Decode = fn(&[u8], ContentType, Origin<'_>, &Settings) -> Result<Decoded, DecodeError>;

/// Decodes a request as if it had been received a second after [`START`].
fn received(decode: Decode, body: &[u8], content_type: ContentType) -> Result<Decoded, DecodeError> {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(START + 1_000_000_000),
    };
    decode(body, content_type, origin, &Settings::default())
}

/// Decodes spans in JSON.
fn spans_of(spans: &str, resource: &str) -> Decoded {
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{resource}]}},"scopeSpans":[{{"scope":{{"name":"lib"}},"spans":[{spans}]}}]}}]}}"#
    );
    received(super::spans, body.as_bytes(), ContentType::Json).unwrap()
}

/// Returns one span of a kind with more fields behind the usual ones.
fn span(kind: i32, more: &str) -> String {
    let end = START + 12_345_500;
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"traceId":"{TRACE}","spanId":"{SPAN}","name":"work","kind":{kind},"startTimeUnixNano":"{START}","endTimeUnixNano":"{end}"{comma}{more}}}"#
    )
}

/// Returns a list of text attributes.
fn texts(attributes: &[(&str, &str)]) -> String {
    let attributes = attributes
        .iter()
        .map(|(key, value)| format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#));
    attributes.collect::<Vec<_>>().join(",")
}

const LAMBDA: &[(&str, &str)] = &[
    ("service.name", "shop"),
    ("cloud.provider", "aws"),
    ("cloud.platform", "aws_lambda"),
    ("faas.name", "checkout"),
    (
        "cloud.resource_id",
        "arn:aws:lambda:eu-west-1:123456789012:function:checkout:42",
    ),
    ("faas.instance", "2026/10/08/[$LATEST]22be53a8cfde4e68b844f8ec293b2543"),
    ("team", "pay"),
];

/// Returns the batch of a table that has one row.
fn only(decoded: &Decoded, table: Table) -> &RecordBatch {
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == table)
        .expect("the table has rows");
    assert_eq!(batch.num_rows(), 1);
    batch
}

fn only_span(decoded: &Decoded, check: impl FnOnce(spans::Row<'_>)) {
    check(spans::Reader::new(only(decoded, Table::Spans)).unwrap().row(0));
}

fn only_fact(decoded: &Decoded, check: impl FnOnce(invocation_facts::Row<'_>)) {
    check(
        invocation_facts::Reader::new(only(decoded, Table::InvocationFacts))
            .unwrap()
            .row(0),
    );
}

fn only_log(decoded: &Decoded, check: impl FnOnce(logs::Row<'_>)) {
    check(logs::Reader::new(only(decoded, Table::Logs)).unwrap().row(0));
}

fn only_point(decoded: &Decoded, check: impl FnOnce(metric_points::Row<'_>)) {
    check(
        metric_points::Reader::new(only(decoded, Table::MetricPoints))
            .unwrap()
            .row(0),
    );
}

fn deliveries_of(decoded: &Decoded) -> Vec<(Option<String>, Option<i64>, Option<i64>)> {
    let Some((_, batch)) = decoded.rows.iter().find(|(table, _)| *table == Table::Deliveries) else {
        return Vec::new();
    };
    let reader = deliveries::Reader::new(batch).unwrap();
    let rows = reader.rows();
    rows.map(|row| {
        (
            row.message_id.map(str::to_owned),
            row.enqueued_unix_nano,
            row.receive_count,
        )
    })
    .collect()
}

/// Returns the reasons of all rejections.
fn reasons(decoded: &Decoded) -> Vec<Reason> {
    decoded
        .rejections
        .first()
        .iter()
        .map(|rejection| rejection.reason)
        .collect()
}
