//! Subcommands as people and scripts use them: import, query, config, a directory that a server writes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pennyspan_fixtures::Scenario;
use serde_json::Value;

use crate::broken::broken;
use crate::company::{Company, pennyspan};
use crate::server::{Server, post};

const RECORD: &str =
    r#"{"provider":"aws","function":"f","invocation_id":"a","start_time":"2026-10-08T07:30:28Z","duration_ms":1}"#;

/// Writes a record to a file of a directory, and returns its path.
fn record(directory: &Path) -> String {
    let file = directory.join("record.ndjson");
    std::fs::write(&file, RECORD).unwrap();
    file.to_str().unwrap().to_owned()
}

fn said(arguments: &[&str]) -> (i32, String, String) {
    let output = pennyspan(arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Reads the lines of a dry run: by table, what is new, there already, and repeated.
fn dry_run(from: &str, data: &str) -> Vec<(String, [u64; 3])> {
    let (code, stdout, stderr) = said(&["import", from, "--data", data, "--dry-run"]);
    assert_eq!(code, 0, "{stderr}");
    let line = |line: &str| {
        let (table, counts) = line.split_once(": ").unwrap();
        let numbers: Vec<u64> = counts
            .split(", ")
            .map(|part| part.split(' ').next().unwrap().parse().unwrap())
            .collect();
        (table.to_owned(), numbers.try_into().unwrap())
    };
    stdout
        .lines()
        .filter(|line| !line.starts_with("rejected"))
        .map(line)
        .collect()
}

#[test]
fn a_dry_run_tells_new_rows_from_stored_ones_and_loads_nothing() {
    let mut scenario = Scenario::new(3);
    scenario.minutes = 20;
    let company = Company::of(&scenario);
    let (from, directory) = (company.directory.path().to_str().unwrap(), tempfile::tempdir().unwrap());
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let before = dry_run(from, data);
    assert!(
        before.len() >= 4 && before.iter().all(|(_, [new, stored, _])| *new > 0 && *stored == 0),
        "{before:?}"
    );
    assert!(!Path::new(data).exists(), "nothing was loaded");
    assert_eq!(said(&["import", from, "--data", data]).0, 0);
    let after = dry_run(from, data);
    let swapped: Vec<_> = before
        .iter()
        .map(|(table, [new, _, repeated])| (table.clone(), [0, *new, *repeated]))
        .collect();
    assert_eq!(after, swapped);
    let one = record(directory.path());
    assert_eq!(dry_run(&one, data), [("invocation_facts".to_owned(), [1, 0, 0])]);
}

#[test]
fn rows_are_written_in_every_format() {
    let directory = tempfile::tempdir().unwrap();
    let from = record(directory.path());
    let sql = "SELECT function, duration_ms FROM invocations WHERE duration_us = $us";
    let asked = |format: &str, us: &str| {
        let arguments = [
            "query", sql, "--from", &from, "--param", us, "--format", format, "--quiet",
        ];
        let output = pennyspan(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let text = |format: &str, us: &str| String::from_utf8(asked(format, us)).unwrap();
    assert!(
        text("table", "us=1000").contains("| f        | 1.000       |"),
        "{}",
        text("table", "us=1000")
    );
    assert_eq!(
        text("json", "us=1000"),
        "[{\"function\":\"f\",\"duration_ms\":1.000}]\n"
    );
    assert_eq!(
        text("ndjson", "us=1000"),
        "{\"function\":\"f\",\"duration_ms\":1.000}\n"
    );
    assert_eq!(text("csv", "us=1000"), "function,duration_ms\nf,1.000\n");
    assert_eq!(
        text("csv", "us=7"),
        "function,duration_ms\n",
        "the header tells the columns of no rows"
    );
    assert_eq!(text("json", "us=7"), "[]\n");
    for (us, rows) in [("us=1000", 1), ("us=7", 0)] {
        let bytes = bytes_of(&asked("parquet", us));
        let reader = datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), rows);
        assert_eq!(reader.schema().field(0).name(), "function");
    }
    let (code, _, stderr) = said(&["query", sql, "--from", &from, "--param", "us"]);
    assert!(code == 2 && stderr.contains("is not KEY=VALUE"), "{stderr}");
}

/// Returns bytes as the Parquet reader takes them.
fn bytes_of(bytes: &[u8]) -> impl datafusion::parquet::file::reader::ChunkReader + 'static {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    file
}

#[test]
fn a_directory_that_a_server_writes_is_read_and_its_age_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let server = Server::start(directory.path());
    let (code, _, stderr) = said(&["report", "--data", data, "--on-no-data", "pass"]);
    assert!(code == 0 && stderr.contains("has stored nothing yet"), "{stderr}");
    assert_eq!(
        post(&server.http, "/v1/invocations", "application/json", RECORD.as_bytes()),
        Some(200)
    );
    server.stop();
    let server = Server::start(directory.path());
    for arguments in [
        &["query", "SELECT 1 AS one", "--data", data][..],
        &["report", "--data", data],
        &["explain", "a", "--data", data],
    ] {
        let (code, _, stderr) = said(arguments);
        assert!(
            code == 0 && stderr.contains("is written by a server: this answers from what it stored until"),
            "{stderr}"
        );
    }
    let any = "127.0.0.1:0";
    let second = [
        "serve",
        "--data",
        data,
        "--otlp-grpc",
        any,
        "--otlp-http",
        any,
        "--web",
        any,
    ];
    let (code, _, stderr) = said(&second);
    assert!(
        code == 2 && stderr.contains("is written by another process: stop it"),
        "{stderr}"
    );
    server.stop();
    let (_, _, stderr) = said(&["query", "SELECT 1 AS one", "--data", data]);
    assert!(!stderr.contains("written by a server"), "{stderr}");
}

#[test]
fn the_configuration_schema_accepts_what_the_program_accepts() {
    let (code, text, _) = said(&["config", "schema"]);
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0);
    let read = |text: &str| serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    let default = read(include_str!("../../src/default.toml"));
    assert_eq!(broken(&schema, &schema, &default, "default"), Vec::<String>::new());
    for (key, described) in schema["properties"].as_object().unwrap() {
        let members = described["properties"].as_object();
        let described = members.map_or_else(|| vec![described], |members| members.values().collect());
        assert!(
            described
                .iter()
                .all(|of| of["description"].as_str().is_some_and(|text| text.len() > 5)),
            "{key}"
        );
    }
    let accepted = read("[[suppress]]\nrule = \"oom\"\nreason = \"x\"\nexpires = \"2027-01-01\"\n");
    assert_eq!(broken(&schema, &schema, &accepted, "file"), Vec::<String>::new());
    for wrong in [
        "[[suppress]]\nrule = \"oom\"\n",
        "[report]\nfail_on = \"awful\"\n",
        "[report]\nfial_on = \"high\"\n",
        "data = 1\n",
    ] {
        assert_eq!(broken(&schema, &schema, &read(wrong), "file").len(), 1, "{wrong}");
    }
}

#[test]
fn the_version_says_what_was_built() {
    for arguments in [&["--version"][..], &["report", "--version"]] {
        let (code, text, _) = said(arguments);
        assert!(
            code == 0 && text.contains("commit ") && text.contains("price books: "),
            "{text}"
        );
    }
}

#[test]
fn functions_in_the_configuration_are_as_it_says_until_something_observed_says_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let from = record(directory.path());
    let file = directory.path().join("pennyspan.toml");
    let stated = "[[function]]\nprovider = \"aws\"\nfunction = \"f\"\narchitecture = \"arm64\"\ntimeout_ms = 3_000\n";
    std::fs::write(&file, stated).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let asked = |sql: &str, more: &[&str]| -> Value {
        let flags = ["query", sql, "--from", &from, "--format", "json", "--quiet"];
        let (code, stdout, stderr) = said(&[&flags[..], more].concat());
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    };
    let attempts = "SELECT architecture, timeout_ms, assumed_architecture FROM invocations";
    let unknown = serde_json::json!([{ "assumed_architecture": true }]);
    assert_eq!(asked(attempts, &[]), unknown);
    let known = serde_json::json!([{ "architecture": "arm64", "timeout_ms": 3000, "assumed_architecture": false }]);
    assert_eq!(asked(attempts, &config), known);
    let rows = asked("SELECT key, source FROM configurations ORDER BY key", &config);
    let of = |key: &str| serde_json::json!({ "key": key, "source": "pennyspan.toml" });
    assert_eq!(rows, serde_json::json!([of("architecture"), of("timeout_ms")]));

    let observed = directory.path().join("observed.ndjson");
    let setting =
        r#"{"provider":"aws","function":"f","key":"timeout_ms","value":9000,"observed_time":"2026-10-01T00:00:00Z"}"#;
    std::fs::write(&observed, setting).unwrap();
    let more = [&config[..], &["--from", observed.to_str().unwrap()]].concat();
    assert_eq!(asked(attempts, &more)[0]["timeout_ms"], 9000);
}

#[test]
fn a_demo_that_is_told_to_end_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_pennyspan"))
        .arg("demo")
        .current_dir(place.path())
        .env("TMPDIR", place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let holds = || std::fs::read_dir(place.path()).unwrap().count();
    let begun = Instant::now();
    while holds() == 0 && begun.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(holds() > 0, "the demo keeps its data in the temporary directory");
    Command::new("kill")
        .args(["-TERM", &demo.id().to_string()])
        .status()
        .unwrap();
    let status = demo.wait().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(holds(), 0);
}
