//! Known invocations, from the line that a platform wrote to the answer.

use std::path::Path;

use serde_json::{Value, json};

use crate::company::pennyspan;

/// 2026-10-08T07:30:00Z.
const AT_MS: i64 = 1_791_444_600_000;
/// 2025-06-01T00:00:00Z, when init was free.
const EARLIER_MS: i64 = 1_748_736_000_000;

fn id(function: &str) -> String {
    format!("00000000-0000-4000-8000-{:0>12}", hex(function))
}

/// Returns a subscription message with one function's lines, each at its time.
fn subscription(function: &str, lines: &[(i64, String)]) -> Value {
    let event = |(number, (time_ms, line)): (usize, &(i64, String))| json!({"id": format!("{function}{number}"), "timestamp": time_ms, "message": line});
    json!({
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": format!("/aws/lambda/{function}"),
        "logStream": format!("2026/10/08/[7]{:0>32}", hex(function)),
        "subscriptionFilters": ["all"],
        "logEvents": lines.iter().enumerate().map(event).collect::<Vec<_>>(),
    })
}

fn hex(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn report(function: &str, rest: &str) -> String {
    format!("REPORT RequestId: {}\t{rest}", id(function))
}

fn subscriptions() -> Vec<Value> {
    let one = |function: &str, at_ms: i64, rest: &str| subscription(function, &[(at_ms, report(function, rest))]);
    let cold = "Duration: 1233.96 ms\tBilled Duration: 1698 ms\tMemory Size: 256 MB\tMax Memory Used: 123 MB\tInit Duration: 463.51 ms";
    let start = format!("START RequestId: {} Version: 7", id("twice"));
    let cut = report(
        "twice",
        "Duration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\tStatus: timeout",
    );
    let restored = json!({
        "time": "2026-10-08T07:30:00.000Z",
        "type": "platform.report",
        "record": {"requestId": id("snap"), "status": "success", "metrics": {
            "durationMs": 147.156, "billedDurationMs": 201, "memorySizeMB": 512, "maxMemoryUsedMB": 91,
            "restoreDurationMs": 500.795, "billedRestoreDurationMs": 53}},
    });
    vec![
        one("cold", AT_MS, cold),
        one("coldarm", AT_MS, cold),
        one(
            "limit",
            AT_MS,
            "Duration: 600000.00 ms\tBilled Duration: 600477 ms\tMemory Size: 1536 MB\tMax Memory Used: 1035 MB\tInit Duration: 476.75 ms\tStatus: timeout",
        ),
        one(
            "free",
            EARLIER_MS,
            "Duration: 693.92 ms\tBilled Duration: 694 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\tInit Duration: 397.68 ms",
        ),
        one(
            "oom",
            AT_MS,
            "Duration: 10935.70 ms\tBilled Duration: 10936 ms\tMemory Size: 1024 MB\tMax Memory Used: 1024 MB\tStatus: error\tError Type: Runtime.OutOfMemory",
        ),
        subscription("snap", &[(AT_MS, restored.to_string())]),
        subscription(
            "twice",
            &[
                (AT_MS, start.clone()),
                (AT_MS + 3_000, cut.clone()),
                (AT_MS + 63_000, start),
                (AT_MS + 66_000, cut),
            ],
        ),
        subscription(
            "init",
            &[(
                AT_MS,
                "INIT_REPORT Init Duration: 498.46 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError"
                    .to_owned(),
            )],
        ),
    ]
}

/// A container's run without a logged billed duration, and one that a queue's message brought.
fn records() -> Vec<Value> {
    let record = |function: &str| {
        json!({"provider": "aws", "platform": "aws_lambda", "region": "us-east-1", "function": function,
            "invocation_id": id(function), "start_time": "2026-10-08T07:30:00Z", "memory_size_mib": 128, "outcome": "ok"})
    };
    let mut container = record("image");
    container["duration_ms"] = json!(1058.15);
    container["init_duration_ms"] = json!(1307.68);
    let mut queued = record("queued");
    queued["start_time"] = json!("2023-08-09T12:11:33.600Z");
    queued["duration_ms"] = json!(5);
    queued["trigger"] = json!({"type": "queue", "source": "orders", "message_ids": ["m"],
        "enqueued_time_unix_ms": 1_691_582_488_541_i64, "first_received_time_unix_ms": 1_691_583_093_512_i64,
        "receive_count": 1, "batch_size": 1});
    vec![container, queued]
}

fn write(folder: &Path, name: &str, rows: &[Value]) {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    std::fs::write(folder.join(name), lines.join("\n")).unwrap();
}

fn ask(folder: &Path, sql: &str) -> Value {
    let from = folder.to_str().unwrap();
    let output = pennyspan(&[
        "query",
        sql,
        "--from",
        from,
        "--region",
        "us-east-1",
        "--format",
        "json",
        "--quiet",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn known_lines_give_known_answers() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "lines.ndjson", &subscriptions());
    write(folder.path(), "records.ndjson", &records());
    let arm = json!({"provider": "aws", "account": "123456789012", "region": "us-east-1", "resource": "coldarm",
        "function": "coldarm", "key": "architecture", "value": "arm64", "observed_time": "2026-10-01T00:00:00Z", "source": "test"});
    write(folder.path(), "settings.ndjson", &[arm]);
    let answered = ask(
        folder.path(),
        "SELECT function, billed_duration_ms AS billed, outcome, attempt, event_count AS events, \
         CASE WHEN function LIKE 'cold%' THEN CAST(cost_usd AS VARCHAR) END AS usd, \
         (first_received_unix_nano - enqueued_min_unix_nano) / 1000000 AS waited_ms \
         FROM invocations ORDER BY function, attempt",
    );
    let row = |function: &str, billed: i64, outcome: &str| json!({"function": function, "billed": billed, "outcome": outcome, "attempt": 1, "events": 1});
    let with = |mut row: Value, key: &str, value: Value| {
        row[key] = value;
        row
    };
    let again = with(
        with(row("twice", 3_000, "timeout"), "attempt", json!(2)),
        "events",
        json!(0),
    );
    assert_eq!(
        answered,
        json!([
            with(row("cold", 1_698, "ok"), "usd", json!("0.000007275014150000")),
            with(row("coldarm", 1_698, "ok"), "usd", json!("0.000005860028300000")),
            row("free", 694, "ok"),
            row("image", 2_366, "ok"),
            row("limit", 600_477, "timeout"),
            row("oom", 10_936, "out_of_memory"),
            with(row("queued", 5, "ok"), "waited_ms", json!(604_971)),
            row("snap", 201, "ok"),
            row("twice", 3_000, "timeout"),
            again,
        ])
    );
    let init = ask(folder.path(), "SELECT * FROM environment_facts WHERE function = 'init'");
    let said = init.to_string();
    assert!(
        said.contains("\"invoke\"") && said.contains("\"Runtime.ExitError\""),
        "{said}"
    );
}
