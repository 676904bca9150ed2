//! `Span` and what hangs on it.

use super::super::fields::{EventFields, LinkFields, SpanFields};
use super::super::wire::{Message, WireError};
use super::reading::{Reading, id};

/// Reads a span into empty fields.
pub(super) fn read<'a>(
    message: Message<'a>,
    span: &mut SpanFields<'a>,
    reading: &mut Reading,
) -> Result<(), WireError> {
    message.fields(|field| {
        match field.number {
            1 => span.trace_id = id(field.message()?),
            2 => span.span_id = id(field.message()?),
            3 => span.trace_state = reading.text("trace_state", field.message()?),
            4 => span.parent_span_id = id(field.message()?),
            5 => span.name = reading.text("name", field.message()?),
            6 => span.kind = field.int32()?,
            7 => span.start_unix_nano = field.fixed64()?,
            8 => span.end_unix_nano = field.fixed64()?,
            9 => reading.attribute(field.message()?, &mut span.attributes)?,
            10 => span.attributes_left_out = field.uint32()?,
            11 => event(field.message()?, span, reading)?,
            12 => span.events_left_out = field.uint32()?,
            13 => link(field.message()?, span, reading)?,
            14 => span.links_left_out = field.uint32()?,
            15 => status(field.message()?, span, reading)?,
            16 => span.flags = field.fixed32()?,
            _ => {}
        }
        Ok(())
    })
}

fn event<'a>(message: Message<'a>, span: &mut SpanFields<'a>, reading: &mut Reading) -> Result<(), WireError> {
    let mut event = EventFields::default();
    let from = span.pool.len();
    message.fields(|field| {
        match field.number {
            1 => event.time_unix_nano = field.fixed64()?,
            2 => event.name = reading.text("events.name", field.message()?),
            3 => reading.attribute(field.message()?, &mut span.pool)?,
            4 => event.attributes_left_out = field.uint32()?,
            _ => {}
        }
        Ok(())
    })?;
    event.attributes = from..span.pool.len();
    span.events.push(event);
    Ok(())
}

fn link<'a>(message: Message<'a>, span: &mut SpanFields<'a>, reading: &mut Reading) -> Result<(), WireError> {
    let mut link = LinkFields::default();
    let from = span.pool.len();
    message.fields(|field| {
        match field.number {
            1 => link.trace_id = id(field.message()?),
            2 => link.span_id = id(field.message()?),
            3 => link.trace_state = reading.text("links.trace_state", field.message()?),
            4 => reading.attribute(field.message()?, &mut span.pool)?,
            5 => link.attributes_left_out = field.uint32()?,
            6 => link.flags = field.fixed32()?,
            _ => {}
        }
        Ok(())
    })?;
    link.attributes = from..span.pool.len();
    span.links.push(link);
    Ok(())
}

fn status<'a>(message: Message<'a>, span: &mut SpanFields<'a>, reading: &mut Reading) -> Result<(), WireError> {
    message.fields(|field| {
        match field.number {
            2 => span.status_message = reading.text("status.message", field.message()?),
            3 => span.status_code = field.int32()?,
            _ => {}
        }
        Ok(())
    })
}
