//! Reading accepted findings: each entry is checked by itself, so that an error names its line.

use pennyspan_analyzer::report::suppress::{self, Suppression};
use toml::Value;

use super::{ConfigError, layer};

/// The key that holds the list.
pub(super) const KEY: &str = "suppress";

/// Reads one entry.
pub(super) fn read(entry: &Value, place: &str) -> Result<Suppression, ConfigError> {
    let bad = |key: &str, problem: &str| ConfigError::BadValue {
        place: place.to_owned(),
        key: format!("{KEY}.{key}"),
        problem: problem.to_owned(),
    };
    let table = entry.as_table().ok_or_else(|| ConfigError::BadValue {
        place: place.to_owned(),
        key: KEY.to_owned(),
        problem: format!("holds {entry}, expected [[{KEY}]] tables"),
    })?;
    let names = || suppress::KEYS.iter().map(|key| key.name.to_owned());
    if let Some(key) = table.keys().find(|key| !names().any(|known| known == **key)) {
        return Err(ConfigError::UnknownKey {
            place: place.to_owned(),
            key: format!("{KEY}.{key}"),
            nearest: layer::nearest(key, names()),
        });
    }
    let text = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
        Some(Value::String(_)) => Err(bad(key, "is empty")),
        Some(other) => Err(bad(key, &format!("is {} {other}, expected text", other.type_str()))),
    };
    let expires = match table.get(suppress::EXPIRES) {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let date = |text: String| {
        let problem = format!("is {text}, expected a day such as 2027-01-31");
        text.parse().map_err(|_| bad(suppress::EXPIRES, &problem))
    };
    Ok(Suppression {
        rule: text("rule")?.ok_or_else(|| bad("rule", "is missing: name the rule that is accepted"))?,
        function: text("function")?,
        sub_resource: text("sub_resource")?,
        reason: text("reason")?.ok_or_else(|| bad("reason", "is missing: say why the finding is accepted"))?,
        expires: expires.map(date).transpose()?,
        owner: text("owner")?,
    })
}
