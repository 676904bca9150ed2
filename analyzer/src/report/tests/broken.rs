//! Checks a value against a JSON schema. The tests of the program include this file as well.

use serde_json::Value;

/// Returns what a value breaks of a schema that uses `type`, `properties`, `required`, `additionalProperties`, `items`,
/// `enum`, `anyOf`, `oneOf`, `minimum`, `minItems`, `uniqueItems` and `$ref` to its own definitions. A member that the schema does
/// not name is a fault unless it says that others are allowed.
/// `pattern` and `format` are not checked.
pub(crate) fn broken(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = root
            .pointer(name.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{name} is not defined"));
        return broken(definition, root, value, at);
    }
    if schema.as_object().is_some_and(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    // A bag of members that only says what they are.
    let none = schema
        .get("additionalProperties")
        .map_or(Value::Null, |_| serde_json::json!({}));
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let says_more = ["enum", "anyOf", "oneOf", "properties"]
        .iter()
        .any(|key| schema.get(key).is_some());
    assert!(!allowed.is_empty() || says_more, "{at} has no type in the schema");
    if !allowed.is_empty() && !allowed.iter().any(|name| is(value, name)) {
        return vec![format!("{at}: {value} is none of {allowed:?}")];
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        faults.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    for (key, least) in [("anyOf", 1..usize::MAX), ("oneOf", 1..2)] {
        if let Some(choices) = schema[key].as_array() {
            let holds = |choice: &&Value| {
                let mut required = choice["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str);
                let bare = choice
                    .as_object()
                    .is_some_and(|keys| keys.keys().all(|key| key == "required"));
                required.all(|name| value.get(name).is_some()) && (bare || broken(choice, root, value, at).is_empty())
            };
            let count = choices.iter().filter(holds).count();
            if !least.contains(&count) {
                faults.push(format!("{at}: {count} of {key} hold"));
            }
        }
    }
    if let (Some(number), Some(least)) = (value.as_f64(), schema["minimum"].as_f64())
        && number < least
    {
        faults.push(format!("{at}: {number} is less than {least}"));
    }
    if let Some(members) = value.as_array() {
        let unique = members
            .iter()
            .map(Value::to_string)
            .collect::<std::collections::BTreeSet<_>>();
        if schema["uniqueItems"] == true && unique.len() < members.len() {
            faults.push(format!("{at}: members are equal"));
        }
        if schema["minItems"]
            .as_u64()
            .is_some_and(|least| (members.len() as u64) < least)
        {
            faults.push(format!("{at}: too few members"));
        }
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object().or(none.as_object()))
    {
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
            let others = &schema["additionalProperties"];
            match properties.get(name) {
                Some(known) => faults.extend(broken(known, root, member, &format!("{at}.{name}"))),
                None if others == true => {}
                None if others.is_object() => faults.extend(broken(others, root, member, &format!("{at}.{name}"))),
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
