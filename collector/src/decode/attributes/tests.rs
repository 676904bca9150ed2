use std::borrow::Cow;

use proptest::prelude::*;

use super::{Attribute, Value, write_text};

fn json(value: &Value<'_>) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}

fn attribute(key: &str, value: Value<'static>) -> Attribute<'static> {
    Attribute {
        key: Cow::Owned(key.to_owned()),
        value,
    }
}

#[test]
fn types_stay_apart() {
    assert_eq!(json(&Value::Int(1)), "1");
    assert_eq!(json(&Value::Double(1.0)), "1.0");
    assert_eq!(json(&Value::Double(f64::NAN)), r#"{"double":"NaN"}"#);
    assert_eq!(json(&Value::Double(1e300)), "1e300");
    assert_eq!(json(&Value::Text("1".into())), r#""1""#);
    assert_eq!(json(&Value::Bytes(b"hi"[..].into())), r#"{"bytes":"aGk="}"#);
    let map = Value::Map(vec![attribute("bytes", Value::Text("aGk=".into()))]);
    assert_eq!(json(&map), r#"{"map":{"bytes":"aGk="}}"#);
}

/// Reads a value back from its JSON; maps and bytes by their marks, numbers by their spelling.
fn read(json: &serde_json::Value, text: &str) -> Value<'static> {
    match json {
        serde_json::Value::Null => Value::Empty,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::String(text) => Value::Text(text.clone().into()),
        serde_json::Value::Number(_) if text.contains(['.', 'e']) => Value::Double(text.parse().unwrap()),
        serde_json::Value::Number(_) => Value::Int(text.parse().unwrap()),
        serde_json::Value::Array(_) => {
            let items: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(text).unwrap();
            Value::List(items.iter().map(|item| read_text(item.get())).collect())
        }
        serde_json::Value::Object(_) => {
            let entries: Entries = serde_json::from_str(text).unwrap();
            match entries.0.as_slice() {
                [(key, value)] if key == "bytes" => Value::Bytes(base64_of(value.get()).into()),
                [(key, value)] if key == "double" => {
                    Value::Double(serde_json::from_str::<String>(value.get()).unwrap().parse().unwrap())
                }
                [(key, value)] if key == "map" => {
                    let entries: Entries = serde_json::from_str(value.get()).unwrap();
                    read_map(&entries)
                }
                _ => read_map(&entries),
            }
        }
    }
}

struct Entries(Vec<(String, Box<serde_json::value::RawValue>)>);

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Entries;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn read_map(entries: &Entries) -> Value<'static> {
    Value::Map(
        entries
            .0
            .iter()
            .map(|(key, value)| attribute(key, read_text(value.get())))
            .collect(),
    )
}

fn read_text(text: &str) -> Value<'static> {
    read(&serde_json::from_str(text).unwrap(), text)
}

fn base64_of(json: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(serde_json::from_str::<String>(json).unwrap())
        .unwrap()
}

fn values() -> impl Strategy<Value = Value<'static>> {
    let key = || {
        prop_oneof![
            Just("bytes".to_owned()),
            Just("map".to_owned()),
            Just("double".to_owned()),
            ".{0,4}"
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Empty),
        ".{0,8}".prop_map(|text| Value::Text(text.into())),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>()
            .prop_filter("NaN equals nothing", |value| !value.is_nan())
            .prop_map(Value::Double),
        Just(Value::Double(f64::INFINITY)),
        proptest::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(3, 20, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::vec((key(), inner), 0..4).prop_map(|entries| Value::Map(
                entries.into_iter().map(|(key, value)| attribute(&key, value)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_reads_back_as_itself(value in values()) {
        prop_assert_eq!(read_text(&json(&value)), value);
    }

    #[test]
    fn every_text_is_valid_json(text in "[\\x00-\\x{10ffff}]{0,20}") {
        let mut out = String::new();
        write_text(&mut out, &text);
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
