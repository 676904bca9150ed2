//! Crashes and failures at every point of a flush: no row is lost, none is counted twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pennyspan_schema::Workspace;

use super::faulty::{Faulty, When};
use super::given::{expected, frames, open, options, replay, told_by};
use crate::durable::DurableOptions;
use crate::fold::tests::{Given, call, invocation_span, report, span_fact, start};

fn given() -> Given {
    let facts = [
        start("a", 0),
        report("a", 0, 900),
        start("b", 61_000),
        span_fact("a", 0, 900),
    ];
    let spans = [
        invocation_span(1, 0, 900),
        call(2, 1, 10, 20),
        call(3, 9, 100, 20),
        call(4, 1, 300, 20),
    ];
    Given::facts(facts).spans(spans)
}

/// Options that panic when the stage of this number begins.
fn crashing_at(number: usize) -> DurableOptions {
    let left = AtomicUsize::new(number);
    let stage = move |stage: &'static str| {
        let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        assert!(before.is_ok(), "crashed at {stage}");
    };
    DurableOptions {
        stage: Arc::new(stage),
        ..options()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_stage_loses_and_doubles_nothing() {
    let (workspace, frames) = (Workspace::default(), frames(&given(), 1, 1));
    let expected = expected(&frames).await;
    let mut crashes = 0;
    for number in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), options()).await.unwrap();
        replay(&store, &frames[..2]);
        store.flush_all().await.unwrap();
        drop(store);
        let store = Arc::new(open(folder.path(), crashing_at(number)).await.unwrap());
        replay(&store, &frames);
        let flush = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.flush_all().await.unwrap() }
        });
        let ended = flush.await.is_err();
        drop(store);
        let store = open(folder.path(), options()).await.unwrap();
        replay(&store, &frames);
        assert_eq!(told_by(&store).await, expected, "after a crash at stage {number}");
        store.flush_now(&workspace).await.unwrap();
        assert_eq!(
            told_by(&store).await,
            expected,
            "stored after a crash at stage {number}"
        );
        if !ended {
            break;
        }
        crashes += 1;
    }
    assert!(crashes >= 8, "only {crashes} stages were reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_or_is_not_answered_is_made_good() {
    let (workspace, frames) = (Workspace::default(), frames(&given(), 1, 1));
    let expected = expected(&frames).await;
    for when in [When::Before, When::After] {
        let mut failures = 0;
        for number in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let store = open(folder.path(), options()).await.unwrap();
            replay(&store, &frames[..2]);
            store.flush_all().await.unwrap();
            drop(store);
            let faulty = Arc::new(Faulty::new(number, when));
            let options = DurableOptions {
                files: Arc::clone(&faulty) as _,
                ..options()
            };
            let store = open(folder.path(), options.clone()).await.unwrap();
            replay(&store, &frames);
            for _ in 0..2 {
                let _ = store.flush_now(&workspace).await;
                assert_eq!(told_by(&store).await, expected, "write {number} failed {when:?}");
            }
            assert!(
                store
                    .snapshot(&workspace)
                    .batches(pennyspan_schema::Table::Spans)
                    .is_empty()
            );
            drop(store);
            let store = open(folder.path(), options).await.unwrap();
            replay(&store, &frames);
            assert_eq!(
                told_by(&store).await,
                expected,
                "reopened after write {number} failed {when:?}"
            );
            if !faulty.has_failed() {
                break;
            }
            failures += 1;
        }
        assert!(failures > 8, "only {failures} writes were reached");
    }
}
