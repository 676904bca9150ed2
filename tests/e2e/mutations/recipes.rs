//! One recipe per field that carries meaning: which record, what is done to it, and where the report must show it.

use serde_json::{Value, json};

/// What is done to a record.
#[derive(Clone, Copy)]
pub enum Change {
    Edit(fn(&mut Value)),
    Remove,
}

/// Where the report shows it.
#[derive(Clone, Copy)]
pub enum Shows {
    /// At this pointer, and in the input's content.
    At(&'static str),
    /// In the input's content alone.
    InputAlone,
    /// In the input's content; another record tells the same, but not as exactly.
    AtLeastInput,
}

/// A mutation.
pub struct Recipe {
    pub name: &'static str,
    pub file: &'static str,
    pub meant: fn(&Value) -> bool,
    pub change: Change,
    pub shows: Shows,
}

const EVENTS: &str = "lambda/telemetry-events.ndjson";
const LINES: &str = "cloudwatch/subscription.ndjson";
const SPANS: &str = "otlp/traces.jsonl";
const LOGS: &str = "otlp/logs.jsonl";
const METRICS: &str = "otlp/metrics.jsonl";
const RECORDS: &str = "invocations.ndjson";
const FUNCTIONS: &str = "aws/list-functions.json";
const SETTINGS: &str = "configurations.ndjson";
const DEPLOYMENTS: &str = "deployments.ndjson";

const ATTEMPTS: Shows = Shows::At("/totals/attempts");
const BILLED: Shows = Shows::At("/totals/billed_duration_ms");
const BILLED_GB_S: Shows = Shows::At("/totals/billed_gb_s");
const COST: Shows = Shows::At("/totals/cost_usd");
const NOT_PRICED: Shows = Shows::At("/totals/not_priced");
const ERRORS: Shows = Shows::At("/totals/errors");
const TIMEOUTS: Shows = Shows::At("/totals/timeouts");
const OUT_OF_MEMORY: Shows = Shows::At("/totals/out_of_memory");
const EVENT_COUNT: Shows = Shows::At("/totals/events");
const ROWS: Shows = Shows::At("/functions");
const WASTE: Shows = Shows::At("/cost/waste");
const ORPHANS: Shows = Shows::At("/coverage/orphan_spans");
const INPUT: Shows = Shows::InputAlone;

const fn edit(
    name: &'static str,
    file: &'static str,
    meant: fn(&Value) -> bool,
    edit: fn(&mut Value),
    shows: Shows,
) -> Recipe {
    Recipe {
        name,
        file,
        meant,
        change: Change::Edit(edit),
        shows,
    }
}

const fn remove(name: &'static str, file: &'static str, meant: fn(&Value) -> bool, shows: Shows) -> Recipe {
    Recipe {
        name,
        file,
        meant,
        change: Change::Remove,
        shows,
    }
}

/// Every recipe.
#[rustfmt::skip]
pub const RECIPES: &[Recipe] = &[
    // The platform's events.
    edit("REPORT bills more", EVENTS, reports, |of| add(metric(of, "billedDurationMs"), 1.0), BILLED),
    edit("REPORT has more memory", EVENTS, reports, |of| add(metric(of, "memorySizeMB"), 128.0), BILLED_GB_S),
    edit("REPORT used more memory", EVENTS, reports, |of| *metric(of, "maxMemoryUsedMB") = json!(100_000), ROWS),
    edit("REPORT ran longer", EVENTS, reports, |of| add(metric(of, "durationMs"), 3_600_000.0), ROWS),
    edit("REPORT has no init", EVENTS, initialized, |of| drop_metric(of, "initDurationMs"), ROWS),
    edit("REPORT has a longer init", EVENTS, initialized, |of| add(metric(of, "initDurationMs"), 60_000.0), ROWS),
    edit("REPORT has no restore", EVENTS, restored, |of| drop_metric(of, "restoreDurationMs"), COST),
    edit("REPORT's restore bills less", EVENTS, restored, |of| *metric(of, "billedRestoreDurationMs") = json!(0), WASTE),
    edit("REPORT timed out", EVENTS, succeeds, |of| of["record"]["status"] = json!("timeout"), TIMEOUTS),
    edit("REPORT failed", EVENTS, succeeds, |of| of["record"]["status"] = json!("error"), ERRORS),
    edit("REPORT ran out of memory", EVENTS, fails, |of| of["record"]["errorType"] = json!("Runtime.OutOfMemory"), OUT_OF_MEMORY),
    edit("REPORT is of another request", EVENTS, reports, |of| of["record"]["requestId"] = json!(OTHER_ID), ATTEMPTS),
    edit("REPORT came a minute later", EVENTS, reports, |of| later(&mut of["time"], 60), Shows::At("/totals")),
    remove("REPORT of a cold start is missing", EVENTS, initialized, ROWS),
    edit("REPORT is of another tenant", EVENTS, reports, |of| of["record"]["tenantId"] = json!("other"), INPUT),
    remove("START is missing", EVENTS, starts, Shows::AtLeastInput),
    edit("START came a minute later", EVENTS, starts, |of| later(&mut of["time"], 60), Shows::At("/totals")),
    edit("START is of another version", EVENTS, starts, |of| of["record"]["version"] = json!("999"), ROWS),
    edit("START is of another request", EVENTS, starts, |of| of["record"]["requestId"] = json!(OTHER_ID), ATTEMPTS),
    edit("runtimeDone failed", EVENTS, done, |of| of["record"]["status"] = json!("error"), ERRORS),
    edit("runtimeDone came before an extension ended", EVENTS, done, |of| add(metric(of, "durationMs"), -5.0), WASTE),
    edit("runtimeDone has fewer bytes", EVENTS, done, |of| *metric(of, "producedBytes") = json!(1), INPUT),
    edit("the environment was kept ready", EVENTS, names_environment, |of| of["record"]["initializationType"] = json!("provisioned-concurrency"), COST),
    edit("the init took longer", EVENTS, |of| is(of, "platform.initReport"), |of| add(metric(of, "durationMs"), 1_000.0), INPUT),
    remove("the init's end is missing", EVENTS, |of| is(of, "platform.initRuntimeDone"), INPUT),
    edit("the restore took longer", EVENTS, |of| is(of, "platform.restoreReport"), |of| add(metric(of, "durationMs"), 1_000.0), INPUT),
    edit("a message more came", EVENTS, delivers, |of| line(of, another_message), EVENT_COUNT),
    edit("a message waited an hour longer", EVENTS, enqueued, |of| line(of, waited_longer), ROWS),
    edit("a message was larger", EVENTS, delivers, |of| line(of, |line| line["records"][0]["bytes"] = json!(9_999_999)), INPUT),
    // CloudWatch's lines, as text.
    edit("text REPORT bills more", LINES, |of| text_of(of, "REPORT"), |of| replace(of, "Billed Duration: ", "Billed Duration: 9"), BILLED),
    edit("text REPORT has more memory", LINES, |of| text_of(of, "REPORT"), |of| replace(of, "Memory Size: ", "Memory Size: 1"), BILLED_GB_S),
    edit("text REPORT is of another request", LINES, |of| text_of(of, "REPORT"), other_request, ATTEMPTS),
    edit("text REPORT failed", LINES, |of| text_of(of, "REPORT"), |of| replace(of, "\n", "Status: error\tError Type: Runtime.ExitError\n"), ERRORS),
    remove("text REPORT of a cold start is missing", LINES, |of| text_of(of, "REPORT") && of["message"].as_str().is_some_and(|text| text.contains("Init Duration")), ROWS),
    edit("text START is of another version", LINES, |of| text_of(of, "START"), |of| replace(of, "$LATEST", "999"), ROWS),
    remove("text END is missing", LINES, |of| text_of(of, "END"), INPUT),
    // CloudWatch's lines, as JSON.
    edit("JSON report bills more", LINES, |of| inner(of, reports), |of| line_of(of, |of| add(metric(of, "billedDurationMs"), 1.0)), BILLED),
    edit("JSON report failed", LINES, |of| inner(of, succeeds), |of| line_of(of, |of| of["record"]["status"] = json!("error")), ERRORS),
    edit("a line brings a message more", LINES, |of| inner(of, |of| of["message"].is_string()), |of| line_of(of, |of| line_of(of, another_message)), EVENT_COUNT),
    edit("a line's message waited longer", LINES, |of| inner(of, |of| of["message"].is_string()), |of| line_of(of, |of| line_of(of, waited_longer)), ROWS),
    // Spans.
    edit("the invocation span names another request", SPANS, names_request, |of| *attribute(of, "faas.invocation_id") = json!({"stringValue": OTHER_ID}), ATTEMPTS),
    edit("the invocation span is longer", SPANS, names_request, |of| longer(of, 10), INPUT),
    edit("the invocation span failed", SPANS, names_request, |of| of["status"] = json!({"code": 2, "message": "no"}), INPUT),
    edit("a call belongs to no trace", SPANS, |of| calls(of, "DynamoDB"), |of| of["traceId"] = json!(OTHER_TRACE), ORPHANS),
    edit("a call to a table is longer", SPANS, |of| calls(of, "DynamoDB"), |of| longer(of, 10), INPUT),
    edit("a call to a function is shorter", SPANS, |of| calls(of, "Lambda"), |of| longer(of, -10), WASTE),
    remove("a call to a function is missing", SPANS, |of| calls(of, "Lambda"), WASTE),
    edit("a span has another name", SPANS, |of| calls(of, "S3"), |of| of["name"] = json!("other"), INPUT),
    // Logs and metrics.
    edit("a log record brings a message more", LOGS, delivered, |of| body(of, another_message), EVENT_COUNT),
    edit("a log record says something else", LOGS, accepted, |of| of["body"] = json!({"stringValue": "refused"}), INPUT),
    remove("a log record is missing", LOGS, accepted, INPUT),
    edit("a metric has another name", METRICS, |_| true, |of| of["name"] = json!("other"), INPUT),
    remove("a metric is missing", METRICS, |_| true, INPUT),
    // Invocation records.
    edit("a record bills more", RECORDS, bills, |of| add(&mut of["billed_duration_ms"], 1.0), BILLED),
    edit("a record ran longer", RECORDS, |of| !bills(of), |of| add(&mut of["duration_ms"], 1_000.0), BILLED),
    edit("a record has more memory", RECORDS, |_| true, |of| add(&mut of["memory_size_mib"], 128.0), BILLED_GB_S),
    edit("a record used more memory", RECORDS, |_| true, |of| of["max_memory_used_mib"] = json!(100_000), ROWS),
    edit("a record timed out", RECORDS, |_| true, |of| of["outcome"] = json!("timeout"), TIMEOUTS),
    edit("a record crashed", RECORDS, |_| true, |of| of["outcome"] = json!("crash"), ERRORS),
    edit("a record is of another architecture", RECORDS, bills, |of| of["architecture"] = json!("x86_64"), COST),
    edit("a record is of another region", RECORDS, |_| true, |of| of["region"] = json!("eu-north-9"), NOT_PRICED),
    edit("a record is of another function", RECORDS, |_| true, |of| of["function"] = json!("other"), ROWS),
    edit("a record is of another version", RECORDS, |_| true, |of| of["version"] = json!("999"), ROWS),
    edit("a record is scheduled earlier", RECORDS, |of| of["trigger"]["scheduled_time"].is_string(), |of| later(&mut of["trigger"]["scheduled_time"], -3_600), ROWS),
    edit("a record began a day earlier", RECORDS, |_| true, |of| later(&mut of["start_time"], -86_400), ATTEMPTS),
    edit("a record is of another tenant", RECORDS, bills, |of| of["tenant"] = json!("other"), INPUT),
    edit("a record is of another team", RECORDS, |_| true, |of| of["attributes"]["team"] = json!("other"), INPUT),
    remove("a record is missing", RECORDS, |of| !bills(of), ATTEMPTS),
    // Settings and deployments.
    edit("a function is of another architecture", FUNCTIONS, |_| true, other_architecture, COST),
    remove("a function is not listed", FUNCTIONS, |of| of["Architectures"][0] == json!("x86_64"), Shows::At("/totals/assumed_architecture")),
    edit("a function's limit is another", FUNCTIONS, |_| true, |of| of["Timeout"] = json!(899), INPUT),
    edit("a function's storage is larger", FUNCTIONS, |_| true, |of| of["EphemeralStorage"]["Size"] = json!(10_240), COST),
    edit("a setting is another", SETTINGS, |of| of["key"] == json!("max_receive_count"), |of| of["value"] = json!("9"), INPUT),
    remove("a setting is missing", SETTINGS, |of| of["key"] == json!("schedule"), INPUT),
    edit("a deployment came later", DEPLOYMENTS, |_| true, |of| later(&mut of["time"], 600), INPUT),
    remove("a deployment is missing", DEPLOYMENTS, |_| true, INPUT),
];

const OTHER_ID: &str = "00000000-0000-4000-8000-000000000000";
const OTHER_TRACE: &str = "0000000000000000000000000000000f";

fn is(of: &Value, kind: &str) -> bool {
    of["type"] == json!(kind)
}

fn reports(of: &Value) -> bool {
    is(of, "platform.report")
}

fn succeeds(of: &Value) -> bool {
    reports(of) && of["record"]["status"] == json!("success")
}

fn fails(of: &Value) -> bool {
    reports(of) && of["record"]["status"] == json!("error")
}

/// Returns whether an init is of a function whose attempts name their environment in their spans.
fn names_environment(of: &Value) -> bool {
    let name = of["record"]["functionName"].as_str().unwrap_or_default();
    is(of, "platform.initStart") && name.ends_with("-checkout")
}

fn initialized(of: &Value) -> bool {
    reports(of) && of["record"]["metrics"]["initDurationMs"].is_number()
}

fn restored(of: &Value) -> bool {
    succeeds(of) && of["record"]["metrics"]["restoreDurationMs"].is_number()
}

fn starts(of: &Value) -> bool {
    is(of, "platform.start")
}

fn done(of: &Value) -> bool {
    is(of, "platform.runtimeDone") && of["record"]["status"] == json!("success")
}

fn delivers(of: &Value) -> bool {
    is(of, "function")
}

fn enqueued(of: &Value) -> bool {
    let text = of["record"].as_str().unwrap_or_default();
    delivers(of) && !text.contains("\"enqueued_time_unix_ms\":null")
}

fn text_of(of: &Value, kind: &str) -> bool {
    of["message"].as_str().is_some_and(|text| text.starts_with(kind))
}

/// Returns whether a line is a JSON object that is meant.
fn inner(of: &Value, meant: fn(&Value) -> bool) -> bool {
    let text = of["message"].as_str().filter(|text| text.starts_with('{'));
    text.is_some_and(|text| meant(&serde_json::from_str(text).unwrap()))
}

fn names_request(of: &Value) -> bool {
    of["attributes"]
        .as_array()
        .is_some_and(|all| all.iter().any(|pair| pair["key"] == json!("faas.invocation_id")))
}

fn calls(of: &Value, service: &str) -> bool {
    of["name"].as_str().is_some_and(|name| name.starts_with(service))
}

fn delivered(of: &Value) -> bool {
    of["body"]["stringValue"]
        .as_str()
        .is_some_and(|text| text.starts_with('{'))
}

fn accepted(of: &Value) -> bool {
    of["body"]["stringValue"]
        .as_str()
        .is_some_and(|text| text.ends_with("accepted"))
}

fn bills(of: &Value) -> bool {
    of["billed_duration_ms"].is_number()
}

fn metric<'a>(of: &'a mut Value, name: &str) -> &'a mut Value {
    &mut of["record"]["metrics"][name]
}

fn drop_metric(of: &mut Value, name: &str) {
    of["record"]["metrics"].as_object_mut().unwrap().remove(name);
}

fn add(number: &mut Value, more: f64) {
    *number = match number.as_i64() {
        Some(whole) => json!(whole + num(more)),
        None => json!(number.as_f64().unwrap() + more),
    };
}

#[expect(clippy::cast_possible_truncation, reason = "what is added is whole")]
fn num(more: f64) -> i64 {
    more as i64
}

fn later(time: &mut Value, seconds: i64) {
    let moved =
        chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap() + chrono::TimeDelta::seconds(seconds);
    *time = json!(
        moved
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
            .replace("+00:00", "Z")
    );
}

/// Moves the end of a span by milliseconds.
fn longer(of: &mut Value, ms: i64) {
    let end: i64 = of["endTimeUnixNano"].as_str().unwrap().parse().unwrap();
    of["endTimeUnixNano"] = json!((end + ms * 1_000_000).to_string());
}

fn attribute<'a>(of: &'a mut Value, key: &str) -> &'a mut Value {
    let all = of["attributes"].as_array_mut().unwrap();
    &mut all.iter_mut().find(|pair| pair["key"] == json!(key)).unwrap()["value"]
}

/// Edits the JSON text that a function wrote.
fn line(of: &mut Value, edit: fn(&mut Value)) {
    of["record"] = json!(edited(of["record"].as_str().unwrap(), edit));
}

fn line_of(of: &mut Value, edit: fn(&mut Value)) {
    of["message"] = json!(edited(of["message"].as_str().unwrap(), edit));
}

fn body(of: &mut Value, edit: fn(&mut Value)) {
    let text = edited(of["body"]["stringValue"].as_str().unwrap(), edit);
    of["body"]["stringValue"] = json!(text);
}

fn edited(text: &str, edit: fn(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    edit(&mut value);
    value.to_string()
}

fn another_message(line: &mut Value) {
    let mut copy = line["records"][0].clone();
    copy["id"] = json!("another");
    line["records"].as_array_mut().unwrap().push(copy);
    add(&mut line["batch_size"], 1.0);
}

fn waited_longer(line: &mut Value) {
    let oldest = &mut line["records"][0]["enqueued_time_unix_ms"];
    add(oldest, -3_600_000.0);
}

fn replace(of: &mut Value, from: &str, to: &str) {
    of["message"] = json!(of["message"].as_str().unwrap().replacen(from, to, 1));
}

/// Puts another request id into a text line.
fn other_request(of: &mut Value) {
    let text = of["message"].as_str().unwrap();
    let id = text.split_whitespace().nth(2).unwrap();
    of["message"] = json!(text.replacen(id, OTHER_ID, 1));
}

fn other_architecture(of: &mut Value) {
    let arm = of["Architectures"][0] == json!("arm64");
    of["Architectures"] = json!([if arm { "x86_64" } else { "arm64" }]);
}
