//! One trace.

use super::FunctionId;
use crate::chart::PartKind;
use crate::format::{Amount, Usd};

/// Which part of a trace is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceView {
    /// The span to show beside the waterfall, lower-case hex.
    pub span_id: Option<String>,
    /// The first row to show.
    pub first_row: i64,
}

/// What became of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanFate {
    /// It ended well, or nothing is said.
    Well,
    /// It failed.
    Failed,
    /// It is an environment starting.
    Starting,
    /// It is no span: time between a producer and its consumer.
    Waiting,
    /// Its parent never arrived.
    Orphan,
}

/// One row of the waterfall, in the order in which it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Lower-case hex; for waits, of the consumer.
    pub span_id: String,
    /// Depth in the tree.
    pub depth: u16,
    /// Service or function.
    pub service: String,
    /// Which of the trace's services, counted from 0, for its colour.
    pub service_index: usize,
    /// Name.
    pub name: String,
    /// From, nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// To, nanoseconds since 1970.
    pub end_unix_nano: i64,
    /// Time in which no child ran.
    pub self_us: i64,
    /// Parts of it that are self time on the critical path.
    pub critical: Vec<(i64, i64)>,
    /// What became of it.
    pub fate: SpanFate,
    /// A word beside the bar: "ETIMEDOUT", "cold start 412 ms", "one after the other, 9 ms each".
    pub note: String,
    /// How many siblings are folded into this row; 1 for none.
    pub folded_count: i64,
}

/// A span's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanDetail {
    /// Lower-case hex.
    pub span_id: String,
    /// Name.
    pub name: String,
    /// What went wrong; empty if nothing.
    pub error: String,
    /// Facts: name, value; `None` is no data.
    pub facts: Vec<(String, Option<String>)>,
    /// Links to other spans.
    pub links: Vec<TraceLink>,
    /// The function it ran in.
    pub function: Option<FunctionId>,
}

/// A link across an asynchronous hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLink {
    /// What stands there: "orders send in storefront, 2.24 s earlier".
    pub words: String,
    /// The other trace, lower-case hex.
    pub trace_id: String,
    /// The other span, lower-case hex; may be empty.
    pub span_id: String,
}

/// One part of where the time went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimePart {
    /// Where.
    pub name: String,
    /// How long.
    pub us: i64,
    /// How it is drawn.
    pub kind: PartKind,
}

/// What one trace cost.
#[derive(Debug, Clone, Default)]
pub struct TraceCost {
    /// What, and its amount; sums to the total.
    pub lines: Vec<(String, Usd)>,
    /// All of it.
    pub total: Amount,
    /// Price book and date.
    pub price_book: String,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When, nanoseconds since 1970.
    pub at_unix_nano: i64,
    /// Level, as shown.
    pub level: String,
    /// Text.
    pub body: String,
}

/// One trace, or the part of it that is shown.
#[derive(Debug, Clone)]
pub struct TraceAnswer {
    /// Lower-case hex.
    pub trace_id: String,
    /// What is so, in one sentence.
    pub sentence: String,
    /// From, nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// To, nanoseconds since 1970.
    pub end_unix_nano: i64,
    /// Spans in all.
    pub spans_count: i64,
    /// Functions that took part.
    pub functions_count: i64,
    /// Cold starts on the way.
    pub cold_count: i64,
    /// Spans whose parent never arrived.
    pub orphans_count: i64,
    /// The rows that are shown.
    pub spans: Vec<Span>,
    /// Index of the first row among all rows.
    pub first_row: i64,
    /// Rows in all.
    pub rows_count: i64,
    /// Rows of one page.
    pub page_rows: i64,
    /// Where the time went; sums to the duration.
    pub parts: Vec<TimePart>,
    /// What it cost.
    pub cost: TraceCost,
    /// The chosen span.
    pub span: Option<SpanDetail>,
    /// Links to traces before and after.
    pub links: Vec<TraceLink>,
    /// Its log lines.
    pub logs: Vec<LogLine>,
    /// How far clocks were corrected, in words; empty if not.
    pub skew: String,
}
