//! Attribute values, and the JSON text in which those without a column are kept.
//!
//! The text tells every two values apart, within the limits on length: integers are numbers without a point or exponent, doubles
//! have one, bytes are `{"bytes":"<base64>"}`, and a double that JSON cannot write is `{"double":"NaN"}`. A map that would read as
//! one of these is wrapped as `{"map":{..}}`.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute<'a> {
    /// The key.
    pub(crate) key: Cow<'a, str>,
    /// The value.
    pub(crate) value: Value<'a>,
}

/// A value, as OTLP's `AnyValue` has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value<'a> {
    /// No value was set.
    #[default]
    Empty,
    /// A text.
    Text(Cow<'a, str>),
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A binary fraction.
    Double(f64),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// An array.
    List(Vec<Value<'a>>),
    /// Keys and values, in the order in which they came.
    Map(Vec<Attribute<'a>>),
}

impl Value<'_> {
    /// Returns the text, where it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Appends the value as JSON.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Empty => out.push_str("null"),
            Self::Text(text) => write_text(out, text),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => write_display(out, value),
            Self::Double(value) if value.is_finite() => out.push_str(&double_text(*value)),
            Self::Double(value) => write_marked(out, "double", &double_text(*value)),
            Self::Bytes(bytes) => write_marked(out, "bytes", &STANDARD.encode(bytes)),
            Self::List(values) => write_list(out, values.iter(), |out, value| value.write(out)),
            Self::Map(entries) if reads_as_marked(entries) => {
                out.push_str("{\"map\":");
                write_object(out, entries.iter());
                out.push('}');
            }
            Self::Map(entries) => write_object(out, entries.iter()),
        }
    }
}

fn reads_as_marked(entries: &[Attribute<'_>]) -> bool {
    matches!(entries, [only] if matches!(&*only.key, "bytes" | "double" | "map"))
}

fn write_marked(out: &mut String, mark: &str, text: &str) {
    out.push_str("{\"");
    out.push_str(mark);
    out.push_str("\":");
    write_text(out, text);
    out.push('}');
}

/// Appends attributes as one JSON object, in their order.
pub(crate) fn write_object<'v, 'a: 'v>(out: &mut String, attributes: impl Iterator<Item = &'v Attribute<'a>>) {
    out.push('{');
    for (index, attribute) in attributes.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(out, &attribute.key);
        out.push(':');
        attribute.value.write(out);
    }
    out.push('}');
}

/// Appends values as one JSON array.
pub(crate) fn write_list<T>(out: &mut String, values: impl Iterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    out.push('[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, value);
    }
    out.push(']');
}

/// Appends what a value displays.
pub(crate) fn write_display(out: &mut String, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("writing to a String does not fail");
}

/// Returns the shortest decimal text of a double that reads back as the same, always with a point or an exponent.
pub(crate) fn double_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    format!("{value:?}")
}

/// Appends a text as a JSON string.
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = escaped_at(rest.as_bytes()) {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let (escaped, after) = after.split_at(1);
        match escaped {
            "\"" => out.push_str("\\\""),
            "\\" => out.push_str("\\\\"),
            "\n" => out.push_str("\\n"),
            "\r" => out.push_str("\\r"),
            "\t" => out.push_str("\\t"),
            control => control
                .bytes()
                .for_each(|control| write_display(out, format_args!("\\u{control:04x}"))),
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

/// Returns where the first byte stands that a JSON string must not hold as it is; it is a character by itself.
fn escaped_at(text: &[u8]) -> Option<usize> {
    const AT_ONCE: usize = 16;
    let is_escaped = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let (chunks, _) = text.as_chunks::<AT_ONCE>();
    // Without a branch per byte, so that a chunk is looked at as a whole.
    let is_plain = |chunk: &&[u8; AT_ONCE]| !chunk.iter().fold(false, |any, byte| any | is_escaped(byte));
    let plain = chunks.iter().take_while(is_plain).count() * AT_ONCE;
    text[plain..].iter().position(is_escaped).map(|at| plain + at)
}

#[cfg(test)]
mod tests;
