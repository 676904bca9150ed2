//! A function's own log lines: the runtime's text prefix, JSON log format, and what frameworks write.

use std::borrow::Cow;

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source};
use serde_json::value::RawValue;

use super::scene::{Given, LineKind};
use super::statement::request_id;
use super::whence::{Whence, name};
use super::{PLATFORM, PROVIDER};
use crate::decode::delivery::Delivery;
use crate::decode::fingerprint::fingerprint;
use crate::decode::names::{is_uuid, text_up_to};
use crate::decode::object::{self, Object};
use crate::decode::{Clock, Output, Settings, ids, number, payload, severity};

/// Where loggers put the time, the level, the request, the trace and the error.
const TIME: &[&str] = &["timestamp", "time", "@timestamp"];
const LEVEL: &[&str] = &["level", "log_level", "severity"];
const REQUEST: &[&str] = &[
    "requestId",
    "AWSRequestId",
    "awsRequestId",
    "aws_request_id",
    "function_request_id",
    "lambda_request_id",
    "request_id",
];
const TRACE: &[&str] = &["xray_trace_id", "trace_id", "traceId"];
const ERROR_TYPE: &[&str] = &["errorType", "error_type", "exception_name"];

/// How the runtimes' own lines about an invocation that failed begin.
const RUNTIME_WORDS: &[&str] = &["Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection"];

/// What a function's own line says.
#[derive(Debug, Default)]
pub(super) struct Application<'a> {
    pub(super) line: LineKind<'a>,
    pub(super) delivery: Option<Delivery<'a>>,
    pub(super) error: Option<Failure<'a>>,
}

/// An error that a line tells of.
#[derive(Debug, Default)]
pub(super) struct Failure<'a> {
    kind: Cow<'a, str>,
    message: Option<Cow<'a, str>>,
    /// The frames, one per line.
    stack: Option<String>,
    /// Whether the runtime says it, so that the invocation failed; a function may log an error that it handled.
    by_runtime: bool,
}

/// Reads a line of text: Node's and Python's runtimes put time, request and level before the message.
pub(super) fn text(whole: &str) -> Application<'_> {
    let Some(prefix) = Prefix::parse(whole) else {
        let event = || payload::in_text(whole).map(of_event);
        return unhandled_python(whole).or_else(event).unwrap_or_default();
    };
    let message = prefix.message.trim();
    let nested = message.find('{').map(|at| (message[..at].trim(), &message[at..]));
    let mut own = match nested.and_then(|(words, json)| Some((words, Object::parse(json).ok()?))) {
        Some((words, object)) if words.is_empty() || RUNTIME_WORDS.contains(&words) => of_object(object, words),
        _ => payload::in_text(message).map(of_event).unwrap_or_default(),
    };
    own.line.time_unix_nano = Some(prefix.time_unix_nano);
    own.line.severity_number = severity::number(prefix.level);
    own.line.severity_text = Some(prefix.level.into());
    own.line.invocation_id = request_id(prefix.request.into());
    own.line.message = own.line.message.or(Some(prefix.message.into()));
    own
}

/// Reads a line that is one JSON object. Its message may be JSON again, as an object or as text; that is read once.
pub(super) fn json<'a>(mut object: Object<'a>, settings: &Settings) -> Application<'a> {
    if Delivery::recognise(&object) {
        return of_object(object, "");
    }
    if let Some(delivery) = whole_event(&object) {
        return of_event(delivery);
    }
    let event = payload::take(&mut object);
    let message = object.take("message").or_else(|| object.take("msg"));
    let words = message.and_then(|message| object::text(message.get()));
    let nested = nested(message, words.as_ref());
    let mut own = of_object(object.clone(), words.as_deref().unwrap_or_default());
    if let Some(nested) = nested {
        own.line.error_type = own.line.error_type.or(nested.line.error_type);
        own.line.severity_number = own.line.severity_number.or(nested.line.severity_number);
        own.line.severity_text = own.line.severity_text.or(nested.line.severity_text);
        own.line.invocation_id = own.line.invocation_id.or(nested.line.invocation_id);
        own.line.trace_id = own.line.trace_id.or(nested.line.trace_id);
        own.error = own.error.or(nested.error);
        own.delivery = nested.delivery;
        own.line.message = nested.line.message;
    }
    own.delivery = own.delivery.or(event);
    let written = words.or(message.map(|message| message.get().into()));
    own.line.message = own.line.message.or(written);
    own.line.attributes_json = left(object, settings);
    own
}

/// Reads the JSON in a message, be it an object or the text of one.
fn nested<'a>(message: Option<&'a RawValue>, words: Option<&Cow<'a, str>>) -> Option<Application<'a>> {
    let read = |json: &'a str| Object::parse(json.trim()).ok().map(|object| of_object(object, ""));
    match words {
        None if message?.get().starts_with('[') => payload::read_json(message?.get()).map(of_event),
        None => read(message?.get()),
        Some(words) if !words.trim_start().starts_with('{') => payload::in_text(words).map(of_event),
        Some(Cow::Borrowed(words)) => read(words).or_else(|| payload::in_text(words).map(of_event)),
        Some(Cow::Owned(words)) => match Object::parse(words.trim()) {
            Ok(object) => Some(own(of_object(object, ""))),
            Err(_) => payload::in_text(words).map(of_event),
        },
    }
}

/// Reads an object that is an event and no line of a logger's, which would have a level.
fn whole_event<'a>(object: &Object<'a>) -> Option<Delivery<'a>> {
    let logged = LEVEL.iter().any(|key| object.has(key));
    if logged { None } else { payload::read(object) }
}

/// Returns a line that is an event, in whose place its summary stands: bodies of messages are not kept.
fn of_event(delivery: Delivery<'_>) -> Application<'_> {
    Application {
        line: LineKind {
            message: Some(payload::summary(&delivery).into()),
            ..LineKind::default()
        },
        delivery: Some(delivery),
        error: None,
    }
}

/// Takes the fields that have columns, and tells whether they speak of an error or a delivery.
fn of_object<'a>(mut object: Object<'a>, words: &str) -> Application<'a> {
    if Delivery::recognise(&object) {
        let invocation_id = object.clone().text("invocation_id").ok().flatten();
        let line = LineKind {
            invocation_id,
            ..LineKind::default()
        };
        return Application {
            line,
            delivery: Delivery::read(&mut object).ok(),
            error: None,
        };
    }
    if let Some(delivery) = whole_event(&object) {
        return of_event(delivery);
    }
    let level = first(&mut object, LEVEL);
    let error_type = first(&mut object, ERROR_TYPE);
    let message = object.text("errorMessage").ok().flatten();
    let traced = object.has("stackTrace") || object.has("stack") || message.is_some();
    let by_runtime = RUNTIME_WORDS.iter().any(|start| words.starts_with(start))
        || (words.is_empty() && object.has("stackTrace") && message.is_some());
    let error = error_type.clone().filter(|_| traced).map(|kind| Failure {
        kind,
        message,
        stack: stack(&object),
        by_runtime,
    });
    let line = LineKind {
        time_unix_nano: time(&mut object),
        severity_number: level.as_deref().and_then(severity::number),
        severity_text: level,
        invocation_id: first(&mut object, REQUEST).and_then(request_id),
        trace_id: first(&mut object, TRACE).and_then(|id| ids::trace_id(&id).or_else(|| ids::xray_trace_id(&id))),
        error_type,
        ..LineKind::default()
    };
    Application {
        line,
        delivery: None,
        error,
    }
}

/// Returns the frames of an error, one per line: loggers write a list of lines, or one text.
fn stack(object: &Object<'_>) -> Option<String> {
    let mut object = object.clone();
    ["stackTrace", "stack"].into_iter().find_map(|key| {
        let lines = object.texts(key).ok().flatten().map(|lines| lines.join("\n"));
        lines.or_else(|| object.text(key).ok().flatten().map(Cow::into_owned))
    })
}

/// Returns the fields that have no column as JSON; `None` where nothing is left, or it nests too deep to be kept apart.
fn left(mut object: Object<'_>, settings: &Settings) -> Option<String> {
    for key in TIME.iter().chain(LEVEL).chain(REQUEST).chain(ERROR_TYPE) {
        object.take(key);
    }
    object.rest(settings).ok()?.into_json()
}

fn first<'a>(object: &mut Object<'a>, keys: &[&'static str]) -> Option<Cow<'a, str>> {
    keys.iter().find_map(|key| object.text(key).ok().flatten())
}

/// Takes a line's own time.
pub(super) fn time(object: &mut Object<'_>) -> Option<i64> {
    TIME.iter().find_map(|key| {
        object
            .time(key)
            .ok()
            .flatten()
            .or_else(|| object.time_unix_ms(key).ok().flatten())
    })
}

/// What a runtime puts before a message.
struct Prefix<'a> {
    time_unix_nano: i64,
    request: &'a str,
    level: &'a str,
    message: &'a str,
}

impl<'a> Prefix<'a> {
    /// Reads Node's `time TAB request TAB level TAB message` and Python's `[level] TAB time TAB request TAB message`.
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.splitn(4, '\t');
        let (first, second, third, message) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let bracketed = first.strip_prefix('[').and_then(|level| level.strip_suffix(']'));
        let (level, time, request) = match bracketed {
            Some(level) => (level, second, third),
            None => (third, first, second),
        };
        let known = is_uuid(request) || request_id(request.into()).is_none();
        let time_unix_nano = number::unix_nano(time).or_else(|| local_time(time))?;
        // `sls logs` writes Node's level twice.
        let message = message
            .strip_prefix(level)
            .and_then(|rest| rest.strip_prefix('\t'))
            .unwrap_or(message);
        known.then_some(Self {
            time_unix_nano,
            request,
            level,
            message,
        })
    }
}

/// Reads a time as `sls logs` writes it: `2026-10-08 09:30:28.235 (+02:00)`.
pub(super) fn local_time(text: &str) -> Option<i64> {
    let (time, offset) = text.strip_suffix(')')?.split_once(" (")?;
    number::unix_nano(&format!("{}{offset}", time.replacen(' ', "T", 1)))
}

/// Returns the invocation that a runtime's prefix names, and the time in it.
pub(super) fn prefix_of(line: &str) -> Option<(&str, i64)> {
    let prefix = Prefix::parse(line)?;
    request_id(prefix.request.into())?;
    Some((prefix.request, prefix.time_unix_nano))
}

/// Reads what Python's runtime prints of an exception that nobody caught: `[ERROR] Type: message`, a line end and the traceback.
fn unhandled_python(line: &str) -> Option<Application<'_>> {
    let (first, rest) = line.strip_prefix("[ERROR] ")?.split_once(['\n', '\r'])?;
    rest.trim_start().starts_with("Traceback").then_some(())?;
    let (kind, message) = first
        .split_once(": ")
        .map_or((first, None), |(kind, message)| (kind, Some(message)));
    let line = LineKind {
        severity_number: severity::number("ERROR"),
        severity_text: Some("ERROR".into()),
        error_type: Some(kind.into()),
        ..LineKind::default()
    };
    let stack = Some(rest.trim_start().to_owned());
    let error = Failure {
        kind: kind.into(),
        message: message.map(Cow::Borrowed),
        stack,
        by_runtime: true,
    };
    Some(Application {
        line,
        delivery: None,
        error: Some(error),
    })
}

/// Appends what a line says about the error of an invocation.
pub(super) fn append_error(
    error: &Failure<'_>,
    invocation_id: &str,
    time_unix_nano: i64,
    whence: &Whence<'_>,
    (origin, settings): Given<'_>,
    output: &mut Output,
) {
    let whence = whence.clone().cut(settings);
    let filed = Clock::new(origin.received_at_unix_nano).file(time_unix_nano);
    let invocation_id = name(Cow::Borrowed(invocation_id), settings);
    let error_type = name(Cow::Borrowed(&error.kind), settings);
    let fingerprint = fingerprint(&error.kind, error.message.as_deref(), error.stack.as_deref());
    let mut row = invocation_facts::Row {
        provider: PROVIDER,
        invocation_id: &invocation_id,
        source: Source::Log.as_str(),
        fact_kind: "error",
        fact_unix_nano: filed.unix_nano,
        sample_weight_milli: 1000,
        platform: Some(PLATFORM),
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: whence.function.as_deref(),
        version: whence.version.as_deref(),
        instance_id: whence.instance_id.as_deref(),
        time_suspect: filed.suspect.then_some(true),
        outcome: error.by_runtime.then_some(Outcome::Error.as_str()),
        error_type: Some(&error_type),
        error_message: error
            .message
            .as_deref()
            .map(|text| text_up_to(text, settings.value_bytes)),
        error_fingerprint: Some(&fingerprint),
        received_unix_nano: origin.received_at_unix_nano,
        ..invocation_facts::Row::default()
    };
    row.content_hash = row.hash();
    output.invocation_facts.append(&row);
}

/// Returns a line that owns its texts.
fn own<'a>(application: Application<'_>) -> Application<'a> {
    fn text<'a>(text: Option<Cow<'_, str>>) -> Option<Cow<'a, str>> {
        text.map(|text| Cow::Owned(text.into_owned()))
    }
    let Application { line, delivery, error } = application;
    Application {
        line: LineKind {
            platform_type: text(line.platform_type),
            invocation_id: text(line.invocation_id),
            time_unix_nano: line.time_unix_nano,
            severity_number: line.severity_number,
            severity_text: text(line.severity_text),
            trace_id: line.trace_id,
            error_type: text(line.error_type),
            message: text(line.message),
            attributes_json: line.attributes_json,
        },
        delivery: delivery.map(Delivery::into_owned),
        error: error.map(|error| Failure {
            kind: Cow::Owned(error.kind.into_owned()),
            message: text(error.message),
            stack: error.stack,
            by_runtime: error.by_runtime,
        }),
    }
}
