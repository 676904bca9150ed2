//! What a record of a stream may hold: each sender's form is known by its content.
//!
//! Binary content is CloudWatch's metric stream in OpenTelemetry's form. Text is one or more JSON objects (subscription messages,
//! metric streams in JSON, Telemetry API events, X-Ray segment documents, embedded metrics, Lambda Insights events, JSON logs),
//! or lines of a Lambda log.

use pennyspan_schema::Table;

use super::super::logs::{self, Entry};
use super::super::scene::{Given, Scene};
use super::super::whence::Whence;
use super::super::{application, cloudwatch, emf, export, metric_stream, telemetry, xray};
use crate::decode::documents::documents;
use crate::decode::fault::Fault;
use crate::decode::object::{Object, no_time};
use crate::decode::slices::Slices;
use crate::decode::{Clock, Output, Reason};

/// What a record's content may be.
const EXPECTED: &str = "CloudWatch Logs subscription messages, metric streams (JSON or OpenTelemetry 1.0), Telemetry API events, \
                        X-Ray segment documents, embedded metrics, Lambda Insights events, JSON logs or Lambda log lines";

/// What the log says that a content of no known shape is.
const UNKNOWN: &str = "unknown";

/// The reading of one request.
pub(super) struct Reading<'o> {
    pub(super) given: Given<'o>,
    /// What the door says of where the records come from.
    pub(super) door: &'o Whence<'o>,
    pub(super) slices: Slices,
    pub(super) output: Output,
}

impl Reading<'_> {
    /// Reads a record's content.
    ///
    /// # Errors
    /// The fault of a content that is not understood, or not from some place on.
    pub(super) fn content(&mut self, content: &[u8]) -> Result<(), Fault> {
        let before = self.output.judged();
        self.known(content)?;
        if self.output.judged() == before {
            return Err(not_understood("nothing is in it"));
        }
        Ok(())
    }

    fn known(&mut self, content: &[u8]) -> Result<(), Fault> {
        let text = std::str::from_utf8(content).ok().filter(|text| !text.contains('\0'));
        let Some(text) = text else {
            return self.metric_stream(content);
        };
        match text.trim_start().bytes().next() {
            None => Err(not_understood("it is empty")),
            Some(b'{' | b'[') => self.objects(text),
            Some(_) if text.lines().take(LOOKED_AT).any(export::is_lambda_log) => {
                export::messages_of(text, self.given, &mut self.slices, &mut self.output);
                Ok(())
            }
            Some(_) => self.keep_raw(text),
        }
    }

    fn metric_stream(&mut self, content: &[u8]) -> Result<(), Fault> {
        if !metric_stream::is_messages(content) {
            return Err(not_understood("it is binary, and no length leads to the next message"));
        }
        metric_stream::messages(content, self.given, &mut self.slices, &mut self.output)
    }

    /// Reads JSON objects; each is an item of its own, whose neighbours go on.
    fn objects(&mut self, text: &str) -> Result<(), Fault> {
        let documents =
            documents(text.as_bytes(), 1, EXPECTED).map_err(|problem| not_understood(&problem.to_string()))?;
        let single = documents.len() == 1;
        for document in documents {
            let malformed = |problem: String| not_understood(&format!("not JSON: {problem}"));
            let read = document.json.map_err(malformed).and_then(|json| self.object(json));
            match read {
                Ok(()) => {}
                Err(fault) if single => return Err(fault),
                Err(fault) => self.output.reject(fault.at(Table::Logs, document.place.to_string())),
            }
        }
        Ok(())
    }

    fn object(&mut self, json: &str) -> Result<(), Fault> {
        self.output.room(self.output.judged(), self.given.1)?;
        let mut object = Object::parse(json).map_err(|problem| not_understood(&problem.to_string()))?;
        let (given, slices, output) = (self.given, &mut self.slices, &mut self.output);
        if object.has("messageType") {
            return cloudwatch::one_message(&mut object, given, slices, output);
        }
        if metric_stream::is_point(&object) {
            metric_stream::append(&mut object, given, slices, output)?;
        } else if xray::is_document(&object) {
            return xray::document(json, given, slices, output);
        } else if object.has("type") && object.has("record") {
            telemetry::one(json, self.door, given, slices, output)?;
        } else if is_log(&object) {
            self.log(&object, json)?;
        } else {
            return self.keep_raw(json);
        }
        self.output.accepted += 1;
        Ok(())
    }

    /// Keeps text of a shape that nobody knows as it came, among the logs.
    fn keep_raw(&mut self, text: &str) -> Result<(), Fault> {
        let received = Clock::new(self.given.0.received_at_unix_nano).file_untimed();
        self.slices.open(received.ok_or_else(|| no_time("data"))?.unix_nano)?;
        let scene = Scene {
            time_unix_nano: None,
            invocation_id: None,
            whence: self.door,
        };
        let entry = Entry {
            text,
            record_id: None,
            platform_type: Some(UNKNOWN),
            time_field: "data",
        };
        logs::append(entry, scene, self.given, &mut self.output)?;
        self.output.accepted += 1;
        self.output.kept_raw += 1;
        Ok(())
    }

    /// Reads a JSON log line.
    fn log(&mut self, object: &Object<'_>, json: &str) -> Result<(), Fault> {
        let scene = Scene {
            time_unix_nano: None,
            invocation_id: None,
            whence: self.door,
        };
        let entry = Entry {
            text: json,
            record_id: None,
            platform_type: None,
            time_field: "timestamp",
        };
        let clock = Clock::new(self.given.0.received_at_unix_nano);
        let own = application::time(&mut object.clone()).or_else(|| emf::time_unix_nano(object));
        let filed = own.map(|time| clock.file(time)).or_else(|| clock.file_untimed());
        self.slices.open(filed.ok_or_else(|| no_time("timestamp"))?.unix_nano)?;
        logs::append(entry, scene, self.given, &mut self.output)
    }
}

/// How many lines of a text are looked at.
const LOOKED_AT: usize = 50;

/// Returns whether an object has a key of log lines.
fn is_log(object: &Object<'_>) -> bool {
    const KEYS: &[&str] = &[
        "_aws",
        "pennyspan",
        "message",
        "msg",
        "timestamp",
        "time",
        "@timestamp",
        "level",
        "log_level",
        "requestId",
        "execution_arn",
        "event_type",
    ];
    KEYS.iter().any(|key| object.has(key))
}

/// Returns the fault of what is not of the form.
pub(super) fn not_understood(why: &str) -> Fault {
    Fault::of("data", Reason::Malformed, format!("{why}; expected {EXPECTED}"))
}
