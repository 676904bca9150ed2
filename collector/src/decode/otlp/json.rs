//! Requests in JSON, as OTLP's "JSON Protobuf Encoding" has it: keys in `lowerCamelCase`, ids in hex, enums by number, 64-bit integers
//! as text or number. Unknown keys are skipped, and keys in `snake_case` are unknown.
//!
//! Each item is first found as text and then read, so that one that cannot be read leaves its neighbours alone.

use serde_json::value::RawValue;

use super::super::DecodeError;
use super::super::attributes::Attribute;
use super::super::fault::Fault;
use super::super::object::Object;
use super::fields::{LogFields, PointFields, ScopeFields, SpanFields};
use super::intake::{Context, Intake, Item};
use reading::Reading;

mod log;
mod plain;
mod point;
mod reading;
mod span;

/// Reads an `ExportTraceServiceRequest`.
pub(super) fn spans<'a>(body: &'a [u8], intake: &mut Intake<'_, 'a, SpanFields<'a>>) -> Result<(), DecodeError> {
    request(
        body,
        "an ExportTraceServiceRequest in JSON",
        intake,
        |value, index, intake| {
            let mut reading = Reading::new(intake.context().settings);
            span::read(value, &mut intake.item, &mut reading);
            intake.take(index, reading.finish());
            Ok(())
        },
    )
}

/// Reads an `ExportLogsServiceRequest`.
pub(super) fn logs<'a>(body: &'a [u8], intake: &mut Intake<'_, 'a, LogFields<'a>>) -> Result<(), DecodeError> {
    request(
        body,
        "an ExportLogsServiceRequest in JSON",
        intake,
        |value, index, intake| {
            let mut reading = Reading::new(intake.context().settings);
            log::read(value, &mut intake.item, &mut reading);
            intake.take(index, reading.finish());
            Ok(())
        },
    )
}

/// Reads an `ExportMetricsServiceRequest`.
pub(super) fn metrics<'a>(body: &'a [u8], intake: &mut Intake<'_, 'a, PointFields<'a>>) -> Result<(), DecodeError> {
    request(
        body,
        "an ExportMetricsServiceRequest in JSON",
        intake,
        |value, index, intake| {
            intake.enter(2, index);
            point::metric(value, intake)
        },
    )
}

/// What is wrong with a level above the items.
#[derive(Clone, Copy, Debug)]
struct LevelError<'a> {
    /// What is not as it should be.
    value: &'a RawValue,
    /// What is wrong with it.
    problem: &'static str,
}

/// Reads the levels above the items, which are the same for every signal.
fn request<'a, I: Item>(
    body: &'a [u8],
    expected: &'static str,
    intake: &mut Intake<'_, 'a, I>,
    mut item: impl FnMut(&'a RawValue, usize, &mut Intake<'_, 'a, I>) -> Result<(), LevelError<'a>>,
) -> Result<(), DecodeError> {
    let malformed = |place, problem| DecodeError::Malformed {
        place,
        expected,
        problem,
    };
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("byte {}", error.valid_up_to()), "not UTF-8".to_owned()))?;
    let located = |error: LevelError<'a>| {
        let at = error.value.get().as_ptr().addr() - text.as_ptr().addr();
        malformed(format!("byte {at}"), error.problem.to_owned())
    };
    if let Some(request) = plain::levels(text, I::LEVELS) {
        return plain_levels(request, intake, &mut item).map_err(located);
    }
    let request: &RawValue = serde_json::from_str(text).map_err(|error| {
        // The reader's own sentence ends in the place, which is said already, and never holds the body's text for bad syntax.
        let problem = error.to_string();
        let problem = problem.split(" at line ").next().unwrap_or_default().to_owned();
        malformed(format!("line {} column {}", error.line(), error.column()), problem)
    })?;
    levels(request, intake, &mut item).map_err(located)
}

/// Takes the items of levels that were read in one pass.
fn plain_levels<'a, I: Item>(
    request: plain::Level<'a>,
    intake: &mut Intake<'_, 'a, I>,
    item: &mut impl FnMut(&'a RawValue, usize, &mut Intake<'_, 'a, I>) -> Result<(), LevelError<'a>>,
) -> Result<(), LevelError<'a>> {
    for (index, of_resource) in request.levels.into_iter().enumerate() {
        intake.enter(0, index);
        let resource = resource(of_resource.about, intake.context())?;
        intake.begin_resource(resource);
        for (index, of_scope) in of_resource.levels.into_iter().enumerate() {
            intake.enter(1, index);
            let scope = scope(of_scope.about, intake.context())?;
            intake.begin_scope(scope);
            for (index, value) in of_scope.items.into_iter().enumerate() {
                item(value, index, intake)?;
            }
        }
    }
    Ok(())
}

fn levels<'a, I: Item>(
    request: &'a RawValue,
    intake: &mut Intake<'_, 'a, I>,
    item: &mut impl FnMut(&'a RawValue, usize, &mut Intake<'_, 'a, I>) -> Result<(), LevelError<'a>>,
) -> Result<(), LevelError<'a>> {
    for (index, of_resource) in array(&object(request)?, I::LEVELS[0])?.into_iter().enumerate() {
        intake.enter(0, index);
        let of_resource = object(of_resource)?;
        let resource = resource(of_resource.get("resource"), intake.context())?;
        intake.begin_resource(resource);
        for (index, of_scope) in array(&of_resource, I::LEVELS[1])?.into_iter().enumerate() {
            intake.enter(1, index);
            let of_scope = object(of_scope)?;
            let scope = scope(of_scope.get("scope"), intake.context())?;
            intake.begin_scope(scope);
            for (index, value) in array(&of_scope, I::LEVELS[2])?.into_iter().enumerate() {
                item(value, index, intake)?;
            }
        }
    }
    Ok(())
}

fn object(value: &RawValue) -> Result<Object<'_>, LevelError<'_>> {
    Object::parse(value.get()).map_err(|_| LevelError {
        value,
        problem: "an object was expected",
    })
}

/// Returns the elements of a member; a missing one has none.
fn array<'a>(object: &Object<'a>, key: &str) -> Result<Vec<&'a RawValue>, LevelError<'a>> {
    match object.get(key) {
        Some(value) => serde_json::from_str(value.get()).map_err(|_| LevelError {
            value,
            problem: "an array was expected",
        }),
        None => Ok(Vec::new()),
    }
}

/// Returns a value, which null is not.
fn given(value: Option<&RawValue>) -> Option<&RawValue> {
    value.filter(|value| value.get() != "null")
}

fn resource<'a>(
    resource: Option<&'a RawValue>,
    context: &Context<'_>,
) -> Result<Result<Vec<Attribute<'a>>, Fault>, LevelError<'a>> {
    let mut reading = Reading::new(context.settings);
    let mut attributes = Vec::new();
    if let Some(value) = given(resource)
        && let Some(value) = object(value)?.get("attributes")
    {
        reading.attributes(value, &mut attributes);
    }
    Ok(reading.finish().map(|()| attributes))
}

fn scope<'a>(
    scope: Option<&'a RawValue>,
    context: &Context<'_>,
) -> Result<Result<ScopeFields<'a>, Fault>, LevelError<'a>> {
    let mut reading = Reading::new(context.settings);
    let mut fields = ScopeFields::default();
    if let Some(value) = given(scope)
        && let Some(value) = object(value)?.get("name")
    {
        fields.name = reading.text("scope.name", value);
    }
    Ok(reading.finish().map(|()| fields))
}
