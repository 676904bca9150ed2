//! Settings of functions that no telemetry tells: `[[function]]`, each checked by itself, so that an error names its line.

use pennyspan_collector::decode::{self, Origin, Settings};
use pennyspan_collector::request::Door;
use pennyspan_schema::Rows;
use serde_json::{Map, Value as Json, json};
use toml::{Table, Value};

use super::{ConfigError, layer};

/// The key that holds the list.
pub(super) const KEY: &str = "function";
/// Since when such a setting holds: the earliest time there is, so that it gives way to whatever was observed.
const ALWAYS: &str = "2014-01-01T00:00:00Z";
/// Where it was read, as rows say it.
const SOURCE: &str = "pennyspan.toml";

/// What a member of an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A name.
    Text,
    /// A whole number of something.
    Number,
}

/// One member of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Its name; of a setting, the key that rows have.
    pub(super) name: &'static str,
    pub(super) holds: Holds,
    /// What it means, with its unit.
    pub(super) sentence: &'static str,
}

const fn text(name: &'static str, sentence: &'static str) -> Member {
    let holds = Holds::Text;
    Member { name, holds, sentence }
}

const fn number(name: &'static str, sentence: &'static str) -> Member {
    let holds = Holds::Number;
    Member { name, holds, sentence }
}

/// The member without which an entry says nothing.
pub(super) const NAME: Member = text("function", "Its name, or its ARN. Required.");
/// What tells which function is meant.
pub(super) const OF: &[Member] = &[
    NAME,
    text(
        "provider",
        "`aws`, `gcp`, `azure` or `cloudflare`. Required unless `function` is an ARN.",
    ),
    text("account", "The account, project or subscription; any without it."),
    text("region", "The region; any without it."),
];
/// What may be set.
pub(super) const SETTINGS: &[Member] = &[
    number("timeout_ms", "Milliseconds after which the platform cuts a run."),
    number("memory_size_mib", "Memory in MiB."),
    number("ephemeral_storage_mib", "Disk in MiB."),
    number("cpu_milli", "Processors in thousandths."),
    number("cpu_limit_ms", "Milliseconds of processor time that a run may take."),
    text("architecture", "`x86_64` or `arm64`."),
    text("runtime", "The language runtime."),
    text("package_type", "`Zip` or `Image`."),
    text("billing_mode", "How the platform bills it."),
    text("execution_environment", "The generation of the platform."),
    number(
        "reserved_concurrency",
        "Runs at one time that are kept for it, and that it may have.",
    ),
    number("provisioned_concurrency", "Environments that are kept ready."),
    number("concurrency_per_instance", "Requests at one time in one instance."),
    number("min_instances", "Instances that are kept ready."),
    number("max_instances", "Instances that there may be."),
    number("batch_size", "Messages that one run is handed at most."),
    number("batch_window_ms", "Milliseconds for which messages are gathered."),
    number("max_retry_count", "Attempts after the first."),
    number("max_event_age_ms", "Milliseconds after which an event is given up."),
    text("dead_letter", "Where events go that are given up."),
    text("schedule", "When it is run."),
];

/// Checks one entry.
pub(super) fn check(entry: &Value, place: &str) -> Result<(), ConfigError> {
    let bad = |key: &str, problem: String| ConfigError::BadValue {
        place: place.to_owned(),
        key: format!("{KEY}{}{key}", if key.is_empty() { "" } else { "." }),
        problem,
    };
    let table = entry
        .as_table()
        .ok_or_else(|| bad("", format!("holds {entry}, expected [[{KEY}]] tables")))?;
    for (key, value) in table {
        let members = || OF.iter().chain(SETTINGS);
        let Some(member) = members().find(|member| member.name == key) else {
            return Err(ConfigError::UnknownKey {
                place: place.to_owned(),
                key: format!("{KEY}.{key}"),
                nearest: layer::nearest(key, members().map(|member| member.name.to_owned()))
                    .map(|name| format!("{KEY}.{name}")),
            });
        };
        let (fits, expected) = match (member.holds, value) {
            (Holds::Text, Value::String(text)) => (!text.trim().is_empty(), "text"),
            (Holds::Text, _) => (false, "text"),
            (Holds::Number, value) => (value.as_integer() >= Some(0), "a whole number"),
        };
        if !fits {
            return Err(bad(
                key,
                format!("is {} {value}, expected {expected}", value.type_str()),
            ));
        }
    }
    let function = table
        .get(NAME.name)
        .and_then(Value::as_str)
        .ok_or_else(|| bad(NAME.name, "is missing: name the function".to_owned()))?;
    if !table.contains_key("provider") && !function.starts_with("arn:") {
        return Err(bad("provider", "is missing: name it, such as `aws`".to_owned()));
    }
    if !SETTINGS.iter().any(|member| table.contains_key(member.name)) {
        return Err(bad("", "sets nothing".to_owned()));
    }
    Ok(())
}

/// Returns what the entries say as rows, as if they had been sent as statements about settings.
///
/// # Errors
/// A sentence about the first entry that says nothing.
pub fn rows(entries: &[Table]) -> Result<Rows, String> {
    let lines: Vec<String> = entries
        .iter()
        .flat_map(statements)
        .map(|line| line.to_string())
        .collect();
    if lines.is_empty() {
        return Ok(Rows::default());
    }
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let decoded = decode::configuration::configurations(lines.join("\n").as_bytes(), &origin, &Settings::default());
    let decoded = decoded.map_err(|error| error.to_string())?;
    match decoded.rejections.first().first() {
        Some(rejection) => Err(rejection.to_string()),
        None => Ok(decoded.rows),
    }
}

/// Returns an entry as statements about settings, one for each.
fn statements(entry: &Table) -> impl Iterator<Item = Json> {
    let json = |member: &Member| match entry.get(member.name)? {
        Value::Integer(number) => Some(json!(number)),
        value => value.as_str().map(|text| json!(text)),
    };
    let of: Map<String, Json> = OF
        .iter()
        .filter_map(|member| Some((member.name.to_owned(), json(member)?)))
        .collect();
    SETTINGS.iter().filter_map(move |member| {
        let mut statement = of.clone();
        statement.insert("key".to_owned(), json!(member.name));
        statement.insert("value".to_owned(), json(member)?);
        statement.insert("observed_time".to_owned(), json!(ALWAYS));
        statement.insert("source".to_owned(), json!(SOURCE));
        Some(Json::Object(statement))
    })
}

#[cfg(test)]
mod tests {
    use super::super::InForce;
    use super::super::layer::Layer;
    use super::rows;
    use pennyspan_schema::Table;
    use pennyspan_schema::tables::configurations::Reader;

    fn in_force(text: &str) -> Result<InForce, String> {
        let layer = Layer::of_text("pennyspan.toml", text.to_owned()).unwrap();
        InForce::of([layer]).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_of_functions_are_statements_that_hold_at_all_times() {
        let text = "[[function]]\nprovider = \"gcp\"\nfunction = \"orders\"\nregion = \"europe-west1\"\n\
                    memory_size_mib = 512\nbilling_mode = \"request\"\n\
                    [[function]]\nfunction = \"arn:aws:lambda:eu-west-1:123456789012:function:pay\"\ntimeout_ms = 3000\n";
        let stated = rows(&in_force(text).unwrap().config.function).unwrap();
        let (_, batch) = stated
            .iter()
            .find(|(table, _)| *table == Table::Configurations)
            .unwrap();
        let reader = Reader::new(batch).unwrap();
        let said: Vec<_> = reader
            .rows()
            .map(|row| (row.provider, row.region, row.function, row.key, row.value, row.source))
            .collect();
        let (gcp, aws) = (Some("europe-west1"), Some("eu-west-1"));
        assert_eq!(
            said,
            [
                (
                    "gcp",
                    gcp,
                    Some("orders"),
                    "memory_size_mib",
                    Some("512"),
                    "pennyspan.toml"
                ),
                (
                    "gcp",
                    gcp,
                    Some("orders"),
                    "billing_mode",
                    Some("request"),
                    "pennyspan.toml"
                ),
                ("aws", aws, Some("pay"), "timeout_ms", Some("3000"), "pennyspan.toml"),
            ]
        );
        assert!(
            reader
                .rows()
                .all(|row| row.observed_unix_nano == 1_388_534_400_000_000_000)
        );
        assert!(rows(&[]).unwrap().is_empty());
    }

    #[test]
    fn an_entry_that_says_nothing_is_refused_where_it_stands() {
        let head = "[[function]]\nprovider = \"aws\"\n";
        for (text, problem) in [
            (
                "timeout_ms = 1",
                "pennyspan.toml:1: `function.function` is missing: name the function",
            ),
            ("function = \"f\"", "pennyspan.toml:1: `function` sets nothing"),
            (
                "function = \"f\"\ntimeout = 3",
                "pennyspan.toml:1: unknown key `function.timeout`; did you mean `function.timeout_ms`?",
            ),
            (
                "function = \"f\"\ntimeout_ms = \"3 s\"",
                "pennyspan.toml:1: `function.timeout_ms` is string \"3 s\", expected a whole number",
            ),
            (
                "function = \"f\"\ntimeout_ms = -1",
                "pennyspan.toml:1: `function.timeout_ms` is integer -1, expected a whole number",
            ),
        ] {
            assert_eq!(in_force(&format!("{head}{text}")).unwrap_err(), problem);
        }
        let text = "[[function]]\nfunction = \"f\"\ntimeout_ms = 1";
        assert_eq!(
            in_force(text).unwrap_err(),
            "pennyspan.toml:1: `function.provider` is missing: name it, such as `aws`"
        );
    }
}
