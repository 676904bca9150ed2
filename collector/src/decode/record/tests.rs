use pennyspan_schema::Table;
use pennyspan_schema::tables::{configurations, deliveries, invocation_facts};
use proptest::prelude::*;

use super::invocations;
use crate::decode::{DecodeError, Decoded, Origin, Reason, Settings, ids, number};
use crate::request::Door;

const FULL: &str = r#"{"provider":"aws","platform":"aws_lambda","account":"123456789012","region":"eu-west-1","function":"checkout","version":"42","alias":"live",
 "service":"shop","environment":"prod","runtime":"nodejs22.x","architecture":"arm64","memory_size_mib":512,"timeout_ms":30000,
 "instance_id":"2026/10/08/[$LATEST]22be53a8cfde4e68b844f8ec293b2543","invocation_id":"0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01","attempt":1,
 "trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",
 "trigger":{"type":"queue","source":"orders","partition":null,"message_ids":["m-1","m-2"],"batch_size":2,
            "enqueued_time":"2026-10-08T07:30:20.000Z","first_received_time":null,"scheduled_time":null,"receive_count":1},
 "start_time":"2026-10-08T07:30:28.235Z","duration_ms":1233.96,"init_duration_ms":463.512,"init_type":"on-demand",
 "restore_duration_ms":null,"billed_duration_ms":1698,"max_memory_used_mib":123.0,"cpu_time_ms":12.5,"cold_start":true,
 "outcome":"ok","error_type":null,"http_status":200,"route":"POST /orders","tenant":"blue","sample_weight":2.5,
 "bytes_out":512,"attributes":{"team":"pay","colour":"red"},"colour":"green","new":[1.50]}"#;

fn full() -> String {
    FULL.replace('\n', "")
}

fn decode_from(body: &str, received_at_unix_nano: Option<i64>) -> Result<Decoded, DecodeError> {
    let door = Door::default();
    invocations(
        body.as_bytes(),
        &Origin {
            door: &door,
            region: None,
            received_at_unix_nano,
        },
        &Settings::default(),
    )
}

fn decode(body: &str) -> Result<Decoded, DecodeError> {
    decode_from(body, None)
}

fn facts(decoded: &Decoded) -> invocation_facts::Reader {
    let batch = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::InvocationFacts)
        .unwrap()
        .1;
    invocation_facts::Reader::new(batch).unwrap()
}

#[test]
fn every_key_has_its_column() {
    let decoded = decode(&full()).unwrap();
    let facts = facts(&decoded);
    let fact = facts.row(0);
    let start = number::unix_nano("2026-10-08T07:30:28.235Z");
    assert_eq!(
        (fact.provider, fact.platform, fact.source),
        ("aws", Some("aws_lambda"), "record")
    );
    assert_eq!(
        (fact.account, fact.region, fact.function),
        (Some("123456789012"), Some("eu-west-1"), Some("checkout"))
    );
    assert_eq!(
        (fact.version, fact.alias, fact.service, fact.environment),
        (Some("42"), Some("live"), Some("shop"), Some("prod"))
    );
    assert_eq!((fact.runtime, fact.architecture), (Some("nodejs22.x"), Some("arm64")));
    assert_eq!((fact.memory_size_mib, fact.max_memory_used_mib), (Some(512), Some(123)));
    assert_eq!(fact.instance_id, Some("22be53a8cfde4e68b844f8ec293b2543"));
    assert_eq!(
        (fact.invocation_id, fact.key_scope),
        ("0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01", "")
    );
    assert_eq!(
        (fact.attempt_reported, fact.trace_id),
        (Some(1), ids::trace_id("5b8efff798038103d269b633813fc60c"))
    );
    assert_eq!(
        (fact.fact_unix_nano, fact.start_hint_unix_nano),
        (start.unwrap(), start)
    );
    assert_eq!(fact.end_unix_nano, start.map(|start| start + 1_233_960_000));
    assert_eq!(
        (fact.duration_us, fact.init_duration_us, fact.cpu_time_us),
        (Some(1_233_960), Some(463_512), Some(12_500))
    );
    assert_eq!((fact.restore_duration_us, fact.billed_duration_ms), (None, Some(1698)));
    assert_eq!(
        (fact.cold_start_reported, fact.outcome, fact.http_status),
        (Some(true), Some("ok"), Some(200))
    );
    assert_eq!(
        (fact.route, fact.tenant, fact.sample_weight_milli),
        (Some("POST /orders"), Some("blue"), 2500)
    );
    assert_eq!((fact.out_bytes, fact.time_suspect), (Some(512), None));
    assert_eq!(
        (fact.trigger_type, fact.trigger_source, fact.batch_size_count),
        (Some("queue"), Some("orders"), Some(2))
    );
    assert_eq!(fact.enqueued_min_unix_nano, number::unix_nano("2026-10-08T07:30:20Z"));
    let attributes = r#"{"team":"pay","colour":"red","record.colour":"green","new":[1.50]}"#;
    assert_eq!(fact.attributes_json, Some(attributes));
}

#[test]
fn messages_become_deliveries() {
    let decoded = decode(&full()).unwrap();
    let batch = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::Deliveries)
        .unwrap()
        .1;
    let rows = deliveries::Reader::new(batch).unwrap();
    let ids: Vec<_> = rows.rows().map(|row| row.message_id).collect();
    assert_eq!(ids, [Some("m-1"), Some("m-2")]);
    let row = rows.row(1);
    assert_eq!(
        (row.source, row.outcome, row.receive_count, row.enqueued_unix_nano),
        ("record", "delivered", Some(1), None)
    );
    assert_eq!(row.invocation_id, Some("0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01"));
}

#[test]
fn a_time_out_is_a_setting_once_a_minute() {
    let decoded = decode(&[full(), full(), full().replace("07:30:28.235Z", "07:31:00Z")].join("\n")).unwrap();
    let batch = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::Configurations)
        .unwrap()
        .1;
    let rows = configurations::Reader::new(batch).unwrap();
    assert_eq!(
        (rows.len(), rows.row(0).key, rows.row(0).value),
        (2, "timeout_ms", Some("30000"))
    );
    assert_eq!(
        (rows.row(0).function, Some(rows.row(0).observed_unix_nano)),
        (Some("checkout"), number::unix_nano("2026-10-08T07:30:00Z"))
    );
}

#[test]
fn times_and_billed_durations_may_have_fractions_of_zeros() {
    let body = r#"{"provider":"aws","function":"f","start_time_unix_ms":1590530039578.8513,"duration_ms":1837.9605,"billed_duration_ms":1900.0}"#;
    let facts = facts(&decode(body).unwrap());
    let fact = facts.row(0);
    assert_eq!(fact.start_hint_unix_nano, Some(1_590_530_039_578_851_300));
    assert_eq!(
        (fact.duration_us, fact.billed_duration_ms),
        (Some(1_837_960), Some(1900)),
        "half goes to even"
    );
}

#[test]
fn a_record_without_an_id_counts_once() {
    let body = r#"{"provider":"aws","function":"f","start_time_unix_ms":1590530039578,"duration_ms":1.0}"#;
    let spaced = r#"{ "duration_ms": 1.0, "function": "f", "provider": "aws", "start_time_unix_ms": 1590530039578 }"#;
    let other = body.replace("1.0", "1.1");
    let facts = facts(&decode(&[body, spaced, &other].join("\n")).unwrap());
    assert_eq!(facts.row(0).invocation_id, facts.row(1).invocation_id);
    assert_ne!(facts.row(0).invocation_id, facts.row(2).invocation_id);
    assert_eq!(
        (facts.row(0).key_scope, facts.row(0).content_hash),
        ("f", facts.row(1).content_hash)
    );
}

#[test]
fn a_bad_record_is_rejected_by_line_with_a_remedy() {
    let good = r#"{"provider":"aws","function":"f","start_time_unix_ms":1590530039578}"#;
    let cases = [
        (
            r#"{"function":"f","start_time_unix_ms":1}"#,
            "provider",
            Reason::MissingField,
        ),
        (
            r#"{"provider":"aws","start_time_unix_ms":1}"#,
            "function",
            Reason::MissingField,
        ),
        (
            r#"{"provider":"aws","function":"f"}"#,
            "start_time",
            Reason::MissingField,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time":"yesterday"}"#,
            "start_time",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":"1"}"#,
            "start_time_unix_ms",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"duration_ms":-1}"#,
            "duration_ms",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"duration_ms":1e400}"#,
            "duration_ms",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"billed_duration_ms":1.5}"#,
            "billed_duration_ms",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"outcome":"fine"}"#,
            "outcome",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"trigger":{"type":"telepathy"}}"#,
            "trigger.type",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"trace_id":"00"}"#,
            "trace_id",
            Reason::BadId,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"sample_weight":0}"#,
            "sample_weight",
            Reason::BadValue,
        ),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1,"cold_start":"no"}"#,
            "cold_start",
            Reason::BadValue,
        ),
    ];
    for (bad, field, reason) in cases {
        let decoded = decode(&format!("{good}\n{bad}\n{good}")).unwrap();
        let rejection = &decoded.rejections.first()[0];
        assert_eq!(
            (rejection.place.as_str(), rejection.field, rejection.reason),
            ("line 2", Some(field), reason),
            "{bad}"
        );
        assert!(!rejection.detail.is_empty());
        assert_eq!((decoded.accepted, facts(&decoded).len()), (2, 2));
    }
}

#[test]
fn a_record_that_nests_without_end_is_rejected() {
    let deep = format!(
        r#"{{"provider":"aws","function":"f","start_time_unix_ms":1,"x":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let error = decode(&deep).unwrap_err();
    assert!(error.to_string().contains("nests deeper"), "{error}");
}

#[test]
fn long_names_are_cut_and_stay_apart() {
    let body = |end: &str| {
        format!(
            r#"{{"provider":"gcp","function":"{}{end}","start_time_unix_ms":1590530039578,"invocation_id":"x"}}"#,
            "f".repeat(400)
        )
    };
    let facts = facts(&decode(&[body("a"), body("b")].join("\n")).unwrap());
    let names: Vec<_> = facts.rows().map(|row| row.function.unwrap()).collect();
    assert!(names[0].len() <= 256 && names[0] != names[1]);
    assert_eq!(
        facts.row(0).key_scope,
        names[0],
        "an id that is unique within its function is scoped by it"
    );
}

#[test]
fn a_time_before_there_were_functions_is_kept_apart() {
    let body = r#"{"provider":"aws","function":"f","start_time_unix_ms":1}"#;
    let received = 1_791_444_629_470_000_000;
    let facts = facts(&decode_from(body, Some(received)).unwrap());
    assert_eq!(
        (facts.row(0).time_suspect, facts.row(0).start_hint_unix_nano),
        (Some(true), Some(received))
    );
}

proptest! {
    #[test]
    fn accepted_and_rejected_are_what_was_sent(bad in proptest::collection::vec(any::<bool>(), 1..50)) {
        let line = |bad: &bool| if *bad { r#"{"provider":"aws"}"# } else { r#"{"provider":"aws","function":"f","start_time_unix_ms":1590530039578}"# };
        let body = bad.iter().map(line).collect::<Vec<_>>().join("\n");
        match decode(&body) {
            Ok(decoded) => prop_assert_eq!(decoded.accepted + decoded.rejections.total(), bad.len()),
            Err(DecodeError::NothingAcceptable { items, .. }) => prop_assert_eq!(items, bad.len()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn no_body_panics(body in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&body);
        let door = Door::default();
        let origin = Origin { door: &door, region: None, received_at_unix_nano: None };
        let _ = invocations(&bytes, &origin, &Settings::default());
    }
}
