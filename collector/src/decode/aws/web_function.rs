//! Lambda Web Functions: one environment serves many requests at a time, so that what the platform says is about periods of its
//! life instead of invocations.
//!
//! `platform.invokeStart`, `platform.invokeSummary` (about once a minute), `platform.invokeReport` (the whole serving period),
//! `platform.spinDownStart` and `platform.spinDownReport`. Their fields could not be read in a public document: the record is kept
//! whole, among the logs and with the environment's fact, and of its numbers those are read whose names other records have
//! (`metrics.durationMs`, `metrics.billedDurationMs`, `metrics.memorySizeMB`), and a count of requests by any of its likely names.

use std::borrow::Cow;

use pennyspan_schema::tables::environment_facts;

use super::scene::Given;
use super::whence::{Whence, name};
use super::{PLATFORM, PROVIDER};
use crate::decode::object::{Object, Rest, compact};
use crate::decode::{Clock, Output, Settings};

/// The types of these records, and the kind of the environment's fact.
const TYPES: &[(&str, &str)] = &[
    ("platform.invokeStart", "interval"),
    ("platform.invokeSummary", "interval"),
    ("platform.invokeReport", "interval"),
    ("platform.spinDownStart", "shutdown"),
    ("platform.spinDownReport", "shutdown"),
];
/// What a count of requests may be called.
const REQUESTS: &[&str] = &["requestCount", "requestsCount", "requests", "invocationCount"];

/// Whether records of this type state such facts.
pub(super) fn knows(type_name: &str) -> bool {
    TYPES.iter().any(|(name, _)| *name == type_name)
}

/// Appends the fact that a record states about its environment, where it is one of these.
pub(super) fn append(
    type_name: &str,
    record: &str,
    time_unix_nano: i64,
    whence: &Whence<'_>,
    (origin, settings): Given<'_>,
    output: &mut Output,
) {
    let Some((_, fact_kind)) = TYPES.iter().find(|(name, _)| *name == type_name) else {
        return;
    };
    let Ok(mut object) = Object::parse(record) else { return };
    let raw = raw(type_name, record, settings);
    let own = |object: &mut Object<'_>, field| object.text(field).ok().flatten().map(Cow::into_owned);
    let instance = own(&mut object, "instanceId");
    let (function, version) = (own(&mut object, "functionName"), own(&mut object, "functionVersion"));
    let said = Whence {
        function: function.map(Cow::Owned),
        version: version.map(Cow::Owned),
        instance_id: instance.map(Cow::Owned),
        ..Whence::default()
    };
    let whence = said.or(whence).cut(settings);
    let status = own(&mut object, "status").map(|text| name(Cow::Owned(text), settings).into_owned());
    let requests = requests(&mut object);
    let mut metrics = object.object("metrics").ok().flatten().unwrap_or_default();
    let duration_us = metrics.duration_us("durationMs").ok().flatten();
    let filed = Clock::new(origin.received_at_unix_nano).file(time_unix_nano);
    let started = duration_us
        .and_then(|duration| duration.checked_mul(1000))
        .and_then(|nanos| filed.unix_nano.checked_sub(nanos));
    let begins = type_name.ends_with("Start");
    let mut row = environment_facts::Row {
        provider: PROVIDER,
        fact_kind,
        fact_unix_nano: filed.unix_nano,
        time_suspect: filed.suspect,
        platform: Some(PLATFORM),
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: whence.function.as_deref(),
        version: whence.version.as_deref(),
        instance_id: whence.instance_id.as_deref(),
        init_type: whence.init_type.as_deref(),
        status: status.as_deref(),
        duration_us,
        billed_ms: metrics.count("billedDurationMs").ok().flatten(),
        start_unix_nano: if begins { Some(filed.unix_nano) } else { started },
        end_unix_nano: (!begins).then_some(filed.unix_nano),
        request_count: requests.or_else(|| self::requests(&mut metrics)),
        memory_size_mib: metrics.count("memorySizeMB").ok().flatten(),
        attributes_json: raw.as_deref(),
        received_unix_nano: origin.received_at_unix_nano,
        ..environment_facts::Row::default()
    };
    row.content_hash = row.hash();
    output.environment_facts.append(&row);
}

fn requests(object: &mut Object<'_>) -> Option<i64> {
    REQUESTS.iter().find_map(|field| object.count(field).ok().flatten())
}

/// Returns the record whole, with its type, unless it nests too deep.
fn raw(type_name: &str, record: &str, settings: &Settings) -> Option<String> {
    compact(record, settings.depth)?;
    let mut raw = Rest::default();
    raw.add("type", &serde_json::Value::from(type_name).to_string(), settings)
        .ok()?;
    raw.add("record", record, settings).ok()?;
    raw.into_json()
}
