//! One layer of the configuration: its values, and where each stands.

use std::fmt;
use std::path::Path;

use toml::{Table, Value};

use pennyspan_analyzer::judge::Identity;
use pennyspan_analyzer::report::budget::Budget;
use pennyspan_analyzer::report::exercised::ExpectedAbsent;
use pennyspan_analyzer::report::suppress::Suppression;

use super::{ConfigError, DEFAULT, budget, entries, function, keys, suppress};
use crate::places::Stated;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The embedded defaults.
    Default,
    /// A file.
    File {
        /// The file, as it was named.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// The variable.
        variable: String,
    },
    /// A flag.
    Flag {
        /// The flag, with its dashes.
        flag: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Environment { variable } => write!(f, "environment {variable}"),
            Self::Flag { flag } => write!(f, "flag {flag}"),
        }
    }
}

/// Tables whose keys are names of the user's own.
pub(super) const OPEN: &[&str] = &["payers", "workspace_retention"];
/// Keys that hold tables, which only a file can.
pub(super) const LISTS: &[&str] = &[
    suppress::KEY,
    function::KEY,
    budget::KEY,
    entries::IDENTITY,
    entries::ABSENT,
    entries::SOURCE,
];

/// One layer.
#[derive(Clone, Debug)]
pub struct Layer {
    values: Table,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Defaults,
    File { file: String, text: String },
    Environment,
    Flags(Vec<(String, String)>),
}

impl Layer {
    /// Returns the embedded defaults.
    pub(super) fn of_defaults() -> Self {
        let values = DEFAULT
            .parse()
            .expect("the embedded defaults are TOML, as a test asserts");
        Self {
            values,
            place: Place::Defaults,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] and [`ConfigError::NotToml`].
    pub fn of_file(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            file: file.clone(),
            source,
        })?;
        Self::of_text(&file, text)
    }

    /// Reads the text of a file.
    pub(super) fn of_text(file: &str, text: String) -> Result<Self, ConfigError> {
        let values = text.parse().map_err(|error: toml::de::Error| ConfigError::NotToml {
            file: file.to_owned(),
            problem: error.to_string().trim().replace('\n', " "),
        })?;
        Ok(Self {
            values,
            place: Place::File {
                file: file.to_owned(),
                text,
            },
        })
    }

    /// Reads the variables that start with `PENNYSPAN_`: the rest of the name is the key's path.
    ///
    /// # Errors
    /// [`ConfigError::UnknownKey`] names a variable that stands for no key.
    pub fn of_environment(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let defaults = Self::of_defaults();
        let mut values = Table::new();
        for (variable, text) in variables {
            let Some(name) = variable.strip_prefix("PENNYSPAN_") else {
                continue;
            };
            let is_fault = cfg!(feature = "fault-points") && name == "FAULT";
            if is_fault || matches!(name, "SAMPLES" | "CONFIG") {
                continue;
            }
            let known: Vec<String> = leaves_of(&Value::Table(defaults.values.clone()))
                .map(|(path, _)| path)
                .filter(|path| !LISTS.contains(&path.as_str()))
                .collect();
            let Some(path) = known.iter().find(|path| variable_of(path) == variable) else {
                let nearest = nearest(&variable, known.iter().map(|path| variable_of(path)));
                return Err(ConfigError::UnknownKey {
                    place: "environment".to_owned(),
                    key: variable,
                    nearest,
                });
            };
            let old = get(&defaults.values, path).expect("the path was listed from these values");
            set(&mut values, path, typed(&text, old)).expect("leaves of one tree do not contain each other");
        }
        Ok(Self {
            values,
            place: Place::Environment,
        })
    }

    /// Takes what flags say: key path, flag, text.
    pub fn of_flags(flags: impl IntoIterator<Item = (&'static str, String, String)>) -> Self {
        let defaults = Self::of_defaults();
        let mut values = Table::new();
        let mut names = Vec::new();
        for (path, flag, text) in flags {
            let old = get(&defaults.values, path).expect("flags name leaves of the defaults, as a test asserts");
            set(&mut values, path, typed(&text, old)).expect("leaves of one tree do not contain each other");
            names.push((path.to_owned(), flag));
        }
        Self {
            values,
            place: Place::Flags(names),
        }
    }

    pub(super) fn values(&self) -> &Table {
        &self.values
    }

    /// Reads the accepted findings of a file.
    pub(super) fn suppressions(&self) -> Result<Vec<Suppression>, ConfigError> {
        self.entries(suppress::KEY)
            .map(|(entry, place)| suppress::read(entry, &place))
            .collect()
    }

    /// Reads the budgets of a file.
    pub(super) fn budgets(&self) -> Result<Vec<Budget>, ConfigError> {
        let entries = self.values.get(budget::KEY).and_then(Value::as_array);
        let read = |(number, value): (usize, &Value)| {
            let place = |key: Option<&str>| match &self.place {
                Place::File { file, text } => format!("{file}:{}", member_line(text, budget::KEY, number, key)),
                Place::Defaults | Place::Environment | Place::Flags(_) => budget::KEY.to_owned(),
            };
            budget::Entry { value, place: &place }.read()
        };
        let read = entries.into_iter().flatten().enumerate().map(read);
        Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Returns the first key at the top that is not the one that a file of one list may hold.
    pub(super) fn other_than(&self, key: &str) -> Option<String> {
        self.values.keys().find(|name| *name != key).cloned()
    }

    /// Reads the identities of a file.
    pub(super) fn identities(&self) -> Result<Vec<Identity>, ConfigError> {
        self.entries(entries::IDENTITY)
            .map(|(entry, place)| entries::identity(entry, &place))
            .collect()
    }

    /// Reads what a file says is expected to be absent.
    pub(super) fn expected_absent(&self) -> Result<Vec<ExpectedAbsent>, ConfigError> {
        self.entries(entries::ABSENT)
            .map(|(entry, place)| entries::absent(entry, &place))
            .collect()
    }

    /// Reads what a file says of where functions are defined.
    pub(super) fn sources(&self) -> Result<Vec<Stated>, ConfigError> {
        self.entries(entries::SOURCE)
            .map(|(entry, place)| entries::source(entry, &place))
            .collect()
    }

    /// Checks the settings of functions in a file.
    pub(super) fn check_functions(&self) -> Result<(), ConfigError> {
        self.entries(function::KEY)
            .try_for_each(|(entry, place)| function::check(entry, &place))
    }

    /// Returns the tables that a key holds, and where each begins.
    fn entries(&self, key: &'static str) -> impl Iterator<Item = (&Value, String)> {
        let entries = self.values.get(key).and_then(Value::as_array);
        let place = move |number: usize| match &self.place {
            Place::File { file, text } => format!("{file}:{}", entry_line(text, key, number)),
            Place::Defaults | Place::Environment | Place::Flags(_) => key.to_owned(),
        };
        let entries = entries.into_iter().flatten().enumerate();
        entries.map(move |(number, entry)| (entry, place(number)))
    }

    /// Returns each leaf's path, value and origin.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (String, Value, Origin)> + '_ {
        leaves_of(&Value::Table(self.values.clone()))
            .map(|(path, value)| {
                let origin = self.origin(&path);
                (path, value, origin)
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Checks that every key is one of the defaults'.
    pub(super) fn check_against(&self, defaults: &Self) -> Result<(), ConfigError> {
        let known: Vec<String> = leaves_of(&Value::Table(defaults.values.clone()))
            .map(|(path, _)| path)
            .collect();
        for (path, value, origin) in self.leaves() {
            let open = OPEN.iter().any(|open| path.starts_with(&format!("{open}.")));
            if open || known.contains(&path) {
                check_type(&path, &value, defaults, &origin)?;
                continue;
            }
            let nearest = nearest(&path, known.iter().cloned());
            return Err(ConfigError::UnknownKey {
                place: origin.to_string(),
                key: path,
                nearest,
            });
        }
        Ok(())
    }

    /// Returns where a key at the top stands: its table's header, or its own line.
    pub(super) fn place_of(&self, key: &str) -> String {
        let Place::File { file, text } = &self.place else {
            return key.to_owned();
        };
        let header = |line: &str| line.trim().trim_start_matches('[').trim_start().starts_with(key);
        let line = text.lines().position(header).unwrap_or(0) + 1;
        format!("{file}:{line}")
    }

    fn origin(&self, path: &str) -> Origin {
        match &self.place {
            Place::Defaults => Origin::Default,
            Place::File { file, text } => Origin::File {
                file: file.clone(),
                line: line_of(text, path),
            },
            Place::Environment => Origin::Environment {
                variable: variable_of(path),
            },
            Place::Flags(names) => {
                let flag = names
                    .iter()
                    .find(|(of, _)| of == path)
                    .map(|(_, flag)| flag.clone())
                    .unwrap_or_default();
                Origin::Flag { flag }
            }
        }
    }
}

/// Checks that a value has the type of its default.
fn check_type(path: &str, value: &Value, defaults: &Layer, origin: &Origin) -> Result<(), ConfigError> {
    let Some(default) = get(&defaults.values, path) else {
        return Ok(());
    };
    if default.type_str() == value.type_str() {
        return check_word(path, value, origin);
    }
    Err(ConfigError::BadValue {
        place: origin.to_string(),
        key: path.to_owned(),
        problem: format!(
            "is {} {value}, expected {} such as {default}",
            value.type_str(),
            default.type_str()
        ),
    })
}

/// Checks that a value is one of the words that its key knows.
fn check_word(path: &str, value: &Value, origin: &Origin) -> Result<(), ConfigError> {
    let known = keys::all().into_iter().find(|key| key.path == path);
    let words = known.map(|key| key.one_of).unwrap_or_default();
    match value.as_str() {
        Some(word) if !words.is_empty() && !words.iter().any(|known| known == word) => Err(ConfigError::BadValue {
            place: origin.to_string(),
            key: path.to_owned(),
            problem: format!("is \"{word}\", expected one of {}", words.join(", ")),
        }),
        _ => Ok(()),
    }
}

/// Returns the variable that stands for a key.
pub(super) fn variable_of(path: &str) -> String {
    format!("PENNYSPAN_{}", path.to_uppercase().replace('.', "_"))
}

/// Reads a variable's text as the type that the default has.
fn typed(text: &str, like: &Value) -> Value {
    let as_written = || {
        text.parse::<Value>()
            .or_else(|_| format!("v = {text}").parse::<Table>().map(|t| t["v"].clone()))
    };
    match like {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(_) => Value::Array(
            text.split(',')
                .filter(|s| !s.is_empty())
                .map(|s| Value::String(s.to_owned()))
                .collect(),
        ),
        _ => as_written().unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}

/// Returns the leaves below a value, by rising path; an empty table is none.
pub(super) fn leaves_of(value: &Value) -> impl Iterator<Item = (String, Value)> + use<> {
    fn walk(prefix: &str, value: &Value, leaves: &mut Vec<(String, Value)>) {
        match value {
            Value::Table(table) => {
                for (key, value) in table {
                    let path = if prefix.is_empty() {
                        key.clone()
                    } else {
                        format!("{prefix}.{key}")
                    };
                    walk(&path, value, leaves);
                }
            }
            leaf => leaves.push((prefix.to_owned(), leaf.clone())),
        }
    }
    let mut leaves = Vec::new();
    walk("", value, &mut leaves);
    leaves.into_iter()
}

pub(super) fn get<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((head, rest)) => get(table.get(head)?.as_table()?, rest),
    }
}

/// Sets the leaf at `path`, making the tables above it.
pub(super) fn set(table: &mut Table, path: &str, value: Value) -> Result<(), String> {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
            Ok(())
        }
        Some((head, rest)) => match table
            .entry(head.to_owned())
            .or_insert_with(|| Value::Table(Table::new()))
        {
            Value::Table(below) => set(below, rest, value),
            _ => Err(format!("stands below `{head}`, which is no table")),
        },
    }
}

/// Returns the line, from 1, on which a key's table begins; of tables that are written otherwise, the key's.
fn entry_line(text: &str, key: &str, number: usize) -> usize {
    let header = format!("[[{key}]]");
    let lines = text.lines().enumerate();
    let mut entries = lines.clone().filter(|(_, line)| line.trim().starts_with(&header));
    let inline = || lines.clone().find(|(_, line)| line.trim().starts_with(key));
    entries.nth(number).or_else(inline).map_or(1, |(index, _)| index + 1)
}

/// Returns the line, from 1, on which a key of a table of a list stands; the table's where the key is not found in it.
fn member_line(text: &str, list: &str, number: usize, key: Option<&str>) -> usize {
    let begins = entry_line(text, list, number);
    let is_key = |line: &str| {
        let name = line.split_once('=').map(|(name, _)| name.trim().trim_matches('"'));
        name.is_some() && name == key
    };
    let own = text
        .lines()
        .enumerate()
        .skip(begins)
        .take_while(|(_, line)| !line.trim_start().starts_with("[["));
    let mut own = own.filter(|(_, line)| is_key(line));
    own.next().map_or(begins, |(index, _)| index + 1)
}

/// Returns the line, from 1, on which a key of the text stands.
fn line_of(text: &str, path: &str) -> usize {
    let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut current = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            current = header.trim_matches(['[', ']', ' ']).replace('"', "");
        } else if let Some((name, _)) = line.split_once('=') {
            let name = name.trim().trim_matches('"');
            if (current == table && name == key) || (current.is_empty() && name == path) {
                return index + 1;
            }
        }
    }
    1
}

/// Returns the known key with the fewest differing letters, if it is near at all.
pub(super) fn nearest(key: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|other| (distance(key, &other), other))
        .min()
        .filter(|(distance, _)| *distance <= key.len() / 3 + 1)
        .map(|(_, other)| other)
}

/// Returns the Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut above_left = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let substituted = above_left + usize::from(x != y);
            above_left = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.chars().count()]
}
