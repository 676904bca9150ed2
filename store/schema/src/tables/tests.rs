use super::{Table, invocation_facts, spans};
use crate::unit::Unit;

#[test]
fn every_column_name_ends_with_its_unit() {
    let suffixes = [
        "_unix_nano",
        "_us",
        "_ms",
        "_mib",
        "_bytes",
        "_count",
        "_milli",
        "_mib_ms",
    ];
    for table in Table::ALL {
        for column in table.columns() {
            let place = format!("{}.{}", table.name(), column.name);
            match column.unit.suffix() {
                Some(suffix) => assert!(column.name.ends_with(suffix), "{place} does not end in {suffix}"),
                None => assert!(
                    !suffixes.iter().any(|suffix| column.name.ends_with(suffix)),
                    "{place} has no unit"
                ),
            }
            let bare = column.type_name == "Int" && column.unit == Unit::None;
            assert!(!bare, "{place} is a bare number");
        }
    }
}

#[test]
fn column_names_are_unique_and_documented() {
    for table in Table::ALL {
        let mut names: Vec<_> = table.columns().iter().map(|column| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), table.columns().len(), "{}", table.name());
        for column in table.columns() {
            assert!(column.doc.trim().ends_with('.'), "{}.{}", table.name(), column.name);
            assert!(!column.source.is_empty());
        }
    }
}

#[test]
fn the_time_column_is_never_null() {
    for table in Table::ALL {
        let time = table
            .columns()
            .iter()
            .find(|column| column.name == table.time_column())
            .unwrap();
        assert_eq!((time.unit, time.nullable), (Unit::UnixNano, None), "{}", table.name());
    }
}

#[test]
fn rows_survive_a_batch() {
    let row = spans::Row {
        trace_id: [7; 16],
        span_id: [9; 8],
        name: "GET /orders",
        start_unix_nano: i64::MAX,
        duration_us: Some(0),
        clock_skew: true,
        ..Default::default()
    };
    let mut builder = spans::Builder::default();
    builder.append(&row);
    builder.append(&spans::Row::default());
    let batch = builder.finish();
    let reader = spans::Reader::new(&batch).unwrap();
    assert_eq!(reader.rows().collect::<Vec<_>>(), [row, spans::Row::default()]);
    assert!(builder.is_empty());
}

#[test]
fn a_missing_nullable_column_reads_as_null() {
    let mut builder = spans::Builder::default();
    builder.append(&spans::Row {
        message_id: Some("m-1"),
        ..Default::default()
    });
    let batch = builder.finish();
    let without = |name: &str| {
        let kept: Vec<usize> = (0..batch.num_columns())
            .filter(|i| batch.schema_ref().field(*i).name() != name)
            .collect();
        batch.project(&kept).unwrap()
    };
    assert_eq!(
        spans::Reader::new(&without("message_id")).unwrap().row(0).message_id,
        None
    );
    let error = spans::Reader::new(&without("trace_id")).unwrap_err();
    assert_eq!(error.to_string(), "a batch of `spans` has no column `trace_id`");
}

#[test]
fn a_facts_hash_is_of_what_it_states() {
    let fact = invocation_facts::Row {
        invocation_id: "a",
        received_unix_nano: Some(1),
        ..Default::default()
    };
    let later = invocation_facts::Row {
        received_unix_nano: Some(2),
        content_hash: [3; 16],
        ..fact
    };
    assert_eq!(fact.hash(), later.hash());
    assert_ne!(
        fact.hash(),
        invocation_facts::Row {
            version: Some("a"),
            ..fact
        }
        .hash()
    );
    let (service, environment) = (Some("x"), Some("x"));
    assert_ne!(
        invocation_facts::Row { service, ..fact }.hash(),
        invocation_facts::Row { environment, ..fact }.hash(),
        "equal values of other columns are other statements"
    );
}
