//! The routes: one table, one way from an address to a page.

mod guard;
mod respond;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};

use crate::answers::{Answers, FunctionId, FunctionTab, TraceView};
use crate::assets::Assets;
use crate::chrome::Place;
use crate::pages::{
    FindingPage, FindingsPage, FunctionPage, FunctionsPage, HomePage, IngestPage, Platform, RulePage, SetupPage, Sort,
    TracePage,
};

pub use guard::Exposure;
use respond::{Asked, Wording};

/// Tells the time, nanoseconds since 1970. Nothing else in this crate knows it.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What every handler has.
#[derive(Clone)]
struct Site {
    answers: Arc<dyn Answers>,
    clock: Clock,
}

/// Every page: its path and what answers it. What is served beside them stands in [`router`].
fn pages() -> [(&'static str, MethodRouter<Site>); 9] {
    [
        ("/", get(home)),
        ("/functions", get(functions)),
        ("/functions/{provider}/{account}/{region}/{function}", get(function)),
        ("/traces/{id}", get(trace)),
        ("/findings", get(findings)),
        ("/findings/{fingerprint}", get(finding)),
        ("/rules/{name}", get(rule)),
        ("/setup", get(setup)),
        ("/ingest", get(ingest)),
    ]
}

/// Builds the site. `exposure` says which names it answers to.
pub fn router(answers: Arc<dyn Answers>, clock: Clock, exposure: Exposure) -> Router {
    pages()
        .into_iter()
        .fold(Router::new(), |router, (path, page)| router.route(path, page))
        .route("/search", get(search))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/assets/{file}", get(asset))
        .fallback(missing)
        .layer(middleware::from_fn(move |request: Request, next| {
            guard::guard(exposure, request, next)
        }))
        .with_state(Site { answers, clock })
}

async fn home(Shared(site): Shared<Site>, RawQuery(query): RawQuery) -> Response {
    const WILL: Wording = &[
        "What is broken, since when, because of what, and what to do first.",
        "How far the numbers are off their usual.",
        "What moved, which errors are new, and which functions are worst.",
    ];
    let asked = Asked::read(&site, "/", query.as_deref());
    let answer = site.answers.home(&asked.question).await;
    asked.answer(Place::Home, answer, WILL, |chrome, body| {
        HomePage::new(chrome, &asked.question, &body)
    })
}

async fn functions(Shared(site): Shared<Site>, RawQuery(query): RawQuery) -> Response {
    const WILL: Wording = &[
        "Which function fails, and which it drags along.",
        "Every function beside the others: rate, errors, duration, cold starts, memory, cost.",
    ];
    let asked = Asked::read(&site, "/functions", query.as_deref());
    let sort = Sort::parse(asked.extra("sort").unwrap_or_default());
    let answer = site.answers.functions(&asked.question).await;
    asked.answer(Place::Functions, answer, WILL, |chrome, body| {
        FunctionsPage::new(chrome, &asked.question, &body, sort)
    })
}

async fn function(Shared(site): Shared<Site>, request: Request) -> Response {
    const WILL: Wording = &["How the function does: attempts, errors, durations, cold starts, cost."];
    let path = request.uri().path().to_owned();
    let asked = Asked::read(&site, &path, request.uri().query());
    // The parts are read from the path as sent: decoding it first would part names that hold a slash.
    let parts: Vec<&str> = path.trim_start_matches("/functions/").split('/').collect();
    let id = match parts[..] {
        [provider, account, region, function] => FunctionId::of_parts(provider, account, region, function),
        _ => None,
    };
    let Some(id) = id else {
        return asked.not_found("function", &path);
    };
    let key = asked.extra("tab").unwrap_or_default();
    let tab = FunctionTab::ALL
        .into_iter()
        .find(|tab| tab.key() == key)
        .unwrap_or_default();
    let answer = site.answers.function(&asked.question, &id, tab).await;
    asked.answer(Place::Functions, answer, WILL, |chrome, body| {
        FunctionPage::new(chrome, &asked.question, &body, tab)
    })
}

async fn trace(Shared(site): Shared<Site>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    const WILL: Wording = &["Where the time went, what failed, and what it cost."];
    let asked = Asked::read(
        &site,
        &format!("/traces/{}", crate::text::percent(&id)),
        query.as_deref(),
    );
    let Some(id) = trace_id(&id) else {
        return asked.not_found("trace", &id);
    };
    let view = TraceView {
        span_id: asked
            .extra("span")
            .filter(|span| is_hex(span, 16))
            .map(str::to_ascii_lowercase),
        first_row: asked.extra("row").and_then(|row| row.parse().ok()).unwrap_or(0).max(0),
    };
    let answer = site.answers.trace(&asked.question, &id, &view).await;
    asked.answer(Place::Elsewhere, answer, WILL, |chrome, body| {
        TracePage::new(chrome, &asked.question, &body, &view)
    })
}

async fn findings(Shared(site): Shared<Site>, RawQuery(query): RawQuery) -> Response {
    const WILL: Wording = &["Everything that is wrong or wasteful, worst first, with what it costs and what to do."];
    let asked = Asked::read(&site, "/findings", query.as_deref());
    let answer = site.answers.findings(&asked.question).await;
    asked.answer(Place::Findings, answer, WILL, |chrome, body| {
        FindingsPage::new(chrome, &asked.question, &body)
    })
}

async fn finding(Shared(site): Shared<Site>, Path(fingerprint): Path<String>, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(
        &site,
        &format!("/findings/{}", crate::text::percent(&fingerprint)),
        query.as_deref(),
    );
    let answer = site.answers.finding(&asked.question, &fingerprint).await;
    asked.answer(Place::Findings, answer, &[], |chrome, body| {
        FindingPage::new(chrome, &asked.question, &body)
    })
}

async fn rule(Shared(site): Shared<Site>, Path(name): Path<String>, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(
        &site,
        &format!("/rules/{}", crate::text::percent(&name)),
        query.as_deref(),
    );
    let answer = site.answers.rule(&asked.question, &name).await;
    asked.answer(Place::Findings, answer, &[], |chrome, body| {
        RulePage::new(chrome, &asked.question, &body)
    })
}

async fn setup(Shared(site): Shared<Site>, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(&site, "/setup", query.as_deref());
    let platform = Platform::parse(asked.extra("platform").unwrap_or_default());
    let answer = site.answers.setup(&asked.question).await;
    asked.answer(Place::Setup, answer, &[], |chrome, body| {
        SetupPage::new(chrome, &asked.question, &body, platform)
    })
}

async fn ingest(Shared(site): Shared<Site>, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(&site, "/ingest", query.as_deref());
    let answer = site.answers.ingest(&asked.question).await;
    asked.answer(Place::Setup, answer, &[], |chrome, body| {
        IngestPage::new(chrome, &asked.question, &body)
    })
}

/// Opens a trace by its id, or looks for functions.
async fn search(Shared(site): Shared<Site>, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(&site, "/search", query.as_deref());
    let state = &asked.question.state;
    match trace_id(state.filters.query.trim()) {
        Some(id) => Redirect::to(&state.filtered("q", "").href(&format!("/traces/{id}"))).into_response(),
        None => Redirect::to(&state.href("/functions")).into_response(),
    }
}

fn trace_id(text: &str) -> Option<String> {
    is_hex(text, 32).then(|| text.to_ascii_lowercase())
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn healthz(Shared(site): Shared<Site>) -> Response {
    respond::probe(site.answers.healthy().await)
}

async fn readyz(Shared(site): Shared<Site>) -> Response {
    respond::probe(site.answers.ready().await)
}

async fn asset(request: Request) -> Response {
    let Some(asset) = Assets::get().find(request.uri().path()) else {
        return (StatusCode::NOT_FOUND, "no such file").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.content).into_response()
}

async fn missing(Shared(site): Shared<Site>, request: Request) -> Response {
    let asked = Asked::read(&site, request.uri().path(), request.uri().query());
    asked.not_found("page", request.uri().path())
}

#[cfg(test)]
mod tests;
