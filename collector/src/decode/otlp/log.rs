//! Log records: one row each, and the facts in platform lines, delivery lines and exceptions.

use std::borrow::Cow;

use pennyspan_schema::tables::{invocation_facts, logs};
use pennyspan_schema::{Outcome, Source, Table};

use super::super::attributes::{Value, write_object};
use super::super::aws::line::{LineContext, LineKind, log_line};
use super::super::delivery::{Delivery, Written};
use super::super::fault::Fault;
use super::super::fingerprint::fingerprint;
use super::super::names::{key_scope, name, text_up_to};
use super::super::object::Object;
use super::super::time::Filed;
use super::super::{Output, Reason};
use super::fields::LogFields;
use super::intake::{Context, Item, Room, Surroundings};
use super::resource::{Identity, Side, Words};
use super::slots::{Slot, Slots, Standing};

/// The event by which a function's unhandled exception is logged (semantic conventions 1.41).
const INVOCATION_EXCEPTION: &str = "faas.invocation.exception";

/// When a record was written.
#[derive(Clone, Copy, Debug)]
struct Times {
    own: Option<i64>,
    observed: Option<i64>,
    /// The time by which the record is filed if its line names none.
    filed: Filed,
}

impl Times {
    fn of(log: &LogFields<'_>, context: &Context<'_>) -> Result<Self, Fault> {
        let own = Context::instant("time_unix_nano", log.time_unix_nano)?;
        let observed = Context::instant("observed_time_unix_nano", log.observed_unix_nano)?;
        let filed = match own.or(observed) {
            Some(time) => Some(context.clock.file(time)),
            None => context.clock.file_untimed(),
        };
        let filed =
            filed.ok_or_else(|| Fault::of("time_unix_nano", Reason::NoTime, "a record of a file must have a time"))?;
        Ok(Self { own, observed, filed })
    }
}

impl Item for LogFields<'_> {
    const TABLE: Table = Table::Logs;
    const LEVELS: &'static [&'static str] = &["resourceLogs", "scopeLogs", "logRecords"];
    const RESOURCE: Standing = Standing::Resource;
    type Buffers = String;

    fn append(
        &mut self,
        surroundings: Surroundings<'_, '_>,
        attributes_json: &mut String,
        Room { output, slices }: Room<'_>,
    ) -> Result<(), Fault> {
        let context = surroundings.context;
        let times = Times::of(self, context)?;
        let ids = (self.trace_id.get("trace_id")?, self.span_id.get("span_id")?);
        slices.open(times.filed.unix_nano)?;

        let (slots, left_out) = Slots::fill(Standing::Log, &mut self.attributes, context.settings);
        output.attributes_dropped += left_out;
        let words = Words {
            item: slots.of(&self.attributes),
            resource: surroundings.resource.promoted(),
        };
        let identity = Identity::of(words, Side::Own, context);
        let sent = text(&self.body);
        let line = self.read_line(sent.as_deref(), words, identity, times, context, output);
        write_rest(words, line.attributes_json.as_deref(), attributes_json);
        let filed = match times.own.or(line.time_unix_nano) {
            Some(time) => context.clock.file(time),
            None => times.filed,
        };
        let shown = line.message.as_deref().or(sent.as_deref()).unwrap_or_default();
        let cut = |text: &'_ Cow<'_, str>| name(text, context.settings.name_bytes).into_owned();
        let invocation_id = invocation_id(words).map(Cow::Borrowed).or(line.invocation_id);
        let error_type = error_type(words)
            .map(Cow::Borrowed)
            .or(line.error_type)
            .as_ref()
            .map(cut);
        let platform_type = line
            .platform_type
            .or_else(|| platform_type(words).map(Cow::Borrowed))
            .as_ref()
            .map(cut);
        let severity_text = given(&self.severity_text)
            .map(Cow::Borrowed)
            .or(line.severity_text)
            .as_ref()
            .map(cut);
        let invocation_id = invocation_id.as_ref().map(cut);
        output.logs.append(&logs::Row {
            time_unix_nano: filed.unix_nano,
            observed_unix_nano: times.observed,
            time_suspect: filed.suspect,
            severity_number: Some(i64::from(self.severity_number))
                .filter(|number| *number != 0)
                .or(line.severity_number),
            severity_text: severity_text.as_deref(),
            body: given(text_up_to(shown, context.settings.value_bytes)),
            trace_id: ids.0.or(line.trace_id),
            span_id: ids.1,
            event_name: given(text_up_to(&self.event_name, context.settings.name_bytes)),
            invocation_id: invocation_id.as_deref(),
            platform_type: platform_type.as_deref(),
            error_type: error_type.as_deref(),
            body_bytes: i64::try_from(sent.as_ref().map_or(0, |text| text.len())).unwrap_or(i64::MAX),
            attributes_json: given(attributes_json),
            resource_json: surroundings.resource.json(),
            scope_name: given(&surroundings.scope.name),
            received_unix_nano: context.origin.received_at_unix_nano,
            ..row(identity)
        });
        self.append_exception(words, identity, filed, context, output);
        Ok(())
    }
}

impl<'a> LogFields<'a> {
    /// Reads what the line itself says, and appends the facts in it.
    fn read_line<'t>(
        &self,
        text: Option<&'t str>,
        words: Words<'_, '_>,
        of: Identity<'_>,
        times: Times,
        context: &Context<'_>,
        output: &mut Output,
    ) -> LineKind<'t> {
        let Some(text) = text else { return LineKind::default() };
        let time_unix_nano = times.own.or(times.observed);
        match of.provider {
            Some("aws") => {}
            None if !text.contains("\"pennyspan\"") => {}
            _ => {
                append_delivery(
                    text,
                    invocation_id(words),
                    time_unix_nano.unwrap_or(times.filed.unix_nano),
                    of,
                    context,
                    output,
                );
                return LineKind::default();
            }
        }
        let at = LineContext {
            time_unix_nano,
            account: of.account,
            region: of.region,
            function: of.function,
            version: of.version,
            instance_id: of.instance_id,
            invocation_id: invocation_id(words),
            origin: &context.origin,
            settings: context.settings,
        };
        log_line(text, at, output)
    }

    /// Appends the fact of an exception that names its invocation.
    fn append_exception(
        &self,
        words: Words<'_, '_>,
        of: Identity<'_>,
        filed: Filed,
        context: &Context<'_>,
        output: &mut Output,
    ) {
        let item = words.item;
        let (Some(kind), Some(id), Some(provider)) =
            (item.text(Slot::ExceptionType), invocation_id(words), of.provider)
        else {
            return;
        };
        let message = item.text(Slot::ExceptionMessage);
        let fingerprint = fingerprint(kind, message, item.text(Slot::ExceptionStack));
        let mut fact = invocation_facts::Row {
            provider,
            key_scope: key_scope(provider, id, of.function),
            invocation_id: id,
            source: Source::Log.as_str(),
            fact_kind: "error",
            fact_unix_nano: filed.unix_nano,
            sample_weight_milli: 1000,
            platform: of.platform,
            account: of.account,
            region: of.region,
            function: of.function,
            version: of.version,
            service: of.service,
            environment: of.environment,
            instance_id: of.instance_id,
            time_suspect: filed.suspect.then_some(true),
            outcome: (self.event_name == INVOCATION_EXCEPTION).then_some(Outcome::Error.as_str()),
            error_type: Some(kind),
            error_message: message,
            error_fingerprint: Some(&fingerprint),
            received_unix_nano: context.origin.received_at_unix_nano,
            ..invocation_facts::Row::default()
        };
        fact.content_hash = fact.hash();
        output.invocation_facts.append(&fact);
    }
}

/// Appends the delivery line of a function on another platform than Lambda.
fn append_delivery(
    text: &str,
    invocation_id: Option<&str>,
    time_unix_nano: i64,
    of: Identity<'_>,
    context: &Context<'_>,
    output: &mut Output,
) {
    let Some(mut object) = Object::parse(text.trim()).ok().filter(Delivery::recognise) else {
        return;
    };
    let Ok(mut delivery) = Delivery::read(&mut object) else {
        return;
    };
    delivery.invocation_id = delivery
        .invocation_id
        .or(invocation_id.map(|id| Cow::Owned(id.to_owned())));
    let written = Written {
        provider: of.provider.unwrap_or(super::span::UNKNOWN_PROVIDER),
        platform: of.platform,
        time_unix_nano,
        account: of.account,
        region: of.region,
        function: of.function,
        version: of.version,
        instance_id: of.instance_id,
        source: Source::Log,
    };
    delivery.append(&written, (&context.origin, context.settings), output);
}

fn row(of: Identity<'_>) -> logs::Row<'_> {
    logs::Row {
        provider: of.provider,
        account: of.account,
        region: of.region,
        service: of.service,
        environment: of.environment,
        function: of.function,
        version: of.version,
        instance_id: of.instance_id,
        ..logs::Row::default()
    }
}

/// Returns a body's text: a text as it is, other values as JSON.
fn text<'v>(body: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match body {
        Value::Empty => None,
        Value::Text(text) => Some(Cow::Borrowed(text)),
        value => {
            let mut json = String::new();
            value.write(&mut json);
            Some(Cow::Owned(json))
        }
    }
}

fn invocation_id<'v>(words: Words<'v, '_>) -> Option<&'v str> {
    words
        .item
        .text(Slot::InvocationId)
        .or_else(|| words.item.text(Slot::RequestId))
}

fn error_type<'v>(words: Words<'v, '_>) -> Option<&'v str> {
    words
        .item
        .text(Slot::ErrorType)
        .or_else(|| words.item.text(Slot::ExceptionType))
}

/// Returns the type that the Telemetry API receiver of opentelemetry-lambda gives platform lines.
fn platform_type<'v>(words: Words<'v, '_>) -> Option<&'v str> {
    words
        .item
        .text(Slot::EventType)
        .filter(|kind| kind.starts_with("platform."))
}

/// Writes the attributes that have no column, and behind them the fields of a JSON line.
fn write_rest(words: Words<'_, '_>, line: Option<&str>, out: &mut String) {
    out.clear();
    let mut rest = words.item.rest().peekable();
    if rest.peek().is_some() {
        write_object(out, rest);
    }
    let fields = line
        .and_then(|line| line.strip_prefix('{'))
        .filter(|fields| *fields != "}");
    match (fields, out.pop()) {
        (Some(fields), Some(_)) => {
            out.push(',');
            out.push_str(fields);
        }
        (Some(_), None) => out.push_str(line.unwrap_or_default()),
        (None, Some(brace)) => out.push(brace),
        (None, None) => {}
    }
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
