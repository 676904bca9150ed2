//! Spans: one row each, and for the invocation of a function the fact of it.

use std::borrow::Cow;

use pennyspan_schema::Table;
use pennyspan_schema::tables::spans;

use super::super::attributes::{Attribute, Value, write_object};
use super::super::fault::Fault;
use super::super::names::{name, text_up_to};
use super::super::number::us_of_nanos;
use super::super::time::Filed;
use super::super::{Output, Reason};
use super::fields::SpanFields;
use super::given;
use super::intake::{Context, Item, Room, Surroundings};
use super::resource::{Identity, Side, Words};
use super::slots::{Slot, Slots, Standing, bound_value};
pub(super) use invocation::UNKNOWN_PROVIDER;

use call::{Call, Rpc};

mod call;
mod events;
mod invocation;
mod messages;
mod trigger;
mod weight;
mod workflow;

/// The provider of Workers.
pub(super) const CLOUDFLARE: &str = "cloudflare";
/// OTLP's number for a status that is an error.
const STATUS_ERROR: i32 = 2;

/// Texts that are written anew for each span.
#[derive(Debug, Default)]
pub(super) struct SpanBuffers {
    attributes: String,
    events: String,
    links: String,
}

/// A span's ids, checked.
#[derive(Clone, Copy, Debug)]
struct Ids {
    trace: [u8; 16],
    span: [u8; 8],
    parent: Option<[u8; 8]>,
}

/// When a span ran.
#[derive(Clone, Copy, Debug)]
struct Interval {
    /// Its start as it is filed.
    start: Filed,
    /// Its start as it was sent.
    sent_start_unix_nano: i64,
    end_unix_nano: Option<i64>,
    duration_us: Option<i64>,
    clock_skew: bool,
}

impl Interval {
    fn of(span: &SpanFields<'_>, context: &Context<'_>) -> Result<Self, Fault> {
        let start = Context::instant("start_time_unix_nano", span.start_unix_nano)?;
        let start =
            start.ok_or_else(|| Fault::of("start_time_unix_nano", Reason::MissingField, "a span must have a start"))?;
        let end_unix_nano = Context::instant("end_time_unix_nano", span.end_unix_nano)?;
        let clock_skew = end_unix_nano.is_some_and(|end| end < start);
        let lasted = end_unix_nano
            .filter(|_| !clock_skew)
            .map(|end| us_of_nanos(end - start));
        Ok(Self {
            start: context.clock.file(start),
            sent_start_unix_nano: start,
            end_unix_nano,
            duration_us: lasted,
            clock_skew,
        })
    }
}

/// What is known of a span before its rows are written.
#[derive(Debug)]
struct Known<'v, 'a> {
    ids: Ids,
    interval: Interval,
    words: Words<'v, 'a>,
    identity: Identity<'v>,
    error_type: Option<&'v str>,
    /// The exception that the span ended with, where it says one.
    exception: Option<events::Exception<'v>>,
    sample_weight_milli: i64,
}

impl Item for SpanFields<'_> {
    const TABLE: Table = Table::Spans;
    const LEVELS: &'static [&'static str] = &["resourceSpans", "scopeSpans", "spans"];
    const RESOURCE: Standing = Standing::SpanResource;
    type Buffers = SpanBuffers;

    fn append(
        &mut self,
        surroundings: Surroundings<'_, '_>,
        buffers: &mut SpanBuffers,
        Room { output, slices }: Room<'_>,
    ) -> Result<(), Fault> {
        let context = surroundings.context;
        let ids = Ids {
            trace: self.trace_id.require("trace_id")?,
            span: self.span_id.require("span_id")?,
            parent: self.parent_span_id.get("parent_span_id")?,
        };
        let interval = Interval::of(self, context)?;
        events::check_links(&self.links)?;
        slices.open(interval.start.unix_nano)?;

        output.attributes_dropped += self.cut(context);
        let (side, standing) = match self.kind {
            trigger::CLIENT | trigger::PRODUCER => (Side::Called, Standing::Call),
            _ => (Side::Own, Standing::Span),
        };
        let (slots, left_out) = Slots::fill(standing, &mut self.attributes, context.settings);
        output.attributes_dropped += left_out;
        events::write(self, buffers);
        let words = Words {
            item: slots.of(&self.attributes),
            resource: surroundings.resource.promoted(),
        };
        let exception = events::exception(self);
        let known = Known {
            ids,
            interval,
            words,
            identity: Identity::of(words, side, context),
            error_type: self.error_type(words, exception),
            exception,
            sample_weight_milli: weight::sample_weight_milli(&self.trace_state),
        };
        self.write_rest(&known, buffers);
        self.append_rows(&known, surroundings, buffers, output);
        Ok(())
    }
}

impl SpanFields<'_> {
    /// Cuts names and texts to their limits; returns how many attributes of events and links were left out.
    fn cut(&mut self, context: &Context<'_>) -> usize {
        let settings = context.settings;
        if let Cow::Owned(cut) = name(&self.name, settings.name_bytes) {
            self.name = Cow::Owned(cut);
        }
        for text in [&mut self.status_message, &mut self.trace_state] {
            if text.len() > settings.value_bytes {
                *text = Cow::Owned(text_up_to(text, settings.value_bytes).to_owned());
            }
        }
        for attribute in &mut self.pool {
            if let Cow::Owned(key) = name(&attribute.key, settings.key_bytes) {
                attribute.key = Cow::Owned(key);
            }
            bound_value(&mut attribute.value, settings.value_bytes, false);
        }
        events::cut(self, settings)
    }

    /// Returns the kind of the error: as the span says it, else of the exception that a failed span ended with.
    fn error_type<'v>(&self, words: Words<'v, '_>, exception: Option<events::Exception<'v>>) -> Option<&'v str> {
        let failed = self.status_code == STATUS_ERROR;
        let own = words
            .item
            .text(Slot::ErrorType)
            .or_else(|| words.item.text(Slot::ExceptionType).filter(|_| failed));
        own.or_else(|| exception.filter(|_| failed)?.kind)
    }

    /// Returns whether the span is its function's invocation.
    fn is_invocation(&self, known: &Known<'_, '_>, scope: &str) -> bool {
        let by_kind = matches!(self.kind, trigger::SERVER | trigger::CONSUMER);
        let says = |slot| known.words.item.text(slot).is_some();
        // Cloudflare names the invocation on every span within it, and how it was handled on its root alone.
        let names_one = if known.identity.provider == Some(CLOUDFLARE) {
            [Slot::HandlerType, Slot::Outcome, Slot::Trigger].into_iter().any(says)
        } else {
            says(Slot::InvocationId)
        };
        let init = self.name == "init" || self.name.starts_with("init ");
        let extension = self.name.starts_with("extension ") || scope.contains("telemetryapi");
        (by_kind || names_one) && known.identity.function.is_some() && !init && !extension
    }

    /// Writes the attributes that have no column, and what else has none.
    fn write_rest(&self, known: &Known<'_, '_>, buffers: &mut SpanBuffers) {
        let count = |key, count: u32| (count > 0).then(|| extra(key, i64::from(count)));
        let interval = known.interval;
        let extras = [
            count("otel.dropped_attributes_count", self.attributes_left_out),
            count("otel.dropped_events_count", self.events_left_out),
            count("otel.dropped_links_count", self.links_left_out),
            interval
                .start
                .suspect
                .then(|| extra("pennyspan.start_time_unix_nano", interval.sent_start_unix_nano)),
        ];
        buffers.attributes.clear();
        let mut rest = known.words.item.rest().chain(extras.iter().flatten()).peekable();
        if rest.peek().is_some() {
            write_object(&mut buffers.attributes, rest);
        }
    }

    fn append_rows<'v>(
        &'v self,
        known: &Known<'v, '_>,
        surroundings: Surroundings<'v, '_>,
        buffers: &'v SpanBuffers,
        output: &mut Output,
    ) {
        let scope = &*surroundings.scope.name;
        let invocation_span = self.is_invocation(known, scope);
        let invocation_id = known.invocation_id(invocation_span);
        let rpc = Rpc::of(known.words, &self.name);
        let is_call = matches!(self.kind, trigger::CLIENT | trigger::PRODUCER);
        let call = if is_call {
            Call::of(known.words, rpc, &self.name)
        } else {
            Call::default()
        };
        let row = spans::Row {
            dependency_kind: call.kind,
            dependency: call.dependency,
            operation: call.operation,
            dependency_region: call.region,
            rpc_system: rpc.system,
            rpc_service: rpc.service,
            rpc_method: rpc.method,
            throttled: call::throttled(known.words, known.error_type),
            invocation_span,
            invocation_id,
            events_json: given(&buffers.events),
            links_json: given(&buffers.links),
            attributes_json: given(&buffers.attributes),
            resource_json: surroundings.resource.json(),
            scope_name: given(scope),
            received_unix_nano: surroundings.context.origin.received_at_unix_nano,
            ..self.row(known)
        };
        output.spans.append(&row);
        workflow::append(known, &row, output);
        if invocation_span {
            invocation::append(self, known, &row, surroundings.context, output);
        }
    }

    /// Returns the columns that the span's fields and attributes fill directly.
    fn row<'v>(&'v self, known: &Known<'v, '_>) -> spans::Row<'v> {
        let (ids, interval, item, of) = (known.ids, known.interval, known.words.item, known.identity);
        let text = |slot| item.text(slot);
        spans::Row {
            trace_id: ids.trace,
            span_id: ids.span,
            parent_span_id: ids.parent,
            trace_state: given(&self.trace_state),
            kind: i64::from(self.kind),
            name: &self.name,
            start_unix_nano: interval.start.unix_nano,
            end_unix_nano: interval.end_unix_nano,
            duration_us: interval.duration_us,
            clock_skew: interval.clock_skew,
            time_suspect: interval.start.suspect,
            status_code: i64::from(self.status_code),
            status_message: given(&self.status_message),
            flags: (self.flags != 0).then_some(i64::from(self.flags)),
            sample_weight_milli: known.sample_weight_milli,
            provider: of.provider,
            platform: of.platform,
            account: of.account,
            region: of.region,
            service: of.service,
            service_version: of.service_version,
            environment: of.environment,
            function: of.function,
            version: of.version,
            instance_id: of.instance_id,
            resource_id: of.resource_id,
            architecture: of.architecture,
            trigger_given: text(Slot::Trigger),
            cold_start_reported: item.truth(Slot::ColdStart),
            retry_count: item.count(Slot::ResendCount),
            error_type: known.error_type,
            http_method: text(Slot::HttpMethod),
            http_status: item.int(Slot::HttpStatus),
            http_route: text(Slot::HttpRoute),
            server_address: text(Slot::ServerAddress),
            db_system: text(Slot::DbSystem),
            db_collection: text(Slot::DbCollection).or_else(|| item.only_text(Slot::TableNames)),
            db_operation: text(Slot::DbOperation),
            db_query: text(Slot::DbQuery),
            messaging_system: text(Slot::MessagingSystem),
            messaging_destination: trigger::destination(known.words),
            messaging_operation: text(Slot::MessagingOperation),
            message_id: text(Slot::MessageId),
            message_count: item.count(Slot::MessageCount),
            ..spans::Row::default()
        }
    }
}

impl<'v> Known<'v, '_> {
    /// Returns the invocation that the span names; an invocation span may name it by the platform's request.
    fn invocation_id(&self, invocation_span: bool) -> Option<&'v str> {
        let item = self.words.item;
        let request = || {
            item.text(Slot::RequestId)
                .or_else(|| item.text(Slot::RayId))
                .filter(|_| invocation_span)
        };
        item.text(Slot::InvocationId).or_else(request)
    }
}

fn extra(key: &'static str, value: i64) -> Attribute<'static> {
    Attribute {
        key: Cow::Borrowed(key),
        value: Value::Int(value),
    }
}
