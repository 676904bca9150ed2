use pennyspan_schema::Table;
use pennyspan_schema::tables::{deliveries, invocation_facts, logs};

use super::{logpush, tail};
use crate::decode::{DecodeError, Decoded, Origin, Reason, Settings};
use crate::request::Door;

const PUSHED: &str = include_str!("../../../fixtures/cloudflare/logpush.ndjson");
const TAILED: &str = include_str!("../../../fixtures/cloudflare/wrangler-tail.json");
/// 2026-10-08T07:30:00Z.
const HALF_PAST: i64 = 1_791_444_600_000_000_000;

type Decode = fn(&[u8], &Origin<'_>, &Settings) -> Result<Decoded, DecodeError>;

fn with(decode: Decode, body: &str, settings: &Settings) -> Result<Decoded, DecodeError> {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    decode(body.as_bytes(), &origin, settings)
}

fn pushed() -> Decoded {
    with(logpush, PUSHED, &Settings::default()).unwrap()
}

fn tailed() -> Decoded {
    with(tail, TAILED, &Settings::default()).unwrap()
}

fn fact(decoded: &Decoded, kind: &str, nth: usize, check: impl FnOnce(&invocation_facts::Row<'_>)) {
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::InvocationFacts)
        .unwrap();
    let reader = invocation_facts::Reader::new(batch).unwrap();
    check(&reader.rows().filter(|row| row.fact_kind == kind).nth(nth).unwrap());
}

#[test]
fn every_event_is_an_invocation() {
    for (decoded, count) in [(pushed(), 6), (tailed(), 5)] {
        assert_eq!(
            (decoded.accepted, decoded.rejections.total()),
            (count, 0),
            "{:?}",
            decoded.rejections.first()
        );
    }
}

#[test]
fn a_request_is_known_by_its_ray_and_counts_wall_and_processor_time() {
    fact(&pushed(), "invocation", 0, |row| {
        assert_eq!(
            (row.provider, row.key_scope, row.source),
            ("cloudflare", "edge-cart", "platform")
        );
        assert_eq!(row.invocation_id, "9a1f3c5e7b2d4f60");
        assert_eq!(
            (row.platform, row.execution_model),
            (Some("cloudflare.workers"), Some("worker"))
        );
        assert_eq!(row.version, Some("0f6c2f8e-51a5-4e8c-8ad5-4c7c7c0d5a11"));
        assert_eq!(
            (row.start_hint_unix_nano, row.end_unix_nano),
            (Some(HALF_PAST), Some(HALF_PAST + 18_000_000))
        );
        assert_eq!((row.duration_us, row.cpu_time_us), (Some(18_000), Some(3_000)));
        assert_eq!(
            (row.outcome, row.http_status, row.trigger_type),
            (Some("ok"), Some(200), Some("http"))
        );
        assert!(row.attributes_json.unwrap().contains(r#""method":"GET""#));
    });
    fact(&pushed(), "invocation", 1, |row| {
        assert_eq!(
            row.invocation_id, "9a1f3c5e7b2d4f60:CartState",
            "a durable object serves the same request apart"
        );
    });
    fact(&tailed(), "invocation", 0, |row| {
        assert_eq!(
            (row.invocation_id, row.function),
            ("9a1f3c5e7b2d4f70", Some("edge-search"))
        );
        assert!(row.attributes_json.unwrap().contains(r#""colo":"FRA""#));
    });
}

#[test]
fn outcomes_and_exceptions_are_told() {
    fact(&pushed(), "invocation", 2, |row| {
        assert_eq!((row.outcome, row.error_type), (Some("error"), Some("TypeError")));
        assert_eq!(row.error_message, Some("rate is \"undefined\""));
        assert!(row.error_fingerprint.is_some());
    });
    fact(&pushed(), "invocation", 3, |row| {
        assert_eq!((row.outcome, row.cpu_time_us), (Some("exceeded_cpu"), Some(10_000)));
    });
    fact(&tailed(), "invocation", 1, |row| {
        assert_eq!(row.outcome, Some("out_of_memory"));
    });
    fact(&tailed(), "invocation", 4, |row| {
        assert_eq!(row.outcome, Some("unknown"), "a word that is not known yet");
        assert!(row.attributes_json.unwrap().contains(r#""outcome":"brandNew""#));
    });
}

#[test]
fn queues_schedules_mails_and_calls_are_told_with_their_messages() {
    let (pushed, tailed) = (pushed(), tailed());
    fact(&pushed, "invocation", 4, |row| {
        assert_eq!((row.trigger_type, row.trigger_source), (Some("queue"), Some("mails")));
        assert_eq!((row.batch_size_count, row.receive_max_count), (Some(2), Some(3)));
        assert_eq!(row.enqueued_min_unix_nano, Some(HALF_PAST - 9_000_000_000));
        assert_eq!(row.invocation_id.len(), 32, "without a ray, its content is its id");
    });
    let (_, batch) = pushed
        .rows
        .iter()
        .find(|(table, _)| *table == Table::Deliveries)
        .unwrap();
    let reader = deliveries::Reader::new(batch).unwrap();
    let rows: Vec<_> = reader
        .rows()
        .map(|row| (row.message_id.map(str::to_owned), row.receive_count))
        .collect();
    assert_eq!(
        rows,
        [(Some("m-1".to_owned()), Some(1)), (Some("m-2".to_owned()), Some(3))]
    );
    fact(&pushed, "invocation", 5, |row| {
        assert_eq!(
            (row.trigger_type, row.trigger_source),
            (Some("timer"), Some("*/5 * * * *"))
        );
        assert_eq!(row.scheduled_unix_nano, Some(HALF_PAST + 4_000_000_000));
    });
    fact(&tailed, "invocation", 2, |row| {
        assert_eq!(row.trigger_type, Some("rpc"));
    });
    fact(&tailed, "invocation", 3, |row| {
        assert_eq!(row.trigger_type, Some("email"));
    });
    fact(&tailed, "invocation", 4, |row| {
        assert_eq!(row.batch_size_count, Some(5));
    });
    fact(&tailed, "delivery", 0, |row| {
        assert_eq!((row.invocation_id, row.key_scope), ("9a1f3c5e7b2d4f70", "edge-search"));
        assert_eq!((row.tenant, row.route), (Some("blue"), Some("GET /search")));
    });
}

#[test]
fn lines_and_exceptions_are_logs_of_their_invocation() {
    let decoded = pushed();
    let (_, batch) = decoded.rows.iter().find(|(table, _)| *table == Table::Logs).unwrap();
    let reader = logs::Reader::new(batch).unwrap();
    let rows: Vec<_> = reader.rows().collect();
    let bodies: Vec<_> = rows.iter().map(|row| row.body.unwrap()).collect();
    assert_eq!(
        bodies,
        [
            r#"cart {"items":3}"#,
            "rate is \"undefined\"",
            "Worker exceeded CPU time limit.",
            "sending",
            "<<<Logpush: logs truncated>>>",
            "[{\"Level\":\"log\",\"Message\":[\"cut <<<Logpush: truncated>>>",
        ]
    );
    assert_eq!(rows[0].invocation_id, Some("9a1f3c5e7b2d4f60"));
    assert_eq!(
        (rows[0].severity_number, rows[0].time_unix_nano),
        (Some(9), HALF_PAST + 4_000_000)
    );
    assert_eq!(
        (rows[1].error_type, rows[1].severity_number),
        (Some("TypeError"), Some(17))
    );
}

#[test]
fn the_upload_that_only_tests_a_destination_is_accepted() {
    let decoded = with(logpush, r#"{"content":"tests"}"#, &Settings::default()).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (1, 0));
    assert!(decoded.rows.iter().all(|(_, batch)| batch.num_rows() == 0));
}

#[test]
fn what_is_wrong_is_told_and_what_is_too_much_is_not_built() {
    let Err(DecodeError::NothingAcceptable { first, .. }) = with(tail, r#"{"a":1}"#, &Settings::default()) else {
        panic!("no tail item");
    };
    assert_eq!((first.field, first.reason), (Some("outcome"), Reason::MissingField));
    let Err(DecodeError::NothingAcceptable { first, .. }) = with(tail, r#"{"outcome":"ok"}"#, &Settings::default())
    else {
        panic!("no time");
    };
    assert_eq!(first.reason, Reason::NoTime);
    let lines = vec![r#"{"message":["x"]}"#; 1000].join(",");
    let many = format!(r#"{{"outcome":"ok","scriptName":"a","eventTimestamp":1791444600000,"logs":[{lines}]}}"#);
    let few_items = Settings {
        items: 10,
        ..Settings::default()
    };
    let few_bytes = Settings {
        rows_bytes: 10_000,
        ..Settings::default()
    };
    for settings in [few_items, few_bytes] {
        let Err(DecodeError::NothingAcceptable { first, .. }) = with(tail, &many, &settings) else {
            panic!("more lines than a body may hold");
        };
        assert_eq!(first.reason, Reason::TooMany);
    }
}

#[test]
fn an_event_without_a_request_is_one_invocation_whether_logpush_or_a_tail_sends_it() {
    let of = |decode: Decode, body: &str| {
        let mut id = String::new();
        fact(
            &with(decode, body, &Settings::default()).unwrap(),
            "invocation",
            0,
            |row| {
                row.invocation_id.clone_into(&mut id);
            },
        );
        id
    };
    let cron = r#"{"CPUTimeMs":1,"WallTimeMs":35,"Event":{"Cron":"*/5 * * * *","ScheduledTimeMs":1791444604000},"EventTimestampMs":1791444604250,
        "EventType":"scheduled","Outcome":"ok","ScriptName":"edge-sweep","ScriptVersion":{"id":"v"},"Entrypoint":""}"#;
    let tail_of_cron = r#"{"scriptName":"edge-sweep","outcome":"ok","eventTimestamp":1791444604250,"wallTime":35,"cpuTime":1,
        "event":{"cron":"*/5 * * * *","scheduledTime":1791444604000},"logs":[{"timestamp":1791444604251,"level":"log","message":["swept"]}],"truncated":false}"#;
    assert_eq!(of(logpush, cron), of(tail, tail_of_cron));
    let batch = r#"{"CPUTimeMs":4,"WallTimeMs":210,"Event":{"QueueName":"mails","BatchSize":2},"EventTimestampMs":1791444603000,"EventType":"queue",
        "Outcome":"exception","ScriptName":"edge-mail"}"#;
    let tail_of_batch = r#"{"scriptName":"edge-mail","outcome":"exception","eventTimestamp":1791444603000,"wallTime":210,"cpuTime":4,
        "event":{"queue":"mails","batchSize":2},"exceptions":[]}"#;
    assert_eq!(of(logpush, batch), of(tail, tail_of_batch));
    let later = tail_of_batch.replace("3000,", "3001,");
    assert_ne!(of(tail, &later), of(tail, tail_of_batch));
}

#[test]
fn events_of_kinds_that_nobody_knows_are_kept_as_they_came() {
    let told = |body: &str| {
        let decoded = with(tail, body, &Settings::default()).unwrap();
        let mut attributes = String::new();
        fact(&decoded, "invocation", 0, |row| {
            row.attributes_json.unwrap_or_default().clone_into(&mut attributes);
        });
        (decoded.kept_raw, attributes)
    };
    let new = r#"{"EventType":"brand_new","Event":{"Depth":7},"Outcome":"ok","EventTimestampMs":1791444603000,"ScriptName":"a"}"#;
    assert_eq!(told(new), (1, r#"{"event":{"Depth":7}}"#.to_owned()));
    let untold = r#"{"event":{"depth":7},"outcome":"ok","eventTimestamp":1791444603000,"scriptName":"a"}"#;
    assert_eq!(told(untold), (1, r#"{"event":{"depth":7}}"#.to_owned()));
    assert_eq!((pushed().kept_raw, tailed().kept_raw), (0, 0));
}
