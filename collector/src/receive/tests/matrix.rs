//! What holds on every way into the server: each signal, over HTTP in protobuf and JSON and over gRPC, with every compression.
//! The sections are those of the OpenTelemetry protocol specification.

use prost::Message as _;
use serde_json::{Value, json};
use tonic::Code;

use super::server::{Server, framed, gzip, zstd};
use super::signals::{RpcStatus, SIGNALS, SPANS, Sent, Signal, partial_success};

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Protobuf,
    Json,
    Grpc,
}

/// One way into the server.
#[derive(Clone, Copy, Debug)]
struct Way {
    signal: Signal,
    over: Over,
    encoding: &'static str,
}

/// What the server answered, whatever the way.
#[derive(Debug, PartialEq)]
enum Said {
    /// Full success, with nothing in it.
    Success,
    /// So many items rejected, and why; or a warning.
    Partial(u64, String),
    /// An error: its code, and the names of its details.
    Error(i32, Vec<String>),
}

/// Every way: three signals, three transports, three encodings.
fn ways() -> impl Iterator<Item = Way> {
    SIGNALS.into_iter().flat_map(|signal| {
        let over = [Over::Protobuf, Over::Json, Over::Grpc].into_iter();
        over.flat_map(move |over| {
            let encodings = ["identity", "gzip", "zstd"].into_iter();
            encodings.map(move |encoding| Way { signal, over, encoding })
        })
    })
}

impl Way {
    fn content_type(self) -> &'static str {
        match self.over {
            Over::Protobuf => "application/x-protobuf",
            Over::Json => "application/json",
            Over::Grpc => "application/grpc",
        }
    }

    fn body(self, sent: &Sent) -> Vec<u8> {
        match self.over {
            Over::Protobuf | Over::Grpc => sent.protobuf.clone(),
            Over::Json => sent.json.clone(),
        }
    }

    fn compressed(self, body: &[u8]) -> Vec<u8> {
        match self.encoding {
            "gzip" => gzip(body),
            "zstd" => zstd(body),
            _ => body.to_vec(),
        }
    }

    /// Sends a body, compressed as this way says.
    async fn send(self, server: &Server, body: &[u8]) -> Said {
        self.send_as_it_is(server, self.compressed(body)).await
    }

    /// Sends bytes that are said to be compressed, and checks the form of the answer.
    async fn send_as_it_is(self, server: &Server, bytes: Vec<u8>) -> Said {
        if self.over == Over::Grpc {
            let framed = framed(self.encoding != "identity", &bytes);
            let headers = [("grpc-encoding", self.encoding)];
            let answer = server.call(self.signal.method, &headers, framed).await;
            if answer.status.code() != Code::Ok {
                assert_eq!(answer.message.len(), 0, "{self:?}");
                let status = RpcStatus::decode(answer.status.details()).unwrap();
                assert_eq!(status.code, i32::from(answer.status.code()), "{self:?}");
                return error(&status);
            }
            return said(partial_success(&answer.message[5..]));
        }
        let headers = [
            ("content-type", self.content_type()),
            ("content-encoding", self.encoding),
        ];
        let answer = server.post(self.signal.path, &headers, bytes).await;
        assert_eq!(answer.content_type(), self.content_type(), "{self:?}");
        match (answer.status.as_u16(), self.over) {
            (200, Over::Protobuf) => {
                let partial = partial_success(&answer.body);
                assert_eq!(partial.is_none(), answer.body.is_empty(), "{self:?}");
                said(partial)
            }
            (200, _) => {
                let json = answer.json();
                let partial = json.get("partialSuccess").map(|partial| {
                    let rejected = partial[self.signal.rejected].as_str().unwrap_or("0");
                    let message = partial["errorMessage"].as_str().unwrap_or_default();
                    (rejected.parse().unwrap(), message.to_owned())
                });
                assert_eq!(partial.is_none(), json == json!({}), "{self:?}: {json}");
                said(partial)
            }
            (400, Over::Protobuf) => error(&RpcStatus::decode(&*answer.body).unwrap()),
            (400, _) => {
                let status = answer.json();
                let details = status["details"].as_array().cloned().unwrap_or_default();
                let name = |detail: &Value| {
                    detail["@type"]
                        .as_str()
                        .and_then(|url| url.rsplit('.').next())
                        .map(str::to_owned)
                };
                Said::Error(
                    i32::try_from(status["code"].as_i64().unwrap()).unwrap(),
                    details.iter().filter_map(name).collect(),
                )
            }
            (status, _) => panic!("{self:?}: {status}: {answer:?}"),
        }
    }
}

fn said(partial: Option<(i64, String)>) -> Said {
    match partial {
        None => Said::Success,
        Some((rejected, message)) => Said::Partial(u64::try_from(rejected).unwrap(), message),
    }
}

fn error(status: &RpcStatus) -> Said {
    assert!(!status.message.is_empty());
    Said::Error(
        status.code,
        status.detail_names().into_iter().map(str::to_owned).collect(),
    )
}

/// `INVALID_ARGUMENT` with `BadRequest`.
fn bad_request() -> Said {
    Said::Error(3, vec!["BadRequest".to_owned()])
}

/// Sections "Full Success" and "Protocol Details": on every way, and an empty request too.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_takes_a_request_whole() {
    let server = Server::start().await;
    for (seed, way) in (1..).zip(ways()) {
        let sent = way.body(&way.signal.request(3, 0, seed));
        assert_eq!(way.send(&server, &sent).await, Said::Success, "{way:?}");
        let empty: &[u8] = if way.over == Over::Json { b"{}" } else { b"" };
        assert_eq!(way.send(&server, empty).await, Said::Success, "{way:?}");
    }
    for signal in SIGNALS {
        assert_eq!(server.store.count(signal.table), 3 * 9, "{signal:?}");
    }
}

/// Section "Partial Success": on every way the number of rejected items and a message; the others are kept.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_counts_what_it_rejects() {
    let server = Server::start().await;
    for (seed, way) in (1..).zip(ways()) {
        let sent = way.body(&way.signal.request(3, 2, seed));
        match way.send(&server, &sent).await {
            Said::Partial(2, message) => assert!(message.starts_with("2 of 5 "), "{way:?}: {message}"),
            other => panic!("{way:?}: {other:?}"),
        }
    }
    for signal in SIGNALS {
        assert_eq!(server.store.count(signal.table), 3 * 9, "{signal:?}");
    }
}

/// Section "Partial Success": a warning has a message and rejects nothing, on every way.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_tells_a_warning() {
    let server = Server::start_with(|options| options.settings.attributes = 1).await;
    for (seed, way) in (1_u64..).zip(ways()) {
        let attributes: Vec<_> = (0..3)
            .map(|key| json!({ "key": format!("key.{key}"), "value": { "intValue": seed.to_string() } }))
            .collect();
        let mut request: Value = serde_json::from_slice(&way.signal.request(1, 0, seed).json).unwrap();
        let item = item_of(&mut request);
        item["attributes"] = Value::from(attributes);
        let body = match way.over {
            Over::Json => request.to_string().into_bytes(),
            Over::Protobuf | Over::Grpc => in_protobuf(way.signal, &request),
        };
        match way.send(&server, &body).await {
            Said::Partial(0, message) => {
                assert!(message.starts_with("2 attributes were left out"), "{way:?}: {message}");
            }
            other => panic!("{way:?}: {other:?}"),
        }
    }
}

/// The first item of a request in JSON.
fn item_of(request: &mut Value) -> &mut Value {
    let mut at = request;
    loop {
        match at {
            Value::Array(items) => at = items.first_mut().unwrap(),
            Value::Object(fields) => {
                let down = [
                    "resourceSpans",
                    "resourceLogs",
                    "resourceMetrics",
                    "scopeSpans",
                    "scopeLogs",
                    "scopeMetrics",
                    "spans",
                    "logRecords",
                    "metrics",
                    "gauge",
                    "dataPoints",
                ];
                let Some(next) = down.into_iter().find(|key| fields.contains_key(*key)) else {
                    return at;
                };
                at = &mut at[next];
            }
            _ => panic!("no item"),
        }
    }
}

fn in_protobuf(signal: Signal, request: &Value) -> Vec<u8> {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    let text = request.to_string();
    match signal.path {
        "/v1/traces" => serde_json::from_str::<ExportTraceServiceRequest>(&text)
            .unwrap()
            .encode_to_vec(),
        "/v1/logs" => serde_json::from_str::<ExportLogsServiceRequest>(&text)
            .unwrap()
            .encode_to_vec(),
        _ => serde_json::from_str::<ExportMetricsServiceRequest>(&text)
            .unwrap()
            .encode_to_vec(),
    }
}

/// Section "Bad Data": what cannot be read, is not compressed as it says, is cut, or has no acceptable item, on every way.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_refuses_bad_data_for_good() {
    let server = Server::start().await;
    for (seed, way) in (1..).zip(ways()) {
        let good = way.body(&way.signal.request(2, 0, seed));
        let all_bad = way.body(&way.signal.request(0, 2, seed));
        let no_message: &[u8] = if way.over == Over::Json {
            b"[1]"
        } else {
            b"no protobuf at all"
        };
        for body in [no_message, &good[..good.len() - 2], &all_bad] {
            assert_eq!(way.send(&server, body).await, bad_request(), "{way:?}");
        }
        if way.encoding != "identity" {
            // Not compressed, or cut.
            assert_eq!(way.send_as_it_is(&server, good.clone()).await, bad_request(), "{way:?}");
            let compressed = way.compressed(&good);
            let cut = compressed[..compressed.len() - 5].to_vec();
            assert_eq!(way.send_as_it_is(&server, cut).await, bad_request(), "{way:?}");
        }
    }
    assert_eq!(server.wal.progress().durable.0, 0, "nothing of it is logged");
}

/// Sections "Binary Protobuf Encoding", "JSON Protobuf Encoding" and "Future Versions": unknown fields are ignored on every way.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_ignores_unknown_fields() {
    let server = Server::start().await;
    for (seed, way) in (1..).zip(ways()) {
        let sent = way.signal.request(1, 0, seed);
        let body = match way.over {
            Over::Json => {
                let mut request: Value = serde_json::from_slice(&sent.json).unwrap();
                request["laterVersion"] = json!({ "any": [1, "thing"] });
                item_of(&mut request)["laterVersion"] = json!([null]);
                request.to_string().into_bytes()
            }
            // Field 1007 with two bytes.
            Over::Protobuf | Over::Grpc => [&sent.protobuf[..], &[0xfa, 0x3e, 2, b'h', b'i']].concat(),
        };
        assert_eq!(way.send(&server, &body).await, Said::Success, "{way:?}");
    }
}

/// Section "JSON Protobuf Encoding": an enum by its name, a field in snake case, an id that is no hex: what is rejected is the
/// item, and what is unknown is ignored.
type Change = fn(&mut Value);

#[tokio::test(flavor = "multi_thread")]
async fn json_is_read_as_the_protocol_writes_it() {
    let server = Server::start().await;
    let with = |signal: Signal, seed: u64, change: fn(&mut Value)| {
        let mut request: Value = serde_json::from_slice(&signal.request(2, 0, seed).json).unwrap();
        change(item_of(&mut request));
        request.to_string()
    };
    let changes: [(Signal, Change, u64); 7] = [
        (SPANS, |span| span["kind"] = json!("SPAN_KIND_SERVER"), 1),
        (SPANS, |span| span["traceId"] = json!("not hex"), 1),
        (SPANS, |span| span["spanId"] = json!("aa"), 1),
        (SPANS, |span| span["start_time_unix_nano"] = json!("not read"), 0),
        (
            SIGNALS[1],
            |record| record["severityNumber"] = json!("SEVERITY_NUMBER_INFO"),
            1,
        ),
        (SIGNALS[1], |record| record["traceId"] = json!("zz"), 1),
        (
            SIGNALS[2],
            |point| point["timeUnixNano"] = json!("99999999999999999999"),
            1,
        ),
    ];
    for (seed, (signal, change, rejected)) in (1..).zip(changes) {
        let way = Way {
            signal,
            over: Over::Json,
            encoding: "identity",
        };
        let said = way.send(&server, with(signal, seed, change).as_bytes()).await;
        match said {
            Said::Success => assert_eq!(rejected, 0, "{seed}"),
            Said::Partial(n, message) => assert_eq!(n, rejected, "{seed}: {message}"),
            Said::Error(..) => panic!("{seed}: {said:?}"),
        }
    }
    // Numbers of 64 bits as text and as numbers, and ids in any letter case, are the same rows.
    let text = SPANS.request(1, 0, 100).json;
    let mut request: Value = serde_json::from_slice(&text).unwrap();
    let span = item_of(&mut request);
    span["startTimeUnixNano"] = json!(span["startTimeUnixNano"].as_str().unwrap().parse::<u64>().unwrap());
    span["traceId"] = json!(span["traceId"].as_str().unwrap().to_uppercase());
    let (before, headers) = (
        server.store.rows().len(),
        [("content-type", "application/json"), ("x-test-workspace", "b")],
    );
    server
        .post("/v1/traces", &[("content-type", "application/json")], text)
        .await;
    server.post("/v1/traces", &headers, request.to_string()).await;
    let rows = server.store.rows();
    assert_eq!(rows[before], rows[before + 1]);
}

/// Section "OTLP/gRPC Request": a message of fifty thousand spans is stored whole under the usual limit, and refused under a
/// smaller one.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_spans_in_one_message_are_stored_whole() {
    let message = SPANS.request(50_000, 0, 1).protobuf;
    let server = Server::start().await;
    let answer = server.call(SPANS.method, &[], framed(false, &message)).await;
    assert_eq!((answer.status.code(), &*answer.message), (Code::Ok, &[0; 5][..]));
    assert_eq!(server.store.count(SPANS.table), 50_000);
    let small = Server::start_with(|options| options.settings.request_bytes = message.len() - 1).await;
    let answer = small.call(SPANS.method, &[], framed(false, &message)).await;
    assert_eq!(answer.status.code(), Code::ResourceExhausted);
    let answer = small
        .post("/v1/traces", &[("content-type", "application/x-protobuf")], message)
        .await;
    assert_eq!(answer.status, 413);
}
