//! The fact that an invocation span states.

use std::borrow::Cow;

use pennyspan_schema::tables::{invocation_facts, spans};
use pennyspan_schema::{Outcome, Source};

use super::super::fields::SpanFields;
use super::super::given;
use super::super::intake::Context;
use super::super::resource::Words;
use super::super::slots::Slot;
use super::{CLOUDFLARE, Known, STATUS_ERROR, messages};
use crate::decode::cloudflare;
use crate::decode::delivery::Trigger;
use crate::decode::fingerprint::fingerprint;
use crate::decode::names::{key_scope, name, text_up_to};
use crate::decode::said::{self, Said};
use crate::decode::{Output, number};

/// The provider of an invocation whose span does not name one.
pub(in super::super) const UNKNOWN_PROVIDER: &str = "unknown";
/// Bytes in a mebibyte.
const MIB_BYTES: i64 = 1 << 20;
/// No platform gives a function so few bytes of memory, nor so many megabytes: what is less is megabytes of older senders.
const LEAST_BYTES: i64 = 1 << 20;

/// Appends the fact of an invocation span, and the messages that it names.
pub(super) fn append<'v>(
    span: &'v SpanFields<'_>,
    known: &Known<'v, '_>,
    row: &spans::Row<'v>,
    context: &Context<'_>,
    output: &mut Output,
) {
    let ids = known.ids;
    let provider = row.provider.unwrap_or(UNKNOWN_PROVIDER);
    let of_span = |span| format!("{}:{}", hex::encode(ids.trace), hex::encode(span));
    let of_platform = platform_id(known, row, of_span);
    let own_id = of_span(ids.span);
    let (invocation_id, key_scope) = match of_platform.as_deref().or(row.invocation_id) {
        Some(id) => (id, key_scope(provider, id, row.function)),
        None => (&*own_id, row.function.unwrap_or_default()),
    };
    let delivery = messages::delivery(&span.attributes).unwrap_or_default();
    let mut trigger = or(delivery.trigger, messages::trigger(span, known));
    trigger.cut(context.settings);
    let failure = Failure::of(span, known, context);
    let route = route(row, context.settings.name_bytes);
    let mut fact = invocation_facts::Row {
        provider,
        key_scope,
        invocation_id,
        end_unix_nano: row.end_unix_nano.filter(|_| !row.clock_skew && !row.time_suspect),
        outcome: outcome(span, known.words, row).map(Outcome::as_str),
        error_type: row.error_type,
        error_message: failure.message,
        error_fingerprint: failure.fingerprint.as_deref(),
        http_status: delivery.http_status.or(row.http_status),
        route: delivery.route.as_deref().or(route.as_deref()),
        tenant: delivery.tenant.as_deref().or_else(|| known.words.text(Slot::Tenant)),
        ..fact(known, row)
    };
    trigger.fill(&mut fact);
    if let (Some(function), Some(architecture)) = (fact.function, fact.architecture) {
        let said = Said {
            provider,
            account: fact.account,
            region: fact.region,
            function,
            value: architecture,
            unix_nano: row.start_unix_nano,
            time_suspect: row.time_suspect,
            received_unix_nano: row.received_unix_nano,
        };
        output.said.add(said::ARCHITECTURE, said);
    }
    fact.content_hash = fact.hash();
    output.invocation_facts.append(&fact);
    trigger.append_deliveries(&fact, output);
}

/// Returns the id that the platform's own records give the invocation, where a span can tell it.
///
/// Workers are known by the id of their request. Cloud Run's records name the trace and the span that Cloud Run opened for the
/// request, which is the parent of the function's own; a parent in the same process is none of Cloud Run's.
fn platform_id(known: &Known<'_, '_>, row: &spans::Row<'_>, of_span: impl Fn([u8; 8]) -> String) -> Option<String> {
    /// The bits of a span's flags that say whether its parent is remote, and that it is.
    const KNOWN_TO_BE_REMOTE: i64 = 0x100;
    const REMOTE: i64 = 0x200;
    let item = known.words.item;
    if row.provider == Some(CLOUDFLARE) {
        return Some(cloudflare::invocation_id(
            item.text(Slot::RayId)?,
            item.text(Slot::Entrypoint),
        ));
    }
    let flags = row.flags.unwrap_or(0);
    let remote = flags & KNOWN_TO_BE_REMOTE == 0 || flags & REMOTE != 0;
    let of_cloud_run = matches!(
        row.platform,
        Some("gcp_cloud_run" | "gcp.cloud_run" | "gcp_cloud_functions")
    );
    let unnamed = row.invocation_id.is_none();
    row.parent_span_id
        .filter(|_| of_cloud_run && unnamed && remote)
        .map(of_span)
}

/// Returns what the span's row and attributes say of the invocation.
fn fact<'v>(known: &Known<'v, '_>, row: &spans::Row<'v>) -> invocation_facts::Row<'v> {
    let (words, of) = (known.words, known.identity);
    let millis = |slot| words.item.decimal(slot).and_then(|text| number::duration_us(&text));
    invocation_facts::Row {
        source: Source::Span.as_str(),
        fact_kind: "span",
        fact_unix_nano: row.start_unix_nano,
        start_hint_unix_nano: Some(row.start_unix_nano),
        sample_weight_milli: row.sample_weight_milli,
        platform: of.platform,
        execution_model: of.platform.and_then(execution_model),
        account: of.account,
        region: of.region,
        function: of.function,
        version: of.version,
        alias: of.alias,
        service: of.service,
        environment: of.environment,
        resource_id: of.resource_id,
        runtime: words.text(Slot::RuntimeName),
        architecture: of.architecture,
        instance_id: of.instance_id,
        attempt_reported: words.item.count(Slot::Attempt),
        trace_id: Some(row.trace_id),
        span_id: Some(row.span_id),
        links_json: row.links_json,
        time_suspect: row.time_suspect.then_some(true),
        // A worker's clock stands still while it computes, so that its span may have no length; its wall time does.
        duration_us: millis(Slot::WallTime),
        runtime_us: row.duration_us,
        init_duration_us: millis(Slot::ColdStartMillis),
        memory_size_mib: memory_size_mib(words),
        cpu_time_us: millis(Slot::CpuTime),
        cold_start_reported: row.cold_start_reported,
        trace_sampled: Some(true),
        service_version: of.service_version,
        received_unix_nano: row.received_unix_nano,
        ..invocation_facts::Row::default()
    }
}

/// Returns how the platform runs what a span tells of, where the platform's name alone says it.
fn execution_model(platform: &str) -> Option<&'static str> {
    match platform {
        "cloudflare.workers" | "cloudflare_workers" => Some("worker"),
        "gcp_cloud_run" | "gcp.cloud_run" => Some("container_function"),
        "azure.functions" => Some("event_function"),
        _ => None,
    }
}

/// Returns the configured memory: bytes, or megabytes of senders older than semantic conventions 1.19.
fn memory_size_mib(words: Words<'_, '_>) -> Option<i64> {
    let size = words
        .item
        .count(Slot::MaxMemory)
        .or_else(|| words.resource.count(Slot::MaxMemory))?;
    let mib = if size >= LEAST_BYTES { size / MIB_BYTES } else { size };
    (mib > 0).then_some(mib)
}

/// Returns how the invocation ended: by the platform's word, by the span's status, or well if it ended at all.
fn outcome(span: &SpanFields<'_>, words: Words<'_, '_>, row: &spans::Row<'_>) -> Option<Outcome> {
    let of_worker = words.item.text(Slot::Outcome).and_then(|word| {
        let outcome = cloudflare::outcome_of(word);
        (outcome != Outcome::Unknown || word == "unknown").then_some(outcome)
    });
    let by_status = if span.status_code == STATUS_ERROR {
        Some(Outcome::Error)
    } else {
        None
    };
    of_worker
        .or(by_status)
        .or_else(|| row.end_unix_nano.map(|_| Outcome::Ok))
}

/// Returns the route with its method, as invocation records write it.
fn route<'v>(row: &spans::Row<'v>, limit: usize) -> Option<Cow<'v, str>> {
    let route = row.http_route?;
    Some(match row.http_method {
        Some(method) => Cow::Owned(name(&format!("{method} {route}"), limit).into_owned()),
        None => Cow::Borrowed(route),
    })
}

/// What a failed invocation says about its error.
#[derive(Debug, Default)]
struct Failure<'v> {
    message: Option<&'v str>,
    fingerprint: Option<String>,
}

impl<'v> Failure<'v> {
    fn of(span: &'v SpanFields<'_>, known: &Known<'v, '_>, context: &Context<'_>) -> Self {
        if span.status_code != STATUS_ERROR && known.error_type.is_none() {
            return Self::default();
        }
        let (item, exception) = (known.words.item, known.exception.unwrap_or_default());
        let message = exception
            .message
            .or_else(|| item.text(Slot::ExceptionMessage))
            .or_else(|| given(&span.status_message));
        let stack = exception.stack.or_else(|| item.text(Slot::ExceptionStack));
        let told = known.error_type.is_some() || message.is_some();
        Self {
            message: message.map(|message| text_up_to(message, context.settings.value_bytes)),
            fingerprint: told.then(|| fingerprint(known.error_type.unwrap_or_default(), message, stack)),
        }
    }
}

/// Returns what a delivery line says, and the span's own attributes where it says nothing.
fn or<'v>(line: Trigger<'v>, span: Trigger<'v>) -> Trigger<'v> {
    Trigger {
        kind: line.kind.or(span.kind),
        given: span.given.or(line.given),
        source: line.source.or(span.source),
        partition: line.partition.or(span.partition),
        batch_size: line.batch_size.or(span.batch_size),
        enqueued_min_unix_nano: line.enqueued_min_unix_nano.or(span.enqueued_min_unix_nano),
        enqueued_max_unix_nano: line.enqueued_max_unix_nano.or(span.enqueued_max_unix_nano),
        first_received_unix_nano: line.first_received_unix_nano.or(span.first_received_unix_nano),
        receive_max_count: line.receive_max_count.or(span.receive_max_count),
        scheduled_unix_nano: line.scheduled_unix_nano.or(span.scheduled_unix_nano),
        messages: if line.messages.is_empty() {
            span.messages
        } else {
            line.messages
        },
    }
}
