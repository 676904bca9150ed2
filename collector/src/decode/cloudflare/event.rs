//! What started a worker.

use std::borrow::Cow;

use pennyspan_schema::TriggerType;

use super::instant::instant;
use crate::decode::delivery::{Message, Trigger};
use crate::decode::number;
use crate::decode::object::Object;

/// An event, under the names of Logpush and of tail items.
#[derive(Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) ray_id: Option<Cow<'a, str>>,
    pub(super) http_status: Option<i64>,
    kind: Option<Cow<'a, str>>,
    method: Option<Cow<'a, str>>,
    url: Option<Cow<'a, str>>,
    colo: Option<Cow<'a, str>>,
    rpc_method: Option<Cow<'a, str>>,
    queue: Option<Cow<'a, str>>,
    batch_size: Option<i64>,
    cron: Option<Cow<'a, str>>,
    scheduled_unix_nano: Option<i64>,
    email: bool,
    web_socket: bool,
    traces: bool,
    /// What is read nowhere else, messages among it.
    rest: Object<'a>,
}

impl<'a> Event<'a> {
    /// Takes an event apart; its type is named by Logpush only.
    pub(super) fn read(kind: Option<Cow<'a, str>>, mut event: Object<'a>) -> Self {
        let mut request = event.first_object(&["Request", "request"]).unwrap_or_default();
        let mut response = event.first_object(&["Response", "response"]).unwrap_or_default();
        let mut headers = request.first_object(&["Headers", "headers"]).unwrap_or_default();
        let mut cf = request.first_object(&["cf", "CF"]).unwrap_or_default();
        let ray_id = event.first_word(&["RayID", "rayId", "rayID"]);
        let count = |text: Option<Cow<'_, str>>| text.as_deref().and_then(number::whole).filter(|count| *count >= 0);
        let scheduled = event.first_word(&["ScheduledTimeMs", "ScheduledTime", "scheduledTime"]);
        Self {
            ray_id: ray_id.or_else(|| headers.first_word(&["cf-ray", "CF-Ray", "Cf-Ray"])),
            http_status: count(response.first_word(&["Status", "status"])),
            method: request.first_word(&["Method", "method"]),
            url: request.first_word(&["URL", "Url", "url"]),
            colo: cf.word("colo"),
            rpc_method: event.first_word(&["RPCMethod", "RpcMethod", "rpcMethod"]),
            queue: event.first_word(&["QueueName", "Queue", "queue"]),
            batch_size: count(event.first_word(&["BatchSize", "batchSize"])),
            cron: event.first_word(&["Cron", "cron"]),
            scheduled_unix_nano: scheduled.as_deref().and_then(instant),
            email: event.has("MailFrom") || event.has("mailFrom"),
            web_socket: event.has("getWebSocketEvent"),
            traces: event.has("consumedEvents"),
            rest: event,
            kind,
        }
    }

    /// Returns what started the worker; at most `most` messages are read.
    pub(super) fn trigger(&self, most: usize) -> Trigger<'a> {
        let kind = self.trigger_type();
        let source = match kind {
            Some(TriggerType::Queue) => self.queue.clone(),
            Some(TriggerType::Timer) => self.cron.clone(),
            _ => None,
        };
        let mut trigger = Trigger {
            kind,
            given: self.kind.clone(),
            source,
            batch_size: self.batch_size,
            scheduled_unix_nano: self.scheduled_unix_nano,
            ..Trigger::default()
        };
        trigger.messages = self.messages(most);
        trigger.enqueued_min_unix_nano = trigger
            .messages
            .iter()
            .filter_map(|message| message.enqueued_unix_nano)
            .min();
        trigger.enqueued_max_unix_nano = trigger
            .messages
            .iter()
            .filter_map(|message| message.enqueued_unix_nano)
            .max();
        trigger.receive_max_count = trigger
            .messages
            .iter()
            .filter_map(|message| message.receive_count)
            .max();
        trigger
    }

    fn trigger_type(&self) -> Option<TriggerType> {
        if let Some(kind) = self.kind.as_deref() {
            return Some(match kind {
                "fetch" | "connect" => TriggerType::Http,
                "scheduled" | "alarm" => TriggerType::Timer,
                "queue" => TriggerType::Queue,
                "email" => TriggerType::Email,
                "worker_rpc" | "rpc" | "jsrpc" => TriggerType::Rpc,
                _ => TriggerType::Other,
            });
        }
        let said = [
            (self.method.is_some() || self.url.is_some(), TriggerType::Http),
            (self.queue.is_some(), TriggerType::Queue),
            (self.email, TriggerType::Email),
            (self.rpc_method.is_some(), TriggerType::Rpc),
            (
                self.cron.is_some() || self.scheduled_unix_nano.is_some(),
                TriggerType::Timer,
            ),
            (self.web_socket || self.traces, TriggerType::Other),
        ];
        said.into_iter().find(|(is, _)| *is).map(|(_, kind)| kind)
    }

    /// Returns the messages of a batch, where a sender lists them: `{id, timestamp, attempts}` as a queue's consumer sees them.
    fn messages(&self, most: usize) -> Vec<Message<'a>> {
        let mut event = self.rest.clone();
        let listed = ["messages", "Messages"]
            .into_iter()
            .find_map(|key| event.values_up_to(key, most));
        let read = |message: &serde_json::value::RawValue| -> Option<Message<'a>> {
            let mut message: Object<'_> = Object::parse(message.get()).ok()?;
            let sent = message.first_word(&["timestamp", "Timestamp", "TimestampMs"]);
            let attempts = message.first_word(&["attempts", "Attempts"]);
            Some(Message {
                id: message
                    .first_word(&["id", "ID", "Id"])
                    .map(|id| Cow::Owned(id.into_owned())),
                enqueued_unix_nano: sent.as_deref().and_then(instant),
                receive_count: attempts.as_deref().and_then(number::whole).filter(|count| *count >= 0),
                ..Message::default()
            })
        };
        listed
            .map(|(listed, _)| listed.into_iter().filter_map(read).collect())
            .unwrap_or_default()
    }

    /// Returns the event itself where it is of a kind that is not known, so that it is kept as it came.
    pub(super) fn unknown(&self) -> Option<&Object<'a>> {
        const KINDS: &[&str] = &[
            "fetch",
            "connect",
            "scheduled",
            "alarm",
            "queue",
            "email",
            "worker_rpc",
            "rpc",
            "jsrpc",
            "hibernatable_web_socket",
            "hibernatableWebSocket",
            "tail",
            "trace",
        ];
        let known = match self.kind.as_deref() {
            Some(kind) => KINDS.contains(&kind),
            None => self.trigger_type().is_some() || self.rest.is_empty(),
        };
        (!known).then_some(&self.rest)
    }

    /// Returns what has no column.
    pub(super) fn said(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        [
            ("method", self.method.as_deref()),
            ("url", self.url.as_deref()),
            ("colo", self.colo.as_deref()),
            ("rpc_method", self.rpc_method.as_deref()),
        ]
        .into_iter()
    }
}
