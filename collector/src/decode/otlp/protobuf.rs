//! Requests in protobuf.
//!
//! Field numbers are those of `opentelemetry-proto` 1.x. A message may have its fields in any order, so that what a level says
//! about everything below it is looked for before its items are read. Unknown fields are skipped.

use std::borrow::Cow;

use super::super::DecodeError;
use super::super::attributes::{Attribute, Value};
use super::super::fault::Fault;
use super::fields::{LogFields, PointFields, ScopeFields, SpanFields};
use super::intake::{Context, Intake, Item};
use super::wire::{Message, WireError};
use reading::Reading;

mod log;
mod point;
mod reading;
mod span;

/// Reads an `ExportTraceServiceRequest`.
pub(super) fn spans<'a>(body: &'a [u8], intake: &mut Intake<'_, 'a, SpanFields<'a>>) -> Result<(), DecodeError> {
    request(body, intake, |message, index, intake| {
        let mut reading = Reading::new(intake.context().settings);
        span::read(message, &mut intake.item, &mut reading)?;
        intake.take(index, reading.finish());
        Ok(())
    })
    .map_err(|error| error.into_decode_error("an ExportTraceServiceRequest in protobuf"))
}

/// Reads an `ExportLogsServiceRequest`.
pub(super) fn logs<'a>(body: &'a [u8], intake: &mut Intake<'_, 'a, LogFields<'a>>) -> Result<(), DecodeError> {
    request(body, intake, |message, index, intake| {
        let mut reading = Reading::new(intake.context().settings);
        log::read(message, &mut intake.item, &mut reading)?;
        intake.take(index, reading.finish());
        Ok(())
    })
    .map_err(|error| error.into_decode_error("an ExportLogsServiceRequest in protobuf"))
}

/// Reads an `ExportMetricsServiceRequest`.
pub(super) fn metrics<'a>(body: &'a [u8], intake: &mut Intake<'_, 'a, PointFields<'a>>) -> Result<(), DecodeError> {
    request(body, intake, |message, index, intake| {
        intake.enter(2, index);
        point::metric(message, intake)
    })
    .map_err(|error| error.into_decode_error("an ExportMetricsServiceRequest in protobuf"))
}

/// Reads the levels above the items, which are the same for every signal: resources (1) with a resource (1) and scopes (2), each
/// with a scope (1) and items (2).
fn request<'a, I: Item>(
    body: &'a [u8],
    intake: &mut Intake<'_, 'a, I>,
    mut item: impl FnMut(Message<'a>, usize, &mut Intake<'_, 'a, I>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    each(Message::new(body), 1, |of_resource, index| {
        intake.enter(0, index);
        let resource = resource(of_resource, intake.context())?;
        intake.begin_resource(resource);
        each(of_resource, 2, |of_scope, index| {
            intake.enter(1, index);
            let scope = scope(of_scope, intake.context())?;
            intake.begin_scope(scope);
            each(of_scope, 2, |message, index| item(message, index, intake))
        })
    })
}

/// Hands the messages of a repeated field to `visit`, each with its index.
fn each<'a>(
    message: Message<'a>,
    number: u32,
    mut visit: impl FnMut(Message<'a>, usize) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut index = 0;
    message.fields(|field| {
        if field.number == number {
            visit(field.message()?, index)?;
            index += 1;
        }
        Ok(())
    })
}

fn resource<'a>(of: Message<'a>, context: &Context<'_>) -> Result<Result<Vec<Attribute<'a>>, Fault>, WireError> {
    let mut reading = Reading::new(context.settings);
    let mut attributes = Vec::new();
    each(of, 1, |resource, _| {
        each(resource, 1, |attribute, _| {
            reading.attribute(attribute, &mut attributes)
        })
    })?;
    Ok(reading.finish().map(|()| attributes))
}

fn scope<'a>(of: Message<'a>, context: &Context<'_>) -> Result<Result<ScopeFields<'a>, Fault>, WireError> {
    let mut reading = Reading::new(context.settings);
    let mut scope = ScopeFields::default();
    each(of, 1, |message, _| {
        message.fields(|field| {
            if field.number == 1 {
                scope.name = reading.text("scope.name", field.message()?);
            }
            Ok(())
        })
    })?;
    Ok(reading.finish().map(|()| scope))
}

/// A key with a value that is being read.
fn empty_attribute<'a>() -> Attribute<'a> {
    Attribute {
        key: Cow::Borrowed(""),
        value: Value::Empty,
    }
}
