//! Requests and calls of Application Insights as spans; a request that names its invocation is one.

use std::borrow::Cow;

use pennyspan_schema::tables::{invocation_facts, spans};
use pennyspan_schema::{Outcome, Source, TriggerType};

use super::names::{Place, full_name};
use super::telemetry::{Operation, rest_json};
use super::trigger;
use super::{PLATFORM, PROVIDER};
use crate::decode::delivery::Trigger;
use crate::decode::fault::Fault;
use crate::decode::items::Items;
use crate::decode::object::Object;
use crate::decode::sender::{Sender, name};
use crate::decode::time::Filed;
use crate::decode::{Reason, number};

/// OTLP's numbers of kinds of spans.
const INTERNAL: i64 = 1;
const SERVER: i64 = 2;
const CLIENT: i64 = 3;
const PRODUCER: i64 = 4;
const CONSUMER: i64 = 5;
/// OTLP's number of a status that is an error.
const STATUS_ERROR: i64 = 2;

/// What both kinds of rows are built of.
struct Span<'r> {
    operation: &'r Operation<'r>,
    kind: i64,
    filed: Filed,
    sender: &'r Sender<'r>,
    invocation_id: Option<&'r str>,
    attributes_json: Option<&'r str>,
}

/// Takes a request: `AppRequests`, or `requests` of classic tables.
pub(super) fn request<'p>(
    mut object: Object<'p>,
    mut properties: Object<'p>,
    place: &Place<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let operation = Operation::take(&mut object);
    let filed = items.file(place.time.as_deref().and_then(number::unix_nano), "time")?;
    let attributes_json = rest_json(&object, &properties, items);
    let id = properties.word("InvocationId");
    let host = properties.word("HostInstanceId");
    let reason = properties.word("TriggerReason");
    let handler_us = properties
        .word("FunctionExecutionTimeMs")
        .as_deref()
        .and_then(number::duration_us);
    let url = object.first_word(&["Url", "url"]);
    // The full name is the invocation's own; an operation may be named after the route.
    let full = properties.word("FullName");
    let function = full
        .as_deref()
        .or(operation.root_name.as_deref())
        .unwrap_or(&operation.name);
    let mut trigger = reason.as_deref().map(trigger::of_reason).unwrap_or_default();
    if trigger.kind.is_none() && url.is_some() {
        trigger.kind = Some(TriggerType::Http);
    }
    trigger.cut(items.settings);
    let sender = place
        .sender(None, id.is_some().then_some(function), host.as_deref())
        .settled(items.origin, items.settings);
    let id = id.map(|id| name(id, items.settings));
    let span = Span {
        kind: kind_of(trigger.kind, id.is_some()),
        operation: &operation,
        filed,
        sender: &sender,
        invocation_id: id.as_deref(),
        attributes_json: attributes_json.as_deref(),
    };
    span.append(&spans::Row::default(), items)?;
    if let Some(id) = id.as_deref() {
        span.append_invocation(id, &trigger, handler_us, items);
    }
    Ok(())
}

/// Takes a call: `AppDependencies`, or `dependencies` of classic tables.
pub(super) fn dependency<'p>(
    mut object: Object<'p>,
    mut properties: Object<'p>,
    place: &Place<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let operation = Operation::take(&mut object);
    let filed = items.file(place.time.as_deref().and_then(number::unix_nano), "time")?;
    let kind = object.first_word(&["DependencyType", "type"]).unwrap_or_default();
    let target = object.first_word(&["Target", "target"]);
    let attributes_json = rest_json(&object, &properties, items);
    let id = properties.word("InvocationId").map(|id| name(id, items.settings));
    let host = properties.word("HostInstanceId");
    let app = place.app(None);
    let function = id
        .is_some()
        .then(|| operation.root_name.as_deref().map(|of| full_name(app, of)))
        .flatten();
    let sender = place
        .sender(None, function.as_deref(), host.as_deref())
        .settled(items.origin, items.settings);
    let call = Call::of(&kind, target.as_deref(), &operation);
    let limit = |text: Option<&str>| text.map(|text| name(Cow::Borrowed(text), items.settings).into_owned());
    let (dependency, done) = (limit(call.dependency), limit(call.operation));
    let span = Span {
        kind: call.span_kind,
        operation: &operation,
        filed,
        sender: &sender,
        invocation_id: id.as_deref(),
        attributes_json: attributes_json.as_deref(),
    };
    let extra = spans::Row {
        dependency_kind: call.kind,
        dependency: dependency.as_deref(),
        operation: done.as_deref(),
        throttled: operation.http_status() == Some(429),
        server_address: dependency.as_deref().filter(|_| call.kind == Some("http")),
        messaging_destination: dependency.as_deref().filter(|_| call.span_kind == PRODUCER),
        ..spans::Row::default()
    };
    span.append(&extra, items)
}

/// Returns the kind of a request's span: by what started it, as far as that is known.
fn kind_of(trigger: Option<TriggerType>, of_function: bool) -> i64 {
    match trigger {
        Some(TriggerType::Http) => SERVER,
        Some(TriggerType::Queue | TriggerType::Topic | TriggerType::Stream | TriggerType::Bus) => CONSUMER,
        _ if of_function => INTERNAL,
        _ => SERVER,
    }
}

/// A call, as far as its type tells.
struct Call<'c> {
    span_kind: i64,
    kind: Option<&'static str>,
    dependency: Option<&'c str>,
    operation: Option<&'c str>,
}

impl<'c> Call<'c> {
    /// Source: Application Insights, "Dependency types", and what its Java agent writes.
    fn of(kind: &str, target: Option<&'c str>, operation: &'c Operation<'_>) -> Self {
        let lower = kind.to_ascii_lowercase();
        let name = Some(&*operation.name).filter(|name| !name.is_empty());
        let verb = name.and_then(|name| name.split_once(' ')).map(|(verb, _)| verb);
        let (span_kind, kind) = match lower.as_str() {
            kind if kind.starts_with("queue message") && kind.contains("kafka") => (PRODUCER, Some("stream")),
            kind if kind.starts_with("queue message") => (PRODUCER, Some("queue")),
            kind if kind == "inproc" || kind.starts_with("inproc |") => (INTERNAL, None),
            kind if kind.starts_with("http") => (CLIENT, Some("http")),
            kind if [
                "sql",
                "documentdb",
                "cosmos",
                "redis",
                "mongo",
                "postgres",
                "mysql",
                "azure table",
            ]
            .iter()
            .any(|of| kind.contains(of)) =>
            {
                (CLIENT, Some("database"))
            }
            kind if kind.contains("azure blob") => (CLIENT, Some("object")),
            kind if kind.contains("azure queue") || kind.contains("service bus") || kind.contains("servicebus") => {
                (CLIENT, Some("queue"))
            }
            kind if kind.contains("event hubs") => (CLIENT, Some("stream")),
            _ => (CLIENT, Some("other")),
        };
        let called = kind.is_some();
        Self {
            span_kind,
            kind,
            dependency: target.filter(|_| called).or(name.filter(|_| called)),
            operation: if kind == Some("http") { verb.or(name) } else { name }.filter(|_| called),
        }
    }
}

impl Span<'_> {
    /// Appends the span; `extra` says what it calls.
    fn append(&self, extra: &spans::Row<'_>, items: &mut Items<'_>) -> Result<(), Fault> {
        let operation = self.operation;
        let missing = |field| {
            Fault::of(
                field,
                Reason::MissingField,
                "a span has the ids of its operation and its own",
            )
        };
        let span_name = name(Cow::Borrowed(&operation.name), items.settings);
        items.output.spans.append(&spans::Row {
            trace_id: operation.trace_id.ok_or_else(|| missing("OperationId"))?,
            span_id: operation.span_id.ok_or_else(|| missing("Id"))?,
            parent_span_id: operation.parent_span_id,
            kind: self.kind,
            name: &span_name,
            start_unix_nano: self.filed.unix_nano,
            end_unix_nano: operation.end_unix_nano(self.filed.unix_nano),
            duration_us: operation.duration_us,
            time_suspect: self.filed.suspect,
            status_code: if operation.success == Some(false) {
                STATUS_ERROR
            } else {
                0
            },
            sample_weight_milli: operation.sample_weight_milli,
            invocation_span: self.is_invocation(),
            provider: Some(PROVIDER),
            platform: Some(PLATFORM),
            account: self.sender.account.as_deref(),
            region: self.sender.region.as_deref(),
            service: self.sender.service.as_deref(),
            function: self.sender.function.as_deref(),
            version: self.sender.version.as_deref(),
            instance_id: self.sender.instance_id.as_deref(),
            resource_id: self.sender.resource_id.as_deref(),
            invocation_id: self.invocation_id,
            http_status: operation.http_status(),
            attributes_json: self.attributes_json,
            received_unix_nano: items.origin.received_at_unix_nano,
            ..*extra
        });
        Ok(())
    }

    fn is_invocation(&self) -> bool {
        self.invocation_id.is_some() && !matches!(self.kind, CLIENT | PRODUCER) && self.sender.function.is_some()
    }

    /// Appends that the span is an invocation. Application Insights samples, so that it is a span's statement, with a weight.
    fn append_invocation(&self, id: &str, trigger: &Trigger<'_>, handler_us: Option<i64>, items: &mut Items<'_>) {
        let operation = self.operation;
        let outcome = operation
            .success
            .map(|success| if success { Outcome::Ok } else { Outcome::Error });
        let mut row = invocation_facts::Row {
            invocation_id: id,
            source: Source::Span.as_str(),
            fact_kind: "span",
            fact_unix_nano: self.filed.unix_nano,
            start_hint_unix_nano: Some(self.filed.unix_nano),
            end_unix_nano: operation.end_unix_nano(self.filed.unix_nano),
            sample_weight_milli: operation.sample_weight_milli,
            trace_id: operation.trace_id,
            span_id: operation.span_id,
            trace_sampled: Some(true),
            time_suspect: self.filed.suspect.then_some(true),
            duration_us: operation.duration_us,
            runtime_us: handler_us,
            outcome: outcome.map(Outcome::as_str),
            http_status: operation.http_status(),
            ..self.sender.fact()
        };
        trigger.fill(&mut row);
        items.append_fact(&row);
    }
}
