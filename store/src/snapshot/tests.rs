use datafusion::prelude::SessionContext;
use pennyspan_schema::Table;
use pennyspan_schema::tables::{configurations, spans};

use super::Snapshot;
use crate::fold::Folded;

fn of_spans(names: &[&str]) -> arrow::array::RecordBatch {
    let mut builder = spans::Builder::default();
    for name in names {
        builder.append(&spans::Row {
            name,
            ..Default::default()
        });
    }
    builder.finish()
}

#[tokio::test]
async fn a_table_is_read_whole_and_an_absent_one_is_empty() {
    let raw = [(Table::Spans, vec![of_spans(&["a", "b"]), of_spans(&["c"])])];
    let snapshot = Snapshot::new(raw, Folded::default(), None);
    let context = SessionContext::new();
    for table in Table::ALL {
        context.register_table(table.name(), snapshot.provider(*table)).unwrap();
    }
    let names = context
        .sql("SELECT name FROM spans ORDER BY name DESC")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let rows: Vec<_> = names.iter().flat_map(spans_names).collect();
    assert_eq!(rows, ["c", "b", "a"]);
    for (table, rows) in [("spans", 3), ("configurations", 0)] {
        let count = context
            .sql(&format!("SELECT * FROM {table}"))
            .await
            .unwrap()
            .count()
            .await
            .unwrap();
        assert_eq!(count, rows, "{table}");
    }
    assert_eq!(
        snapshot.provider(Table::Configurations).schema(),
        configurations::schema()
    );
    assert_eq!(
        snapshot.input().filter(|(_, rows)| *rows > 0).collect::<Vec<_>>(),
        [(Table::Spans, 3)]
    );
}

fn spans_names(batch: &arrow::array::RecordBatch) -> Vec<String> {
    let names = batch
        .column(0)
        .as_any()
        .downcast_ref::<arrow::array::StringArray>()
        .unwrap();
    names.iter().flatten().map(str::to_owned).collect()
}
