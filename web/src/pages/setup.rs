//! `/setup`: the snippets to paste, what has arrived and what is awaited.

mod snippets;

use askama::Template;

use super::Page;
use crate::answers::{Question, SetupAnswer, Source, SourceState};
use crate::chrome::{Chrome, Link};
use crate::format::{age, clock, count};

pub use snippets::Platform;

/// Set-up.
#[derive(Debug, Template)]
#[template(path = "pages/setup.html")]
pub struct SetupPage {
    chrome: Chrome,
    sentence: String,
    lede: String,
    tabs: Vec<Link>,
    steps: Vec<snippets::Step>,
    places: Vec<(String, Vec<SourceView>)>,
    rejected: Option<(String, String)>,
    would_add: Vec<(String, i64)>,
}

#[derive(Debug)]
struct SourceView {
    name: String,
    received: Option<String>,
    per_minute: String,
}

impl SetupPage {
    /// Fills the page for one platform.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &SetupAnswer, platform: Platform) -> Self {
        let tab = |choice: Platform| Link {
            words: choice.name().to_owned(),
            href: format!("/setup{}", question.state.query_with(&[("platform", choice.key())])),
            current: choice == platform,
        };
        let mut places: Vec<(String, Vec<SourceView>)> = Vec::new();
        for source in &answer.sources {
            let view = SourceView::of(source, question);
            match places.iter_mut().find(|(place, _)| *place == source.place) {
                Some((_, sources)) => sources.push(view),
                None => places.push((source.place.clone(), vec![view])),
            }
        }
        Self {
            chrome: chrome.titled("Setup"),
            sentence: answer.sentence.clone(),
            lede: format!(
                "{} of {} rules can judge on what arrives.",
                answer.rules_judging, answer.rules_total
            ),
            tabs: Platform::ALL.into_iter().map(tab).collect(),
            steps: platform.steps(&answer.http_endpoint, &answer.grpc_endpoint, answer.token_needed),
            places,
            rejected: answer.rejected.as_ref().map(|(n, why)| (count(*n).text(), why.clone())),
            would_add: answer.would_add.clone(),
        }
    }
}

impl Page for SetupPage {}

impl SourceView {
    fn of(source: &Source, question: &Question) -> Self {
        let received = match source.state {
            SourceState::Received(at) => Some(format!(
                "{}, {} ago",
                clock(at, question.state.tz),
                age(question.now_unix_nano.saturating_sub(at))
            )),
            SourceState::Waiting => None,
        };
        Self {
            name: source.name.clone(),
            received,
            per_minute: count(source.per_minute).text(),
        }
    }
}
