//! Refused requests. The sections are those of the OpenTelemetry protocol specification.

use pennyspan_schema::{Position, Table};
use prost::Message as _;
use tonic::Code;

use super::server::{Answer, NOW, Server, framed, gzip, zstd};
use super::signals::{RpcStatus, SIGNALS, SPANS, span, spans};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const ZSTD: (&str, &str) = ("content-encoding", "zstd");

/// Reads an error of the OpenTelemetry protocol in protobuf.
fn status(answer: &Answer) -> RpcStatus {
    assert_eq!(answer.content_type(), PROTOBUF.1, "{answer:?}");
    let status = RpcStatus::decode(&*answer.body).unwrap();
    assert!(!status.message.is_empty());
    status
}

/// Sections "Bad Data" and "Failures": 400 and `INVALID_ARGUMENT` with `BadRequest`, in the request's content type.
#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_the_senders_fault() {
    let server = Server::start().await;
    for signal in SIGNALS {
        let (good, all_bad) = (signal.request(2, 0, 1), signal.request(0, 2, 2));
        let truncated = good.protobuf[..good.protobuf.len() - 3].to_vec();
        let bodies: [(&[_], Vec<u8>); 6] = [
            (&[PROTOBUF], b"no protobuf at all".to_vec()),
            (&[PROTOBUF], truncated.clone()),
            (&[PROTOBUF], all_bad.protobuf.clone()),
            (&[PROTOBUF, GZIP], good.protobuf.clone()),
            (&[PROTOBUF, ZSTD], good.protobuf.clone()),
            (&[PROTOBUF, GZIP], gzip(&good.protobuf)[..20].to_vec()),
        ];
        for (headers, body) in bodies {
            let answer = server.post(signal.path, headers, body).await;
            let status = status(&answer);
            assert_eq!((answer.status.as_u16(), status.code), (400, 3), "{status:?}");
            assert_eq!(status.detail_names(), ["BadRequest"]);
        }
        for body in [
            b"{".to_vec(),
            b"[1]".to_vec(),
            all_bad.json.clone(),
            good.json[..good.json.len() - 2].to_vec(),
        ] {
            let answer = server.post(signal.path, &[JSON], body).await;
            assert_eq!((answer.status.as_u16(), answer.content_type()), (400, JSON.1));
            let status = answer.json();
            assert_eq!(status["code"], 3, "{status}");
            assert_eq!(
                status["details"][0]["@type"],
                "type.googleapis.com/google.rpc.BadRequest"
            );
            assert!(status["details"][0]["fieldViolations"][0]["description"].is_string());
        }
        let frames: [(&[_], Vec<u8>); 7] = [
            (&[], framed(false, b"no protobuf at all")),
            (&[], framed(false, &truncated)),
            (&[], framed(false, &all_bad.protobuf)),
            (&[("grpc-encoding", "gzip")], framed(true, &good.protobuf)),
            (&[], framed(true, &good.protobuf)),
            (&[], framed(false, &good.protobuf)[..20].to_vec()),
            (&[], [framed(false, &good.protobuf), framed(false, b"")].concat()),
        ];
        for (headers, frame) in frames {
            let answer = server.call(signal.method, headers, frame).await;
            assert_eq!(answer.status.code(), Code::InvalidArgument, "{answer:?}");
            let status = RpcStatus::decode(answer.status.details()).unwrap();
            assert_eq!(
                (status.code, status.detail_names()),
                (3, vec!["BadRequest"]),
                "{answer:?}"
            );
            assert_eq!(status.message, answer.status.message());
        }
    }
    assert_eq!(server.wal.progress().durable, Position(0), "nothing of it is logged");
}

/// Sections "JSON Protobuf Encoding" and "Binary Protobuf Encoding".
#[tokio::test(flavor = "multi_thread")]
async fn both_encodings_are_read_as_the_protocol_says() {
    let server = Server::start().await;
    let json = r#"{"resourceSpans":[{"newField":1,"scopeSpans":[{"spans":[
        {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","name":"a","kind":2,"startTimeUnixNano":1791417600000000000},
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b175","name":"b","kind":2,"startTimeUnixNano":"1791417600000000000"},
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b176","name":"c","kind":"SPAN_KIND_SERVER","startTimeUnixNano":1},
        {"traceId":"not hex","spanId":"eee19b7ec3c1b177","name":"d","startTimeUnixNano":1}]}]}],"resource_spans":[{}]}"#;
    let answer = server.post("/v1/traces", &[JSON], json).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["partialSuccess"]["rejectedSpans"],
        "2",
        "{}",
        answer.json()
    );
    assert_eq!(server.store.count(Table::Spans), 2);

    let mut with_unknown_field = spans(vec![span(NOW.cast_unsigned(), 7)]).encode_to_vec();
    with_unknown_field.extend([0xfa, 0x3e, 2, b'h', b'i']);
    let answer = server.post("/v1/traces", &[PROTOBUF], with_unknown_field).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
}

/// Sections "Failures" and "OTLP/HTTP Response": every error is a `google.rpc.Status` in the request's content type.
#[tokio::test(flavor = "multi_thread")]
async fn errors_are_statuses_in_their_requests_content_type() {
    let server = Server::start().await;
    for signal in SIGNALS {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            let answer = server.send(method, signal.path, &[PROTOBUF], bytes::Bytes::new()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("allow")),
                (405, "POST"),
                "{method}"
            );
            assert!(status(&answer).message.contains(method));
            let answer = server.send(method, signal.path, &[JSON], bytes::Bytes::new()).await;
            assert_eq!(answer.json()["code"], 12, "{method}");
        }
        for headers in [
            &[("content-type", "application/xml")][..],
            &[],
            &[("content-type", "\u{e9}")],
        ] {
            let answer = server.post(signal.path, headers, "<a/>").await;
            assert_eq!(
                (answer.status.as_u16(), answer.content_type()),
                (415, JSON.1),
                "{headers:?}"
            );
            assert!(
                answer.json()["message"]
                    .as_str()
                    .is_some_and(|message| message.contains("application/x-protobuf"))
            );
        }
        let answer = server
            .post(signal.path, &[PROTOBUF, ("content-encoding", "br")], "")
            .await;
        assert_eq!(answer.status, 415);
        assert_eq!(status(&answer).code, 12);
    }
    for path in ["/v1development/profiles", "/v1/trace", "/v1/traces/", "/"] {
        let answer = server.post(path, &[PROTOBUF], "").await;
        assert_eq!((answer.status.as_u16(), status(&answer).code), (404, 12), "{path}");
        let answer = server.post(path, &[JSON], "{}").await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_i64()),
            (404, Some(12)),
            "{path}"
        );
    }
    let unauthenticated = server
        .post("/v1/traces", &[PROTOBUF, ("x-test-workspace", "../etc")], "")
        .await;
    assert_eq!(
        (unauthenticated.status.as_u16(), status(&unauthenticated).code),
        (401, 16)
    );
    assert_eq!(server.counter("requests_refused_total", &[("reason", "not_found")]), 8);
    assert_eq!(server.counter("requests_refused_total", &[("reason", "method")]), 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn own_routes_refuse_with_problem_details() {
    let server = Server::start().await;
    for (method, path, media_type, body, code) in [
        ("POST", "/v1/invocations", "application/json", "[{]", 400),
        ("POST", "/v1/deployments", "application/json", "{}", 400),
        ("GET", "/v1/aws/telemetry", "application/json", "", 405),
        ("POST", "/v1/configurations", "application/x-protobuf", "", 415),
        ("GET", "/v1/nothing", "text/html", "", 404),
    ] {
        let answer = server
            .send(method, path, &[("content-type", media_type)], body.into())
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.content_type()),
            (code, "application/problem+json"),
            "{path}"
        );
        let problem = answer.json();
        assert_eq!(problem["status"], code, "{problem}");
        assert!(
            problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()),
            "{problem}"
        );
    }
}

/// Section "OTLP/HTTP Request", and the gRPC document "gRPC over HTTP2".
#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_encodings_are_unimplemented() {
    let server = Server::start().await;
    for method in [
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        "/grpc.health.v1.Health/Check",
    ] {
        let answer = server.call(method, &[], framed(false, b"")).await;
        assert_eq!(answer.status.code(), Code::Unimplemented, "{method}");
    }
    let answer = server
        .call(SPANS.method, &[("grpc-encoding", "snappy")], framed(true, b""))
        .await;
    assert_eq!(answer.status.code(), Code::Unimplemented);
    assert_eq!(
        answer.status.metadata().get("grpc-accept-encoding").unwrap(),
        "identity,gzip,zstd"
    );
    let compressed_by_zstd = zstd(&SPANS.request(1, 0, 1).protobuf);
    let answer = server
        .call(
            SPANS.method,
            &[("grpc-encoding", "zstd")],
            framed(true, &compressed_by_zstd),
        )
        .await;
    assert_eq!(answer.status.code(), Code::Ok);
}
