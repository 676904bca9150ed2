//! The keys of an invocation record.

use std::borrow::Cow;

use pennyspan_schema::Outcome;

use crate::decode::delivery::{Message, Trigger};
use crate::decode::fault::Fault;
use crate::decode::object::{Object, Rest};
use crate::decode::{Reason, Settings, ids};

/// The most message ids that one record may list.
const MESSAGE_IDS: usize = 10_000;

/// One invocation record; a key that is absent or null is `None`.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) provider: Cow<'a, str>,
    pub(super) function: Cow<'a, str>,
    pub(super) start_unix_nano: i64,
    pub(super) platform: Option<Cow<'a, str>>,
    pub(super) account: Option<Cow<'a, str>>,
    pub(super) region: Option<Cow<'a, str>>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) alias: Option<Cow<'a, str>>,
    pub(super) service: Option<Cow<'a, str>>,
    pub(super) environment: Option<Cow<'a, str>>,
    pub(super) runtime: Option<Cow<'a, str>>,
    pub(super) architecture: Option<Cow<'a, str>>,
    pub(super) instance_id: Option<Cow<'a, str>>,
    pub(super) invocation_id: Option<Cow<'a, str>>,
    pub(super) attempt: Option<i64>,
    pub(super) trace_id: Option<[u8; 16]>,
    pub(super) span_id: Option<[u8; 8]>,
    pub(super) trigger: Trigger<'a>,
    pub(super) duration_us: Option<i64>,
    pub(super) init_duration_us: Option<i64>,
    pub(super) init_type: Option<Cow<'a, str>>,
    pub(super) restore_duration_us: Option<i64>,
    pub(super) billed_duration_ms: Option<i64>,
    pub(super) memory_size_mib: Option<i64>,
    pub(super) timeout_ms: Option<i64>,
    pub(super) max_memory_used_mib: Option<i64>,
    pub(super) cpu_time_us: Option<i64>,
    pub(super) cold_start: Option<bool>,
    pub(super) outcome: Option<Outcome>,
    pub(super) error_type: Option<Cow<'a, str>>,
    pub(super) http_status: Option<i64>,
    pub(super) route: Option<Cow<'a, str>>,
    pub(super) tenant: Option<Cow<'a, str>>,
    pub(super) sample_weight_milli: i64,
    pub(super) bytes_out: Option<i64>,
    pub(super) attributes_json: Option<String>,
    pub(super) attributes_dropped: usize,
}

impl<'a> Record<'a> {
    /// Takes every key of a record; what is left goes to the attributes.
    ///
    /// # Errors
    /// The fault names the field and what would be right.
    pub(super) fn read(object: &mut Object<'a>, settings: &Settings) -> Result<Self, Fault> {
        let mut record = Self {
            provider: required(object, "provider", "name it, such as `aws`")?,
            function: required(object, "function", "name the deployed function")?,
            start_unix_nano: start(object)?,
            platform: object.text("platform")?,
            account: object.text("account")?,
            region: object.text("region")?,
            version: object.text("version")?,
            alias: object.text("alias")?,
            service: object.text("service")?,
            environment: object.text("environment")?,
            runtime: object.text("runtime")?,
            architecture: object.text("architecture")?,
            instance_id: object.text("instance_id")?,
            invocation_id: object.text("invocation_id")?,
            attempt: object.count("attempt")?,
            trace_id: id(object, "trace_id", "32 hex digits, not all zero", ids::trace_id)?,
            span_id: id(object, "span_id", "16 hex digits, not all zero", ids::span_id)?,
            trigger: trigger(object)?,
            duration_us: object.duration_us("duration_ms")?,
            init_duration_us: object.duration_us("init_duration_ms")?,
            init_type: object.text("init_type")?,
            restore_duration_us: object.duration_us("restore_duration_ms")?,
            billed_duration_ms: object.count("billed_duration_ms")?,
            memory_size_mib: object.count("memory_size_mib")?,
            timeout_ms: object.count("timeout_ms")?,
            max_memory_used_mib: object.count("max_memory_used_mib")?,
            cpu_time_us: object.duration_us("cpu_time_ms")?,
            cold_start: object.flag("cold_start")?,
            outcome: outcome(object)?,
            error_type: object.text("error_type")?,
            http_status: object.count("http_status")?,
            route: object.text("route")?,
            tenant: object.text("tenant")?,
            sample_weight_milli: sample_weight_milli(object)?,
            bytes_out: object.count("bytes_out")?,
            attributes_json: None,
            attributes_dropped: 0,
        };
        record.trigger.cut(settings);
        let rest = attributes(object, settings)?;
        record.attributes_dropped = rest.dropped;
        record.attributes_json = rest.into_json();
        Ok(record)
    }
}

fn required<'a>(object: &mut Object<'a>, field: &'static str, remedy: &'static str) -> Result<Cow<'a, str>, Fault> {
    object
        .text(field)?
        .ok_or_else(|| Fault::of(field, Reason::MissingField, remedy))
}

fn start(object: &mut Object<'_>) -> Result<i64, Fault> {
    let start = object.time("start_time")?;
    let start = start.or(object.time_unix_ms("start_time_unix_ms")?);
    let remedy = "no start; send `start_time` as RFC 3339 or `start_time_unix_ms` as a number";
    start.ok_or_else(|| Fault::of("start_time", Reason::MissingField, remedy))
}

fn id<T>(
    object: &mut Object<'_>,
    field: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    let bad = || Fault::of(field, Reason::BadId, format!("expected {expected}"));
    object.text(field)?.map(|text| parse(&text).ok_or_else(bad)).transpose()
}

fn outcome(object: &mut Object<'_>) -> Result<Option<Outcome>, Fault> {
    let words = || {
        Outcome::ALL
            .iter()
            .map(|outcome| outcome.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let bad = || Fault::of("outcome", Reason::BadValue, format!("expected one of {}", words()));
    object
        .text("outcome")?
        .map(|word| Outcome::from_word(&word).ok_or_else(bad))
        .transpose()
}

/// Returns the weight in thousandths; a record without one stands for itself.
fn sample_weight_milli(object: &mut Object<'_>) -> Result<i64, Fault> {
    let weight = object.scaled("sample_weight", 3)?.unwrap_or(1000);
    let bad = || Fault::of("sample_weight", Reason::BadValue, "expected a number of at least 0.001");
    (weight > 0).then_some(weight).ok_or_else(bad)
}

fn trigger<'a>(object: &mut Object<'a>) -> Result<Trigger<'a>, Fault> {
    let Some(mut given) = object.object("trigger")? else {
        return Ok(Trigger::default());
    };
    let mut trigger = Trigger::read(&mut given)?;
    let enqueued = given.time("enqueued_time")?;
    let enqueued = enqueued.or(given.time_unix_ms("enqueued_time_unix_ms")?);
    let first_received = given.time("first_received_time")?;
    let first_received = first_received.or(given.time_unix_ms("first_received_time_unix_ms")?);
    let ids = given.texts("message_ids")?.unwrap_or_default();
    if ids.len() > MESSAGE_IDS {
        let detail = format!("more than {MESSAGE_IDS} messages in one record; no platform hands out so many at once");
        return Err(Fault::of("trigger.message_ids", Reason::TooMany, detail));
    }
    let listed = i64::try_from(ids.len()).ok().filter(|listed| *listed > 0);
    trigger.batch_size = given.count("batch_size")?.or(listed);
    (trigger.enqueued_min_unix_nano, trigger.enqueued_max_unix_nano) = (enqueued, enqueued);
    trigger.first_received_unix_nano = first_received;
    trigger.receive_max_count = given.count("receive_count")?;
    let only = trigger.batch_size == Some(1);
    let message = |id| Message {
        id: Some(id),
        enqueued_unix_nano: enqueued.filter(|_| only),
        first_received_unix_nano: first_received.filter(|_| only),
        receive_count: trigger.receive_max_count.filter(|count| only || *count == 1),
        ..Message::default()
    };
    trigger.messages = ids.into_iter().map(message).collect();
    Ok(trigger)
}

/// Returns the attributes, and among them every key that is not known; of equal names, the key of the record is marked.
fn attributes(object: &mut Object<'_>, settings: &Settings) -> Result<Rest, Fault> {
    let given = object.object("attributes")?.unwrap_or_default();
    let mut rest = given.rest(settings)?;
    for (key, value) in object
        .clone()
        .into_members()
        .into_iter()
        .filter(|(_, value)| value.get() != "null")
    {
        let marked = if given.has(&key) {
            format!("record.{key}")
        } else {
            key.into_owned()
        };
        rest.add(&marked, value.get(), settings)?;
    }
    Ok(rest)
}
