//! Which format a file has, by its first bytes.

mod azure;
mod keys;
mod protobuf;

use std::fmt;

use self::keys::Keys;
pub(super) use self::protobuf::signal;
use super::csv;
use crate::decode::aws::export::is_lambda_log;
use crate::decode::aws::metric_stream;
use crate::decode::configuration::{self, template};
use crate::request::RequestKind;

/// How many lines of text are looked at.
const LINES: usize = 50;
/// Bytes of the length before each message of the OpenTelemetry file exporter.
pub(super) const LENGTH_BYTES: usize = 4;
/// The longest message that a length may announce for a file to be taken for one of messages.
const LONGEST_MESSAGE: u32 = 1 << 30;

/// Lists the formats once.
macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident = $expected:literal;)+) => {
        /// The format of a file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format { $($(#[$doc])* $format,)+ }

        impl Format {
            /// Every format.
            pub const ALL: &[Self] = &[$(Self::$format),+];

            /// Returns what the items of such a file are, in the plural.
            #[must_use]
            pub fn expected(self) -> &'static str {
                match self { $(Self::$format => $expected),+ }
            }
        }
    };
}

formats! {
    /// OTLP requests as JSON, one per line.
    OtlpJson = "OTLP requests in JSON";
    /// OTLP requests, each after its length, as the OpenTelemetry file exporter writes protobuf.
    OtlpMessages = "OTLP requests with their length before them";
    /// Invocation records.
    Invocations = "invocation records";
    /// Lambda Telemetry API events.
    AwsTelemetry = "Lambda Telemetry API events";
    /// CloudWatch Logs subscription messages.
    Cloudwatch = "CloudWatch Logs subscription messages";
    /// What `aws logs filter-log-events` prints.
    LogEvents = "log events of the AWS command line";
    /// Results of CloudWatch Logs Insights, as the AWS command line and the console write them.
    LogInsights = "results of CloudWatch Logs Insights with @timestamp and @message";
    /// Points of a CloudWatch metric stream in JSON.
    MetricStream = "points of a CloudWatch metric stream";
    /// Messages of a CloudWatch metric stream in OpenTelemetry's form.
    MetricStreamMessages = "messages of a CloudWatch metric stream in OpenTelemetry's form";
    /// X-Ray segment documents, and what `aws xray batch-get-traces` prints.
    Xray = "X-Ray segment documents";
    /// The history of a workflow's execution, as `aws stepfunctions get-execution-history` prints it.
    ExecutionHistory = "histories of Step Functions executions";
    /// Lambda log lines, as text or JSON.
    LambdaLog = "Lambda log lines";
    /// Settings, what command lines print about them, and templates.
    Configurations = "settings";
    /// Deployments.
    Deployments = "deployments";
    /// Google Cloud log entries, as `gcloud logging read --format json` prints them or Pub/Sub pushes them.
    GcpLogs = "Google Cloud log entries";
    /// Azure diagnostic records and Application Insights telemetry, as an event hub, a storage account or `az monitor` gives them.
    AzureRecords = "Azure diagnostic records";
    /// Cloudflare Workers trace events, as Logpush and `wrangler tail --format json` write them.
    CloudflareEvents = "Cloudflare Workers trace events";
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected())
    }
}

/// How a file is cut into items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One item per line.
    Lines,
    /// JSON values that may span lines, or the items of one array.
    Values,
    /// Messages with their length before them, in four bytes.
    Messages,
    /// Messages with their length before them, as a varint.
    Delimited,
    /// Comma-separated values, whose first record names the fields.
    Records,
    /// The file as one item.
    Whole,
}

/// A file's content is of no known format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line 1: {found}; expected one of: {}", expected())]
pub struct Unrecognised {
    /// What is there instead.
    pub found: String,
}

fn expected() -> String {
    Format::ALL
        .iter()
        .map(|format| format.expected())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Recognises a file's format by its first bytes, decompressed; some ten kilobytes are enough.
///
/// # Errors
/// [`Unrecognised`] says what is there instead.
pub fn recognise(head: &[u8]) -> Result<Format, Unrecognised> {
    Ok(look(head)?.0)
}

/// Recognises format and shape.
pub(super) fn look(head: &[u8]) -> Result<(Format, Shape), Unrecognised> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if template::recognise(&String::from_utf8_lossy(text)) {
        return Ok((Format::Configurations, Shape::Whole));
    }
    if text.starts_with(b"{") || text.starts_with(b"[") {
        return of_json(text);
    }
    if is_messages(head) {
        return Ok((Format::OtlpMessages, Shape::Messages));
    }
    if metric_stream::begins_message(head) {
        return Ok((Format::MetricStreamMessages, Shape::Delimited));
    }
    let lines = String::from_utf8_lossy(text);
    let named = csv::fields(lines.lines().next().unwrap_or_default());
    if named.iter().any(|field| field == "@message") {
        return Ok((Format::LogInsights, Shape::Records));
    }
    if lines.lines().take(LINES).any(is_lambda_log) {
        return Ok((Format::LambdaLog, Shape::Lines));
    }
    let found = if text.contains(&0) {
        "binary content".to_owned()
    } else {
        "text that no format has".to_owned()
    };
    Err(Unrecognised { found })
}

fn of_json(text: &[u8]) -> Result<(Format, Shape), Unrecognised> {
    let keys = Keys::scan(text);
    let first_line = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let one_per_line = text.starts_with(b"{") && keys.end().is_some_and(|end| end <= first_line);
    let format = of_keys(&keys).or_else(|| text.starts_with(b"[").then(|| only_keys(&keys)).flatten());
    match format {
        Some(format) if one_per_line => Ok((format, Shape::Lines)),
        Some(format) => Ok((format, Shape::Values)),
        None => Err(Unrecognised {
            found: format!("JSON with the keys {}", keys.outer().join(", ")),
        }),
    }
}

/// Returns the format of an array without items: nothing in it can be of another one.
fn only_keys(keys: &Keys) -> Option<Format> {
    (keys.outer().is_empty() && keys.end().is_some()).then_some(Format::AwsTelemetry)
}

/// Returns the signal of an OTLP request in JSON.
pub(super) fn json_signal(text: &[u8]) -> Option<RequestKind> {
    signal_of(&Keys::scan(text.trim_ascii_start()))
}

fn signal_of(keys: &Keys) -> Option<RequestKind> {
    keys.outer().iter().find_map(|key| match key.as_str() {
        "resourceSpans" | "resource_spans" => Some(RequestKind::Spans),
        "resourceLogs" | "resource_logs" => Some(RequestKind::Logs),
        "resourceMetrics" | "resource_metrics" => Some(RequestKind::Metrics),
        _ => None,
    })
}

fn of_keys(keys: &Keys) -> Option<Format> {
    let has = |key: &str| keys.outer().iter().any(|outer| outer == key);
    let any = |names: &[&str]| names.iter().any(|key| has(key));
    let inner = |names: &[&str]| names.iter().any(|key| keys.inner().iter().any(|inner| inner == key));
    let queue = !has("Attributes") || inner(&["QueueArn", "VisibilityTimeout", "RedrivePolicy"]);
    let format = if signal_of(keys).is_some() {
        Format::OtlpJson
    } else if has("logName")
        || (has("insertId") && any(&["resource", "textPayload", "jsonPayload"]))
        || (has("message") && has("subscription"))
    {
        Format::GcpLogs
    } else if azure::is_of(keys) {
        Format::AzureRecords
    } else if any(&["ScriptName", "EventTimestampMs"])
        || (has("outcome") && any(&["scriptName", "eventTimestamp", "cpuTime", "scriptVersion"]))
    {
        Format::CloudflareEvents
    } else if has("awslogs") || (has("messageType") && has("logEvents")) {
        Format::Cloudwatch
    } else if has("type") && has("record") {
        Format::AwsTelemetry
    } else if (has("events") && (has("searchedLogStreams") || inner(&["logStreamName", "eventId"]))) || has("eventId") {
        Format::LogEvents
    } else if has("events") && inner(&["previousEventId", "executionStartedEventDetails"]) {
        Format::ExecutionHistory
    } else if has("@message") || (has("results") && has("status")) || (has("results") && inner(&["field"])) {
        Format::LogInsights
    } else if has("metric_stream_name") || (has("namespace") && has("metric_name")) {
        Format::MetricStream
    } else if has("Traces")
        || (has("Segments") && has("Id"))
        || (has("format") && has("version") && keys.outer().len() == 2)
        || ["trace_id", "id", "start_time", "name"].iter().all(|key| has(key))
    {
        Format::Xray
    } else if has("provider")
        && has("function")
        && any(&["start_time", "start_time_unix_ms", "duration_ms", "invocation_id"])
    {
        Format::Invocations
    } else if (has("key") && has("value") && any(&["resource", "function"])) || (queue && configuration::has_keys(has))
    {
        Format::Configurations
    } else if any(&["function", "service"]) && any(&["time", "time_unix_ms"]) && any(&["version", "revision"]) {
        Format::Deployments
    } else if any(&["pennyspan", "_aws", "execution_arn"])
        || (any(&["timestamp", "time", "@timestamp"]) && any(&["message", "msg", "level", "log_level", "requestId"]))
    {
        Format::LambdaLog
    } else {
        return None;
    };
    Some(format)
}

/// Returns whether a file begins with a length and a message of that length that may be OTLP: protobuf, JSON or zstd.
fn is_messages(head: &[u8]) -> bool {
    let Some((length, message)) = head.split_first_chunk::<LENGTH_BYTES>() else {
        return false;
    };
    let length = u32::from_be_bytes(*length);
    let begins = message.starts_with(b"\x0a") || message.starts_with(b"{") || message.starts_with(b"\x28\xb5\x2f\xfd");
    (1..=LONGEST_MESSAGE).contains(&length) && begins
}

#[cfg(test)]
mod tests;
