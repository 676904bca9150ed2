//! Requests that are made to cost the server more than their sender: each has a bounded cost, and the next sender notices nothing.
//!
//! The server has the usual limits, and the operating system gives it no more memory than a cap.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::company::pennyspan;
use crate::server::{Answer, Server, exchange, exchange_encoded, get};
use crate::storm::{capped, resident_mib};

/// The most memory that the server may have, in MiB.
const CAP_MIB: u64 = 1280;
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const MIB: usize = 1 << 20;

/// A field of protobuf with a length.
fn field(number: u64, content: &[u8]) -> Vec<u8> {
    let mut out = varint(number << 3 | 2);
    out.extend(varint(content.len() as u64));
    out.extend_from_slice(content);
    out
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
    out
}

fn fixed64(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

/// A span with nothing but what it must have, and `more`.
fn span(id: u64, start_unix_nano: u64, more: &[u8]) -> Vec<u8> {
    let trace_id = (u128::from(id) + 1).to_be_bytes();
    let parts = [
        field(1, &trace_id),
        field(2, &(id + 1).to_be_bytes()),
        fixed64(7, start_unix_nano),
        more.to_vec(),
    ];
    field(2, &parts.concat())
}

/// A request of one resource, of the attributes that are given, with spans as [`span`] writes them.
fn request(resource: &[u8], spans: &[u8]) -> Vec<u8> {
    field(1, &[field(1, resource), field(2, spans)].concat())
}

fn attribute(key: &[u8], value: &[u8]) -> Vec<u8> {
    [field(1, key), field(2, value)].concat()
}

fn now_unix_nano() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

/// A server under a cap, which is asked after each hostile request whether it still takes a good one.
struct Target {
    server: Server,
    data: tempfile::TempDir,
    good: u64,
}

impl Target {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self {
            server: capped(data.path(), &BTreeMap::new(), CAP_MIB),
            data,
            good: 0,
        }
    }

    /// Sends what is hostile, and then what is not.
    fn hit(&mut self, what: &str, path: &str, wire: (&str, &str), body: &[u8]) -> Answer {
        let answer = exchange_encoded(&self.server.http, path, wire, body);
        let answer = answer.unwrap_or_else(|error| panic!("{what}: no answer: {error}"));
        assert!(
            answer.text.len() < 8 << 10,
            "{what}: an answer of {} bytes",
            answer.text.len()
        );
        self.still_takes(what);
        answer
    }

    fn still_takes(&mut self, what: &str) {
        self.good += 1;
        let good = request(&[], &span(1 << 60 | self.good, now_unix_nano(), &[]));
        let answer = exchange(&self.server.http, "/v1/traces", PROTOBUF, &good);
        let answer = answer.unwrap_or_else(|error| panic!("after {what}: {error}"));
        assert_eq!(answer.status, 200, "after {what}: {}", answer.text);
        let resident = resident_mib(self.server.id()).unwrap();
        assert!(resident < CAP_MIB, "after {what}: {resident} MiB");
        let (_, metrics) = get(&self.server.web, "/metrics").unwrap();
        assert!(
            metrics.contains("pennyspan_inflight_bytes 0\n"),
            "{what} holds bytes: {metrics}"
        );
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bombs_are_put_out_at_the_limit() {
    let mut target = Target::start();
    let zeros = vec![0; 80 * MIB];
    let (gzip, zstd) = (gzip(&zeros), zstd::encode_all(&zeros[..], 19).unwrap());
    // Each is some hundred kilobytes at most, and gigabytes when it is let.
    let bombs = [
        ("gzip", gzip.clone()),
        ("gzip", gzip.repeat(40)),
        ("zstd", zstd.clone()),
        ("zstd", zstd.repeat(400)),
    ];
    for (encoding, bomb) in bombs {
        assert!(bomb.len() < 4 * MIB, "{encoding}: {}", bomb.len());
        for path in ["/v1/traces", "/v1/logs", "/v1/metrics", "/v1/invocations"] {
            let content_type = if path == "/v1/invocations" { JSON } else { PROTOBUF };
            let answer = target.hit(encoding, path, (content_type, encoding), &bomb);
            assert_eq!(answer.status, 413, "{encoding} {path}: {}", answer.text);
        }
    }
}

#[test]
fn values_nested_without_end_are_one_rejected_item() {
    const LEVELS: usize = 100_000;
    let mut target = Target::start();
    let mut value = field(1, b"at the bottom");
    for _ in 0..LEVELS {
        // AnyValue.array_value of ArrayValue.values; the innermost is written first.
        value = field(5, &field(1, &value));
        if value.len() > 600_000 {
            break;
        }
    }
    let nested = field(9, &attribute(b"deep", &value));
    let now = now_unix_nano();
    let body = request(&[], &[span(1, now, &nested), span(2, now, &[])].concat());
    let answer = target.hit("nesting in protobuf", "/v1/traces", (PROTOBUF, "identity"), &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains("1 of 2 spans rejected"), "{}", answer.text);

    let deep = format!(
        "{}{{\"stringValue\":\"x\"}}{}",
        "{\"arrayValue\":{\"values\":[".repeat(LEVELS),
        "]}}".repeat(LEVELS)
    );
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"000000000000000000000000000000aa","spanId":"00000000000000aa","startTimeUnixNano":"{now}","attributes":[{{"key":"deep","value":{deep}}}]}}]}}]}}]}}"#
    );
    let answer = target.hit("nesting in JSON", "/v1/traces", (JSON, "identity"), body.as_bytes());
    assert_eq!(answer.status, 400, "{}", answer.text);
    for path in ["/v1/invocations", "/v1/aws/telemetry", "/v1/configurations"] {
        let answer = target.hit("nested lists", path, (JSON, "identity"), "[".repeat(MIB).as_bytes());
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        let nested = format!("{{\"a\":{}1{}}}", "[".repeat(LEVELS), "]".repeat(LEVELS));
        let answer = target.hit("a nested record", path, (JSON, "identity"), nested.as_bytes());
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
    }
}

#[test]
fn a_million_empty_messages_build_nothing() {
    const MANY: usize = 1_000_000;
    let mut target = Target::start();
    let empty = field(2, b"").repeat(MANY);
    for (path, items) in [("/v1/traces", "spans"), ("/v1/logs", "log records")] {
        let body = field(1, &field(2, &empty));
        let answer = target.hit("empty items", path, (PROTOBUF, "identity"), &body);
        if items == "spans" {
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            assert!(answer.text.contains("none of the 1000000 spans"), "{}", answer.text);
        } else {
            assert!(matches!(answer.status, 200 | 400), "{path}: {}", answer.text);
        }
    }
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
        let resources = field(1, b"").repeat(MANY);
        let answer = target.hit("empty resources", path, (PROTOBUF, "identity"), &resources);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let scopes = field(1, &field(2, b"").repeat(MANY));
        let answer = target.hit("empty scopes", path, (PROTOBUF, "identity"), &scopes);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    // Attributes, events and links of one span.
    for (number, what) in [(9, "attributes"), (11, "events"), (13, "links")] {
        let inside = field(number, b"").repeat(MANY);
        let body = request(&[], &span(number, now_unix_nano(), &inside));
        let answer = target.hit(what, "/v1/traces", (PROTOBUF, "identity"), &body);
        assert!(matches!(answer.status, 200 | 400), "{what}: {}", answer.text);
    }
}

#[test]
fn long_keys_and_large_resources_are_bounded() {
    let mut target = Target::start();
    let now = now_unix_nano();
    let of_key = |length: usize| {
        let key = vec![b'k'; length];
        request(&[], &span(1, now, &field(9, &attribute(&key, &field(1, b"v")))))
    };
    let answer = target.hit(
        "a key of 100 MB",
        "/v1/traces",
        (PROTOBUF, "identity"),
        &of_key(100_000_000),
    );
    assert_eq!(answer.status, 413, "{}", answer.text);
    let answer = target.hit(
        "a key of 60 MB",
        "/v1/traces",
        (PROTOBUF, "identity"),
        &of_key(60_000_000),
    );
    assert!(matches!(answer.status, 200 | 400), "{}", answer.text);

    // What a resource says stands in each of its rows: 100 kB here, times fifty thousand.
    let attribute = |nth: u32| field(1, &attribute(format!("key.{nth}").as_bytes(), &field(1, &[b'v'; 1000])));
    let resource: Vec<u8> = (0..100).flat_map(attribute).collect();
    let spans: Vec<u8> = (0..50_000).flat_map(|id| span(id + 10, now, &[])).collect();
    let body = request(&resource, &spans);
    assert!(body.len() < 4 * MIB);
    let answer = target.hit("a large resource", "/v1/traces", (PROTOBUF, "identity"), &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(
        answer
            .text
            .contains("the rows of a request hold at most 268435456 bytes"),
        "{}",
        answer.text
    );
}

#[test]
fn half_open_and_slow_connections_keep_nobody_waiting() {
    let mut target = Target::start();
    let begin = [
        "",
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\nx-slow: ",
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{",
        "PRI * HTTP/2.0\r\n\r\nSM",
    ];
    let mut held = Vec::new();
    for nth in 0..600 {
        let address = if nth % 2 == 0 {
            &target.server.http
        } else {
            &target.server.grpc
        };
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(begin[nth / 2 % begin.len()].as_bytes()).unwrap();
        held.push(stream);
    }
    target.good += 1;
    let good = request(&[], &span(1 << 60, now_unix_nano(), &[]));
    let answer = exchange(&target.server.http, "/v1/traces", PROTOBUF, &good).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    drop(held);
    while !get(&target.server.web, "/metrics")
        .unwrap()
        .1
        .contains("pennyspan_inflight_bytes 0\n")
    {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    target.still_takes("600 connections");
}

#[test]
fn times_from_1970_to_2262_in_one_request_open_only_so_many_minutes() {
    const SPANS: u64 = 20_000;
    let mut target = Target::start();
    let step = u64::try_from(i64::MAX).unwrap() / SPANS;
    let spans: Vec<u8> = (0..SPANS).flat_map(|nth| span(nth, nth * step + 1, &[])).collect();
    let resource: Vec<u8> = [("faas.name", "everlasting"), ("cloud.provider", "aws")]
        .into_iter()
        .flat_map(|(key, value)| field(1, &attribute(key.as_bytes(), &field(1, value.as_bytes()))))
        .collect();
    let answer = target.hit(
        "all of time",
        "/v1/traces",
        (PROTOBUF, "identity"),
        &request(&resource, &spans),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (_, metrics) = get(&target.server.web, "/metrics").unwrap();
    let counter = |line: &str| {
        let line = metrics.lines().find_map(|counted| counted.strip_prefix(line))?;
        line.trim().parse::<u64>().ok()
    };
    let accepted = counter("pennyspan_items_accepted_total{source=\"spans\"}").unwrap() - target.good;
    let rejected = counter("pennyspan_items_rejected_total{reason=\"too_many_slices\",source=\"spans\"}").unwrap_or(0);
    assert_eq!(accepted + rejected, SPANS, "{metrics}");
    let Target { server, data, good } = target;
    server.stop();
    let sql = "SELECT COUNT(*) AS spans FROM spans";
    let output = pennyspan(&[
        "query",
        sql,
        "--data",
        data.path().to_str().unwrap(),
        "--format",
        "ndjson",
    ]);
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(row, json!({ "spans": accepted + good }));
}
