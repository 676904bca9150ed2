//! One segment or subsegment as a span.

use std::borrow::Cow;

use pennyspan_schema::tables::spans;

use super::super::scene::Given;
use super::super::whence::{Whence, name};
use super::super::{PLATFORM, PROVIDER};
use super::called::Called;
use super::cause::Cause;
use crate::decode::fault::Fault;
use crate::decode::names::text_up_to;
use crate::decode::number::us_of_nanos;
use crate::decode::object::{Object, Rest};
use crate::decode::{Clock, Filed, Output, Reason, ids};

/// OTLP's numbers of the kinds of spans that segments become.
const INTERNAL: i64 = 1;
const SERVER: i64 = 2;
const CLIENT: i64 = 3;
/// OTLP's number of a status that is an error.
const STATUS_ERROR: i64 = 2;
/// The status of an answer that refuses for want of capacity.
const TOO_MANY_REQUESTS: i64 = 429;

/// What a segment of Lambda is; others are those of other services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// What the service saw of an invocation, its waiting and throttling among it.
    Service,
    /// What the function's execution environment saw: the attempt.
    Function,
    /// Anything else.
    Other,
}

/// What a segment stands in.
#[derive(Clone)]
pub(super) struct Surroundings<'o> {
    pub(super) given: Given<'o>,
    pub(super) trace_id: [u8; 16],
    pub(super) role: Role,
    /// Where the document's own segment comes from.
    pub(super) whence: Whence<'static>,
    /// The name of the service that the document is of, where it is no function.
    pub(super) service: Option<String>,
    /// The segment that it stands in; of a document, only what the document says itself.
    parent: Option<[u8; 8]>,
}

impl<'o> Surroundings<'o> {
    /// Returns those of a document.
    pub(super) fn of_document(object: &Object<'_>, given: Given<'o>) -> Result<Self, Fault> {
        let mut object = object.clone();
        let written = object.text("trace_id")?.unwrap_or_default();
        let trace_id = ids::xray_trace_id(&written).or_else(|| ids::trace_id(&written));
        let trace_id = trace_id
            .ok_or_else(|| Fault::of("trace_id", Reason::BadId, "expected 1-, 8 hex digits, -, 24 hex digits"))?;
        let role = match object.text("origin").ok().flatten().as_deref() {
            Some("AWS::Lambda") => Role::Service,
            Some("AWS::Lambda::Function") => Role::Function,
            _ => Role::Other,
        };
        let segment_name = object.text("name").ok().flatten();
        let mut aws = object.object("aws").ok().flatten().unwrap_or_default();
        let arn = aws.text("function_arn").ok().flatten();
        let arn = arn.or_else(|| object.text("resource_arn").ok().flatten());
        let of_arn = arn.as_deref().map(Whence::of_arn).unwrap_or_default();
        let door = Whence::of_origin(given.0);
        let own = Whence {
            account: of_arn.account.or_else(|| aws.text("account_id").ok().flatten()),
            function: of_arn
                .function
                .or_else(|| segment_name.clone().filter(|_| role != Role::Other)),
            ..of_arn
        };
        // Only a function's own documents are of the function that the door names.
        let door = if role == Role::Other && object.text("type").ok().flatten().as_deref() != Some("subsegment") {
            Whence {
                account: door.account,
                region: door.region,
                ..Whence::default()
            }
        } else {
            door
        };
        Ok(Self {
            given,
            trace_id,
            role,
            whence: owned(own.or(&door).cut(given.1)),
            service: segment_name
                .filter(|_| role == Role::Other)
                .map(|text| name(text, given.1).into_owned()),
            parent: None,
        })
    }

    /// Returns those of a segment's subsegments.
    pub(super) fn below(&self, parent: [u8; 8]) -> Self {
        Self {
            parent: Some(parent),
            ..self.clone()
        }
    }

    /// Returns the times that can be.
    pub(super) fn clock(&self) -> Clock {
        Clock::new(self.given.0.received_at_unix_nano)
    }
}

fn owned(whence: Whence<'_>) -> Whence<'static> {
    let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
    Whence {
        account: own(whence.account),
        region: own(whence.region),
        function: own(whence.function),
        version: own(whence.version),
        alias: own(whence.alias),
        resource_id: own(whence.resource_id),
        instance_id: own(whence.instance_id),
        runtime: own(whence.runtime),
        init_type: own(whence.init_type),
    }
}

/// When a segment began and ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) start_unix_nano: i64,
    pub(super) end_unix_nano: Option<i64>,
}

impl Interval {
    /// Takes the times of a segment, which are seconds as decimal text.
    pub(super) fn read(object: &mut Object<'_>) -> Result<Self, Fault> {
        let start = object.time_unix_s("start_time")?;
        Ok(Self {
            start_unix_nano: start
                .ok_or_else(|| Fault::of("start_time", Reason::MissingField, "a segment has a start"))?,
            end_unix_nano: object.time_unix_s("end_time")?,
        })
    }

    /// Returns how long it took; what ends before it starts took no time that is known.
    pub(super) fn duration_us(self) -> Option<i64> {
        let nanos = self.end_unix_nano?.checked_sub(self.start_unix_nano)?;
        (nanos >= 0).then(|| us_of_nanos(nanos))
    }
}

/// What a segment says of how it went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// The callee's failure.
    pub(super) fault: bool,
    /// The caller's failure.
    pub(super) error: bool,
    /// Refused for want of capacity.
    pub(super) throttle: bool,
}

/// One segment or subsegment, read.
pub(super) struct Segment<'a> {
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    name: Cow<'a, str>,
    kind: i64,
    pub(super) interval: Interval,
    filed: Filed,
    pub(super) flags: Flags,
    pub(super) cause: Cause<'a>,
    pub(super) request_id: Option<Cow<'a, str>>,
    called: Called<'a>,
    links_json: Option<String>,
    attributes_json: Option<String>,
    attributes_dropped: usize,
}

impl<'a> Segment<'a> {
    /// Reads a segment without its subsegments.
    pub(super) fn read(mut object: Object<'a>, surroundings: &Surroundings<'_>) -> Result<Self, Fault> {
        let settings = surroundings.given.1;
        let bad = |field| Fault::of(field, Reason::BadId, "expected 16 hex digits that are not all zero");
        let id = object
            .text("id")?
            .as_deref()
            .and_then(ids::span_id)
            .ok_or_else(|| bad("id"))?;
        let parent = match object.text("parent_id")? {
            Some(parent) => Some(ids::span_id(&parent).ok_or_else(|| bad("parent_id"))?),
            None => surroundings.parent,
        };
        let segment_name = object.text("name")?.unwrap_or_default();
        let interval = Interval::read(&mut object)?;
        for known in ["trace_id", "origin", "resource_arn", "type"] {
            object.take(known);
        }
        let mut flag = |field| object.flag(field).map(Option::unwrap_or_default);
        let flags = Flags {
            fault: flag("fault")?,
            error: flag("error")?,
            throttle: flag("throttle")?,
        };
        let namespace = object.text("namespace")?;
        let cause = Cause::read(object.get("cause"));
        let mut aws = object.object("aws").ok().flatten().unwrap_or_default();
        let request_id = aws.clone().text("request_id").ok().flatten();
        for known in ["function_arn", "account_id"] {
            aws.take(known);
        }
        let called = Called::read(namespace.as_deref(), &segment_name, &mut aws, &mut object);
        let links_json = links(&mut object);
        let mut rest = object.rest(settings)?;
        if let Some(aws) = aws.rest(settings)?.into_json() {
            rest.add("aws", &aws, settings)?;
        }
        add_time(&mut rest, interval, surroundings)?;
        Ok(Self {
            id,
            parent,
            kind: kind(namespace.as_deref(), surroundings),
            name: name(segment_name, settings),
            filed: surroundings.clock().file(interval.start_unix_nano),
            interval,
            flags,
            cause,
            request_id,
            called,
            links_json,
            attributes_dropped: rest.dropped,
            attributes_json: rest.into_json(),
        })
    }

    /// Returns the segment's id.
    pub(super) fn id(&self) -> [u8; 8] {
        self.id
    }

    /// Returns the time under which it is filed.
    pub(super) fn filed(&self) -> Filed {
        self.filed
    }

    /// Returns whether it was refused for want of capacity.
    pub(super) fn throttled(&self) -> bool {
        self.flags.throttle || self.called.http_status == Some(TOO_MANY_REQUESTS)
    }

    /// Appends the span.
    pub(super) fn append(&self, surroundings: &Surroundings<'_>, output: &mut Output) {
        let (whence, settings) = (&surroundings.whence, surroundings.given.1);
        let is_function = surroundings.role == Role::Function && surroundings.parent.is_none();
        let caller_failed = self.flags.error && self.kind == CLIENT;
        let failed = self.flags.fault || self.throttled() || caller_failed;
        let error_type = self
            .cause
            .kind
            .as_deref()
            .map(|kind| name(Cow::Borrowed(kind), settings));
        let invocation_id = self
            .request_id
            .as_deref()
            .filter(|_| is_function)
            .map(|id| name(Cow::Borrowed(id), settings));
        let called = &self.called;
        let cut = |text: &'_ Option<Cow<'_, str>>| {
            text.as_deref()
                .map(|text| name(Cow::Borrowed(text), settings).into_owned())
        };
        let (dependency, operation, host) = (cut(&called.dependency), cut(&called.operation), cut(&called.host));
        let (method, region) = (cut(&called.http_method), cut(&called.region));
        output.attributes_dropped += self.attributes_dropped;
        output.spans.append(&spans::Row {
            trace_id: surroundings.trace_id,
            span_id: self.id,
            parent_span_id: self.parent,
            kind: self.kind,
            name: &self.name,
            start_unix_nano: self.filed.unix_nano,
            end_unix_nano: self.interval.end_unix_nano,
            duration_us: self.interval.duration_us(),
            clock_skew: self
                .interval
                .end_unix_nano
                .is_some_and(|end| end < self.interval.start_unix_nano),
            time_suspect: self.filed.suspect,
            status_code: if failed { STATUS_ERROR } else { 0 },
            status_message: self
                .cause
                .message
                .as_deref()
                .map(|text| text_up_to(text, settings.value_bytes)),
            sample_weight_milli: 1000,
            invocation_span: is_function && whence.function.is_some(),
            provider: Some(PROVIDER),
            platform: (surroundings.role != Role::Other).then_some(PLATFORM),
            account: whence.account.as_deref(),
            region: whence.region.as_deref(),
            service: surroundings.service.as_deref(),
            function: whence.function.as_deref(),
            version: whence.version.as_deref(),
            instance_id: whence.instance_id.as_deref(),
            invocation_id: invocation_id.as_deref(),
            resource_id: whence.resource_id.as_deref(),
            dependency_kind: called.kind,
            dependency: dependency.as_deref(),
            operation: operation.as_deref(),
            dependency_region: region.as_deref(),
            throttled: self.throttled(),
            retry_count: called.retries,
            error_type: error_type.as_deref(),
            http_method: method.as_deref(),
            http_status: called.http_status,
            server_address: host.as_deref(),
            rpc_system: called.is_aws.then_some("aws-api"),
            rpc_service: called.is_aws.then_some(&*self.name),
            rpc_method: operation.as_deref().filter(|_| called.is_aws),
            db_system: called.db_system.as_deref(),
            db_query: called
                .db_query
                .as_deref()
                .map(|text| text_up_to(text, settings.value_bytes)),
            links_json: self.links_json.as_deref(),
            attributes_json: self.attributes_json.as_deref(),
            received_unix_nano: surroundings.given.0.received_at_unix_nano,
            ..spans::Row::default()
        });
    }
}

/// Returns the kind of span: a document of a service serves, a subsegment with a namespace calls.
fn kind(namespace: Option<&str>, surroundings: &Surroundings<'_>) -> i64 {
    match (namespace, surroundings.parent, surroundings.role) {
        (Some("aws" | "remote"), ..) => CLIENT,
        (_, None, Role::Function | Role::Other) => SERVER,
        _ => INTERNAL,
    }
}

/// Takes the links, in the form that links of spans have.
fn links(object: &mut Object<'_>) -> Option<String> {
    let links = object.objects("links").ok().flatten()?;
    let link = |mut link: Object<'_>| {
        let trace = link.text("trace_id").ok().flatten()?;
        let trace = ids::xray_trace_id(&trace).or_else(|| ids::trace_id(&trace))?;
        let span = link.text("id").ok().flatten().as_deref().and_then(ids::span_id)?;
        Some(format!(
            "{{\"trace_id\":\"{}\",\"span_id\":\"{}\"}}",
            hex::encode(trace),
            hex::encode(span)
        ))
    };
    let links: Vec<_> = links.into_iter().filter_map(link).collect();
    (!links.is_empty()).then(|| format!("[{}]", links.join(",")))
}

/// Keeps the time of a segment that is filed under another one.
fn add_time(rest: &mut Rest, interval: Interval, surroundings: &Surroundings<'_>) -> Result<(), Fault> {
    if surroundings.clock().file(interval.start_unix_nano).suspect {
        let sent = interval.start_unix_nano.to_string();
        rest.add("pennyspan.start_time_unix_nano", &sent, surroundings.given.1)?;
    }
    Ok(())
}
