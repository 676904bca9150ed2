//! How telemetry comes in: the server's own counters, by source.

use std::collections::BTreeMap;

use pennyspan_analyzer::analysis::cardinality::{Cardinality, cardinality};
use pennyspan_schema::Counter;
use pennyspan_schema::progress::LastDone;

use super::{AnalyzerAnswers, Intake, failed, numbers};
use crate::answers::{Answer, AnswerError, IngestAnswer, Named, Question, SourceCounts, Stage, StoredTable};

impl AnalyzerAnswers {
    pub(super) async fn answer_ingest(&self, question: &Question) -> Result<Answer<IngestAnswer>, AnswerError> {
        let asked = self.glance(question.window).await?;
        let window = numbers::window(question.window);
        let named = cardinality(&asked.session, window).await.map_err(failed)?;
        let body = IngestAnswer {
            cardinality: in_words(&named),
            ..of(&self.source.intake())
        };
        Ok(self.answer(&asked, 0, Ok(body)))
    }
}

/// Returns what counters say, by source; those of which no request came are left out.
fn of(intake: &Intake) -> IngestAnswer {
    let counted = |name: &'static str| intake.counters.iter().filter(move |counter| counter.name == name);
    let mut sources: BTreeMap<&str, SourceCounts> = BTreeMap::new();
    for counter in counted("requests_total").filter(|counter| counter.value > 0) {
        let name = label(counter, "source");
        sources.insert(name, source(name, &intake.counters));
    }
    IngestAnswer {
        sources: sources.into_values().collect(),
        refused: by_reason(counted("requests_refused_total")),
        stages: stages(intake.last_done),
        held_bytes: counted("inflight_bytes").map(value).sum(),
        log_bytes: counted("wal_segment_bytes").map(value).sum(),
        hot_bytes: counted("hot_bytes").map(value).sum(),
        tables: tables(&intake.counters),
        cardinality: Vec::new(),
    }
}

fn source(name: &str, counters: &[Counter]) -> SourceCounts {
    let of = |what: &'static str| {
        let own = counters.iter().filter(move |counter| label(counter, "source") == name);
        own.filter(move |counter| counter.name == what)
    };
    let sum = |what: &'static str| of(what).map(value).sum();
    let known = |what: &'static str| of(what).map(value).next();
    SourceCounts {
        name: name.to_owned(),
        requests: sum("requests_total"),
        accepted: sum("items_accepted_total"),
        rejected: by_reason(of("items_rejected_total")),
        duplicates: sum("requests_duplicate_total"),
        kept_raw: sum("items_kept_raw_total"),
        attributes_dropped: sum("attributes_dropped_total"),
        received_unix_nano: known("last_received_unix_nano"),
        newest_unix_nano: known("newest_event_unix_nano"),
        lag_us: known("lag_us"),
    }
}

/// Returns counts by reason, the largest first.
fn by_reason<'c>(counters: impl Iterator<Item = &'c Counter>) -> Vec<(String, i64)> {
    let mut counts: Vec<(String, i64)> = counters
        .map(|counter| (label(counter, "reason").to_owned(), value(counter)))
        .collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// Returns what tables hold in files, the largest first.
fn tables(counters: &[Counter]) -> Vec<StoredTable> {
    let mut tables: BTreeMap<&str, StoredTable> = BTreeMap::new();
    for counter in counters {
        let (files, bytes) = match counter.name {
            "live_files" => (value(counter), 0),
            "live_bytes" => (0, value(counter)),
            _ => continue,
        };
        let name = label(counter, "table");
        let table = tables.entry(name).or_insert_with(|| StoredTable {
            name: name.to_owned(),
            files: 0,
            bytes: 0,
        });
        table.files += files;
        table.bytes += bytes;
    }
    let mut tables: Vec<StoredTable> = tables.into_values().filter(|table| table.files > 0).collect();
    tables.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    tables
}

fn in_words(named: &Cardinality) -> Vec<Named> {
    let kinds = [
        ("functions", named.functions, false),
        ("versions of functions", named.versions, false),
        ("trigger sources", named.trigger_sources, false),
        ("execution environments", named.instances, false),
        ("series of metrics", named.metric_series, true),
    ];
    let named = |(what, count, estimated): (&str, i64, bool)| Named {
        what: what.to_owned(),
        count,
        estimated,
    };
    kinds.map(named).into()
}

fn stages(last: LastDone) -> Vec<Stage> {
    [
        ("Write-ahead log synced to disk", last.fsync_unix_nano),
        ("Facts folded into invocations", last.fold_unix_nano),
        ("Rows written to files", last.flush_unix_nano),
        ("Files committed to a table", last.commit_unix_nano),
    ]
    .into_iter()
    .map(|(name, last_unix_nano)| Stage {
        name: name.to_owned(),
        last_unix_nano,
    })
    .collect()
}

fn label<'c>(counter: &'c Counter, name: &str) -> &'c str {
    counter.labels.get(name).map(String::as_str).unwrap_or_default()
}

fn value(counter: &Counter) -> i64 {
    i64::try_from(counter.value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_by_source_and_reason() {
        let counter = |name, labels: &[(&'static str, &str)], value| Counter {
            name,
            labels: labels.iter().map(|(key, text)| (*key, (*text).to_owned())).collect(),
            value,
        };
        let spans = ("source", "spans");
        let told = of(&Intake {
            counters: vec![
                counter("requests_total", &[spans], 4),
                counter("requests_total", &[("source", "logs")], 0),
                counter("items_accepted_total", &[spans], 40),
                counter("items_rejected_total", &[spans, ("reason", "bad_id")], 1),
                counter("items_rejected_total", &[spans, ("reason", "bad_value")], 3),
                counter("requests_duplicate_total", &[spans], 2),
                counter("newest_event_unix_nano", &[spans], 7),
                counter("requests_refused_total", &[("reason", "busy")], 5),
                counter("inflight_bytes", &[], 6),
                counter("live_files", &[("table", "logs")], 1),
                counter("live_bytes", &[("table", "logs")], 10),
                counter("live_files", &[("table", "spans")], 2),
                counter("live_bytes", &[("table", "spans")], 90),
                counter("live_files", &[("table", "deliveries")], 0),
            ],
            ..Intake::default()
        });
        let [source] = &told.sources[..] else {
            panic!("{told:?}")
        };
        assert_eq!((source.requests, source.accepted, source.duplicates), (4, 40, 2));
        assert_eq!(source.rejected, [("bad_value".to_owned(), 3), ("bad_id".to_owned(), 1)]);
        assert_eq!((source.newest_unix_nano, source.lag_us), (Some(7), None));
        let stored: Vec<_> = told
            .tables
            .iter()
            .map(|table| (&*table.name, table.files, table.bytes))
            .collect();
        assert_eq!(stored, [("spans", 2, 90), ("logs", 1, 10)]);
        assert_eq!((told.refused, told.held_bytes), (vec![("busy".to_owned(), 5)], 6));
    }
}
