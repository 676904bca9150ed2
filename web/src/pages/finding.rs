//! `/findings/{fingerprint}`: what it costs and risks, the runbook, and the evidence.

use askama::Template;

use super::Page;
use super::parts::{FindingView, since, trace_href, zooms};
use crate::answers::{Course, EvidenceRows, FindingAnswer, Impact, Question, Severity};
use crate::chart::{Drawing, Figure, Role, TimeChart};
use crate::chrome::Chrome;
use crate::format::{age, count, range};
use crate::markdown;

/// One finding.
#[derive(Debug, Template)]
#[template(path = "pages/finding.html")]
pub struct FindingPage {
    chrome: Chrome,
    view: FindingView,
    open_for: String,
    confidence: &'static str,
    figures: Vec<(String, Impact)>,
    amount: Option<(String, String)>,
    steps: Vec<Step>,
    figure: Option<Figure>,
    evidence: EvidenceRows,
    facts: Vec<(&'static str, String)>,
    function: Option<(String, String)>,
    exemplars: Vec<(String, String)>,
    sql: String,
    impact: String,
    suppression: String,
}

#[derive(Debug)]
struct Step {
    verb: String,
    markup: String,
    now: bool,
}

impl FindingPage {
    /// Fills the page.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &FindingAnswer) -> Self {
        let short = |id: &String| (trace_href(&question.state, id), id.chars().take(8).collect());
        Self {
            chrome: chrome.titled(&answer.row.sentence),
            view: FindingView::of(&answer.row, question),
            open_for: age(question.now_unix_nano.saturating_sub(answer.row.since_unix_nano)),
            confidence: answer.confidence.word(),
            figures: answer.figures.clone(),
            amount: answer.amount.map(|amount| (amount.shown().cell(), amount.caveat())),
            steps: steps(answer),
            figure: answer.course.as_ref().map(|course| chart(course, answer, question)),
            evidence: answer.evidence.clone(),
            facts: facts(answer, question),
            function: answer
                .function
                .as_ref()
                .map(|id| (id.function.clone(), question.state.href(&id.path()))),
            exemplars: answer.exemplars.iter().map(short).collect(),
            sql: answer.sql.clone(),
            impact: answer.impact_text.clone(),
            suppression: answer.suppression.toml.clone(),
        }
    }
}

impl Page for FindingPage {
    fn figures(&self) -> Vec<&Figure> {
        self.figure.iter().collect()
    }
}

/// The step to take next is containing, if the runbook has it, else the first.
fn steps(answer: &FindingAnswer) -> Vec<Step> {
    let now = answer
        .runbook
        .iter()
        .position(|step| step.verb == "Contain")
        .unwrap_or(0);
    let step = |(index, step): (usize, &crate::answers::RunbookStep)| Step {
        verb: step.verb.clone(),
        markup: markdown::render(&step.markdown),
        now: index == now,
    };
    answer.runbook.iter().enumerate().map(step).collect()
}

fn facts(answer: &FindingAnswer, question: &Question) -> Vec<(&'static str, String)> {
    let window = answer.evaluated.window;
    vec![
        ("Scope", answer.row.scope.clone()),
        ("First seen", since(answer.row.since_unix_nano, question)),
        ("Window", range(window.start, window.end, question.state.tz)),
        ("Judged on", format!("n = {}", count(answer.n_count).text())),
        ("Value", answer.value.clone()),
        ("Threshold", answer.threshold.clone()),
        (
            "Confidence",
            format!("{}: {}", answer.confidence.word(), answer.confidence_because),
        ),
        ("Would disprove it", answer.disproved_by.clone()),
        ("Fingerprint", answer.row.fingerprint.clone()),
    ]
}

fn chart(course: &Course, answer: &FindingAnswer, question: &Question) -> Figure {
    let path = format!("/findings/{}", crate::text::percent(&answer.row.fingerprint));
    let mut chart = TimeChart::new("evidence", course.bins, question.state.tz, course.unit, Drawing::Area);
    chart.title.clone_from(&answer.value);
    chart.subtitle = format!("{}; diamonds are traces", course.measure);
    chart.series = vec![course.series.clone()];
    if answer.row.severity <= Severity::High {
        chart.series[0].role = Role::Failed;
    }
    chart.limits = course.limit.iter().cloned().collect();
    chart.deployments.clone_from(&course.deployments);
    chart.exemplars.clone_from(&course.exemplars);
    for exemplar in &mut chart.exemplars {
        exemplar.href = trace_href(&question.state, &exemplar.title);
    }
    chart.links = zooms(course.bins, &question.state, &[]);
    chart.plot_px = 210;
    chart
        .figure()
        .with_csv(format!("{path}{}", question.state.query_with(&[("csv", "evidence")])))
}

#[cfg(test)]
mod tests;
