//! What nearly every body looks like, read in one pass. What looks otherwise is not judged here: it is read with care, value by
//! value, which takes several passes and says what is wrong.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::super::attributes::{Attribute, Value};
use super::super::super::object::Text;
use super::reading::{double, whole};

/// A level above the items: what it says about all below it, and what that is.
#[derive(Debug, Default)]
pub(super) struct Level<'a> {
    /// The resource, or the scope.
    pub(super) about: Option<&'a RawValue>,
    /// The levels below.
    pub(super) levels: Vec<Level<'a>>,
    /// The items, where this is the lowest level above them.
    pub(super) items: Vec<&'a RawValue>,
}

/// The member of each level that says something about all below.
const ABOUT: [&str; 3] = ["", "resource", "scope"];

/// Reads the levels above the items, whose lists have these names; `None` where they look otherwise.
pub(super) fn levels<'a>(text: &'a str, names: &'static [&'static str]) -> Option<Level<'a>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let level = At { depth: 0, names }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(level)
}

/// Where a level stands, and what the lists are called.
#[derive(Clone, Copy)]
struct At {
    depth: usize,
    names: &'static [&'static str],
}

impl<'a> DeserializeSeed<'a> for At {
    type Value = Level<'a>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Level<'a>, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for At {
    type Value = Level<'a>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Level<'a>, A::Error> {
        let (mut level, mut listed) = (Level::default(), false);
        while let Some(key) = map.next_key::<Text<'a>>()? {
            if key.0 == self.names[self.depth] {
                if std::mem::replace(&mut listed, true) {
                    return Err(A::Error::custom("a list comes twice"));
                }
                match self.depth {
                    0 | 1 => level.levels = map.next_value_seed(Below(self))?,
                    _ => level.items = map.next_value()?,
                }
            } else if key.0 == ABOUT[self.depth] {
                level.about = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(level)
    }
}

/// The list of the levels below one.
struct Below(At);

impl<'a> DeserializeSeed<'a> for Below {
    type Value = Vec<Level<'a>>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Vec<Level<'a>>, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for Below {
    type Value = Vec<Level<'a>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Vec<Level<'a>>, A::Error> {
        let below = At {
            depth: self.0.depth + 1,
            ..self.0
        };
        let mut levels = Vec::new();
        while let Some(level) = list.next_element_seed(below)? {
            levels.push(level);
        }
        Ok(levels)
    }
}

/// An attribute with one value that is not nested.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    value: PlainValue<'a>,
}

#[derive(Deserialize)]
enum PlainValue<'a> {
    #[serde(borrow, rename = "stringValue")]
    Text(Text<'a>),
    #[serde(rename = "boolValue")]
    Bool(bool),
    #[serde(borrow, rename = "intValue")]
    Int(&'a RawValue),
    #[serde(borrow, rename = "doubleValue")]
    Double(&'a RawValue),
}

/// Reads a list of attributes; `None`, and nothing is added, where one looks otherwise.
pub(super) fn attributes<'a>(text: &'a str, attributes: &mut Vec<Attribute<'a>>) -> Option<()> {
    let plain: Vec<Plain<'a>> = serde_json::from_str(text).ok()?;
    let before = attributes.len();
    for Plain { key, value } in plain {
        let value = match value {
            PlainValue::Text(text) => Some(Value::Text(text.0)),
            PlainValue::Bool(value) => Some(Value::Bool(value)),
            PlainValue::Int(value) => whole(value).map(Value::Int),
            PlainValue::Double(value) => double(value).map(Value::Double),
        };
        let Some(value) = value else {
            attributes.truncate(before);
            return None;
        };
        attributes.push(Attribute { key: key.0, value });
    }
    Some(())
}
