//! CloudWatch metric streams, in OpenTelemetry's form and in JSON.
//!
//! In OpenTelemetry's form a record holds several `ExportMetricsServiceRequest`s, each after its length as a varint; 1.0 and 0.7
//! differ in how a point's dimensions are written, and both are read. In JSON each line is one point of one metric. Both become
//! the same rows: metric `amazonaws.com/<namespace>/<name>`, a summary with the dimensions under `Dimensions`.
//!
//! Source: "CloudWatch metric stream output in OpenTelemetry 1.0.0 format" and "in JSON format", Amazon CloudWatch user guide,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats.html>.

use std::borrow::Cow;

use pennyspan_schema::Table;
use pennyspan_schema::tables::metric_points;

use super::PROVIDER;
use super::scene::Given;
use super::whence::name;
use crate::decode::documents::documents;
use crate::decode::fault::Fault;
use crate::decode::object::{Object, Rest, compact};
use crate::decode::otlp;
use crate::decode::slices::Slices;
use crate::decode::{Clock, DecodeError, Origin, Output, Reason, Settings, number};

/// What a body should be.
const EXPECTED: &str = "CloudWatch metric stream points, one JSON object per line";
/// How OpenTelemetry's form names a metric, before its namespace.
const PREFIX: &str = "amazonaws.com/";
/// The tag of `resource_metrics`, by which each message begins.
const RESOURCE_METRICS: u8 = 0x0a;
/// The longest varint of a 32-bit length.
const LENGTH_BYTES: usize = 5;

/// Returns whether lengths lead from message to message up to the end of a content.
pub(crate) fn is_messages(content: &[u8]) -> bool {
    let mut rest = content;
    while let Some((message, after)) = next_message(rest) {
        if message.first() != Some(&RESOURCE_METRICS) {
            return false;
        }
        rest = after;
    }
    rest.is_empty() && !content.is_empty()
}

/// Returns whether a content, of which this is the beginning, begins with a length and a message of a metric stream.
///
/// The message begins with a length as well, which is no greater; text that begins alike has no NUL and is UTF-8.
pub(crate) fn begins_message(head: &[u8]) -> bool {
    let is_text = std::str::from_utf8(head).is_ok_and(|text| !text.contains('\0'));
    let nested = || {
        let (length, message) = varint(head)?;
        let (inner, content) = varint(message.strip_prefix(&[RESOURCE_METRICS])?)?;
        // A resource or its metrics stand first in it.
        Some(inner < length && matches!(content.first(), Some(0x0a | 0x12)))
    };
    !is_text && nested().unwrap_or_default()
}

/// Returns the number at the beginning of a content, and what follows it.
fn varint(content: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (index, byte) in content.iter().take(LENGTH_BYTES).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &content[index + 1..]));
        }
    }
    None
}

/// Returns the next message and what follows it; `None` at the end, or where no length leads on.
pub(crate) fn next_message(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = varint(content)?;
    rest.split_at_checked(length)
}

/// Reads the messages of OpenTelemetry's form.
///
/// # Errors
/// The fault of the first message that cannot be read; the points before it stay.
pub(super) fn messages(
    content: &[u8],
    (origin, settings): Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    let mut rest = content;
    let mut index = 0;
    while let Some((message, after)) = next_message(rest) {
        otlp::metrics_within(message, *origin, settings, output, slices)
            .map_err(|problem| Fault::of("data", Reason::Malformed, format!("message {index}: {problem}")))?;
        rest = after;
        index += 1;
    }
    Ok(())
}

/// Decodes points in JSON; `first` is the number of the body's first line or item.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    let mut slices = Slices::new(origin, settings);
    for document in documents(body, first, EXPECTED)? {
        let malformed = |problem: String| Fault::whole(Reason::Malformed, format!("not {EXPECTED}: {problem}"));
        let read = document.json.map_err(malformed).and_then(|json| {
            let mut object = Object::parse(json).map_err(|problem| malformed(problem.to_string()))?;
            append(&mut object, (origin, settings), &mut slices, &mut output)
        });
        match read {
            Ok(()) => output.accepted += 1,
            Err(fault) => output.reject(fault.at(Table::MetricPoints, document.place.to_string())),
        }
    }
    Ok(output)
}

/// Returns whether an object is a point of a metric stream.
pub(super) fn is_point(object: &Object<'_>) -> bool {
    object.has("metric_stream_name") || (object.has("metric_name") && object.has("namespace"))
}

/// Appends a point in JSON.
///
/// # Errors
/// The fault names the field that is missing or of another type.
pub(super) fn append(
    object: &mut Object<'_>,
    (origin, settings): Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    output.room(output.metric_points.len(), settings)?;
    let missing = |field| Fault::of(field, Reason::MissingField, "a metric stream's point has it");
    let namespace = object.text("namespace")?.ok_or_else(|| missing("namespace"))?;
    let metric_name = object.text("metric_name")?.ok_or_else(|| missing("metric_name"))?;
    let time = object.time_unix_ms("timestamp")?.ok_or_else(|| missing("timestamp"))?;
    let mut value = object.object("value")?.ok_or_else(|| missing("value"))?;
    let mut dimensions = object.object("dimensions")?.unwrap_or_default();
    let (account, region, unit) = (object.text("account_id")?, object.text("region")?, object.text("unit")?);
    let count = value.count("count")?;
    let (sum, min, max) = (
        decimal(&mut value, "sum")?,
        decimal(&mut value, "min")?,
        decimal(&mut value, "max")?,
    );
    let filed = Clock::new(origin.received_at_unix_nano).file(time);
    slices.open(filed.unix_nano)?;
    let attributes = attributes(&namespace, &metric_name, &dimensions, settings)?;
    let function = dimensions.text("FunctionName").ok().flatten();
    let detail = detail(value, settings)?;
    let rest = object.rest(settings)?;
    output.attributes_dropped += rest.dropped;
    let cut = |text: Option<Cow<'_, str>>| text.map(|text| name(Cow::Owned(text.into_owned()), settings));
    output.metric_points.append(&metric_points::Row {
        metric: &name(Cow::Owned(metric(&namespace, &metric_name)), settings),
        point_kind: "summary",
        metric_unit: cut(unit).as_deref(),
        time_unix_nano: filed.unix_nano,
        time_suspect: filed.suspect,
        // CloudWatch's timestamps are the start of a period, whose length is not said.
        start_unix_nano: Some(filed.unix_nano),
        observation_count: count,
        sum_text: sum.as_deref(),
        min_text: min.as_deref(),
        max_text: max.as_deref(),
        detail_json: detail.as_deref(),
        provider: Some(PROVIDER),
        account: cut(account).as_deref(),
        region: cut(region).as_deref().or(origin.region),
        function: cut(function).as_deref(),
        attributes_json: attributes.as_deref(),
        resource_json: rest.into_json().as_deref(),
        received_unix_nano: origin.received_at_unix_nano,
        ..metric_points::Row::default()
    });
    Ok(())
}

/// Returns the metric's name, the same in every form.
pub(super) fn metric(namespace: &str, name: &str) -> String {
    format!("{PREFIX}{namespace}/{name}")
}

/// Returns what names the series, as OpenTelemetry's form writes it: keys in order.
pub(super) fn attributes(
    namespace: &str,
    metric_name: &str,
    dimensions: &Object<'_>,
    settings: &Settings,
) -> Result<Option<String>, Fault> {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut members = dimensions.clone().into_members();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    let mut inner = Rest::default();
    for (key, value) in members {
        inner.add(&key, value.get(), settings)?;
    }
    let mut rest = Rest::default();
    rest.add(
        "Dimensions",
        &inner.into_json().unwrap_or_else(|| "{}".to_owned()),
        settings,
    )?;
    rest.add("MetricName", &text(metric_name), settings)?;
    rest.add("Namespace", &text(namespace), settings)?;
    Ok(rest.into_json())
}

/// Takes a number as its decimal text.
fn decimal(object: &mut Object<'_>, field: &'static str) -> Result<Option<String>, Fault> {
    let Some(value) = object.take(field) else {
        return Ok(None);
    };
    if number::scaled(value.get(), 0).is_none() {
        return Err(Fault::of(field, Reason::BadValue, "expected a number"));
    }
    Ok(Some(value.get().to_owned()))
}

/// Returns the further statistics of a point, such as `p99` or `tm90`, as they are.
fn detail(value: Object<'_>, settings: &Settings) -> Result<Option<String>, Fault> {
    let mut statistics = Rest::default();
    for (key, value) in value.into_members() {
        if compact(value.get(), settings.depth).is_some() && number::scaled(value.get(), 0).is_some() {
            statistics.add(&key, value.get(), settings)?;
        }
    }
    Ok(statistics.into_json().map(|json| format!("{{\"statistics\":{json}}}")))
}

#[cfg(test)]
mod tests;
