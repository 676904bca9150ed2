//! The findings of the last evaluation, as rows, and how their runbooks read.

use std::collections::BTreeMap;

use pennyspan_analyzer::judge::judgement::{Finding, NotJudged};
use pennyspan_rules::rule::{self, Command, Step, Value, fill};

use super::{AnalyzerAnswers, Judged};
use crate::answers::{Answer, AnswerError, Emptiness, FindingRow, FindingsAnswer, Impact, Question, Severity};

/// The most findings of a list.
const SHOWN: usize = 500;

impl AnalyzerAnswers {
    pub(super) async fn answer_findings(&self, question: &Question) -> Result<Answer<FindingsAnswer>, AnswerError> {
        let asked = self.glance(question.window).await?;
        let body = match (self.evaluation.current(), asked.seen.newest_unix_nano) {
            (_, None) => Err(Emptiness::NeverSent),
            (None, Some(_)) => Err(Emptiness::TooFew {
                count: super::attempts(&asked.snapshot),
                needed_count: 1,
            }),
            (Some(judged), Some(_)) => Ok(self.all(&judged)),
        };
        Ok(self.answer(&asked, super::attempts(&asked.snapshot), body))
    }

    fn all(&self, judged: &Judged) -> FindingsAnswer {
        let not_judged = &judged.judgement.not_judged;
        let mut lacking: BTreeMap<String, String> = BTreeMap::new();
        for lack in not_judged.iter().filter(|_| self.rules_total() > 0) {
            lacking.entry(lack.rule.clone()).or_insert_with(|| lacks(lack));
        }
        FindingsAnswer {
            findings: self.finding_rows(judged, |_| true, SHOWN),
            evaluated: judged.evaluated,
            rules_judging: rules_judging(judged),
            rules_total: self.rules_total(),
            lacking: lacking.into_iter().collect(),
        }
    }

    pub(super) fn rules_total(&self) -> i64 {
        i64::try_from(self.catalogue.rules().len()).unwrap_or(i64::MAX)
    }

    /// Returns findings as rows, the most severe first, then those that cost most.
    pub(super) fn finding_rows(
        &self,
        judged: &Judged,
        keep: impl Fn(&Finding) -> bool,
        most: usize,
    ) -> Vec<FindingRow> {
        let mut findings: Vec<&Finding> = judged
            .judgement
            .findings
            .iter()
            .filter(|finding| keep(finding))
            .collect();
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), std::cmp::Reverse(money(finding))));
        findings
            .into_iter()
            .take(most)
            .map(|finding| self.finding_row(judged, finding))
            .collect()
    }

    pub(super) fn finding_row(&self, judged: &Judged, finding: &Finding) -> FindingRow {
        let step = self.catalogue.get(&finding.rule).map(|rule| &rule.runbook.contain);
        FindingRow {
            fingerprint: finding.fingerprint.clone(),
            severity: severity(finding.severity),
            sentence: sentence(finding),
            rule: finding.rule.clone(),
            scope: scope(finding),
            since_unix_nano: judged.since(finding),
            step_verb: step.map(|step| step.name.clone()).unwrap_or_default(),
            step: step.map(|step| headline(step, finding)).unwrap_or_default(),
            impact: impact(finding),
            muted: finding.suppressed.clone(),
        }
    }
}

/// Says why a rule could not judge: what is to be sent or set, or that it takes more of what comes already.
fn lacks(lack: &NotJudged) -> String {
    match lack.reason.as_str() {
        "insufficient data" => "too few invocations, messages or calls so far".to_owned(),
        "insufficient history" => "too short a history so far".to_owned(),
        reason if lack.needs.is_empty() => reason.to_owned(),
        reason => format!("{reason}: {}", lack.needs.join(", ")),
    }
}

/// Says what is so, and of whom.
pub(super) fn sentence(finding: &Finding) -> String {
    let (subject, message) = (subject(finding), finding.message.trim_end_matches('.'));
    let named = finding.function.is_none() && subject.split(' ').all(|word| message.contains(word));
    if named {
        message.to_owned()
    } else {
        format!("{subject}: {message}")
    }
}

/// Names what a finding is about in a word or two.
pub(super) fn subject(finding: &Finding) -> &str {
    let named = finding.function.as_deref().or(finding.sub_resource.as_deref());
    named.unwrap_or("all functions")
}

/// Names what a finding is about in full.
pub(super) fn scope(finding: &Finding) -> String {
    let versions = match finding.versions.as_slice() {
        [] => None,
        [one] => Some(format!("version {one}")),
        many => Some(format!("versions {}", many.join(", "))),
    };
    let parts = [
        finding.function.clone(),
        finding.sub_resource.clone(),
        versions,
        finding.region.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "all functions".to_owned()
    } else {
        parts.join(", ")
    }
}

pub(super) fn severity(of: rule::Severity) -> Severity {
    match of {
        rule::Severity::Critical => Severity::Critical,
        rule::Severity::High => Severity::High,
        rule::Severity::Medium => Severity::Medium,
        rule::Severity::Low => Severity::Low,
        rule::Severity::Info => Severity::Info,
    }
}

/// Returns the upper end of what a finding costs, for the order of a list.
fn money(finding: &Finding) -> i128 {
    let range = finding.impact.usd_month.as_ref().or(finding.impact.usd.as_ref());
    range.map_or(0, |[_, high]| micros(high))
}

/// Reads decimal dollars as millionths.
fn micros(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
    format!("{whole}{fraction}").parse().unwrap_or(0)
}

/// Writes a range of dollars with as many places as it takes to tell it from nothing.
pub(super) fn dollars([low, high]: &[String; 2]) -> String {
    let one = |text: &str| match micros(text) {
        0 if text.chars().any(|c| ('1'..='9').contains(&c)) => "<\u{202f}0.01".to_owned(),
        micros => crate::format::usd(crate::format::Usd(micros * 1_000_000_000_000))
            .bare()
            .text(),
    };
    let (low, high) = (one(low), one(high));
    if low == high { low } else { format!("{low} – {high}") }
}

pub(super) fn impact(finding: &Finding) -> Option<Impact> {
    let of = |figure: String, words: &str| Impact {
        figure,
        words: words.to_owned(),
    };
    let impact = &finding.impact;
    if let Some(range) = &impact.usd_month {
        return Some(of(dollars(range), "USD per month"));
    }
    if let Some(range) = &impact.usd {
        return Some(of(dollars(range), "USD in the window"));
    }
    impact.ms_p95.map(|ms| of(format!("{ms:.0}"), "ms at p95"))
}

/// Returns what a finding's sentence and runbook may name.
pub(super) fn values(finding: &Finding) -> BTreeMap<String, Value> {
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(number)) => Value::Number(number),
            (None, None) => Value::Null,
        },
        serde_json::Value::Bool(flag) => Value::Text(flag.to_string()),
        _ => Value::Null,
    };
    let mut values: BTreeMap<String, Value> = finding
        .values
        .iter()
        .map(|(name, given)| (name.clone(), value(given)))
        .collect();
    let text = |text: Option<&String>| text.map_or(Value::Null, |text| Value::Text(text.clone()));
    let versions = (!finding.versions.is_empty()).then(|| finding.versions.join(", "));
    for (name, part) in [
        ("provider", finding.provider.as_ref()),
        ("account", finding.account.as_ref()),
        ("region", finding.region.as_ref()),
        ("function", finding.function.as_ref()),
        ("sub_resource", finding.sub_resource.as_ref()),
        ("versions", versions.as_ref()),
    ] {
        values.insert(name.to_owned(), text(part));
    }
    values.insert("n".to_owned(), Value::Integer(finding.n));
    values
}

/// Returns the first command of a step that is meant for the finding's provider, with its values filled in.
pub(super) fn command(step: &Step, finding: &Finding) -> Option<Command> {
    let values = values(finding);
    let provider = finding.provider.as_deref().unwrap_or("any");
    let command = step.commands.iter().find(|command| command.is_for(provider))?;
    Some(Command {
        platform: command.platform.clone(),
        command: fill(&command.command, &values),
        undo: command.undo.as_ref().map(|undo| fill(undo, &values)),
    })
}

/// Returns the first sentence of a step.
pub(super) fn headline(step: &Step, finding: &Finding) -> String {
    let filled = fill(&step.text, &values(finding));
    let prose = filled
        .split("\n\n")
        .find(|part| !part.trim_start().starts_with(['-', '`']));
    let line = prose
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let end = line.find(". ").map_or(line.len(), |end| end + 1);
    line[..end].trim_end_matches('.').replace('`', "")
}

/// Returns how many rules could judge.
pub(super) fn rules_judging(judged: &Judged) -> i64 {
    i64::try_from(judged.judgement.coverage.rules_judged).unwrap_or(i64::MAX)
}
