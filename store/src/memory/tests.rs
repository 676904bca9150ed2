use pennyspan_schema::tables::{Table, logs};
use pennyspan_schema::Rows;

use super::MemoryStore;
use crate::fold::FoldError;

fn of_log(body: &str) -> Rows {
    let mut builder = logs::Builder::default();
    builder.append(&logs::Row { body: Some(body), ..Default::default() });
    let mut rows = Rows::default();
    rows.push(Table::Logs, builder.finish());
    rows
}

#[test]
fn many_small_batches_become_few_and_lose_nothing() {
    let mut store = MemoryStore::default();
    let bodies: Vec<String> = (0..2_000).map(|i| format!("line {i:04}")).collect();
    for body in &bodies {
        store.push(of_log(body)).unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    let batches = snapshot.batches(Table::Logs);
    assert!(batches.len() < 3, "{}", batches.len());
    let mut found = Vec::new();
    for batch in batches {
        let reader = logs::Reader::new(batch).unwrap();
        found.extend(reader.rows().filter_map(|row| row.body.map(str::to_owned)));
    }
    found.sort();
    assert_eq!(found, bodies);
    assert_eq!(snapshot.input().filter(|(_, rows)| *rows > 0).collect::<Vec<_>>(), [(Table::Logs, 2_000)]);
}

#[test]
fn a_batch_of_another_table_is_refused_in_words() {
    let mut rows = Rows::default();
    rows.push(Table::Spans, of_log("a").into_batches().next().unwrap().1);
    let error = MemoryStore::default().push(rows).unwrap_err();
    assert!(matches!(error, FoldError::Layout { table: "spans" }));
    assert_eq!(error.to_string(), "a batch for `spans` has other columns: decode it with this version's schema");
}
