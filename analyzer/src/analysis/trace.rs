//! One trace: its spans, the attempts that they ran in, what links it to other traces, its log lines, and what it cost.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::DataFrame;
use pennyspan_rules::PriceBooks;
use pennyspan_schema::tables::{logs, spans};
use pennyspan_schema::{Outcome, Table, Window};

use crate::analysis::cost::{Cost, CostTally};
use crate::analysis::{Attempt, Scope, Tally};
use crate::attempts;
use crate::error::AnalysisError;
use crate::pricing::Pricer;
use crate::reading;
use crate::session::Session;

/// The most spans of a trace that are read.
pub const SPANS: usize = 100_000;
/// The most log lines of a trace that are read.
const LOGS: usize = 500;
/// The most links to other traces that are followed.
const LINKS: usize = 50;
/// How long after a trace others that come from it are looked for.
const FOLLOWS_NANOS: i64 = 24 * 3_600_000_000_000;
/// How long before its first span an attempt of a trace may have started.
const STARTS_NANOS: i64 = 900_000_000_000;

/// A span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanRow {
    /// The trace, in hex.
    pub trace_id: String,
    /// The span, in hex.
    pub span_id: String,
    /// Its parent, in hex.
    pub parent_span_id: Option<String>,
    /// Its name.
    pub name: String,
    /// OTLP's number of its kind.
    pub kind: i64,
    /// Start, in nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// End, in nanoseconds since 1970; the start where none was sent.
    pub end_unix_nano: i64,
    /// Whether its times cannot be.
    pub clock_skew: bool,
    /// Whether it failed.
    pub failed: bool,
    /// What went wrong, as far as said.
    pub error: String,
    /// The service.
    pub service: Option<String>,
    /// Where its function stands, where it is a function's.
    pub scope: Option<Scope>,
    /// The version that ran.
    pub version: Option<String>,
    /// The execution environment.
    pub instance_id: Option<String>,
    /// The invocation, where it names one.
    pub invocation_id: Option<String>,
    /// Whether it stands for an invocation.
    pub invocation_span: bool,
    /// What it calls: kind, peer and operation.
    pub call: Option<(String, String, Option<String>)>,
    /// The HTTP status.
    pub http_status: Option<i64>,
    /// Links, as JSON.
    pub links_json: Option<String>,
    /// Events, as JSON.
    pub events_json: Option<String>,
    /// Attributes without a column, as JSON.
    pub attributes_json: Option<String>,
}

/// An attempt that took part in a trace.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// Its function.
    pub scope: Scope,
    /// Its id.
    pub invocation_id: String,
    /// Start, in nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// End, in nanoseconds since 1970, where known.
    pub end_unix_nano: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was a cold start.
    pub cold_start: Option<bool>,
    /// Init or restore before the handler, in microseconds.
    pub init_us: Option<i64>,
    /// What it cost.
    pub cost: Cost,
}

/// A link from a span of one trace to a span of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// The span of this trace, in hex.
    pub span_id: String,
    /// The span of the other trace; only its ids are known where the span itself never arrived.
    pub other: SpanRow,
    /// Whether the other trace comes after this one.
    pub follows: bool,
}

/// A log line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// When, in nanoseconds since 1970.
    pub time_unix_nano: i64,
    /// The level, as said.
    pub level: Option<String>,
    /// The text.
    pub body: Option<String>,
}

/// Everything about one trace.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Its spans, by start.
    pub spans: Vec<SpanRow>,
    /// Its attempts, by start.
    pub attempts: Vec<AttemptRow>,
    /// Links to other traces, those before first.
    pub links: Vec<LinkRow>,
    /// Its log lines, by time.
    pub logs: Vec<LogRow>,
}

/// Reads the spans of a trace, by start; whatever the session's window is.
///
/// # Errors
/// [`AnalysisError`] where the table cannot be read.
pub async fn spans_of(session: &Session, trace_id: &[u8; 16]) -> Result<Vec<SpanRow>, AnalysisError> {
    let mut spans = read_spans(session, is_trace(trace_id), SPANS).await?;
    let key = |span: &SpanRow| (span.span_id.clone(), span.kind, span.start_unix_nano);
    spans.sort_by_key(key);
    spans.dedup_by_key(|span| key(span));
    spans.sort_by(|a, b| (a.start_unix_nano, &a.span_id).cmp(&(b.start_unix_nano, &b.span_id)));
    Ok(spans)
}

/// Returns the starts of a trace's attempts, which may have left no span.
///
/// # Errors
/// [`AnalysisError`] where the table cannot be read.
pub async fn starts_of(session: &Session, trace_id: &[u8; 16]) -> Result<Vec<i64>, AnalysisError> {
    let failed = || AnalysisError::run("a trace");
    let stored = reading::stored(session.context(), Table::Invocations)
        .await
        .map_err(failed())?;
    let starts = stored
        .filter(is_trace(trace_id))
        .and_then(|frame| frame.select_columns(&["start_unix_nano"]));
    let starts = starts.and_then(|frame| frame.limit(0, Some(SPANS))).map_err(failed())?;
    let mut all = Vec::new();
    for batch in starts.collect().await.map_err(failed())? {
        for row in 0..batch.num_rows() {
            if let Ok(ScalarValue::Int64(Some(start))) = ScalarValue::try_from_array(batch.column(0), row) {
                all.push(start);
            }
        }
    }
    all.sort_unstable();
    Ok(all)
}

/// Returns the window that holds everything of a trace, or none where nothing is known of it.
#[must_use]
pub fn window_of(spans: &[SpanRow], starts: &[i64]) -> Option<Window> {
    let first = spans
        .iter()
        .map(|span| span.start_unix_nano)
        .chain(starts.iter().copied())
        .min()?;
    let last = spans
        .iter()
        .map(|span| span.end_unix_nano)
        .chain(starts.iter().copied())
        .max()?;
    Some(Window::of_minutes(first.saturating_sub(STARTS_NANOS), last))
}

/// Completes the spans of a trace, in a session over [`window_of`] them.
///
/// # Errors
/// [`AnalysisError`] where the tables cannot be read.
pub async fn trace(session: &Session, trace_id: &[u8; 16], spans: Vec<SpanRow>) -> Result<Trace, AnalysisError> {
    let attempts = attempts_of(session, trace_id).await?;
    let mut links = leads_from(session, trace_id, &spans).await?;
    links.extend(leads_to(session, trace_id, session.window()).await?);
    links.truncate(LINKS);
    let logs = logs_of(session, trace_id).await?;
    Ok(Trace {
        spans,
        attempts,
        links,
        logs,
    })
}

fn is_trace(trace_id: &[u8]) -> Expr {
    col("trace_id").eq(lit(ScalarValue::FixedSizeBinary(16, Some(trace_id.to_vec()))))
}

async fn read_spans(session: &Session, condition: Expr, most: usize) -> Result<Vec<SpanRow>, AnalysisError> {
    let failed = || AnalysisError::run("spans");
    let frame = reading::stored(session.context(), Table::Spans)
        .await
        .map_err(failed())?;
    let frame = frame
        .filter(condition)
        .and_then(|frame| frame.limit(0, Some(most)))
        .map_err(failed())?;
    let mut all = Vec::new();
    for batch in frame.collect().await.map_err(failed())? {
        let reader = spans::Reader::new(&batch).map_err(AnalysisError::rows("spans"))?;
        all.extend(reader.rows().map(|row| SpanRow::of(&row)));
    }
    Ok(all)
}

async fn attempts_of(session: &Session, trace_id: &[u8; 16]) -> Result<Vec<AttemptRow>, AnalysisError> {
    let failed = || AnalysisError::run("the attempts of a trace");
    let books = session.books();
    let frame = session.attempts(session.window(), &["trace_id"], None).await?;
    let frame: DataFrame = frame.filter(col("trace_id").eq(lit(hex(trace_id)))).map_err(failed())?;
    let mut pricer = Pricer::new(&books);
    let mut all = Vec::new();
    for batch in frame.collect().await.map_err(failed())? {
        let reader = attempts::Reader::new(&batch).map_err(AnalysisError::rows("the attempts of a trace"))?;
        for row in reader.rows() {
            let attempt = Attempt::new(row, pricer.price(&row));
            all.push(AttemptRow::of(&attempt, &books));
        }
    }
    all.sort_by(|a, b| (a.start_unix_nano, &a.invocation_id).cmp(&(b.start_unix_nano, &b.invocation_id)));
    Ok(all)
}

/// Follows the links of a trace's own spans.
async fn leads_from(session: &Session, trace_id: &[u8; 16], spans: &[SpanRow]) -> Result<Vec<LinkRow>, AnalysisError> {
    let mut wanted: Vec<(String, [u8; 16], [u8; 8])> = Vec::new();
    for span in spans {
        for (trace, linked) in links(span.links_json.as_deref()) {
            if trace != *trace_id && wanted.len() < LINKS {
                wanted.push((span.span_id.clone(), trace, linked));
            }
        }
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let ids = wanted
        .iter()
        .map(|(_, _, span)| lit(ScalarValue::FixedSizeBinary(8, Some(span.to_vec()))))
        .collect();
    let others = read_spans(session, col("span_id").in_list(ids, false), LINKS * 4).await?;
    let row = |(span_id, trace, linked): (String, [u8; 16], [u8; 8])| {
        let (trace, linked) = (hex(&trace), hex(&linked));
        let other = others
            .iter()
            .find(|other| other.trace_id == trace && other.span_id == linked)
            .cloned();
        let other = other.unwrap_or(SpanRow {
            trace_id: trace,
            span_id: linked,
            ..SpanRow::default()
        });
        LinkRow {
            span_id,
            other,
            follows: false,
        }
    };
    Ok(wanted.into_iter().map(row).collect())
}

/// Finds spans of other traces that link to this one.
async fn leads_to(session: &Session, trace_id: &[u8; 16], window: Window) -> Result<Vec<LinkRow>, AnalysisError> {
    let until = window.end_unix_nano.saturating_add(FOLLOWS_NANOS);
    let after = col("start_unix_nano")
        .gt_eq(lit(window.start_unix_nano))
        .and(col("start_unix_nano").lt(lit(until)));
    let named = col("links_json").like(lit(format!("%{}%", hex(trace_id))));
    let mut others = read_spans(session, after.and(named), LINKS * 4).await?;
    others.retain(|other| other.trace_id != hex(trace_id));
    others.sort_by(|a, b| (a.start_unix_nano, &a.span_id).cmp(&(b.start_unix_nano, &b.span_id)));
    others.dedup_by(|a, b| (&a.trace_id, &a.span_id) == (&b.trace_id, &b.span_id));
    let row = |other: SpanRow| {
        let here = links(other.links_json.as_deref())
            .into_iter()
            .find(|(trace, _)| trace == trace_id);
        here.map(|(_, span)| LinkRow {
            span_id: hex(&span),
            other,
            follows: true,
        })
    };
    Ok(others.into_iter().filter_map(row).take(LINKS).collect())
}

async fn logs_of(session: &Session, trace_id: &[u8; 16]) -> Result<Vec<LogRow>, AnalysisError> {
    let failed = || AnalysisError::run("logs");
    let frame = reading::stored(session.context(), Table::Logs)
        .await
        .map_err(failed())?;
    let sorted = frame.filter(is_trace(trace_id)).and_then(|frame| {
        frame.sort(vec![
            col("time_unix_nano").sort(true, false),
            col("body").sort(true, false),
        ])
    });
    let frame = sorted.and_then(|frame| frame.limit(0, Some(LOGS))).map_err(failed())?;
    let mut all = Vec::new();
    for batch in frame.collect().await.map_err(failed())? {
        let reader = logs::Reader::new(&batch).map_err(AnalysisError::rows("logs"))?;
        all.extend(
            reader
                .rows()
                .filter(|row| row.platform_type.is_none())
                .map(|row| LogRow {
                    time_unix_nano: row.time_unix_nano,
                    level: row.severity_text.map(str::to_owned),
                    body: row.body.map(str::to_owned),
                }),
        );
    }
    Ok(all)
}

/// Reads the ids of links; what cannot be read is no link.
fn links(json: Option<&str>) -> Vec<([u8; 16], [u8; 8])> {
    let parsed: Option<Vec<serde_json::Value>> = json.and_then(|json| serde_json::from_str(json).ok());
    let id = |link: &serde_json::Value, key: &str| link.get(key)?.as_str().map(str::to_owned);
    let link = |link: &serde_json::Value| {
        let trace = bytes::<16>(&id(link, "trace_id")?)?;
        Some((trace, bytes::<8>(&id(link, "span_id")?)?))
    };
    parsed.unwrap_or_default().iter().filter_map(link).collect()
}

/// Reads lower-case or upper-case hex of a fixed length.
#[must_use]
pub fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = hex
        .bytes()
        .map(|byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]).collect();
    bytes.try_into().ok().filter(|_| hex.len() == N * 2)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
            // Writing to a String does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

impl SpanRow {
    fn of(row: &spans::Row<'_>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let scope = row.function.map(|function| Scope {
            provider: row.provider.unwrap_or_default().to_owned(),
            account: owned(row.account),
            region: owned(row.region),
            function: Some(function.to_owned()),
        });
        let failed = row.status_code == 2;
        let error = row
            .status_message
            .or(row.error_type)
            .filter(|_| failed || row.error_type.is_some());
        Self {
            trace_id: hex(&row.trace_id),
            span_id: hex(&row.span_id),
            parent_span_id: row.parent_span_id.map(|id| hex(&id)),
            name: row.name.to_owned(),
            kind: row.kind,
            start_unix_nano: row.start_unix_nano,
            end_unix_nano: row
                .end_unix_nano
                .unwrap_or(row.start_unix_nano)
                .max(row.start_unix_nano),
            clock_skew: row.clock_skew,
            failed,
            error: error.unwrap_or_default().to_owned(),
            service: owned(row.service),
            scope,
            version: owned(row.version),
            instance_id: owned(row.instance_id),
            invocation_id: owned(row.invocation_id),
            invocation_span: row.invocation_span,
            call: row.dependency.map(|peer| {
                (
                    row.dependency_kind.unwrap_or_default().to_owned(),
                    peer.to_owned(),
                    owned(row.operation),
                )
            }),
            http_status: row.http_status,
            links_json: owned(row.links_json),
            events_json: owned(row.events_json),
            attributes_json: owned(row.attributes_json),
        }
    }
}

impl AttemptRow {
    fn of(attempt: &Attempt<'_>, books: &PriceBooks) -> Self {
        let row = &attempt.row;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut sums = CostTally::default();
        sums.add(attempt);
        Self {
            scope: Scope {
                provider: row.provider.to_owned(),
                account: owned(row.account),
                region: owned(row.region),
                function: owned(row.function),
            },
            invocation_id: row.invocation_id.to_owned(),
            start_unix_nano: row.start_unix_nano,
            end_unix_nano: row.end_unix_nano,
            outcome: attempt.outcome,
            cold_start: row.cold_start,
            init_us: row.init_duration_us.or(row.restore_duration_us),
            cost: sums.cost(books),
        }
    }
}
