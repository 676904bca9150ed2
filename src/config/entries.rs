//! Reading `[[identity]]`, `[[expected-absent]]` and `[[source]]`: each entry is checked by itself, so that an error names its line.

use pennyspan_analyzer::judge::identity::{Glob, Identity};
use pennyspan_analyzer::report::Place;
use pennyspan_analyzer::report::exercised::ExpectedAbsent;
use toml::Value;

use super::{ConfigError, layer};
use crate::places::Stated;

/// The key that holds the identities.
pub(super) const IDENTITY: &str = "identity";
/// The key that holds what is expected to be absent.
pub(super) const ABSENT: &str = "expected-absent";

/// The key that holds where functions are defined.
pub(super) const SOURCE: &str = "source";

/// One member of an entry, a text: its name and what it means.
pub(super) type Member = (&'static str, &'static str);

/// The members of an identity.
pub(super) const OF_IDENTITY: &[Member] = &[
    (
        "function",
        "Glob over functions. Required unless `sub_resource` is there.",
    ),
    (
        "sub_resource",
        "Glob over queues, dependencies and routes, instead of `function`.",
    ),
    ("provider", "Glob over providers; any without it."),
    (
        "account",
        "Glob over accounts; any without it. With it a finding is the same in whichever account it is.",
    ),
    ("region", "Glob over regions; any without it."),
    (
        "logical",
        "The logical name, in which `$1` is what the first `*` stands for. Required.",
    ),
    ("logical_provider", "The logical provider; the real one without it."),
    ("logical_region", "The logical region; the real one without it."),
];

/// The members of what is expected to be absent.
pub(super) const OF_ABSENT: &[Member] = &[
    ("function", "Glob over logical functions. Required."),
    ("route", "Glob over its routes, where only they are meant."),
    ("trigger", "Glob over its triggers, where only they are meant."),
    ("reason", "Why it is absent. Required."),
];

/// The members of where functions are defined.
pub(super) const OF_SOURCE: &[Member] = &[
    ("function", "Glob over functions. Required."),
    (
        "path",
        "The file, relative to the repository's root, with a colon and the line where it is not the first. Required.",
    ),
];

/// Returns the members of a key's entries; none of a key that is not read here.
pub(super) fn members(key: &str) -> Option<&'static [Member]> {
    match key {
        IDENTITY => Some(OF_IDENTITY),
        ABSENT => Some(OF_ABSENT),
        SOURCE => Some(OF_SOURCE),
        _ => None,
    }
}

/// Reads one identity.
pub(super) fn identity(entry: &Value, place: &str) -> Result<Identity, ConfigError> {
    let entry = Entry::of(entry, IDENTITY, place)?;
    let names = match (entry.text("function")?, entry.text("sub_resource")?) {
        (Some(glob), None) => Glob::Function(glob),
        (None, Some(glob)) => Glob::SubResource(glob),
        (None, None) => return Err(entry.bad("function", "is missing: name the functions that stand for one")),
        (Some(_), Some(_)) => {
            return Err(entry.bad("sub_resource", "stands beside `function`: write an entry for each"));
        }
    };
    let of_function = matches!(names, Glob::Function(_));
    for key in ["logical_provider", "logical_region"] {
        if !of_function && entry.text(key)?.is_some() {
            return Err(entry.bad(key, "belongs to an entry with `function`"));
        }
    }
    Ok(Identity {
        names,
        provider: entry.text("provider")?,
        account: entry.text("account")?,
        region: entry.text("region")?,
        logical: entry.required("logical", "say which name they stand for")?,
        logical_provider: entry.text("logical_provider")?,
        logical_region: entry.text("logical_region")?,
    })
}

/// Reads one thing that is expected to be absent.
pub(super) fn absent(entry: &Value, place: &str) -> Result<ExpectedAbsent, ConfigError> {
    let entry = Entry::of(entry, ABSENT, place)?;
    entry.required("reason", "say why it is absent")?;
    Ok(ExpectedAbsent {
        function: entry.required("function", "name the functions that are meant")?,
        route: entry.text("route")?,
        trigger: entry.text("trigger")?,
    })
}

/// Reads where one function is defined.
pub(super) fn source(entry: &Value, place: &str) -> Result<Stated, ConfigError> {
    let entry = Entry::of(entry, SOURCE, place)?;
    let said = entry.required("path", "say where the functions are")?;
    let (path, line) = match said.rsplit_once(':') {
        Some((path, line)) => (path.to_owned(), line.parse().ok().filter(|line| *line > 0)),
        None => (said.clone(), Some(1)),
    };
    let line = line.ok_or_else(|| entry.bad("path", &format!("holds `{said}`: expected a file, or FILE:LINE")))?;
    Ok(Stated {
        function: entry.required("function", "name the functions that are meant")?,
        place: Place { path, line },
    })
}

struct Entry<'a> {
    table: &'a toml::Table,
    key: &'static str,
    place: &'a str,
}

impl<'a> Entry<'a> {
    fn of(entry: &'a Value, key: &'static str, place: &'a str) -> Result<Self, ConfigError> {
        let table = entry.as_table().ok_or_else(|| ConfigError::BadValue {
            place: place.to_owned(),
            key: key.to_owned(),
            problem: format!("holds {entry}, expected [[{key}]] tables"),
        })?;
        let names = || members(key).into_iter().flatten().map(|(name, _)| (*name).to_owned());
        match table.keys().find(|key| !names().any(|known| known == **key)) {
            Some(unknown) => Err(ConfigError::UnknownKey {
                place: place.to_owned(),
                key: format!("{key}.{unknown}"),
                nearest: layer::nearest(unknown, names()),
            }),
            None => Ok(Self { table, key, place }),
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(Value::String(_)) => Err(self.bad(key, "is empty")),
            Some(other) => Err(self.bad(key, &format!("is {} {other}, expected text", other.type_str()))),
        }
    }

    fn required(&self, key: &str, remedy: &str) -> Result<String, ConfigError> {
        self.text(key)?
            .ok_or_else(|| self.bad(key, &format!("is missing: {remedy}")))
    }

    fn bad(&self, key: &str, problem: &str) -> ConfigError {
        ConfigError::BadValue {
            place: self.place.to_owned(),
            key: format!("{}.{key}", self.key),
            problem: problem.to_owned(),
        }
    }
}
