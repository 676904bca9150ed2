use pennyspan_schema::Rows;
use pennyspan_schema::tables::{Table, invocation_facts, logs};

use super::MemoryStore;
use crate::fold::FoldError;

fn of_log(body: &str) -> Rows {
    let mut builder = logs::Builder::default();
    builder.append(&logs::Row {
        body: Some(body),
        ..Default::default()
    });
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
    assert_eq!(
        snapshot.input().filter(|(_, rows)| *rows > 0).collect::<Vec<_>>(),
        [(Table::Logs, 2_000)]
    );
}

#[test]
fn a_batch_of_another_table_is_refused_in_words() {
    let mut rows = Rows::default();
    rows.push(Table::Spans, of_log("a").into_batches().next().unwrap().1);
    let error = MemoryStore::default().push(rows).unwrap_err();
    assert!(matches!(error, FoldError::Layout { table: "spans" }));
    assert_eq!(
        error.to_string(),
        "a batch for `spans` has other columns: decode it with this version's schema"
    );
}

#[test]
fn a_snapshot_is_folded_from_everything_pushed_so_far() {
    let fact = |kind, at, end_unix_nano| {
        let row = invocation_facts::Row {
            provider: "aws",
            invocation_id: "r",
            source: "platform",
            fact_kind: kind,
            fact_unix_nano: at,
            start_hint_unix_nano: Some(0),
            end_unix_nano,
            sample_weight_milli: 1000,
            ..Default::default()
        };
        let mut builder = invocation_facts::Builder::default();
        builder.append(&invocation_facts::Row {
            content_hash: row.hash(),
            ..row
        });
        let mut rows = Rows::default();
        rows.push(Table::InvocationFacts, builder.finish());
        rows
    };
    let mut store = MemoryStore::default();
    assert_eq!(store.snapshot().unwrap().rows(Table::Invocations), 0);
    store.push(fact("start", 0, None)).unwrap();
    let before = store.snapshot().unwrap();
    store.push(fact("report", 5, Some(5))).unwrap();
    let after = store.snapshot().unwrap();
    for (snapshot, facts) in [(before, 1), (after, 2)] {
        assert_eq!(snapshot.rows(Table::Invocations), 1);
        assert_eq!(snapshot.rows(Table::RollupMinute), 1);
        assert_eq!(snapshot.rows(Table::InvocationFacts), facts);
    }
}
