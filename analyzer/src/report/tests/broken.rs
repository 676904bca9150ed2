//! Checks a value against a JSON schema. The tests of the program include this file as well.

use serde_json::Value;

/// Returns what a value breaks of a schema that uses `type`, `properties`, `required`, `additionalProperties`, `items`,
/// `enum` and `$ref` to its own definitions.
pub(crate) fn broken(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = root
            .pointer(name.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{name} is not defined"));
        return broken(definition, root, value, at);
    }
    let mut faults = Vec::new();
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{at} has no type in the schema"),
    };
    if !allowed.iter().any(|name| is(value, name)) {
        return vec![format!("{at}: {value} is none of {allowed:?}")];
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        faults.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !object.contains_key(name) {
                faults.push(format!("{at}: `{name}` is missing"));
            }
        }
        for (name, member) in object {
            match properties.get(name) {
                Some(known) => faults.extend(broken(known, root, member, &format!("{at}.{name}"))),
                None => faults.push(format!("{at}: `{name}` is not in the schema")),
            }
        }
    }
    for member in value.as_array().into_iter().flatten() {
        faults.extend(broken(&schema["items"], root, member, &format!("{at}[]")));
    }
    faults
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("`{other}` is no type"),
    }
}
