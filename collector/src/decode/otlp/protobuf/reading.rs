//! Values inside an item: what is wrong with them is the item's fault, not the request's.

use std::borrow::Cow;

use super::super::super::attributes::{Attribute, Value};
use super::super::super::fault::Fault;
use super::super::super::{Reason, Settings};
use super::super::fields::Id;
use super::super::wire::{Message, WireError};
use super::empty_attribute;

/// Reads the values of one item, and keeps the first fault.
#[derive(Debug)]
pub(super) struct Reading {
    depth: usize,
    fault: Option<Fault>,
}

impl Reading {
    /// Returns a reading without a fault.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            depth: settings.depth,
            fault: None,
        }
    }

    /// Returns the fault, if there was one.
    pub(super) fn finish(self) -> Result<(), Fault> {
        self.fault.map_or(Ok(()), Err)
    }

    /// Notes a fault.
    pub(super) fn note(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Reads a text.
    pub(super) fn text<'a>(&mut self, field: &'static str, message: Message<'a>) -> Cow<'a, str> {
        Cow::Borrowed(std::str::from_utf8(message.bytes()).unwrap_or_else(|_| {
            self.note(Fault::of(field, Reason::BadValue, "not UTF-8"));
            ""
        }))
    }

    /// Reads an attribute.
    pub(super) fn attribute<'a>(
        &mut self,
        message: Message<'a>,
        attributes: &mut Vec<Attribute<'a>>,
    ) -> Result<(), WireError> {
        attributes.push(self.key_value(message, self.depth)?);
        Ok(())
    }

    /// Reads a value.
    pub(super) fn value<'a>(&mut self, message: Message<'a>) -> Result<Value<'a>, WireError> {
        self.value_within(message, self.depth)
    }

    fn key_value<'a>(&mut self, message: Message<'a>, depth: usize) -> Result<Attribute<'a>, WireError> {
        let mut attribute = empty_attribute();
        message.fields(|field| {
            match field.number {
                1 => attribute.key = self.text("attributes.key", field.message()?),
                2 => attribute.value = self.value_within(field.message()?, depth)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(attribute)
    }

    /// Reads a value that may nest `depth` levels; what nests deeper is a fault and not read.
    fn value_within<'a>(&mut self, message: Message<'a>, depth: usize) -> Result<Value<'a>, WireError> {
        let mut value = Value::Empty;
        message.fields(|field| {
            value = match field.number {
                1 => Value::Text(self.text("attributes.value", field.message()?)),
                2 => Value::Bool(field.varint()? != 0),
                3 => Value::Int(field.varint()?.cast_signed()),
                4 => Value::Double(field.double()?),
                5 | 6 if depth == 0 => {
                    self.note(Fault::of(
                        "attributes.value",
                        Reason::TooDeep,
                        "nests deeper than the limit",
                    ));
                    return Ok(());
                }
                5 => Value::List(self.list(field.message()?, depth - 1)?),
                6 => Value::Map(self.map(field.message()?, depth - 1)?),
                7 => Value::Bytes(Cow::Borrowed(field.message()?.bytes())),
                _ => return Ok(()),
            };
            Ok(())
        })?;
        Ok(value)
    }

    fn list<'a>(&mut self, message: Message<'a>, depth: usize) -> Result<Vec<Value<'a>>, WireError> {
        let mut values = Vec::new();
        super::each(message, 1, |value, _| {
            values.push(self.value_within(value, depth)?);
            Ok(())
        })?;
        Ok(values)
    }

    fn map<'a>(&mut self, message: Message<'a>, depth: usize) -> Result<Vec<Attribute<'a>>, WireError> {
        let mut entries = Vec::new();
        super::each(message, 1, |entry, _| {
            entries.push(self.key_value(entry, depth)?);
            Ok(())
        })?;
        Ok(entries)
    }
}

/// Returns an id as it stands on the wire.
pub(super) fn id(message: Message<'_>) -> Id<'_> {
    Id::Bytes(message.bytes())
}
