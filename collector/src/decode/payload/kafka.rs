//! Batches of Kafka, managed or not: records by topic and partition.

use std::borrow::Cow;

use pennyspan_schema::TriggerType;

use super::{delivery, millis, object, text};
use crate::decode::delivery::{Delivery, Message};
use crate::decode::object::Object;

/// Reads a batch. The time is the producer's, or the broker's where the topic says `LogAppendTime`.
pub(super) fn records<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    if !matches!(&*text(event, "eventSource")?, "aws:kafka" | "SelfManagedKafka") {
        return None;
    }
    let mut messages = Vec::new();
    for (_, records) in object(event, "records")?.into_members() {
        messages.extend(listed(records.get()).iter().map(record));
    }
    Some(delivery(TriggerType::Stream, None, messages))
}

/// Returns the records of a partition, which some runtimes log as an object by index.
fn listed(json: &str) -> Vec<Object<'_>> {
    serde_json::from_str(json).unwrap_or_else(|_| {
        let by_index = Object::parse(json).unwrap_or_default().into_members();
        by_index
            .into_iter()
            .filter_map(|(_, record)| Object::parse(record.get()).ok())
            .collect()
    })
}

/// A record names itself by topic, partition and offset.
fn record<'a>(record: &Object<'a>) -> Message<'a> {
    let topic = text(record, "topic");
    let partition = topic
        .as_deref()
        .zip(text(record, "partition"))
        .map(|(topic, number)| format!("{topic}-{number}"));
    let id = partition
        .as_deref()
        .zip(text(record, "offset"))
        .map(|(partition, offset)| format!("{partition}:{offset}"));
    Message {
        id: id.map(Cow::Owned),
        source: topic,
        partition: partition.map(Cow::Owned),
        enqueued_unix_nano: millis(record, "timestamp"),
        ..Message::default()
    }
}
