//! What is older than its table keeps it goes, once; nothing else changes by that.

use std::path::Path as FsPath;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pennyspan_schema::{Position, Progress, Sink, Table, Workspace};

use super::given::{expected, frames, open, options, told_by};
use crate::durable::{DurableOptions, DurableStore, Limit, Retention};
use crate::fold::tests::{Given, call, invocation_span, ms, record, report, start};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1440 * MINUTE_MS;

/// A directory with a clock of its own, whose facts and spans are kept for ten days, and attempts for thirty.
struct Kept {
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

impl Kept {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            now: Arc::new(AtomicI64::new(ms(0))),
        }
    }

    fn options(&self) -> DurableOptions {
        let now = Arc::clone(&self.now);
        let mut retention = Retention::default();
        let days = |days| Limit {
            days: Some(days),
            bytes: None,
        };
        retention.set(Table::InvocationFacts, days(10));
        retention.set(Table::Spans, days(10));
        for table in Table::folded() {
            retention.set(table, days(30));
        }
        DurableOptions {
            keep_nanos: 0,
            retention,
            clock: Arc::new(move || now.fetch_add(1, Ordering::Relaxed)),
            ..options()
        }
    }

    async fn open(&self) -> DurableStore {
        open(self.folder.path(), self.options()).await.unwrap()
    }

    fn at_day(&self, day: i64) {
        self.now.store(ms(day * DAY_MS), Ordering::Relaxed);
    }
}

/// Publishes what is given as one frame, and flushes.
async fn store_frame(store: &DurableStore, position: u64, given: &Given) {
    let rows = frames(given, 1000, 1000).remove(0).rows;
    store.publish(Position(position), &Workspace::default(), rows).unwrap();
    store.flush_all().await.unwrap();
}

fn rows(store: &DurableStore, table: Table) -> usize {
    store.snapshot(&Workspace::default()).rows(table)
}

fn files(folder: &FsPath, table: Table) -> usize {
    let entries = std::fs::read_dir(folder.join("default").join(table.name())).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".parquet")).count()
}

fn of_day(id: &'static str, span: u8, day: i64) -> Given {
    let at_ms = day * DAY_MS + 5 * MINUTE_MS;
    let parent = span;
    Given::facts([record(id, at_ms, 900)]).spans([
        invocation_span(span, at_ms, 900),
        call(span + 100, parent, at_ms + 10, 20),
        call(span + 101, 99, at_ms + 10, 20),
    ])
}

#[tokio::test]
async fn rows_go_when_they_are_older_than_their_table_keeps_them() {
    let kept = Kept::new();
    let store = kept.open().await;
    for (day, id) in [(0, "a"), (1, "b"), (12, "c")] {
        kept.at_day(day);
        store_frame(&store, 1 + day.unsigned_abs(), &of_day(id, 1, day)).await;
    }
    assert_eq!(
        rows(&store, Table::InvocationFacts),
        1,
        "facts of days 0 and 1 are older than ten days"
    );
    assert_eq!((rows(&store, Table::Spans), rows(&store, Table::Invocations)), (3, 3));
    assert_eq!(store.snapshot(&Workspace::default()).orphan_span_count(), 6);
    kept.at_day(32);
    store.flush_all().await.unwrap();
    assert_eq!(
        rows(&store, Table::Invocations),
        1,
        "attempts of days 0 and 1 are older than thirty days"
    );
    assert_eq!(store.snapshot(&Workspace::default()).orphan_span_count(), 2);
    assert_eq!(
        (
            rows(&store, Table::InvocationFacts),
            files(kept.folder.path(), Table::Spans)
        ),
        (0, 0)
    );
    let status = store.status(None).await.unwrap();
    let expired = |table| {
        status[0]
            .tables
            .iter()
            .find(|status| status.table == table)
            .unwrap()
            .expired
    };
    assert_eq!(
        (expired(Table::InvocationFacts).rows, expired(Table::Spans).rows),
        (3, 9)
    );
    assert_eq!((expired(Table::Invocations).rows, expired(Table::Logs).rows), (2, 0));
    assert!(expired(Table::Spans).bytes > 0);
    assert_eq!(expired(Table::Spans).before_unix_nano, Some(ms(22 * DAY_MS)));
    let counted = store
        .counters()
        .into_iter()
        .find(|counter| counter.name == "expired_rows_total" && counter.labels["table"] == Table::Spans.name());
    assert_eq!(counted.unwrap().value, 9);
    let before = told_by(&store).await;
    drop(store);
    let store = kept.open().await;
    assert_eq!(told_by(&store).await, before);
    assert_eq!(
        store.status(None).await.unwrap(),
        status,
        "what went is told after a restart"
    );
}

#[tokio::test]
async fn a_fact_that_comes_after_those_of_its_time_went_is_kept_and_changes_no_attempt() {
    let kept = Kept::new();
    let store = kept.open().await;
    store_frame(&store, 1, &Given::facts([start("a", 0), start("b", 1000)])).await;
    kept.at_day(12);
    store_frame(&store, 2, &of_day("c", 1, 12)).await;
    assert_eq!(
        (rows(&store, Table::InvocationFacts), rows(&store, Table::Invocations)),
        (1, 3)
    );
    let attempts = |told: Vec<String>| -> Vec<String> {
        let folded = |line: &String| Table::folded().any(|table| line.starts_with(&format!("{} ", table.name())));
        told.into_iter().filter(folded).collect()
    };
    let before = attempts(told_by(&store).await);
    store_frame(&store, 3, &Given::facts([report("a", 2000, 2000)])).await;
    assert_eq!(attempts(told_by(&store).await), before);
    assert_eq!(
        rows(&store, Table::InvocationFacts),
        2,
        "it is kept, until it is looked for what is due"
    );
    let too_late = |counters: Vec<pennyspan_schema::Counter>| {
        counters
            .into_iter()
            .find(|counter| counter.name == "facts_too_late_total")
            .map(|counter| counter.value)
    };
    assert_eq!(too_late(store.counters()), Some(1));
    drop(store);
    let store = kept.open().await;
    store_frame(&store, 4, &Given::facts([report("b", 3000, 2000)])).await;
    assert_eq!(attempts(told_by(&store).await), before, "also after a restart");
    let verified = store.verify().await.unwrap();
    assert_eq!(verified[0].problems, Vec::<String>::new());
}

#[tokio::test]
async fn old_rows_are_folded_as_long_as_nothing_beside_them_went() {
    let kept = Kept::new();
    kept.at_day(40);
    let store = kept.open().await;
    store_frame(&store, 1, &of_day("a", 1, 20)).await;
    assert_eq!(
        (rows(&store, Table::InvocationFacts), rows(&store, Table::Invocations)),
        (0, 1)
    );
}

#[tokio::test]
async fn a_file_is_written_anew_only_for_rows_that_are_long_overdue_or_when_asked() {
    let kept = Kept::new();
    let store = kept.open().await;
    let both = Given::facts([record("a", 0, 900), record("b", 5 * DAY_MS, 900)]);
    kept.at_day(5);
    store_frame(&store, 1, &both).await;
    let sequence = [
        (10, 2, "due since less than a day"),
        (12, 1, "overdue by more than a day"),
    ];
    for (day, left, why) in sequence {
        kept.at_day(day);
        store.flush_all().await.unwrap();
        assert_eq!(rows(&store, Table::InvocationFacts), left, "{why}");
    }
    kept.at_day(15);
    store.expire_all().await.unwrap();
    assert_eq!(rows(&store, Table::InvocationFacts), 1, "its hour has not come");
    kept.now.fetch_add(MINUTE_MS * 2_000_000, Ordering::Relaxed);
    store.expire_all().await.unwrap();
    assert_eq!(rows(&store, Table::InvocationFacts), 0);
}

#[tokio::test]
async fn the_oldest_rows_go_first_where_a_table_has_no_room() {
    let kept = Kept::new();
    let store = kept.open().await;
    for day in 0_i64..4 {
        store_frame(&store, day.unsigned_abs() + 1, &of_day("a", 1, day)).await;
    }
    let of = |name: &'static str| {
        move |counter: &pennyspan_schema::Counter| counter.name == name && counter.labels["table"] == "spans"
    };
    let bytes = store.counters().into_iter().find(of("live_bytes")).unwrap().value;
    drop(store);
    let mut options = kept.options();
    let room = Limit {
        days: None,
        bytes: Some(bytes * 5 / 8),
    };
    options.retention.set(Table::Spans, room);
    let store = open(kept.folder.path(), options).await.unwrap();
    store.expire_all().await.unwrap();
    assert_eq!(rows(&store, Table::Spans), 6, "the newest two of four files have room");
    assert_eq!(rows(&store, Table::InvocationFacts), 4);
    assert_eq!(rows(&store, Table::Invocations), 4);
}

#[tokio::test]
async fn a_late_fact_of_attempts_that_went_counts_them_once_in_what_is_added_up() {
    let kept = Kept::new();
    let mut options = kept.options();
    options.retention = Retention::default();
    let five_days = Limit {
        days: Some(5),
        bytes: None,
    };
    options.retention.set(Table::Invocations, five_days);
    options.retention.set(Table::InvocationCalls, five_days);
    let store = open(kept.folder.path(), options).await.unwrap();
    let given = [
        Given::facts([start("a", 0), start("b", 1000)]),
        of_day("c", 1, 12),
        Given::facts([report("a", 2000, 2000)]),
    ];
    let mut all = Vec::new();
    for (position, given) in (1..).zip(&given) {
        kept.at_day(12);
        store_frame(&store, position, given).await;
        all.extend(frames(given, 1000, 1000));
    }
    let sums = |told: Vec<String>| -> Vec<String> {
        told.into_iter()
            .filter(|line| line.starts_with("rollup_") || line.starts_with("instance_minutes "))
            .collect()
    };
    assert_eq!(sums(told_by(&store).await), sums(expected(&all).await));
    assert_eq!(store.verify().await.unwrap()[0].problems, Vec::<String>::new());
}

#[tokio::test]
async fn hours_and_days_outlast_the_minutes_that_they_were_added_up_from() {
    let kept = Kept::new();
    let mut options = kept.options();
    options.retention = Retention::default();
    let five_days = Limit {
        days: Some(5),
        bytes: None,
    };
    options.retention.set(Table::RollupMinute, five_days);
    let store = open(kept.folder.path(), options).await.unwrap();
    kept.at_day(3);
    store_frame(&store, 1, &Given::facts([start("a", 0), start("b", 10 * MINUTE_MS)])).await;
    let sums = |told: Vec<String>| -> Vec<String> {
        let added_up = |line: &String| line.starts_with("rollup_hour ") || line.starts_with("rollup_day ");
        told.into_iter().filter(added_up).collect()
    };
    let before = sums(told_by(&store).await);
    assert_eq!(before.len(), 2, "{before:?}");
    kept.at_day(12);
    store.expire_all().await.unwrap();
    assert_eq!(rows(&store, Table::RollupMinute), 0);
    assert_eq!(sums(told_by(&store).await), before);
    // It brings its minute back, until it is looked for what is due, and no sum of one minute in the place of an hour's.
    let late = frames(&Given::facts([report("a", 2000, 2000)]), 1, 1).remove(0).rows;
    store.publish(Position(2), &Workspace::default(), late).unwrap();
    assert_eq!(sums(told_by(&store).await), before, "in memory");
    store.flush_all().await.unwrap();
    assert_eq!(sums(told_by(&store).await), before, "in files");
    assert_eq!(store.verify().await.unwrap()[0].problems, Vec::<String>::new());
}
