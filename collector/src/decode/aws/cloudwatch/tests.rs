use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, logs};

use super::cloudwatch;
use crate::decode::{DecodeError, Decoded, Origin, Settings};
use crate::request::Door;

const ID: &str = "0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01";
const CONTROL: &str = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1791444620000,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;

fn decode(body: &str) -> Result<Decoded, DecodeError> {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(1_791_444_700_000_000_000),
    };
    cloudwatch(body.as_bytes(), &origin, &Settings::default())
}

fn message() -> String {
    let event = |id: u32, text: &str| {
        let text = serde_json::Value::from(text);
        format!(r#"{{"id":"{id}","timestamp":179144462{id}000,"message":{text}}}"#)
    };
    let events = [
        event(
            1,
            "INIT_START Runtime Version: nodejs:22.v1\tRuntime Version ARN: arn:aws:lambda:eu-central-1::runtime:775d\n",
        ),
        event(2, &format!("START RequestId: {ID} Version: 7\n")),
        event(3, &format!("2026-10-08T07:30:28.235Z\t{ID}\tERROR\toh no\n")),
        event(
            4,
            &format!("REPORT RequestId: {ID}\tDuration: 1.76 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t\n"),
        ),
    ];
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/thumbs","logStream":"2026/10/08/[7]22be53a8cfde4e68b844f8ec293b2543","subscriptionFilters":["f"],"logEvents":[{}]}}"#,
        events.join(",")
    )
}

fn packed(json: &str) -> String {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(json.as_bytes()).unwrap();
    format!(
        r#"{{"awslogs":{{"data":"{}"}}}}"#,
        STANDARD.encode(encoder.finish().unwrap())
    )
}

#[test]
fn envelope_and_lines_say_where_it_comes_from() {
    let decoded = decode(&message()).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (4, 0));
    let batch = |table| decoded.rows.iter().find(|(of, _)| *of == table).unwrap().1;
    let logs = logs::Reader::new(batch(Table::Logs)).unwrap();
    let ids: Vec<_> = logs.rows().map(|row| row.record_id.unwrap_or_default()).collect();
    assert_eq!(ids, ["1", "2", "3", "4"]);
    assert_eq!(
        (logs.row(3).platform_type, logs.row(2).severity_number),
        (Some("platform.report"), Some(17))
    );
    let facts = invocation_facts::Reader::new(batch(Table::InvocationFacts)).unwrap();
    assert_eq!(facts.len(), 2);
    for fact in facts.rows() {
        assert_eq!(
            (fact.account, fact.function, fact.version),
            (Some("123456789012"), Some("thumbs"), Some("7"))
        );
        assert_eq!(
            (fact.region, fact.instance_id),
            (Some("eu-central-1"), Some("22be53a8cfde4e68b844f8ec293b2543"))
        );
    }
    assert_eq!(
        facts.row(1).start_hint_unix_nano,
        Some(1_791_444_624_000_000_000 - 1_760_000)
    );
}

#[test]
fn every_form_of_a_message_is_the_same_rows() {
    let plain = decode(&message()).unwrap();
    assert_eq!(decode(&packed(&message())).unwrap(), plain);
    assert_eq!(decode(&format!("{CONTROL}{}", message())).unwrap().rows, plain.rows);
    assert_eq!(
        decode(&packed(&format!("{}\n{CONTROL}", message()))).unwrap().rows,
        plain.rows
    );
}

#[test]
fn a_health_check_is_accepted_and_holds_nothing() {
    let decoded = decode(CONTROL).unwrap();
    assert!(decoded.rows.is_empty() && decoded.rejections.total() == 0);
}

#[test]
fn a_group_of_several_functions_names_them_in_its_streams() {
    let shared = message()
        .replace("/aws/lambda/thumbs", "/shop/all")
        .replace("2026/10/08/[7]", "2026/10/08/thumbs[7]");
    let decoded = decode(&shared).unwrap();
    let logs = logs::Reader::new(decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1).unwrap();
    assert_eq!((logs.row(0).function, logs.row(0).version), (Some("thumbs"), Some("7")));
}

#[test]
fn what_is_no_message_is_rejected_in_words() {
    for (body, words) in [
        ("{\"messageType\":\"OTHER\"}", "messageType"),
        ("{\"messageType\":\"DATA_MESSAGE\"}", "logEvents"),
        ("{\"awslogs\":{\"data\":\"not base64!\"}}", "awslogs.data"),
        ("{\"awslogs\":{\"data\":\"aGVsbG8=\"}}", "awslogs.data"),
        ("nonsense", "CloudWatch Logs"),
    ] {
        let error = decode(body).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_packed_bomb_is_refused_at_the_limit() {
    let (door, settings) = (
        Door::default(),
        Settings {
            request_bytes: 1000,
            ..Settings::default()
        },
    );
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let body = packed(&" ".repeat(100_000));
    let error = cloudwatch(body.as_bytes(), &origin, &settings).unwrap_err();
    assert!(error.to_string().contains("more than 1000 bytes"), "{error}");
}

#[test]
fn platform_events_that_nobody_knows_are_kept_as_they_came_and_counted() {
    let of = |line: &str| {
        let event = serde_json::json!({ "id": "1", "timestamp": 1_791_444_620_000_i64, "message": line });
        let message = serde_json::json!({ "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/lambda/f", "logStream": "s", "logEvents": [event] });
        let decoded = decode(&message.to_string()).unwrap();
        assert_eq!((decoded.accepted, decoded.rows.count(Table::Logs)), (1, 1));
        decoded.kept_raw
    };
    let event = |kind: &str| format!(r#"{{"time":"2026-10-08T07:30:00Z","type":"{kind}","record":{{"new":1}}}}"#);
    assert_eq!(of(&event("platform.brandNew")), 1);
    assert_eq!(of(&event("platform.invokeSummary")), 0);
    assert_eq!(of("hello"), 0);
}
