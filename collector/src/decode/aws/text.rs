//! Lambda's platform lines as text: `START`, `END`, `REPORT`, `INIT_START` and so on, and the old lines of time-outs and crashes.
//!
//! Fields stand apart by tabs, or by runs of spaces as OpenTelemetry's Lambda receiver renders them, in any order; `Restore
//! Duration` is the end of `Billed Restore Duration`, so that the longest key is read first. `RESTORE_REPORT`'s fields are not
//! taken from a recorded line: `Restore Duration` and `Duration` are both read.
//! How a tenant stands in text lines is not taken from a recorded line either: `TenantId` and `Tenant ID` are both read.
//! Yandex Cloud Functions prints the same `REPORT` with `Queuing Duration` and `Function Init Duration`.

use std::borrow::Cow;

use super::statement::{Kind, Statement, request_id};
use crate::decode::object::Rest;
use crate::decode::{Settings, ids, number};

/// Keys of platform lines. A key that ends in another one stands before it.
const KEYS: &[&str] = &[
    "Billed Restore Duration",
    "Restore Duration",
    "Billed Duration",
    "Function Init Duration",
    "Init Duration",
    "Queuing Duration",
    "Duration",
    "Max Memory Used",
    "Memory Size",
    "Initialization Type",
    "Runtime Version ARN",
    "Runtime Version",
    "XRAY TraceId",
    "SegmentId",
    "Sampled",
    "RequestId",
    "Version",
    "Tenant ID",
    "TenantId",
    "Status",
    "Error Type",
    "Phase",
    "DroppedRecords",
    "DroppedBytes",
    "Reason",
    "Name",
    "State",
    "Events",
    "Types",
];

/// A platform line's first word, and what it is.
const FIRST_WORDS: &[(&str, Kind)] = &[
    ("START", Kind::Start),
    ("END", Kind::End),
    ("REPORT", Kind::Report),
    ("INIT_START", Kind::InitStart),
    ("INIT_RUNTIME_DONE", Kind::InitRuntimeDone),
    ("INIT_REPORT", Kind::InitReport),
    ("RESTORE_START", Kind::RestoreStart),
    ("RESTORE_RUNTIME_DONE", Kind::RestoreRuntimeDone),
    ("RESTORE_REPORT", Kind::RestoreReport),
    ("EXTENSION", Kind::Extension),
    ("TELEMETRY", Kind::Subscription),
    ("LOGS_DROPPED", Kind::LogsDropped),
];

/// Returns what a platform line says, or `None` for a function's own line.
pub(super) fn statement<'a>(line: &'a str, settings: &Settings) -> Option<Statement<'a>> {
    match platform_line(line) {
        Some((kind, _)) if doubly_escaped(line) => {
            let plain = line.replace("\\t", "\t").replace("\\n", "\n");
            fields(kind, platform_line(&plain)?.1, settings, |text| {
                Cow::Owned(text.to_owned())
            })
        }
        Some((kind, rest)) => fields(kind, rest, settings, Cow::Borrowed),
        None => fault(line),
    }
}

/// Returns whether a platform line begins with one of the first words.
pub(crate) fn is_platform_line(line: &str) -> bool {
    platform_line(line).is_some() || fault(line).is_some()
}

fn platform_line(line: &str) -> Option<(Kind, &str)> {
    let end = line.find([' ', '\t', ':'])?;
    let (word, rest) = line.split_at(end);
    let (_, kind) = FIRST_WORDS.iter().find(|(first, _)| *first == word)?;
    let fits = if kind.of_invocation() {
        rest.trim_start().starts_with("RequestId: ")
    } else if *kind == Kind::Subscription {
        rest.starts_with(": ") || rest.trim_start().starts_with("Name: ")
    } else {
        key_at(rest.trim_start()).is_some()
    };
    fits.then_some((*kind, rest))
}

/// Returns whether a line's tabs and line ends are written as a backslash and a letter, as some exports leave them.
fn doubly_escaped(line: &str) -> bool {
    !line.contains(['\t', '\n']) && (line.contains("\\t") || line.trim_end().ends_with("\\n"))
}

/// Returns the key that a text starts with, with its colon.
fn key_at(text: &str) -> Option<&'static str> {
    let stands = |key: &&str| text.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    KEYS.iter().copied().find(stands)
}

fn fields<'a, 'b>(
    kind: Kind,
    rest: &'b str,
    settings: &Settings,
    own: impl Fn(&'b str) -> Cow<'a, str>,
) -> Option<Statement<'a>> {
    let mut statement = Statement::new(kind);
    let mut unknown = Rest::default();
    for segment in rest
        .split(['\t', '\n', '\r'])
        .map(str::trim)
        .filter(|segment| !segment.is_empty())
    {
        let mut at = 0;
        if kind == Kind::Subscription && statement.extension.is_none() {
            let name = segment.trim_start_matches(':').trim_start().split(' ').next();
            statement.extension = name.filter(|name| !name.is_empty() && *name != "Name:").map(&own);
        }
        while let Some((key, value, next)) = next_field(segment, at) {
            set(&mut statement, &mut unknown, key, value, settings, &own);
            at = next;
        }
        if let Some((key, value)) = segment.split_once(": ").filter(|_| at == 0) {
            add(&mut unknown, key, value, settings);
        }
    }
    let complete = !kind.of_invocation() || statement.request_id.is_some();
    statement.attributes_json = unknown.into_json();
    complete.then_some(statement)
}

/// Returns the first known key of a segment at or after `at`, its value up to the next known key, and where that stands.
fn next_field(segment: &str, at: usize) -> Option<(&'static str, &str, usize)> {
    let (key, start) = next_key(segment, at)?;
    let value_at = start + key.len() + 1;
    let end = next_key(segment, value_at).map_or(segment.len(), |(_, next)| next);
    Some((key, segment[value_at..end].trim(), end))
}

fn next_key(segment: &str, at: usize) -> Option<(&'static str, usize)> {
    let rest = segment.get(at..)?;
    let mut starts = std::iter::once(0).chain(rest.match_indices(' ').map(|(space, _)| space + 1));
    starts.find_map(|start| key_at(&rest[start..]).map(|key| (key, at + start)))
}

fn set<'a, 'b>(
    statement: &mut Statement<'a>,
    unknown: &mut Rest,
    key: &str,
    value: &'b str,
    settings: &Settings,
    own: &impl Fn(&'b str) -> Cow<'a, str>,
) {
    let text = || Some(value).filter(|value| !value.is_empty()).map(own);
    let first = value.split_whitespace().next().unwrap_or_default();
    match key {
        "RequestId" => statement.request_id = request_id(own(first)),
        "Version" => statement.version = text(),
        "Duration" => statement.duration_us = number::duration_us(first),
        "Billed Duration" => statement.billed_ms = number::whole(first),
        "Init Duration" | "Function Init Duration" if statement.kind == Kind::InitReport => {
            statement.duration_us = number::duration_us(first);
        }
        "Init Duration" | "Function Init Duration" => statement.init_duration_us = number::duration_us(first),
        "Restore Duration" if statement.kind == Kind::RestoreReport => {
            statement.duration_us = number::duration_us(first);
        }
        "Restore Duration" => statement.restore_duration_us = number::duration_us(first),
        "Billed Restore Duration" if statement.kind == Kind::RestoreReport => {
            statement.billed_ms = number::whole(first);
        }
        "Billed Restore Duration" => statement.restore_billed_ms = number::whole(first),
        "Memory Size" => statement.memory_size_mib = number::whole(first),
        "Max Memory Used" => statement.max_memory_used_mib = number::whole(first),
        "Initialization Type" => statement.init_type = text(),
        "Runtime Version" => statement.runtime_version = text(),
        "Runtime Version ARN" => statement.runtime_version_arn = text(),
        "XRAY TraceId" => statement.trace_id = ids::xray_trace_id(first),
        "Sampled" => statement.sampled = first.parse().ok(),
        "Tenant ID" | "TenantId" => statement.tenant = text(),
        "Status" => statement.status = text(),
        "Error Type" => statement.error_type = text(),
        "Phase" => statement.phase = text(),
        "DroppedRecords" => statement.dropped_records = number::whole(first),
        "DroppedBytes" => statement.dropped_bytes = number::whole(first),
        "Reason" => statement.reason = text(),
        "Name" => statement.extension = text(),
        _ => add(unknown, key, value, settings),
    }
}

fn add(unknown: &mut Rest, key: &str, value: &str, settings: &Settings) {
    // A text never nests, so the only fault that adding knows cannot be.
    let _ = unknown.add(key, &serde_json::Value::from(value).to_string(), settings);
}

/// Returns what one of the platform's lines in words says, as it was before `REPORT` had a status.
///
/// `2019-.. <id> Task timed out after 3.00 seconds`, `RequestId: <id> Error: Runtime exited with error: signal: killed` and
/// `RequestId: <id> Process exited before completing request`.
fn fault(line: &str) -> Option<Statement<'_>> {
    let (id, words) = match line.strip_prefix("RequestId: ") {
        Some(rest) => rest.split_once(' ')?,
        None => timed_out(line)?,
    };
    let words = words.trim();
    let mut statement = Statement {
        request_id: Some(request_id(Cow::Borrowed(id))?),
        ..Statement::new(Kind::Fault)
    };
    if words.starts_with("Task timed out after ") {
        statement.status = Some("timeout".into());
    } else if let Some(rest) = words.strip_prefix("Error: Runtime exited") {
        statement.status = Some("failure".into());
        let last = rest.lines().last().unwrap_or_default().trim();
        statement.error_type = Some(if last.starts_with("Runtime.") {
            last.into()
        } else {
            "Runtime.ExitError".into()
        });
    } else if words.starts_with("Process exited before completing request") {
        statement.status = Some("failure".into());
    } else {
        return None;
    }
    let message = words.lines().next().unwrap_or_default();
    statement.error_message = Some(Cow::Borrowed(message.strip_prefix("Error: ").unwrap_or(message)));
    Some(statement)
}

/// Returns the id and the words of `<time> <id> Task timed out after ..`.
fn timed_out(line: &str) -> Option<(&str, &str)> {
    let at = line.find("Task timed out after ")?;
    let mut before = line[..at].split_whitespace();
    let (time, id, end) = (before.next()?, before.next()?, before.next());
    (end.is_none() && number::unix_nano(time).is_some()).then_some((id, &line[at..]))
}

#[cfg(test)]
mod tests;
