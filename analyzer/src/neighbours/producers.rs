//! Messages that are known by links alone: a consumer's span links the span that sent the message, whose end is when it was sent, by
//! the sender's clock.

use std::collections::{BTreeMap, HashMap, HashSet};

use datafusion::logical_expr::{col, lit};
use futures::StreamExt;
use pennyspan_schema::{Table, Window};
use serde::Deserialize;

use super::clocks::{Clocks, Lags, Place, Skew};
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
        /// The function that sent it.
        function: Text { unit: Unit::None, nullable: "not said", source: "spans" },
        /// The service that sent it.
        service: Text { unit: Unit::None, nullable: "not said", source: "spans" },
    }
}

/// A span by trace and id.
type SpanId = ([u8; 16], [u8; 8]);

/// An attempt, by invocation id, provider, key scope and start.
type Attempt = (String, String, String, i64);

/// A message as one receiver gets it: the span that sent it, and who got it.
type Received = (SpanId, Option<Place>);

/// What attempts link, and when that was sent.
#[derive(Debug, Default)]
pub(crate) struct Producers {
    links: BTreeMap<Attempt, Vec<Received>>,
    /// The start of the first attempt that got a message.
    first: HashMap<Received, i64>,
    sent: HashMap<SpanId, Sending>,
    clocks: Clocks,
}

/// When a message was sent by its sender's clock, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sending {
    end_unix_nano: i64,
    sender: Option<Place>,
}

/// When the oldest message of an attempt was sent, and whether none of them was handed to an attempt before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// By the receiver's clock, as far as the two are known to disagree.
    pub(crate) unix_nano: i64,
    /// By how much that differs from what the sender's clock showed: lags are raised by it.
    pub(crate) correction_nanos: i64,
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
        let receiver = place(function, row.service);
        let linked: Vec<_> = linked.map(|id| (id, receiver.clone())).collect();
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

    /// Reads when the linked spans ended, where any are linked, and compares the clocks of those who sent and received them; no lag
    /// is corrected by more than the limit, in microseconds.
    ///
    /// # Errors
    /// [`AnalysisError`] where the spans cannot be read.
    pub(crate) async fn settle(
        &mut self,
        reading: &Reading,
        range: Window,
        skew_limit_us: i64,
    ) -> Result<(), AnalysisError> {
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
                if let Some(end_unix_nano) = row.end_unix_nano.filter(|_| wanted.contains(&span)) {
                    let sender = place(row.function, row.service);
                    let sending = Sending { end_unix_nano, sender };
                    let known = self.sent.entry(span).or_insert_with(|| sending.clone());
                    *known = sending.min(known.clone());
                }
            }
        }
        self.clocks = self.lags().settle(skew_limit_us);
        Ok(())
    }

    /// The lags of first attempts as the clocks show them. What is received again says nothing about clocks.
    fn lags(&self) -> Lags {
        let mut lags = Lags::default();
        for (link, start_unix_nano) in &self.first {
            let sending = self.sent.get(&link.0);
            let pair = sending.and_then(|sending| sending.sender.as_deref().zip(link.1.as_deref()));
            if let (Some(sending), Some((sender, receiver))) = (sending, pair) {
                lags.add(sender, receiver, start_unix_nano.saturating_sub(sending.end_unix_nano));
            }
        }
        lags
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
            let sending = self.sent.get(&link.0)?;
            let pair = sending.sender.as_deref().zip(link.1.as_deref());
            let correction_nanos = pair.map_or(0, |(sender, receiver)| self.clocks.correction_nanos(sender, receiver));
            Some(Sent {
                unix_nano: sending.end_unix_nano.saturating_sub(correction_nanos),
                correction_nanos,
                first,
            })
        });
        sent.reduce(|one, other| Sent {
            first: one.first && other.first,
            ..if other.order() < one.order() { other } else { one }
        })
    }

    /// Returns the pairs of sender and receiver whose clocks disagree, by name.
    pub(crate) fn skews(&self) -> impl Iterator<Item = &Skew> {
        self.clocks.disagreeing()
    }
}

impl Sent {
    /// The oldest message counts.
    fn order(self) -> (i64, i64) {
        (self.unix_nano, self.correction_nanos)
    }
}

/// Returns whose clock it is: the function's, else the service's.
fn place(function: Option<&str>, service: Option<&str>) -> Option<Place> {
    function.or(service).map(str::to_owned)
}

impl Link<'_> {
    fn id(&self) -> Option<SpanId> {
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        hex::decode_to_slice(self.trace_id, &mut trace).ok()?;
        hex::decode_to_slice(self.span_id, &mut span).ok()?;
        Some((trace, span))
    }
}
