//! One invocation of a worker, under the names of Logpush and of tail items.

use std::borrow::Cow;

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source};
use serde_json::value::RawValue;

use super::event::Event;
use super::instant::instant;
use super::lines::{self, Line};
use super::{PLATFORM, PROVIDER};
use crate::decode::fault::Fault;
use crate::decode::fingerprint::fingerprint;
use crate::decode::items::Items;
use crate::decode::names::{key_scope, text_up_to};
use crate::decode::object::{Object, push_text};
use crate::decode::own_line::OwnLine;
use crate::decode::sender::{Sender, name};
use crate::decode::time::Filed;
use crate::decode::{Reason, number};

/// One invocation, as it was sent.
#[derive(Debug)]
pub(super) struct Item<'a> {
    script: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
    entrypoint: Option<Cow<'a, str>>,
    outcome: Option<Cow<'a, str>>,
    time_unix_nano: Option<i64>,
    wall_us: Option<i64>,
    cpu_us: Option<i64>,
    event: Event<'a>,
    exceptions: Option<&'a RawValue>,
    logs: Option<&'a RawValue>,
    rest: Object<'a>,
}

impl<'a> Item<'a> {
    /// Takes an item apart.
    ///
    /// # Errors
    /// The fault says that the object is none.
    pub(super) fn read(mut object: Object<'a>) -> Result<Self, Fault> {
        let known = ["Outcome", "outcome", "ScriptName", "scriptName", "EventType", "event"];
        if !known.iter().any(|key| object.has(key)) {
            let remedy = "a trace event has `Outcome` and `ScriptName`, a tail item `outcome` and `scriptName`";
            return Err(Fault::of("outcome", Reason::MissingField, remedy));
        }
        let mut version = object
            .first_object(&["ScriptVersion", "scriptVersion"])
            .unwrap_or_default();
        let kind = object.word("EventType");
        let event = object.first_object(&["Event", "event"]).unwrap_or_default();
        let mut millis = |keys: &[&str]| object.first_word(keys);
        let (time, wall) = (
            millis(&["EventTimestampMs", "eventTimestamp"]),
            millis(&["WallTimeMs", "wallTime"]),
        );
        let cpu = millis(&["CPUTimeMs", "cpuTime"]);
        Ok(Self {
            script: object.first_word(&["ScriptName", "scriptName"]),
            version: version.first_word(&["id", "ID", "Id"]),
            entrypoint: object.first_word(&["Entrypoint", "entrypoint"]),
            outcome: object.first_word(&["Outcome", "outcome"]),
            time_unix_nano: time.as_deref().and_then(instant),
            wall_us: wall.as_deref().and_then(number::duration_us),
            cpu_us: cpu.as_deref().and_then(number::duration_us),
            event: Event::read(kind, event),
            exceptions: object.take("Exceptions").or(object.take("exceptions")),
            logs: object.take("Logs").or(object.take("logs")),
            rest: object,
        })
    }

    /// Appends the invocation, its messages, its exceptions and its lines.
    pub(super) fn append(self, items: &mut Items<'_>) -> Result<(), Fault> {
        let exceptions = lines::of(self.exceptions, items)?;
        let logs = lines::of(self.logs, items)?;
        let first = exceptions
            .iter()
            .chain(&logs)
            .filter_map(|line| line.time_unix_nano)
            .min();
        let filed = items.file(self.time_unix_nano.or(first), "eventTimestamp")?;
        let sender = self.sender(items);
        let id = self.append_fact(&exceptions, filed, &sender, items)?;
        let (count, id) = (exceptions.len(), &*id);
        for (index, line) in exceptions.iter().chain(&logs).enumerate() {
            items.count_one()?;
            let at = line
                .time_unix_nano
                .map_or(filed, |time| items.file(Some(time), "timestamp").unwrap_or(filed));
            // The invocation itself states its last exception; only lines state more.
            let fact = index >= count;
            line.own(id, fact).append(at, &sender, items);
        }
        Ok(())
    }

    fn sender<'s>(&'s self, items: &Items<'s>) -> Sender<'s> {
        let sender = Sender {
            provider: PROVIDER,
            platform: Some(PLATFORM),
            execution_model: Some("worker"),
            function: self.script.as_deref().map(Cow::Borrowed),
            version: self.version.as_deref().map(Cow::Borrowed),
            ..Sender::default()
        };
        sender.settled(items.origin, items.settings)
    }

    /// Appends the fact, and returns the invocation's id.
    fn append_fact(
        &self,
        exceptions: &[Line<'_>],
        filed: Filed,
        sender: &Sender<'_>,
        items: &mut Items<'_>,
    ) -> Result<String, Fault> {
        let settings = items.settings;
        let nanos = self.wall_us.and_then(|us| us.checked_mul(1000));
        let error = exceptions.last().and_then(Line::exception);
        let outcome = self.outcome.as_deref().map(outcome_of);
        let kind = error
            .and_then(|error| error.kind)
            .or_else(|| self.outcome.as_deref().filter(|_| outcome.is_some_and(Outcome::failed)))
            .map(|kind| name(Cow::Borrowed(kind), settings));
        let fingerprint = kind.as_deref().map(|kind| {
            fingerprint(
                kind,
                error.and_then(|error| error.message),
                error.and_then(|error| error.stack),
            )
        });
        let attributes = self.attributes_json(items)?;
        let mut trigger = self.event.trigger(items.left());
        trigger.cut(settings);
        let mut row = invocation_facts::Row {
            source: Source::Platform.as_str(),
            fact_kind: "invocation",
            fact_unix_nano: filed.unix_nano,
            start_hint_unix_nano: Some(filed.unix_nano),
            end_unix_nano: nanos.and_then(|nanos| filed.unix_nano.checked_add(nanos)),
            time_suspect: filed.suspect.then_some(true),
            duration_us: self.wall_us,
            cpu_time_us: self.cpu_us,
            outcome: outcome.map(Outcome::as_str),
            error_type: kind.as_deref(),
            error_message: error
                .and_then(|error| error.message)
                .map(|text| text_up_to(text, settings.value_bytes)),
            error_fingerprint: fingerprint.as_deref(),
            http_status: self.event.http_status,
            attributes_json: attributes.as_deref(),
            ..sender.fact()
        };
        trigger.fill(&mut row);
        // Messages tell batches apart that one sender lists and another does not.
        let content = if trigger.messages.is_empty() { shared(&row) } else { row };
        let id = self.ray_id().unwrap_or_else(|| hex::encode(content.hash()));
        let id = name(Cow::Owned(id), settings).into_owned();
        row.invocation_id = &id;
        row.key_scope = key_scope(PROVIDER, &id, sender.function.as_deref());
        let row = items.append_fact(&row);
        for _ in &trigger.messages {
            items.count_one()?;
        }
        trigger.append_deliveries(&row, &mut items.output);
        Ok(id)
    }

    /// Returns the request's own id. A durable object or another entry point of the same script that serves the same request is an
    /// invocation of its own.
    fn ray_id(&self) -> Option<String> {
        Some(invocation_id(self.event.ray_id.as_deref()?, self.entrypoint.as_deref()))
    }

    fn attributes_json(&self, items: &mut Items<'_>) -> Result<Option<String>, Fault> {
        let settings = items.settings;
        let mut rest = self.rest.rest(settings)?;
        let outcome = self
            .outcome
            .as_deref()
            .filter(|word| outcome_of(word) == Outcome::Unknown);
        let said = [("outcome", outcome), ("entrypoint", self.entrypoint.as_deref())];
        for (key, text) in said.into_iter().chain(self.event.said()) {
            if let Some(text) = text {
                let mut json = String::new();
                push_text(&mut json, text);
                rest.add(key, &json, settings)?;
            }
        }
        if let Some(event) = self.event.unknown() {
            items.output.kept_raw += 1;
            let json = event.rest(settings)?.into_json();
            rest.add("event", json.as_deref().unwrap_or("{}"), settings)?;
        }
        Ok(items.json_of(rest))
    }
}

/// Returns what Logpush and a tail say alike of an event, so that an event without a request is one invocation whichever sends it.
fn shared<'r>(row: &invocation_facts::Row<'r>) -> invocation_facts::Row<'r> {
    let whole_ms = |us: Option<i64>| us.map(|us| us / 1_000);
    invocation_facts::Row {
        provider: row.provider,
        function: row.function,
        start_hint_unix_nano: row.start_hint_unix_nano,
        trigger_type: row.trigger_type,
        trigger_source: row.trigger_source,
        scheduled_unix_nano: row.scheduled_unix_nano,
        batch_size_count: row.batch_size_count,
        duration_us: whole_ms(row.duration_us),
        cpu_time_us: whole_ms(row.cpu_time_us),
        outcome: row.outcome,
        ..invocation_facts::Row::default()
    }
}

/// Returns an invocation's id: its request's, and the entry point where that is not the script's default.
pub(crate) fn invocation_id(ray_id: &str, entrypoint: Option<&str>) -> String {
    // A header names the data centre behind a dash.
    let ray_id = ray_id.split('-').next().unwrap_or(ray_id);
    match entrypoint.filter(|entrypoint| !matches!(*entrypoint, "" | "default")) {
        Some(entrypoint) => format!("{ray_id}:{entrypoint}"),
        None => ray_id.to_owned(),
    }
}

/// Returns the outcome that a word of Cloudflare's means; a word that is not known says nothing.
///
/// Source: workerd, `EventOutcome`.
pub(crate) fn outcome_of(word: &str) -> Outcome {
    match word {
        "ok" => Outcome::Ok,
        "exception" | "scriptNotFound" | "internalError" => Outcome::Error,
        "exceededCpu" => Outcome::ExceededCpu,
        "exceededMemory" => Outcome::OutOfMemory,
        "exceededWallTime" => Outcome::Timeout,
        "canceled" | "cancelled" | "responseStreamDisconnected" => Outcome::Cancelled,
        "loadShed" => Outcome::Throttled,
        "daemonDown" | "killSwitch" => Outcome::Dropped,
        _ => Outcome::Unknown,
    }
}

impl Line<'_> {
    /// Returns the line as one of the function's own.
    fn own<'l>(&'l self, invocation_id: &'l str, certain: bool) -> OwnLine<'l> {
        OwnLine {
            body: Cow::Borrowed(&self.body),
            severity: self.severity.clone(),
            invocation_id: Some(invocation_id),
            certain,
            error: self.exception(),
            ..OwnLine::default()
        }
    }
}
