//! Requests that are too large, too many or too slow. The sections are those of the OpenTelemetry protocol specification.

use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::Frame;
use pennyspan_schema::Progress as _;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use super::server::{GrpcAnswer, Server, framed, gzip};
use super::signals::{RpcStatus, SIGNALS, SPANS};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const LIMIT: usize = 64 << 10;

fn detail_names(answer: &GrpcAnswer) -> Vec<String> {
    let status = RpcStatus::decode(answer.status.details()).unwrap();
    status.detail_names().into_iter().map(str::to_owned).collect()
}

/// What a server says to bytes that come on a connection of their own, until it closes or falls silent.
async fn raw(server: &Server, bytes: &str) -> String {
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        match tokio::time::timeout(Duration::from_secs(5), stream.read(&mut part)).await {
            Ok(Ok(0) | Err(_)) | Err(_) => break,
            Ok(Ok(length)) => answer.extend_from_slice(&part[..length]),
        }
        if String::from_utf8_lossy(&answer).contains("\r\n\r\n") && !bytes.contains("slow") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Section "OTLP/gRPC Request": `RESOURCE_EXHAUSTED` without `RetryInfo`, by the declared length and while inflating.
#[tokio::test(flavor = "multi_thread")]
async fn large_messages_are_refused_before_they_are_read() {
    let server = Server::start_with(|options| options.settings.request_bytes = LIMIT).await;
    for signal in SIGNALS {
        let mut declared = vec![0];
        declared.extend(u32::try_from(LIMIT + 1).unwrap().to_be_bytes());
        let never_ends = Unending(Some(declared.into()));
        let answer = server.call_with(signal.method, &[], never_ends).await;
        assert_eq!(
            (answer.status.code(), detail_names(&answer)),
            (Code::ResourceExhausted, vec![]),
            "{answer:?}"
        );

        let bomb = gzip(&vec![0; 4 << 20]);
        assert!(bomb.len() < LIMIT, "{}", bomb.len());
        let answer = server
            .call(signal.method, &[("grpc-encoding", "gzip")], framed(true, &bomb))
            .await;
        assert_eq!(
            (answer.status.code(), detail_names(&answer)),
            (Code::ResourceExhausted, vec![]),
            "{answer:?}"
        );
    }
    assert_eq!(server.counter("requests_refused_total", &[("reason", "too_large")]), 6);
    assert_eq!(server.counter("inflight_bytes", &[]), 0);
}

/// A body whose sender has more to say, and never says it.
struct Unending(Option<Bytes>);

impl http_body::Body for Unending {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        self.0
            .take()
            .map_or(Poll::Pending, |first| Poll::Ready(Some(Ok(Frame::data(first)))))
    }
}

/// Section "OTLP/HTTP Request": 413, by the declared length, while reading and while inflating.
#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_refused() {
    let server = Server::start_with(|options| options.settings.request_bytes = LIMIT).await;
    let answer = raw(
        &server,
        "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let chunk = "8000\r\n".to_owned() + &"x".repeat(0x8000) + "\r\n";
    let chunked =
        "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = raw(&server, &(chunked.to_owned() + &chunk.repeat(3))).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    for signal in SIGNALS {
        let bomb = gzip(&vec![0; 4 << 20]);
        let answer = server
            .post(signal.path, &[PROTOBUF, ("content-encoding", "gzip")], bomb)
            .await;
        let status = RpcStatus::decode(&*answer.body).unwrap();
        assert_eq!(
            (answer.status.as_u16(), status.code, status.details.len()),
            (413, 8, 0),
            "{status:?}"
        );
        assert_eq!(answer.header("retry-after"), "");
    }
    let exactly = gzip(&vec![b' '; LIMIT]);
    let answer = server
        .post(
            "/v1/traces",
            &[("content-type", "application/json"), ("content-encoding", "gzip")],
            exactly,
        )
        .await;
    assert_eq!(
        answer.status, 400,
        "a body of the limit is read, and found to be no JSON"
    );
}

/// A sender that reads only after its last byte is told why it was refused, and may go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_read_to_its_end() {
    let server = Server::start_with(|options| options.settings.request_bytes = LIMIT).await;
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    let mut answer = vec![0; 4096];
    for content_length in [16 << 20, 24 << 20] {
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {content_length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; content_length]).await.unwrap();
        let length = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(
            answer.starts_with("HTTP/1.1 413 ") && answer.contains("more than 65536 bytes"),
            "{answer}"
        );
    }
}

/// Sections "Failures", "OTLP/gRPC Throttling" and "OTLP/HTTP Throttling".
async fn is_retryable(server: &Server, http: u16, seconds: &str) {
    for signal in SIGNALS {
        let sent = signal.request(1, 0, 1);
        let answer = server.post(signal.path, &[PROTOBUF], sent.protobuf.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (http, seconds),
            "{answer:?}"
        );
        let status = RpcStatus::decode(&*answer.body).unwrap();
        assert_eq!((status.code, status.detail_names()), (14, vec!["RetryInfo"]));
        let answer = server
            .post(signal.path, &[("content-type", "application/json")], sent.json)
            .await;
        assert_eq!(answer.json()["details"][0]["retryDelay"], format!("{seconds}s"));
        let answer = server.call(signal.method, &[], framed(false, &sent.protobuf)).await;
        assert_eq!(
            (answer.status.code(), detail_names(&answer)),
            (Code::Unavailable, vec!["RetryInfo".to_owned()])
        );
    }
}

async fn accepts_again(server: &Server) {
    let answer = server
        .post("/v1/traces", &[PROTOBUF], SPANS.request(1, 0, 1).protobuf)
        .await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_is_worth_trying_again() {
    let server = Server::start().await;
    server.store.is_full.store(true, Ordering::SeqCst);
    is_retryable(&server, 503, "1").await;
    assert_eq!(server.wal.progress().durable.0, 0, "what has no room is not logged");
    server.store.is_full.store(false, Ordering::SeqCst);
    accepts_again(&server).await;
    assert!(server.collector.degraded().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_flight_hold_only_so_many_bytes() {
    let server = Server::start_with(|options| {
        options.inflight_bytes = 1000;
        options.retry_after = Duration::from_secs(3);
    })
    .await;
    let mut held = TcpStream::connect(server.http).await.unwrap();
    held.write_all(
        b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
    )
    .await
    .unwrap();
    while server.counter("inflight_bytes", &[]) < 1000 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    is_retryable(&server, 503, "3").await;
    drop(held);
    while server.counter("inflight_bytes", &[]) > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    accepts_again(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_over_its_rate_waits() {
    let server = Server::start_with(|options| options.workspace_bytes_per_s = NonZeroU64::new(100)).await;
    let large = SPANS.request(8, 0, 5).protobuf;
    assert!((450..1000).contains(&large.len()), "{}", large.len());
    assert_eq!(server.post("/v1/traces", &[PROTOBUF], large.clone()).await.status, 200);
    let wait = (large.len() - 100) / 100 + 1;
    is_retryable(&server, 429, &wait.to_string()).await;
    let other = server
        .post("/v1/traces", &[PROTOBUF, ("x-test-workspace", "other")], large)
        .await;
    assert_eq!(other.status, 200);
    server.now.fetch_add(10_000_000_000, Ordering::SeqCst);
    accepts_again(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_silent_connections_are_ended() {
    let server = Server::start_with(|options| {
        options.connections.header_timeout = Duration::from_millis(200);
        options.connections.idle_timeout = Duration::from_millis(200);
        options.connections.body_idle_timeout = Duration::from_millis(200);
    })
    .await;
    let begun = Instant::now();
    let silent = "";
    let half_a_header = "POST /v1/traces HTTP/1.1\r\nX-slow: ";
    let half_a_preface = "PRI * HTTP/2.0\r\n\r\nSM";
    for bytes in [silent, half_a_header, half_a_preface] {
        assert!(!raw(&server, bytes).await.starts_with("HTTP/1.1 200"), "{bytes}");
    }
    let half_a_body =
        "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    let answer = raw(&server, half_a_body).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let huge = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: a\r\nX-Huge: {}\r\n\r\n",
        "h".repeat(40 << 10)
    );
    assert!(raw(&server, &huge).await.starts_with("HTTP/1.1 431 "));
}
