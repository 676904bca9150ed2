use pennyspan_schema::Table;
use pennyspan_schema::tables::{environment_facts, invocation_facts, logs};

use super::telemetry;
use crate::decode::{DecodeError, Decoded, Origin, Reason, Settings, ids, number};
use crate::request::Door;

const ID: &str = "0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01";

fn decode(body: &str) -> Result<Decoded, DecodeError> {
    let door = Door {
        resource: Some("arn:aws:lambda:eu-central-1:123456789012:function:thumbs".into()),
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: number::unix_nano("2026-10-08T07:31:00Z"),
    };
    telemetry(body.as_bytes(), &origin, &Settings::default())
}

fn batch(decoded: &Decoded, table: Table) -> &arrow::array::RecordBatch {
    decoded
        .rows
        .iter()
        .find(|(of, _)| *of == table)
        .expect("the table has rows")
        .1
}

fn life() -> Vec<String> {
    let start = r#"{"time":"2026-10-08T07:30:27.768Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init","runtimeVersion":"nodejs:22.v122","runtimeVersionArn":"arn:aws:lambda:eu-central-1::runtime:775d","functionName":"thumbs","functionVersion":"7","instanceId":"2026/10/08/thumbs[7]22be53a8cfde4e68b844f8ec293b2543","instanceMaxMemory":268435456}}"#;
    vec![
        start.to_owned(),
        r#"{"time":"2026-10-08T07:30:28.230Z","type":"platform.initReport","record":{"initializationType":"on-demand","phase":"init","status":"success","metrics":{"durationMs":463.512,"billedDurationMs":464}}}"#.to_owned(),
        format!(
            r#"{{"time":"2026-10-08T07:30:28.235Z","type":"platform.start","record":{{"requestId":"{ID}","tenantId":"blue","tracing":{{"type":"X-Amzn-Trace-Id","value":"Root=1-6352a70e-1e2c502e358361800241fd45;Parent=35465b3a9e2f7c6a;Sampled=0"}}}}}}"#
        ),
        format!(
            r#"{{"time":"2026-10-08T07:30:29.400Z","type":"platform.runtimeDone","record":{{"requestId":"{ID}","status":"success","metrics":{{"durationMs":1165.0004995,"producedBytes":8}},"spans":[{{"name":"responseLatency","durationMs":1.50}}]}}}}"#
        ),
        format!(
            r#"{{"time":"2026-10-08T07:30:29.470Z","type":"platform.report","record":{{"requestId":"{ID}","status":"success","metrics":{{"durationMs":1233.96,"billedDurationMs":1698,"memorySizeMB":256,"maxMemoryUsedMB":123,"initDurationMs":463.512,"futureMetric":0.10}}}}}}"#
        ),
    ]
}

#[test]
fn one_body_tells_one_environments_life() {
    let decoded = decode(&format!("[{}]", life().join(","))).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (5, 0));
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    let (start, done, report) = (facts.row(0), facts.row(1), facts.row(2));
    let time = |text| number::unix_nano(text);
    assert_eq!(
        (start.start_hint_unix_nano, start.end_unix_nano),
        (time("2026-10-08T07:30:28.235Z"), None)
    );
    assert_eq!(
        (start.trace_id, start.trace_sampled),
        (ids::trace_id("6352a70e1e2c502e358361800241fd45"), Some(false))
    );
    assert_eq!((start.tenant, start.account), (Some("blue"), Some("123456789012")));
    assert_eq!(
        (done.runtime_us, done.duration_us, done.out_bytes),
        (Some(1_165_000), None, Some(8))
    );
    assert_eq!(
        (done.outcome, done.start_hint_unix_nano),
        (None, time("2026-10-08T07:30:28.235Z"))
    );
    assert_eq!(
        done.attributes_json,
        Some(r#"{"spans":[{"name":"responseLatency","durationMs":1.50}]}"#)
    );
    assert_eq!(
        (report.duration_us, report.billed_duration_ms),
        (Some(1_233_960), Some(1698))
    );
    assert_eq!(
        (report.init_duration_us, report.init_type),
        (Some(463_512), Some("on-demand"))
    );
    assert_eq!(
        (report.memory_size_mib, report.max_memory_used_mib),
        (Some(256), Some(123))
    );
    assert_eq!(
        (report.outcome, report.start_hint_unix_nano),
        (Some("ok"), time("2026-10-08T07:30:28.23604Z"))
    );
    assert_eq!(report.attributes_json, Some(r#"{"metrics":{"futureMetric":0.10}}"#));
    for fact in facts.rows() {
        assert_eq!(
            (fact.function, fact.version, fact.region),
            (Some("thumbs"), Some("7"), Some("eu-central-1"))
        );
        assert_eq!(
            (fact.instance_id, fact.execution_model),
            (Some("22be53a8cfde4e68b844f8ec293b2543"), Some("event_function"))
        );
    }
    let inits = environment_facts::Reader::new(batch(&decoded, Table::EnvironmentFacts)).unwrap();
    assert_eq!(
        (inits.row(0).fact_kind, inits.row(0).memory_size_mib),
        ("init_start", Some(256))
    );
    assert_eq!(
        (inits.row(1).duration_us, inits.row(1).billed_ms, inits.row(1).status),
        (Some(463_512), Some(464), Some("success"))
    );
}

#[test]
fn order_and_form_of_a_body_do_not_matter() {
    let mut lines = life();
    let rows = |lines: &[String], newline: &str| {
        let decoded = decode(&lines.join(newline)).unwrap();
        let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
        let mut hashes: Vec<_> = facts.rows().map(|row| row.content_hash).collect();
        hashes.sort_unstable();
        hashes
    };
    let ordered = rows(&lines, "\n");
    lines.reverse();
    assert_eq!(rows(&lines, "\r\n\r\n"), ordered);
}

#[test]
fn environments_that_differ_do_not_speak_for_each_other() {
    let other = life()[0]
        .replace("22be53a8", "99999999")
        .replace("\"functionVersion\":\"7\"", "\"functionVersion\":\"8\"");
    let decoded = decode(&[life(), vec![other]].concat().join("\n")).unwrap();
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    assert!(
        facts
            .rows()
            .all(|row| row.instance_id.is_none() && row.version.is_none() && row.region == Some("eu-central-1"))
    );
}

#[test]
fn neighbours_in_a_file_do_not_speak_for_each_other() {
    let door = Door::default();
    let file = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let decoded = telemetry(life().join("\n").as_bytes(), &file, &Settings::default()).unwrap();
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    assert!(
        facts
            .rows()
            .all(|row| row.function.is_none() && row.instance_id.is_none() && row.init_type.is_none())
    );
    let inits = environment_facts::Reader::new(batch(&decoded, Table::EnvironmentFacts)).unwrap();
    assert_eq!(
        (inits.row(0).function, inits.row(0).region),
        (Some("thumbs"), Some("eu-central-1"))
    );
}

#[test]
fn a_snapshot_is_restored_and_billed_once() {
    let body = format!(
        r#"{{"time":"2026-10-08T07:30:29.470Z","type":"platform.report","record":{{"requestId":"{ID}","status":"success","metrics":{{"durationMs":147.156,"billedDurationMs":201,"memorySizeMB":512,"maxMemoryUsedMB":91,"restoreDurationMs":500.795,"billedRestoreDurationMs":53}}}}}}"#
    );
    let decoded = decode(&body).unwrap();
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    let report = facts.row(0);
    assert_eq!(
        (report.billed_duration_ms, report.restore_billed_ms),
        (Some(201), Some(53))
    );
    assert_eq!(
        (report.restore_duration_us, report.init_type),
        (Some(500_795), Some("snap-start"))
    );
}

#[test]
fn one_request_that_times_out_twice_is_four_statements_with_two_starts() {
    let event = |time: &str, kind: &str, rest: &str| {
        format!(r#"{{"time":"{time}","type":"platform.{kind}","record":{{"requestId":"{ID}"{rest}}}}}"#)
    };
    let report = r#","status":"timeout","metrics":{"durationMs":3000.00,"billedDurationMs":3000,"memorySizeMB":128,"maxMemoryUsedMB":50}"#;
    let body = [
        event("2026-10-08T07:30:00.000Z", "start", ""),
        event("2026-10-08T07:30:03.000Z", "report", report),
        event("2026-10-08T07:30:50.000Z", "start", ""),
        event("2026-10-08T07:30:53.000Z", "report", report),
    ];
    let decoded = decode(&body.join("\n")).unwrap();
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    let hints: Vec<_> = facts.rows().map(|row| row.start_hint_unix_nano).collect();
    assert!(
        facts
            .rows()
            .all(|row| row.invocation_id == ID && row.key_scope.is_empty())
    );
    assert_eq!((hints[0], hints[2]), (hints[1], hints[3]));
    assert_ne!(hints[0], hints[2]);
}

#[test]
fn managed_instances_bill_nothing_by_record() {
    let body = format!(
        r#"{{"time":"2026-10-08T07:30:29.470Z","type":"platform.report","record":{{"requestId":"{ID}","status":"success","metrics":{{"durationMs":1.148}}}}}}"#
    );
    let decoded = decode(&body).unwrap();
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    assert_eq!(
        (facts.row(0).billed_duration_ms, facts.row(0).memory_size_mib),
        (None, None)
    );
}

#[test]
fn the_old_logs_api_is_read() {
    let body = format!(
        r#"[{{"time":"2021-02-04T20:00:05.123Z","type":"platform.end","record":{{"requestId":"{ID}"}}}},
            {{"time":"2021-02-04T20:00:05.123Z","type":"platform.fault","record":"RequestId: {ID} Process exited before completing request"}},
            {{"time":"2021-02-04T20:00:05.123Z","type":"platform.logsSubscription","record":{{"name":"Foo.bar","state":"Subscribed","types":["function"]}}}}]"#
    );
    let decoded = decode(&body).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (3, 0));
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    assert_eq!(
        (facts.row(0).fact_kind, facts.row(0).end_unix_nano.is_some()),
        ("end", true)
    );
    assert_eq!((facts.row(1).fact_kind, facts.row(1).outcome), ("fault", Some("crash")));
}

#[test]
fn lines_and_unknown_records_are_logs() {
    let body = r#"[{"time":"2026-10-08T07:30:29.470Z","type":"function","record":"hello\n"},
        {"time":"2026-10-08T07:30:29.470Z","type":"function","record":{"level":"WARN","message":"slow","requestId":"r-1"}},
        {"time":"2026-10-08T07:30:29.470Z","type":"extension","record":"flushed"},
        {"time":"2026-10-08T07:30:29.470Z","type":"platform.invokeSummary","record":{"requests": 4}},
        {"timestamp":"2026-10-08T07:30:29.470Z","level":"INFO","message":"from a log stream"}]"#;
    let decoded = decode(body).unwrap();
    let logs = logs::Reader::new(batch(&decoded, Table::Logs)).unwrap();
    let bodies: Vec<_> = logs.rows().map(|row| row.body.unwrap_or_default()).collect();
    assert_eq!(
        bodies,
        ["hello", "slow", "flushed", "{\"requests\": 4}", "from a log stream"]
    );
    assert_eq!(
        (logs.row(1).severity_number, logs.row(1).invocation_id),
        (Some(13), Some("r-1"))
    );
    assert_eq!(
        (logs.row(3).platform_type, logs.row(0).platform_type),
        (Some("platform.invokeSummary"), None)
    );
}

#[test]
fn a_bad_event_leaves_its_neighbours_alone() {
    let lines = [
        life()[2].clone(),
        "nonsense".to_owned(),
        r#"{"time":"today","type":"platform.start","record":{"requestId":"r"}}"#.to_owned(),
        r#"{"time":"2026-10-08T07:30:29.470Z","type":"platform.start","record":{"version":"7"}}"#.to_owned(),
        r#"{"time":"2026-10-08T07:30:29.470Z","type":"platform.start"}"#.to_owned(),
    ];
    let decoded = decode(&lines.join("\n")).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (1, 4));
    let reasons: Vec<_> = decoded
        .rejections
        .first()
        .iter()
        .map(|rejection| (rejection.place.as_str(), rejection.reason))
        .collect();
    let expected = [
        ("line 2", Reason::Malformed),
        ("line 3", Reason::BadValue),
        ("line 4", Reason::MissingField),
        ("line 5", Reason::MissingField),
    ];
    assert_eq!(reasons, expected);
    assert!(matches!(decode("nonsense"), Err(DecodeError::NothingAcceptable { .. })));
    assert!(matches!(decode("[{\"a\":"), Err(DecodeError::Malformed { .. })));
    assert!(decode("[]").unwrap().rows.is_empty());
}

#[test]
fn a_time_that_cannot_be_is_filed_under_its_receipt() {
    let decoded = decode(&life()[2].replace("2026-10-08", "1999-10-08")).unwrap();
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    assert_eq!(
        (facts.row(0).time_suspect, facts.row(0).start_hint_unix_nano),
        (Some(true), number::unix_nano("2026-10-08T07:31:00Z"))
    );
}

#[test]
fn a_file_needs_times_and_a_request_may_open_only_so_many_minutes() {
    let door = Door::default();
    let untimed = format!(r#"{{"type":"platform.start","record":{{"requestId":"{ID}"}}}}"#);
    let file = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let error = telemetry(untimed.as_bytes(), &file, &Settings::default()).unwrap_err();
    assert!(error.to_string().contains("no time"), "{error}");
    let request = Origin {
        received_at_unix_nano: number::unix_nano("2026-10-08T07:31:00Z"),
        ..file
    };
    let settings = Settings {
        slices: 1,
        ..Settings::default()
    };
    let lines = format!("{}\n{}", life()[2], life()[2].replace("07:30:28", "07:29:28"));
    let decoded = telemetry(lines.as_bytes(), &request, &settings).unwrap();
    assert_eq!(decoded.rejections.first()[0].reason, Reason::TooManySlices);
    let decoded = telemetry(lines.as_bytes(), &file, &settings).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (2, 0));
}

#[test]
fn provisioned_environments_start_ahead_of_requests() {
    let body = format!(
        r#"[{{"time":"2026-10-08T06:00:00.000Z","type":"platform.initStart","record":{{"initializationType":"provisioned-concurrency","phase":"init","functionName":"thumbs","functionVersion":"7","instanceId":"2026/10/08/thumbs[7]33be53a8cfde4e68b844f8ec293b2543"}}}},
            {{"time":"2026-10-08T06:00:01.000Z","type":"platform.initReport","record":{{"initializationType":"provisioned-concurrency","phase":"init","status":"success","metrics":{{"durationMs":900.5}}}}}},
            {{"time":"2026-10-08T07:30:29.470Z","type":"platform.report","record":{{"requestId":"{ID}","status":"success","metrics":{{"durationMs":12.5,"billedDurationMs":13,"memorySizeMB":256,"maxMemoryUsedMB":63}}}}}}]"#
    );
    let decoded = decode(&body).unwrap();
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    assert_eq!(
        (facts.row(0).init_type, facts.row(0).init_duration_us),
        (Some("provisioned-concurrency"), None)
    );
    let inits = environment_facts::Reader::new(batch(&decoded, Table::EnvironmentFacts)).unwrap();
    assert_eq!((inits.len(), inits.row(1).duration_us), (2, Some(900_500)));
}

#[test]
fn an_init_that_failed_and_ran_again_in_the_invocation_is_two_statements_and_no_invocation() {
    let init = |time: &str, phase: &str, status: &str, error: &str| {
        format!(
            r#"{{"time":"2026-10-08T07:30:{time}Z","type":"platform.initReport","record":{{"initializationType":"on-demand","phase":"{phase}","status":"{status}"{error},"metrics":{{"durationMs":9999.81}}}}}}"#
        )
    };
    let error = r#","errorType":"Runtime.ImportModuleError""#;
    let report = format!(
        r#"{{"time":"2026-10-08T07:30:20.100Z","type":"platform.report","record":{{"requestId":"{ID}","status":"error","errorType":"Runtime.ImportModuleError","metrics":{{"durationMs":10079.53,"billedDurationMs":10080,"memorySizeMB":256,"maxMemoryUsedMB":63}}}}}}"#
    );
    let body = format!(
        "[{},{},{report}]",
        init("10.000", "init", "timeout", ""),
        init("20.000", "invoke", "error", error),
    );
    let decoded = decode(&body).unwrap();
    let inits = environment_facts::Reader::new(batch(&decoded, Table::EnvironmentFacts)).unwrap();
    let (first, again) = (inits.row(0), inits.row(1));
    assert_eq!(
        (first.phase, first.status, first.error_type),
        (Some("init"), Some("timeout"), None)
    );
    assert_eq!(
        (again.phase, again.status, again.error_type, again.duration_us),
        (
            Some("invoke"),
            Some("error"),
            Some("Runtime.ImportModuleError"),
            Some(9_999_810)
        )
    );
    let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
    assert_eq!(
        (facts.len(), facts.row(0).outcome),
        (1, Some("error")),
        "an init is no invocation"
    );
    assert_eq!(
        facts.row(0).init_duration_us,
        None,
        "suppressed: it is within the duration"
    );
}

#[test]
fn web_functions_serve_in_intervals_and_their_records_are_kept_raw() {
    let body = r#"[{"time":"2026-10-08T07:30:00.000Z","type":"platform.invokeStart","record":{"endpointName":"blue"}},
        {"time":"2026-10-08T07:31:00.000Z","type":"platform.invokeSummary","record":{"requestCount":412,"metrics":{"durationMs":60000}}},
        {"time":"2026-10-08T07:40:00.000Z","type":"platform.invokeReport","record":{"status":"success","metrics":{"durationMs":600000,"billedDurationMs":600000,"memorySizeMB":2048},"vcpu":1}},
        {"time":"2026-10-08T07:40:01.000Z","type":"platform.spinDownReport","record":{"status":"success"}},
        {"time":"2026-10-08T07:30:05.000Z","type":"platform.requestComplete","record":{"requestId":"01K7B2QF5YJ8V4N3M2X1C0R9ZT"}}]"#;
    let decoded = decode(body).unwrap();
    assert_eq!((decoded.accepted, decoded.rejections.total()), (5, 0));
    let logs = logs::Reader::new(batch(&decoded, Table::Logs)).unwrap();
    assert_eq!(logs.len(), 5, "each is kept raw");
    assert!(logs.row(1).body.unwrap().contains("\"requestCount\":412"));
    let facts = environment_facts::Reader::new(batch(&decoded, Table::EnvironmentFacts)).unwrap();
    let kinds: Vec<_> = facts.rows().map(|row| row.fact_kind).collect();
    assert_eq!(
        kinds,
        ["interval", "interval", "interval", "shutdown"],
        "a request's end is no interval"
    );
    let minute = facts.row(1);
    let time = |text| number::unix_nano(text);
    assert_eq!(
        (minute.start_unix_nano, minute.end_unix_nano, minute.request_count),
        (time("2026-10-08T07:30:00Z"), time("2026-10-08T07:31:00Z"), Some(412))
    );
    let period = facts.row(2);
    assert_eq!((period.billed_ms, period.memory_size_mib), (Some(600_000), Some(2048)));
    assert!(
        period.attributes_json.unwrap().contains("\"vcpu\":1"),
        "unknown fields are kept"
    );
    assert!(!decoded.rows.iter().any(|(of, _)| of == Table::InvocationFacts));
}

#[test]
fn lineage_and_self_of_a_trace_header_are_kept() {
    let start = |header: &str| {
        let body = format!(
            r#"{{"time":"2026-10-08T07:30:28.235Z","type":"platform.start","record":{{"requestId":"{ID}","tracing":{{"type":"X-Amzn-Trace-Id","value":"{header}"}}}}}}"#
        );
        let decoded = decode(&body).unwrap();
        let facts = invocation_facts::Reader::new(batch(&decoded, Table::InvocationFacts)).unwrap();
        let row = facts.row(0);
        (row.trace_id.is_some(), row.attributes_json.map(str::to_owned))
    };
    let root = "Root=1-6352a70e-1e2c502e358361800241fd45;Parent=35465b3a9e2f7c6a;Sampled=1";
    assert_eq!(start(root), (true, None));
    let (traced, attributes) = start(&format!(
        "Self=1-6352a70f-000000000000000000000001;{root};Lineage=a87bd80c:0|68fd508a:5"
    ));
    assert!(traced && attributes.unwrap().contains("Lineage=a87bd80c:0"));
}
