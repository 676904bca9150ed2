//! Event payloads: what platforms hand to functions, and functions log as a whole (Powertools' `log_event` and the like).
//!
//! Only the outermost envelope counts: a notification inside a queue's message is a queue's message. Ids, times and counts are
//! read, never bodies.
//!
//! Sources: the event samples in the developer guides of AWS Lambda, API Gateway, EventBridge and Step Functions; the `CloudEvents`
//! specification 1.0; the references of Pub/Sub push, Cloud Tasks and Cloud Scheduler, Azure Event Grid and the binding metadata of
//! Azure Functions; the runtime API of Cloudflare Workers.

use std::borrow::Cow;
use std::fmt::Write as _;

use pennyspan_schema::TriggerType;
use serde_json::value::RawValue;

use super::delivery::{Delivery, Message, Trigger};
use super::number;
use super::object::{self, Object};

mod aws;
mod azure;
mod cloudflare;
mod google;
mod http;
mod kafka;
mod python;
mod schedule;
mod workflow;

/// A reader of one family of events; `None` where the object is no such event.
type Read = for<'a> fn(&Object<'a>) -> Option<Delivery<'a>>;

/// The readers, the most particular first.
const READERS: &[Read] = &[
    aws::records,
    kafka::records,
    http::request,
    aws::log_subscription,
    schedule::run,
    aws::bus_event,
    google::event,
    azure::message,
    cloudflare::event,
    workflow::task,
];

/// Members under which loggers put a whole event beside a message of their own.
const MEMBERS: &[&str] = &["event", "Event", "lambda_event", "lambdaEvent", "input", "payload"];

/// Reads an object that is an event.
pub(crate) fn read<'a>(object: &Object<'a>) -> Option<Delivery<'a>> {
    one(object).map(summed_up)
}

/// Reads JSON that is an event, or a list that is handed over as a batch: of records, as pipes do, or of whole events.
pub(crate) fn read_json(json: &str) -> Option<Delivery<'_>> {
    if !json.starts_with('[') {
        return read(&Object::parse(json).ok()?);
    }
    let items: Vec<Object<'_>> = serde_json::from_str(json).ok()?;
    aws::list(&items).or_else(|| joined(&items)).map(summed_up)
}

fn one<'a>(object: &Object<'a>) -> Option<Delivery<'a>> {
    READERS.iter().find_map(|read| read(object))
}

/// Joins events of one kind that are handed over together.
fn joined<'a>(events: &[Object<'a>]) -> Option<Delivery<'a>> {
    let (first, rest) = events.split_first()?;
    let mut whole = one(first)?;
    for event in rest {
        let Trigger {
            kind,
            batch_size,
            messages,
            ..
        } = one(event)?.trigger;
        if kind != whole.trigger.kind {
            return None;
        }
        whole.trigger.batch_size = whole
            .trigger
            .batch_size
            .zip(batch_size)
            .and_then(|(these, more)| these.checked_add(more));
        whole.trigger.messages.extend(messages);
    }
    Some(whole)
}

fn summed_up(mut delivery: Delivery<'_>) -> Delivery<'_> {
    delivery.trigger.sum_up();
    delivery.trigger.list_only_some();
    delivery
}

/// Reads the event in a text that ends in one, as JSON or as Python prints it; words may stand before it.
pub(crate) fn in_text<'b>(text: &str) -> Option<Delivery<'b>> {
    let object_at = text.find('{')?;
    let before = text[..object_at].trim_end();
    let at = if before.ends_with('[') {
        before.len() - 1
    } else {
        object_at
    };
    let json = text[at..].trim();
    if !json.ends_with(['}', ']']) {
        return None;
    }
    match serde_json::from_str::<&RawValue>(json) {
        Ok(json) => read_json(json.get()).map(Delivery::into_owned),
        Err(_) => read_json(&python::json(json)?).map(Delivery::into_owned),
    }
}

/// Reads what a line of a function's own log tells of its delivery: a delivery line, or an event, as the line or within it.
pub(crate) fn of_line<'b>(line: &str) -> Option<Told<'b>> {
    let event = |delivery: Delivery<'_>| Told {
        instead: Some(summary(&delivery)),
        delivery: delivery.into_owned(),
    };
    let Ok(mut object) = Object::parse(line.trim()) else {
        return in_text(line).map(event);
    };
    if Delivery::recognise(&object) {
        let delivery = Delivery::read(&mut object).ok()?.into_owned();
        return Some(Told {
            delivery,
            instead: None,
        });
    }
    let within = |object: &Object<'_>| {
        let message = object.get("message")?.get();
        match object::text(message) {
            Some(words) => in_text(&words).map(event),
            None => read_json(message).map(event),
        }
    };
    read(&object)
        .map(event)
        .or_else(|| within(&object))
        .or_else(|| take(&mut object).map(event))
}

/// What a line tells of a delivery.
#[derive(Debug)]
pub(crate) struct Told<'b> {
    pub(crate) delivery: Delivery<'b>,
    /// What is kept instead of the line's text, where that is an event.
    pub(crate) instead: Option<String>,
}

/// Takes the event that stands in a member of a structured line.
pub(crate) fn take<'a>(line: &mut Object<'a>) -> Option<Delivery<'a>> {
    MEMBERS.iter().find_map(|key| {
        let delivery = read_json(line.get(key)?.get())?;
        line.take(key);
        Some(delivery)
    })
}

/// Returns what stands in the log in place of an event, whose bodies are not kept.
pub(crate) fn summary(delivery: &Delivery<'_>) -> String {
    let trigger = &delivery.trigger;
    let mut text = String::from("trigger event");
    let told = trigger
        .kind
        .map(TriggerType::as_str)
        .into_iter()
        .chain(trigger.source.as_deref());
    for (index, word) in told.enumerate() {
        let _ = write!(text, "{} {word}", if index == 0 { ":" } else { "" });
    }
    if let Some(count) = trigger.batch_size.filter(|count| *count != 1) {
        let _ = write!(text, ", batch of {count}");
    }
    text
}

/// Returns the delivery of an event whose messages come from one place.
fn delivery<'a>(kind: TriggerType, source: Option<Cow<'a, str>>, messages: Vec<Message<'a>>) -> Delivery<'a> {
    let first = messages.first();
    let trigger = Trigger {
        kind: Some(kind),
        source: source.or_else(|| first?.source.clone()),
        partition: first.and_then(|first| first.partition.clone()),
        batch_size: i64::try_from(messages.len()).ok(),
        messages,
        ..Trigger::default()
    };
    Delivery {
        trigger,
        ..Delivery::default()
    }
}

/// Returns a member's text, be it a text or a number; an empty one is none.
fn text<'a>(object: &Object<'a>, key: &str) -> Option<Cow<'a, str>> {
    let json = object.get(key)?.get();
    let number = || json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    object::text(json)
        .or_else(|| number().then_some(Cow::Borrowed(json)))
        .filter(|text| !text.is_empty())
}

/// Returns a member whose name may be written with another case, such as `MessageId` and `messageId`.
fn text_of_any_case<'a>(object: &Object<'a>, key: &str) -> Option<Cow<'a, str>> {
    text(object, object.key_of_any_case(key)?)
}

fn object<'a>(of: &Object<'a>, key: &str) -> Option<Object<'a>> {
    let json = of.get(key)?.get();
    if json.starts_with('{') {
        Object::parse(json).ok()
    } else {
        None
    }
}

fn objects<'a>(of: &Object<'a>, key: &str) -> Option<Vec<Object<'a>>> {
    let json = of.get(key)?.get();
    if json.starts_with('[') {
        serde_json::from_str(json).ok()
    } else {
        None
    }
}

fn count(object: &Object<'_>, key: &str) -> Option<i64> {
    number::whole(&text(object, key)?).filter(|count| *count >= 0)
}

/// Returns a member that is a time as milliseconds since 1970.
fn millis(object: &Object<'_>, key: &str) -> Option<i64> {
    number::unix_nano_of_millis(&text(object, key)?)
}

/// Returns a member that is a time as seconds since 1970.
fn seconds(object: &Object<'_>, key: &str) -> Option<i64> {
    number::unix_nano_of_seconds(&text(object, key)?)
}

/// Returns a member that is a time as text. One without an offset, as .NET writes them, is UTC.
fn time(object: &Object<'_>, key: &str) -> Option<i64> {
    let text = text(object, key)?;
    number::unix_nano(&text).or_else(|| number::unix_nano(&format!("{text}Z")))
}

/// Returns what stands after the last slash or colon.
fn last_part(text: Cow<'_, str>) -> Cow<'_, str> {
    fn part(text: &str) -> &str {
        text.rsplit(['/', ':'])
            .next()
            .filter(|part| !part.is_empty())
            .unwrap_or(text)
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(part(text)),
        Cow::Owned(text) => Cow::Owned(part(&text).to_owned()),
    }
}

#[cfg(test)]
mod tests;
