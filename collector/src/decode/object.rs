//! JSON objects whose values are read from their own text, so that numbers never pass through binary fractions.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::Fault;
use super::names::text_up_to;
use super::{Reason, Settings, number};

/// A JSON object: its members in order, each value as its own text. Reading a member takes it out; what is left has no column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((key.0, value));
                }
                Ok(Object { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Reads the first values of a list, and counts the others.
struct UpTo(usize);

impl<'de> Visitor<'de> for UpTo {
    type Value = (Vec<&'de RawValue>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let (mut kept, mut beyond) = (Vec::new(), 0);
        while let Some(value) = values.next_element()? {
            if kept.len() < self.0 {
                kept.push(value);
            } else {
                beyond += 1;
            }
        }
        Ok((kept, beyond))
    }
}

impl<'a> Object<'a> {
    /// Reads a text that is one JSON object.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Returns a member's value without taking it; null is no value, and of equal keys the last counts.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let (_, value) = self.members.iter().rev().find(|(name, _)| name == key)?;
        Some(*value).filter(|value| value.get() != "null")
    }

    /// Returns whether the object has the key, be it with a value or with null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.members.iter().any(|(name, _)| name == key)
    }

    /// Returns the keys, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_ref())
    }

    /// Returns the members, in order, each with the text of its value.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|(name, value)| (name.as_ref(), value.get()))
    }

    /// Returns a key as it is written, which may differ in case.
    pub(crate) fn key_of_any_case(&self, key: &str) -> Option<&str> {
        self.keys().find(|name| name.eq_ignore_ascii_case(key))
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, key: &str) -> Option<&'a RawValue> {
        let value = self.get(key);
        self.members.retain(|(name, _)| name != key);
        value
    }

    /// Returns whether it has no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes every member, in order.
    pub(crate) fn into_members(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.members
    }

    /// Takes a member through `read`; what it refuses stays, and is a fault that says what is `expected`.
    fn read<T>(
        &mut self,
        field: &'static str,
        expected: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.get(field) else {
            self.take(field);
            return Ok(None);
        };
        let read =
            read(value.get()).ok_or_else(|| Fault::of(field, Reason::BadValue, format!("expected {expected}")))?;
        self.take(field);
        Ok(Some(read))
    }

    /// Takes a text; an empty one is none.
    pub(crate) fn text(&mut self, field: &'static str) -> Result<Option<Cow<'a, str>>, Fault> {
        Ok(self.read(field, "a text", text)?.filter(|text| !text.is_empty()))
    }

    /// Takes a truth value.
    pub(crate) fn flag(&mut self, field: &'static str) -> Result<Option<bool>, Fault> {
        self.read(field, "true or false", |text| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    /// Takes a whole number that is not negative; `1900.0` is whole.
    pub(crate) fn count(&mut self, field: &'static str) -> Result<Option<i64>, Fault> {
        self.read(field, "a whole number that is not negative", |text| {
            number::whole(text).filter(|count| *count >= 0)
        })
    }

    /// Takes a duration in milliseconds, as microseconds.
    pub(crate) fn duration_us(&mut self, field: &'static str) -> Result<Option<i64>, Fault> {
        self.read(
            field,
            "milliseconds as a number that is finite and not negative",
            number::duration_us,
        )
    }

    /// Takes a number times ten to `power`, rounded half to even.
    pub(crate) fn scaled(&mut self, field: &'static str, power: i32) -> Result<Option<i64>, Fault> {
        self.read(field, "a number", |text| number::scaled(text, power))
    }

    /// Takes an RFC 3339 time, in nanoseconds since 1970 UTC.
    pub(crate) fn time(&mut self, field: &'static str) -> Result<Option<i64>, Fault> {
        let expected = "an RFC 3339 time with an offset, such as 2026-10-08T07:30:28.235Z";
        self.read(field, expected, |value| number::unix_nano(&text(value)?))
    }

    /// Takes a number of milliseconds since 1970, in nanoseconds.
    pub(crate) fn time_unix_ms(&mut self, field: &'static str) -> Result<Option<i64>, Fault> {
        self.read(
            field,
            "milliseconds since 1970 as a number",
            number::unix_nano_of_millis,
        )
    }

    /// Takes a number of seconds since 1970, in nanoseconds.
    pub(crate) fn time_unix_s(&mut self, field: &'static str) -> Result<Option<i64>, Fault> {
        self.read(field, "seconds since 1970 as a number", number::unix_nano_of_seconds)
    }

    /// Takes an object.
    pub(crate) fn object(&mut self, field: &'static str) -> Result<Option<Object<'a>>, Fault> {
        self.read(field, "an object", |text| serde_json::from_str(text).ok())
    }

    /// Takes a list of objects.
    pub(crate) fn objects(&mut self, field: &'static str) -> Result<Option<Vec<Object<'a>>>, Fault> {
        self.read(field, "a list of objects", |text| serde_json::from_str(text).ok())
    }

    /// Takes a list of texts.
    pub(crate) fn texts(&mut self, field: &'static str) -> Result<Option<Vec<Cow<'a, str>>>, Fault> {
        let read = |text| {
            Some(
                serde_json::from_str::<Vec<Text<'_>>>(text)
                    .ok()?
                    .into_iter()
                    .map(|text| text.0)
                    .collect(),
            )
        };
        self.read(field, "a list of texts", read)
    }

    /// Returns an object of these members.
    pub(crate) fn of(members: Vec<(Cow<'a, str>, &'a RawValue)>) -> Self {
        Self { members }
    }

    /// Takes a text, or the text of a number; any other value stays, and an empty text is none.
    pub(crate) fn word(&mut self, field: &str) -> Option<Cow<'a, str>> {
        let value = self.get(field)?.get();
        let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        let word = text(value).or_else(|| is_number.then_some(Cow::Borrowed(value)))?;
        self.take(field);
        Some(word).filter(|word| !word.is_empty())
    }

    /// Takes the first of several names that has a text or a number.
    pub(crate) fn first_word(&mut self, fields: &[&str]) -> Option<Cow<'a, str>> {
        fields.iter().find_map(|field| self.word(field))
    }

    /// Takes the first of several names that has an object.
    pub(crate) fn first_object(&mut self, fields: &[&str]) -> Option<Object<'a>> {
        fields.iter().find_map(|field| {
            let object = serde_json::from_str(self.get(field)?.get()).ok()?;
            self.take(field);
            Some(object)
        })
    }

    /// Takes the first values of a list, at most `most` of them, and returns how many there are beyond them; any other value stays.
    pub(crate) fn values_up_to(&mut self, field: &str, most: usize) -> Option<(Vec<&'a RawValue>, usize)> {
        let value = self.get(field)?.get();
        let mut deserializer = serde_json::Deserializer::from_str(value);
        let values = deserializer.deserialize_seq(UpTo(most)).ok()?;
        self.take(field);
        Some(values)
    }

    /// Returns what is left as JSON within the limits, and how many members were left out; `None` where nothing is left.
    pub(crate) fn rest(&self, settings: &Settings) -> Result<Rest, Fault> {
        let mut rest = Rest::default();
        for (key, value) in self.members.iter().filter(|(_, value)| value.get() != "null") {
            rest.add(key, value.get(), settings)?;
        }
        Ok(rest)
    }
}

/// Members that have no column, as the JSON text of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rest {
    json: String,
    members: usize,
    /// Members that were left out for being more than the limit.
    pub(crate) dropped: usize,
}

impl Rest {
    /// Adds a member, whose value is JSON text.
    pub(crate) fn add(&mut self, key: &str, value: &str, settings: &Settings) -> Result<(), Fault> {
        if self.members == settings.attributes {
            self.dropped += 1;
            return Ok(());
        }
        let Some(compact) = compact(value, settings.depth) else {
            let detail = format!("nests deeper than {} levels; flatten it", settings.depth);
            return Err(Fault::whole(Reason::TooDeep, detail));
        };
        self.members += 1;
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        push_text(&mut self.json, text_up_to(key, settings.key_bytes));
        self.json.push(':');
        if compact.len() <= settings.value_bytes {
            self.json.push_str(&compact);
        } else {
            let whole = text(value).unwrap_or(Cow::Owned(compact));
            push_text(&mut self.json, text_up_to(&whole, settings.value_bytes));
        }
        Ok(())
    }

    /// Returns the JSON text; `None` where there is no member.
    pub(crate) fn into_json(mut self) -> Option<String> {
        (!self.json.is_empty()).then(|| {
            self.json.push('}');
            self.json
        })
    }
}

/// Returns the fault of a file's item that has no time.
pub(crate) fn no_time(field: &'static str) -> Fault {
    Fault::of(
        field,
        Reason::NoTime,
        "no time; a file has no time of receipt, so each of its rows needs its own",
    )
}

/// Returns the text that a JSON value is, or `None` for another value.
pub(crate) fn text(value: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(value).ok().map(|text| text.0)
}

/// Appends a text as a JSON string.
pub(crate) fn push_text(json: &mut String, text: &str) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

/// Returns valid JSON text without white space between its parts, every number as written; `None` where it nests deeper than
/// `depth`.
pub(crate) fn compact(json: &str, depth: usize) -> Option<String> {
    let mut compact = String::with_capacity(json.len());
    let (mut level, mut in_text, mut escaped) = (0_usize, false, false);
    for character in json.chars() {
        if in_text {
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else {
            match character {
                ' ' | '\t' | '\n' | '\r' => continue,
                '"' => in_text = true,
                '{' | '[' => level += 1,
                '}' | ']' => level = level.saturating_sub(1),
                _ => {}
            }
            if level > depth {
                return None;
            }
        }
        compact.push(character);
    }
    Some(compact)
}

#[cfg(test)]
mod tests {
    use super::{Object, compact};
    use crate::decode::{Reason, Settings};

    #[test]
    fn numbers_keep_their_text_and_the_rest_its_order() {
        let text =
            r#"{"b": 1.10, "a": "x\ty", "n": null, "duration_ms": 0.1234565, "big": 123456789012345678901234567890}"#;
        let mut object = Object::parse(text).unwrap();
        assert_eq!(object.duration_us("duration_ms").unwrap(), Some(123));
        let rest = object.rest(&Settings::default()).unwrap().into_json().unwrap();
        assert_eq!(rest, r#"{"b":1.10,"a":"x\ty","big":123456789012345678901234567890}"#);
    }

    #[test]
    fn a_refused_value_stays() {
        let mut object = Object::parse(r#"{"count": 1.5}"#).unwrap();
        let fault = object.count("count").unwrap_err();
        assert_eq!((fault.field, fault.reason), (Some("count"), Reason::BadValue));
        assert!(object.has("count"));
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        let mut object = Object::parse(r#"{"a": "1", "a": "2"}"#).unwrap();
        assert_eq!(object.text("a").unwrap().as_deref(), Some("2"));
        assert!(!object.has("a"));
    }

    #[test]
    fn what_is_left_is_bounded() {
        let settings = Settings {
            attributes: 2,
            key_bytes: 3,
            value_bytes: 6,
            depth: 2,
            ..Settings::default()
        };
        let object = Object::parse(r#"{"long key": "0123456789", "b": [1, 2, 3, 4], "c": 3}"#).unwrap();
        let rest = object.rest(&settings).unwrap();
        assert_eq!(rest.dropped, 1);
        assert_eq!(rest.into_json().unwrap(), r#"{"lon":"012345","b":"[1,2,3"}"#);
        let deep = Object::parse(r#"{"a": [[[1]]]}"#).unwrap();
        assert_eq!(deep.rest(&settings).unwrap_err().reason, Reason::TooDeep);
    }

    #[test]
    fn compacting_leaves_texts_alone() {
        assert_eq!(
            compact("{ \"a b\\\" c\" : [ 1 , 2 ] }", 8).unwrap(),
            r#"{"a b\" c":[1,2]}"#
        );
    }
}
