//! Official SDKs export to the program: each span becomes one invocation, also across a restart of the server in the middle.
//!
//! The programs of `tests/exporters` send 500 invocation spans, compressed by gzip, and go on while the server is killed, or told
//! to end, and started again at the same ports. What brings the spans through are the SDKs' own retries.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::company::pennyspan;
use crate::server::Server;

/// Spans that each program sends.
const SPANS: u64 = 500;
/// How long a program may take, with its retries.
const WITHIN: Duration = Duration::from_mins(2);
/// How long there is no server.
const AWAY: Duration = Duration::from_millis(400);

/// What ends the server in the middle.
#[derive(Clone, Copy, Debug)]
enum End {
    /// As a crash would: what was not answered may have been taken or not.
    Kill,
    /// A signal, upon which it answers what is in flight.
    Stop,
    /// Nothing: the SDK's exporter for gRPC in Node.js sends nothing again by itself.
    Nothing,
}

#[test]
#[ignore = "EXPORTER_PYTHON names a Python that has the official SDK; .ci/run makes one"]
fn the_python_sdk_exports_every_span_once_across_a_restart() {
    let python = named("EXPORTER_PYTHON");
    for (transport, how, end) in [
        ("grpc", "manual", End::Kill),
        ("grpc", "lambda", End::Stop),
        ("http", "manual", End::Stop),
        ("http", "lambda", End::Kill),
    ] {
        let mut command = Command::new(&python);
        command.arg("tests/exporters/python/send.py");
        sends_every_span_once(command, "invoices", (transport, how), end);
    }
}

#[test]
#[ignore = "EXPORTER_MODULES names a folder whose node_modules have the official SDK; .ci/run makes one"]
fn the_node_sdk_exports_every_span_once_across_a_restart() {
    let modules = named("EXPORTER_MODULES");
    for (transport, how, end) in [
        ("json", "manual", End::Kill),
        ("json", "lambda", End::Stop),
        ("protobuf", "manual", End::Stop),
        ("protobuf", "lambda", End::Kill),
        ("grpc", "manual", End::Nothing),
        ("grpc", "lambda", End::Nothing),
    ] {
        let mut command = Command::new("node");
        command
            .env("EXPORTER_MODULES", &modules)
            .arg("tests/exporters/node/send.js");
        sends_every_span_once(command, "receipts", (transport, how), end);
    }
}

fn named(variable: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set; `just test-exporters` sets it"))
}

fn sends_every_span_once(mut command: Command, function: &str, (transport, how): (&str, &str), end: End) {
    let what = format!("{function}: {transport}, {how}, {end:?}");
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (grpc, http) = (server.grpc.clone(), server.http.clone());
    let target = if transport == "grpc" { &grpc } else { &http };
    let sender = command
        .args([transport, &format!("http://{target}"), how])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut sender = Sender(sender);
    let mut lines = BufReader::new(sender.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "half", "{what}");
    let server = match end {
        End::Kill => {
            server.kill();
            None
        }
        End::Stop => {
            server.stop();
            None
        }
        End::Nothing => Some(server),
    };
    let server = server.unwrap_or_else(|| {
        std::thread::sleep(AWAY);
        assert!(sender.is_sending(), "{what}: it ended before there was a server again");
        Server::start_at(data.path(), &BTreeMap::new(), [&grpc, &http, "127.0.0.1:0"])
    });
    sender.ends_well(&what);
    server.stop();

    let expected = serde_json::json!({ "n": SPANS, "ids": SPANS });
    let asked = |from: &str, id: &str| {
        let sql =
            format!("SELECT COUNT(*) AS n, COUNT(DISTINCT {id}) AS ids FROM {from} WHERE function = '{function}'");
        one(data.path(), &sql)
    };
    assert_eq!(asked("invocations", "invocation_id"), expected, "{what}");
    assert_eq!(asked("spans", "span_id"), expected, "{what}");
}

/// Returns the one row of a query's answer.
fn one(data: &Path, sql: &str) -> Value {
    let output = pennyspan(&["query", sql, "--data", data.to_str().unwrap(), "--format", "ndjson"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A program that sends; dropping it kills the process.
struct Sender(Child);

impl Sender {
    fn is_sending(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    fn ends_well(&mut self, what: &str) {
        let deadline = Instant::now() + WITHIN;
        while self.is_sending() {
            assert!(Instant::now() < deadline, "{what}: it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        let status = self.0.wait().unwrap();
        assert!(status.success(), "{what}: {status}");
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
