//! Typed reading of TOML tables; each error names the file, the line and the key.
//!
//! Numbers are taken from their decimal text, so that neither a threshold nor a price passes through floating point.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::Decimal;

/// Says what is wrong with a TOML table and how to put it right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The text is not TOML.
    #[error("{file}, line {line}: not valid TOML ({reason}); correct the syntax of this line")]
    Syntax {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The parser's own words.
        reason: String,
    },
    /// A required key is absent.
    #[error("{file}, line {line}: {table} has no `{key}`; add {remedy}")]
    Missing {
        /// File name as given.
        file: String,
        /// Line of the table, from 1.
        line: u32,
        /// The table in words.
        table: String,
        /// The absent key.
        key: String,
        /// What to add.
        remedy: String,
    },
    /// A key holds a value of another kind.
    #[error("{file}, line {line}: `{key}` is {found}; write {expected}")]
    Value {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The key.
        key: String,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// A key is not known here.
    #[error("{file}, line {line}: {table} has the unknown key `{key}`; known are {known}")]
    Unknown {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The table in words.
        table: String,
        /// The unknown key.
        key: String,
        /// The keys that may stand here.
        known: String,
    },
}

/// The text in which keys are found: a file, or the front matter inside one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    /// Line of the file on which `text` begins, from 1.
    pub(crate) first_line: u32,
}

impl<'a> Source<'a> {
    pub(crate) fn line_at(&self, offset: usize) -> u32 {
        let before = self
            .text
            .as_bytes()
            .iter()
            .take(offset)
            .filter(|b| **b == b'\n')
            .count();
        self.first_line
            .saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }

    /// Parses the text as TOML.
    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'a>>, FieldError> {
        DeTable::parse(self.text).map_err(|error| FieldError::Syntax {
            file: self.file.to_owned(),
            line: self.line_at(error.span().map_or(0, |span| span.start)),
            reason: error.message().replace('\n', ", "),
        })
    }
}

/// One table, its place and its name in words.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    source: Source<'a>,
    table: &'a DeTable<'a>,
    at: usize,
    words: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(source: Source<'a>, table: &'a DeTable<'a>, at: usize, words: &str) -> Self {
        Self {
            source,
            table,
            at,
            words: words.to_owned(),
        }
    }

    /// Line on which the table begins.
    pub(crate) fn line(&self) -> u32 {
        self.source.line_at(self.at)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Refuses keys outside `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), FieldError> {
        match self.table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some(key) => Err(FieldError::Unknown {
                file: self.source.file.to_owned(),
                line: self.source.line_at(key.span().start),
                table: self.words.clone(),
                key: key.get_ref().to_string(),
                known: known.join(", "),
            }),
        }
    }

    /// Reads a text that must be there and not be blank.
    pub(crate) fn text(&self, key: &str, remedy: &str) -> Result<String, FieldError> {
        self.optional_text(key, remedy)?
            .ok_or_else(|| self.missing(key, remedy))
    }

    pub(crate) fn optional_text(&self, key: &str, remedy: &str) -> Result<Option<String>, FieldError> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Ok(Some(text.to_string())),
            _ => Err(self.wrong(key, remedy)),
        }
    }

    pub(crate) fn decimal(&self, key: &str, remedy: &str) -> Result<Decimal, FieldError> {
        self.optional_decimal(key, remedy)?
            .ok_or_else(|| self.missing(key, remedy))
    }

    /// Reads a number from its decimal text; a quoted number is read too.
    pub(crate) fn optional_decimal(&self, key: &str, remedy: &str) -> Result<Option<Decimal>, FieldError> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        number(value).map(Some).ok_or_else(|| self.wrong(key, remedy))
    }

    /// Reads a list of numbers from their decimal texts.
    pub(crate) fn optional_numbers(&self, key: &str, remedy: &str) -> Result<Vec<Decimal>, FieldError> {
        let Some(value) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let items = value.get_ref().as_array().ok_or_else(|| self.wrong(key, remedy))?;
        let numbers: Option<Vec<Decimal>> = items.iter().map(number).collect();
        numbers.ok_or_else(|| self.wrong(key, remedy))
    }

    pub(crate) fn optional_texts(&self, key: &str, remedy: &str) -> Result<Vec<String>, FieldError> {
        let Some(value) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let items = value.get_ref().as_array().ok_or_else(|| self.wrong(key, remedy))?;
        let text = |item: &Spanned<DeValue<'_>>| item.get_ref().as_str().map(str::to_owned);
        items
            .iter()
            .map(text)
            .collect::<Option<_>>()
            .ok_or_else(|| self.wrong(key, remedy))
    }

    /// Reads a list of texts that must be there and not be empty.
    pub(crate) fn texts(&self, key: &str, remedy: &str) -> Result<Vec<String>, FieldError> {
        let texts = self.optional_texts(key, remedy)?;
        if texts.is_empty() {
            Err(self.missing(key, remedy))
        } else {
            Ok(texts)
        }
    }

    /// Returns the named sub-tables of a table of tables, such as `[params.NAME]`, in the order of the file.
    pub(crate) fn named_tables(&self, key: &str, remedy: &str) -> Result<Vec<(String, Fields<'a>)>, FieldError> {
        let Some(value) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let table = value.get_ref().as_table().ok_or_else(|| self.wrong(key, remedy))?;
        let mut found = Vec::new();
        for (name, entry) in table {
            let inner = entry.get_ref().as_table().ok_or_else(|| self.wrong(key, remedy))?;
            let words = format!("`{key}.{}`", name.get_ref());
            found.push((
                name.get_ref().to_string(),
                Fields::new(self.source, inner, name.span().start, &words),
            ));
        }
        Ok(found)
    }

    /// Returns the elements of an array of tables, such as `[[price]]`.
    pub(crate) fn tables(&self, key: &str, remedy: &str) -> Result<Vec<Fields<'a>>, FieldError> {
        let Some(value) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let items = value.get_ref().as_array().ok_or_else(|| self.wrong(key, remedy))?;
        let mut found = Vec::new();
        for item in items {
            let inner = item.get_ref().as_table().ok_or_else(|| self.wrong(key, remedy))?;
            let id = inner.get("id").and_then(|id| id.get_ref().as_str());
            let words = id.map_or_else(|| format!("this `{key}`"), |id| format!("`{key}` \"{id}\""));
            found.push(Fields::new(self.source, inner, item.span().start, &words));
        }
        Ok(found)
    }

    pub(crate) fn missing(&self, key: &str, remedy: &str) -> FieldError {
        FieldError::Missing {
            file: self.source.file.to_owned(),
            line: self.line(),
            table: self.words.clone(),
            key: key.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// Builds the error for a key whose value does not do.
    pub(crate) fn wrong(&self, key: &str, expected: &str) -> FieldError {
        let value = self.table.get(key);
        let span: Range<usize> = value.map_or(self.at..self.at, Spanned::span);
        let found = self.source.text.get(span.clone()).unwrap_or_default();
        let found = found.lines().next().unwrap_or_default();
        FieldError::Value {
            file: self.source.file.to_owned(),
            line: self.source.line_at(span.start),
            key: key.to_owned(),
            found: if found.is_empty() {
                "absent".to_owned()
            } else {
                format!("`{found}`")
            },
            expected: expected.to_owned(),
        }
    }
}

/// Reads a number from its decimal text.
fn number(value: &Spanned<DeValue<'_>>) -> Option<Decimal> {
    let text = match value.get_ref() {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        DeValue::String(text) => text.as_ref(),
        _ => return None,
    };
    text.parse().ok()
}
