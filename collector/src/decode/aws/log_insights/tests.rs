use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, logs};

use super::items;
use crate::decode::{Decoded, Origin, Settings};
use crate::request::Door;

const ID: &str = "5b7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a02";
const STREAM: &str = "2026/10/08/[7]44be53a8cfde4e68b844f8ec293b2543";

fn decode(body: &str) -> Decoded {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: Some("eu-west-1"),
        received_at_unix_nano: None,
    };
    items(body.as_bytes(), 1, &origin, &Settings::default())
        .unwrap()
        .into_decoded()
}

fn check(decoded: &Decoded) {
    assert_eq!(
        (decoded.accepted, decoded.rejections.total()),
        (2, 0),
        "{:?}",
        decoded.rejections
    );
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::InvocationFacts)
        .unwrap()
        .1;
    let facts = invocation_facts::Reader::new(batch).unwrap();
    let row = facts.row(0);
    assert_eq!(
        (row.function, row.account, row.duration_us),
        (Some("checkout"), Some("123456789012"), Some(765_000))
    );
    assert_eq!(row.instance_id, Some("44be53a8cfde4e68b844f8ec293b2543"));
    assert_eq!(row.fact_unix_nano, 1_791_444_629_000_000_000);
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1;
    assert_eq!(logs::Reader::new(batch).unwrap().row(1).body, Some("hello"));
}

#[test]
fn the_command_lines_results_are_log_events() {
    let report = format!("REPORT RequestId: {ID}\\tDuration: 765.00 ms\\tBilled Duration: 765 ms\\t\\n");
    let row = |time: &str, message: &str| {
        format!(
            r#"[{{"field":"@timestamp","value":"{time}"}},{{"field":"@message","value":"{message}"}},{{"field":"@logStream","value":"{STREAM}"}},{{"field":"@log","value":"123456789012:/aws/lambda/checkout"}},{{"field":"@ptr","value":"Cm"}}]"#
        )
    };
    let body = format!(
        r#"{{"results":[{},{}],"statistics":{{"recordsMatched":2.0}},"status":"Complete"}}"#,
        row("2026-10-08 07:30:29.000", &report),
        row("2026-10-08 07:30:30.000", "hello")
    );
    check(&decode(&body));
}

#[test]
fn the_consoles_json_is_the_same() {
    let row = |time: &str, message: &str| {
        format!(
            r#"{{"@timestamp":"{time}","@message":"{message}","@logStream":"{STREAM}","@log":"123456789012:/aws/lambda/checkout"}}"#
        )
    };
    let report = format!("REPORT RequestId: {ID}\\tDuration: 765.00 ms\\tBilled Duration: 765 ms\\t\\n");
    let body = format!(
        "[{},\n{}]",
        row("2026-10-08 07:30:29.000", &report),
        row("2026-10-08 07:30:30.000", "hello")
    );
    check(&decode(&body));
}

#[test]
fn rows_without_message_or_time_say_what_the_query_should_ask_for() {
    let decoded = decode(
        r#"{"results":[[{"field":"@duration","value":"12"}],[{"field":"@message","value":"m"}],[{"field":"@message","value":"m"},{"field":"@timestamp","value":"soon"}],7],"status":"Complete"}"#,
    );
    let rejections = decoded.rejections.first();
    assert_eq!(rejections.len(), 4);
    assert!(
        rejections[0].detail.contains("add @timestamp and @message"),
        "{}",
        rejections[0]
    );
    assert_eq!(rejections[1].place, "line 1, results[1]");
}
