//! A row's life: hot, folded, flushed, read back; whatever happens in between, the tables say the same.

use pennyspan_schema::{Position, Sink, Table, Workspace};
use proptest::prelude::*;

use super::given::{Frame, expected, frames, open, options, replay, told, told_by};
use super::rollups::{HOUR_MS, at};
use crate::durable::DurableStore;
use crate::fold::tests::properties::bursts;
use crate::fold::tests::{Given, call, invocation_span, report, span_fact, start};

fn some() -> Given {
    let facts = [
        start("a", 0),
        report("a", 0, 900),
        start("b", 61_000),
        span_fact("a", 0, 900),
    ];
    Given::facts(facts).spans([invocation_span(1, 0, 900), call(2, 1, 10, 20), call(3, 9, 500_000, 20)])
}

#[tokio::test]
async fn rows_are_visible_when_they_are_published_and_counted_once_when_they_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (workspace, frames) = (Workspace::default(), frames(&some(), 1, 1));
    let store = open(folder.path(), options()).await.unwrap();
    let before = store.snapshot(&workspace);
    replay(&store, &frames);
    let hot = store.snapshot(&workspace);
    assert_eq!((before.rows(Table::Spans), hot.rows(Table::Spans)), (0, 3));
    assert_eq!(
        hot.rows(Table::Invocations),
        0,
        "folded tables answer as of the last fold"
    );
    assert_eq!(told_by(&store).await, expected(&frames).await);
    let merged = store.snapshot(&workspace);
    store.flush_now(&workspace).await.unwrap();
    let stored = store.snapshot(&workspace);
    assert!(stored.batches(Table::Spans).is_empty() && stored.rows(Table::Spans) == 3);
    assert_eq!(store.flushed(&workspace), Position(4));
    assert!(
        store
            .versions(&workspace)
            .values()
            .all(|version| *version == Position(4)),
        "also of tables without rows"
    );
    for snapshot in [&merged, &stored] {
        assert_eq!(
            told(snapshot).await,
            expected(&frames).await,
            "an older snapshot keeps its moment"
        );
    }
    drop(store);
    let again = open(folder.path(), options()).await.unwrap();
    assert_eq!(told_by(&again).await, expected(&frames).await);
    assert_eq!(again.flushed(&workspace), Position(4));
}

#[tokio::test]
async fn a_late_fact_changes_the_stored_attempt_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::default();
    let store = open(folder.path(), options()).await.unwrap();
    let early = Given::facts([start("a", 0), start("b", 1_000), start("c", 600_000)]);
    let all = Given::facts([
        start("a", 0),
        start("b", 1_000),
        start("c", 600_000),
        report("a", 0, 700_000),
    ]);
    replay(&store, &frames(&early, 1, 1));
    store.flush_now(&workspace).await.unwrap();
    let mut late = frames(&all, 1, 1);
    replay(&store, &late);
    assert_eq!(told_by(&store).await, expected(&late).await);
    store.flush_now(&workspace).await.unwrap();
    assert_eq!(told_by(&store).await, expected(&late).await);
    late.truncate(3);
    assert_ne!(told_by(&store).await, expected(&late).await);
}

/// What happens after a frame.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    Fold,
    Flush,
    Kill,
}

async fn live_through(all: &[Frame], steps: &[Then], now_ms: i64) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::default();
    let reopened = || async {
        let options = crate::durable::DurableOptions {
            live_files: 3,
            ..at(now_ms)
        };
        open(folder.path(), options).await.unwrap()
    };
    let mut store: DurableStore = reopened().await;
    for (index, frame) in all.iter().enumerate() {
        store.publish(frame.position, &workspace, frame.rows.clone()).unwrap();
        match steps[index % steps.len()] {
            Then::Nothing => {}
            Then::Fold => store.fold_dirty().await.unwrap(),
            Then::Flush => store.flush_all().await.unwrap(),
            Then::Kill => {
                drop(store);
                store = reopened().await;
                replay(&store, &all[..=index]);
            }
        }
    }
    told_by(&store).await
}

/// Lets rows that were sent twice count once; nothing that is folded is there twice.
fn once(mut lines: Vec<String>) -> Vec<String> {
    let sent = |line: &str| Table::raw().any(|table| line.split(' ').next() == Some(table.name()));
    lines.dedup_by(|again, kept| again == kept && sent(again));
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn folds_flushes_merges_and_crashes_in_any_order_change_no_row(
        given in bursts(),
        (facts, spans) in (1_usize..9, 1_usize..9),
        now_ms in prop::sample::select(vec![0, 12 * HOUR_MS, 300 * HOUR_MS]),
        steps in prop::collection::vec(
            prop::sample::select(vec![Then::Nothing, Then::Fold, Then::Flush, Then::Flush, Then::Kill]), 1..9),
    ) {
        let mut given = given;
        given.facts.extend_from_within(..given.facts.len() / 2);
        given.spans.extend_from_within(..given.spans.len() / 2);
        let all = frames(&given, facts, spans);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (found, expected) = runtime.block_on(async { (live_through(&all, &steps, now_ms).await, expected(&all).await) });
        prop_assert_eq!(once(found), once(expected));
    }
}
