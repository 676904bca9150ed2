//! The messages that an invocation span says it was handed, by its own attributes and those of its links.

use std::borrow::Cow;

use super::super::fields::SpanFields;
use super::super::slots::{Promoted, Slot, decimal, int, slot_of};
use super::{Known, trigger};
use crate::decode::attributes::{Attribute, Value, write_text};
use crate::decode::delivery::{Delivery, Message, Trigger};
use crate::decode::number::{self, unix_nano, unix_nano_of_millis};
use crate::decode::object::Object;

/// The names of a delivery line's members, which may also stand as attributes on a span.
const MEMBERS: &[&str] = &[
    "invocation_id",
    "trigger",
    "batch_size",
    "records",
    "failed_ids",
    "http",
    "tenant",
];

/// Returns what caused an invocation, as its span tells.
pub(super) fn trigger<'v>(span: &'v SpanFields<'_>, known: &Known<'v, '_>) -> Trigger<'v> {
    let (words, item) = (known.words, known.words.item);
    let kind = trigger::trigger_type(words, span.kind);
    let start = known.interval.start.unix_nano;
    let linked = span
        .links
        .iter()
        .filter_map(|link| message(&span.pool[link.attributes.clone()], start));
    let mut messages: Vec<Message<'v>> = linked.collect();
    let own = message(&span.attributes, start);
    let all = || own.iter().chain(&messages);
    let enqueued = || all().filter_map(|message| message.enqueued_unix_nano);
    let (oldest, newest) = (enqueued().min(), enqueued().max());
    let document = || item.text(Slot::DocumentTime).and_then(unix_nano);
    let first_received_unix_nano = all().filter_map(|message| message.first_received_unix_nano).min();
    let receive_max_count = all()
        .filter_map(|message| message.receive_count)
        .chain(item.count(Slot::Attempt))
        .max();
    let listed = i64::try_from(messages.len()).ok().filter(|count| *count > 0);
    messages.extend(own.filter(|message| message.id.is_some()));
    Trigger {
        kind,
        given: item.text(Slot::Trigger).map(Cow::Borrowed),
        source: trigger::trigger_source(words, kind).map(Cow::Borrowed),
        partition: item.decimal(Slot::Partition),
        batch_size: item
            .count(Slot::MessageCount)
            .or_else(|| item.count(Slot::BatchSize))
            .or(listed),
        enqueued_min_unix_nano: oldest.or_else(document),
        enqueued_max_unix_nano: newest.or_else(document),
        first_received_unix_nano,
        receive_max_count,
        scheduled_unix_nano: scheduled(item),
        messages,
    }
}

fn scheduled(item: Promoted<'_, '_>) -> Option<i64> {
    let millis = || {
        item.decimal(Slot::ScheduledMillis)
            .and_then(|text| unix_nano_of_millis(&text))
    };
    let written = |slot| item.text(slot).and_then(unix_nano);
    written(Slot::ScheduledTime)
        .or_else(millis)
        .or_else(|| written(Slot::ScheduledMillis))
}

/// Returns the message that attributes tell of: by its id, its times or its count of deliveries.
fn message<'v>(attributes: &'v [Attribute<'_>], start_unix_nano: i64) -> Option<Message<'v>> {
    let (mut message, mut bytes) = (Message::default(), None);
    for Attribute { key, value } in attributes {
        let scaled = |power| decimal(value).and_then(|text| number::scaled(&text, power));
        let count = || int(value).filter(|count| *count >= 0);
        match slot_of(key) {
            Some(Slot::MessageId) => message.id = value.as_text().filter(|id| !id.is_empty()).map(Cow::Borrowed),
            Some(Slot::EnqueuedMillis) => message.enqueued_unix_nano = scaled(6),
            Some(Slot::EnqueuedSeconds) => message.enqueued_unix_nano = scaled(9),
            Some(Slot::DwellMillis) => {
                let waited = scaled(6).filter(|nanos| *nanos >= 0);
                let sent = waited.and_then(|nanos| start_unix_nano.checked_sub(nanos));
                message.enqueued_unix_nano = message.enqueued_unix_nano.or(sent);
            }
            Some(Slot::FirstReceivedMillis) => message.first_received_unix_nano = scaled(6),
            Some(Slot::DeliveryCount) => message.receive_count = count(),
            Some(Slot::Attempt) => message.receive_count = message.receive_count.or_else(count),
            Some(Slot::MessageBytes) => bytes = count(),
            _ => {}
        }
    }
    let told = message != Message::default();
    told.then_some(Message { bytes, ..message })
}

/// Returns the delivery line whose members stand as attributes on a span, if they do.
///
/// Members that are objects or arrays may be given as such, as JSON text, or, for objects, as one attribute per member with its
/// name after a point, such as `trigger.type`.
pub(super) fn delivery(attributes: &[Attribute<'_>]) -> Option<Delivery<'static>> {
    let mark = attributes.iter().find(|attribute| attribute.key == "pennyspan")?;
    mark.value.as_text().filter(|text| *text == "delivery")?;
    let mut json = String::from("{\"pennyspan\":\"delivery\"");
    for name in MEMBERS {
        let whole = attributes.iter().find(|attribute| attribute.key == *name);
        let parts = attributes.iter().filter_map(|attribute| {
            let (of, part) = attribute.key.split_once('.')?;
            (of == *name).then_some((part, &attribute.value))
        });
        let mut parts = parts.peekable();
        if whole.is_none() && parts.peek().is_none() {
            continue;
        }
        json.push(',');
        write_text(&mut json, name);
        json.push(':');
        match whole {
            Some(whole) => write_member(&mut json, &whole.value),
            None => write_parts(&mut json, parts),
        }
    }
    json.push('}');
    Some(Delivery::read(&mut Object::parse(&json).ok()?).ok()?.into_owned())
}

fn write_member(json: &mut String, value: &Value<'_>) {
    match value {
        Value::Text(text) if text.starts_with(['{', '[']) => json.push_str(text),
        value => value.write(json),
    }
}

fn write_parts<'v>(json: &mut String, parts: impl Iterator<Item = (&'v str, &'v Value<'v>)>) {
    json.push('{');
    for (index, (part, value)) in parts.enumerate() {
        if index > 0 {
            json.push(',');
        }
        write_text(json, part);
        json.push(':');
        value.write(json);
    }
    json.push('}');
}
