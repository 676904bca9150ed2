//! The report: one document about one window, typed, whose JSON other programs read.
//!
//! [`Report::assemble`] puts it together from one pass over the attempts and from what was judged; the renderers under
//! [`json`], [`table`] and [`markdown`] only print it. Counts are integers, amounts and GB-seconds decimal text printed
//! from exact fractions, unknown is null. Keys are stable; a key that is only there when it says something is an
//! addition.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_rules::price::{Allowances, Amount};
use pennyspan_schema::{ContentId, Table};
use pennyspan_store::Snapshot;
use serde::Serialize;

use crate::analysis::cost::{Cost, Payers};
use crate::analysis::functions::{FunctionTally, functions};
use crate::analysis::selection::matches;
use crate::analysis::{Question, Scope, Selection};
use crate::error::AnalysisError;
use crate::judge::judgement::{ClocksRow, CoverageText, Finding, Judgement, NotJudged, WindowText, ordered};
use crate::session::Session;

pub mod baseline;
pub mod budget;
pub mod compare;
pub mod completeness;
pub mod costs;
pub mod csv;
pub mod escape;
pub mod exercised;
pub mod focus;
pub mod function;
pub mod gate;
pub mod github;
pub mod gitlab;
pub mod infracost;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod money;
pub mod number;
pub mod numbers;
pub mod place;
pub mod redact;
pub mod sarif;
pub mod sheet;
pub mod suppress;
pub mod table;
pub mod totals;

pub use baseline::Baseline;
pub use budget::BudgetRow;
pub use compare::Comparison;
pub use completeness::Completeness;
pub use costs::Costs;
pub use function::FunctionRow;
pub use gate::{Gate, GatePolicy};
pub use numbers::Numbers;
pub use place::Place;
pub use redact::Redaction;
pub use sheet::Sheet;
pub use suppress::{Suppression, SuppressionRow};
pub use totals::Totals;

/// The version of the JSON's meaning.
pub const VERSION: u32 = 1;

/// The JSON schema of the report.
pub const SCHEMA: &str = include_str!("report/schema.json");

/// A report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of its meaning.
    pub version: u32,
    /// What made it.
    pub tool: Tool,
    /// The window that it is about.
    pub window: WindowText,
    /// What was read.
    pub input: InputText,
    /// Sums over all functions.
    pub totals: Totals,
    /// One row per provider, account, region and function.
    pub functions: Vec<FunctionRow>,
    /// What it costs.
    pub cost: Costs,
    /// What was found, the most severe first.
    pub findings: Vec<Finding>,
    /// What became of the suppressions; not there where the configuration has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressions: Vec<SuppressionRow>,
    /// What became of the budgets; not there where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<BudgetRow>,
    /// What is compared; not there where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// What could not be judged, by rule and reason.
    pub not_judged: Vec<NotJudged>,
    /// What could judge, and what was not exercised.
    pub coverage: CoverageText,
    /// How many attempts were reported to their end; only where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Completeness>,
    /// The verdict.
    pub gate: Gate,
    /// How much of what the baseline exercised was exercised; none without a baseline.
    #[serde(skip)]
    pub covered: Option<exercised::Coverage>,
    /// What the limits on money say.
    #[serde(skip)]
    pub money: money::Verdict,
    /// The window's length in nanoseconds.
    #[serde(skip)]
    pub length_nanos: i64,
}

/// What made the report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What the caller knows about the input beyond its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// Files, directories or servers that were asked for.
    pub sources: u64,
    /// What the rows say together; `None` where they were not read for this report alone.
    pub content: Option<ContentId>,
    /// Items that were rejected.
    pub rejected: u64,
    /// Whether a source could not be read or understood.
    pub partial: bool,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
pub struct InputText {
    /// Files, directories or servers that were asked for, a directory as one.
    pub sources: u64,
    /// Rows by table.
    pub rows: InputRows,
    /// Identifies the telemetry: another wherever a record is another, missing, or there once more; the same in whatever order
    /// and files the records came. Only of files, which are read for this report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Items that were rejected.
    pub rejected: u64,
    /// Whether a source could not be read or understood.
    pub partial: bool,
}

/// Rows by table.
#[derive(Clone, Debug, Serialize)]
pub struct InputRows {
    /// Spans.
    pub spans: usize,
    /// Log records.
    pub logs: usize,
    /// Metric points.
    pub metric_points: usize,
    /// Statements about invocations.
    pub invocation_facts: usize,
}

/// What a report is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which attempts.
    pub selection: Selection,
    /// Globs over the rules that were judged; all where there is none.
    pub rules: Vec<String>,
    /// What the caller knows about the input.
    pub input: Input,
    /// Who pays for which account.
    pub payers: Payers,
    /// Whether free allowances are taken off the bill of known accounts.
    pub allowances: Allowances,
    /// Findings that are accepted.
    pub suppressions: Vec<Suppression>,
    /// What was asked beyond findings and money.
    pub trust: Trust,
    /// When the gate closes.
    pub gate: GatePolicy,
    /// Budgets, comparison and limits on money.
    pub numbers: Numbers,
}

/// What is asked about the input itself: whether it is complete, and whether it exercised what an earlier one did.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// How many of the attempts were reported to their end.
    pub completeness: Option<Completeness>,
    /// What the baseline's window exercised; none without a baseline.
    pub exercised_before: Option<Vec<exercised::Exercised>>,
    /// What this window exercised.
    pub exercised_now: Vec<exercised::Exercised>,
    /// What a team knows to be absent.
    pub expected_absent: Vec<exercised::ExpectedAbsent>,
}

impl Asked {
    /// Returns whether a rule was judged.
    pub(crate) fn judges(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|glob| matches(glob, rule))
    }

    /// Returns whether a rule was judged for all functions.
    fn judges_all_of(&self, rule: &str) -> bool {
        self.judges(rule) && self.selection == Selection::default()
    }
}

impl Report {
    /// Puts a report together for the session's window.
    ///
    /// # Errors
    /// [`AnalysisError`] where the attempts cannot be read.
    pub async fn assemble(
        session: &Session,
        snapshot: &Snapshot,
        asked: &Asked,
        mut judgement: Judgement,
    ) -> Result<Self, AnalysisError> {
        let window = session.window();
        let books = session.books();
        let question = Question {
            window,
            selection: asked.selection.clone(),
        };
        let tallies = functions(session, &question).await?;
        let costs: BTreeMap<Scope, Cost> = tallies
            .iter()
            .map(|(scope, sums)| (scope.clone(), sums.cost.cost(&books)))
            .collect();
        let seen: Vec<(&Scope, &FunctionTally)> = tallies.iter().filter(|(_, sums)| sums.counts.rows > 0).collect();
        let section = Costs::of(&tallies, &costs, asked, &books);
        let amount: Amount = costs.values().map(|cost| &cost.amount).sum();
        let totals = Totals::of(&tallies, &costs, &amount);
        let rows = function::rows(&seen, &costs, &amount);
        let numbers = asked.numbers.judge(session, asked, &amount, totals.not_priced).await?;
        let is_off = |missing: &&NotJudged| missing.is_off();
        let off: BTreeSet<String> = judgement
            .not_judged
            .iter()
            .filter(is_off)
            .map(|off| off.rule.clone())
            .collect();
        let suppressions = suppress::apply(&mut judgement.findings, &asked.suppressions, window, |rule| {
            asked.judges_all_of(rule) && !off.contains(rule)
        });
        let trust = &asked.trust;
        let coverage = &mut judgement.coverage;
        let covered = trust.exercised_before.as_ref().map(|before| {
            let selected = |function: &&exercised::Exercised| {
                let globs = &asked.selection.functions;
                globs.is_empty() || globs.iter().any(|glob| matches(glob, &function.function))
            };
            let before: Vec<_> = before.iter().filter(selected).cloned().collect();
            exercised::compare(&before, &trust.exercised_now, &trust.expected_absent, coverage)
        });
        let mut report = Self {
            version: VERSION,
            tool: Tool {
                name: "pennyspan",
                version: env!("CARGO_PKG_VERSION"),
            },
            window: WindowText::of(window),
            input: InputText::of(snapshot, asked.input),
            totals,
            functions: rows,
            cost: section,
            findings: ordered(judgement.findings),
            suppressions,
            budgets: numbers.budgets,
            comparison: numbers.comparison,
            not_judged: judgement.not_judged,
            coverage: CoverageText {
                orphan_spans: snapshot.orphan_span_count(),
                clocks: session.neighbours().skews().map(ClocksRow::of).collect(),
                ..judgement.coverage
            },
            completeness: trust.completeness.clone(),
            gate: Gate::open(),
            covered,
            money: numbers.money,
            length_nanos: window.length_nanos(),
        };
        report.gate = Gate::decide(&report, &asked.gate);
        Ok(report)
    }
}

impl InputText {
    fn of(snapshot: &Snapshot, input: Input) -> Self {
        let rows = InputRows {
            spans: snapshot.rows(Table::Spans),
            logs: snapshot.rows(Table::Logs),
            metric_points: snapshot.rows(Table::MetricPoints),
            invocation_facts: snapshot.rows(Table::InvocationFacts),
        };
        Self {
            sources: input.sources,
            rows,
            content: input.content.map(|content| content.to_string()),
            rejected: input.rejected,
            partial: input.partial,
        }
    }
}

#[cfg(test)]
mod tests;
