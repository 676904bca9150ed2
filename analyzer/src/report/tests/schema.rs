//! The published schema and the report agree.

use super::*;

/// Returns what a value breaks of a schema that uses `type`, `properties`, `required`, `additionalProperties`, `items`,
/// `enum` and `$ref` to its own definitions.
fn broken(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
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

#[tokio::test]
async fn reports_follow_the_published_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut sampled = ten();
    sampled.attempt(&pennyspan_schema::tables::invocations::Row {
        architecture: None,
        instance_id: None,
        cold_start_reported: None,
        sample_weight_milli: 4_000,
        ..attempt("z", 1)
    });
    sampled.attempt(&pennyspan_schema::tables::invocations::Row {
        region: None,
        ..attempt("y", 2)
    });
    for world in [ten(), sampled, World::default()] {
        let report = report_of(&world, Span::Whole, &asked(), judgement()).await;
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(broken(&schema, &schema, &value, "report"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_schema_refuses_what_is_no_report() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let report = serde_json::to_value(report_of(&ten(), Span::Whole, &asked(), judgement()).await).unwrap();
    for (path, wrong) in [
        ("/totals/cost_usd", json!(0.5)),
        ("/totals/attempts", json!("10")),
        ("/functions/0/duration_ms/p50", json!("1")),
        ("/findings/0/severity", json!("fatal")),
        ("/gate/exit_code", json!(null)),
    ] {
        let mut changed = report.clone();
        *changed.pointer_mut(path).unwrap() = wrong;
        assert_eq!(broken(&schema, &schema, &changed, "report").len(), 1, "{path}");
    }
    let mut added = report.clone();
    added["totals"]["surprise"] = json!(1);
    assert_eq!(
        broken(&schema, &schema, &added, "report"),
        ["report.totals: `surprise` is not in the schema"]
    );
}
