use std::collections::BTreeMap;

use pennyspan_schema::Table;
use pennyspan_schema::tables::{deliveries, environment_facts, invocation_facts, logs};

use super::{logs as decode_logs, pubsub};
use crate::decode::{DecodeError, Decoded, Origin, Reason, Settings};
use crate::request::Door;

const ENTRIES: &str = include_str!("../../../fixtures/gcp/logging-read.json");
const PUSHED: &str = include_str!("../../../fixtures/gcp/pubsub-push.json");
/// 2026-10-08T07:30:00Z.
const HALF_PAST: i64 = 1_791_444_600_000_000_000;

type Decode = fn(&[u8], &Origin<'_>, &Settings) -> Result<Decoded, DecodeError>;

fn with(decode: Decode, body: &str, received_at_unix_nano: Option<i64>) -> Result<Decoded, DecodeError> {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano,
    };
    decode(body.as_bytes(), &origin, &Settings::default())
}

fn entries() -> Decoded {
    with(decode_logs, ENTRIES, None).unwrap()
}

fn each_fact(decoded: &Decoded, mut visit: impl FnMut(&invocation_facts::Row<'_>)) {
    for (table, batch) in decoded.rows.iter() {
        if table == Table::InvocationFacts {
            invocation_facts::Reader::new(batch)
                .unwrap()
                .rows()
                .for_each(|row| visit(&row));
        }
    }
}

fn fact(decoded: &Decoded, id: &str, kind: &str, check: impl Fn(&invocation_facts::Row<'_>)) {
    let mut found = 0;
    each_fact(decoded, |row| {
        if row.invocation_id.starts_with(id) && row.fact_kind == kind {
            found += 1;
            check(row);
        }
    });
    assert_eq!(found, 1, "{kind} of {id}");
}

/// The id of the request that the fixture numbers so.
fn request(n: u64) -> String {
    format!(
        "{:032x}:{:016x}",
        0xa1b2_c3d4_e5f6_0718_293a_4b5c_6d7e_8f00_u128 + u128::from(n),
        0x1a2b_3c4d_5e6f_7000_u64 + n
    )
}

#[test]
fn every_entry_is_understood() {
    let decoded = entries();
    assert_eq!(
        (decoded.accepted, decoded.rejections.total()),
        (22, 0),
        "{:?}",
        decoded.rejections.first()
    );
}

#[test]
fn a_request_of_cloud_run_is_an_invocation_and_its_latency_contains_the_start_of_the_instance() {
    let decoded = entries();
    fact(&decoded, &request(1), "request", |row| {
        assert_eq!((row.provider, row.key_scope, row.source), ("gcp", "quotes", "platform"));
        assert_eq!(row.platform, Some("gcp_cloud_run"));
        assert_eq!(row.execution_model, Some("container_function"));
        assert_eq!((row.account, row.region), (Some("acme-shop"), Some("europe-west1")));
        assert_eq!((row.function, row.version), (Some("quotes"), Some("quotes-00012-kuw")));
        assert_eq!(row.instance_id, Some("d5e6f708192a3b4c5d6e7f8091a2b3c4"));
        assert_eq!(row.start_hint_unix_nano, Some(HALF_PAST + 100_000_000));
        assert_eq!(row.end_unix_nano, Some(HALF_PAST + 3_300_500_000));
        // The latency is the whole wait: no init is added to it, and what is billed of it is not said.
        assert_eq!((row.duration_us, row.init_duration_us), (Some(3_200_500), None));
        assert_eq!((row.billed_duration_ms, row.cold_start_reported), (None, None));
        assert_eq!(
            (row.outcome, row.http_status, row.out_bytes),
            (Some("ok"), Some(200), Some(204))
        );
        assert_eq!((row.trigger_type, row.trace_sampled), (Some("http"), Some(true)));
        assert_eq!(hex::encode(row.trace_id.unwrap()), request(1)[..32]);
        assert_eq!(hex::encode(row.span_id.unwrap()), request(1)[33..]);
    });
    fact(&decoded, &request(6), "request", |row| {
        assert_eq!(row.trigger_type, Some("topic"));
    });
}

#[test]
fn what_the_platform_ended_is_told_from_what_answered_badly() {
    let decoded = entries();
    for (n, outcome, status) in [
        (3, "crash", 503),
        (4, "throttled", 429),
        (5, "timeout", 504),
        (10, "error", 500),
    ] {
        fact(&decoded, &request(n), "request", |row| {
            assert_eq!((row.outcome, row.http_status), (Some(outcome), Some(status)), "{n}");
        });
    }
}

#[test]
fn instances_say_why_they_started_when_they_were_ready_and_that_memory_ended_them() {
    let decoded = entries();
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::EnvironmentFacts)
        .unwrap();
    let reader = environment_facts::Reader::new(batch).unwrap();
    let rows: Vec<_> = reader.rows().collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (rows[0].fact_kind, rows[0].init_type),
        ("init_start", Some("on-demand"))
    );
    assert!(rows[0].reason.unwrap().starts_with("AUTOSCALING - "));
    assert_eq!((rows[1].fact_kind, rows[1].status), ("init_report", Some("success")));
    assert_eq!((rows[2].fact_kind, rows[2].status), ("shutdown", Some("out_of_memory")));
    assert_eq!((rows[2].memory_size_mib, rows[2].function), (Some(512), Some("quotes")));
    assert!(
        rows.iter()
            .all(|row| row.instance_id == Some("d5e6f708192a3b4c5d6e7f8091a2b3c4"))
    );
}

#[test]
fn executions_of_the_first_generation_are_told_by_their_two_lines() {
    let decoded = entries();
    fact(&decoded, "dg7k1p2x0001", "start", |row| {
        assert_eq!((row.key_scope, row.platform), ("digest", Some("gcp_cloud_functions")));
        assert_eq!(
            (row.execution_model, row.region),
            (Some("event_function"), Some("us-central1"))
        );
    });
    fact(&decoded, "dg7k1p2x0001", "report", |row| {
        assert_eq!(
            (row.duration_us, row.http_status, row.outcome),
            (Some(112_000), Some(200), Some("ok"))
        );
        assert_eq!(row.start_hint_unix_nano, Some(HALF_PAST + 180_000_000_000));
    });
    fact(&decoded, "dg7k1p2x0002", "report", |row| {
        assert_eq!((row.outcome, row.trigger_type), (Some("timeout"), None));
    });
    fact(&decoded, "dg7k1p2x0003", "memory_limit", |row| {
        assert_eq!(row.outcome, Some("out_of_memory"));
    });
    fact(&decoded, "dg7k1p2x0001", "delivery", |row| {
        assert_eq!((row.trigger_type, row.trigger_source), (Some("topic"), Some("orders")));
    });
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::Deliveries)
        .unwrap();
    let reader = deliveries::Reader::new(batch).unwrap();
    let rows: Vec<_> = reader
        .rows()
        .map(|row| (row.key_scope.to_owned(), row.receive_count))
        .collect();
    assert_eq!(rows, [("digest".to_owned(), Some(1))]);
}

#[test]
fn only_lines_whose_invocation_is_certain_state_anything_of_it() {
    let decoded = entries();
    fact(&decoded, &request(10), "error", |row| {
        assert_eq!((row.source, row.error_type), ("log", Some("TypeError")));
        assert_eq!(row.outcome, None, "a function may log an error that it handled");
    });
    let mut ids = BTreeMap::new();
    each_fact(&decoded, |row| {
        *ids.entry(row.invocation_id.to_owned()).or_insert(0) += 1;
    });
    assert_eq!(ids.len(), 7 + 3, "seven requests and three executions: {ids:?}");
}

#[test]
fn lines_keep_what_they_say() {
    let decoded = entries();
    let (_, batch) = decoded.rows.iter().find(|(table, _)| *table == Table::Logs).unwrap();
    let reader = logs::Reader::new(batch).unwrap();
    let of = |id: &str, check: &dyn Fn(&logs::Row<'_>)| {
        let row = reader.rows().find(|row| row.record_id == Some(id)).unwrap();
        check(&row);
    };
    of("a1", &|row| {
        assert_eq!((row.body, row.severity_number), (Some("quoted order 17"), Some(9)));
        assert!(row.attributes_json.unwrap().contains(r#""order":17"#));
        assert!(row.trace_id.is_some() && row.span_id.is_some());
        assert_eq!((row.invocation_id, row.platform_type), (None, None));
    });
    of("f1", &|row| {
        assert_eq!(
            (row.platform_type, row.invocation_id),
            (Some("platform.start"), Some("dg7k1p2x0001"))
        );
    });
    of("f2", &|row| assert_eq!(row.platform_type, None));
    of("g2", &|row| {
        assert_eq!((row.error_type, row.severity_number), (Some("TypeError"), Some(17)));
    });
    of("l1", &|row| {
        assert!(
            row.attributes_json.unwrap().contains("httpRequest"),
            "what has no meaning here is kept"
        );
    });
}

#[test]
fn a_pushed_message_states_what_its_entry_states() {
    let pushed = with(pubsub, PUSHED, Some(HALF_PAST + 60_000_000_000)).unwrap();
    fact(&pushed, &request(2), "request", |row| {
        assert_eq!(
            (row.duration_us, row.start_hint_unix_nano),
            (Some(41_250), Some(HALF_PAST + 10_000_000_000))
        );
    });
    let mut both = Vec::new();
    for decoded in [&pushed, &entries()] {
        fact(decoded, &request(2), "request", |row| {
            assert_eq!(row.hash(), row.content_hash);
        });
        each_fact(decoded, |row| {
            if row.invocation_id == request(2) {
                both.push(row.content_hash);
            }
        });
    }
    assert_eq!(both[0], both[1], "the same statement by whichever way it came");
}

#[test]
fn what_is_no_entry_is_refused_with_a_remedy() {
    for (decode, body, field) in [
        (
            pubsub as Decode,
            r#"{"message":{"messageId":"1"},"subscription":"s"}"#,
            Some("message.data"),
        ),
        (
            pubsub,
            r#"{"message":{"data":"?","messageId":"1"},"subscription":"s"}"#,
            Some("message.data"),
        ),
        (
            pubsub,
            r#"{"message":{"data":"aGVsbG8=","messageId":"1"},"subscription":"s"}"#,
            None,
        ),
        (
            pubsub,
            r#"{"message":{"data":"e30=","messageId":"1"},"subscription":"s"}"#,
            Some("logName"),
        ),
        (decode_logs, r#"[{"hello":1}]"#, Some("logName")),
        (decode_logs, "[1]", None),
    ] {
        let Err(DecodeError::NothingAcceptable { first, items: 1, .. }) = with(decode, body, Some(HALF_PAST)) else {
            panic!("{body}");
        };
        assert_eq!(first.field, field, "{body}");
    }
    let untimed = r#"{"insertId":"1","logName":"projects/p/logs/x","textPayload":"words"}"#;
    let Err(DecodeError::NothingAcceptable { first, .. }) = with(decode_logs, untimed, None) else {
        panic!("a file's entry without a time");
    };
    assert_eq!(first.reason, Reason::NoTime);
    assert_eq!(with(decode_logs, untimed, Some(HALF_PAST)).unwrap().accepted, 1);
}

#[test]
fn lists_of_entries_are_taken_one_by_one() {
    let body = r#"{"entries":[{"insertId":"1","logName":"l","timestamp":"2026-10-08T07:30:00Z"},7]}"#;
    let decoded = with(decode_logs, body, None).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (1, 1));
    assert_eq!(decoded.rejections.first()[0].place, "line 1, entries[1]");
}

#[test]
fn entries_that_nobody_reads_are_kept_as_they_came_and_counted() {
    let entry = |log: &str, resource: &str, text: &str| {
        let body = format!(
            r#"{{"insertId":"1","logName":"projects/p/logs/{log}","resource":{{"type":"{resource}"}},"timestamp":"2026-10-08T07:30:00Z","textPayload":"{text}"}}"#
        );
        let decoded = with(decode_logs, &body, None).unwrap();
        assert_eq!((decoded.accepted, decoded.rows.count(Table::Logs)), (1, 1));
        decoded.kept_raw
    };
    let system = "run.googleapis.com%2Fvarlog%2Fsystem";
    assert_eq!(entry(system, "cloud_run_revision", "Something new"), 1);
    assert_eq!(entry(system, "cloud_run_revision", "Container called exit(1)."), 0);
    assert_eq!(entry("run.googleapis.com%2Fstdout", "cloud_run_revision", "paid"), 0);
    assert_eq!(
        entry("cloudaudit.googleapis.com%2Factivity", "gce_instance", "changed"),
        1
    );
}
