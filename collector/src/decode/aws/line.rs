//! One log line of a Lambda function, whichever route it came by: what it says, and the facts in it.
//!
//! Platform lines come as text or, in the JSON log format, as Telemetry API events one per line; a function's own lines are text
//! with the runtime's prefix, or JSON. A message that is itself JSON text is decoded once.

use std::borrow::Cow;

use pennyspan_schema::Source;

use super::application::{self, Application};
use super::scene::{Given, LineKind, Scene};
use super::statement::Kind;
use super::whence::Whence;
use super::{PLATFORM, PROVIDER, emf, event, facts, insights, text, web_function};
use crate::decode::delivery::{Delivery, Written};
use crate::decode::object::Object;
use crate::decode::workflow::step_functions;
use crate::decode::{Clock, Origin, Output, Settings};

/// What is known of a line beside its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineContext<'a> {
    /// When it was logged; without it, the line's own time counts, and then that of receipt.
    pub(crate) time_unix_nano: Option<i64>,
    /// The account.
    pub(crate) account: Option<&'a str>,
    /// The region.
    pub(crate) region: Option<&'a str>,
    /// The function.
    pub(crate) function: Option<&'a str>,
    /// The version.
    pub(crate) version: Option<&'a str>,
    /// The execution environment, such as a log stream.
    pub(crate) instance_id: Option<&'a str>,
    /// The invocation that logged it.
    pub(crate) invocation_id: Option<&'a str>,
    /// Where the body came from.
    pub(crate) origin: &'a Origin<'a>,
    /// The limits.
    pub(crate) settings: &'a Settings,
}

/// Recognises a log line of a Lambda function and appends the facts in it; the row among the logs is the caller's.
pub(crate) fn log_line<'a>(line: &'a str, at: LineContext<'_>, output: &mut Output) -> LineKind<'a> {
    let borrow = |text: Option<&'_ str>| text.map(|text| Cow::Owned(text.to_owned()));
    let whence = Whence {
        account: borrow(at.account),
        region: borrow(at.region),
        function: borrow(at.function),
        version: borrow(at.version),
        instance_id: borrow(at.instance_id),
        ..Whence::default()
    };
    let whence = whence.or(&Whence::of_origin(at.origin));
    let scene = Scene {
        time_unix_nano: at.time_unix_nano,
        invocation_id: at.invocation_id,
        whence: &whence,
    };
    read(line, scene, (at.origin, at.settings), output)
}

/// Recognises a line and appends the facts in it.
pub(super) fn read<'a>(line: &'a str, scene: Scene<'_>, given: Given<'_>, output: &mut Output) -> LineKind<'a> {
    let trimmed = line.trim();
    if trimmed.starts_with('{')
        && let Ok(object) = Object::parse(trimmed)
    {
        return json_line(object, scene, given, output);
    }
    if let Some(statement) = text::statement(trimmed, given.1) {
        let time = scene.time_unix_nano.or(given.0.received_at_unix_nano);
        if let Some(time) = time {
            facts::append(&statement, time, scene.whence, given, output);
        }
        return LineKind {
            platform_type: Some(statement.kind.type_name().into()),
            trace_id: statement.trace_id,
            error_type: statement.error_type,
            invocation_id: statement.request_id,
            ..LineKind::default()
        };
    }
    own_line(application::text(line), scene, given, output)
}

/// Reads a line that is one JSON object: a platform event, or a function's own.
fn json_line<'a>(mut object: Object<'a>, scene: Scene<'_>, given: Given<'_>, output: &mut Output) -> LineKind<'a> {
    let of_platform = |object: &mut Object<'a>| {
        let name = object.clone().text("type").ok().flatten()?;
        (name.starts_with("platform.") && object.has("record")).then_some(name)
    };
    let Some(name) = of_platform(&mut object) else {
        return json_of_function(object, scene, given, output);
    };
    let own_time = object.time("time").ok().flatten();
    let mut line = LineKind {
        platform_type: Some(name.clone()),
        time_unix_nano: own_time,
        ..LineKind::default()
    };
    let Some(record) = object.get("record") else {
        return line;
    };
    let Some(kind) = Kind::from_type(&name) else {
        if let Some(time) = own_time.or(scene.time_unix_nano).or(given.0.received_at_unix_nano) {
            web_function::append(&name, record.get(), time, scene.whence, given, output);
        }
        output.kept_raw += usize::from(!web_function::knows(&name));
        return line;
    };
    if let Ok(statement) = event::statement(kind, record.get(), given.1, output) {
        if let Some(time) = own_time.or(scene.time_unix_nano).or(given.0.received_at_unix_nano) {
            facts::append(&statement, time, scene.whence, given, output);
        }
        line.trace_id = statement.trace_id;
        line.error_type = statement.error_type;
        line.invocation_id = statement.request_id;
    } else {
        output.kept_raw += 1;
    }
    line
}

/// Reads a JSON line that is no platform event: embedded metrics, an event of Lambda Insights, or what a function logged.
fn json_of_function<'a>(object: Object<'a>, scene: Scene<'_>, given: Given<'_>, output: &mut Output) -> LineKind<'a> {
    let measured = emf::time_unix_nano(&object);
    if measured.is_some() {
        emf::append(&object, scene, given, output);
    }
    if insights::is_event(&object) {
        let time = measured.or(scene.time_unix_nano).or(given.0.received_at_unix_nano);
        let told = time.and_then(|time| insights::append(&object, time, scene, given, output));
        return LineKind {
            platform_type: Some(insights::TYPE.into()),
            trace_id: told.as_ref().and_then(|told| told.trace_id),
            invocation_id: told.map(|told| told.invocation_id),
            time_unix_nano: measured,
            ..LineKind::default()
        };
    }
    if step_functions::is_log_event(&object)
        && let Some(told) = step_functions::log_event(&object, given, output)
    {
        return LineKind {
            platform_type: Some(told.kind.into()),
            error_type: told.error_type.map(Cow::Owned),
            time_unix_nano: Some(told.time_unix_nano),
            ..LineKind::default()
        };
    }
    let mut own = application::json(object, given.1);
    own.line.time_unix_nano = own.line.time_unix_nano.or(measured);
    own_line(own, scene, given, output)
}

/// Takes what a function's own line says, and appends the delivery or the error in it.
fn own_line<'a>(own: Application<'a>, scene: Scene<'_>, given: Given<'_>, output: &mut Output) -> LineKind<'a> {
    let Application {
        mut line,
        delivery,
        error,
    } = own;
    let invocation_id = line
        .invocation_id
        .clone()
        .or(scene.invocation_id.map(|id| Cow::Owned(id.to_owned())));
    let untimed = || {
        Clock::new(given.0.received_at_unix_nano)
            .file_untimed()
            .map(|filed| filed.unix_nano)
    };
    let time = scene.time_unix_nano.or(line.time_unix_nano).or_else(untimed);
    if let (Some(mut delivery), Some(time)) = (delivery, time) {
        delivery.invocation_id = delivery.invocation_id.or(invocation_id);
        line.invocation_id.clone_from(&delivery.invocation_id);
        append_delivery(delivery, time, scene.whence, given, output);
    } else if let (Some(error), Some(time), Some(id)) = (error, time, invocation_id) {
        application::append_error(&error, &id, time, scene.whence, given, output);
    }
    line
}

fn append_delivery(delivery: Delivery<'_>, time: i64, whence: &Whence<'_>, given: Given<'_>, output: &mut Output) {
    let whence = whence.clone().cut(given.1);
    let written = Written {
        provider: PROVIDER,
        platform: Some(PLATFORM),
        time_unix_nano: time,
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: whence.function.as_deref(),
        version: whence.version.as_deref(),
        instance_id: whence.instance_id.as_deref(),
        source: Source::Log,
    };
    delivery.append(&written, given, output);
}

#[cfg(test)]
mod tests;
