//! The configuration in force: flags over environment over one file over the embedded defaults.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pennyspan_analyzer::judge::Identity;
use pennyspan_analyzer::report::budget::Budget;
use pennyspan_analyzer::report::exercised::ExpectedAbsent;
use pennyspan_analyzer::report::suppress::Suppression;
use pennyspan_analyzer::session::Spill;
use pennyspan_collector::decode::Settings;
use serde::{Deserialize, Serialize};

use crate::places::Stated;

mod budget;
mod entries;
pub mod function;
pub mod keys;
mod layer;
pub mod page;
mod retention;
pub mod schema;
mod suppress;

pub use layer::{Layer, Origin};

/// The embedded, commented defaults.
pub const DEFAULT: &str = include_str!("default.toml");

/// Every key of the configuration; `default.toml` documents them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Directory of the tables.
    pub data: String,
    /// When to colour.
    pub color: String,
    /// Findings that are accepted, as written; [`InForce::suppressions`] has read them.
    pub suppress: Vec<toml::Table>,
    /// Settings of functions, as written; [`function::rows`] reads them.
    pub function: Vec<toml::Table>,
    /// Budgets, as written; [`InForce::budgets`] has read them.
    pub budget: Vec<toml::Table>,
    /// Which names stand for one logical function, as written; [`InForce::identities`] has read them.
    pub identity: Vec<toml::Table>,
    /// What is expected to be absent, as written; [`InForce::expected_absent`] has read it.
    #[serde(rename = "expected-absent")]
    pub expected_absent: Vec<toml::Table>,
    /// Where functions are defined, as written; [`InForce::sources`] has read it.
    pub source: Vec<toml::Table>,
    /// Where the server listens.
    pub serve: Serve,
    /// When the tables are written.
    pub storage: Storage,
    /// How long rows are kept, by table; [`InForce::retention`] has read it.
    pub retention: toml::Table,
    /// Limits on what is decoded.
    pub limits: Settings,
    /// The report's defaults.
    pub report: Report,
    /// Limits on statements.
    pub query: Query,
    /// How what was sent is understood.
    pub analysis: Analysis,
    /// How `explain` answers.
    pub explain: Explain,
    /// What `demo` generates.
    pub demo: Demo,
    /// Price books.
    pub prices: Prices,
    /// Payer by account.
    pub payers: BTreeMap<String, String>,
    /// How long rows are kept, by `WORKSPACE/TABLE`.
    pub workspace_retention: BTreeMap<String, String>,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Directory of the write-ahead log; empty: `DATA/wal`.
    pub wal: String,
    /// Address of OTLP over gRPC.
    pub otlp_grpc: String,
    /// Address of OTLP and the vendor routes over HTTP.
    pub otlp_http: String,
    /// Address of the pages.
    pub web: String,
    /// SHA-256 of Firehose's access key, in hexadecimal; empty: any key or none.
    pub firehose_key_sha256: String,
    /// Bytes that requests in flight may hold together.
    pub inflight_bytes: usize,
    /// Bytes a second that one workspace may send; 0: as many as there is room for.
    pub workspace_bytes_per_s: u64,
    /// Milliseconds for which a stage may have work without going on before health checks say so.
    pub stalled_after_ms: u32,
}

/// When the tables are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Milliseconds between two folds of what came in.
    pub fold_every_ms: u32,
    /// Bytes of a workspace's rows in memory from which they are written.
    pub flush_bytes: usize,
    /// Milliseconds for which a row stays in memory at most.
    pub flush_age_ms: u32,
    /// Bytes of a workspace's rows in memory from which requests are refused.
    pub hot_bytes: usize,
    /// Files of a table from which small ones are merged.
    pub live_files: usize,
}

/// The report's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Level from which a finding fails the gate.
    pub fail_on: String,
    /// What no data in the window means.
    pub on_no_data: String,
    /// File of the known findings; empty: none.
    pub baseline: String,
    /// Files of budgets.
    pub budgets: Vec<String>,
    /// Samples below which a budget is not judged.
    pub min_samples: u32,
    /// What is compared: `previous`, `week`, or the file of a report; empty: nothing.
    pub compare: String,
    /// The most that a month may cost, in USD; empty: any amount.
    pub max_monthly: String,
    /// How much more than before is too much; empty: nothing is.
    pub max_increase: String,
    /// File of production's counts; empty: none.
    pub volumes: String,
    /// Which rules are judged.
    pub profile: String,
    /// How long to wait for attempts that were not reported; empty: not at all.
    pub settle: String,
    /// Share of attempts that must have an end; empty: any.
    pub require_complete: String,
    /// What fewer mean.
    pub on_partial: String,
    /// Share of what the baseline exercised that must be exercised; empty: any.
    pub min_coverage: String,
    /// What outputs for many readers do not show.
    pub redact: String,
    /// Processor threads; 0 takes all.
    pub threads: usize,
}

/// Limits on statements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Milliseconds that one statement may take.
    pub time_limit_ms: u64,
    /// MiB of memory that one statement may take.
    pub memory_limit_mib: usize,
    /// MiB of temporary files that a statement, a report or a page may write.
    pub spill_limit_mib: u64,
    /// Rows that one statement may return.
    pub row_limit: usize,
    /// How rows are written.
    pub format: String,
}

impl Query {
    /// Returns where a session puts down what its memory cannot hold.
    #[must_use]
    pub fn spill(&self) -> Option<Spill> {
        (self.spill_limit_mib > 0).then(|| Spill {
            folder: std::env::temp_dir(),
            bytes: self.spill_limit_mib << 20,
        })
    }
}

/// How what was sent is understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// Milliseconds by which a lag may be corrected for clocks that disagree; 0 corrects none.
    pub clock_skew_limit_ms: u32,
}

impl Analysis {
    /// Returns by how much a lag may be corrected, in microseconds.
    #[must_use]
    pub fn skew_limit_us(&self) -> i64 {
        i64::from(self.clock_skew_limit_ms) * 1_000
    }
}

/// How `explain` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// How an explanation is written.
    pub format: String,
}

/// What `demo` generates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// The company's seed.
    pub seed: u64,
}

/// Price books.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Files read after the embedded books.
    pub files: Vec<String>,
    /// Region that stands in for one that no book knows.
    pub fallback_region: String,
    /// Whether the bill takes free allowances off: `ignored` or `applied`.
    pub allowances: String,
    /// Region that `prices explain` asks for.
    pub explain_region: String,
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read the configuration {file}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not TOML.
    #[error("{file}: not TOML: {problem}")]
    NotToml {
        /// The file.
        file: String,
        /// What is wrong, with its line.
        problem: String,
    },
    /// A key is not known.
    #[error("{place}: unknown key `{key}`{}", nearest_hint(nearest.as_ref()))]
    UnknownKey {
        /// The file and line, or the environment variable.
        place: String,
        /// The key's path.
        key: String,
        /// The nearest known key.
        nearest: Option<String>,
    },
    /// A value does not fit its key.
    #[error("{place}: `{key}` {problem}")]
    BadValue {
        /// Where the value came from.
        place: String,
        /// The key's path.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// Reads a file that holds budgets and nothing else.
///
/// # Errors
/// [`ConfigError`] names file, line and key.
pub fn budgets_of(path: &std::path::Path) -> Result<Vec<Budget>, ConfigError> {
    let layer = Layer::of_file(path)?;
    if let Some(key) = layer.other_than(budget::KEY) {
        return Err(ConfigError::UnknownKey {
            place: layer.place_of(&key),
            key,
            nearest: Some(format!("[[{}]]", budget::KEY)),
        });
    }
    layer.budgets()
}

fn nearest_hint(nearest: Option<&String>) -> String {
    nearest
        .map(|key| format!("; did you mean `{key}`?"))
        .unwrap_or_default()
}

/// The configuration in force, and where each of its values came from.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The values.
    pub config: Config,
    origins: BTreeMap<String, Origin>,
    suppressions: Vec<Suppression>,
    budgets: Vec<Budget>,
    identities: Vec<Identity>,
    expected_absent: Vec<ExpectedAbsent>,
    sources: Vec<Stated>,
}

impl InForce {
    /// Lays `layers` over the defaults, the later over the earlier.
    ///
    /// # Errors
    /// [`ConfigError`] names file, line and key of what is unknown or does not fit.
    pub fn of(layers: impl IntoIterator<Item = Layer>) -> Result<Self, ConfigError> {
        let defaults = Layer::of_defaults();
        let mut merged = defaults.values().clone();
        let mut origins: BTreeMap<String, Origin> = defaults.leaves().map(|(path, _, origin)| (path, origin)).collect();
        let mut suppressions = Vec::new();
        let (mut budgets, mut identities) = (Vec::new(), Vec::new());
        let (mut expected_absent, mut sources) = (Vec::new(), Vec::new());
        for layer in layers {
            layer.check_against(&defaults)?;
            suppressions.extend(layer.suppressions()?);
            budgets.extend(layer.budgets()?);
            identities.extend(layer.identities()?);
            expected_absent.extend(layer.expected_absent()?);
            sources.extend(layer.sources()?);
            layer.check_functions()?;
            for (path, value, origin) in layer.leaves() {
                layer::set(&mut merged, &path, value.clone()).map_err(|problem| ConfigError::BadValue {
                    place: origin.to_string(),
                    key: path.clone(),
                    problem,
                })?;
                retention::check(&path, &value).map_err(|problem| ConfigError::BadValue {
                    place: origin.to_string(),
                    key: path.clone(),
                    problem,
                })?;
                origins.insert(path, origin);
            }
        }
        let config = Config::deserialize(toml::Value::Table(merged)).map_err(|error| ConfigError::BadValue {
            place: "the configuration in force".to_owned(),
            key: "value".to_owned(),
            problem: error.message().to_owned(),
        })?;
        Ok(Self {
            config,
            origins,
            suppressions,
            budgets,
            identities,
            expected_absent,
            sources,
        })
    }

    /// Returns which names stand for one logical function, in the order of the file.
    #[must_use]
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Returns what is expected to be absent, in the order of the file.
    #[must_use]
    pub fn expected_absent(&self) -> &[ExpectedAbsent] {
        &self.expected_absent
    }

    /// Returns where functions are defined, as far as files say.
    #[must_use]
    pub fn sources(&self) -> &[Stated] {
        &self.sources
    }

    /// Returns the findings that are accepted, in the order of the file.
    #[must_use]
    pub fn suppressions(&self) -> &[Suppression] {
        &self.suppressions
    }

    /// Returns the budgets of the configuration, in the order of the file.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// Returns whether anything but the defaults set the key.
    #[must_use]
    pub fn was_set(&self, path: &str) -> bool {
        self.origins.get(path).is_some_and(|origin| *origin != Origin::Default)
    }

    /// Returns every key with its value and origin, one line each.
    #[must_use]
    pub fn show(&self) -> String {
        let values = toml::Value::try_from(&self.config).unwrap_or(toml::Value::Table(toml::Table::new()));
        let mut lines = String::new();
        for (path, value) in layer::leaves_of(&values) {
            let origin = self.origins.get(&path).unwrap_or(&Origin::Default);
            // Writing into a String cannot fail.
            let _ = writeln!(lines, "{path} = {value}  # {origin}");
        }
        lines
    }
}

#[cfg(test)]
mod tests;
