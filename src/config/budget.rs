//! Reading budgets, of `pennyspan.toml` or a file of their own: each key is checked by itself, so that an error names its line.

use pennyspan_analyzer::report::budget::{self, Budget, LEVEL, Level, Measure, SELECTORS, Selector};
use pennyspan_rules::Decimal;
use toml::{Table, Value};

use super::{ConfigError, layer};

/// The key that holds the list.
pub(super) const KEY: &str = budget::TABLE;
/// The members of a limit that has a level of its own.
pub(super) const LIMIT: &str = "limit";
/// Most significant digits of a number that TOML keeps as they were written.
const EXACT_DIGITS: usize = 15;

/// One entry, and where it stands.
pub(super) struct Entry<'a> {
    pub(super) value: &'a Value,
    /// Returns the place of one of its keys, or of the entry itself.
    pub(super) place: &'a dyn Fn(Option<&str>) -> String,
}

impl Entry<'_> {
    /// Reads its limits.
    pub(super) fn read(&self) -> Result<Vec<Budget>, ConfigError> {
        let table = self
            .value
            .as_table()
            .ok_or_else(|| self.bad(None, format!("holds {}, expected [[{KEY}]] tables", self.value)))?;
        let level = self.level(table, LEVEL)?.unwrap_or(Level::Fail);
        let selector = Selector {
            function: self.glob(table, "function")?,
            service: self.glob(table, "service")?,
            env: self.glob(table, "env")?,
            tenant: self.glob(table, "tenant")?,
        };
        let mut budgets = Vec::new();
        for (key, value) in table {
            if key == LEVEL || SELECTORS.iter().any(|(name, _)| name == key) {
                continue;
            }
            let Some(measure) = Measure::ALL.into_iter().find(|measure| measure.name() == key) else {
                return Err(self.unknown(key, key, names()));
            };
            let (limit, own) = self.limit(key, value)?;
            budgets.push(Budget {
                selector: selector.clone(),
                measure,
                limit,
                level: own.unwrap_or(level),
            });
        }
        if budgets.is_empty() {
            return Err(self.bad(None, format!("limits nothing: add one of {}", measures().join(", "))));
        }
        Ok(budgets)
    }

    fn limit(&self, key: &str, value: &Value) -> Result<(Decimal, Option<Level>), ConfigError> {
        let Value::Table(table) = value else {
            return Ok((self.number(key, value)?, None));
        };
        if let Some(other) = table.keys().find(|name| *name != LIMIT && *name != LEVEL) {
            let known = [LIMIT, LEVEL].map(str::to_owned).to_vec();
            return Err(self.unknown(key, &format!("{key}.{other}"), known));
        }
        let limit = table.get(LIMIT).ok_or_else(|| {
            self.bad(
                Some(key),
                "has no `limit`, as in { limit = 0.01, level = \"warn\" }".to_owned(),
            )
        })?;
        Ok((self.number(key, limit)?, self.level(table, key)?))
    }

    fn number(&self, key: &str, value: &Value) -> Result<Decimal, ConfigError> {
        let text = match value {
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let digits = text
            .trim_start_matches(['-', '0', '.'])
            .bytes()
            .filter(u8::is_ascii_digit)
            .count();
        if value.is_float() && digits > EXACT_DIGITS {
            let problem = format!("is {text}, which TOML does not keep exactly; write it as text: \"{text}\"");
            return Err(self.bad(Some(key), problem));
        }
        let number: Option<Decimal> = text.parse().ok();
        number.filter(|number| *number >= Decimal::whole(0)).ok_or_else(|| {
            self.bad(
                Some(key),
                format!("is {value}, expected a number of zero or more, such as 0.05"),
            )
        })
    }

    fn level(&self, table: &Table, at: &str) -> Result<Option<Level>, ConfigError> {
        let Some(value) = table.get(LEVEL) else {
            return Ok(None);
        };
        let known = Level::ALL
            .into_iter()
            .find(|level| value.as_str() == Some(level.as_str()));
        let words = Level::ALL.map(Level::as_str).join(", ");
        known
            .map(Some)
            .ok_or_else(|| self.bad(Some(at), format!("is {value}, expected one of {words}")))
    }

    fn glob(&self, table: &Table, key: &str) -> Result<Option<String>, ConfigError> {
        match table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(other) => Err(self.bad(Some(key), format!("is {other}, expected a glob such as \"checkout*\""))),
        }
    }

    fn bad(&self, key: Option<&str>, problem: String) -> ConfigError {
        ConfigError::BadValue {
            place: (self.place)(key),
            key: key.map_or_else(|| KEY.to_owned(), |key| format!("{KEY}.{key}")),
            problem,
        }
    }

    fn unknown(&self, at: &str, key: &str, known: Vec<String>) -> ConfigError {
        let last = key.rsplit('.').next().unwrap_or(key);
        let above = key.strip_suffix(last).unwrap_or_default();
        ConfigError::UnknownKey {
            place: (self.place)(Some(at)),
            key: format!("{KEY}.{key}"),
            nearest: layer::nearest(last, known.into_iter()).map(|name| format!("{KEY}.{above}{name}")),
        }
    }
}

fn measures() -> Vec<&'static str> {
    Measure::ALL.map(Measure::name).to_vec()
}

/// Returns every key of an entry.
fn names() -> Vec<String> {
    let selectors = SELECTORS.iter().map(|(name, _)| *name);
    let all = selectors.chain([LEVEL]).chain(measures());
    all.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use pennyspan_analyzer::report::budget::{Level, Measure};

    use super::super::layer::Layer;

    fn read(text: &str) -> Result<Vec<super::Budget>, String> {
        let layer = Layer::of_text("budgets.toml", text.to_owned()).unwrap();
        layer.budgets().map_err(|error| error.to_string())
    }

    #[test]
    fn each_limit_has_its_level() {
        let text = "[[budget]]\nfunction = \"check*\"\ncost_per_1k_usd = \"0.02\"\nerror_rate = { limit = 0.01, level = \"warn\" }\n\n\
                    [[budget]]\nlevel = \"warn\"\np95_ms = 900\n";
        let budgets = read(text).unwrap();
        let seen: Vec<_> = budgets
            .iter()
            .map(|one| (one.measure, one.limit.to_string(), one.level))
            .collect();
        assert_eq!(
            seen,
            [
                (Measure::CostPer1kUsd, "0.02".to_owned(), Level::Fail),
                (Measure::ErrorRate, "0.01".to_owned(), Level::Warn),
                (Measure::P95Ms, "900".to_owned(), Level::Warn),
            ]
        );
        assert_eq!(budgets[0].selector.function.as_deref(), Some("check*"));
        assert_eq!(budgets[2].selector.words(), "all functions");
    }

    #[test]
    fn errors_name_file_line_key_and_the_nearest_one() {
        for (text, words) in [
            (
                "[[budget]]\nfunction = \"a\"\nerror_rat = 0.1\n",
                "budgets.toml:3: unknown key `budget.error_rat`; did you mean `budget.error_rate`?",
            ),
            (
                "\n[[budget]]\nerror_rate = -1\n",
                "budgets.toml:3: `budget.error_rate` is -1, expected a number of zero or more, such as 0.05",
            ),
            (
                "[[budget]]\np95_ms = 1\n[[budget]]\np95_ms = { limit = 1, levle = \"warn\" }\n",
                "budgets.toml:4: unknown key `budget.p95_ms.levle`; did you mean `budget.p95_ms.level`?",
            ),
            (
                "[[budget]]\nlevel = \"cry\"\np95_ms = 1\n",
                "budgets.toml:2: `budget.level` is \"cry\", expected one of fail, warn",
            ),
            (
                "[[budget]]\nenv = \"prod\"\n",
                "budgets.toml:1: `budget` limits nothing",
            ),
            (
                "[[budget]]\nenv = 3\np95_ms = 1\n",
                "budgets.toml:2: `budget.env` is 3, expected a glob",
            ),
            ("[[budget]]\nmonthly_usd = 0.1234567890123456789\n", "write it as text"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
