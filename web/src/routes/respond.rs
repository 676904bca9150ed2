//! From an address to a question, and from an answer to a response.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Site;
use crate::answers::{Answer, AnswerError, Health, Question, Status};
use crate::chrome::{Chrome, Place};
use crate::pages::{EmptyPage, ErrorPage, Page};
use crate::state::{Moment, State};

/// What a page answers once there is something, for its empty state.
pub(super) type Wording = &'static [&'static str];

/// One request, read.
pub(super) struct Asked {
    pub(super) question: Question,
    path: String,
    slips: Vec<String>,
    extras: Vec<(String, String)>,
}

impl Asked {
    /// Reads an address. What cannot be read is left out and said on the page.
    pub(super) fn read(site: &Site, path: &str, query: Option<&str>) -> Self {
        let query = query.unwrap_or_default();
        let now_unix_nano = (site.clock)();
        let (mut state, mut slips) = State::parse(query);
        let window = match state.window(now_unix_nano) {
            Ok(window) => window,
            Err(slip) => {
                slips.push(slip);
                let standard = State::default();
                (state.from, state.to) = (standard.from, Moment::NOW);
                let hour = crate::state::Window {
                    start: now_unix_nano.saturating_sub(3_600_000_000_000),
                    end: now_unix_nano,
                };
                state.window(now_unix_nano).unwrap_or(hour)
            }
        };
        let extras = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        Self {
            question: Question {
                state,
                window,
                now_unix_nano,
            },
            path: path.to_owned(),
            slips: slips.iter().map(ToString::to_string).collect(),
            extras: extras
                .filter(|(key, _)| ["sort", "tab", "span", "row", "platform", "csv"].contains(&key.as_str()))
                .collect(),
        }
    }

    /// Returns a parameter that only some pages know.
    pub(super) fn extra(&self, key: &str) -> Option<&str> {
        self.extras
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    fn chrome(&self, place: Place, status: &Status) -> Chrome {
        Chrome::new(place, &self.path, &self.question, status, &self.slips)
    }

    /// Renders an answer with `fill`, or says why there is none.
    pub(super) fn answer<T, P: Page>(
        &self,
        place: Place,
        answer: Result<Answer<T>, AnswerError>,
        will_answer: Wording,
        fill: impl FnOnce(Chrome, T) -> P,
    ) -> Response {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.refuse(&error),
        };
        let chrome = self.chrome(place, &answer.status);
        match answer.body {
            Ok(body) => self.show(&fill(chrome, body)),
            Err(why) => self.show(&EmptyPage::new(chrome, &self.question, &why, will_answer)),
        }
    }

    /// Renders a page, or the numbers of one of its charts.
    fn show(&self, page: &impl Page) -> Response {
        if let Some(id) = self.extra("csv") {
            return match page.figures().into_iter().find(|figure| figure.id() == id) {
                Some(figure) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], figure.csv()).into_response(),
                None => self.not_found("chart", id),
            };
        }
        respond(StatusCode::OK, page)
    }

    /// Says what went wrong; the detail goes to the log.
    fn refuse(&self, error: &AnswerError) -> Response {
        let (status, sentence) = match error {
            AnswerError::NotFound { .. } => (StatusCode::NOT_FOUND, "There is no such thing here"),
            AnswerError::TooSlow { .. } => (StatusCode::SERVICE_UNAVAILABLE, "This question takes too long"),
            AnswerError::Failed { source } => {
                tracing::error!(
                    page.path = self.path,
                    error = source.as_ref() as &dyn std::error::Error,
                    "cannot answer a page"
                );
                (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made")
            }
        };
        let chrome = self.chrome(Place::Elsewhere, &Status::default());
        respond(status, &ErrorPage::new(chrome, sentence, &error.to_string()))
    }

    /// Says that something does not exist.
    pub(super) fn not_found(&self, what: &'static str, name: &str) -> Response {
        self.refuse(&AnswerError::NotFound {
            what,
            name: crate::text::cut(name, 200),
        })
    }
}

fn respond(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(markup) => (status, Html(markup)).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot render a page");
            (StatusCode::INTERNAL_SERVER_ERROR, "this page could not be rendered\n").into_response()
        }
    }
}

/// Answers a probe: `ok`, or why not, and what is damaged for good.
pub(super) fn probe(health: Health) -> Response {
    let (status, mut lines) = match health.amiss {
        amiss if amiss.is_empty() => (StatusCode::OK, vec!["ok".to_owned()]),
        amiss => (StatusCode::SERVICE_UNAVAILABLE, amiss),
    };
    lines.extend(
        health
            .damaged
            .into_iter()
            .map(|sentence| format!("degraded: {sentence}")),
    );
    (status, lines.join("\n") + "\n").into_response()
}
