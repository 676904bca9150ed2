//! AWS Step Functions: the history of an execution, and the events that it logs.
//!
//! `aws stepfunctions get-execution-history` prints `{"events":[{"timestamp","type","id","previousEventId","<type>EventDetails"}]}`
//! and does not name the execution: the door's resource does (`--resource arn:aws:states:..:execution:..`), else its first event
//! stands for it. A log event has the same in `id`, `type`, `details`, `previous_event_id`, `event_timestamp` (milliseconds, as
//! text) and `execution_arn`. Only events that enter or leave a state name it; in a history the others are led back to it by their
//! previous events, and each scheduling within a state is another attempt at it.
//!
//! Sources: `HistoryEvent`, <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>; "Using
//! CloudWatch Logs to log execution history", <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>.

mod history;

use std::borrow::Cow;

use pennyspan_schema::tables::workflow_steps;

pub(crate) use self::history::items;
use super::{Status, append};
use crate::decode::fault::Fault;
use crate::decode::names::{Arn, name, text_up_to};
use crate::decode::object::{self, Object};
use crate::decode::{Clock, Origin, Output, Reason, Settings, number};

/// The provider of every row.
const PROVIDER: &str = "aws";

/// An execution, by its ARN where that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Execution {
    id: String,
    account: Option<String>,
    region: Option<String>,
    workflow: Option<String>,
}

impl Execution {
    /// Returns the execution that an ARN names: `..:execution:MACHINE:NAME`, or `..:express:MACHINE:NAME:ID`.
    fn of_arn(text: &str) -> Option<Self> {
        let arn = Arn::parse(text).filter(|arn| arn.service == "states")?;
        let mut parts = arn.resource.split(':');
        let kind = parts.next().filter(|kind| matches!(*kind, "execution" | "express"));
        let (_, workflow, _) = (kind?, parts.next()?, parts.next()?);
        Some(Self {
            id: text.to_owned(),
            account: arn.account.map(str::to_owned),
            region: arn.region.map(str::to_owned),
            workflow: Some(workflow.to_owned()),
        })
    }
}

/// One event, whichever form it came in.
#[derive(Debug)]
struct Event<'a> {
    kind: Cow<'a, str>,
    id: Option<i64>,
    previous: Option<i64>,
    time_unix_nano: i64,
    /// The state that the event names itself.
    state: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
    cause: Option<Cow<'a, str>>,
    attributes_json: Option<String>,
}

/// What the events before it tell of an event.
#[derive(Clone, Debug, Default)]
struct Before {
    state: Option<String>,
    attempt: Option<i64>,
    start_unix_nano: Option<i64>,
}

impl<'a> Event<'a> {
    /// Reads an event; `time` and `previous` are the names of these fields, which the two forms write differently.
    fn read(
        object: &mut Object<'a>,
        time: &'static str,
        previous: &'static str,
        settings: &Settings,
    ) -> Result<Self, Fault> {
        let missing = |field| Fault::of(field, Reason::MissingField, "an event of an execution has it");
        let kind = object.text("type")?.ok_or_else(|| missing("type"))?;
        let stamp = object.take(time).ok_or_else(|| missing(time))?;
        let time_unix_nano = instant(stamp.get(), time).ok_or_else(|| {
            Fault::of(
                time,
                Reason::BadValue,
                "expected a time: RFC 3339, or a number since 1970",
            )
        })?;
        let (id, previous) = (whole(object, "id"), whole(object, previous));
        let mut details = details(object).unwrap_or_default();
        let mut text = |field| details.text(field).ok().flatten();
        let (state, error, cause) = (text("name"), text("error"), text("cause"));
        let mut attributes = object.rest(settings)?;
        if let Some(details) = details.rest(settings)?.into_json() {
            attributes.add("details", &details, settings)?;
        }
        Ok(Self {
            kind,
            id,
            previous,
            time_unix_nano,
            state,
            error,
            cause,
            attributes_json: attributes.into_json(),
        })
    }

    /// Returns how state or execution stands after the event.
    fn status(&self) -> Status {
        let ends = |words: &[&str]| words.iter().any(|word| self.kind.ends_with(word));
        if ends(&["Failed"]) {
            Status::Failed
        } else if ends(&["TimedOut"]) {
            Status::TimedOut
        } else if ends(&["Aborted"]) {
            Status::Aborted
        } else if ends(&["Succeeded", "Exited"]) {
            Status::Succeeded
        } else {
            Status::Running
        }
    }

    /// Returns whether the event begins what it is about.
    fn begins(&self) -> bool {
        self.kind.ends_with("Entered") || self.kind.ends_with("Started")
    }

    fn append(
        &self,
        execution: &Execution,
        before: &Before,
        (origin, settings): (&Origin<'_>, &Settings),
        output: &mut Output,
    ) {
        let filed = Clock::new(origin.received_at_unix_nano).file(self.time_unix_nano);
        let cut = |text: Option<&str>| text.map(|text| name(text, settings.name_bytes).into_owned());
        let (state, workflow) = (
            cut(self.state.as_deref().or(before.state.as_deref())),
            cut(execution.workflow.as_deref()),
        );
        let error = cut(self.error.as_deref());
        let status = self.status();
        append(
            workflow_steps::Row {
                provider: PROVIDER,
                account: execution.account.as_deref(),
                region: execution.region.as_deref().or(origin.region),
                workflow: workflow.as_deref(),
                execution_id: &name(&execution.id, settings.name_bytes),
                state: state.as_deref(),
                attempt: before.attempt,
                fact_kind: &name(&self.kind, settings.name_bytes),
                fact_unix_nano: filed.unix_nano,
                time_suspect: filed.suspect,
                start_unix_nano: if self.begins() {
                    Some(filed.unix_nano)
                } else {
                    before.start_unix_nano
                },
                end_unix_nano: status.is_end().then_some(filed.unix_nano),
                status: Some(status.as_str()),
                error_type: error.as_deref(),
                error_message: self.cause.as_deref().map(|text| text_up_to(text, settings.value_bytes)),
                attributes_json: self.attributes_json.as_deref(),
                received_unix_nano: origin.received_at_unix_nano,
                ..workflow_steps::Row::default()
            },
            output,
        );
    }
}

/// Takes the details of an event, whose key is `details`, or ends in `EventDetails`.
fn details<'a>(object: &mut Object<'a>) -> Option<Object<'a>> {
    let members = object.clone().into_members();
    let (key, value) = members
        .into_iter()
        .find(|(key, value)| (key == "details" || key.ends_with("EventDetails")) && value.get().starts_with('{'))?;
    object.take(&key);
    serde_json::from_str(value.get()).ok()
}

/// Takes a whole number that may be written as text.
fn whole(object: &mut Object<'_>, field: &str) -> Option<i64> {
    let value = object.take(field)?.get();
    number::whole(value.trim_matches('"'))
}

/// Reads a time: RFC 3339, seconds since 1970 as the older command line prints them, or milliseconds as the log does.
fn instant(json: &str, field: &str) -> Option<i64> {
    let text = object::text(json).unwrap_or(Cow::Borrowed(json));
    let of_number = if field == "event_timestamp" {
        number::unix_nano_of_millis
    } else {
        number::unix_nano_of_seconds
    };
    number::unix_nano(&text).or_else(|| of_number(&text))
}

/// Returns whether a log line is an event of an execution.
pub(crate) fn is_log_event(line: &Object<'_>) -> bool {
    line.has("execution_arn") && line.has("type")
}

/// What a log event is about, for its row among the logs.
pub(crate) struct Told {
    pub(crate) kind: String,
    pub(crate) time_unix_nano: i64,
    pub(crate) error_type: Option<String>,
}

/// Appends the event of a log line; `None` where it is none.
pub(crate) fn log_event(line: &Object<'_>, given: (&Origin<'_>, &Settings), output: &mut Output) -> Option<Told> {
    let mut object = line.clone();
    let arn = object.text("execution_arn").ok().flatten()?;
    let execution = Execution::of_arn(&arn)?;
    let event = Event::read(&mut object, "event_timestamp", "previous_event_id", given.1).ok()?;
    event.append(&execution, &Before::default(), given, output);
    Some(Told {
        kind: format!("step_functions.{}", event.kind),
        time_unix_nano: event.time_unix_nano,
        error_type: event.error.map(Cow::into_owned),
    })
}

#[cfg(test)]
mod tests;
