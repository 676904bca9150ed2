//! Findings and rules.

use super::{Evaluated, FunctionId};
use crate::chart::{Deployment, Exemplar, Limit, Series, Unit};
use crate::format::Amount;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// People are harmed now.
    Critical,
    /// People will be, or much money is.
    High,
    /// Worth doing this week.
    Medium,
    /// Worth doing when there is time.
    Low,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Returns its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Info => "Info",
        }
    }

    /// Returns its name in classes and addresses.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Nothing that could speak against it is missing.
    High,
    /// Something is missing that seldom matters.
    Medium,
    /// Something is missing that matters.
    Low,
}

impl Confidence {
    /// Returns its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// What a finding costs or risks, in one figure and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// The figure: "9.39", "279 – 308", "3,476".
    pub figure: String,
    /// Its unit and meaning: "USD per month", "orders unpaid".
    pub words: String,
}

/// A finding in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Identifies it over evaluations.
    pub fingerprint: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is so, in one sentence.
    pub sentence: String,
    /// The rule that says so.
    pub rule: String,
    /// What it is about: "checkout v42".
    pub scope: String,
    /// When it was first seen, nanoseconds since 1970.
    pub since_unix_nano: i64,
    /// The first step: its verb and what to do; empty for none.
    pub step_verb: String,
    /// What to do.
    pub step: String,
    /// What it costs or risks.
    pub impact: Option<Impact>,
    /// The reason of the suppression that mutes it.
    pub muted: Option<String>,
}

/// All findings of the last evaluation.
#[derive(Debug, Clone)]
pub struct FindingsAnswer {
    /// Worst first, then by money.
    pub findings: Vec<FindingRow>,
    /// What was evaluated.
    pub evaluated: Evaluated,
    /// Rules that could judge, of all.
    pub rules_judging: i64,
    /// All rules of the catalogue.
    pub rules_total: i64,
    /// Rules that could not judge, and what they lack.
    pub lacking: Vec<(String, String)>,
}

/// One step of a runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunbookStep {
    /// Its verb: Confirm, Contain, Diagnose, Fix, Verify, Prevent.
    pub verb: String,
    /// What to do, in Markdown of the rule file with the finding's values filled in.
    pub markdown: String,
}

/// The rows that an evidence query gave, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceRows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells; `None` is no data.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Lines that mute a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The table to add to pennyspan.toml.
    pub toml: String,
}

/// One finding with its evidence and its runbook.
#[derive(Debug, Clone)]
pub struct FindingAnswer {
    /// As in the list.
    pub row: FindingRow,
    /// What was evaluated.
    pub evaluated: Evaluated,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why it is so sure.
    pub confidence_because: String,
    /// What would disprove it.
    pub disproved_by: String,
    /// The function it is about.
    pub function: Option<FunctionId>,
    /// Figures beside each other: label, figure, note.
    pub figures: Vec<(String, Impact)>,
    /// What it costs, priced and not.
    pub amount: Option<Amount>,
    /// How many the judgement is made of.
    pub n_count: i64,
    /// The measured value, in words with its unit.
    pub value: String,
    /// The threshold, in words with its unit and where it comes from.
    pub threshold: String,
    /// The runbook, in order.
    pub runbook: Vec<RunbookStep>,
    /// The evidence query with its parameters filled in.
    pub sql: String,
    /// Its rows.
    pub evidence: EvidenceRows,
    /// The measure over time, if it has one.
    pub course: Option<Course>,
    /// Traces to look at.
    pub exemplars: Vec<String>,
    /// How the impact is worked out.
    pub impact_text: String,
    /// The lines that mute it.
    pub suppression: Suppression,
}

/// A measure over time, as evidence.
#[derive(Debug, Clone)]
pub struct Course {
    /// What is measured, with its unit.
    pub measure: String,
    /// Intervals.
    pub bins: crate::chart::Bins,
    /// What the values are.
    pub unit: Unit,
    /// The measure, one series.
    pub series: Series,
    /// The threshold.
    pub limit: Option<Limit>,
    /// Deployments in the window.
    pub deployments: Vec<Deployment>,
    /// Examples; their `href` is filled by the page from `title`, which holds the trace id.
    pub exemplars: Vec<Exemplar>,
}

/// One parameter of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleParameter {
    /// Its name.
    pub name: String,
    /// Its value with its unit.
    pub value: String,
    /// Why this value.
    pub reason: String,
}

/// One rule of the catalogue.
#[derive(Debug, Clone)]
pub struct RuleAnswer {
    /// Its name.
    pub name: String,
    /// What it says, in one line.
    pub title: String,
    /// How bad its findings are.
    pub severity: Severity,
    /// Its text, in Markdown.
    pub markdown: String,
    /// Its parameters.
    pub parameters: Vec<RuleParameter>,
    /// What telemetry it needs and whether that arrives: what, whether.
    pub needs: Vec<(String, bool)>,
    /// Its open findings.
    pub findings: Vec<FindingRow>,
    /// What was evaluated.
    pub evaluated: Option<Evaluated>,
}
