//! The keys of the configuration, as `default.toml` declares them: schema, page, help and checks are made from this list.

use toml::Value;

use super::DEFAULT;
use super::layer::{self, LISTS, Layer, OPEN};

/// What begins the comment line that names a key's unit.
const UNIT: &str = "Unit: ";
/// What begins the comment line that lists the words that a key knows.
const ONE_OF: &str = "One of: ";

/// One key.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its path, such as `report.fail_on`; of a table whose keys are names of the user's own, the table.
    pub path: String,
    /// Its default.
    pub default: Value,
    /// What it means.
    pub sentence: String,
    /// What a number measures.
    pub unit: Option<String>,
    /// The words that it knows; none where any text will do.
    pub one_of: Vec<String>,
    /// Lines that show how it is written.
    pub example: Vec<String>,
}

impl Key {
    /// Returns whether its own keys are names of the user's own.
    #[must_use]
    pub fn is_open(&self) -> bool {
        OPEN.contains(&self.path.as_str())
    }

    /// Returns whether it holds tables.
    #[must_use]
    pub fn is_list(&self) -> bool {
        LISTS.contains(&self.path.as_str())
    }

    /// Returns the environment variable that stands for it, where one can.
    #[must_use]
    pub fn variable(&self) -> Option<String> {
        let text = !self.is_open() && !self.is_list();
        text.then(|| layer::variable_of(&self.path))
    }
}

/// Returns every key, in the order of the file.
///
/// # Panics
/// Never: the file is embedded, and tests read all of it.
#[must_use]
pub fn all() -> Vec<Key> {
    let defaults = Layer::of_defaults();
    let mut keys = Vec::new();
    let (mut table, mut comment) = (String::new(), Vec::new());
    for line in DEFAULT.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
            continue;
        }
        let path = match (line.strip_prefix('['), line.split_once(" = ")) {
            (Some(header), _) => {
                header.trim_matches(['[', ']']).clone_into(&mut table);
                Some(table.clone()).filter(|table| OPEN.contains(&table.as_str()))
            }
            (None, Some((name, _))) if table.is_empty() => Some(name.to_owned()),
            (None, Some((name, _))) => Some(format!("{table}.{name}")),
            (None, None) => None,
        };
        if let Some(default) = path.as_ref().and_then(|path| layer::get(defaults.values(), path)) {
            keys.push(key(path.unwrap_or_default(), default.clone(), &comment));
        }
        comment.clear();
    }
    keys
}

/// Reads the comment above a key: sentences, then an example from the first table header on.
fn key(path: String, default: Value, comment: &[&str]) -> Key {
    let example_at = comment
        .iter()
        .position(|line| line.starts_with('['))
        .unwrap_or(comment.len());
    let (said, example) = comment.split_at(example_at);
    let after = |prefix: &str| said.iter().find_map(|line| line.strip_prefix(prefix));
    let sentence = said
        .iter()
        .filter(|line| !line.starts_with(UNIT) && !line.starts_with(ONE_OF));
    let words = after(ONE_OF).map(|words| words.split(", ").map(str::to_owned).collect());
    Key {
        path,
        default,
        sentence: sentence.copied().collect::<Vec<_>>().join(" "),
        unit: after(UNIT).filter(|unit| *unit != "none").map(str::to_owned),
        one_of: words.unwrap_or_default(),
        example: example.iter().map(|line| (*line).to_owned()).collect(),
    }
}
