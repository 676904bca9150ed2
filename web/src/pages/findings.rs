//! `/findings`: everything that is open, worst first.

use askama::Template;

use super::Page;
use super::parts::{FindingList, since};
use crate::answers::{FindingRow, FindingsAnswer, Question, Severity};
use crate::chrome::Chrome;
use crate::format::{plural, range};

/// All findings.
#[derive(Debug, Template)]
#[template(path = "pages/findings.html")]
pub struct FindingsPage {
    chrome: Chrome,
    sentence: String,
    lede: String,
    groups: Vec<(&'static str, String, FindingList)>,
    lacking: Vec<(String, String, String)>,
}

impl FindingsPage {
    /// Fills the page.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &FindingsAnswer) -> Self {
        let open: Vec<&FindingRow> = answer.findings.iter().filter(|row| row.muted.is_none()).collect();
        let muted = answer.findings.len() - open.len();
        let urgent = open.iter().filter(|row| row.severity <= Severity::High).count();
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let sentence = match (open.len(), urgent) {
            (0, _) => "No finding is open".to_owned(),
            (n, 0) => format!(
                "{}, none of them urgent",
                plural(number(n), "finding is open", "findings are open")
            ),
            (n, urgent) => format!(
                "{}, {urgent} of them critical or high",
                plural(number(n), "finding is open", "findings are open")
            ),
        };
        let window = answer.evaluated.window;
        let lede = format!(
            "{} of {} can judge on what arrives; evaluated {} over {}.",
            answer.rules_judging,
            plural(answer.rules_total, "rule", "rules"),
            since(answer.evaluated.at_unix_nano, question),
            range(window.start, window.end, question.state.tz)
        );
        let mut groups = Vec::new();
        for severity in [
            Severity::Critical,
            Severity::High,
            Severity::Medium,
            Severity::Low,
            Severity::Info,
        ] {
            let rows: Vec<FindingRow> = open
                .iter()
                .filter(|row| row.severity == severity)
                .map(|row| (*row).clone())
                .collect();
            if !rows.is_empty() {
                groups.push((
                    severity.word(),
                    plural(number(rows.len()), "finding", "findings"),
                    FindingList::of(&rows, question),
                ));
            }
        }
        if muted > 0 {
            let rows: Vec<FindingRow> = answer
                .findings
                .iter()
                .filter(|row| row.muted.is_some())
                .cloned()
                .collect();
            groups.push((
                "Muted",
                plural(number(muted), "finding", "findings"),
                FindingList::of(&rows, question),
            ));
        }
        let rule = |(name, lacks): &(String, String)| {
            (
                name.clone(),
                question.state.href(&format!("/rules/{}", crate::text::percent(name))),
                lacks.clone(),
            )
        };
        Self {
            chrome: chrome.titled("Findings"),
            sentence,
            lede,
            groups,
            lacking: answer.lacking.iter().map(rule).collect(),
        }
    }
}

impl Page for FindingsPage {}

#[cfg(test)]
mod tests;
