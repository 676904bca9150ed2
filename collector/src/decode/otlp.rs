//! OpenTelemetry protocol: spans, log records and metrics, in protobuf and in JSON.
//!
//! Both encodings fill the same borrowed fields, item by item, and one code turns those into rows. Protobuf is read in one pass
//! over the wire bytes, JSON item by item, so that one bad item is a rejection and its neighbours go on.

use super::slices::Slices;
use super::{DecodeError, Decoded, Origin, Output, Settings, plural};
use crate::request::ContentType;
use fields::{LogFields, PointFields, SpanFields};
use intake::{Context, Intake, Item};

mod fields;
mod intake;
mod json;
mod log;
mod metric;
mod protobuf;
mod resource;
mod slots;
mod span;
mod wire;

/// Decodes an `ExportTraceServiceRequest`.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body cannot be read as a whole, [`DecodeError::NothingAcceptable`] where it has spans
/// and every one is rejected.
pub fn spans(
    body: &[u8],
    content_type: ContentType,
    origin: Origin<'_>,
    settings: &Settings,
) -> Result<Decoded, DecodeError> {
    let context = Context::new(origin, settings);
    let mut intake = Intake::<SpanFields<'_>>::new(&context);
    match encoding(body, content_type) {
        Encoding::Protobuf => protobuf::spans(body, &mut intake)?,
        Encoding::Json => json::spans(body, &mut intake)?,
    }
    finish(intake)
}

/// Decodes an `ExportLogsServiceRequest`.
///
/// # Errors
/// As [`spans`].
pub fn logs(
    body: &[u8],
    content_type: ContentType,
    origin: Origin<'_>,
    settings: &Settings,
) -> Result<Decoded, DecodeError> {
    let context = Context::new(origin, settings);
    let mut intake = Intake::<LogFields<'_>>::new(&context);
    match encoding(body, content_type) {
        Encoding::Protobuf => protobuf::logs(body, &mut intake)?,
        Encoding::Json => json::logs(body, &mut intake)?,
    }
    finish(intake)
}

/// Decodes an `ExportMetricsServiceRequest`.
///
/// # Errors
/// As [`spans`].
pub fn metrics(
    body: &[u8],
    content_type: ContentType,
    origin: Origin<'_>,
    settings: &Settings,
) -> Result<Decoded, DecodeError> {
    let context = Context::new(origin, settings);
    let mut intake = Intake::<PointFields<'_>>::new(&context);
    match encoding(body, content_type) {
        Encoding::Protobuf => protobuf::metrics(body, &mut intake)?,
        Encoding::Json => json::metrics(body, &mut intake)?,
    }
    finish(intake)
}

/// Decodes an `ExportMetricsServiceRequest` in protobuf that stands within something larger, into its rows.
///
/// # Errors
/// [`DecodeError::Malformed`] where the message cannot be read; the points before that place stay.
pub(crate) fn metrics_within(
    message: &[u8],
    origin: Origin<'_>,
    settings: &Settings,
    output: &mut Output,
    slices: &mut Slices,
) -> Result<(), DecodeError> {
    let context = Context::new(origin, settings);
    let mut intake = Intake::<PointFields<'_>>::onto(&context, std::mem::take(output), slices.take());
    let read = protobuf::metrics(message, &mut intake);
    (*output, *slices) = intake.into_parts();
    read
}

fn finish<I: Item>(intake: Intake<'_, '_, I>) -> Result<Decoded, DecodeError> {
    intake.into_output().finish(plural(I::TABLE))
}

/// Returns a text; an empty one says nothing.
fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

enum Encoding {
    Protobuf,
    Json,
}

/// Returns how a body is written: as its sender says, else as JSON if it begins with a brace, by which no message begins.
fn encoding(body: &[u8], content_type: ContentType) -> Encoding {
    match content_type {
        ContentType::Protobuf => Encoding::Protobuf,
        ContentType::Json | ContentType::Ndjson => Encoding::Json,
        ContentType::Unspecified | ContentType::Text => match body {
            [b'{', ..] => Encoding::Json,
            _ => Encoding::Protobuf,
        },
    }
}

#[cfg(test)]
mod tests;
