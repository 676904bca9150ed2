//! Messages that are known by links alone: a consumer's span links the span that sent the message, whose end is when it was sent.

use std::collections::{BTreeMap, HashMap, HashSet};

use datafusion::logical_expr::{col, lit};
use futures::StreamExt;
use pennyspan_schema::{Table, Window};
use serde::Deserialize;

use super::sighting::Row;
use crate::error::AnalysisError;
use crate::reading::Reading;

/// OTLP's number for a span that sends.
const PRODUCER: i64 = 4;
/// The most links of one attempt that are followed, as a batch has no more messages listed.
const LINKS: usize = 100;

/// What is read of a producer's span.
mod sent {
    use pennyspan_schema::{Unit, columns};

    columns! {
        /// The part of a producer's span that its consumers learn from.
        table "producers' spans";

        /// The trace.
        trace_id: TraceId { unit: Unit::None, source: "spans" },
        /// The span.
        span_id: SpanId { unit: Unit::None, source: "spans" },
        /// Its end.
        end_unix_nano: Int { unit: Unit::UnixNano, nullable: "sent without an end", source: "spans" },
    }
}

/// A span by trace and id.
type SpanId = ([u8; 16], [u8; 8]);

/// An attempt, by invocation id, provider, key scope and start.
type Attempt = (String, String, String, i64);

/// What attempts link, and when that was sent.
#[derive(Debug, Default)]
pub(crate) struct Producers {
    links: BTreeMap<Attempt, Vec<(SpanId, Option<String>)>>,
    /// By span and function, the start of the first attempt that links it.
    first: HashMap<(SpanId, Option<String>), i64>,
    sent: HashMap<SpanId, i64>,
}

/// When the oldest message of an attempt was sent, and whether none of them was handed to an attempt before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) unix_nano: i64,
    pub(crate) first: bool,
}

#[derive(Deserialize)]
struct Link<'a> {
    trace_id: &'a str,
    span_id: &'a str,
}

impl Producers {
    /// Takes note of one attempt that links spans and has no time of an event otherwise.
    pub(crate) fn see(&mut self, row: &Row<'_>, function: Option<&str>) {
        let Some(links) = row.links_json.filter(|_| row.enqueued_min_unix_nano.is_none()) else {
            return;
        };
        let links: Vec<Link<'_>> = serde_json::from_str(links).unwrap_or_default();
        let linked = links.iter().take(LINKS).filter_map(Link::id);
        let linked: Vec<_> = linked.map(|id| (id, function.map(str::to_owned))).collect();
        for link in &linked {
            let first = self.first.entry(link.clone()).or_insert(row.start_unix_nano);
            *first = row.start_unix_nano.min(*first);
        }
        if !linked.is_empty() {
            let (provider, scope) = (row.provider.to_owned(), row.key_scope.to_owned());
            let attempt = (row.invocation_id.to_owned(), provider, scope, row.start_unix_nano);
            self.links.insert(attempt, linked);
        }
    }

    /// Reads when the linked spans ended, where any are linked.
    ///
    /// # Errors
    /// [`AnalysisError`] where the spans cannot be read.
    pub(crate) async fn settle(&mut self, reading: &Reading, range: Window) -> Result<(), AnalysisError> {
        if self.links.is_empty() {
            return Ok(());
        }
        let wanted: HashSet<SpanId> = self.first.keys().map(|(span, _)| *span).collect();
        let producers = Some(col("kind").eq(lit(PRODUCER)));
        let mut rows = reading
            .stream_where(Table::Spans, sent::COLUMNS, Some(range), producers)
            .await?;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(sent::NAME))?;
            let reader = sent::Reader::new(&batch).map_err(AnalysisError::rows(sent::NAME))?;
            for row in reader.rows() {
                let span = (row.trace_id, row.span_id);
                if let Some(end) = row.end_unix_nano.filter(|_| wanted.contains(&span)) {
                    let sent = self.sent.entry(span).or_insert(end);
                    *sent = end.min(*sent);
                }
            }
        }
        Ok(())
    }

    /// Returns what links say of an attempt; none where it links no producer's span that was seen.
    pub(crate) fn of(
        &self,
        (provider, key_scope, invocation_id): (&str, &str, &str),
        start_unix_nano: i64,
    ) -> Option<Sent> {
        if self.sent.is_empty() {
            return None;
        }
        let attempt = (
            invocation_id.to_owned(),
            provider.to_owned(),
            key_scope.to_owned(),
            start_unix_nano,
        );
        let sent = self.links.get(&attempt)?.iter().filter_map(|link| {
            let first = self.first.get(link).is_none_or(|first| *first >= start_unix_nano);
            let unix_nano = *self.sent.get(&link.0)?;
            Some(Sent { unix_nano, first })
        });
        sent.reduce(|one, other| Sent {
            unix_nano: one.unix_nano.min(other.unix_nano),
            first: one.first && other.first,
        })
    }
}

impl Link<'_> {
    fn id(&self) -> Option<SpanId> {
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        hex::decode_to_slice(self.trace_id, &mut trace).ok()?;
        hex::decode_to_slice(self.span_id, &mut span).ok()?;
        Some((trace, span))
    }
}
