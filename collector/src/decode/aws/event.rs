//! Telemetry API events: `{time, type, record}`, also as the platform's lines in the JSON log format.
//!
//! Schema versions 2022-07-01, 2022-12-13 and 2025-01-29, and the old Logs API's `platform.end`, `platform.fault` and
//! `platform.logsSubscription`.

use std::borrow::Cow;

use super::statement::{Kind, Statement, request_id};
use super::text;
use crate::decode::fault::Fault;
use crate::decode::ids::XrayHeader;
use crate::decode::object::{self, Object};
use crate::decode::{Output, Reason, Settings};

/// Bytes of one MiB.
const MIB_BYTES: i64 = 1 << 20;

/// Returns what the `record` of a platform event says.
///
/// A field of another type than documented stays among the attributes, with those that have no column.
pub(super) fn statement<'a>(
    kind: Kind,
    record: &'a str,
    settings: &Settings,
    output: &mut Output,
) -> Result<Statement<'a>, Fault> {
    let Ok(mut record) = Object::parse(record) else {
        return words(kind, record);
    };
    let mut statement = Statement::new(kind);
    names(&mut statement, &mut record);
    let mut unread = None;
    if let Some(mut metrics) = lenient(record.object("metrics")) {
        numbers(&mut statement, &mut metrics);
        unread = metrics.rest(settings)?.into_json();
    }
    let mut rest = record.rest(settings)?;
    if let Some(unread) = unread {
        rest.add("metrics", &unread, settings)?;
    }
    output.attributes_dropped += rest.dropped;
    statement.attributes_json = rest.into_json();
    if kind.of_invocation() && statement.request_id.is_none() {
        return Err(Fault::of(
            "requestId",
            Reason::MissingField,
            format!(
                "`{}` names no request; send the record as Lambda does",
                kind.type_name()
            ),
        ));
    }
    Ok(statement)
}

/// Reads a record that is a text, as `platform.fault` is.
fn words(kind: Kind, record: &str) -> Result<Statement<'static>, Fault> {
    let words = object::text(record).ok_or_else(|| Fault::of("record", Reason::BadValue, "expected an object"))?;
    let statement = text::statement(&words, &Settings::default()).filter(|statement| statement.kind == kind);
    let statement = statement.ok_or_else(|| {
        Fault::of(
            "record",
            Reason::BadValue,
            format!("these words are no `{}`", kind.type_name()),
        )
    })?;
    let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
    Ok(Statement {
        request_id: own(statement.request_id.clone()),
        status: own(statement.status.clone()),
        error_type: own(statement.error_type.clone()),
        error_message: own(statement.error_message.clone()),
        ..Statement::new(kind)
    })
}

fn names<'a>(statement: &mut Statement<'a>, record: &mut Object<'a>) {
    statement.request_id = lenient(record.text("requestId")).and_then(request_id);
    statement.function_arn = lenient(record.text("functionArn"));
    statement.function = lenient(record.text("functionName"));
    statement.version = lenient(record.text("version")).or_else(|| lenient(record.text("functionVersion")));
    statement.instance_id = lenient(record.text("instanceId"));
    statement.runtime_version = lenient(record.text("runtimeVersion"));
    statement.runtime_version_arn = lenient(record.text("runtimeVersionArn"));
    statement.tenant = lenient(record.text("tenantId"));
    statement.init_type = lenient(record.text("initializationType"));
    statement.phase = lenient(record.text("phase"));
    statement.status = lenient(record.text("status"));
    statement.error_type = lenient(record.text("errorType"));
    statement.extension = lenient(record.text("name"));
    statement.reason = lenient(record.text("reason"));
    statement.dropped_records = lenient(record.count("droppedRecords"));
    statement.dropped_bytes = lenient(record.count("droppedBytes"));
    statement.memory_size_mib = lenient(record.count("instanceMaxMemory")).map(|bytes| bytes / MIB_BYTES);
    let header = lenient(record.clone().object("tracing")).and_then(|mut tracing| lenient(tracing.text("value")));
    if let Some(text) = header {
        let header = XrayHeader::parse(&text);
        (statement.trace_id, statement.sampled) = (header.trace_id, header.sampled);
        // `Lineage=` and `Self=` have no column: a header that has them stays among the attributes.
        if header.is_whole {
            record.take("tracing");
        }
    }
}

fn numbers(statement: &mut Statement<'_>, metrics: &mut Object<'_>) {
    statement.duration_us = lenient(metrics.duration_us("durationMs"));
    statement.billed_ms = lenient(metrics.count("billedDurationMs"));
    statement.init_duration_us = lenient(metrics.duration_us("initDurationMs"));
    statement.restore_duration_us = lenient(metrics.duration_us("restoreDurationMs"));
    statement.restore_billed_ms = lenient(metrics.count("billedRestoreDurationMs"));
    statement.memory_size_mib = lenient(metrics.count("memorySizeMB")).or(statement.memory_size_mib);
    statement.max_memory_used_mib = lenient(metrics.count("maxMemoryUsedMB"));
    statement.produced_bytes = lenient(metrics.count("producedBytes"));
}

/// Returns what was read; a value of another type stays where it is.
fn lenient<T>(read: Result<Option<T>, Fault>) -> Option<T> {
    read.ok().flatten()
}
