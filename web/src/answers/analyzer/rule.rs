//! One rule of the catalogue, and what it found.

use pennyspan_rules::Rule;

use super::AnalyzerAnswers;
use super::findings::severity;
use crate::answers::{Answer, AnswerError, Question, RuleAnswer, RuleParameter};

/// The most findings of one rule that are shown.
const SHOWN: usize = 100;

impl AnalyzerAnswers {
    pub(super) async fn answer_rule(&self, question: &Question, name: &str) -> Result<Answer<RuleAnswer>, AnswerError> {
        let rule = self.catalogue.get(name).ok_or_else(|| AnswerError::NotFound {
            what: "rule",
            name: crate::text::cut(name, 200),
        })?;
        let asked = self.glance(question.window).await?;
        let judged = self.evaluation.current();
        let lacks = |need: &String| {
            let not_judged = judged.iter().flat_map(|judged| &judged.judgement.not_judged);
            not_judged
                .filter(|lack| lack.rule == rule.name)
                .any(|lack| lack.needs.contains(need))
        };
        let found = |finding: &pennyspan_analyzer::judge::judgement::Finding| finding.rule == rule.name;
        let body = RuleAnswer {
            name: rule.name.clone(),
            title: rule.title.clone(),
            severity: severity(rule.severity),
            markdown: markdown(rule),
            parameters: rule.params.iter().map(parameter).collect(),
            needs: rule
                .needs
                .iter()
                .map(|need| (need.clone(), judged.is_some() && !lacks(need)))
                .collect(),
            findings: judged
                .as_ref()
                .map(|judged| self.finding_rows(judged, found, SHOWN))
                .unwrap_or_default(),
            evaluated: judged.as_ref().map(|judged| judged.evaluated),
        };
        Ok(self.answer(&asked, super::attempts(&asked.snapshot), Ok(body)))
    }
}

fn parameter(param: &pennyspan_rules::rule::Param) -> RuleParameter {
    RuleParameter {
        name: param.name.clone(),
        value: format!("{} {}", param.value, param.unit),
        reason: param.why.clone(),
    }
}

/// Writes what a rule says, from its own sections.
fn markdown(rule: &Rule) -> String {
    let mut text = rule.what_it_finds.clone();
    let mut section = |title: &str, body: &str| {
        if !body.trim().is_empty() {
            text.extend(["\n\n## ", title, "\n\n", body]);
        }
    };
    section("False alarms", &rule.false_alarms);
    section("Impact", &rule.impact);
    for step in rule.runbook.steps() {
        section(&step.name, &step.text);
    }
    section("Query", &format!("```sql\n{}\n```", rule.query.trim_end()));
    section("References", &rule.references);
    text
}
