//! `/functions/{provider}/{account}/{region}/{function}`: one function, tab by tab.

mod cold;
mod cost;
mod overview;

use askama::Template;

use super::Page;
use super::parts::{FindingList, FindingView, provider_name, since};
use crate::answers::{FunctionAnswer, FunctionTab, Question};
use crate::chart::Figure;
use crate::chrome::{Chrome, Link};

use cold::ColdView;
use cost::CostView;
use overview::OverviewView;

/// One function.
#[derive(Debug, Template)]
#[template(path = "pages/function.html")]
pub struct FunctionPage {
    chrome: Chrome,
    name: String,
    service: String,
    facts: Vec<String>,
    notice: Option<FindingView>,
    tabs: Vec<Link>,
    findings: Option<FindingList>,
    overview: Option<OverviewView>,
    cold: Option<ColdView>,
    cost: Option<CostView>,
}

impl FunctionPage {
    /// Fills the page for one tab.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &FunctionAnswer, tab: FunctionTab) -> Self {
        let id = &answer.row.id;
        let path = id.path();
        let shown = tab == FunctionTab::Overview || tab == FunctionTab::Findings;
        let name = if id.function.is_empty() {
            "unknown function".to_owned()
        } else {
            id.function.clone()
        };
        Self {
            chrome: chrome.titled(&name),
            name,
            service: answer.service.clone(),
            facts: facts(answer, question),
            notice: answer.notice.as_ref().map(|row| FindingView::of(row, question)),
            tabs: tabs(&path, question, tab, answer.findings.len()),
            findings: shown.then(|| FindingList::of(&answer.findings, question)),
            overview: answer
                .overview
                .as_ref()
                .map(|overview| OverviewView::of(overview, &path, question)),
            cold: answer
                .cold_starts
                .as_ref()
                .map(|cold| ColdView::of(cold, &path, question)),
            cost: answer.cost.as_ref().map(|cost| CostView::of(cost, &path, question)),
        }
    }
}

impl Page for FunctionPage {
    fn figures(&self) -> Vec<&Figure> {
        let overview = self.overview.iter().flat_map(|overview| &overview.figures);
        let cold = self.cold.iter().flat_map(|cold| &cold.figures);
        let cost = self.cost.iter().map(|cost| &cost.figure);
        overview.chain(cold).chain(cost).collect()
    }
}

/// Adds the address of a figure's numbers, on the same tab.
fn with_csv(figure: Figure, path: &str, tab: FunctionTab, question: &Question) -> Figure {
    let id = figure.id().to_owned();
    let href = format!(
        "{path}{}",
        question.state.query_with(&[("tab", tab.key()), ("csv", &id)])
    );
    figure.with_csv(href)
}

fn tabs(path: &str, question: &Question, current: FunctionTab, findings: usize) -> Vec<Link> {
    let link = |tab: FunctionTab| Link {
        words: match (tab, findings) {
            (FunctionTab::Findings, 1..) => format!("{} {findings}", tab.name()),
            _ => tab.name().to_owned(),
        },
        href: format!("{path}{}", question.state.query_with(&[("tab", tab.key())])),
        current: tab == current,
    };
    FunctionTab::ALL.into_iter().map(link).collect()
}

/// Says in a line what kind of function it is.
fn facts(answer: &FunctionAnswer, question: &Question) -> Vec<String> {
    let row = &answer.row;
    let place = [provider_name(&row.id.provider), &row.id.account, &row.id.region];
    let mut facts = vec![
        place
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
    ];
    facts.push(if row.runtime.is_empty() {
        "runtime unknown".to_owned()
    } else {
        row.runtime.clone()
    });
    facts.push(match row.memory_mib {
        Ok(mib) => crate::format::mebibytes(mib).text(),
        Err(why) => format!("memory {why}"),
    });
    match (crate::text::cut(&row.version, 60).as_str(), row.deployed_unix_nano) {
        ("", None) => {}
        ("", Some(at)) => facts.push(format!("deployed {}", since(at, question))),
        (version, None) => facts.push(format!("version {version}")),
        (version, Some(at)) => facts.push(format!("version {version}, deployed {}", since(at, question))),
    }
    facts
}

#[cfg(test)]
mod tests;
