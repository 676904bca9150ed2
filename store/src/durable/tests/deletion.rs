//! What a function or a workspace has sent can be deleted, wherever it lies, and does not come back.

use pennyspan_schema::tables::invocation_facts::Row;
use pennyspan_schema::{Position, Sink, Table, Workspace};

use super::given::{expected, frames, open, options, told_by};
use crate::durable::{Deletion, DurableStore};
use crate::fold::tests::{Given, call, invocation_span, record, report, start};

/// Facts and spans of the function `checkout`, and beside them of `other`; a fact of each names no function.
fn given() -> (Given, Given) {
    let named = |function: &'static str, [trace, span]: [u8; 2], id: &'static str, at_ms| Row {
        function: Some(function),
        trace_id: Some([trace; 16]),
        span_id: Some([span; 8]),
        ..record(id, at_ms, 900)
    };
    let facts = [
        named("checkout", [1, 1], "a", 0),
        report("a", 950, 900),
        named("checkout", [3, 9], "b", 500_000),
    ];
    let checkout =
        Given::facts(facts).spans([invocation_span(1, 0, 900), call(2, 1, 10, 20), call(3, 99, 700_000, 20)]);
    let mut spans = [invocation_span(4, 0, 900), call(5, 4, 10, 20), call(6, 98, 700_000, 20)];
    for span in &mut spans {
        span.trace_id = [2; 16];
        span.function = Some("other");
    }
    let facts = [
        named("other", [2, 4], "c", 0),
        start("c", 0),
        named("other", [4, 9], "d", 500_000),
    ];
    (checkout, Given::facts(facts).spans(spans))
}

async fn stored(folder: &std::path::Path, workspace: &Workspace) -> DurableStore {
    let store = open(folder, options()).await.unwrap();
    let (checkout, other) = given();
    for (index, given) in [checkout, other].iter().enumerate() {
        for frame in frames(given, 2, 2) {
            let position = Position(frame.position.0 + 10 * index as u64);
            store.publish(position, workspace, frame.rows).unwrap();
        }
        store.flush_all().await.unwrap();
    }
    store
}

#[tokio::test]
async fn a_deleted_function_leaves_what_was_there_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::default();
    let store = stored(folder.path(), &workspace).await;
    store.compact_all().await.unwrap();
    let deletion = Deletion::Function("checkout".to_owned());
    let counted = store.count_deletion(&workspace, &deletion).await.unwrap();
    let deleted = store.delete(&workspace, &deletion).await.unwrap();
    assert_eq!(counted, deleted);
    assert_eq!(
        (deleted[&Table::InvocationFacts], deleted[&Table::Spans]),
        (3, 3),
        "also the fact that names no function"
    );
    assert_eq!((deleted[&Table::Invocations], deleted[&Table::InvocationCalls]), (2, 1));
    let without_logs =
        |told: Vec<String>| -> Vec<String> { told.into_iter().filter(|line| !line.starts_with("logs ")).collect() };
    let other = without_logs(expected(&frames(&given().1, 2, 2)).await);
    assert_eq!(without_logs(told_by(&store).await), other);
    drop(store);
    let store = open(folder.path(), options()).await.unwrap();
    assert_eq!(without_logs(told_by(&store).await), other);
    assert_eq!(store.verify().await.unwrap()[0].problems, Vec::<String>::new());
    assert!(store.delete(&workspace, &deletion).await.unwrap().is_empty());
    let entries = std::fs::read_dir(folder.path().join("default/spans")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let stored = names.filter(|name| name.ends_with(".parquet")).count();
    let status = store.status(None).await.unwrap();
    let spans = status[0]
        .tables
        .iter()
        .find(|status| status.table == Table::Spans)
        .unwrap();
    assert_eq!(stored, spans.files, "no file with deleted rows is left");
}

#[tokio::test]
async fn a_deleted_workspace_is_empty_and_no_other_is() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Workspace::default(), Workspace::new("team-a").unwrap());
    let store = stored(folder.path(), &one).await;
    for frame in frames(&given().1, 2, 2) {
        let position = Position(frame.position.0 + 20);
        store.publish(position, &other, frame.rows).unwrap();
    }
    store.flush_all().await.unwrap();
    let flushed = store.flushed(&one);
    let deleted = store.delete(&one, &Deletion::Everything).await.unwrap();
    assert_eq!((deleted[&Table::InvocationFacts], deleted[&Table::Logs]), (6, 2));
    let check = |store: &DurableStore| {
        for table in Table::ALL {
            assert_eq!(store.snapshot(&one).rows(*table), 0, "{}", table.name());
        }
        assert_eq!(store.snapshot(&one).orphan_span_count(), 0);
        assert_eq!(store.snapshot(&other).rows(Table::InvocationFacts), 3);
        assert_eq!(
            store.flushed(&one),
            flushed,
            "what the write-ahead log holds does not come again"
        );
    };
    check(&store);
    drop(store);
    check(&open(folder.path(), options()).await.unwrap());
}
