//! One log line of a Lambda function as a row among the logs.

use std::borrow::Cow;

use pennyspan_schema::tables::logs;

use super::PROVIDER;
use super::line::read;
use super::scene::{Given, LineKind, Scene};
use super::whence::name;
use crate::decode::fault::Fault;
use crate::decode::names::text_up_to;
use crate::decode::object::no_time;
use crate::decode::{Clock, Output};

/// A line to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// The text: a line as it was logged, or the JSON text of a structured one.
    pub(super) text: &'a str,
    /// The provider's id of the record.
    pub(super) record_id: Option<&'a str>,
    /// The type that the envelope gives, where it is neither a function's line nor known.
    pub(super) platform_type: Option<&'a str>,
    /// The field that holds the time, to be named where it is missing.
    pub(super) time_field: &'static str,
}

/// Appends a line and the facts in it.
///
/// # Errors
/// The fault says that nothing tells the line's time.
pub(super) fn append(entry: Entry<'_>, scene: Scene<'_>, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let (origin, settings) = given;
    let clock = Clock::new(origin.received_at_unix_nano);
    let line = match entry.platform_type {
        Some(_) => LineKind::default(),
        None => read(entry.text, scene, given, output),
    };
    let filed = match scene.time_unix_nano.or(line.time_unix_nano) {
        Some(time) => clock.file(time),
        None => clock.file_untimed().ok_or_else(|| no_time(entry.time_field))?,
    };
    let whence = scene.whence.clone().cut(settings);
    let body = line
        .message
        .as_deref()
        .unwrap_or(entry.text)
        .trim_end_matches(['\r', '\n']);
    let cut = |text: Option<Cow<'_, str>>| text.map(|text| name(Cow::Owned(text.into_owned()), settings).into_owned());
    let invocation_id = cut(line.invocation_id.or(scene.invocation_id.map(Cow::Borrowed)));
    let (severity_text, error_type) = (cut(line.severity_text), cut(line.error_type));
    let platform_type = cut(line.platform_type.or(entry.platform_type.map(Cow::Borrowed)));
    output.logs.append(&logs::Row {
        time_unix_nano: filed.unix_nano,
        time_suspect: filed.suspect,
        severity_number: line.severity_number,
        severity_text: severity_text.as_deref(),
        body: Some(text_up_to(body, settings.value_bytes)).filter(|body| !body.is_empty()),
        trace_id: line.trace_id,
        provider: Some(PROVIDER),
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: whence.function.as_deref(),
        version: whence.version.as_deref(),
        instance_id: whence.instance_id.as_deref(),
        invocation_id: invocation_id.as_deref(),
        platform_type: platform_type.as_deref(),
        error_type: error_type.as_deref(),
        body_bytes: i64::try_from(entry.text.len()).unwrap_or(i64::MAX),
        attributes_json: line.attributes_json.as_deref(),
        record_id: entry.record_id,
        received_unix_nano: origin.received_at_unix_nano,
        ..logs::Row::default()
    });
    Ok(())
}
