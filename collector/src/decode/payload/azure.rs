//! Events of Azure: Event Grid in its own form, and the metadata that Functions give beside messages of Service Bus, Event Hubs and
//! storage queues.
//!
//! Names begin with a capital or not, by language; a batch gives a list per name, such as `EnqueuedTimeUtcArray`.

use std::borrow::Cow;

use pennyspan_schema::TriggerType;

use super::{delivery, last_part, object, text, text_of_any_case, time};
use crate::decode::delivery::{Delivery, Message};
use crate::decode::number;
use crate::decode::object::Object;

/// Reads any of them.
pub(super) fn message<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    grid_event(event)
        .or_else(|| storage_message(event))
        .or_else(|| batch(event))
        .or_else(|| bus_message(event))
        .or_else(|| hub_event(event))
}

fn grid_event<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let (_, topic) = (text(event, "eventType")?, text(event, "topic")?);
    let message = Message {
        id: text(event, "id"),
        enqueued_unix_nano: Some(time(event, "eventTime")?),
        ..Message::default()
    };
    Some(delivery(TriggerType::Bus, Some(last_part(topic)), vec![message]))
}

fn storage_message<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let receives = whole(event, "DequeueCount")?;
    let message = Message {
        id: text_of_any_case(event, "Id"),
        enqueued_unix_nano: Some(instant(event, "InsertionTime")?),
        receive_count: Some(receives),
        ..Message::default()
    };
    Some(delivery(TriggerType::Queue, entity(event), vec![message]))
}

fn bus_message<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let message = Message {
        id: Some(text_of_any_case(event, "MessageId")?),
        enqueued_unix_nano: Some(instant(event, "EnqueuedTimeUtc").or_else(|| instant(event, "EnqueuedTime"))?),
        receive_count: Some(whole(event, "DeliveryCount")?),
        ..Message::default()
    };
    Some(delivery(TriggerType::Queue, entity(event), vec![message]))
}

/// Returns the queue or topic that metadata may name.
fn entity<'a>(event: &Object<'a>) -> Option<Cow<'a, str>> {
    ["EntityPath", "QueueName", "TopicName"]
        .iter()
        .find_map(|key| text_of_any_case(event, key))
}

/// Reads one event of a hub: its partition and sequence number name it.
fn hub_event<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let hub = hub(event)?;
    let properties = event
        .key_of_any_case("SystemProperties")
        .and_then(|key| object(event, key));
    let of = |key| text_of_any_case(event, key).or_else(|| text_of_any_case(properties.as_ref()?, key));
    let sequence = of("SequenceNumber")?;
    let enqueued = of("EnqueuedTimeUtc").and_then(|text| utc(&text));
    let message = hub_message(&hub, &sequence, enqueued);
    Some(delivery(TriggerType::Stream, Some(hub.name), vec![message]))
}

/// Reads a batch: a list of times, and beside it lists of sequence numbers, message ids or counts.
fn batch<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let times = list(event, "EnqueuedTimeUtcArray")?;
    let column = |key| list(event, key).unwrap_or_default();
    let (sequences, ids, counts) = (
        column("SequenceNumberArray"),
        column("MessageIdArray"),
        column("DeliveryCountArray"),
    );
    let hub = hub(event);
    let read = |(index, enqueued): (usize, &Cow<'a, str>)| match &hub {
        Some(hub) => {
            let sequence = sequences.get(index).map_or("", |sequence| &**sequence);
            hub_message(hub, sequence, utc(enqueued))
        }
        None => Message {
            id: ids.get(index).cloned(),
            enqueued_unix_nano: utc(enqueued),
            receive_count: counts
                .get(index)
                .and_then(|count| number::whole(count))
                .filter(|count| *count >= 0),
            ..Message::default()
        },
    };
    let messages = times.iter().enumerate().map(read).collect();
    Some(match &hub {
        Some(hub) => delivery(TriggerType::Stream, Some(hub.name.clone()), messages),
        None => delivery(TriggerType::Queue, entity(event), messages),
    })
}

struct Hub<'a> {
    name: Cow<'a, str>,
    partition: Option<Cow<'a, str>>,
}

/// Returns the hub that the context of a partition names.
fn hub<'a>(event: &Object<'a>) -> Option<Hub<'a>> {
    let context = object(event, event.key_of_any_case("PartitionContext")?)?;
    Some(Hub {
        name: text_of_any_case(&context, "EventHubName").or_else(|| text_of_any_case(&context, "EventHubPath"))?,
        partition: text_of_any_case(&context, "PartitionId"),
    })
}

fn hub_message<'a>(hub: &Hub<'a>, sequence: &str, enqueued_unix_nano: Option<i64>) -> Message<'a> {
    let id = hub
        .partition
        .as_deref()
        .filter(|_| !sequence.is_empty())
        .map(|partition| Cow::Owned(format!("{partition}:{sequence}")));
    Message {
        id,
        partition: hub.partition.clone(),
        enqueued_unix_nano,
        ..Message::default()
    }
}

fn list<'a>(event: &Object<'a>, key: &str) -> Option<Vec<Cow<'a, str>>> {
    let json = event.get(event.key_of_any_case(key)?)?.get();
    let items: Vec<&'a serde_json::value::RawValue> = serde_json::from_str(json).ok()?;
    let item = |item: &&'a serde_json::value::RawValue| {
        crate::decode::object::text(item.get()).unwrap_or(Cow::Borrowed(item.get()))
    };
    Some(items.iter().map(item).collect())
}

fn whole(event: &Object<'_>, key: &str) -> Option<i64> {
    number::whole(&text_of_any_case(event, key)?).filter(|count| *count >= 0)
}

fn instant(event: &Object<'_>, key: &str) -> Option<i64> {
    time(event, event.key_of_any_case(key)?)
}

fn utc(text: &str) -> Option<i64> {
    number::unix_nano(text).or_else(|| number::unix_nano(&format!("{text}Z")))
}
