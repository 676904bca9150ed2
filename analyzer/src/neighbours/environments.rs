//! What was stated about execution environments: by it, attempts learn their region, function, memory and kind of init.

use std::collections::HashMap;

use futures::StreamExt;
use pennyspan_schema::tables::environment_facts::{self, Reader, Row};
use pennyspan_schema::{Outcome, Table, Window};

use crate::error::AnalysisError;
use crate::reading::Reading;

/// What is known about one execution environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Function.
    pub function: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Runtime.
    pub runtime: Option<String>,
    /// How it was initialized.
    pub init_type: Option<String>,
    /// Memory, in MiB.
    pub memory_size_mib: Option<i64>,
    /// When its first init ended, in nanoseconds since 1970.
    pub init_end_unix_nano: Option<i64>,
    /// When it was ended for using more memory than it has, in nanoseconds since 1970, in order.
    pub out_of_memory_unix_nano: Vec<i64>,
}

/// How far the platform's word that memory ended an instance may lie from the end of the requests that it cut off: each is written by
/// a part of the platform that has a clock of its own.
const CUT_OFF_NANOS: i64 = 10_000_000_000;

impl Environment {
    /// Returns whether memory ended the environment when an attempt in it ended.
    #[must_use]
    pub fn cut_off(&self, start_unix_nano: i64, end_unix_nano: i64) -> bool {
        self.out_of_memory_unix_nano
            .iter()
            .any(|at| end_unix_nano.abs_diff(*at) <= CUT_OFF_NANOS.unsigned_abs() && start_unix_nano <= *at)
    }
}

/// Every known execution environment, by provider and instance.
#[derive(Debug, Default)]
pub struct Environments(HashMap<String, HashMap<String, Environment>>);

impl Environments {
    /// Reads what was stated in a range of time.
    ///
    /// # Errors
    /// [`AnalysisError`] where the table cannot be read.
    pub(crate) async fn read(reading: &Reading, range: Window) -> Result<Self, AnalysisError> {
        let mut rows = reading
            .stream(Table::EnvironmentFacts, environment_facts::COLUMNS, Some(range))
            .await?;
        let mut facts = Vec::new();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run("environments"))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows("environments"))?;
            facts.extend(reader.rows().filter_map(|row| Fact::of(&row)));
        }
        facts.sort_unstable_by_key(|fact| (fact.unix_nano, fact.content_hash));
        let mut all = Self::default();
        for fact in facts {
            all.add(fact);
        }
        Ok(all)
    }

    /// Returns what is known about an instance.
    #[must_use]
    pub fn of(&self, provider: &str, instance_id: Option<&str>) -> Option<&Environment> {
        self.0.get(provider)?.get(instance_id?)
    }

    /// Adds one statement; the earliest one that says something stands.
    fn add(&mut self, fact: Fact) {
        let known = self
            .0
            .entry(fact.provider)
            .or_default()
            .entry(fact.instance_id)
            .or_default();
        let said = fact.said;
        known.account = known.account.take().or(said.account);
        known.region = known.region.take().or(said.region);
        known.function = known.function.take().or(said.function);
        known.version = known.version.take().or(said.version);
        known.runtime = known.runtime.take().or(said.runtime);
        known.init_type = known.init_type.take().or(said.init_type);
        known.memory_size_mib = known.memory_size_mib.or(said.memory_size_mib);
        known.init_end_unix_nano = known.init_end_unix_nano.or(said.init_end_unix_nano);
        known.out_of_memory_unix_nano.extend(said.out_of_memory_unix_nano);
    }
}

/// One statement.
struct Fact {
    unix_nano: i64,
    content_hash: [u8; 16],
    provider: String,
    instance_id: String,
    said: Environment,
}

impl Fact {
    fn of(row: &Row<'_>) -> Option<Self> {
        let ended = matches!(
            row.fact_kind,
            "init_report" | "init_runtime_done" | "restore_report" | "restore_runtime_done"
        );
        let killed = row.fact_kind == "shutdown" && row.status == Some(Outcome::OutOfMemory.as_str());
        Some(Self {
            unix_nano: row.fact_unix_nano,
            content_hash: row.content_hash,
            provider: row.provider.to_owned(),
            instance_id: row.instance_id?.to_owned(),
            said: Environment {
                account: row.account.map(str::to_owned),
                region: row.region.map(str::to_owned),
                function: row.function.map(str::to_owned),
                version: row.version.map(str::to_owned),
                runtime: row.runtime_version.map(str::to_owned),
                init_type: row.init_type.map(str::to_owned),
                memory_size_mib: row.memory_size_mib,
                init_end_unix_nano: ended.then_some(row.fact_unix_nano),
                out_of_memory_unix_nano: killed.then_some(row.fact_unix_nano).into_iter().collect(),
            },
        })
    }
}
