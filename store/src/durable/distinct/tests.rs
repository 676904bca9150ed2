use super::*;

/// Returns the values of one integer column.
fn ints(rows: &RecordBatch, column: &str) -> Vec<Option<i64>> {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    let column = rows.column_by_name(column).unwrap();
    column.as_primitive::<Int64Type>().iter().collect()
}

#[test]
fn equal_facts_become_the_one_received_first() {
    let mut builder = invocation_facts::Builder::default();
    for (id, received) in [("a", Some(9)), ("b", Some(7)), ("a", Some(3)), ("a", Some(5))] {
        let row = invocation_facts::Row {
            invocation_id: id,
            received_unix_nano: received,
            ..Default::default()
        };
        builder.append(&invocation_facts::Row {
            content_hash: row.hash(),
            ..row
        });
    }
    let kept = distinct(Table::InvocationFacts, &builder.finish()).unwrap();
    assert_eq!(ints(&kept, "received_unix_nano"), [Some(7), Some(3)]);
}

#[test]
fn equal_spans_become_the_one_that_ended_last_in_whatever_order_they_stand() {
    let span = |id, end, received| spans::Row {
        span_id: [id; 8],
        end_unix_nano: end,
        received_unix_nano: Some(received),
        ..Default::default()
    };
    let mut rows = [
        span(1, Some(20), 4),
        span(1, Some(30), 3),
        span(1, None, 2),
        span(1, Some(30), 1),
        span(2, None, 9),
    ];
    for _ in 0..rows.len() {
        rows.rotate_left(1);
        let mut builder = spans::Builder::default();
        for row in &rows {
            builder.append(row);
        }
        let kept = distinct(Table::Spans, &builder.finish()).unwrap();
        let mut received = ints(&kept, "received_unix_nano");
        received.sort_unstable();
        assert_eq!(received, [Some(1), Some(9)]);
    }
}

#[test]
fn log_records_are_merged_by_their_id_and_never_without() {
    let mut builder = logs::Builder::default();
    for (record_id, function) in [
        (None, "f"),
        (None, "f"),
        (Some("1"), "f"),
        (Some("1"), "f"),
        (Some("1"), "g"),
        (Some("2"), "f"),
    ] {
        builder.append(&logs::Row {
            record_id,
            function: Some(function),
            ..Default::default()
        });
    }
    assert_eq!(distinct(Table::Logs, &builder.finish()).unwrap().num_rows(), 5);
}

#[test]
fn metric_points_are_merged_where_they_come_from_files() {
    let mut builder = metric_points::Builder::default();
    for (value, received) in [("1", None), ("1", None), ("2", None), ("1", Some(1)), ("1", Some(1))] {
        builder.append(&metric_points::Row {
            value_text: Some(value),
            received_unix_nano: received,
            ..Default::default()
        });
    }
    assert_eq!(distinct(Table::MetricPoints, &builder.finish()).unwrap().num_rows(), 4);
}

#[test]
fn statements_are_merged_by_all_they_say() {
    let mut builder = configurations::Builder::default();
    for (value, received) in [(Some("1"), 5), (Some("1"), 6), (Some("2"), 5), (None, 5)] {
        builder.append(&configurations::Row {
            value,
            received_unix_nano: Some(received),
            ..Default::default()
        });
    }
    let kept = distinct(Table::Configurations, &builder.finish()).unwrap();
    assert_eq!(ints(&kept, "received_unix_nano"), [Some(5), Some(5), Some(5)]);
}
