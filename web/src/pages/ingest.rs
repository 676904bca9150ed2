//! `/ingest`: how telemetry comes in, and what became of it.

use askama::Template;

use super::Page;
use crate::answers::{IngestAnswer, Named, Question, SourceCounts, StoredTable};
use crate::chrome::Chrome;
use crate::format::{age, clock, count, duration, mebibytes, plural};

/// Ingestion.
#[derive(Debug, Template)]
#[template(path = "pages/ingest.html")]
pub struct IngestPage {
    chrome: Chrome,
    sentence: String,
    lede: String,
    sources: Vec<SourceView>,
    rejected: Vec<(String, String, String)>,
    refused: Vec<(String, String)>,
    stages: Vec<(String, Option<String>)>,
    held: String,
    log: String,
    hot: String,
    tables: Vec<(String, String, String)>,
    cardinality: Vec<(String, String)>,
}

#[derive(Debug)]
struct SourceView {
    name: String,
    requests: String,
    accepted: String,
    rejected: String,
    duplicates: String,
    kept_raw: String,
    left_out: String,
    received: Option<String>,
    newest: Option<String>,
    lag: Option<String>,
}

impl IngestPage {
    /// Fills the page.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &IngestAnswer) -> Self {
        let rejected = answer.sources.iter().flat_map(|source| {
            let row = |(reason, n): &(String, i64)| (said(&source.name), in_words(reason), count(*n).text());
            source.rejected.iter().map(row)
        });
        let refused = answer
            .refused
            .iter()
            .map(|(reason, n)| (in_words(reason), count(*n).text()));
        let stage = |at: Option<i64>| at.map(|at| ago(at, question));
        Self {
            chrome: chrome.titled("Ingestion"),
            sentence: sentence(answer),
            lede: duplicates(answer),
            sources: answer
                .sources
                .iter()
                .map(|source| SourceView::of(source, question))
                .collect(),
            rejected: rejected.collect(),
            refused: refused.collect(),
            stages: answer
                .stages
                .iter()
                .map(|of| (of.name.clone(), stage(of.last_unix_nano)))
                .collect(),
            held: mebibytes(answer.held_bytes >> 20).text(),
            log: mebibytes(answer.log_bytes >> 20).text(),
            hot: mebibytes(answer.hot_bytes >> 20).text(),
            tables: answer.tables.iter().map(stored).collect(),
            cardinality: answer.cardinality.iter().map(named).collect(),
        }
    }
}

impl Page for IngestPage {}

impl SourceView {
    fn of(source: &SourceCounts, question: &Question) -> Self {
        Self {
            name: said(&source.name),
            requests: count(source.requests).text(),
            accepted: count(source.accepted).text(),
            rejected: count(total(&source.rejected)).text(),
            duplicates: count(source.duplicates).text(),
            kept_raw: count(source.kept_raw).text(),
            left_out: count(source.attributes_dropped).text(),
            received: source.received_unix_nano.map(|at| ago(at, question)),
            newest: source.newest_unix_nano.map(|at| ago(at, question)),
            lag: source.lag_us.map(|us| duration(us).text()),
        }
    }
}

fn stored(table: &StoredTable) -> (String, String, String) {
    let size = match table.bytes >> 20 {
        0 => "less than 1 MiB".to_owned(),
        mib => mebibytes(mib).text(),
    };
    (said(&table.name), count(table.files).text(), size)
}

fn named(kind: &Named) -> (String, String) {
    let estimated = if kind.estimated { "~" } else { "" };
    (kind.what.clone(), format!("{estimated}{}", count(kind.count).text()))
}

fn total(counts: &[(String, i64)]) -> i64 {
    counts.iter().map(|(_, n)| n).sum()
}

fn sentence(answer: &IngestAnswer) -> String {
    let (mut accepted, mut rejected) = (0_i64, 0_i64);
    for source in &answer.sources {
        accepted = accepted.saturating_add(source.accepted);
        rejected = rejected.saturating_add(total(&source.rejected));
    }
    if answer.sources.is_empty() {
        return "No request has come since this server started".to_owned();
    }
    let taken = plural(accepted, "item was accepted", "items were accepted");
    match rejected {
        0 => format!("{taken}, and none rejected"),
        n => format!("{taken}, and {} rejected", count(n).text()),
    }
}

/// Says of requests that came again what became of them.
fn duplicates(answer: &IngestAnswer) -> String {
    let came_again: i64 = answer.sources.iter().map(|source| source.duplicates).sum();
    let since = "Counted since this server started";
    match came_again {
        0 => format!("{since}. No request came twice."),
        n => format!(
            "{since}. {}: senders got no answer in time and sent the same again. Each was counted once.",
            plural(n, "request is a duplicate", "requests are duplicates")
        ),
    }
}

fn ago(at: i64, question: &Question) -> String {
    format!(
        "{}, {} ago",
        clock(at, question.state.tz),
        age(question.now_unix_nano.saturating_sub(at))
    )
}

/// Returns a name of the counters as words.
fn said(name: &str) -> String {
    name.replace('_', " ")
}

/// Returns a reason of the counters in words; one that this page does not know as it is written.
fn in_words(reason: &str) -> String {
    let known = [
        ("bad_id", "an id is no hex, has another length, or is all zero"),
        ("bad_value", "a value is of another type, or out of range"),
        ("missing_field", "a field that is needed is missing"),
        ("no_time", "the item has no time"),
        ("too_deep", "values nest deeper than the limit"),
        ("too_many", "the request has more items, or larger rows, than the limit"),
        ("too_many_slices", "the request touches more minutes than the limit"),
        ("malformed", "it is not of the format"),
        ("nothing_acceptable", "no item of the request is acceptable"),
        ("too_large", "the request is larger than the limit"),
        ("bad_body", "the body is not what its header says"),
        ("content_type", "its content type is not read there"),
        ("content_encoding", "its compression is not read"),
        ("not_found", "nothing is received at its path"),
        ("method", "it is no POST"),
        ("too_slow", "the body came too slowly"),
        ("unauthenticated", "no credential that is known came with it"),
        (
            "busy",
            "requests in flight held all bytes that they may; senders come again",
        ),
        ("rate", "the workspace sends faster than it may; senders come again"),
        (
            "starting",
            "requests of an earlier run were still being read; senders come again",
        ),
        ("stopped", "nothing is taken until a restart; senders come again"),
        ("wal_queue_full", "the disk is slower than senders; senders come again"),
        ("disk_full", "the disk is full; senders come again"),
        ("wal_stopped", "the write-ahead log failed; senders come again"),
        ("hot_rows_full", "rows in memory wait to be written; senders come again"),
        ("store_failed", "the tables could not take rows; senders come again"),
        ("fault", "a fault of the server’s own"),
    ];
    let found = known.iter().find(|(word, _)| *word == reason);
    found.map_or_else(|| said(reason), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests;
