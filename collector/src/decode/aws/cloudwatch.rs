//! CloudWatch Logs subscription messages.
//!
//! A Lambda target gets `{"awslogs":{"data":"<base64 of gzip of JSON>"}}`; Firehose and Kinesis records, decompressed, are the
//! JSON, possibly several one after another.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pennyspan_schema::Table;

use super::logs::Entry;
use super::scene::{Given, Scene};
use super::telemetry::too_many;
use super::whence::{Learned, Whence};
use super::{insights, logs, text};
use crate::decode::documents::documents;
use crate::decode::fault::Fault;
use crate::decode::inflate::inflate;
use crate::decode::object::Object;
use crate::decode::slices::Slices;
use crate::decode::{Clock, DecodeError, Decoded, Origin, Output, Reason, Settings};
use crate::request::ContentEncoding;

/// What a body should be.
const EXPECTED: &str = "CloudWatch Logs subscription messages";
/// Where Lambda's log groups stand, with the function's name below.
const FUNCTION_GROUP: &str = "/aws/lambda/";

/// Decodes CloudWatch Logs subscription messages: `POST /v1/aws/cloudwatch`, records of Firehose, and files.
///
/// A message that only checks the destination's health is accepted and holds nothing.
///
/// # Errors
/// [`DecodeError::NothingAcceptable`] where no log event is, [`DecodeError::Malformed`] where the body is an array that is not
/// JSON.
pub fn cloudwatch(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("log events")
}

/// Decodes a body, or a part of a larger one whose first line or item has the number `first`.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    let mut slices = Slices::new(origin, settings);
    let mut budget = settings.request_bytes;
    for document in documents(body, first, EXPECTED)? {
        let json = document.json.clone().map_err(|problem| malformed(&problem));
        let message = json.and_then(|json| unwrap(json, &mut budget));
        let read = message.and_then(|message| match message {
            Unwrapped::Plain(json) => messages(json.as_bytes(), (origin, settings), &mut slices, &mut output),
            Unwrapped::Packed(json) => messages(&json, (origin, settings), &mut slices, &mut output),
        });
        if let Err(fault) = read {
            output.reject(fault.at(Table::Logs, document.place.to_string()));
        }
    }
    Ok(output)
}

fn malformed(problem: &str) -> Fault {
    Fault::whole(Reason::Malformed, format!("not {EXPECTED}: {problem}"))
}

/// A message without the envelope of a Lambda target.
enum Unwrapped<'a> {
    Plain(&'a str),
    Packed(Vec<u8>),
}

/// Takes a message out of `awslogs.data`, decompressing no more than what is left of the body's budget.
fn unwrap<'a>(json: &'a str, budget: &mut usize) -> Result<Unwrapped<'a>, Fault> {
    let mut object = Object::parse(json).map_err(|problem| malformed(&problem.to_string()))?;
    let Some(mut envelope) = object.object("awslogs")? else {
        return Ok(Unwrapped::Plain(json));
    };
    let missing = || Fault::of("awslogs.data", Reason::MissingField, "expected base64 of gzip");
    let data = envelope.text("data")?.ok_or_else(missing)?;
    let bad = |problem: String| {
        Fault::of(
            "awslogs.data",
            Reason::BadValue,
            format!("expected base64 of gzip: {problem}"),
        )
    };
    let packed = STANDARD
        .decode(data.as_bytes())
        .map_err(|problem| bad(problem.to_string()))?;
    let content = inflate(ContentEncoding::Gzip, &packed, *budget).map_err(|problem| bad(problem.to_string()))?;
    *budget = budget.saturating_sub(content.len());
    Ok(Unwrapped::Packed(content.into_owned()))
}

/// Reads every message of a text: usually one.
fn messages(body: &[u8], given: Given<'_>, slices: &mut Slices, output: &mut Output) -> Result<(), Fault> {
    for document in documents(body, 1, EXPECTED).map_err(|problem| malformed(&problem.to_string()))? {
        let mut object = Object::parse(document.json.map_err(|problem| malformed(&problem))?)
            .map_err(|problem| malformed(&problem.to_string()))?;
        one_message(&mut object, given, slices, output)?;
    }
    Ok(())
}

/// Reads one message.
pub(super) fn one_message(
    object: &mut Object<'_>,
    given: Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    let kind = object.text("messageType")?;
    match kind.as_deref() {
        Some("CONTROL_MESSAGE") => {
            output.accepted += 1;
            Ok(())
        }
        Some("DATA_MESSAGE") => message(object, given, slices, output),
        _ => {
            let detail = "expected DATA_MESSAGE or CONTROL_MESSAGE; subscribe the log group itself";
            Err(Fault::of("messageType", Reason::BadValue, detail))
        }
    }
}

/// Reads one message's log events, all of one stream, which is one execution environment.
fn message(object: &mut Object<'_>, given: Given<'_>, slices: &mut Slices, output: &mut Output) -> Result<(), Fault> {
    let (owner, group, stream) = (
        object.text("owner")?,
        object.text("logGroup")?,
        object.text("logStream")?,
    );
    let events = object.objects("logEvents")?;
    let events = events.ok_or_else(|| Fault::of("logEvents", Reason::MissingField, "a data message has log events"))?;
    let events: Vec<_> = events.into_iter().map(|mut event| LogEvent::read(&mut event)).collect();
    let texts = events.iter().filter_map(|event| event.as_ref().ok());
    let whence = whence_of(
        owner,
        group.as_deref(),
        stream,
        texts.map(|event| &*event.message),
        given,
    );
    for (index, event) in events.into_iter().enumerate() {
        let appended = event.and_then(|event| event.append(&whence, given, slices, output));
        match appended {
            Ok(()) => output.accepted += 1,
            Err(fault) => output.reject(fault.at(Table::Logs, format!("logEvents[{index}]"))),
        }
    }
    Ok(())
}

/// Returns what envelope and lines of one log stream say of where they come from, and then the door.
pub(super) fn whence_of<'a>(
    owner: Option<Cow<'a, str>>,
    group: Option<&str>,
    stream: Option<Cow<'a, str>>,
    lines: impl Iterator<Item = impl AsRef<str>>,
    (origin, settings): Given<'a>,
) -> Whence<'a> {
    let mut learned = Learned::default();
    for line in lines {
        if let Some(statement) = text::statement(line.as_ref().trim(), settings) {
            learned.add(Whence::of_statement(&statement));
        }
    }
    let function = group
        .and_then(|group| group.strip_prefix(FUNCTION_GROUP))
        .filter(|name| !name.is_empty());
    let stream = stream.filter(|_| !group.is_some_and(insights::is_group));
    let (named_function, version) = stream.as_deref().map(stream_names).unwrap_or_default();
    let envelope = Whence {
        account: owner,
        function: function.map(str::to_owned).or(named_function).map(Cow::Owned),
        version: version.map(Cow::Owned),
        instance_id: stream,
        ..Whence::default()
    };
    learned.whence().or(&envelope).or(&Whence::of_origin(origin))
}

/// Returns the function and version that a stream names: `2026/10/08/[42]22be..`, or in a group of several functions
/// `2026/10/08/checkout[42]22be..`.
fn stream_names(stream: &str) -> (Option<String>, Option<String>) {
    let last = stream.rsplit('/').next().unwrap_or_default();
    let Some((function, rest)) = last.split_once('[') else {
        return (None, None);
    };
    let version = rest.split_once(']').map(|(version, _)| version.to_owned());
    (
        Some(function.to_owned()).filter(|name| !name.is_empty()),
        version.filter(|version| !version.is_empty()),
    )
}

/// One log event.
pub(super) struct LogEvent<'a> {
    id: Option<Cow<'a, str>>,
    time_unix_nano: Option<i64>,
    pub(super) message: Cow<'a, str>,
}

impl<'a> LogEvent<'a> {
    /// Returns an event that has no id.
    pub(super) fn of(time_unix_nano: Option<i64>, message: Cow<'a, str>) -> Self {
        Self {
            id: None,
            time_unix_nano,
            message,
        }
    }

    pub(super) fn read(object: &mut Object<'a>) -> Result<Self, Fault> {
        let message = object.text("message")?.unwrap_or_default();
        let id = object.text("id")?.or(object.text("eventId")?);
        Ok(Self {
            id,
            time_unix_nano: object.time_unix_ms("timestamp")?,
            message,
        })
    }

    pub(super) fn append(
        self,
        whence: &Whence<'_>,
        given: Given<'_>,
        slices: &mut Slices,
        output: &mut Output,
    ) -> Result<(), Fault> {
        let filed = self
            .time_unix_nano
            .map(|time| Clock::new(given.0.received_at_unix_nano).file(time));
        if let Some(filed) = filed {
            slices.open(filed.unix_nano)?;
        }
        if output.logs.len() >= given.1.items {
            return Err(too_many(given.1));
        }
        let scene = Scene {
            time_unix_nano: self.time_unix_nano,
            invocation_id: None,
            whence,
        };
        let record_id = self.id.as_deref();
        let entry = Entry {
            text: &self.message,
            record_id,
            platform_type: None,
            time_field: "timestamp",
        };
        logs::append(entry, scene, given, output)
    }
}

#[cfg(test)]
mod tests;
