//! A line that the host or a function logged: what it states of its invocation, and its row among the logs.

use std::borrow::Cow;

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source};

use super::names::Place;
use super::telemetry::{rest_json, trace_of};
use super::trigger;
use crate::decode::delivery::Trigger;
use crate::decode::exception::Exception;
use crate::decode::fault::Fault;
use crate::decode::fingerprint::fingerprint;
use crate::decode::items::Items;
use crate::decode::names::text_up_to;
use crate::decode::number;
use crate::decode::object::Object;
use crate::decode::own_line::OwnLine;
use crate::decode::sender::{Sender, name};
use crate::decode::time::Filed;

/// A line, from whichever table.
#[derive(Debug, Default)]
struct Line<'p> {
    message: Cow<'p, str>,
    severity: Option<Cow<'p, str>>,
    /// The logger, such as `Function.pay` of the host and `Function.pay.User` of the function.
    category: Option<Cow<'p, str>>,
    event: Option<Cow<'p, str>>,
    invocation_id: Option<Cow<'p, str>>,
    function: Option<Cow<'p, str>>,
    app: Option<Cow<'p, str>>,
    host: Option<Cow<'p, str>>,
    error_type: Option<Cow<'p, str>>,
    error_message: Option<Cow<'p, str>>,
    error_details: Option<Cow<'p, str>>,
    trace_id: Option<[u8; 16]>,
    attributes_json: Option<String>,
}

/// Takes a record of `FunctionAppLogs`, whose fields stand in its properties, or are columns of a query's answer.
pub(super) fn of_app_log<'p>(
    mut object: Object<'p>,
    mut properties: Object<'p>,
    place: &Place<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let mut word = |keys: &[&str]| properties.first_word(keys).or_else(|| object.first_word(keys));
    let mut line = Line {
        message: word(&["message", "Message"]).unwrap_or_default(),
        severity: word(&["level", "Level"]),
        category: word(&["category", "Category"]),
        event: word(&["eventName", "EventName"]),
        invocation_id: word(&["functionInvocationId", "FunctionInvocationId"]),
        function: word(&["functionName", "FunctionName"]),
        app: word(&["appName", "AppName"]),
        host: word(&["hostInstanceId", "HostInstanceId"]),
        error_type: word(&["exceptionType", "ExceptionType"]),
        error_message: word(&["exceptionMessage", "ExceptionMessage"]),
        error_details: word(&["exceptionDetails", "ExceptionDetails"]),
        ..Line::default()
    };
    line.attributes_json = rest_json(&object, &properties, items);
    line.append(place, items)
}

/// Takes a row of `AppTraces`.
pub(super) fn of_trace<'p>(
    mut object: Object<'p>,
    mut properties: Object<'p>,
    place: &Place<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let level = object.first_word(&["SeverityLevel", "severityLevel"]);
    let mut line = Line {
        message: object.first_word(&["Message", "message"]).unwrap_or_default(),
        severity: properties.word("LogLevel").or_else(|| level.map(level_of)),
        category: properties.first_word(&["Category", "CategoryName"]),
        event: properties.word("EventName"),
        invocation_id: properties.word("InvocationId"),
        function: object.first_word(&["OperationName", "operation_Name"]),
        host: properties.word("HostInstanceId"),
        trace_id: object
            .first_word(&["OperationId", "operation_Id"])
            .as_deref()
            .map(trace_of),
        ..Line::default()
    };
    line.attributes_json = rest_json(&object, &properties, items);
    line.append(place, items)
}

/// Returns the word of a level that Application Insights writes as a number.
pub(super) fn level_of(level: Cow<'_, str>) -> Cow<'_, str> {
    match &*level {
        "0" => "Verbose".into(),
        "1" => "Information".into(),
        "2" => "Warning".into(),
        "3" => "Error".into(),
        "4" => "Critical".into(),
        _ => level,
    }
}

/// What the host states of an invocation.
#[derive(Debug, PartialEq)]
enum Statement<'s> {
    Started { reason: Option<&'s str> },
    Completed { succeeded: bool, duration_us: Option<i64> },
    Handed(Box<Trigger<'s>>),
    TimedOut,
    ProcessEnded,
}

impl Statement<'_> {
    fn platform_type(&self) -> &'static str {
        match self {
            Self::Started { .. } => "platform.start",
            Self::Completed { .. } => "platform.report",
            Self::Handed(_) => "platform.trigger",
            Self::TimedOut => "platform.timeout",
            Self::ProcessEnded => "platform.fault",
        }
    }
}

impl Line<'_> {
    fn append(&self, place: &Place<'_>, items: &mut Items<'_>) -> Result<(), Fault> {
        let filed = items.file(place.time.as_deref().and_then(number::unix_nano), "time")?;
        let statement = self.statement();
        let host = self.host.as_deref();
        let sender = place
            .sender(self.app.as_deref(), self.function.as_deref(), host)
            .settled(items.origin, items.settings);
        let id = self
            .invocation_id
            .as_deref()
            .map(|id| name(Cow::Borrowed(id), items.settings));
        if let (Some(statement), Some(id)) = (&statement, id.as_deref()) {
            self.append_statement(statement, id, (filed, &sender), items);
        }
        let completed = matches!(statement, Some(Statement::Completed { .. }));
        OwnLine {
            body: Cow::Borrowed(&self.message),
            severity: self.severity.clone(),
            invocation_id: id.as_deref(),
            certain: true,
            trace_id: self.trace_id,
            platform_type: statement.as_ref().map(Statement::platform_type),
            error: self.error().filter(|_| !completed),
            attributes_json: self.attributes_json.clone(),
            ..OwnLine::default()
        }
        .append(filed, &sender, items);
        Ok(())
    }

    fn error(&self) -> Option<Exception<'_>> {
        let kind = self.error_type.as_deref()?;
        Some(Exception {
            kind: Some(kind),
            message: self.error_message.as_deref(),
            stack: self.error_details.as_deref(),
        })
    }

    /// Returns whether the host itself wrote the line, and not the function: what a function logs states nothing.
    fn of_host(&self) -> bool {
        match self.category.as_deref() {
            Some(category) => {
                !category.ends_with(".User") && (category.starts_with("Function") || category.starts_with("Host"))
            }
            None => self.event.is_some(),
        }
    }

    fn statement(&self) -> Option<Statement<'_>> {
        if !self.of_host() {
            return None;
        }
        let message = self.message.trim();
        let event = self.event.as_deref().unwrap_or_default();
        if let Some(trigger) = trigger::of_details(message) {
            return Some(Statement::Handed(Box::new(trigger)));
        }
        if message.starts_with("Executed ") {
            let ended = message.rsplit_once('(').map_or("", |(_, ended)| ended);
            return Some(Statement::Completed {
                succeeded: ended.starts_with("Succeeded"),
                duration_us: ended
                    .rsplit_once("Duration=")
                    .and_then(|(_, took)| number::duration_us(took.split("ms").next()?.trim())),
            });
        }
        if message.starts_with("Executing ") || event == "FunctionStarted" {
            let reason = message
                .split_once("(Reason=")
                .and_then(|(_, rest)| Some(rest.rsplit_once(", Id=")?.0));
            return Some(Statement::Started { reason });
        }
        if message.starts_with("Timeout value of ") && message.contains("exceeded by function") {
            return Some(Statement::TimedOut);
        }
        message
            .contains("exited with code 137")
            .then_some(Statement::ProcessEnded)
    }

    fn append_statement(
        &self,
        statement: &Statement<'_>,
        invocation_id: &str,
        (filed, sender): (Filed, &Sender<'_>),
        items: &mut Items<'_>,
    ) {
        let settings = items.settings;
        let mut row = invocation_facts::Row {
            invocation_id,
            source: Source::Platform.as_str(),
            fact_unix_nano: filed.unix_nano,
            time_suspect: filed.suspect.then_some(true),
            trace_id: self.trace_id,
            ..sender.fact()
        };
        let mut trigger = Trigger::default();
        let kind = self
            .error_type
            .as_deref()
            .map(|kind| name(Cow::Borrowed(kind), settings));
        let fingerprint = kind
            .as_deref()
            .map(|kind| fingerprint(kind, self.error_message.as_deref(), self.error_details.as_deref()));
        match statement {
            Statement::Started { reason } => {
                row.fact_kind = "start";
                row.start_hint_unix_nano = Some(filed.unix_nano);
                trigger = reason.map(trigger::of_reason).unwrap_or_default();
            }
            Statement::Completed { succeeded, duration_us } => {
                let nanos = duration_us.and_then(|us| us.checked_mul(1000));
                let start = nanos.and_then(|nanos| filed.unix_nano.checked_sub(nanos));
                row.fact_kind = "report";
                row.start_hint_unix_nano = start.map(|start| items.clock().file(start).unix_nano);
                row.end_unix_nano = Some(filed.unix_nano);
                row.duration_us = *duration_us;
                row.outcome = Some(self.outcome(*succeeded).as_str());
                row.error_type = kind.as_deref();
                row.error_message = self
                    .error_message
                    .as_deref()
                    .map(|text| text_up_to(text, settings.value_bytes));
                row.error_fingerprint = fingerprint.as_deref();
            }
            Statement::Handed(handed) => {
                row.fact_kind = "delivery";
                trigger = (**handed).clone();
            }
            Statement::TimedOut => {
                row.fact_kind = "timeout";
                row.outcome = Some(Outcome::Timeout.as_str());
            }
            Statement::ProcessEnded => {
                row.fact_kind = "fault";
                row.outcome = Some(Outcome::OutOfMemory.as_str());
            }
        }
        trigger.cut(settings);
        trigger.fill(&mut row);
        let row = items.append_fact(&row);
        trigger.append_deliveries(&row, &mut items.output);
    }

    /// Returns how a completed invocation ended, by what the host says of the error.
    fn outcome(&self, succeeded: bool) -> Outcome {
        let kind = self.error_type.as_deref().unwrap_or_default();
        let told = |part: &str| {
            kind.contains(part)
                || self
                    .error_details
                    .as_deref()
                    .is_some_and(|details| details.contains(part))
        };
        if succeeded {
            Outcome::Ok
        } else if told("FunctionTimeoutException") {
            Outcome::Timeout
        } else if told("OutOfMemoryException") || told("exited with code 137") {
            Outcome::OutOfMemory
        } else if told("WorkerProcessExitException") {
            Outcome::Crash
        } else {
            Outcome::Error
        }
    }
}
