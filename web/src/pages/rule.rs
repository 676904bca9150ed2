//! `/rules/{name}`: what a rule says, when it judges, and what it found.

use askama::Template;

use super::Page;
use super::parts::FindingList;
use crate::answers::{Question, RuleAnswer, RuleParameter, Severity};
use crate::chrome::Chrome;
use crate::markdown;

/// One rule.
#[derive(Debug, Template)]
#[template(path = "pages/rule.html")]
pub struct RulePage {
    chrome: Chrome,
    name: String,
    title: String,
    severity: Severity,
    markup: String,
    parameters: Vec<RuleParameter>,
    needs: Vec<(String, bool)>,
    findings: FindingList,
}

impl RulePage {
    /// Fills the page.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &RuleAnswer) -> Self {
        Self {
            chrome: chrome.titled(&answer.name),
            name: answer.name.clone(),
            title: answer.title.clone(),
            severity: answer.severity,
            markup: markdown::render(&answer.markdown),
            parameters: answer.parameters.clone(),
            needs: answer.needs.clone(),
            findings: FindingList::of(&answer.findings, question),
        }
    }
}

impl Page for RulePage {}
