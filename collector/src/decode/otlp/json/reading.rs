//! Values inside an item, each from its own text: what is wrong with them is the item's fault, not the request's.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;

use super::super::super::attributes::{Attribute, Value};
use super::super::super::fault::Fault;
use super::super::super::object::{self, Object};
use super::super::super::{Reason, Settings, number};
use super::super::fields::Id;
use super::plain;

/// Both alphabets of base64, with or without padding, as the JSON mapping of protobuf allows.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

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

    /// Returns what was read, or notes that the field is not what was expected.
    fn expect<T: Default>(&mut self, field: &'static str, expected: &'static str, read: Option<T>) -> T {
        read.unwrap_or_else(|| {
            self.note(Fault::of(field, Reason::BadValue, expected));
            T::default()
        })
    }

    /// Hands each member of an object to `visit`; null is no member.
    pub(super) fn members<'a>(
        &mut self,
        field: &'static str,
        value: &'a RawValue,
        mut visit: impl FnMut(&mut Self, &str, &'a RawValue),
    ) {
        let Ok(object) = Object::parse(value.get()) else {
            self.note(Fault::of(field, Reason::Malformed, "an object was expected"));
            return;
        };
        for (key, value) in object.into_members() {
            if value.get() != "null" {
                visit(self, &key, value);
            }
        }
    }

    /// Returns the elements of an array.
    pub(super) fn elements<'a>(&mut self, field: &'static str, value: &'a RawValue) -> Vec<&'a RawValue> {
        self.expect(field, "an array was expected", serde_json::from_str(value.get()).ok())
    }

    /// Reads a text.
    pub(super) fn text<'a>(&mut self, field: &'static str, value: &'a RawValue) -> Cow<'a, str> {
        self.expect(field, "a text was expected", object::text(value.get()))
    }

    /// Reads an id, whose hex digits are checked where it is used.
    pub(super) fn id<'a>(&mut self, field: &'static str, value: &'a RawValue) -> Id<'a> {
        let Some(text) = object::text(value.get()) else {
            self.note(Fault::of(field, Reason::BadId, "an id is a text of hex digits"));
            return Id::default();
        };
        Id::Hex(text)
    }

    /// Reads a truth value.
    pub(super) fn truth(&mut self, field: &'static str, value: &RawValue) -> bool {
        let truth = match value.get() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        self.expect(field, "true or false was expected", truth)
    }

    /// Reads an enum, which must be given by its number.
    pub(super) fn code(&mut self, field: &'static str, value: &RawValue) -> i32 {
        let code = number::whole(value.get()).and_then(|code| i32::try_from(code).ok());
        self.expect(
            field,
            "a value of an enumeration must be given by its number, in 32 bits",
            code,
        )
    }

    /// Reads an unsigned 32-bit integer.
    pub(super) fn uint32(&mut self, field: &'static str, value: &RawValue) -> u32 {
        let number = whole(value).and_then(|number| u32::try_from(number).ok());
        self.expect(field, "a whole number from 0 to 4294967295 was expected", number)
    }

    /// Reads a signed 32-bit integer.
    pub(super) fn int32(&mut self, field: &'static str, value: &RawValue) -> i32 {
        let number = whole(value).and_then(|number| i32::try_from(number).ok());
        self.expect(
            field,
            "a whole number from -2147483648 to 2147483647 was expected",
            number,
        )
    }

    /// Reads an unsigned 64-bit integer, as text or number.
    pub(super) fn uint64(&mut self, field: &'static str, value: &RawValue) -> u64 {
        let number = digits(value).and_then(|text| match text.parse() {
            Ok(number) => Some(number),
            Err(_) => u64::try_from(number::whole(&text)?).ok(),
        });
        self.expect(
            field,
            "a whole number from 0 to 18446744073709551615 was expected",
            number,
        )
    }

    /// Reads a signed 64-bit integer, as text or number.
    pub(super) fn int64(&mut self, field: &'static str, value: &RawValue) -> i64 {
        self.expect(field, "a whole number of 64 bits was expected", whole(value))
    }

    /// Reads a double, as number or as text, which may also be `NaN`, `Infinity` or `-Infinity`.
    pub(super) fn double(&mut self, field: &'static str, value: &RawValue) -> f64 {
        self.expect(field, "a number was expected", double(value))
    }

    /// Reads a list of attributes.
    pub(super) fn attributes<'a>(&mut self, value: &'a RawValue, attributes: &mut Vec<Attribute<'a>>) {
        if plain::attributes(value.get(), attributes).is_some() {
            return;
        }
        for value in self.elements("attributes", value) {
            let attribute = self.key_value(value, self.depth);
            attributes.push(attribute);
        }
    }

    /// Reads a value.
    pub(super) fn value<'a>(&mut self, value: &'a RawValue) -> Value<'a> {
        self.value_within(value, self.depth)
    }

    fn key_value<'a>(&mut self, value: &'a RawValue, depth: usize) -> Attribute<'a> {
        let mut attribute = Attribute {
            key: Cow::Borrowed(""),
            value: Value::Empty,
        };
        self.members("attributes", value, |reading, key, value| match key {
            "key" => attribute.key = reading.text("attributes.key", value),
            "value" => attribute.value = reading.value_within(value, depth),
            _ => {}
        });
        attribute
    }

    /// Reads a value that may nest `depth` levels; what nests deeper is a fault and not read.
    fn value_within<'a>(&mut self, value: &'a RawValue, depth: usize) -> Value<'a> {
        const FIELD: &str = "attributes.value";
        let mut read = Value::Empty;
        self.members(FIELD, value, |reading, key, value| {
            read = match key {
                "stringValue" => Value::Text(reading.text(FIELD, value)),
                "boolValue" => Value::Bool(reading.truth(FIELD, value)),
                "intValue" => Value::Int(reading.int64(FIELD, value)),
                "doubleValue" => Value::Double(reading.double(FIELD, value)),
                "bytesValue" => Value::Bytes(Cow::Owned(reading.bytes(FIELD, value))),
                "arrayValue" | "kvlistValue" if depth == 0 => {
                    reading.note(Fault::of(FIELD, Reason::TooDeep, "nests deeper than the limit"));
                    return;
                }
                "arrayValue" => {
                    Value::List(reading.nested(value, |reading, value| reading.value_within(value, depth - 1)))
                }
                "kvlistValue" => {
                    Value::Map(reading.nested(value, |reading, value| reading.key_value(value, depth - 1)))
                }
                _ => return,
            };
        });
        read
    }

    /// Reads the `values` of an array or a list of keys and values.
    fn nested<'a, T>(&mut self, value: &'a RawValue, read: impl Fn(&mut Self, &'a RawValue) -> T) -> Vec<T> {
        let mut values = Vec::new();
        self.members("attributes.value", value, |reading, key, value| {
            if key == "values" {
                let elements = reading.elements("attributes.value", value);
                values = elements.into_iter().map(|element| read(reading, element)).collect();
            }
        });
        values
    }

    fn bytes(&mut self, field: &'static str, value: &RawValue) -> Vec<u8> {
        let bytes = object::text(value.get()).and_then(|text| {
            let text = text.as_bytes();
            STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
        });
        self.expect(field, "base64 was expected", bytes)
    }
}

/// Returns the text of a number, which may be given as a text.
fn digits(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get().as_bytes().first()? {
        b'"' => object::text(value.get()),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(value.get())),
        _ => None,
    }
}

/// Returns a whole number of 64 bits, given as text or number.
pub(super) fn whole(value: &RawValue) -> Option<i64> {
    number::whole(&digits(value)?)
}

/// Returns a double, given as number or as text, which may also be `NaN`, `Infinity` or `-Infinity`.
pub(super) fn double(value: &RawValue) -> Option<f64> {
    match &*digits(value)? {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        text if text.ends_with(|last: char| last.is_ascii_digit()) => {
            text.parse().ok().filter(|number: &f64| number.is_finite())
        }
        _ => None,
    }
}
