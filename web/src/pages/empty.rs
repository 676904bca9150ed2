//! The page before its data: which of the four kinds of nothing it is, and what helps.

use askama::Template;

use super::Page;
use crate::answers::{Emptiness, Question};
use crate::chrome::Chrome;
use crate::format::{age, count, date, minute, plural};
use crate::state::Window;

/// A page without an answer.
#[derive(Debug, Template)]
#[template(path = "pages/empty.html")]
pub struct EmptyPage {
    chrome: Chrome,
    sentence: String,
    text: String,
    snippet: String,
    actions: Vec<(String, String)>,
    will_answer: &'static [&'static str],
}

impl EmptyPage {
    /// Says which kind of nothing there is; `will_answer` is what the page answers once there is something.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, why: &Emptiness, will_answer: &'static [&'static str]) -> Self {
        let page = match why {
            Emptiness::NeverSent => Self::never_sent(chrome, question),
            Emptiness::NotInRange { newest_unix_nano } => Self::not_in_range(chrome, question, *newest_unix_nano),
            Emptiness::FilteredAway { filter, without_count } => {
                Self::filtered(chrome, question, filter, *without_count)
            }
            Emptiness::TooFew { count, needed_count } => Self::too_few(chrome, question, *count, *needed_count),
        };
        Self { will_answer, ..page }
    }

    fn plain(chrome: Chrome, sentence: String, text: String, actions: Vec<(String, String)>) -> Self {
        let chrome = chrome.titled(&sentence);
        Self {
            chrome,
            sentence,
            text,
            snippet: String::new(),
            actions,
            will_answer: &[],
        }
    }

    fn never_sent(chrome: Chrome, question: &Question) -> Self {
        let actions = vec![("All platforms and runtimes".to_owned(), question.state.href("/setup"))];
        let text = "This page fills itself with the first event. Point one function here:".to_owned();
        let page = Self::plain(chrome, "Nothing has arrived yet".to_owned(), text, actions);
        Self {
            snippet: "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
                .to_owned(),
            ..page
        }
    }

    fn not_in_range(chrome: Chrome, question: &Question, newest: i64) -> Self {
        let tz = question.state.tz;
        let hour = 3_600_000_000_000;
        let end = newest.saturating_add(60_000_000_000);
        let window = Window {
            start: end.saturating_sub(question.window.length().max(hour)),
            end,
        };
        let action = (
            format!("Go to {}, {}", date(newest, tz), minute(newest, tz)),
            question.state.over(window).href(&chrome.path),
        );
        let text = format!(
            "The newest event is {} old: {} {}.",
            age(question.now_unix_nano.saturating_sub(newest)),
            date(newest, tz),
            minute(newest, tz)
        );
        let sentence = format!("Nothing between {}", chrome.range().replace(" – ", " and "));
        Self::plain(chrome, sentence, text, vec![action])
    }

    fn filtered(chrome: Chrome, question: &Question, filter: &'static str, without: i64) -> Self {
        let value = question.state.filters.get(filter);
        let text = format!(
            "Without {filter} {value} there are {}.",
            plural(without, "invocation", "invocations")
        );
        let actions = vec![
            (
                format!("Remove {filter} {}", crate::text::cut(value, 60)),
                question.state.filtered(filter, "").href(&chrome.path),
            ),
            (
                "Remove all filters".to_owned(),
                question.state.unfiltered().href(&chrome.path),
            ),
        ];
        Self::plain(chrome, "Nothing fits the filters".to_owned(), text, actions)
    }

    fn too_few(chrome: Chrome, question: &Question, n: i64, needed: i64) -> Self {
        let text = format!("n = {}; this needs {}.", count(n).text(), count(needed).text());
        let day = question.state.last(crate::state::Preset::Day);
        let actions = vec![("Look at 24 hours".to_owned(), day.href(&chrome.path))];
        Self::plain(chrome, "Too few to tell".to_owned(), text, actions)
    }
}

impl Page for EmptyPage {}

#[cfg(test)]
mod tests;
