//! Events of Google Cloud, and `CloudEvents` of anybody: Pub/Sub push, events of functions of both generations, requests of Cloud
//! Tasks and Cloud Scheduler.

use std::borrow::Cow;

use pennyspan_schema::TriggerType;

use super::{count, delivery, last_part, object, schedule, seconds, text, text_of_any_case, time};
use crate::decode::delivery::{Delivery, Message};
use crate::decode::number;
use crate::decode::object::Object;

/// Reads any of them.
pub(super) fn event<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    cloud_event(event)
        .or_else(|| push(event, None))
        .or_else(|| first_generation(event))
        .or_else(|| request(event))
}

/// Reads a `CloudEvent` in its JSON form.
fn cloud_event<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    text(event, "specversion")?;
    let (kind, source) = (text(event, "type")?, text(event, "source")?);
    let source = if source.starts_with("//") {
        last_part(source)
    } else {
        source
    };
    let published = object(event, "data").and_then(|data| push(&data, Some(source.clone())));
    if let Some(published) = published.filter(|_| kind.starts_with("google.cloud.pubsub.")) {
        return Some(published);
    }
    let message = Message {
        id: text(event, "id"),
        enqueued_unix_nano: time(event, "time"),
        ..Message::default()
    };
    Some(delivery(kind_of(&kind), Some(source), vec![message]))
}

fn kind_of(event_type: &str) -> TriggerType {
    let starts = |starts: &[&str]| starts.iter().any(|start| event_type.starts_with(start));
    if starts(&["google.cloud.pubsub.", "google.pubsub."]) {
        TriggerType::Topic
    } else if starts(&["google.cloud.storage.", "google.storage."]) {
        TriggerType::Object
    } else if starts(&[
        "google.cloud.firestore.",
        "google.firebase.database.",
        "providers/cloud.firestore/",
    ]) {
        TriggerType::Database
    } else {
        TriggerType::Bus
    }
}

/// Reads the body of a Pub/Sub push. Without a dead-letter policy there is no `deliveryAttempt`, which is then unknown, not 1.
fn push<'a>(body: &Object<'a>, topic: Option<Cow<'a, str>>) -> Option<Delivery<'a>> {
    let message = object(body, "message")?;
    let either = |camel, snake| text(&message, camel).or_else(|| text(&message, snake));
    let id = either("messageId", "message_id")?;
    let published = time(&message, "publishTime").or_else(|| time(&message, "publish_time"))?;
    let source = topic.or_else(|| text(body, "subscription").map(last_part));
    let message = Message {
        id: Some(id),
        enqueued_unix_nano: Some(published),
        receive_count: count(body, "deliveryAttempt"),
        ..Message::default()
    };
    Some(delivery(TriggerType::Topic, source, vec![message]))
}

/// Reads the context that functions of the first generation get beside an event.
fn first_generation<'a>(context: &Object<'a>) -> Option<Delivery<'a>> {
    let (id, kind) = (text(context, "eventId")?, text(context, "eventType")?);
    if !kind.starts_with("google.") && !kind.starts_with("providers/") {
        return None;
    }
    let resource = object(context, "resource").and_then(|resource| text(&resource, "name"));
    let source = resource.or_else(|| text(context, "resource"));
    let message = Message {
        id: Some(id),
        enqueued_unix_nano: time(context, "timestamp"),
        ..Message::default()
    };
    Some(delivery(kind_of(&kind), source.map(place), vec![message]))
}

/// Returns the bucket in `projects/_/buckets/NAME/objects/..`, else the last part of a resource's name.
fn place(resource: Cow<'_, str>) -> Cow<'_, str> {
    let bucket = resource
        .split_once("/buckets/")
        .map(|(_, rest)| rest.split('/').next().unwrap_or(rest).to_owned());
    bucket.map_or_else(|| last_part(resource), Cow::Owned)
}

/// Reads the headers of a request that Cloud Tasks or Cloud Scheduler made, alone or within the request.
fn request<'a>(request: &Object<'a>) -> Option<Delivery<'a>> {
    let headers = object(request, "headers").unwrap_or_else(|| request.clone());
    task(&headers).or_else(|| scheduled(&headers))
}

fn task<'a>(headers: &Object<'a>) -> Option<Delivery<'a>> {
    let name = text_of_any_case(headers, "X-CloudTasks-TaskName")?;
    let retries = text_of_any_case(headers, "X-CloudTasks-TaskRetryCount").and_then(|count| number::whole(&count));
    let attempt = retries
        .and_then(|retries| retries.checked_add(1))
        .filter(|attempt| *attempt > 0);
    let message = Message {
        id: Some(name),
        enqueued_unix_nano: headers
            .key_of_any_case("X-CloudTasks-TaskETA")
            .and_then(|key| seconds(headers, key)),
        receive_count: attempt,
        ..Message::default()
    };
    let queue = text_of_any_case(headers, "X-CloudTasks-QueueName");
    let task = delivery(TriggerType::Queue, queue, vec![message]);
    Some(Delivery { attempt, ..task })
}

fn scheduled<'a>(headers: &Object<'a>) -> Option<Delivery<'a>> {
    let at = time(headers, headers.key_of_any_case("X-CloudScheduler-ScheduleTime")?)?;
    let job = text_of_any_case(headers, "X-CloudScheduler-JobName").map(last_part);
    Some(schedule::of(job, Some(at), Message::default()))
}
