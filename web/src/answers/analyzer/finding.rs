//! One finding: its evidence run again, its course, its runbook with its values filled in.

use std::collections::BTreeMap;
use std::time::Duration;

use pennyspan_analyzer::analysis::courses::{Course as Cells, Grid, Keep, merge};
use pennyspan_analyzer::analysis::overview::Interval;
use pennyspan_analyzer::analysis::rows::text_rows;
use pennyspan_analyzer::analysis::{self, Scope, Selection};
use pennyspan_analyzer::judge::judgement::{self, Finding};
use pennyspan_analyzer::judge::{Judging, judge};
use pennyspan_analyzer::report::suppress;
use pennyspan_analyzer::{Limits, Session};
use pennyspan_rules::Rule;
use pennyspan_rules::rule::fill;

use super::findings::{dollars, values};
use super::functions::is_about;
use super::measure::Measure;
use super::{AnalyzerAnswers, numbers, run};
use crate::answers::{
    Answer, AnswerError, Confidence, Course, EvidenceRows, FindingAnswer, Impact, Question, RunbookStep, Suppression,
};
use crate::chart::{Exemplar, Series};
use crate::format::{Harm, group};

/// What the evidence query may use.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    rows: 20,
    bytes: 1 << 20,
};
/// Characters of one cell of the evidence.
const CELL_CHARS: usize = 400;
/// The most traces that are named.
const EXEMPLARS: usize = 5;

impl AnalyzerAnswers {
    pub(super) async fn answer_finding(
        &self,
        question: &Question,
        fingerprint: &str,
    ) -> Result<Answer<FindingAnswer>, AnswerError> {
        let none = || AnswerError::NotFound {
            what: "finding",
            name: crate::text::cut(fingerprint, 200),
        };
        let judged = self.evaluation.current().ok_or_else(none)?;
        let of = |finding: &&Finding| finding.fingerprint == fingerprint;
        let finding = judged.judgement.findings.iter().find(of).ok_or_else(none)?;
        let rule = self.catalogue.get(&finding.rule).ok_or_else(none)?;
        let mut window_question = question.clone();
        window_question.window = judged.evaluated.window;
        let asked = self.ask(judged.evaluated.window).await?;
        let evidence = self.evidence(&asked.session, finding).await;
        let grid = numbers::grid(judged.evaluated.window);
        let courses = run::<Interval>(&asked.session, grid, &about(finding)).await?;
        let scope = courses.keys().find(|scope| is_about(finding, scope)).cloned();
        let course = Self::course(&asked, grid, courses, finding, rule);
        let body = FindingAnswer {
            row: self.finding_row(&judged, finding),
            evaluated: judged.evaluated,
            confidence: confidence(finding.confidence),
            confidence_because: because(finding.confidence).to_owned(),
            disproved_by: disproved(&rule.false_alarms),
            function: scope.as_ref().map(numbers::id),
            figures: figures(finding),
            amount: None,
            n_count: finding.n,
            value: measured(finding, rule),
            threshold: threshold(finding),
            runbook: runbook(rule, finding),
            sql: finding.query.clone(),
            evidence,
            course,
            exemplars: exemplars(finding),
            impact_text: rule
                .impact
                .replace('`', "")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            suppression: Suppression {
                toml: suppress::lines(finding, judged.evaluated.window.end),
            },
        };
        Ok(self.answer(&asked, super::attempts(&asked.snapshot), Ok(body)))
    }

    /// Runs the evidence query again, with the views that it reads; what cannot be run has no rows.
    async fn evidence(&self, session: &Session, finding: &Finding) -> EvidenceRows {
        let question = analysis::Question {
            window: session.window(),
            selection: Selection::default(),
        };
        let judging = Judging {
            rules: vec![finding.rule.clone()],
            ..Judging::default()
        };
        if let Err(error) = judge(session, &question, &self.catalogue, &judging).await {
            tracing::warn!(
                rule = finding.rule,
                error = &error as &dyn std::error::Error,
                "cannot prepare evidence"
            );
            return EvidenceRows::default();
        }
        let function = finding.function.as_deref().map(quoted);
        let only = function
            .map(|name| format!(" WHERE function = {name}"))
            .unwrap_or_default();
        let sql = format!(
            "SELECT * FROM ({}) AS evidence{only}",
            finding.query.trim_end().trim_end_matches(';')
        );
        match session.query(&sql, &BTreeMap::new(), LIMITS).await {
            Ok(answer) => {
                let text = text_rows(&answer, CELL_CHARS);
                let rows = text
                    .rows
                    .into_iter()
                    .map(|row| row.into_iter().map(|cell| cell.map(readable)).collect());
                turned(&text.columns, rows.collect())
            }
            Err(error) => {
                tracing::warn!(
                    rule = finding.rule,
                    error = &error as &dyn std::error::Error,
                    "cannot run evidence"
                );
                EvidenceRows::default()
            }
        }
    }

    /// Returns how the measure of a finding's rule went, with traces that show it.
    fn course(
        asked: &super::Asked,
        grid: Grid,
        courses: BTreeMap<Scope, Cells<Interval>>,
        finding: &Finding,
        rule: &Rule,
    ) -> Option<Course> {
        let mut cells: Cells<Interval> = Vec::new();
        for (scope, course) in courses {
            if finding.function.is_none() || is_about(finding, &scope) {
                merge(&mut cells, course);
            }
        }
        if cells.iter().all(Option::is_none) {
            return None;
        }
        let measure = Measure::of(rule);
        let shown = exemplars(finding);
        let worst = cells.iter().flatten().filter_map(|cell| cell.worst.0.as_ref());
        let marks = worst.filter(|example| shown.contains(&example.trace_id) || example.failed);
        let exemplars = marks.filter_map(|example| {
            let interval = grid.interval(example.start_unix_nano)?;
            Some(Exemplar {
                at_unix_nano: example.start_unix_nano,
                value: measure.value(&cells.get(interval)?.as_ref()?.sums)?,
                title: example.trace_id.clone(),
                href: String::new(),
            })
        });
        Some(Course {
            measure: measure.words().to_owned(),
            bins: numbers::bins(grid),
            unit: measure.unit(),
            exemplars: exemplars.take(EXEMPLARS).collect(),
            series: Series::plain(
                measure.name(),
                cells
                    .iter()
                    .map(|cell| cell.as_ref().and_then(|cell| measure.value(&cell.sums)))
                    .collect(),
            ),
            limit: None,
            deployments: Self::deployments(asked, |deployment| {
                deployment.function.is_none() || deployment.function == finding.function
            }),
        })
    }
}

/// Returns which attempts a finding may be about.
fn about(finding: &Finding) -> Keep {
    match &finding.function {
        Some(function) => Keep::all().of_function(function),
        None => Keep::all(),
    }
}

/// Writes a text as SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Shortens a fraction to four digits that count; everything else stays as it is.
fn readable(cell: String) -> String {
    let fraction = cell.contains(['.', 'e']) && cell.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    match cell.parse::<f64>() {
        Ok(number) if fraction && number.is_finite() => four_digits(number),
        _ => cell,
    }
}

fn four_digits(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{number:.3e}");
    }
    let mut places = 3_usize;
    let mut limit = 10.0;
    while places > 0 && size >= limit {
        places -= 1;
        limit *= 10.0;
    }
    let mut least = 1.0;
    while size != 0.0 && size < least {
        places += 1;
        least /= 10.0;
    }
    let text = format!("{number:.places$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Turns few wide rows into lines of name and value, which a narrow page can show.
fn turned(columns: &[String], rows: Vec<Vec<Option<String>>>) -> EvidenceRows {
    let mut lines: Vec<Vec<Option<String>>> = columns.iter().map(|column| vec![Some(column.clone())]).collect();
    let count = rows.len();
    for row in rows {
        for (line, cell) in lines.iter_mut().zip(row) {
            line.push(cell);
        }
    }
    let value = |n: usize| {
        if count == 1 {
            "value".to_owned()
        } else {
            format!("row {n}")
        }
    };
    if count == 0 {
        return EvidenceRows::default();
    }
    EvidenceRows {
        columns: std::iter::once("column".to_owned())
            .chain((1..=count).map(value))
            .collect(),
        rows: lines,
    }
}

fn confidence(of: judgement::Confidence) -> Confidence {
    match of {
        judgement::Confidence::High => Confidence::High,
        judgement::Confidence::Medium => Confidence::Medium,
        judgement::Confidence::Low => Confidence::Low,
    }
}

fn because(confidence: judgement::Confidence) -> &'static str {
    match confidence {
        judgement::Confidence::High => "platform records, ten times the rows needed, nothing assumed",
        judgement::Confidence::Medium => "spans or sampled telemetry, or few rows",
        judgement::Confidence::Low => "an assumed configuration, or incomplete telemetry",
    }
}

/// Returns what would disprove a finding: the sentence of its false alarms that says it, else all of them.
fn disproved(false_alarms: &str) -> String {
    let text = false_alarms.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.find("Disproved when ") {
        Some(at) => text[at + "Disproved when ".len()..].trim_end_matches('.').to_owned(),
        None => text,
    }
}

fn figures(finding: &Finding) -> Vec<(String, Impact)> {
    let of = |label: &str, figure: String, words: &str| {
        let impact = Impact {
            figure,
            words: words.to_owned(),
        };
        (label.to_owned(), impact)
    };
    let impact = &finding.impact;
    let mut figures = Vec::new();
    if let Some(range) = &impact.usd {
        figures.push(of(
            "In the window",
            format!("{} USD", dollars(range)),
            "estimated at list prices",
        ));
    }
    if let Some(range) = &impact.usd_month {
        figures.push(of(
            "Per month",
            format!("{} USD", dollars(range)),
            "estimated at list prices, if it goes on",
        ));
    }
    if let Some(ms) = impact.ms_p95 {
        figures.push(of("Slower by", format!("{ms:.0} ms"), "at the 95th percentile"));
    }
    if let Some(risk) = &impact.risk {
        figures.push(of("Risk", risk.clone(), ""));
    }
    figures.push(of(
        "Judged on",
        group(i128::from(finding.n)),
        "invocations, messages or calls",
    ));
    figures
}

/// Writes what was measured.
fn measured(finding: &Finding, rule: &Rule) -> String {
    let unit = finding
        .threshold
        .as_ref()
        .map_or("", |threshold| threshold.unit.as_str());
    let value = finding.values.get(&rule.measure).unwrap_or(&serde_json::Value::Null);
    format!("{} {}", words(&rule.measure), number(value, &rule.measure, unit))
}

fn threshold(finding: &Finding) -> String {
    let Some(threshold) = &finding.threshold else {
        return "none".to_owned();
    };
    let value = number(&threshold.value, &threshold.name, &threshold.unit);
    let source = threshold.overridden_by.as_ref().unwrap_or(&threshold.source);
    format!("{value} ({}; {source})", words(&threshold.name))
}

fn words(name: &str) -> String {
    name.trim_end_matches("_ms").replace('_', " ")
}

/// Writes a number in the unit that its name and its rule give it.
fn number(value: &serde_json::Value, name: &str, unit: &str) -> String {
    match value.as_f64() {
        None => value.as_str().map_or_else(|| "unknown".to_owned(), str::to_owned),
        Some(share) if name.ends_with("_rate") || name.ends_with("_share") || unit == "share" => {
            let percent = format!("{:.2}", share * 100.0);
            format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
        }
        Some(ms) if name.ends_with("_ms") || unit == "ms" => format!("{ms:.0} ms"),
        Some(number) => {
            let digits = format!("{number:.2}");
            let digits = digits.trim_end_matches('0').trim_end_matches('.');
            if unit.is_empty() {
                digits.to_owned()
            } else {
                format!("{digits} {unit}")
            }
        }
    }
}

fn runbook(rule: &Rule, finding: &Finding) -> Vec<RunbookStep> {
    let values = values(finding);
    let step = |step: &pennyspan_rules::rule::Step| {
        let text = match &finding.provider {
            Some(provider) => step.text_for(provider),
            None => step.text.clone(),
        };
        RunbookStep {
            verb: step.name.clone(),
            // An undo stands on a line of its own.
            markdown: fill(&text, &values).replace("\n  undo:", "  \n  undo:"),
        }
    };
    rule.runbook.steps().into_iter().map(step).collect()
}

fn exemplars(finding: &Finding) -> Vec<String> {
    let traces = finding
        .exemplars
        .iter()
        .filter_map(|exemplar| exemplar.trace_id.clone());
    traces.take(EXEMPLARS).collect()
}

/// Returns whether findings of a function make a number red.
pub(super) fn harm<'a>(findings: impl Iterator<Item = &'a Finding>, rules: &[&str]) -> Harm {
    let mut fires = findings.filter(|finding| rules.contains(&finding.rule.as_str()));
    if fires.next().is_some() {
        Harm::Fires
    } else {
        Harm::Quiet
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn fractions_have_four_digits_that_count() {
        let cases = [
            ("1.363187608710439", "1.363"),
            ("37.376000000000005", "37.38"),
            ("0.000123456", "0.0001235"),
            ("4.7407416761761804e-42", "4.741e-42"),
            ("12898009.5", "12898010"),
            ("0.0", "0"),
            ("-2.50", "-2.5"),
        ];
        for (cell, shown) in cases {
            assert_eq!(readable(cell.to_owned()), shown);
        }
        for same in ["123456789012", "v1.25", "41", "2026-11-21T00:25:00Z", "1.2.3", "inf"] {
            assert_eq!(readable(same.to_owned()), same);
        }
    }
}
