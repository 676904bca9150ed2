//! What these tests share: frames, a directory, and all rows of a snapshot as text.

use std::path::Path as FsPath;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use pennyspan_schema::tables::logs;
use pennyspan_schema::{Position, Rows, Sink, Table, Workspace};

use crate::durable::{DataDir, DurableOptions, DurableStore, StoreError};
use crate::fold::tests::Given;
use crate::memory::MemoryStore;
use crate::snapshot::Snapshot;

/// The write-ahead log's id.
pub(super) const WAL: &str = "log-1";

/// One frame of the write-ahead log.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) position: Position,
    pub(super) rows: Rows,
}

/// Makes frames of so many facts and spans each, with one log record in every other.
pub(super) fn frames(given: &Given, facts: usize, spans: usize) -> Vec<Frame> {
    let (facts, spans) = (given.fact_batches(facts), given.span_batches(spans));
    let frame = |index: usize| {
        let mut rows = Rows::default();
        for (table, batches) in [(Table::InvocationFacts, &facts), (Table::Spans, &spans)] {
            if let Some(batch) = batches.get(index) {
                rows.push(table, batch.clone());
            }
        }
        if index.is_multiple_of(2) {
            rows.push(Table::Logs, log_record(index));
        }
        Frame {
            position: Position(index as u64 + 1),
            rows,
        }
    };
    (0..facts.len().max(spans.len())).map(frame).collect()
}

fn log_record(index: usize) -> RecordBatch {
    let mut builder = logs::Builder::default();
    let body = format!("line {index}");
    builder.append(&logs::Row {
        body: Some(&body),
        time_unix_nano: i64::try_from(index).unwrap(),
        ..logs::Row::default()
    });
    builder.finish()
}

/// Options whose clock says one nanosecond more each time.
pub(super) fn options() -> DurableOptions {
    let clock = AtomicI64::new(1_700_000_000_000_000_000);
    DurableOptions::new(Arc::new(move || clock.fetch_add(1, Ordering::Relaxed)))
}

pub(super) async fn open(folder: &FsPath, options: DurableOptions) -> Result<DurableStore, StoreError> {
    DataDir::open(folder, options).await?.follow(WAL).await
}

/// Publishes to each table the frames above its version, as a replay of the log does.
pub(super) fn replay(store: &DurableStore, frames: &[Frame]) {
    let workspace = Workspace::default();
    let (versions, flushed) = (store.versions(&workspace), store.flushed(&workspace));
    for frame in frames.iter().filter(|frame| frame.position > flushed) {
        let mut missing = Rows::default();
        for (table, batch) in frame.rows.clone().into_batches() {
            if versions.get(&table).is_none_or(|version| *version < frame.position) {
                missing.push(table, batch);
            }
        }
        store.publish(frame.position, &workspace, missing).unwrap();
    }
}

/// Returns all rows of all tables as sorted text, and the count of orphans.
pub(super) async fn told(snapshot: &Snapshot) -> Vec<String> {
    let context = SessionContext::new();
    let mut all = vec![format!("orphans {}", snapshot.orphan_span_count())];
    for table in Table::ALL {
        let rows = context.read_table(snapshot.provider(*table)).unwrap();
        let batches = rows.collect().await.unwrap();
        let text = pretty_format_batches(&batches).unwrap().to_string();
        let mut lines: Vec<String> = text
            .lines()
            .skip(3)
            .map(squeezed)
            .filter(|line| line.starts_with('|'))
            .collect();
        lines.sort();
        all.extend(lines.into_iter().map(|line| format!("{} {line}", table.name())));
    }
    all
}

/// Takes out the padding, which depends on neighbours.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns what a store in memory tells of the same frames.
pub(super) async fn expected(frames: &[Frame]) -> Vec<String> {
    let mut store = MemoryStore::default();
    for frame in frames {
        store.push(frame.rows.clone()).unwrap();
    }
    told(&store.snapshot().unwrap()).await
}

/// Returns what the store tells when it has folded everything.
pub(super) async fn told_by(store: &DurableStore) -> Vec<String> {
    let workspace = Workspace::default();
    store.fold_now(&workspace).await.unwrap();
    told(&store.snapshot(&workspace)).await
}
