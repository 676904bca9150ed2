use std::collections::BTreeMap;

use pennyspan_schema::Table;
use pennyspan_schema::tables::{deliveries, invocation_facts, logs, metric_points, spans};

use super::records;
use crate::decode::{DecodeError, Decoded, Origin, Reason, Settings};
use crate::request::Door;

const RECORDS: &str = include_str!("../../../fixtures/azure/records.json");
const QUERY: &str = include_str!("../../../fixtures/azure/app-insights-query.json");
/// 2026-10-08T07:30:00Z.
const HALF_PAST: i64 = 1_791_444_600_000_000_000;
const HOST: &str = "4d1f0c2b-7a55-4c0e-8f4e-1f7f7f0a9b31";

fn decode(body: &str) -> Result<Decoded, DecodeError> {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    records(body.as_bytes(), &origin, &Settings::default())
}

fn id(n: u8) -> String {
    format!("7c1f{n:04x}-30aa-4b6e-9d0c-5e2f41c8a6{n:02x}")
}

fn fact(decoded: &Decoded, n: u8, kind: &str, check: impl Fn(&invocation_facts::Row<'_>)) {
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::InvocationFacts)
        .unwrap();
    let reader = invocation_facts::Reader::new(batch).unwrap();
    let mut rows = reader
        .rows()
        .filter(|row| row.invocation_id == id(n) && row.fact_kind == kind);
    check(&rows.next().unwrap_or_else(|| panic!("{kind} of {n}")));
    assert!(rows.next().is_none(), "{kind} of {n}");
}

#[test]
fn every_record_is_understood() {
    for (body, count) in [(RECORDS, 15), (QUERY, 2)] {
        let decoded = decode(body).unwrap();
        assert_eq!(
            (decoded.accepted, decoded.rejections.total()),
            (count, 0),
            "{:?}",
            decoded.rejections.first()
        );
    }
}

#[test]
fn the_host_says_when_an_invocation_started_and_how_it_ended() {
    let decoded = decode(RECORDS).unwrap();
    fact(&decoded, 1, "start", |row| {
        assert_eq!((row.provider, row.key_scope, row.source), ("azure", "", "platform"));
        assert_eq!(
            (row.platform, row.execution_model),
            (Some("azure.functions"), Some("event_function"))
        );
        assert_eq!(row.account, Some("0c6f1b7e-4b1d-4e57-9e0a-6d2a1f3b5c7d"));
        assert_eq!((row.region, row.function), (Some("westeurope"), Some("acme-shop/Ship")));
        assert_eq!((row.service, row.instance_id), (Some("acme-shop"), Some(HOST)));
        assert_eq!((row.trigger_type, row.trigger_source), (Some("queue"), Some("parcels")));
        assert_eq!(row.start_hint_unix_nano, Some(HALF_PAST));
    });
    fact(&decoded, 1, "report", |row| {
        assert_eq!((row.duration_us, row.outcome), (Some(640_000), Some("ok")));
        assert_eq!(row.start_hint_unix_nano, Some(HALF_PAST + 360_000_000));
        assert_eq!(row.billed_duration_ms, None);
    });
    fact(&decoded, 2, "report", |row| {
        assert_eq!(
            (row.outcome, row.error_type),
            (Some("error"), Some("System.InvalidOperationException"))
        );
        assert_eq!(row.error_message, Some("carrier 7 is closed"));
        assert!(row.error_fingerprint.is_some());
    });
    fact(&decoded, 2, "start", |row| assert_eq!(row.trigger_type, Some("http")));
    fact(&decoded, 3, "start", |row| {
        assert_eq!(
            (row.trigger_type, row.function),
            (Some("timer"), Some("acme-shop/Nightly"))
        );
    });
    fact(&decoded, 3, "timeout", |row| assert_eq!(row.outcome, Some("timeout")));
    fact(&decoded, 3, "report", |row| assert_eq!(row.outcome, Some("timeout")));
    fact(&decoded, 4, "start", |row| {
        assert_eq!(row.function, Some("acme-shop/Ship"), "from properties in single quotes");
    });
}

#[test]
fn what_the_host_handed_over_is_a_delivery() {
    let decoded = decode(RECORDS).unwrap();
    fact(&decoded, 1, "delivery", |row| {
        assert_eq!((row.batch_size_count, row.receive_max_count), (Some(1), Some(2)));
        assert_eq!(row.enqueued_min_unix_nano, Some(HALF_PAST - 18_500_000_000));
    });
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::Deliveries)
        .unwrap();
    let reader = deliveries::Reader::new(batch).unwrap();
    let rows: Vec<_> = reader.rows().collect();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].message_id, rows[0].receive_count), (Some("81b06e5d"), Some(2)));
}

#[test]
fn a_request_of_application_insights_is_a_span_and_an_invocation_of_the_weight_that_sampling_gave_it() {
    let decoded = decode(RECORDS).unwrap();
    fact(&decoded, 1, "span", |row| {
        assert_eq!((row.source, row.function), ("span", Some("acme-shop/Ship")));
        assert_eq!((row.duration_us, row.runtime_us), (Some(639_876), Some(631_250)));
        assert_eq!(row.start_hint_unix_nano, Some(HALF_PAST + 360_123_400));
        assert_eq!(row.end_unix_nano, Some(HALF_PAST + 999_999_900));
        assert_eq!((row.outcome, row.http_status), (Some("ok"), None));
        assert_eq!((row.instance_id, row.sample_weight_milli), (Some(HOST), 1000));
    });
    let query = decode(QUERY).unwrap();
    fact(&query, 9, "span", |row| {
        assert_eq!((row.outcome, row.http_status), (Some("ok"), Some(200)));
        assert_eq!(
            (row.trigger_type, row.function),
            (Some("http"), Some("acme-shop/Quote"))
        );
    });
    fact(&query, 10, "span", |row| {
        assert_eq!((row.outcome, row.sample_weight_milli), (Some("error"), 4000));
    });
}

#[test]
fn calls_are_spans_below_their_request() {
    let decoded = decode(RECORDS).unwrap();
    let (_, batch) = decoded.rows.iter().find(|(table, _)| *table == Table::Spans).unwrap();
    let reader = spans::Reader::new(batch).unwrap();
    let rows: Vec<_> = reader.rows().collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0].kind, rows[0].invocation_span, rows[0].parent_span_id),
        (5, true, None)
    );
    assert_eq!((rows[1].kind, rows[1].invocation_span), (3, false));
    assert_eq!(rows[1].parent_span_id, Some(rows[0].span_id));
    assert_eq!(
        (rows[1].dependency_kind, rows[1].dependency, rows[1].operation),
        (Some("http"), Some("rates.example.com"), Some("GET"))
    );
    assert_eq!((rows[1].http_status, rows[1].duration_us), (Some(200), Some(88_500)));
    assert_eq!(rows[1].invocation_id, Some(&*id(1)));
}

#[test]
fn lines_belong_to_their_invocations_and_tables_that_are_not_known_are_kept() {
    let decoded = decode(RECORDS).unwrap();
    let (_, batch) = decoded.rows.iter().find(|(table, _)| *table == Table::Logs).unwrap();
    let reader = logs::Reader::new(batch).unwrap();
    let mut types = BTreeMap::new();
    for row in reader.rows() {
        *types.entry(row.platform_type.unwrap_or("own").to_owned()).or_insert(0) += 1;
        if row.body == Some("rates asked") {
            assert_eq!((row.invocation_id, row.severity_number), (Some(&*id(1)), Some(9)));
            assert!(row.trace_id.is_some());
        }
        if row.platform_type == Some("AppPerformanceCounters") {
            assert!(row.body.unwrap().contains("Private Bytes"));
        }
    }
    let expected = [
        ("AppPerformanceCounters", 1),
        ("own", 3),
        ("platform.report", 3),
        ("platform.start", 4),
        ("platform.timeout", 1),
        ("platform.trigger", 1),
    ];
    assert_eq!(
        types,
        BTreeMap::from(expected.map(|(name, count)| (name.to_owned(), count)))
    );
}

#[test]
fn an_exception_speaks_of_its_invocation_without_ending_it() {
    let decoded = decode(RECORDS).unwrap();
    fact(&decoded, 2, "error", |row| {
        assert_eq!((row.source, row.outcome), ("log", None));
        assert_eq!(row.error_type, Some("System.InvalidOperationException"));
    });
}

#[test]
fn what_a_function_logs_states_nothing_about_its_invocation() {
    let forged = r#"{"time":"2026-10-08T07:30:00Z","category":"FunctionAppLogs","properties":{"message":"Executed 'Functions.A' (Failed, Id=x, Duration=1ms)","category":"Function.A.User","functionInvocationId":"x","functionName":"A"}}"#;
    let decoded = decode(forged).unwrap();
    assert_eq!((decoded.accepted, decoded.rows.count(Table::InvocationFacts)), (1, 0));
}

#[test]
fn memory_and_processes_end_invocations_too() {
    for (kind, outcome) in [
        ("System.OutOfMemoryException", "out_of_memory"),
        (
            "Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException",
            "crash",
        ),
        ("", "error"),
    ] {
        let n = id(1);
        let line = format!(
            r#"{{"time":"2026-10-08T07:30:00Z","category":"FunctionAppLogs","properties":{{"message":"Executed 'Functions.A' (Failed, Id={n}, Duration=1ms)","category":"Function.A","functionInvocationId":"{n}","functionName":"A","exceptionType":"{kind}"}}}}"#
        );
        fact(&decode(&line).unwrap(), 1, "report", |row| {
            assert_eq!(row.outcome, Some(outcome));
        });
    }
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    let body = r#"{"records":[7,{"Type":"AppRequests","time":"2026-10-08T07:30:00Z","Name":"x"},{"Type":"AppTraces","Message":"m"},{"Type":"AppTraces","time":"2026-10-08T07:30:00Z","Message":"m"}]}"#;
    let decoded = decode(body).unwrap();
    let told: Vec<_> = decoded
        .rejections
        .first()
        .iter()
        .map(|rejection| (rejection.place.as_str(), rejection.field, rejection.reason))
        .collect();
    assert_eq!(
        told,
        [
            ("line 1, records[0]", None, Reason::Malformed),
            ("line 1, records[1]", Some("OperationId"), Reason::MissingField),
            ("line 1, records[2]", Some("time"), Reason::NoTime),
        ]
    );
    let table = r#"{"tables":[{"columns":[{"name":"timestamp"}],"rows":[["2026-10-08T07:30:00Z",1],["2026-10-08T07:30:00Z"]]},{"rows":[]}]}"#;
    let decoded = decode(table).unwrap();
    let places: Vec<_> = decoded
        .rejections
        .first()
        .iter()
        .map(|rejection| rejection.place.as_str())
        .collect();
    assert_eq!(places, ["line 1, tables[0], rows[0]", "line 1, tables[1]"]);
}

#[test]
fn a_worker_process_that_was_killed_for_its_memory_ends_its_invocation() {
    let n = id(1);
    let line = format!(
        r#"{{"time":"2026-10-08T07:30:00Z","category":"FunctionAppLogs","properties":{{"message":"python exited with code 137 (0x89)","category":"Host.Function.Worker","functionInvocationId":"{n}","functionName":"A"}}}}"#
    );
    fact(&decode(&line).unwrap(), 1, "fault", |row| {
        assert_eq!(row.outcome, Some("out_of_memory"));
    });
}

#[test]
fn execution_units_are_data_points_of_their_interval() {
    let record = r#"{"count":3,"total":131072,"minimum":0,"maximum":65536,"average":43690.67,"resourceId":"/SUBSCRIPTIONS/A-1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.WEB/SITES/SHOP","time":"2026-10-08T07:30:00Z","metricName":"FunctionExecutionUnits","timeGrain":"PT1M"}"#;
    let decoded = decode(record).unwrap();
    let (_, batch) = decoded
        .rows
        .iter()
        .find(|(table, _)| *table == Table::MetricPoints)
        .unwrap();
    let reader = metric_points::Reader::new(batch).unwrap();
    let row = reader.row(0);
    assert_eq!((row.metric, row.metric_unit), ("FunctionExecutionUnits", Some("MB.ms")));
    assert_eq!((row.value_text, row.observation_count), (Some("131072"), Some(3)));
    assert_eq!(row.start_unix_nano, Some(HALF_PAST));
    assert_eq!(row.time_unix_nano, HALF_PAST + 60_000_000_000);
    assert_eq!((row.account, row.service), (Some("a-1"), Some("SHOP")));
}

#[test]
fn records_of_tables_that_nobody_reads_are_kept_as_they_came_and_counted() {
    let record = r#"{"time":"2026-10-08T07:30:00Z","category":"AppServiceHTTPLogs","resourceId":"/SUBSCRIPTIONS/A-1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.WEB/SITES/SHOP","properties":{"CsMethod":"GET"}}"#;
    let decoded = decode(record).unwrap();
    assert_eq!(
        (decoded.accepted, decoded.kept_raw, decoded.rows.count(Table::Logs)),
        (1, 1, 1)
    );
}
