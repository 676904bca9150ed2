//! Batches of Cloudflare's queues, as a consumer logs them.

use pennyspan_schema::TriggerType;

use super::{count, delivery, millis, objects, text, time};
use crate::decode::delivery::{Delivery, Message};
use crate::decode::object::Object;

/// Reads a batch. A message's time is a `Date`, which JSON writes as text.
pub(super) fn event<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let (queue, messages) = (text(event, "queue")?, objects(event, "messages")?);
    let message = |message: &Object<'a>| {
        let sent = time(message, "timestamp").or_else(|| millis(message, "timestamp"))?;
        Some(Message {
            id: Some(text(message, "id")?),
            enqueued_unix_nano: Some(sent),
            receive_count: count(message, "attempts"),
            ..Message::default()
        })
    };
    let messages = messages.iter().map(message).collect::<Option<Vec<_>>>()?;
    Some(delivery(TriggerType::Queue, Some(queue), messages))
}
