//! Settings over time: each holds from when it was observed until the next statement, and the first one also before.

use std::collections::HashMap;

use futures::StreamExt;
use pennyspan_schema::Table;
use pennyspan_schema::tables::configurations::{self, Reader, Row};

use crate::error::AnalysisError;
use crate::reading::Reading;

/// One statement about a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// When it was observed, in nanoseconds since 1970.
    pub observed_unix_nano: i64,
    /// The value, in the key's unit; none where it was set to nothing.
    pub value: Option<String>,
    /// The provider.
    pub provider: String,
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
}

/// Whose setting is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The provider.
    pub provider: &'a str,
    /// The account, where known.
    pub account: Option<&'a str>,
    /// The region, where known.
    pub region: Option<&'a str>,
    /// The function, queue or other resource.
    pub resource: &'a str,
}

/// Every setting, by resource and key, in the order of time.
#[derive(Debug, Default)]
pub struct Configurations(HashMap<String, HashMap<String, Vec<Statement>>>);

impl Configurations {
    /// Reads every statement.
    ///
    /// # Errors
    /// [`AnalysisError`] where the table cannot be read.
    pub(crate) async fn read(reading: &Reading) -> Result<Self, AnalysisError> {
        let mut rows = reading
            .stream(Table::Configurations, configurations::COLUMNS, None)
            .await?;
        let mut all = Self::default();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run("configurations"))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows("configurations"))?;
            reader
                .rows()
                .filter(|row| !row.time_suspect)
                .for_each(|row| all.add(&row));
        }
        for statements in all.0.values_mut().flat_map(HashMap::values_mut) {
            statements.sort_unstable();
            statements.dedup();
        }
        Ok(all)
    }

    fn add(&mut self, row: &Row<'_>) {
        let resource = row.function.unwrap_or(row.resource).to_owned();
        let statements = self
            .0
            .entry(resource)
            .or_default()
            .entry(row.key.to_owned())
            .or_default();
        statements.push(Statement {
            observed_unix_nano: row.observed_unix_nano,
            value: row.value.map(str::to_owned),
            provider: row.provider.to_owned(),
            account: row.account.map(str::to_owned),
            region: row.region.map(str::to_owned),
        });
    }

    /// Returns the value of a setting at an instant.
    #[must_use]
    pub fn value(&self, subject: Subject<'_>, key: &str, unix_nano: i64) -> Option<&str> {
        let statements = self.0.get(subject.resource)?.get(key)?;
        let mut matching = statements.iter().filter(|statement| statement.is_about(subject));
        let first = matching.next()?;
        let in_force = matching
            .take_while(|statement| statement.observed_unix_nano <= unix_nano)
            .last()
            .unwrap_or(first);
        in_force.value.as_deref()
    }

    /// Returns the value of a setting that is a whole number.
    #[must_use]
    pub fn number(&self, subject: Subject<'_>, key: &str, unix_nano: i64) -> Option<i64> {
        self.value(subject, key, unix_nano)?.parse().ok()
    }

    /// Returns every resource with its statements about a key.
    pub(crate) fn of_key(&self, key: &str) -> impl Iterator<Item = (&str, &[Statement])> {
        self.0
            .iter()
            .filter_map(move |(resource, keys)| Some((resource.as_str(), keys.get(key)?.as_slice())))
    }
}

impl Statement {
    /// What either side does not say does not tell them apart.
    fn is_about(&self, subject: Subject<'_>) -> bool {
        let agrees = |said: &Option<String>, asked: Option<&str>| match (said, asked) {
            (Some(said), Some(asked)) => said == asked,
            _ => true,
        };
        self.provider == subject.provider
            && agrees(&self.account, subject.account)
            && agrees(&self.region, subject.region)
    }
}
