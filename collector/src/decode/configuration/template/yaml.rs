//! YAML as a value: CloudFormation's short forms (`!Ref`, `!GetAtt`) become their long ones, aliases are not followed.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// How deep a document may nest.
const DEPTH: usize = 64;

/// A sequence or mapping that is open.
enum Open {
    Sequence(Vec<Value>),
    Mapping(Map<String, Value>, Option<String>),
}

struct Level {
    open: Open,
    tag: Option<String>,
}

/// Returns the first document of a text.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn value(text: &str) -> Result<Value, String> {
    let mut levels: Vec<Level> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|problem| problem.to_string())?;
        let done = match event {
            Event::Scalar(text, style, _, tag) => Some(tagged(scalar(&text, style), name(tag.as_deref()))),
            Event::Alias(_) => Some(Value::Null),
            Event::SequenceStart(_, tag) => open(&mut levels, Open::Sequence(Vec::new()), tag.as_deref())?,
            Event::MappingStart(_, tag) => open(&mut levels, Open::Mapping(Map::new(), None), tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => levels.pop().map(close),
            Event::DocumentEnd => break,
            _ => None,
        };
        let Some(value) = done else { continue };
        match levels.last_mut() {
            Some(level) => put(level, value),
            None => return Ok(value),
        }
    }
    Err("an empty document".to_owned())
}

fn open(levels: &mut Vec<Level>, open: Open, tag: Option<&Tag>) -> Result<Option<Value>, String> {
    if levels.len() == DEPTH {
        return Err(format!("nests deeper than {DEPTH} levels"));
    }
    let tag = name(tag);
    levels.push(Level { open, tag });
    Ok(None)
}

fn close(level: Level) -> Value {
    let value = match level.open {
        Open::Sequence(items) => Value::Array(items),
        Open::Mapping(members, _) => Value::Object(members),
    };
    tagged(value, level.tag)
}

fn put(level: &mut Level, value: Value) {
    match &mut level.open {
        Open::Sequence(items) => items.push(value),
        Open::Mapping(members, key) => match key.take() {
            Some(key) => drop(members.insert(key, value)),
            None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        },
    }
}

/// Returns the name of a tag of the document's own, such as `Ref` of `!Ref`.
fn name(tag: Option<&Tag>) -> Option<String> {
    tag.filter(|tag| tag.handle == "!").map(|tag| tag.suffix.clone())
}

/// Returns a value under its function's long name.
fn tagged(value: Value, tag: Option<String>) -> Value {
    let Some(tag) = tag else { return value };
    let key = if tag == "Ref" || tag == "Condition" {
        tag
    } else {
        format!("Fn::{tag}")
    };
    Value::Object(Map::from_iter([(key, value)]))
}

/// Returns a scalar as what it is when it is not quoted: nothing, a truth value, a whole number, else a text.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::from(text);
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" | "True" | "yes" => Value::Bool(true),
        "false" | "False" | "no" => Value::Bool(false),
        _ => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    }
}
