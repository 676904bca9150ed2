//! Lambda Insights: one event per invocation, the only record of AWS that knows an invocation's CPU time.
//!
//! The extension writes it as a line of embedded metrics into the group `/aws/lambda-insights`, whose streams are not those of the
//! functions: so it tells no execution environment, and the line's own `function_name` counts.
//!
//! Source: "Metrics collected by Lambda Insights", Amazon CloudWatch user guide,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-metrics.html>, and recorded events.

use std::borrow::Cow;

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source};

use super::scene::{Given, Scene};
use super::whence::name;
use super::{PLATFORM, PROVIDER};
use crate::decode::fault::Fault;
use crate::decode::object::{Object, Rest};
use crate::decode::{Clock, Output, ids};

/// What such a line is called among platform lines.
pub(super) const TYPE: &str = "lambda_insights.performance";
/// The group that the extension writes into.
const GROUP: &str = "/aws/lambda-insights";

/// Returns whether a log group is that of Lambda Insights, whose streams are no execution environments.
pub(super) fn is_group(group: &str) -> bool {
    group == GROUP || group.starts_with("/aws/lambda-insights/")
}

/// Returns whether a line is an event of an invocation.
pub(super) fn is_event(line: &Object<'_>) -> bool {
    let is_performance = |text: Option<Cow<'_, str>>| text.as_deref() == Some("performance");
    line.has("function_name")
        && line.has("request_id")
        && is_performance(line.clone().text("event_type").ok().flatten())
}

/// What an event says of the invocation, beside the fact.
pub(super) struct Told<'a> {
    pub(super) invocation_id: Cow<'a, str>,
    pub(super) trace_id: Option<[u8; 16]>,
}

/// Appends the fact that an event states; `None` where it names no request, or nothing tells its time.
pub(super) fn append<'a>(
    line: &Object<'a>,
    time_unix_nano: i64,
    scene: Scene<'_>,
    (origin, settings): Given<'_>,
    output: &mut Output,
) -> Option<Told<'a>> {
    let mut event = line.clone();
    event.take("_aws");
    event.take("event_type");
    let text = |event: &mut Object<'a>, field| lenient(event.text(field));
    let id = text(&mut event, "request_id")?;
    let invocation_id = name(Cow::Borrowed(&id), settings);
    let clock = Clock::new(origin.received_at_unix_nano);
    let filed = clock.file(time_unix_nano);
    let duration_us = lenient(event.duration_us("duration"));
    let start = duration_us
        .and_then(|duration| duration.checked_mul(1000))
        .and_then(|nanos| filed.unix_nano.checked_sub(nanos));
    let trace_id = text(&mut event, "trace_id").and_then(|id| ids::xray_trace_id(&id).or_else(|| ids::trace_id(&id)));
    let (function, version) = (text(&mut event, "function_name"), text(&mut event, "version"));
    let cut = |text: Option<Cow<'a, str>>| text.map(|text| name(text, settings));
    let (function, version) = (cut(function), cut(version));
    let whence = scene.whence.clone().cut(settings);
    let timed_out = lenient(event.flag("timeout"));
    let reason = text(&mut event, "shutdown_reason");
    let mut row = invocation_facts::Row {
        provider: PROVIDER,
        invocation_id: &invocation_id,
        source: Source::Insights.as_str(),
        fact_kind: "insights",
        fact_unix_nano: filed.unix_nano,
        start_hint_unix_nano: start.map(|start| clock.file(start).unix_nano),
        end_unix_nano: Some(filed.unix_nano),
        sample_weight_milli: 1000,
        platform: Some(PLATFORM),
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: function.as_deref().or(whence.function.as_deref()),
        version: version.as_deref(),
        trace_id,
        time_suspect: filed.suspect.then_some(true),
        duration_us,
        init_duration_us: lenient(event.duration_us("init_duration")),
        billed_duration_ms: lenient(event.count("billed_duration")),
        memory_size_mib: lenient(event.count("total_memory")),
        max_memory_used_mib: lenient(event.count("used_memory_max")),
        cpu_time_us: lenient(event.duration_us("cpu_total_time")),
        out_bytes: lenient(event.count("tx_bytes")),
        cold_start_reported: lenient(event.flag("cold_start")),
        outcome: outcome(timed_out, reason.as_deref()).map(Outcome::as_str),
        received_unix_nano: origin.received_at_unix_nano,
        ..invocation_facts::Row::default()
    };
    let attributes = event.rest(settings).ok().and_then(Rest::into_json);
    row.attributes_json = attributes.as_deref();
    row.content_hash = row.hash();
    output.invocation_facts.append(&row);
    Some(Told {
        invocation_id: id.clone(),
        trace_id,
    })
}

/// Returns how the invocation ended, where the event tells: it knows time-outs and processes that ended, and no errors.
fn outcome(timed_out: Option<bool>, shutdown_reason: Option<&str>) -> Option<Outcome> {
    match shutdown_reason.map(str::to_ascii_lowercase).as_deref() {
        _ if timed_out == Some(true) => Some(Outcome::Timeout),
        Some("timeout") => Some(Outcome::Timeout),
        Some("failure") => Some(Outcome::Crash),
        _ => None,
    }
}

fn lenient<T>(read: Result<Option<T>, Fault>) -> Option<T> {
    read.ok().flatten()
}

#[cfg(test)]
mod tests;
