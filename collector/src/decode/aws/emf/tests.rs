use pennyspan_schema::Table;
use pennyspan_schema::tables::{logs, metric_points};

use crate::decode::{Decoded, Origin, Settings};
use crate::request::Door;

fn decode(line: &str) -> Decoded {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(1_791_444_700_000_000_000),
    };
    let body = serde_json::json!([{ "time": "2026-10-08T07:30:30.000Z", "type": "function", "record": line }]);
    crate::decode::aws::telemetry(body.to_string().as_bytes(), &origin, &Settings::default()).unwrap()
}

fn points(decoded: &Decoded) -> Option<metric_points::Reader> {
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::MetricPoints)?.1;
    Some(metric_points::Reader::new(batch).unwrap())
}

#[test]
fn each_metric_is_a_point_per_set_of_dimensions() {
    let decoded = decode(
        r#"{"_aws":{"Timestamp":1791444628962,"CloudWatchMetrics":[{"Namespace":"shop","Metrics":[{"Name":"Orders","Unit":"Count"},{"Name":"Latency","Unit":"Milliseconds"}],"Dimensions":[["FunctionName"],["Service","Retry"]]}]},"FunctionName":"checkout","Service":"pay","Retry":2,"Orders":1,"Latency":[12.5,3,40],"request_id":"0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01"}"#,
    );
    let points = points(&decoded).unwrap();
    assert_eq!(points.len(), 4);
    let orders = points.row(0);
    assert_eq!(
        (orders.metric, orders.point_kind, orders.value_text, orders.function),
        ("amazonaws.com/shop/Orders", "gauge", Some("1"), Some("checkout"))
    );
    assert_eq!(orders.time_unix_nano, 1_791_444_628_962_000_000);
    assert_eq!(
        points.row(1).attributes_json,
        Some(r#"{"Dimensions":{"Retry":"2","Service":"pay"},"MetricName":"Orders","Namespace":"shop"}"#)
    );
    let latency = points.row(2);
    assert_eq!(
        (
            latency.observation_count,
            latency.sum_text,
            latency.min_text,
            latency.max_text
        ),
        (Some(3), Some("55.5"), Some("3"), Some("40"))
    );
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1;
    let logs = logs::Reader::new(batch).unwrap();
    assert_eq!(
        logs.row(0).invocation_id,
        Some("0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01"),
        "the line is kept as a log"
    );
}

#[test]
fn what_is_not_as_specified_is_left_out_and_the_line_is_kept() {
    for line in [
        r#"{"_aws":{"Timestamp":1791444628962,"CloudWatchMetrics":[{"Namespace":"shop","Metrics":[{"Name":"Orders"}]}]},"Orders":"many"}"#,
        r#"{"_aws":{"Timestamp":1791444628962,"CloudWatchMetrics":[{"Metrics":[{"Name":"Orders"}]}]},"Orders":1}"#,
        r#"{"_aws":{"Timestamp":1791444628962,"CloudWatchMetrics":"none"},"Orders":1}"#,
        r#"{"_aws":7,"Orders":1}"#,
        r#"{"_aws":{"Timestamp":1791444628962,"CloudWatchMetrics":[{"Namespace":"shop","Metrics":[{"Name":"Orders"}]}]},"Orders":[1,"2"]}"#,
    ] {
        let decoded = decode(line);
        assert!(points(&decoded).is_none(), "{line}");
        assert_eq!((decoded.accepted, decoded.rows.count(Table::Logs)), (1, 1), "{line}");
    }
}

#[test]
fn a_line_makes_only_so_many_points() {
    let names: Vec<String> = (0..500).map(|n| format!("m{n}")).collect();
    let metrics: Vec<_> = names.iter().map(|name| serde_json::json!({ "Name": name })).collect();
    let sets: Vec<Vec<String>> = (0..500).map(|n| vec![format!("d{n}")]).collect();
    let mut line = serde_json::json!({
        "_aws": { "Timestamp": 1_791_444_628_962_i64,
                  "CloudWatchMetrics": [{ "Namespace": "shop", "Metrics": metrics, "Dimensions": sets }] }
    });
    for name in &names {
        line[name] = 1.into();
    }
    assert_eq!(points(&decode(&line.to_string())).unwrap().len(), 100 * 30);
}
