//! `doctor` and `loadgen` against the running program: what they say is so.

use std::net::TcpListener;

use serde_json::json;

use crate::company::pennyspan;
use crate::server::{Server, get};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs `doctor` and returns its exit code and its words.
fn doctor(http: &str, grpc: &str, web: &str) -> (Option<i32>, String) {
    let [http, grpc, web] = [http, grpc, web].map(|address| format!("http://{address}"));
    let output = pennyspan(&["doctor", "--http", &http, "--grpc", &grpc, "--web", &web]);
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn doctor_finds_every_door_of_a_server_open() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (exit, words) = doctor(&server.http, &server.grpc, &server.web);
    assert_eq!(exit, Some(0), "{words}");
    assert!(!words.contains("WRONG"), "{words}");
    for door in [
        "OTLP over HTTP, protobuf, spans",
        "OTLP over HTTP, JSON, metrics",
        "OTLP over gRPC, log records",
    ] {
        assert!(
            words.contains(&format!("ok     {door}")),
            "{door} is missing in\n{words}"
        );
    }
    let (_, metrics) = get(&server.web, "/metrics").unwrap();
    for (source, items) in [("spans", 3), ("logs", 3), ("metrics", 3), ("invocations", 1)] {
        let counted = format!("pennyspan_items_accepted_total{{source=\"{source}\"}} {items}\n");
        assert!(metrics.contains(&counted), "{source}: {metrics}");
    }
}

#[test]
fn doctor_asks_as_firehose_does_and_brings_its_key() {
    let data = tempfile::tempdir().unwrap();
    // printf %s s3cret | sha256sum
    let hash = "1ec1c26b50d5d3c58d9583181af8076655fe00756bf7285940ba3670f99fcba0";
    let server = Server::start_with(
        data.path(),
        &[("PENNYSPAN_SERVE_FIREHOSE_KEY_SHA256", hash.to_owned())].into(),
    );
    let (exit, words) = doctor(&server.http, &server.grpc, &server.web);
    assert_eq!(exit, Some(2), "{words}");
    assert!(
        words.contains("it asks who is sending (401 Unauthorized): give --firehose-key"),
        "{words}"
    );
    let [http, grpc, web] = [&server.http, &server.grpc, &server.web].map(|address| format!("http://{address}"));
    let keys = ["--firehose-key", "s3cret"];
    let output = pennyspan(&[&["doctor", "--http", &http, "--grpc", &grpc, "--web", &web][..], &keys].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let (_, metrics) = get(&server.web, "/metrics").unwrap();
    let asked = |source: &str| format!("pennyspan_requests_total{{source=\"{source}\"}}");
    for (source, requests) in [("firehose", 1), ("cloudwatch", 2), ("cloudflare_logpush", 2)] {
        assert!(
            metrics.contains(&format!("{} {requests}\n", asked(source))),
            "{source}: {metrics}"
        );
    }
    assert!(!metrics.contains("pennyspan_items_rejected_total"), "{metrics}");
}

#[test]
fn doctor_says_in_words_what_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let (exit, words) = doctor(&free, &free, &free);
    assert_eq!(exit, Some(3), "{words}");
    assert!(words.contains("refused: nothing listens on port"), "{words}");

    let (exit, words) = doctor(&server.web, &server.http, &server.web);
    assert_eq!(exit, Some(2), "{words}");
    assert!(
        words.contains("nothing is received at this path (404 Not Found)"),
        "{words}"
    );
    assert!(words.contains("speaks no gRPC"), "{words}");

    // A server of TLS answers a plain request by an alert: a record of type 21, version 3.3, two bytes long.
    let tls = answering(&[21, 3, 3, 0, 2, 2, 22]);
    let (exit, words) = doctor(&tls, &server.grpc, &server.web);
    assert_eq!(exit, Some(2), "{words}");
    assert!(words.contains("this port speaks TLS"), "{words}");

    let closed =
        answering(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\ndate: Thu, 19 Nov 2020 14:52:00 GMT\r\n\r\n");
    let (exit, words) = doctor(&closed, &server.grpc, &server.web);
    assert_eq!(exit, Some(2), "{words}");
    assert!(
        words.contains("it asks who is sending (401 Unauthorized): give --token"),
        "{words}"
    );
    let xml = answering(b"HTTP/1.1 415 Unsupported Media Type\r\ncontent-length: 5\r\n\r\nno, x");
    let (_, words) = doctor(&xml, &server.grpc, &server.web);
    assert!(
        words.contains("it does not read this content type (415 Unsupported Media Type): no, x"),
        "{words}"
    );
}

/// Listens, and answers every connection by the same bytes, whatever is said there; it ends with the test.
fn answering(bytes: &'static [u8]) -> String {
    use std::io::{Read as _, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut heard = [0; 16 << 10];
            // A client that goes away has heard enough.
            let _ = stream.read(&mut heard).and_then(|_| stream.write_all(bytes));
        }
    });
    address
}

#[test]
fn what_loadgen_counts_as_acknowledged_is_there() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (http, grpc) = (format!("http://{}", server.http), format!("http://{}", server.grpc));
    let ways: [&[&str]; 4] = [
        &[
            "--target",
            &http,
            "--encoding",
            "gzip",
            "--rate",
            "2000",
            "--requests",
            "7",
        ],
        &["--target", &http, "--written", "json", "--requests", "3"],
        &[
            "--target",
            &grpc,
            "--protocol",
            "grpc",
            "--encoding",
            "zstd",
            "--requests",
            "5",
        ],
        &[
            "--target",
            &grpc,
            "--protocol",
            "grpc",
            "--signal",
            "logs",
            "--requests",
            "4",
        ],
    ];
    for (way, requests) in ways.into_iter().zip(["7.00", "3.00", "5.00", "4.00"]) {
        let small = ["loadgen", "--items", "50", "--connections", "2", "--seconds", "60"];
        let output = pennyspan(&[&small[..], way].concat());
        let figures = text(&output.stdout);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let row = |name: &str| {
            let line = figures.lines().find(|line| line.starts_with(&format!("{name}  ")));
            line.and_then(|line| line.split_whitespace().last()).map(str::to_owned)
        };
        assert_eq!(row("acknowledged").as_deref(), Some(requests), "{figures}");
        assert_eq!(row("lost").as_deref(), Some("0.00"), "{figures}");
    }
    let (_, metrics) = get(&server.web, "/metrics").unwrap();
    assert!(
        metrics.contains("requests_duplicate_total{source=\"spans\"} 0"),
        "{metrics}"
    );
    server.stop();
    let sql = "SELECT (SELECT COUNT(*) FROM spans) AS spans, (SELECT COUNT(DISTINCT span_id) FROM spans) AS ids, \
               (SELECT COUNT(*) FROM logs) AS logs, (SELECT COUNT(*) FROM invocations) AS invocations";
    let output = pennyspan(&[
        "query",
        sql,
        "--data",
        data.path().to_str().unwrap(),
        "--format",
        "ndjson",
    ]);
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    // Every tenth span is an invocation's.
    assert_eq!(row, json!({ "spans": 750, "ids": 750, "logs": 200, "invocations": 75 }));
}

#[test]
fn loadgen_says_when_nobody_answers() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = format!("http://{free}");
    let output = pennyspan(&["loadgen", "--target", &target, "--seconds", "1", "--items", "5"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("answered nothing"),
        "{}",
        text(&output.stderr)
    );
    let output = pennyspan(&[
        "loadgen",
        "--target",
        &target,
        "--protocol",
        "grpc",
        "--written",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("JSON only travels over HTTP"),
        "{}",
        text(&output.stderr)
    );
}
