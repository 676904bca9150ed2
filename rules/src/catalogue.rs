//! The rules that are in force: those compiled in, and a team's own.

use crate::{
    embedded::RULES,
    rule::{Rule, RuleError},
};

/// Rules by name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    rules: Vec<Rule>,
}

/// Lists every fault of a set of rule files, so that one run names them all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Files that do not load.
    #[error("{}", lines(faults))]
    Files {
        /// One entry per file that does not load, in the order of the files.
        faults: Vec<RuleError>,
    },
    /// Two files declare one rule.
    #[error("{second}: the rule `{name}` is already declared by {first}; give it another file name")]
    Twice {
        /// The rule.
        name: String,
        /// The file that came first.
        first: String,
        /// The file that came second.
        second: String,
    },
}

fn lines(faults: &[RuleError]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Catalogue {
    /// Loads the rules that are compiled in.
    ///
    /// # Errors
    /// [`CatalogueError`] where a shipped file is faulty, which the tests of this crate rule out.
    pub fn embedded() -> Result<Self, CatalogueError> {
        Self::from_dir(RULES.iter().map(|(name, text)| (*name, *text)))
    }

    /// Loads rules from pairs of file name and text, as a caller has read them from a directory.
    ///
    /// # Errors
    /// [`CatalogueError`] names every faulty file.
    pub fn from_dir<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, CatalogueError> {
        let (mut rules, mut faults) = (Vec::new(), Vec::new());
        for (name, text) in files {
            match Rule::parse(name.as_ref(), text.as_ref()) {
                Ok(rule) => rules.push(rule),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Self::default().with(rules)
        } else {
            Err(CatalogueError::Files { faults })
        }
    }

    /// Adds a team's own rules.
    ///
    /// # Errors
    /// [`CatalogueError::Twice`] where a rule of that name is there already.
    pub fn extended(self, own: Self) -> Result<Self, CatalogueError> {
        self.with(own.rules)
    }

    fn with(mut self, rules: Vec<Rule>) -> Result<Self, CatalogueError> {
        self.rules.extend(rules);
        self.rules.sort_by(|a, b| a.name.cmp(&b.name));
        match self.rules.windows(2).find(|pair| pair[0].name == pair[1].name) {
            None => Ok(self),
            Some(pair) => Err(CatalogueError::Twice {
                name: pair[0].name.clone(),
                first: pair[0].file.clone(),
                second: pair[1].file.clone(),
            }),
        }
    }

    /// Returns all rules in the order of their names.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns the rule of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}
