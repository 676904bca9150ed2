//! What Lambda's segments say of attempts.
//!
//! The function's segment is the attempt: its subsegment `Invocation` is the handler, `Initialization` the init before it, never
//! an invocation of its own, and `Overhead` what runs after the answer. The service's segment stands for one request and all its
//! tries: it tells what waited before the first one (`Dwell Time`), and alone tells that a request was throttled.
//!
//! `Sampled=0` writes no segment, and X-Ray's rate (the first request of each second, then five in a hundred) is not written with
//! those that it lets through: no weight is derived from it.
//!
//! Source: "Visualize Lambda function invocations using AWS X-Ray", AWS Lambda developer guide,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>.

use std::borrow::Cow;

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source};

use super::super::whence::name;
use super::super::{PLATFORM, PROVIDER};
use super::segment::{Interval, Role, Segment, Surroundings};
use crate::decode::Output;
use crate::decode::fingerprint::fingerprint;
use crate::decode::names::text_up_to;
use crate::decode::object::Object;

/// Appends the fact of a segment of Lambda that names its request.
pub(super) fn append(
    segment: &Segment<'_>,
    below: &[Object<'_>],
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) {
    let Some(request) = segment.request_id.as_deref() else {
        return;
    };
    let settings = surroundings.given.1;
    let request = name(Cow::Borrowed(request), settings);
    let error_type = segment
        .cause
        .kind
        .as_deref()
        .map(|kind| name(Cow::Borrowed(kind), settings));
    let failed = segment.flags.fault && (segment.cause.kind.is_some() || segment.cause.message.is_some());
    let error_fingerprint = failed.then(|| {
        let cause = &segment.cause;
        fingerprint(
            cause.kind.as_deref().unwrap_or_default(),
            cause.message.as_deref(),
            cause.stack.as_deref(),
        )
    });
    let row = match surroundings.role {
        Role::Function => of_function(segment, below, surroundings),
        Role::Service => of_service(segment, below, surroundings),
        Role::Other => return,
    };
    let mut row = invocation_facts::Row {
        invocation_id: &request,
        error_type: error_type.as_deref().filter(|_| failed),
        error_message: segment
            .cause
            .message
            .as_deref()
            .filter(|_| failed)
            .map(|text| text_up_to(text, settings.value_bytes)),
        error_fingerprint: error_fingerprint.as_deref(),
        ..row
    };
    row.content_hash = row.hash();
    output.invocation_facts.append(&row);
}

/// What every segment of Lambda says.
fn of_either<'v>(segment: &Segment<'_>, surroundings: &'v Surroundings<'_>) -> invocation_facts::Row<'v> {
    let (whence, filed) = (&surroundings.whence, segment.filed());
    invocation_facts::Row {
        provider: PROVIDER,
        source: Source::Span.as_str(),
        fact_unix_nano: filed.unix_nano,
        sample_weight_milli: 1000,
        platform: Some(PLATFORM),
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: whence.function.as_deref(),
        version: whence.version.as_deref(),
        alias: whence.alias.as_deref(),
        resource_id: whence.resource_id.as_deref(),
        trace_id: Some(surroundings.trace_id),
        time_suspect: filed.suspect.then_some(true),
        trace_sampled: Some(true),
        received_unix_nano: surroundings.given.0.received_at_unix_nano,
        ..invocation_facts::Row::default()
    }
}

fn of_function<'v>(
    segment: &Segment<'_>,
    below: &[Object<'_>],
    surroundings: &'v Surroundings<'_>,
) -> invocation_facts::Row<'v> {
    let (init, handler) = (named(below, "Initialization"), named(below, "Invocation"));
    let started = handler.unwrap_or(Interval {
        start_unix_nano: init
            .and_then(|init| init.end_unix_nano)
            .unwrap_or(segment.interval.start_unix_nano),
        end_unix_nano: segment.interval.end_unix_nano,
    });
    let finished = segment.interval.end_unix_nano.is_some();
    let outcome = if segment.throttled() {
        Some(Outcome::Throttled)
    } else if segment.flags.fault {
        Some(segment.cause.outcome())
    } else {
        // An error without a fault is the caller's: the function answered.
        finished.then_some(Outcome::Ok)
    };
    invocation_facts::Row {
        fact_kind: "segment",
        start_hint_unix_nano: Some(surroundings.clock().file(started.start_unix_nano).unix_nano),
        end_unix_nano: segment.interval.end_unix_nano.filter(|_| !segment.filed().suspect),
        span_id: Some(segment.id()),
        instance_id: surroundings.whence.instance_id.as_deref(),
        runtime_us: started.duration_us(),
        init_duration_us: init.and_then(Interval::duration_us),
        cold_start_reported: init.map(|_| true),
        outcome: outcome.map(Outcome::as_str),
        ..of_either(segment, surroundings)
    }
}

fn of_service<'v>(
    segment: &Segment<'_>,
    below: &[Object<'_>],
    surroundings: &'v Surroundings<'_>,
) -> invocation_facts::Row<'v> {
    let throttled = segment.throttled();
    let queued = named(below, "Dwell Time").map(|waited| waited.start_unix_nano);
    invocation_facts::Row {
        fact_kind: "service_segment",
        // One request may be tried more than once: which attempt this is about is told by time, unless nothing ran.
        start_hint_unix_nano: throttled.then_some(segment.filed().unix_nano),
        end_unix_nano: segment.interval.end_unix_nano.filter(|_| throttled),
        enqueued_min_unix_nano: queued,
        enqueued_max_unix_nano: queued,
        outcome: throttled.then_some(Outcome::Throttled.as_str()),
        ..of_either(segment, surroundings)
    }
}

/// Returns when the subsegment of a name ran.
fn named(below: &[Object<'_>], wanted: &str) -> Option<Interval> {
    let is_wanted = |object: &&Object<'_>| (*object).clone().text("name").ok().flatten().as_deref() == Some(wanted);
    Interval::read(&mut below.iter().find(is_wanted)?.clone()).ok()
}
