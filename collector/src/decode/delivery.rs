//! What caused an invocation, and the messages it was handed: from the delivery line and from invocation records.
//!
//! Message ids, send times and receive counts stand in the event's payload alone, so that a function logs them as one JSON line,
//! `{"pennyspan":"delivery",..}`, which is recognised on every log route.

use std::borrow::Cow;

use pennyspan_schema::tables::{deliveries, invocation_facts};
use pennyspan_schema::{Source, TriggerType};

use super::fault::Fault;
use super::names::{self, text_up_to};
use super::object::Object;
use super::{Clock, Origin, Output, Reason, Settings};

/// The most messages that one delivery lists; the others are known by the batch size alone.
const LISTED: usize = 100;

/// What caused an invocation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trigger<'a> {
    pub(crate) kind: Option<TriggerType>,
    pub(crate) given: Option<Cow<'a, str>>,
    pub(crate) source: Option<Cow<'a, str>>,
    pub(crate) partition: Option<Cow<'a, str>>,
    pub(crate) batch_size: Option<i64>,
    pub(crate) enqueued_min_unix_nano: Option<i64>,
    pub(crate) enqueued_max_unix_nano: Option<i64>,
    pub(crate) first_received_unix_nano: Option<i64>,
    pub(crate) receive_max_count: Option<i64>,
    pub(crate) scheduled_unix_nano: Option<i64>,
    pub(crate) messages: Vec<Message<'a>>,
}

/// One message that an invocation was handed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message<'a> {
    pub(crate) id: Option<Cow<'a, str>>,
    /// Where it came from, where that is not the trigger's source.
    pub(crate) source: Option<Cow<'a, str>>,
    /// Its partition, where that is not the trigger's.
    pub(crate) partition: Option<Cow<'a, str>>,
    /// The queue that gave it up.
    pub(crate) dead_letter_of: Option<Cow<'a, str>>,
    pub(crate) enqueued_unix_nano: Option<i64>,
    pub(crate) first_received_unix_nano: Option<i64>,
    pub(crate) receive_count: Option<i64>,
    pub(crate) bytes: Option<i64>,
    pub(crate) failed: bool,
}

impl<'a> Trigger<'a> {
    /// Takes type, source, partition and the time that a schedule wanted from a trigger object.
    pub(crate) fn read(trigger: &mut Object<'a>) -> Result<Self, Fault> {
        let given = trigger.text("type")?;
        let kind = given.as_deref().map(trigger_type).transpose()?;
        let scheduled = trigger.time("scheduled_time")?;
        let scheduled_unix_nano = scheduled.or(trigger.time_unix_ms("scheduled_time_unix_ms")?);
        let (source, partition) = (trigger.text("source")?, trigger.text("partition")?);
        Ok(Self {
            kind,
            given,
            source,
            partition,
            scheduled_unix_nano,
            ..Self::default()
        })
    }

    /// Fills what the messages say together.
    pub(crate) fn sum_up(&mut self) {
        let (oldest, newest) = bounds(self.messages.iter().filter_map(|message| message.enqueued_unix_nano));
        (self.enqueued_min_unix_nano, self.enqueued_max_unix_nano) = (oldest, newest);
        self.first_received_unix_nano = bounds(
            self.messages
                .iter()
                .filter_map(|message| message.first_received_unix_nano),
        )
        .0;
        self.receive_max_count = self.messages.iter().filter_map(|message| message.receive_count).max();
    }

    /// Keeps as many messages as a delivery lists.
    pub(crate) fn list_only_some(&mut self) {
        self.messages.truncate(LISTED);
    }

    /// Cuts names to their limit.
    pub(crate) fn cut(&mut self, settings: &Settings) {
        for text in [&mut self.given, &mut self.source, &mut self.partition] {
            cut(text, settings);
        }
        for message in &mut self.messages {
            let Message {
                id,
                source,
                partition,
                dead_letter_of,
                ..
            } = message;
            for text in [id, source, partition, dead_letter_of] {
                cut(text, settings);
            }
        }
    }

    /// Fills a fact's columns about its trigger.
    pub(crate) fn fill<'r>(&'r self, row: &mut invocation_facts::Row<'r>) {
        row.trigger_type = self.kind.map(TriggerType::as_str);
        row.trigger_given = self.given.as_deref();
        row.trigger_source = self.source.as_deref();
        row.trigger_partition = self.partition.as_deref();
        row.batch_size_count = self.batch_size;
        row.enqueued_min_unix_nano = self.enqueued_min_unix_nano;
        row.enqueued_max_unix_nano = self.enqueued_max_unix_nano;
        row.first_received_unix_nano = self.first_received_unix_nano;
        row.receive_max_count = self.receive_max_count;
        row.scheduled_unix_nano = self.scheduled_unix_nano;
    }

    /// Appends one row per message, with the key, place and time of `fact`.
    pub(crate) fn append_deliveries(&self, fact: &invocation_facts::Row<'_>, output: &mut Output) {
        for message in &self.messages {
            let mut row = deliveries::Row {
                provider: fact.provider,
                key_scope: fact.key_scope,
                invocation_id: Some(fact.invocation_id).filter(|id| !id.is_empty()),
                source: fact.source,
                fact_unix_nano: fact.fact_unix_nano,
                account: fact.account,
                region: fact.region,
                function: fact.function,
                instance_id: fact.instance_id,
                trigger_type: self.kind.map(TriggerType::as_str),
                trigger_source: message.source.as_deref().or(self.source.as_deref()),
                trigger_partition: message.partition.as_deref().or(self.partition.as_deref()),
                message_id: message.id.as_deref(),
                batch_size_count: self.batch_size,
                message_bytes: message.bytes,
                enqueued_unix_nano: message.enqueued_unix_nano,
                first_received_unix_nano: message.first_received_unix_nano,
                receive_count: message.receive_count,
                dead_letter_of: message.dead_letter_of.as_deref(),
                outcome: if message.failed { "failed" } else { "delivered" },
                time_suspect: fact.time_suspect.unwrap_or(false),
                received_unix_nano: fact.received_unix_nano,
                ..deliveries::Row::default()
            };
            row.content_hash = row.hash();
            output.deliveries.append(&row);
        }
    }
}

/// Returns the type of a trigger's word: ours, or a value of OpenTelemetry's `faas.trigger`.
pub(crate) fn trigger_type(word: &str) -> Result<TriggerType, Fault> {
    let otel = match word {
        "datasource" => Some(TriggerType::Database),
        "pubsub" => Some(TriggerType::Queue),
        "cron" => Some(TriggerType::Timer),
        _ => None,
    };
    TriggerType::from_word(word).or(otel).ok_or_else(|| {
        let words: Vec<&str> = TriggerType::ALL.iter().map(|kind| kind.as_str()).collect();
        Fault::of(
            "trigger.type",
            Reason::BadValue,
            format!("expected one of {}", words.join(", ")),
        )
    })
}

fn bounds(times: impl Iterator<Item = i64>) -> (Option<i64>, Option<i64>) {
    times.fold((None, None), |(min, max): (Option<i64>, Option<i64>), time| {
        (
            Some(min.map_or(time, |min| min.min(time))),
            Some(max.map_or(time, |max| max.max(time))),
        )
    })
}

fn cut(text: &mut Option<Cow<'_, str>>, settings: &Settings) {
    if let Some(long) = text.as_deref().filter(|text| text.len() > settings.name_bytes) {
        *text = Some(Cow::Owned(names::name(long, settings.name_bytes).into_owned()));
    }
}

/// What a delivery line says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Delivery<'a> {
    pub(crate) invocation_id: Option<Cow<'a, str>>,
    /// Which attempt the sender counts it as, from 1.
    pub(crate) attempt: Option<i64>,
    pub(crate) trigger: Trigger<'a>,
    pub(crate) http_status: Option<i64>,
    pub(crate) route: Option<Cow<'a, str>>,
    pub(crate) tenant: Option<Cow<'a, str>>,
}

/// Where and when a delivery line was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'a> {
    /// The provider.
    pub(crate) provider: &'a str,
    /// The product.
    pub(crate) platform: Option<&'a str>,
    /// The line's time.
    pub(crate) time_unix_nano: i64,
    /// The account.
    pub(crate) account: Option<&'a str>,
    /// The region.
    pub(crate) region: Option<&'a str>,
    /// The function.
    pub(crate) function: Option<&'a str>,
    /// The version.
    pub(crate) version: Option<&'a str>,
    /// The execution environment.
    pub(crate) instance_id: Option<&'a str>,
    /// Who says it.
    pub(crate) source: Source,
}

impl<'a> Delivery<'a> {
    /// Returns whether a JSON object is a delivery line.
    pub(crate) fn recognise(object: &Object<'a>) -> bool {
        object
            .get("pennyspan")
            .is_some_and(|value| value.get() == "\"delivery\"")
    }

    /// Reads a delivery line.
    ///
    /// # Errors
    /// The fault names the field that is missing or is not what it should be.
    pub(crate) fn read(object: &mut Object<'a>) -> Result<Self, Fault> {
        let mut trigger = object
            .object("trigger")?
            .map(|mut trigger| Trigger::read(&mut trigger))
            .transpose()?
            .unwrap_or_default();
        trigger.batch_size = object.count("batch_size")?;
        if trigger.batch_size.is_none() {
            return Err(Fault::of(
                "batch_size",
                Reason::MissingField,
                "the delivery line must say how many messages the batch has",
            ));
        }
        let failed = object.texts("failed_ids")?.unwrap_or_default();
        for mut record in object.objects("records")?.unwrap_or_default().into_iter().take(LISTED) {
            trigger.messages.push(message(&mut record, &failed)?);
        }
        trigger.sum_up();
        let mut http = object.object("http")?.unwrap_or_default();
        Ok(Self {
            invocation_id: object.text("invocation_id")?,
            attempt: None,
            trigger,
            http_status: http.count("status")?,
            route: http.text("route")?,
            tenant: object.text("tenant")?,
        })
    }

    /// Returns the same with texts of its own.
    pub(crate) fn into_owned<'b>(self) -> Delivery<'b> {
        fn text<'b>(text: Option<Cow<'_, str>>) -> Option<Cow<'b, str>> {
            text.map(|text| Cow::Owned(text.into_owned()))
        }
        let Trigger {
            kind,
            given,
            source,
            partition,
            messages,
            ..
        } = self.trigger;
        let message = |message: Message<'_>| Message {
            id: text(message.id),
            source: text(message.source),
            partition: text(message.partition),
            dead_letter_of: text(message.dead_letter_of),
            enqueued_unix_nano: message.enqueued_unix_nano,
            first_received_unix_nano: message.first_received_unix_nano,
            receive_count: message.receive_count,
            bytes: message.bytes,
            failed: message.failed,
        };
        Delivery {
            invocation_id: text(self.invocation_id),
            attempt: self.attempt,
            trigger: Trigger {
                kind,
                given: text(given),
                source: text(source),
                partition: text(partition),
                messages: messages.into_iter().map(message).collect(),
                batch_size: self.trigger.batch_size,
                enqueued_min_unix_nano: self.trigger.enqueued_min_unix_nano,
                enqueued_max_unix_nano: self.trigger.enqueued_max_unix_nano,
                first_received_unix_nano: self.trigger.first_received_unix_nano,
                receive_max_count: self.trigger.receive_max_count,
                scheduled_unix_nano: self.trigger.scheduled_unix_nano,
            },
            http_status: self.http_status,
            route: text(self.route),
            tenant: text(self.tenant),
        }
    }

    /// Appends the statement about the invocation and its messages. Without an invocation id there is no invocation to state
    /// anything about, and the messages stand alone.
    pub(crate) fn append(
        mut self,
        at: &Written<'_>,
        (origin, settings): (&Origin<'_>, &Settings),
        output: &mut Output,
    ) {
        self.trigger.cut(settings);
        for text in [&mut self.invocation_id, &mut self.tenant] {
            cut(text, settings);
        }
        let invocation_id = self.invocation_id.as_deref().unwrap_or_default();
        let filed = Clock::new(origin.received_at_unix_nano).file(at.time_unix_nano);
        let mut row = invocation_facts::Row {
            provider: at.provider,
            key_scope: names::key_scope(at.provider, invocation_id, at.function),
            invocation_id,
            source: at.source.as_str(),
            fact_kind: "delivery",
            fact_unix_nano: filed.unix_nano,
            sample_weight_milli: 1000,
            platform: at.platform,
            account: at.account,
            region: at.region,
            function: at.function,
            version: at.version,
            instance_id: at.instance_id,
            attempt_reported: self.attempt,
            time_suspect: filed.suspect.then_some(true),
            http_status: self.http_status,
            route: self
                .route
                .as_deref()
                .map(|route| text_up_to(route, settings.value_bytes)),
            tenant: self.tenant.as_deref(),
            received_unix_nano: origin.received_at_unix_nano,
            ..invocation_facts::Row::default()
        };
        self.trigger.fill(&mut row);
        row.content_hash = row.hash();
        if !invocation_id.is_empty() {
            output.invocation_facts.append(&row);
        }
        self.trigger.append_deliveries(&row, output);
    }
}

fn message<'a>(record: &mut Object<'a>, failed: &[Cow<'_, str>]) -> Result<Message<'a>, Fault> {
    let id = record.text("id")?;
    let enqueued = record.time_unix_ms("enqueued_time_unix_ms")?;
    let first_received = record.time_unix_ms("first_received_time_unix_ms")?;
    Ok(Message {
        failed: id.as_ref().is_some_and(|id| failed.contains(id)),
        id,
        source: record.text("source")?,
        partition: record.text("partition")?,
        enqueued_unix_nano: enqueued.or(record.time("enqueued_time")?),
        first_received_unix_nano: first_received.or(record.time("first_received_time")?),
        receive_count: record.count("receive_count")?,
        bytes: record.count("bytes")?,
        ..Message::default()
    })
}

#[cfg(test)]
mod tests;
