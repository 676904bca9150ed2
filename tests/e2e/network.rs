//! Telemetry over sockets: what is sent is stored once, and says the same as files do.

use pennyspan_fixtures::Scenario;
use serde_json::Value;

use crate::company::{Company, follows_schema, pennyspan, window_flags};
use crate::server::{Server, get, post};
use crate::truth::agree_with_truth;

#[test]
fn the_report_over_the_network_equals_the_truth_and_survives_a_restart() {
    let company = Company::of(&Scenario::new(11));
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    for request in &company.telemetry.requests {
        assert_eq!(
            post(&server.http, &request.path, request.content_type, &request.body),
            Some(200),
            "{}",
            request.path
        );
    }
    let (status, metrics) = get(&server.web, "/metrics").unwrap();
    assert!(status == 200 && metrics.contains("pennyspan_"), "{metrics}");
    server.stop();
    let first = stored_report(data.path(), &company);
    agree_with_truth("over the network", &company.telemetry.truth, &first);
    let again = Server::start(data.path());
    again.stop();
    assert_eq!(first, stored_report(data.path(), &company), "after a restart");
}

#[test]
fn a_request_that_is_sent_twice_counts_once() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let record =
        r#"{"provider":"aws","function":"f","invocation_id":"a","start_time":"2026-10-08T07:30:28Z","duration_ms":1}"#;
    for _ in 0..3 {
        assert_eq!(
            post(&server.http, "/v1/invocations", "application/json", record.as_bytes()),
            Some(200)
        );
    }
    server.stop();
    let counted = query(data.path(), "SELECT COUNT(*) AS n FROM invocations");
    assert_eq!(counted, serde_json::json!([{ "n": 1 }]));
}

/// Answers a statement over a data directory.
pub fn query(data: &std::path::Path, sql: &str) -> Value {
    let output = pennyspan(&[
        "query",
        sql,
        "--data",
        data.to_str().unwrap(),
        "--format",
        "json",
        "--quiet",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stored_report(data: &std::path::Path, company: &Company) -> Value {
    let mut arguments = vec![
        "report".to_owned(),
        "--data".to_owned(),
        data.to_str().unwrap().to_owned(),
    ];
    arguments.extend(["-o", "json", "--quiet"].map(str::to_owned));
    arguments.extend(window_flags(&company.telemetry.truth));
    let output = pennyspan(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    follows_schema(serde_json::from_slice(&output.stdout).unwrap())
}
