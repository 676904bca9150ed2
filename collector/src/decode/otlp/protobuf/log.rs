//! `LogRecord`.

use super::super::fields::LogFields;
use super::super::wire::{Message, WireError};
use super::reading::{Reading, id};

/// Reads a log record into empty fields.
pub(super) fn read<'a>(message: Message<'a>, log: &mut LogFields<'a>, reading: &mut Reading) -> Result<(), WireError> {
    message.fields(|field| {
        match field.number {
            1 => log.time_unix_nano = field.fixed64()?,
            2 => log.severity_number = field.int32()?,
            3 => log.severity_text = reading.text("severity_text", field.message()?),
            5 => log.body = reading.value(field.message()?)?,
            6 => reading.attribute(field.message()?, &mut log.attributes)?,
            7 => log.attributes_left_out = field.uint32()?,
            9 => log.trace_id = id(field.message()?),
            10 => log.span_id = id(field.message()?),
            11 => log.observed_unix_nano = field.fixed64()?,
            12 => log.event_name = reading.text("event_name", field.message()?),
            _ => {}
        }
        Ok(())
    })
}
