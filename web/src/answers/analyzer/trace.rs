//! One trace: a waterfall by rows, where the time went, what it cost, what comes before and after it.

mod panel;
mod path;
mod tree;

use std::collections::BTreeMap;

use pennyspan_analyzer::analysis::Scope;
use pennyspan_analyzer::analysis::counts::whole;
use pennyspan_analyzer::analysis::trace::{self, AttemptRow, LinkRow, SpanRow, Trace};
use pennyspan_rules::price::{Amount as Exact, largest_remainder};
use pennyspan_schema::Window;

use super::{AnalyzerAnswers, failed, numbers};
use crate::answers::{Answer, AnswerError, LogLine, Question, TimePart, TraceAnswer, TraceCost, TraceLink, TraceView};
use crate::chart::PartKind;
use crate::format::{Amount, count, duration, plural};
use tree::Tree;

/// Rows of one page of the waterfall.
const PAGE_ROWS: usize = 200;
/// Services that are told apart; the rest is "other".
const SERVICES: usize = 5;
/// The most lines of the cost.
const COST_LINES: usize = 20;

impl AnalyzerAnswers {
    pub(super) async fn answer_trace(
        &self,
        question: &Question,
        trace_id: &str,
        view: &TraceView,
    ) -> Result<Answer<TraceAnswer>, AnswerError> {
        let none = || AnswerError::NotFound {
            what: "trace",
            name: crate::text::cut(trace_id, 200),
        };
        let id = trace::bytes::<16>(trace_id).ok_or_else(none)?;
        let mut asked = self.ask(question.window).await?;
        let spans = trace::spans_of(&asked.session, &id).await.map_err(failed)?;
        let starts = trace::starts_of(&asked.session, &id).await.map_err(failed)?;
        let window = trace::window_of(&spans, &starts).ok_or_else(none)?;
        let page = crate::state::Window {
            start: window.start_unix_nano,
            end: window.end_unix_nano,
        };
        asked.session = self.open(&asked.snapshot, page).await?;
        let trace = trace::trace(&asked.session, &id, spans).await.map_err(failed)?;
        let read = trace.spans.len() + trace.attempts.len() + trace.logs.len();
        let body = self.waterfall(trace_id, &trace, view);
        Ok(self.answer(&asked, i64::try_from(read).unwrap_or(i64::MAX), Ok(body)))
    }

    fn waterfall(&self, trace_id: &str, trace: &Trace, view: &TraceView) -> TraceAnswer {
        let tree = Tree::of(&trace.spans);
        let bounds = bounds(trace);
        let path = path::critical(&tree, &trace.spans);
        let services = services(&trace.spans);
        let rows = tree::rows(&tree, trace, &path, &services);
        let rows_count = rows.len();
        let first = usize::try_from(view.first_row)
            .unwrap_or(0)
            .min(rows_count.saturating_sub(1));
        let first = first / PAGE_ROWS * PAGE_ROWS;
        let chosen = view
            .span_id
            .as_ref()
            .and_then(|id| trace.spans.iter().find(|span| span.span_id == *id));
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        TraceAnswer {
            trace_id: trace_id.to_owned(),
            sentence: sentence(trace, bounds),
            start_unix_nano: bounds.start_unix_nano,
            end_unix_nano: bounds.end_unix_nano,
            spans_count: number(trace.spans.len()),
            functions_count: number(functions(trace).len()),
            cold_count: number(trace.attempts.iter().filter(|one| one.cold_start == Some(true)).count()),
            orphans_count: number(tree.orphans.len()),
            spans: rows.into_iter().skip(first).take(PAGE_ROWS).collect(),
            first_row: number(first),
            rows_count: number(rows_count),
            page_rows: number(PAGE_ROWS),
            parts: parts(&path, &trace.spans, &services, bounds),
            cost: self.trace_cost(&trace.attempts),
            span: chosen.map(|span| panel::detail(span, trace)),
            links: trace.links.iter().map(|link| lead(link, &trace.spans)).collect(),
            logs: trace.logs.iter().map(log).collect(),
            skew: skew(&tree, &trace.spans),
        }
    }

    fn trace_cost(&self, attempts: &[AttemptRow]) -> TraceCost {
        let mut by: BTreeMap<&Scope, Exact> = BTreeMap::new();
        let (mut priced, mut not_priced) = (0, 0);
        for attempt in attempts {
            priced += attempt.cost.priced_milli;
            not_priced += attempt.cost.not_priced_milli;
            if attempt.cost.priced_milli > 0 {
                let sum = by.entry(&attempt.scope).or_insert_with(Exact::zero);
                *sum += attempt.cost.amount.clone();
            }
        }
        let mut parts: Vec<(String, Exact)> = by.into_iter().map(|(scope, sum)| (name(scope), sum)).collect();
        parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if parts.len() > COST_LINES {
            let rest: Exact = parts.split_off(COST_LINES - 1).iter().map(|(_, sum)| sum).sum();
            parts.push(("other functions".to_owned(), rest));
        }
        let total: Exact = parts.iter().map(|(_, sum)| sum).sum();
        let exact: Vec<Exact> = parts.iter().map(|(_, sum)| sum.clone()).collect();
        let rounded = largest_remainder(&exact, &total).unwrap_or(exact);
        TraceCost {
            lines: parts
                .into_iter()
                .zip(&rounded)
                .map(|((name, _), usd)| (name, numbers::usd(usd)))
                .collect(),
            total: Amount {
                usd: numbers::usd(&total),
                priced: whole(priced),
                not_priced: whole(not_priced),
            },
            price_book: numbers::price_dates(&self.books).into_iter().next().unwrap_or_default(),
        }
    }
}

fn name(scope: &Scope) -> String {
    scope.function.clone().unwrap_or_else(|| "unknown function".to_owned())
}

/// Returns the time from the first start to the last end.
fn bounds(trace: &Trace) -> Window {
    let starts = trace.spans.iter().map(|span| span.start_unix_nano);
    let init = trace
        .attempts
        .iter()
        .map(|one| one.start_unix_nano - one.init_us.unwrap_or(0).saturating_mul(1_000));
    let ends = trace.spans.iter().map(|span| span.end_unix_nano);
    let ended = trace.attempts.iter().filter_map(|one| one.end_unix_nano);
    let start = starts.chain(init).min().unwrap_or(0);
    Window {
        start_unix_nano: start,
        end_unix_nano: ends.chain(ended).max().unwrap_or(start).max(start.saturating_add(1)),
    }
}

/// Returns what a span belongs to for the reader: its function, else its service.
fn place(span: &SpanRow) -> &str {
    let function = span.scope.as_ref().and_then(|scope| scope.function.as_deref());
    function.or(span.service.as_deref()).unwrap_or("unknown")
}

/// Numbers services in the order in which they first appear.
fn services(spans: &[SpanRow]) -> BTreeMap<&str, usize> {
    let mut services = BTreeMap::new();
    for span in spans {
        let next = services.len();
        services.entry(place(span)).or_insert(next);
    }
    services
}

fn functions(trace: &Trace) -> std::collections::BTreeSet<&str> {
    let spans = trace.spans.iter().filter_map(|span| span.scope.as_ref());
    let attempts = trace.attempts.iter().map(|attempt| &attempt.scope);
    spans
        .chain(attempts)
        .filter_map(|scope| scope.function.as_deref())
        .collect()
}

/// Says in one sentence how long it took, and what failed.
fn sentence(trace: &Trace, bounds: Window) -> String {
    let took = duration(bounds.length_nanos() / 1_000).text();
    let failed = trace.spans.iter().filter(|span| span.failed);
    // What failed deepest in time is nearest to the cause.
    let cause = failed.clone().max_by_key(|span| (span.start_unix_nano, &span.span_id));
    let root = trace.spans.first().map_or("This trace", |span| span.name.as_str());
    match cause {
        Some(cause) => {
            let error = if cause.error.is_empty() {
                "without a message".to_owned()
            } else {
                format!("with “{}”", cause.error)
            };
            if trace.spans.first().is_some_and(|span| span.span_id == cause.span_id) {
                format!("{root} in {} failed after {took} {error}", place(cause))
            } else {
                format!("{root} took {took}; {} in {} failed {error}", cause.name, place(cause))
            }
        }
        None => format!("{root} took {took} and nothing failed"),
    }
}

/// Adds the self time on the critical path up by service; what no span covers is told apart.
fn parts(
    path: &BTreeMap<usize, Vec<(i64, i64)>>,
    spans: &[SpanRow],
    services: &BTreeMap<&str, usize>,
    bounds: Window,
) -> Vec<TimePart> {
    let mut by: BTreeMap<&str, i64> = BTreeMap::new();
    for (span, parts) in path {
        let nanos: i64 = parts.iter().map(|(start, end)| end - start).sum();
        *by.entry(place(&spans[*span])).or_default() += nanos;
    }
    let mut by: Vec<(&str, i64)> = by.into_iter().filter(|(_, nanos)| *nanos > 0).collect();
    by.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let other: i64 = by.iter().skip(SERVICES).map(|(_, nanos)| nanos).sum();
    let total = bounds.length_nanos();
    let mut parts: Vec<(String, i64, PartKind)> = by
        .iter()
        .take(SERVICES)
        .map(|(name, nanos)| ((*name).to_owned(), *nanos, PartKind::Series(services[name])))
        .collect();
    parts.push(("other".to_owned(), other, PartKind::Series(usize::MAX)));
    let covered: i64 = parts.iter().map(|(_, nanos, _)| nanos).sum();
    parts.push((
        "outside the longest path".to_owned(),
        (total - covered).max(0),
        PartKind::Waiting,
    ));
    // Microseconds of each part are differences of rounded sums, so that they add up to those of the whole.
    let (mut until, mut rounded) = (0_i64, 0_i64);
    let part = |(name, nanos, kind): (String, i64, PartKind)| {
        until += nanos;
        let us = until / 1_000 - rounded;
        rounded = until / 1_000;
        TimePart { name, us, kind }
    };
    parts.into_iter().map(part).filter(|part| part.us > 0).collect()
}

fn lead(link: &LinkRow, spans: &[SpanRow]) -> TraceLink {
    let other = &link.other;
    let here = spans.iter().find(|span| span.span_id == link.span_id);
    let words = if other.name.is_empty() {
        let which = if link.follows { "after" } else { "before" };
        format!("a span {which} this one that did not arrive")
    } else {
        let apart = here.map(|here| here.start_unix_nano.saturating_sub(other.start_unix_nano) / 1_000);
        let when = match apart {
            Some(us) if us >= 0 => format!(", {} earlier", duration(us).text()),
            Some(us) => format!(", {} later", duration(us.saturating_neg()).text()),
            None => String::new(),
        };
        format!("{} in {}{when}", other.name, place(other))
    };
    TraceLink {
        words: crate::text::cut(&words, 200),
        trace_id: other.trace_id.clone(),
        span_id: other.span_id.clone(),
    }
}

fn log(row: &trace::LogRow) -> LogLine {
    LogLine {
        at_unix_nano: row.time_unix_nano,
        level: row.level.clone().unwrap_or_default(),
        body: row.body.clone().unwrap_or_default(),
    }
}

/// Says how far clocks disagree: children of another service that begin before their parent.
fn skew(tree: &Tree, spans: &[SpanRow]) -> String {
    let early = spans.iter().enumerate().filter_map(|(at, span)| {
        let parent = &spans[tree.parent[at]?];
        let by = parent.start_unix_nano - span.start_unix_nano;
        (by > 0 && place(parent) != place(span)).then_some(by / 1_000)
    });
    let early: Vec<i64> = early.collect();
    match early.iter().max() {
        None => String::new(),
        Some(most) => format!(
            "clocks disagree by up to {} at {}, shown as sent",
            duration(*most).text(),
            plural(i64::try_from(early.len()).unwrap_or(i64::MAX), "hop", "hops"),
        ),
    }
}

/// Writes a count of repetitions.
fn times(n: usize) -> String {
    count(i64::try_from(n).unwrap_or(i64::MAX)).text()
}
