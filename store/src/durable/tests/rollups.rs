//! Minutes, hours and days add up to the same at any time, and a late fact rewrites only the files that hold its slice.

use std::collections::BTreeSet;
use std::path::Path as FsPath;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pennyspan_schema::{Sink, Table, Workspace};

use super::given::{expected, frames, open, options, told_by};
use crate::durable::DurableOptions;
use crate::fold::tests::{Given, call, invocation_span, ms, report, span_fact, start};

pub(super) const HOUR_MS: i64 = 3_600_000;

/// Options whose clock stands at a time in milliseconds and goes on by a nanosecond each time.
pub(super) fn at(time_ms: i64) -> DurableOptions {
    let clock = AtomicI64::new(ms(time_ms));
    DurableOptions {
        clock: Arc::new(move || clock.fetch_add(1, Ordering::Relaxed)),
        keep_nanos: 0,
        ..options()
    }
}

/// Returns attempts in three hours of the first day and one of the second, and then what is late.
fn given() -> Given {
    let facts = [
        start("a", 0),
        start("b", 1_000),
        report("c", HOUR_MS + 900, 900),
        start("d", 3 * HOUR_MS),
        start("e", 30 * HOUR_MS),
        report("a", 700_000, 700_000),
        span_fact("b", 1_000, 400),
    ];
    Given::facts(facts).spans([invocation_span(1, 0, 900), call(2, 1, 10, 20), call(3, 9, 500, 20)])
}

fn stored(folder: &FsPath, table: Table) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder.join("default").join(table.name())).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".parquet")).collect()
}

#[tokio::test]
async fn minutes_hours_and_days_agree_before_they_are_stored_and_after_late_facts() {
    let (workspace, frames) = (Workspace::default(), frames(&given(), 1, 1));
    // Nothing is over yet; hours are; days are.
    for (now, stored_tables) in [(0, 0), (40 * HOUR_MS, 1), (200 * HOUR_MS, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), at(now)).await.unwrap();
        for (index, frame) in frames.iter().enumerate() {
            store.publish(frame.position, &workspace, frame.rows.clone()).unwrap();
            assert_eq!(
                told_by(&store).await,
                expected(&frames[..=index]).await,
                "folded in memory"
            );
            if index > 3 {
                store.flush_all().await.unwrap();
                assert_eq!(told_by(&store).await, expected(&frames[..=index]).await, "in files");
            }
        }
        let tables = [Table::RollupHour, Table::RollupDay];
        let found = tables.iter().filter(|table| !stored(folder.path(), **table).is_empty());
        assert_eq!(found.count(), stored_tables, "at {now} ms");
        drop(store);
        let store = open(folder.path(), at(now + 1)).await.unwrap();
        assert_eq!(told_by(&store).await, expected(&frames).await, "opened again");
    }
}

#[tokio::test]
async fn hours_are_stored_when_they_are_over_though_nothing_more_comes() {
    let (workspace, frames) = (Workspace::default(), frames(&given(), 1, 1));
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), at(0)).await.unwrap();
    for frame in &frames {
        store.publish(frame.position, &workspace, frame.rows.clone()).unwrap();
    }
    store.flush_all().await.unwrap();
    drop(store);
    let store = open(folder.path(), at(200 * HOUR_MS)).await.unwrap();
    store.flush_all().await.unwrap();
    for table in [Table::RollupHour, Table::RollupDay] {
        assert_eq!(stored(folder.path(), table).len(), 1, "{}", table.name());
    }
    assert_eq!(told_by(&store).await, expected(&frames).await);
}

#[tokio::test]
async fn a_late_fact_rewrites_only_the_file_that_holds_its_slice() {
    let (workspace, frames) = (Workspace::default(), frames(&given(), 1, 1));
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), at(36 * HOUR_MS)).await.unwrap();
    let last = frames.len() - 1;
    for frame in &frames[..last] {
        store.publish(frame.position, &workspace, frame.rows.clone()).unwrap();
    }
    store.flush_all().await.unwrap();
    store.flush_all().await.unwrap();
    let tables = [
        Table::Invocations,
        Table::InvocationCalls,
        Table::RollupMinute,
        Table::InstanceMinutes,
    ];
    let before = tables.map(|table| stored(folder.path(), table));
    assert_eq!(before[0].len(), 4, "one file an hour");
    let late = &frames[last];
    store.publish(late.position, &workspace, late.rows.clone()).unwrap();
    store.flush_all().await.unwrap();
    store.flush_all().await.unwrap();
    for (table, before) in tables.iter().zip(before) {
        let after = stored(folder.path(), *table);
        let gone: Vec<&String> = before.difference(&after).collect();
        let new: Vec<&String> = after.difference(&before).collect();
        assert!(
            gone.len() <= 1 && new.len() <= 1,
            "{}: {gone:?} became {new:?}",
            table.name()
        );
    }
    assert_eq!(told_by(&store).await, expected(&frames).await);
}

#[tokio::test]
async fn the_files_of_a_day_that_is_long_over_become_one() {
    let (workspace, frames) = (Workspace::default(), frames(&given(), 1, 1));
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), at(36 * HOUR_MS)).await.unwrap();
    for frame in &frames {
        store.publish(frame.position, &workspace, frame.rows.clone()).unwrap();
        store.flush_all().await.unwrap();
    }
    drop(store);
    let store = open(folder.path(), at(200 * HOUR_MS)).await.unwrap();
    store.flush_all().await.unwrap();
    store.flush_all().await.unwrap();
    assert_eq!(stored(folder.path(), Table::Invocations).len(), 2, "one file a day");
    assert_eq!(told_by(&store).await, expected(&frames).await);
}
