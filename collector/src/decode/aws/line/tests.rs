use std::borrow::Cow;

use pennyspan_schema::Table;
use pennyspan_schema::tables::{deliveries, invocation_facts};

use super::{LineContext, LineKind, log_line};
use crate::decode::{Decoded, Origin, Output, Settings, number};
use crate::request::Door;

const ID: &str = "0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01";
const TIME: i64 = 1_791_444_629_470_000_000;

/// Reads a line of the function `checkout` and returns what it is, and the facts in it.
fn read(line: &str) -> (LineKind<'_>, Decoded) {
    let (door, settings, mut output) = (Door::default(), Settings::default(), Output::default());
    let origin = Origin {
        door: &door,
        region: Some("eu-west-1"),
        received_at_unix_nano: None,
    };
    let context = LineContext {
        time_unix_nano: Some(TIME),
        account: None,
        region: None,
        function: Some("checkout"),
        version: None,
        instance_id: Some("2026/10/08/[$LATEST]22be53a8cfde4e68b844f8ec293b2543"),
        invocation_id: None,
        origin: &origin,
        settings: &settings,
    };
    let kind = log_line(line, context, &mut output);
    (kind, output.finish("lines").unwrap())
}

fn facts(decoded: &Decoded) -> Option<invocation_facts::Reader> {
    let batch = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::InvocationFacts)?
        .1;
    Some(invocation_facts::Reader::new(batch).unwrap())
}

#[test]
fn a_report_line_becomes_a_fact() {
    let line =
        format!("REPORT RequestId: {ID}\tDuration: 1233.96 ms\tBilled Duration: 1698 ms\tMemory Size: 256 MB\t\n");
    let (kind, decoded) = read(&line);
    assert_eq!(
        (kind.platform_type.as_deref(), kind.invocation_id.as_deref()),
        (Some("platform.report"), Some(ID))
    );
    let facts = facts(&decoded).unwrap();
    let fact = facts.row(0);
    assert_eq!(
        (fact.source, fact.fact_kind, fact.function, fact.region),
        ("platform", "report", Some("checkout"), Some("eu-west-1"))
    );
    assert_eq!(fact.start_hint_unix_nano, Some(TIME - 1_233_960_000));
    assert_eq!((fact.end_unix_nano, fact.outcome), (Some(TIME), None));
    assert_eq!(fact.instance_id, Some("22be53a8cfde4e68b844f8ec293b2543"));
}

#[test]
fn a_platform_event_on_a_line_is_the_same_fact() {
    let line = format!(
        r#"{{"time":"2026-10-08T07:30:29.470Z","type":"platform.report","record":{{"requestId":"{ID}","status":"timeout",
           "metrics":{{"durationMs":3000.0,"billedDurationMs":3000,"memorySizeMB":128,"maxMemoryUsedMB":64}}}}}}"#
    );
    let (kind, decoded) = read(&line);
    assert_eq!(
        (kind.platform_type.as_deref(), kind.time_unix_nano),
        (Some("platform.report"), number::unix_nano("2026-10-08T07:30:29.470Z"))
    );
    let facts = facts(&decoded).unwrap();
    assert_eq!(
        (facts.row(0).outcome, facts.row(0).billed_duration_ms),
        (Some("timeout"), Some(3000))
    );
}

#[test]
fn a_delivery_line_names_its_messages_on_every_route() {
    let delivery = format!(
        r#"{{"pennyspan":"delivery","invocation_id":"{ID}","trigger":{{"type":"queue","source":"orders","partition":null}},"batch_size":3,
           "records":[{{"id":"m-1","enqueued_time_unix_ms":1791444620000,"first_received_time_unix_ms":1791444621000,"receive_count":1}},
                      {{"id":"m-2","enqueued_time_unix_ms":1791444610000.5,"receive_count":3,"bytes":12}}],
           "failed_ids":["m-2"],"http":null,"tenant":"blue"}}"#
    )
    .replace('\n', " ");
    let wrapped = serde_json::Value::from(delivery.as_str());
    for line in [
        delivery.clone(),
        format!("2026-10-08T07:30:28.400Z\t{ID}\tINFO\t{delivery}\n"),
        format!(r#"{{"timestamp":"2026-10-08T07:30:28.400Z","level":"INFO","requestId":"{ID}","message":{delivery}}}"#),
        format!(r#"{{"timestamp":"2026-10-08T07:30:28.400Z","level":"INFO","requestId":"{ID}","message":{wrapped}}}"#),
    ] {
        let (kind, decoded) = read(&line);
        assert_eq!(kind.invocation_id.as_deref(), Some(ID), "{line}");
        let facts = facts(&decoded).unwrap();
        let fact = facts.row(0);
        assert_eq!(
            (fact.fact_kind, fact.source, fact.trigger_type),
            ("delivery", "log", Some("queue")),
            "{line}"
        );
        assert_eq!((fact.batch_size_count, fact.receive_max_count), (Some(3), Some(3)));
        assert_eq!(fact.enqueued_min_unix_nano, Some(1_791_444_610_000_500_000));
        assert_eq!(
            (fact.enqueued_max_unix_nano, fact.tenant),
            (Some(1_791_444_620_000_000_000), Some("blue"))
        );
        let batch = decoded
            .rows
            .iter()
            .find(|(table, _)| *table == Table::Deliveries)
            .unwrap()
            .1;
        let rows = deliveries::Reader::new(batch).unwrap();
        assert_eq!(
            (rows.len(), rows.row(0).message_id, rows.row(0).outcome),
            (2, Some("m-1"), "delivered")
        );
        assert_eq!(
            (rows.row(1).message_id, rows.row(1).outcome, rows.row(1).message_bytes),
            (Some("m-2"), "failed", Some(12))
        );
    }
}

#[test]
fn a_functions_own_lines_say_level_request_and_error() {
    let line = format!("2026-10-08T07:30:28.235Z\t{ID}\tWARN\tslow, but well");
    let (kind, decoded) = read(&line);
    assert_eq!(
        (kind.invocation_id.as_deref(), kind.severity_number),
        (Some(ID), Some(13))
    );
    assert_eq!(
        (kind.message.as_deref(), kind.time_unix_nano.is_some()),
        (Some("slow, but well"), true)
    );
    assert!(decoded.rows.is_empty());
    let (kind, _) = read("[INFO]\t2026-10-08T07:30:28.235Z\t0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01\thello");
    assert_eq!(
        (kind.invocation_id.as_deref(), kind.severity_text.as_deref()),
        (Some(ID), Some("INFO"))
    );
    let (kind, _) = read("2026-10-08T07:30:28.235Z\tundefined\tERROR\tno such module");
    assert_eq!((kind.invocation_id, kind.severity_number), (None, Some(17)));
    let (kind, _) = read("plain words");
    assert_eq!(kind, LineKind::default());
}

#[test]
fn json_lines_keep_what_has_no_column() {
    let line = format!(
        r#"{{"timestamp":"2026-10-08T07:30:29.443Z","level":"INFO","AWSRequestId":"{ID}","message":"paid","amount":10.50,"logger":"shop"}}"#
    );
    let (kind, _) = read(&line);
    assert_eq!(
        (kind.invocation_id.as_deref(), kind.message.as_deref()),
        (Some(ID), Some("paid"))
    );
    assert_eq!(
        kind.attributes_json.as_deref(),
        Some(r#"{"amount":10.50,"logger":"shop"}"#)
    );
}

#[test]
fn errors_that_nobody_caught_are_facts_of_failed_invocations() {
    let json =
        r#"{"errorType":"TypeError","errorMessage":"x is not a function","stack":["TypeError: x is not a function"]}"#;
    let line = format!("2026-10-08T07:30:28.235Z\t{ID}\tERROR\tInvoke Error \t{json}");
    let (kind, decoded) = read(&line);
    assert_eq!(kind.error_type.as_deref(), Some("TypeError"));
    let facts_of = facts(&decoded).unwrap();
    let fact = facts_of.row(0);
    assert_eq!(
        (fact.fact_kind, fact.source, fact.outcome),
        ("error", "log", Some("error"))
    );
    assert_eq!(
        (fact.error_type, fact.error_message),
        (Some("TypeError"), Some("x is not a function"))
    );
    let handled = format!(
        r#"{{"timestamp":"2026-10-08T07:30:29.443Z","level":"ERROR","requestId":"{ID}","message":"will try again","errorType":"Busy","stackTrace":[]}}"#
    );
    let (_, decoded) = read(&handled);
    let facts_of = facts(&decoded).unwrap();
    assert_eq!(
        (facts_of.row(0).outcome, facts_of.row(0).error_type),
        (None, Some("Busy"))
    );
    let (kind, _) = read("[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n  File \"app.py\", line 3");
    assert_eq!(kind.error_type, Some(Cow::Borrowed("KeyError")));
}

#[test]
fn no_line_panics() {
    for line in [
        "{",
        "{}",
        "{\"type\":\"platform.report\"}",
        "{\"pennyspan\":\"delivery\"}",
        "\t\t\t\t",
        "REPORT RequestId: \u{1F980}\tDuration: x ms",
        "{\"message\":\"{\"}",
    ] {
        read(line);
    }
    let (kind, decoded) = read(r#"{"type":"platform.requestComplete","record":{"requests":4}}"#);
    assert_eq!(kind.platform_type.as_deref(), Some("platform.requestComplete"));
    assert!(decoded.rows.is_empty());
}
