//! Telemetry API events, as an extension sends them on: a JSON array, or one event per line.

use std::borrow::Cow;

use pennyspan_schema::Table;

use super::logs::Entry;
use super::scene::{Given, Scene};
use super::statement::{Kind, Statement};
use super::whence::{Learned, Whence};
use super::{event, facts, logs, web_function};
use crate::decode::documents::{Document, Place, documents};
use crate::decode::fault::Fault;
use crate::decode::object::{self, Object, no_time};
use crate::decode::slices::Slices;
use crate::decode::{Clock, DecodeError, Decoded, Origin, Output, Reason, Settings};

/// What a body should be.
const EXPECTED: &str = "Lambda Telemetry API events as a JSON array or one per line";
/// Keys whose records may say where they come from.
const TELLING: &[&str] = &[
    "\"function",
    "\"runtimeVersion",
    "\"instanceId\"",
    "\"initializationType\"",
    "\"version\"",
];

/// Decodes Telemetry API events: `POST /v1/aws/telemetry`, and files.
///
/// What the events of one request agree on (function, version, environment, region) speaks for those that do not say it.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is an array that is not JSON, [`DecodeError::NothingAcceptable`] where no event is.
///
/// Source: AWS Lambda Telemetry API event schema reference.
pub fn telemetry(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("events")
}

/// Decodes a body, or a part of a larger one whose first line or item has the number `first`.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let documents = documents(body, first, EXPECTED)?;
    let whence = learned(&documents, origin, settings).or(&Whence::of_origin(origin));
    let mut output = Output::default();
    let mut slices = Slices::new(origin, settings);
    for (index, document) in documents.iter().enumerate() {
        let event = if index < settings.items {
            read(document, settings, &mut output)
        } else {
            Err(too_many(settings))
        };
        let appended = event
            .map_err(|fault| (Table::InvocationFacts, fault))
            .and_then(|event| {
                let appended = append(&event, &whence, (origin, settings), &mut slices, &mut output);
                appended.map_err(|fault| (event.table(), fault))
            });
        match appended {
            Ok(()) => output.accepted += 1,
            Err((table, fault)) => output.reject(fault.at(table, document.place.to_string())),
        }
    }
    Ok(output)
}

/// Reads one event, of which nothing is known but what it and `whence` say.
pub(super) fn one(
    json: &str,
    whence: &Whence<'_>,
    given: Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    let document = Document {
        place: Place::Item(1),
        json: Ok(json),
    };
    let event = read(&document, given.1, output)?;
    append(&event, whence, given, slices, output)
}

/// Returns what the events of one request agree on. A file may hold those of many environments, and be cut anywhere, so that
/// nothing in it speaks for its neighbours.
fn learned(documents: &[Document<'_>], origin: &Origin<'_>, settings: &Settings) -> Whence<'static> {
    let mut learned = Learned::default();
    if origin.received_at_unix_nano.is_none() {
        return learned.whence();
    }
    let mut aside = Output::default();
    for document in documents.iter().take(settings.items) {
        let telling = document
            .json
            .as_ref()
            .is_ok_and(|json| TELLING.iter().any(|key| json.contains(key)));
        if !telling {
            continue;
        }
        if let Ok(Event {
            content: Content::Platform(statement),
            ..
        }) = read(document, settings, &mut aside)
        {
            learned.add(Whence::of_statement(&statement));
        }
    }
    learned.whence()
}

/// Returns the fault of an item beyond the limit of a body.
pub(super) fn too_many(settings: &Settings) -> Fault {
    let detail = format!("more than {} items in one request; send it in parts", settings.items);
    Fault::whole(Reason::TooMany, detail)
}

/// One event.
struct Event<'a> {
    time_unix_nano: Option<i64>,
    content: Content<'a>,
}

/// What an event holds.
enum Content<'a> {
    /// A platform record of a known type.
    Platform(Box<Statement<'a>>),
    /// A line of the function or of an extension.
    Line(Cow<'a, str>),
    /// A record of a type that is not known, as its JSON text.
    Unknown { name: Cow<'a, str>, record: &'a str },
}

impl Event<'_> {
    fn table(&self) -> Table {
        match &self.content {
            Content::Platform(statement) if statement.kind.of_invocation() => Table::InvocationFacts,
            Content::Platform(_) => Table::EnvironmentFacts,
            _ => Table::Logs,
        }
    }
}

fn read<'a>(document: &Document<'a>, settings: &Settings, output: &mut Output) -> Result<Event<'a>, Fault> {
    let malformed = |problem: String| Fault::whole(Reason::Malformed, format!("not a JSON object: {problem}"));
    let json = document.json.clone().map_err(malformed)?;
    let mut object = Object::parse(json).map_err(|problem| malformed(problem.to_string()))?;
    let name = object.clone().text("type")?;
    let Some((name, record)) = name.zip(object.get("record")) else {
        return own_line(&object, json);
    };
    let time_unix_nano = object.time("time")?;
    let content = match Kind::from_type(&name) {
        Some(kind) => Content::Platform(Box::new(event::statement(kind, record.get(), settings, output)?)),
        None if matches!(&*name, "function" | "extension") => {
            Content::Line(object::text(record.get()).unwrap_or(Cow::Borrowed(record.get())))
        }
        None => Content::Unknown {
            name,
            record: record.get(),
        },
    };
    Ok(Event {
        time_unix_nano,
        content,
    })
}

/// Reads an object that is no event: a line of the JSON log format, which stands among them in log streams.
fn own_line<'a>(object: &Object<'a>, json: &'a str) -> Result<Event<'a>, Fault> {
    if object.has("timestamp") && !object.has("record") {
        return Ok(Event {
            time_unix_nano: None,
            content: Content::Line(Cow::Borrowed(json)),
        });
    }
    let missing = if object.has("type") { "record" } else { "type" };
    Err(Fault::of(
        missing,
        Reason::MissingField,
        "an event has `time`, `type` and `record`",
    ))
}

fn append(
    event: &Event<'_>,
    whence: &Whence<'_>,
    given: Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    let clock = Clock::new(given.0.received_at_unix_nano);
    if let Some(time) = event.time_unix_nano.or(given.0.received_at_unix_nano) {
        slices.open(clock.file(time).unix_nano)?;
    }
    let scene = Scene {
        time_unix_nano: event.time_unix_nano,
        invocation_id: None,
        whence,
    };
    let entry = Entry {
        text: "",
        record_id: None,
        platform_type: None,
        time_field: "time",
    };
    match &event.content {
        Content::Platform(statement) => {
            let untimed = || clock.file_untimed().map(|filed| filed.unix_nano);
            let time = event.time_unix_nano.or_else(untimed).ok_or_else(|| no_time("time"))?;
            facts::append(statement, time, whence, given, output);
            Ok(())
        }
        Content::Line(text) => logs::append(Entry { text, ..entry }, scene, given, output),
        Content::Unknown { name, record } => {
            if let Some(time) = event.time_unix_nano.or(given.0.received_at_unix_nano) {
                web_function::append(name, record, time, whence, given, output);
            }
            let entry = Entry {
                text: record,
                platform_type: Some(name),
                ..entry
            };
            logs::append(entry, scene, given, output)?;
            output.kept_raw += usize::from(!web_function::knows(name));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
