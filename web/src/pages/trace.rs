//! `/traces/{id}`: where the time went, what failed, what it cost.

use askama::Template;

use super::Page;
use super::parts::trace_href;
use crate::answers::{Question, Span, SpanDetail, SpanFate, TraceAnswer, TraceLink, TraceView};
use crate::chart::{Bar, BarKind, Minimap, Part, Ruler, Scale, Split};
use crate::chrome::Chrome;
use crate::format::{Missing, Shown, clock, day, duration, micro_usd, millis, plural};

/// One trace.
#[derive(Debug, Template)]
#[template(path = "pages/trace.html")]
pub struct TracePage {
    chrome: Chrome,
    trace_id: String,
    sentence: String,
    facts: Vec<String>,
    split: String,
    parts: Vec<PartRow>,
    total: String,
    cost: Vec<(String, String)>,
    cost_total: String,
    cost_caveat: String,
    price_book: String,
    minimap: String,
    ruler: Ruler,
    rows: Vec<Row>,
    more: Vec<(String, String)>,
    panel: Option<Panel>,
    links: Vec<(String, String)>,
    logs: Vec<(String, String, bool, String)>,
}

#[derive(Debug)]
struct PartRow {
    swatch: String,
    name: String,
    time: String,
    share: String,
}

#[derive(Debug)]
struct Row {
    depth: u16,
    service: String,
    name: String,
    href: String,
    chosen: bool,
    failed: bool,
    folded: Option<String>,
    waiting: bool,
    duration: String,
    own: String,
    svg: String,
}

#[derive(Debug)]
struct Panel {
    detail: SpanDetail,
    links: Vec<(String, String)>,
    function: Option<(String, String)>,
}

impl TracePage {
    /// Fills the page.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &TraceAnswer, view: &TraceView) -> Self {
        let scale = Scale {
            start_unix_nano: answer.start_unix_nano,
            end_unix_nano: answer.end_unix_nano,
        };
        let bars: Vec<Bar> = answer.spans.iter().map(|span| bar(span, scale)).collect();
        let split = split(answer);
        let rows = answer
            .spans
            .iter()
            .zip(&bars)
            .map(|(span, bar)| Row::of(span, bar, scale, question, answer, view));
        let rows = name_services_once(rows.collect());
        Self {
            chrome: chrome.titled(&answer.sentence),
            trace_id: answer.trace_id.clone(),
            sentence: answer.sentence.clone(),
            facts: facts(answer, question),
            parts: parts(answer, &split),
            split: split.svg(),
            total: total(answer),
            cost: answer
                .cost
                .lines
                .iter()
                .map(|(what, usd)| (crate::text::cut(what, 160), micro_usd(*usd).bare().cell()))
                .collect(),
            cost_total: cost_total(answer),
            cost_caveat: answer.cost.total.caveat(),
            price_book: answer.cost.price_book.clone(),
            minimap: Minimap { bars: &bars }.svg(scale),
            ruler: Ruler::over(scale),
            rows,
            more: more(answer, question),
            panel: answer.span.as_ref().map(|detail| Panel::of(detail, question)),
            links: links(&answer.links, question),
            logs: logs(answer, question),
        }
    }
}

impl Page for TracePage {}

/// Leaves the service out where it is that of the row above, so that the name has the room.
fn name_services_once(mut rows: Vec<Row>) -> Vec<Row> {
    let mut above = String::new();
    for row in rows.iter_mut().filter(|row| !row.waiting) {
        if row.service == above {
            row.service.clear();
        } else {
            above.clone_from(&row.service);
        }
    }
    rows
}

fn facts(answer: &TraceAnswer, question: &Question) -> Vec<String> {
    let tz = question.state.tz;
    let length = answer.end_unix_nano.saturating_sub(answer.start_unix_nano) / 1_000;
    let mut facts = vec![
        format!(
            "{} {} {}",
            day(answer.start_unix_nano, tz),
            clock(answer.start_unix_nano, tz),
            tz.name()
        ),
        format!("{} end to end", duration(length).text()),
        format!(
            "{} in {}",
            plural(answer.spans_count, "span", "spans"),
            plural(answer.functions_count, "function", "functions")
        ),
    ];
    if answer.cold_count > 0 {
        facts.push(format!(
            "{} on the path",
            plural(answer.cold_count, "cold start", "cold starts")
        ));
    }
    if answer.orphans_count > 0 {
        facts.push(plural(answer.orphans_count, "orphan", "orphans"));
    }
    if !answer.skew.is_empty() {
        facts.push(answer.skew.clone());
    }
    facts
}

fn split(answer: &TraceAnswer) -> Split {
    let part = |part: &crate::answers::TimePart| Part {
        name: part.name.clone(),
        value: i128::from(part.us),
        shown: duration(part.us).text(),
        kind: part.kind,
    };
    let mut split = Split {
        sentence: String::new(),
        parts: answer.parts.iter().map(part).collect(),
    };
    let words = split
        .parts
        .iter()
        .enumerate()
        .take(3)
        .map(|(index, part)| format!("{} {}", split.share(index), part.name));
    split.sentence = words.collect::<Vec<_>>().join(", ");
    split
}

fn parts(answer: &TraceAnswer, split: &Split) -> Vec<PartRow> {
    let row = |(index, part): (usize, &Part)| PartRow {
        swatch: part.swatch(),
        name: crate::text::cut(&part.name, 160),
        time: millis(answer.parts[index].us).text(),
        share: split.share(index),
    };
    split.parts.iter().enumerate().map(row).collect()
}

/// Adds the parts up; no parts are no data.
fn total(answer: &TraceAnswer) -> String {
    let sum = answer.parts.iter().map(|part| part.us).reduce(i64::saturating_add);
    Shown::reading(&sum.ok_or(Missing::NoData), |us| millis(*us)).text()
}

fn cost_total(answer: &TraceAnswer) -> String {
    match (answer.cost.total.priced, answer.cost.total.not_priced) {
        (0, 0) => Shown::missing(Missing::NoData).cell(),
        (0, _) => Shown::missing(Missing::NotPriced).cell(),
        _ => micro_usd(answer.cost.total.usd).bare().cell(),
    }
}

fn bar(span: &Span, scale: Scale) -> Bar {
    let offset = |at: i64| duration(at.saturating_sub(scale.start_unix_nano) / 1_000).text();
    let fate = match span.fate {
        SpanFate::Failed => ", failed",
        SpanFate::Starting => ", starting",
        SpanFate::Waiting => ", waiting",
        SpanFate::Orphan => ", parent missing",
        SpanFate::Well => "",
    };
    Bar {
        title: format!(
            "{} {}: {} to {}{fate}",
            span.service,
            span.name,
            offset(span.start_unix_nano),
            offset(span.end_unix_nano)
        ),
        kind: match span.fate {
            SpanFate::Well => BarKind::Span(span.service_index),
            SpanFate::Failed => BarKind::Failed,
            SpanFate::Starting => BarKind::Starting,
            SpanFate::Waiting => BarKind::Waiting,
            SpanFate::Orphan => BarKind::Orphan,
        },
        start_unix_nano: span.start_unix_nano,
        end_unix_nano: span.end_unix_nano,
        critical: span.critical.clone(),
        note: span.note.clone(),
    }
}

impl Row {
    fn of(span: &Span, bar: &Bar, scale: Scale, question: &Question, answer: &TraceAnswer, view: &TraceView) -> Self {
        let path = format!("/traces/{}", crate::text::percent(&answer.trace_id));
        let first = answer.first_row.to_string();
        let query = question.state.query_with(&[("span", &span.span_id), ("row", &first)]);
        let length = span.end_unix_nano.saturating_sub(span.start_unix_nano) / 1_000;
        Self {
            depth: span.depth.min(8),
            service: crate::text::cut(&span.service, 120),
            name: crate::text::cut(&span.name, 160),
            href: format!("{path}{query}#panel"),
            chosen: view.span_id.as_deref() == Some(&span.span_id) && span.fate != SpanFate::Waiting,
            failed: span.fate == SpanFate::Failed,
            folded: (span.folded_count > 1)
                .then(|| format!("{} folded", crate::format::group(i128::from(span.folded_count)))),
            waiting: span.fate == SpanFate::Waiting,
            duration: duration(length).text(),
            own: if span.fate == SpanFate::Waiting {
                String::new()
            } else {
                duration(span.self_us).text()
            },
            svg: bar.svg(scale),
        }
    }
}

/// Returns the links to the rows before and after.
fn more(answer: &TraceAnswer, question: &Question) -> Vec<(String, String)> {
    let path = format!("/traces/{}", crate::text::percent(&answer.trace_id));
    let link = |words: String, row: i64| {
        (
            words,
            format!("{path}{}", question.state.query_with(&[("row", &row.to_string())])),
        )
    };
    let shown = i64::try_from(answer.spans.len()).unwrap_or(i64::MAX);
    let end = answer.first_row.saturating_add(shown);
    let mut more = Vec::new();
    if answer.first_row > 0 {
        more.push(link(
            "Rows before".to_owned(),
            answer.first_row.saturating_sub(answer.page_rows).max(0),
        ));
    }
    if end < answer.rows_count {
        more.push(link(
            format!("{} more", plural(answer.rows_count - end, "row", "rows")),
            end,
        ));
    }
    more
}

fn links(links: &[TraceLink], question: &Question) -> Vec<(String, String)> {
    let href = |link: &TraceLink| match link.span_id.as_str() {
        "" => trace_href(&question.state, &link.trace_id),
        span => format!(
            "/traces/{}{}",
            crate::text::percent(&link.trace_id),
            question.state.query_with(&[("span", span)])
        ),
    };
    links.iter().map(|link| (link.words.clone(), href(link))).collect()
}

fn logs(answer: &TraceAnswer, question: &Question) -> Vec<(String, String, bool, String)> {
    let line = |line: &crate::answers::LogLine| {
        let at = crate::format::instant(line.at_unix_nano, question.state.tz)
            .format("%H:%M:%S%.3f")
            .to_string();
        let level = line.level.to_ascii_uppercase();
        let harm = matches!(level.as_str(), "ERROR" | "FATAL" | "CRITICAL");
        (at, level, harm, crate::text::cut(&line.body, 4_000))
    };
    answer.logs.iter().map(line).collect()
}

impl Panel {
    fn of(detail: &SpanDetail, question: &Question) -> Self {
        Self {
            links: links(&detail.links, question),
            function: detail
                .function
                .as_ref()
                .map(|id| (id.function.clone(), question.state.href(&id.path()))),
            detail: SpanDetail {
                error: crate::text::cut(&detail.error, 400),
                ..detail.clone()
            },
        }
    }
}

#[cfg(test)]
mod tests;
