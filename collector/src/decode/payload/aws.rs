//! Events of AWS: records of queues, topics, streams, object stores and mail, events of a bus, log subscriptions.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pennyspan_schema::TriggerType;

use super::{count, delivery, last_part, millis, object, objects, seconds, text, time};
use crate::decode::delivery::{Delivery, Message};
use crate::decode::inflate;
use crate::decode::object::Object;
use crate::request::ContentEncoding;

/// The most that a log subscription's envelope may decompress to when it is looked at for its log group.
const ENVELOPE_BYTES: usize = 4 << 20;

/// Reads an event that holds a list of records.
pub(super) fn records<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    list(&objects(event, "Records")?)
}

/// Reads a list of records, which is what `EventBridge` Pipes hand over by itself.
pub(super) fn list<'a>(records: &[Object<'a>]) -> Option<Delivery<'a>> {
    let (kind, read) = of_record(records.first()?)?;
    Some(delivery(kind, None, records.iter().map(read).collect()))
}

/// Reads one record of an event.
type ReadRecord<'a> = fn(&Object<'a>) -> Message<'a>;

/// Returns what kind of records a record is one of: by the member that only they have, or by what they name as their source.
fn of_record<'a>(record: &Object<'a>) -> Option<(TriggerType, ReadRecord<'a>)> {
    if record.has("Sns") {
        return Some((TriggerType::Topic, topic));
    }
    if record.has("s3") {
        return Some((TriggerType::Object, bucket));
    }
    match &*text(record, "eventSource")? {
        "aws:sqs" => Some((TriggerType::Queue, queue)),
        "aws:kinesis" => Some((TriggerType::Stream, kinesis)),
        "aws:dynamodb" => Some((TriggerType::Stream, table)),
        "aws:ses" => Some((TriggerType::Email, mail)),
        _ => None,
    }
}

fn queue<'a>(record: &Object<'a>) -> Message<'a> {
    let attributes = object(record, "attributes").unwrap_or_default();
    Message {
        id: text(record, "messageId"),
        source: text(record, "eventSourceARN").map(last_part),
        enqueued_unix_nano: millis(&attributes, "SentTimestamp"),
        first_received_unix_nano: millis(&attributes, "ApproximateFirstReceiveTimestamp"),
        receive_count: count(&attributes, "ApproximateReceiveCount"),
        dead_letter_of: text(&attributes, "DeadLetterQueueSourceArn").map(last_part),
        ..Message::default()
    }
}

fn topic<'a>(record: &Object<'a>) -> Message<'a> {
    let notification = object(record, "Sns").unwrap_or_default();
    Message {
        id: text(&notification, "MessageId"),
        source: text(&notification, "TopicArn").map(last_part),
        enqueued_unix_nano: time(&notification, "Timestamp"),
        ..Message::default()
    }
}

/// A record of Kinesis names itself by shard and sequence number.
fn kinesis<'a>(record: &Object<'a>) -> Message<'a> {
    let id = text(record, "eventID");
    let shard = id
        .as_deref()
        .and_then(|id| id.split_once(':'))
        .map(|(shard, _)| shard.to_owned());
    // Pipes lift what stands in `kinesis` into the record.
    let data = object(record, "kinesis").unwrap_or_else(|| record.clone());
    Message {
        id,
        source: text(record, "eventSourceARN").map(last_part),
        partition: shard.map(Cow::Owned),
        enqueued_unix_nano: seconds(&data, "approximateArrivalTimestamp"),
        ..Message::default()
    }
}

/// A table's stream has the time to the second.
fn table<'a>(record: &Object<'a>) -> Message<'a> {
    let change = object(record, "dynamodb").unwrap_or_default();
    Message {
        id: text(record, "eventID"),
        source: text(record, "eventSourceARN").map(table_name),
        enqueued_unix_nano: seconds(&change, "ApproximateCreationDateTime"),
        bytes: count(&change, "SizeBytes"),
        ..Message::default()
    }
}

/// Returns the table of `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL`; another text is its own name.
fn table_name(arn: Cow<'_, str>) -> Cow<'_, str> {
    let name = arn
        .split_once(":table/")
        .map(|(_, rest)| rest.split('/').next().unwrap_or(rest).to_owned());
    name.map_or(arn, Cow::Owned)
}

fn bucket<'a>(record: &Object<'a>) -> Message<'a> {
    let place = object(record, "s3").and_then(|s3| object(&s3, "bucket"));
    Message {
        source: place.and_then(|bucket| text(&bucket, "name")),
        enqueued_unix_nano: time(record, "eventTime"),
        ..Message::default()
    }
}

fn mail<'a>(record: &Object<'a>) -> Message<'a> {
    let mail = object(record, "ses")
        .and_then(|ses| object(&ses, "mail"))
        .unwrap_or_default();
    Message {
        id: text(&mail, "messageId"),
        enqueued_unix_nano: time(&mail, "timestamp"),
        ..Message::default()
    }
}

/// Reads an event of a bus, which names its time to the second.
pub(super) fn bus_event<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    text(event, "detail-type")?;
    let source = text(event, "source")?;
    let message = Message {
        id: text(event, "id"),
        enqueued_unix_nano: time(event, "time"),
        ..Message::default()
    };
    Some(delivery(TriggerType::Bus, Some(source), vec![message]))
}

/// Reads a log subscription, which names its log group within compressed data, and no time.
pub(super) fn log_subscription<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let data = text(&object(event, "awslogs")?, "data")?;
    let compressed = BASE64_STANDARD.decode(data.as_bytes()).ok()?;
    let envelope = inflate(ContentEncoding::Gzip, &compressed, ENVELOPE_BYTES).ok()?;
    let envelope = Object::parse(std::str::from_utf8(&envelope).ok()?).ok()?;
    let group = text(&envelope, "logGroup")?.into_owned();
    let source = Some(Cow::Owned(group));
    Some(delivery(TriggerType::Other, source, vec![Message::default()]))
}
