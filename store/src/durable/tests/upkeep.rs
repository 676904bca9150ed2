//! Small files are merged, replaced files go, logs get checkpoints, and all can be seen from outside.

use std::path::Path as FsPath;

use pennyspan_schema::{Progress, Sink, Table, Workspace};

use super::given::{expected, frames, open, options, replay, told_by};
use crate::durable::DurableOptions;
use crate::fold::tests::{Given, call, start};

const MINUTE_MS: i64 = 60_000;

/// Returns an attempt and an orphan for each of so many minutes.
fn minutes(count: i64) -> Given {
    let ids: [&'static str; 4] = ["a", "b", "c", "d"];
    let facts = (0..count).map(|minute| start(ids[usize::try_from(minute % 4).unwrap()], minute * MINUTE_MS));
    let spans = (0..count).map(|minute| call(u8::try_from(minute).unwrap(), 99, minute * MINUTE_MS, 5));
    Given::facts(facts).spans(spans)
}

fn stored_files(folder: &FsPath, table: Table) -> usize {
    let entries = std::fs::read_dir(folder.join("default").join(table.name())).unwrap();
    entries
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .ends_with(".parquet")
        })
        .count()
}

#[tokio::test]
async fn many_flushes_leave_few_files_and_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::default();
    let small = || DurableOptions {
        live_files: 8,
        keep_nanos: 0,
        ..options()
    };
    let frames = frames(&minutes(40), 1, 1);
    let store = open(folder.path(), small()).await.unwrap();
    for frame in &frames {
        store.publish(frame.position, &workspace, frame.rows.clone()).unwrap();
        store.flush_all().await.unwrap();
    }
    assert_eq!(told_by(&store).await, expected(&frames).await);
    let live = |table: Table| {
        let of_table = |counter: &pennyspan_schema::Counter| {
            counter.name == "live_files" && counter.labels["table"] == table.name()
        };
        store.counters().into_iter().find(of_table).unwrap().value
    };
    for table in [
        Table::InvocationFacts,
        Table::Spans,
        Table::Invocations,
        Table::RollupMinute,
    ] {
        assert!(
            (1..=20).contains(&live(table)),
            "{} has {} files",
            table.name(),
            live(table)
        );
    }
    store.flush_all().await.unwrap();
    for table in [Table::InvocationFacts, Table::Invocations] {
        let (stored, live) = (stored_files(folder.path(), table), live(table));
        assert_eq!(stored as u64, live, "replaced files of {} are deleted", table.name());
    }
    assert!(store.degraded().is_empty());
    assert!(store.last_done().flush_unix_nano.is_some() && store.last_done().fold_unix_nano.is_some());
    let log = folder.path().join("default/spans/_delta_log");
    assert!(log.join("_last_checkpoint").exists(), "opening reads a checkpoint");
    drop(store);
    let store = open(folder.path(), small()).await.unwrap();
    assert_eq!(told_by(&store).await, expected(&frames).await);
}

#[tokio::test]
async fn equal_rows_become_one_when_their_files_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::default();
    let frames = frames(&minutes(3), 1, 1);
    let store = open(folder.path(), options()).await.unwrap();
    let mut position = pennyspan_schema::Position(0);
    // The same facts and spans in each of two requests, flushed together, and in a third that is flushed apart.
    for frame in frames.iter().chain(&frames) {
        position = position.next();
        store.publish(position, &workspace, frame.rows.clone()).unwrap();
    }
    store.flush_all().await.unwrap();
    for frame in &frames {
        position = position.next();
        store.publish(position, &workspace, frame.rows.clone()).unwrap();
    }
    store.flush_all().await.unwrap();
    let rows = |store: &crate::durable::DurableStore| {
        [Table::InvocationFacts, Table::Spans, Table::Logs].map(|table| store.snapshot(&workspace).rows(table))
    };
    let before = told_by(&store).await;
    assert_eq!(rows(&store), [6, 6, 6], "each flush keeps one of its own");
    store.compact_all().await.unwrap();
    assert_eq!(rows(&store), [3, 3, 6], "log records from the network have no identity");
    let status = store.status(Some(super::given::WAL)).await.unwrap();
    let facts = status[0]
        .tables
        .iter()
        .find(|table| table.table == Table::InvocationFacts)
        .unwrap();
    assert_eq!((facts.files, facts.rows, facts.through), (1, 3, Some(position)));
    assert_eq!((status[0].flushed, status[0].folded), (Some(position), position));
    let of_folded = |told: Vec<String>| -> Vec<String> {
        let is_folded = |line: &String| Table::folded().any(|table| line.starts_with(&format!("{} ", table.name())));
        told.into_iter().filter(is_folded).collect()
    };
    let counted = |counter: &pennyspan_schema::Counter| counter.name == "equal_rows_merged_total";
    let merged: u64 = store
        .counters()
        .into_iter()
        .filter(counted)
        .map(|counter| counter.value)
        .sum();
    assert_eq!(merged, 12, "every row that is left out is counted");
    drop(store);
    let store = open(folder.path(), options()).await.unwrap();
    assert_eq!(rows(&store), [3, 3, 6]);
    assert_eq!(of_folded(told_by(&store).await), of_folded(before));
}

#[tokio::test]
async fn a_file_that_a_snapshot_reads_stays() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::default();
    let options = DurableOptions {
        live_files: 1,
        keep_nanos: 0,
        ..options()
    };
    let frames = frames(&minutes(3), 1, 1);
    let store = open(folder.path(), options).await.unwrap();
    replay(&store, &frames[..1]);
    store.flush_all().await.unwrap();
    let held = store.snapshot(&workspace);
    replay(&store, &frames[..2]);
    store.flush_all().await.unwrap();
    store.flush_all().await.unwrap();
    assert_eq!(
        stored_files(folder.path(), Table::Spans),
        2,
        "the merged file, and the one that is read"
    );
    assert_eq!(super::given::told(&held).await, expected(&frames[..1]).await);
    drop(held);
    store.flush_all().await.unwrap();
    assert_eq!(stored_files(folder.path(), Table::Spans), 1);
    assert_eq!(told_by(&store).await, expected(&frames[..2]).await);
}
