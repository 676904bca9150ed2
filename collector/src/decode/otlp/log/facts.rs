//! The facts in log records: platform lines, delivery lines, exceptions.

use std::borrow::Cow;

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source};

use super::super::intake::Context;
use super::super::slots::Slot;
use super::super::span::{CLOUDFLARE, UNKNOWN_PROVIDER};
use super::Known;
use crate::decode::aws::line::{LineContext, log_line};
use crate::decode::aws::scene::LineKind;
use crate::decode::cloudflare;
use crate::decode::delivery::{Delivery, Message, Trigger, Written};
use crate::decode::fingerprint::fingerprint;
use crate::decode::names::key_scope;
use crate::decode::payload::{self, Told};
use crate::decode::time::Filed;
use crate::decode::{Output, number};

/// The event by which a function's unhandled exception is logged (semantic conventions 1.41).
const INVOCATION_EXCEPTION: &str = "faas.invocation.exception";

/// Reads what a line itself says, and appends the facts in it.
///
/// Lines of Lambda, and lines of nobody known, may be Lambda's own; those of other platforms may be delivery lines.
pub(super) fn of_line<'t>(
    text: Option<&'t str>,
    known: &Known<'_, '_>,
    context: &Context<'_>,
    output: &mut Output,
) -> LineKind<'t> {
    let (Some(text), of) = (text, known.identity) else {
        return LineKind::default();
    };
    let of_lambda = match of.provider {
        Some(provider) => provider == "aws",
        None => !text.contains("\"pennyspan\""),
    };
    if !of_lambda {
        return LineKind {
            message: append_delivery(text, known, context, output).map(Cow::Owned),
            ..LineKind::default()
        };
    }
    let at = LineContext {
        time_unix_nano: known.times.said(),
        account: of.account,
        region: of.region,
        function: of.function,
        version: of.version,
        instance_id: of.instance_id,
        invocation_id: known.invocation_id,
        origin: &context.origin,
        settings: context.settings,
    };
    log_line(text, at, output)
}

/// Returns the invocation that a record may state something of, by the id that the platform's own records have: workers are known by
/// the id of their request.
fn stated_of<'v>(known: &Known<'v, '_>) -> Option<Cow<'v, str>> {
    if known.identity.provider != Some(CLOUDFLARE) {
        return known.invocation_id.map(Cow::Borrowed);
    }
    let item = known.words.item;
    let ray = item.text(Slot::RayId)?;
    Some(Cow::Owned(cloudflare::invocation_id(ray, item.text(Slot::Entrypoint))))
}

/// Appends the delivery line or the event that a function on another platform than Lambda logged, and returns what is kept
/// instead of an event. A line that is neither, or a bad one, is a line.
fn append_delivery(text: &str, known: &Known<'_, '_>, context: &Context<'_>, output: &mut Output) -> Option<String> {
    let Told { mut delivery, instead } = payload::of_line(text)?;
    delivery.invocation_id = delivery
        .invocation_id
        .or(stated_of(known).map(|id| Cow::Owned(id.into_owned())));
    let of = known.identity;
    let written = Written {
        provider: of.provider.unwrap_or(UNKNOWN_PROVIDER),
        platform: of.platform,
        time_unix_nano: known.times.said().unwrap_or(known.times.filed.unix_nano),
        account: of.account,
        region: of.region,
        function: of.function,
        version: of.version,
        instance_id: of.instance_id,
        source: Source::Log,
    };
    delivery.append(&written, (&context.origin, context.settings), output);
    instead
}

/// Appends what a record's own attributes say of what its invocation was handed.
pub(super) fn append_trigger(known: &Known<'_, '_>, filed: Filed, context: &Context<'_>, output: &mut Output) {
    let (of, item) = (known.identity, known.words.item);
    let enqueued = item.decimal(Slot::EnqueuedMillis);
    let message = Message {
        id: item.text(Slot::MessageId).map(Cow::Borrowed),
        enqueued_unix_nano: enqueued.and_then(|text| number::unix_nano_of_millis(&text)),
        receive_count: item.count(Slot::Attempt),
        ..Message::default()
    };
    let (source, batch_size) = (item.text(Slot::TriggerSource), item.count(Slot::BatchSize));
    let told = message.enqueued_unix_nano.is_some() || message.receive_count.is_some() || source.is_some();
    let (Some(id), true) = (known.invocation_id, told) else {
        return;
    };
    let attempt = message.receive_count;
    let mut trigger = Trigger {
        source: source.map(Cow::Borrowed),
        batch_size,
        messages: vec![message],
        ..Trigger::default()
    };
    trigger.sum_up();
    let delivery = Delivery {
        invocation_id: Some(Cow::Borrowed(id)),
        attempt,
        trigger,
        ..Delivery::default()
    };
    let written = Written {
        provider: of.provider.unwrap_or(UNKNOWN_PROVIDER),
        platform: of.platform,
        time_unix_nano: filed.unix_nano,
        account: of.account,
        region: of.region,
        function: of.function,
        version: of.version,
        instance_id: of.instance_id,
        source: Source::Log,
    };
    delivery.append(&written, (&context.origin, context.settings), output);
}

/// Appends the fact of an exception that names its invocation. A function may log an exception that it handled, so that only the
/// event of an unhandled one says how the invocation ended.
pub(super) fn append_exception(
    event_name: &str,
    known: &Known<'_, '_>,
    filed: Filed,
    context: &Context<'_>,
    output: &mut Output,
) {
    let (of, item) = (known.identity, known.words.item);
    let (Some(kind), Some(id)) = (item.text(Slot::ExceptionType), stated_of(known)) else {
        return;
    };
    let id = &*id;
    let (provider, message) = (
        of.provider.unwrap_or(UNKNOWN_PROVIDER),
        item.text(Slot::ExceptionMessage),
    );
    let fingerprint = fingerprint(kind, message, item.text(Slot::ExceptionStack));
    let mut fact = invocation_facts::Row {
        provider,
        key_scope: key_scope(provider, id, of.function),
        invocation_id: id,
        source: Source::Log.as_str(),
        fact_kind: "error",
        fact_unix_nano: filed.unix_nano,
        sample_weight_milli: 1000,
        platform: of.platform,
        account: of.account,
        region: of.region,
        function: of.function,
        version: of.version,
        service: of.service,
        environment: of.environment,
        instance_id: of.instance_id,
        time_suspect: filed.suspect.then_some(true),
        outcome: (event_name == INVOCATION_EXCEPTION).then_some(Outcome::Error.as_str()),
        error_type: Some(kind),
        error_message: message,
        error_fingerprint: Some(&fingerprint),
        received_unix_nano: context.origin.received_at_unix_nano,
        ..invocation_facts::Row::default()
    };
    fact.content_hash = fact.hash();
    output.invocation_facts.append(&fact);
}
