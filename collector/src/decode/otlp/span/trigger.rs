//! What caused an invocation.

use pennyspan_schema::TriggerType;

use super::super::resource::Words;
use super::super::slots::{Slot, destination_name};

/// OTLP's number for a server span.
pub(super) const SERVER: i32 = 2;
/// OTLP's number for a client span.
pub(super) const CLIENT: i32 = 3;
/// OTLP's number for a producer span.
pub(super) const PRODUCER: i32 = 4;
/// OTLP's number for a consumer span.
pub(super) const CONSUMER: i32 = 5;

/// Returns what kind of thing a messaging system is; an unknown one is a queue.
pub(super) fn of_messaging_system(system: &str) -> TriggerType {
    match system.to_ascii_lowercase().as_str() {
        "aws.sns" | "aws_sns" | "amazonsns" | "sns" | "gcp_pubsub" => TriggerType::Topic,
        "kafka" | "eventhubs" | "aws_kinesis" | "aws.kinesis" | "amazonkinesis" | "kinesis" | "pulsar" => {
            TriggerType::Stream
        }
        "eventgrid" | "eventbridge" | "aws_eventbridge" | "aws.eventbridge" => TriggerType::Bus,
        _ => TriggerType::Queue,
    }
}

/// Returns what caused an invocation: by the sender's word and the messaging system, else by the span's kind.
pub(super) fn trigger_type(words: Words<'_, '_>, kind: i32) -> Option<TriggerType> {
    let item = words.item;
    let messaging = item.text(Slot::MessagingSystem).map(of_messaging_system);
    let by_kind = || match kind {
        CONSUMER => messaging,
        SERVER if item.text(Slot::HttpMethod).is_some() => Some(TriggerType::Http),
        SERVER if item.text(Slot::RpcSystem).is_some() => Some(TriggerType::Rpc),
        _ => None,
    };
    match item.text(Slot::Trigger) {
        Some("pubsub") => Some(messaging.unwrap_or(TriggerType::Queue)),
        Some("datasource") if item.text(Slot::Bucket).is_some() => Some(TriggerType::Object),
        Some("datasource") => Some(TriggerType::Database),
        Some("cron" | "scheduled" | "alarm") => Some(TriggerType::Timer),
        Some("jsrpc") => Some(TriggerType::Rpc),
        Some(word) => Some(TriggerType::from_word(word).unwrap_or(TriggerType::Other)),
        None => by_kind(),
    }
}

/// Returns the queue, topic, stream, bucket, collection or schedule that an invocation came from.
pub(super) fn trigger_source<'v>(words: Words<'v, '_>, of: Option<TriggerType>) -> Option<&'v str> {
    let item = words.item;
    let messaging = || {
        item.text(Slot::MessagingDestination)
            .or_else(|| item.text(Slot::QueueName))
    };
    let source = item.text(Slot::TriggerSource).or_else(|| match of? {
        TriggerType::Object => item.text(Slot::Bucket).or_else(|| item.text(Slot::DocumentCollection)),
        TriggerType::Database => item
            .text(Slot::DocumentCollection)
            .or_else(|| item.text(Slot::DbCollection)),
        TriggerType::Timer => item.text(Slot::Cron),
        TriggerType::Http | TriggerType::Rpc => None,
        _ => messaging(),
    })?;
    Some(destination_name(source))
}

/// Returns the queue, topic or stream that a span names, by its own name.
pub(super) fn destination<'v>(words: Words<'v, '_>) -> Option<&'v str> {
    let item = words.item;
    let named = |slot| item.only_text(slot);
    let destination = item.text(Slot::MessagingDestination).or_else(|| named(Slot::QueueUrl));
    destination
        .or_else(|| named(Slot::TopicArn))
        .or_else(|| named(Slot::StreamName))
        .map(destination_name)
}
