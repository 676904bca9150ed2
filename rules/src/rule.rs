//! One rule: declaration, documentation, test and runbook in one Markdown file.
//!
//! ```text
//! +++                      front matter: severity, topic, since, platforms, measure, tolerance, worse, needs, off_in, [params.NAME]
//! +++
//! # title
//! ## What it finds         one paragraph
//! ## Query                 one SQL statement with $parameters
//! ## Finding               the sentence the reader gets
//! ## Fires                 tables of view rows, each case with its expected `level`
//! ## Stays silent          tables of view rows, each case with its `because`
//! ## False alarms
//! ## Impact
//! ## Runbook               ### Confirm, Contain, Diagnose, Fix, Verify, Prevent
//! ## References
//! ```

mod case;
mod check;
mod error;
mod front;
mod markdown;
mod runbook;
mod sentence;
mod sql;

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

pub use case::{CASE_WINDOW_END_UNIX_NANO, CASE_WINDOW_START_UNIX_NANO, Case, CaseRow, Cell};
pub use error::RuleError;
pub use runbook::{Command, Runbook, Step, fill};
pub use sentence::{Format, Segment, Sentence, Value};
pub use sql::{bind, parameters};

use crate::Decimal;

/// How bad a finding is; ordered from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A small harm.
    Low,
    /// A latent risk.
    Medium,
    /// Users see it.
    High,
    /// Loss, outage, runaway money or a leak.
    Critical,
}

impl Severity {
    /// All levels, from the least to the worst.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Returns the word that front matter, queries and reports use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Says that a text names no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no severity; write critical, high, medium, low or info")]
pub struct SeverityError {
    /// The text as given.
    pub text: String,
}

impl FromStr for Severity {
    type Err = SeverityError;

    fn from_str(text: &str) -> Result<Self, SeverityError> {
        let found = Self::ALL.into_iter().find(|level| level.as_str() == text);
        found.ok_or_else(|| SeverityError { text: text.to_owned() })
    }
}

/// A number of the rule that a team may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Name, used in the query as `$name`.
    pub name: String,
    /// Default value, exact.
    pub value: Decimal,
    /// Unit in words or as a symbol.
    pub unit: String,
    /// Smallest change that matters; changing the value by it flips at least one case.
    pub step: Decimal,
    /// Reason for the default.
    pub why: String,
    /// Where the default comes from.
    pub source: String,
}

/// A parsed and structurally checked rule file.
///
/// Whether its query plans and its cases hold is for the analyzer to say, which can run SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Name: the file's name without `.md`.
    pub name: String,
    /// File name as given.
    pub file: String,
    /// The whole file.
    pub text: String,
    /// Headline in words.
    pub title: String,
    /// Highest level that the rule can return.
    pub severity: Severity,
    /// Group in the catalogue.
    pub topic: String,
    /// Version of pennyspan in which the rule appeared.
    pub since: String,
    /// Providers it judges, or `any`.
    pub platforms: Vec<String>,
    /// Output column of the query that a baseline compares.
    pub measure: String,
    /// Share by which the measure may worsen before a baseline entry opens again.
    pub tolerance: Decimal,
    /// Whether a smaller measure is worse; of most rules a larger one is.
    pub worse_when_lower: bool,
    /// History that the query reads before the window, in seconds; zero where it reads none.
    pub lookback_s: i64,
    /// View columns and configuration keys without which the rule cannot judge.
    pub needs: Vec<String>,
    /// Tables that the query reads instead of measure views.
    pub scan: Vec<String>,
    /// Profiles in which it is off: a short run on a fresh stack (`ci`) cannot be judged by it.
    pub off_in: Vec<String>,
    /// SQL condition over the view `invocations` of those that show a finding; it may use parameters and the columns of
    /// the query's row as `$name`.
    pub exemplars: Option<String>,
    /// SQL expression by which exemplars are ordered, the highest first.
    pub worst: Option<String>,
    /// Parameters in the order of the file.
    pub params: Vec<Param>,
    /// What the rule finds, as Markdown.
    pub what_it_finds: String,
    /// The SQL statement, with `$parameters`.
    pub query: String,
    /// Views and tables that the case tables name, in the order of their first use.
    pub views: Vec<String>,
    /// The sentence of a finding.
    pub finding: Sentence,
    /// Cases in which the rule fires.
    pub fires: Vec<Case>,
    /// Cases in which it stays silent.
    pub silent: Vec<Case>,
    /// When it may be wrong, as Markdown.
    pub false_alarms: String,
    /// Formula and unit of the impact, as Markdown.
    pub impact: String,
    /// What to do.
    pub runbook: Runbook,
    /// References, as Markdown.
    pub references: String,
}

impl Rule {
    /// Parses and checks one rule file.
    ///
    /// `file` is its name, which ends in `.md` and gives the rule its name; nothing is read.
    ///
    /// # Errors
    /// [`RuleError`] names the file, the line, what is wrong and the remedy.
    pub fn parse(file: &str, text: &str) -> Result<Self, RuleError> {
        let name = rule_name(file)?;
        let text = &text.replace("\r\n", "\n");
        let page = markdown::Page::split(file, text)?;
        let front = front::Front::parse(page.front)?;
        let [
            what,
            query,
            finding,
            fires,
            silent,
            false_alarms,
            impact,
            runbook,
            references,
        ] = page.sections;
        let fires_cases = case::parse(&fires, case::Expect::Level)?;
        let silent_cases = case::parse(&silent, case::Expect::Silence)?;
        let rule = Self {
            name,
            file: file.to_owned(),
            text: text.clone(),
            title: front.title.unwrap_or_else(|| page.title.to_owned()),
            severity: front.severity,
            topic: front.topic,
            since: front.since,
            platforms: front.platforms,
            measure: front.measure,
            tolerance: front.tolerance,
            worse_when_lower: front.worse_when_lower,
            lookback_s: front.lookback_s,
            needs: front.needs,
            scan: front.scan,
            off_in: front.off_in,
            exemplars: front.exemplars,
            worst: front.worst,
            params: front.params,
            what_it_finds: what.prose()?,
            query: query.only_block("sql")?,
            views: case::views(&fires_cases, &silent_cases),
            finding: Sentence::parse(&finding)?,
            fires: fires_cases,
            silent: silent_cases,
            false_alarms: false_alarms.prose()?,
            impact: impact.prose()?,
            runbook: Runbook::parse(&runbook)?,
            references: references.prose()?,
        };
        check::structure(&rule, query.line)?;
        Ok(rule)
    }

    /// Returns the parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }
}

/// Takes the rule's name from its file name: lower-case words joined by hyphens.
fn rule_name(file: &str) -> Result<String, RuleError> {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = base.strip_suffix(".md").unwrap_or_default();
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if name.split('-').all(word) {
        Ok(name.to_owned())
    } else {
        Err(RuleError::FileName { file: file.to_owned() })
    }
}
