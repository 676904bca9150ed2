//! The JSON schema of the configuration file.

use pennyspan_analyzer::report::budget::{LEVEL, Level, Measure, SELECTORS};
use pennyspan_analyzer::report::suppress;
use serde_json::{Map, Value as Json, json};
use toml::Value;

use super::entries;
use super::function::{self, Holds};
use super::keys::{self, Key};

/// Returns the schema, indented, with a newline at its end.
#[must_use]
pub fn text() -> String {
    let mut root = object(&Map::new());
    for key in keys::all() {
        let mut at = &mut root;
        let mut parts: Vec<&str> = key.path.split('.').collect();
        let name = parts.pop().unwrap_or_default();
        for part in parts {
            let properties = properties(at);
            at = properties.entry(part.to_owned()).or_insert_with(|| object(&Map::new()));
        }
        properties(at).insert(name.to_owned(), of(&key));
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pennyspan.toml: the configuration of pennyspan",
    });
    if let (Json::Object(schema), Json::Object(root)) = (&mut schema, root) {
        schema.extend(root);
    }
    format!("{schema:#}\n")
}

fn object(properties: &Map<String, Json>) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn properties(schema: &mut Json) -> &mut Map<String, Json> {
    schema["properties"]
        .as_object_mut()
        .expect("every schema that is descended into was made by `object`")
}

/// Returns the schema of one key.
fn of(key: &Key) -> Json {
    let mut schema = match &key.default {
        _ if key.is_open() => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Value::Array(_) if key.path == super::suppress::KEY => json!({ "type": "array", "items": suppression() }),
        Value::Array(_) if key.path == super::budget::KEY => json!({ "type": "array", "items": budget() }),
        Value::Array(_) if key.path == function::KEY => json!({ "type": "array", "items": settings() }),
        Value::Array(_) if entries::members(&key.path).is_some() => {
            json!({ "type": "array", "items": texts(&key.path) })
        }
        Value::Array(_) => json!({ "type": "array", "items": { "type": "string" } }),
        Value::Boolean(_) => json!({ "type": "boolean" }),
        Value::Integer(_) => json!({ "type": "integer", "minimum": 0 }),
        _ => json!({ "type": "string" }),
    };
    let unit = key
        .unit
        .as_ref()
        .map_or_else(String::new, |unit| format!(" Unit: {unit}."));
    schema["description"] = json!(format!("{}{unit}", key.sentence));
    if !key.one_of.is_empty() {
        schema["enum"] = json!(key.one_of);
    }
    if let Ok(default) = serde_json::to_value(&key.default) {
        schema["default"] = default;
    }
    schema
}

/// Returns the schema of one function's settings.
fn settings() -> Json {
    let mut members = Map::new();
    for member in function::OF.iter().chain(function::SETTINGS) {
        let mut schema = json!({ "description": member.sentence });
        match member.holds {
            Holds::Text => schema["type"] = json!("string"),
            Holds::Number => {
                schema["type"] = json!("integer");
                schema["minimum"] = json!(0);
            }
        }
        members.insert(member.name.to_owned(), schema);
    }
    let mut schema = object(&members);
    schema["required"] = json!([function::NAME.name]);
    schema
}

/// Returns the schema of one budget.
fn budget() -> Json {
    let number = json!({ "type": ["number", "string"], "minimum": 0 });
    let level = json!({ "type": "string", "enum": Level::ALL.map(Level::as_str) });
    let mut members = Map::new();
    for (name, sentence) in SELECTORS {
        members.insert(name.to_owned(), json!({ "type": "string", "description": sentence }));
    }
    let mut own = Map::new();
    own.insert(super::budget::LIMIT.to_owned(), number.clone());
    own.insert(LEVEL.to_owned(), level.clone());
    let mut leveled = object(&own);
    leveled["required"] = json!([super::budget::LIMIT]);
    for measure in Measure::ALL {
        let schema = json!({ "description": measure.sentence(), "anyOf": [number, leveled] });
        members.insert(measure.name().to_owned(), schema);
    }
    members.insert(LEVEL.to_owned(), level);
    object(&members)
}

/// Returns the schema of an entry that holds texts.
fn texts(key: &str) -> Json {
    let mut members = Map::new();
    for (name, sentence) in entries::members(key).into_iter().flatten() {
        members.insert((*name).to_owned(), json!({ "type": "string", "description": sentence }));
    }
    let mut schema = object(&members);
    let required = |(name, sentence): &entries::Member| sentence.ends_with(" Required.").then_some(*name);
    let required: Vec<&str> = entries::members(key)
        .into_iter()
        .flatten()
        .filter_map(required)
        .collect();
    schema["required"] = json!(required);
    schema
}

/// Returns the schema of one accepted finding.
fn suppression() -> Json {
    let mut members = Map::new();
    for key in suppress::KEYS {
        let mut schema = json!({ "type": "string", "description": key.sentence });
        if key.name == suppress::EXPIRES {
            schema["format"] = json!("date");
        }
        members.insert(key.name.to_owned(), schema);
    }
    let required: Vec<&str> = suppress::KEYS
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = object(&members);
    schema["required"] = json!(required);
    schema
}
