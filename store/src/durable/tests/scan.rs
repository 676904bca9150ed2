//! Asking files: types are the schema's, and files and row groups that cannot matter are left out.

use arrow::datatypes::DataType;
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use pennyspan_schema::{Table, Workspace};

use super::given::{frames, open, options, replay};
use crate::fold::tests::{Given, invocation_span, ms, start};

/// Answers a statement over two files of spans an hour apart, and one hot span.
async fn asked(sql: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), options()).await.unwrap();
    let hour = 3_600_000;
    let given = Given::facts([start("a", 0)]).spans([
        invocation_span(1, 0, 900),
        invocation_span(2, hour, 900),
        invocation_span(3, 2 * hour, 900),
    ]);
    let frames = frames(&given, 1, 1);
    for count in 1..=2 {
        replay(&store, &frames[..count]);
        store.flush_all().await.unwrap();
    }
    replay(&store, &frames);
    let snapshot = store.snapshot(&Workspace::default());
    let context = SessionContext::new();
    context
        .register_table("spans", snapshot.provider(Table::Spans))
        .unwrap();
    let answer = context.sql(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&answer).unwrap().to_string()
}

#[tokio::test]
async fn files_outside_the_window_are_not_read() {
    let window = format!(
        "start_unix_nano >= {} AND start_unix_nano < {}",
        ms(1_000),
        ms(3_700_000)
    );
    let rows = asked(&format!(
        "SELECT encode(span_id, 'hex') AS span FROM spans WHERE {window}"
    ))
    .await;
    assert!(
        rows.contains("| 0202020202020202 |") && !rows.contains("0101"),
        "{rows}"
    );
    let plan = asked(&format!("EXPLAIN SELECT name FROM spans WHERE {window}")).await;
    let (first, second) = (format!("rows_{:020}", 1), format!("rows_{:020}", 2));
    assert!(plan.contains(&second) && !plan.contains(&first), "{plan}");
    let traces = "trace_id = arrow_cast(decode(repeat('07', 16), 'hex'), 'FixedSizeBinary(16)')";
    let plan = asked(&format!("EXPLAIN SELECT name FROM spans WHERE {traces}")).await;
    assert!(
        plan.contains("pruning_predicate") && plan.contains("trace_id"),
        "{plan}"
    );
}

#[tokio::test]
async fn counts_come_from_the_logs_statistics() {
    let counted = asked("SELECT count(*) FROM spans").await;
    assert!(counted.contains("| 3 "), "{counted}");
    let plan = asked("EXPLAIN SELECT count(*) FROM spans").await;
    assert!(!plan.contains("DataSourceExec"), "{plan}");
}

#[tokio::test]
async fn columns_of_files_have_the_types_of_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), options()).await.unwrap();
    replay(
        &store,
        &frames(&Given::facts([start("a", 0)]).spans([invocation_span(1, 0, 900)]), 1, 1),
    );
    store.flush_all().await.unwrap();
    for table in [Table::Spans, Table::RollupMinute] {
        let rows = SessionContext::new()
            .read_table(store.snapshot(&Workspace::default()).provider(table))
            .unwrap();
        let batches = rows.collect().await.unwrap();
        assert_eq!(batches[0].schema().fields(), table.schema().fields());
        assert!(batches.iter().all(|batch| {
            batch
                .columns()
                .iter()
                .all(|column| *column.data_type() != DataType::Utf8View)
        }));
    }
}
