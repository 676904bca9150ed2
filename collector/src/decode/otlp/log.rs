//! Log records: one row each, and the facts in platform lines, delivery lines and exceptions.

use std::borrow::Cow;

use pennyspan_schema::Table;
use pennyspan_schema::tables::logs;

use super::super::attributes::{Value, write_object};
use super::super::aws::scene::LineKind;
use super::super::fault::Fault;
use super::super::names::{name, text_up_to};
use super::super::time::Filed;
use super::super::{Reason, Settings};
use super::fields::LogFields;
use super::given;
use super::intake::{Context, Item, Room, Surroundings};
use super::resource::{Identity, Side, Words};
use super::slots::{Slot, Slots, Standing};

mod facts;

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
        let no_time = || Fault::of("time_unix_nano", Reason::NoTime, "a record of a file must have a time");
        Ok(Self {
            own,
            observed,
            filed: filed.ok_or_else(no_time)?,
        })
    }

    /// Returns the time that the record itself gives.
    fn said(self) -> Option<i64> {
        self.own.or(self.observed)
    }
}

/// What is known of a record before its rows are written.
#[derive(Clone, Copy, Debug)]
struct Known<'v, 'a> {
    times: Times,
    words: Words<'v, 'a>,
    identity: Identity<'v>,
    /// The invocation that the record's attributes name.
    invocation_id: Option<&'v str>,
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
        let invocation_id = words
            .item
            .text(Slot::InvocationId)
            .or_else(|| words.item.text(Slot::RequestId));
        let known = Known {
            times,
            words,
            identity: Identity::of(words, Side::Own, context),
            invocation_id,
        };
        let body = text(&self.body);
        let line = facts::of_line(body.as_deref(), &known, context, output);
        let filed = match times.own.or(line.time_unix_nano) {
            Some(time) => context.clock.file(time),
            None => times.filed,
        };
        write_rest(words, line.attributes_json.as_deref(), attributes_json);
        let shown = line.message.as_deref().or(body.as_deref()).unwrap_or_default();
        let said = self.said(&known, &line, context.settings);
        // A platform's line that says its type beside a text that nobody reads.
        output.kept_raw += usize::from(said.platform_type.is_some() && line.platform_type.is_none());
        output.logs.append(&logs::Row {
            time_unix_nano: filed.unix_nano,
            time_suspect: filed.suspect,
            severity_number: self.severity().or(line.severity_number),
            body: given(text_up_to(shown, context.settings.value_bytes)),
            trace_id: ids.0.or(line.trace_id),
            span_id: ids.1,
            body_bytes: i64::try_from(body.as_ref().map_or(0, |text| text.len())).unwrap_or(i64::MAX),
            attributes_json: given(attributes_json),
            resource_json: surroundings.resource.json(),
            scope_name: given(&surroundings.scope.name),
            received_unix_nano: context.origin.received_at_unix_nano,
            ..said.row(&known)
        });
        facts::append_trigger(&known, filed, context, output);
        facts::append_exception(&self.event_name, &known, filed, context, output);
        Ok(())
    }
}

/// The names that a record or its line says, cut to their limit.
#[derive(Debug)]
struct Said<'t> {
    severity_text: Option<Cow<'t, str>>,
    event_name: Option<Cow<'t, str>>,
    invocation_id: Option<Cow<'t, str>>,
    platform_type: Option<Cow<'t, str>>,
    error_type: Option<Cow<'t, str>>,
}

impl LogFields<'_> {
    /// Returns the severity; 0 says nothing.
    fn severity(&self) -> Option<i64> {
        Some(i64::from(self.severity_number)).filter(|number| *number != 0)
    }

    /// Returns what the record says, and its line where the record says nothing.
    fn said<'t>(&'t self, known: &Known<'t, '_>, line: &'t LineKind<'_>, settings: &Settings) -> Said<'t> {
        let text = |slot| known.words.item.text(slot);
        let cut = |own: Option<&'t str>, line: &'t Option<Cow<'_, str>>| {
            own.or(line.as_deref()).map(|text| name(text, settings.name_bytes))
        };
        // The Telemetry API receiver of opentelemetry-lambda writes the type of a platform line beside its text.
        let typed = text(Slot::EventType).filter(|kind| kind.starts_with("platform."));
        Said {
            severity_text: cut(given(&self.severity_text), &line.severity_text),
            event_name: cut(given(&self.event_name), &None),
            invocation_id: cut(known.invocation_id, &line.invocation_id),
            platform_type: cut(typed, &line.platform_type),
            error_type: cut(
                text(Slot::ErrorType).or_else(|| text(Slot::ExceptionType)),
                &line.error_type,
            ),
        }
    }
}

impl<'t> Said<'t> {
    fn row(&'t self, known: &Known<'t, '_>) -> logs::Row<'t> {
        let of = known.identity;
        logs::Row {
            observed_unix_nano: known.times.observed,
            severity_text: self.severity_text.as_deref(),
            event_name: self.event_name.as_deref(),
            provider: of.provider,
            account: of.account,
            region: of.region,
            service: of.service,
            environment: of.environment,
            function: of.function,
            version: of.version,
            instance_id: of.instance_id,
            invocation_id: self.invocation_id.as_deref(),
            platform_type: self.platform_type.as_deref(),
            error_type: self.error_type.as_deref(),
            ..logs::Row::default()
        }
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

/// Writes the attributes that have no column, and behind them the fields of a JSON line.
fn write_rest(words: Words<'_, '_>, line: Option<&str>, out: &mut String) {
    out.clear();
    let mut rest = words.item.rest().peekable();
    if rest.peek().is_some() {
        write_object(out, rest);
    }
    let Some(fields) = line
        .and_then(|line| line.strip_prefix('{'))
        .filter(|fields| *fields != "}")
    else {
        return;
    };
    let follows = out.pop().is_some();
    out.push(if follows { ',' } else { '{' });
    out.push_str(fields);
}
