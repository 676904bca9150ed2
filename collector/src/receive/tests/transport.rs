//! Encodings, protocols and connections. The sections are those of the OpenTelemetry protocol specification.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use pennyspan_schema::Table;
use prost::Message as _;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Channel, Endpoint};

use super::server::{NOW, Server, framed, gzip, zstd};
use super::signals::{SIGNALS, SPANS, span, spans};

async fn channel(server: &Server) -> Channel {
    Endpoint::from_shared(format!("http://{}", server.grpc))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// Sections "Protocol Details" and "OTLP/HTTP Connection": the same rows by every encoding, over HTTP and gRPC.
#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_gives_the_same_rows() {
    let server = Server::start().await;
    for signal in SIGNALS {
        let sent = signal.request(3, 1, 1);
        server.store.published.lock().unwrap().clear();
        let mut copies = 0_u32;
        for (content_type, body) in [
            ("application/x-protobuf", &sent.protobuf),
            ("Application/X-Protobuf; charset=binary", &sent.protobuf),
            ("application/json", &sent.json),
            ("APPLICATION/JSON;charset=UTF-8", &sent.json),
        ] {
            for (encoding, body) in [("identity", body.clone()), ("GZIP", gzip(body)), ("zstd", zstd(body))] {
                copies += 1;
                // The same bytes in one workspace would count once.
                let workspace = format!("http-{copies}");
                let headers = [
                    ("content-type", content_type),
                    ("content-encoding", encoding),
                    ("x-test-workspace", &workspace),
                ];
                assert_eq!(
                    server.post(signal.path, &headers, body).await.status,
                    200,
                    "{headers:?}"
                );
            }
        }
        for (encoding, message) in [
            ("identity", sent.protobuf.clone()),
            ("gzip", gzip(&sent.protobuf)),
            ("zstd", zstd(&sent.protobuf)),
        ] {
            copies += 1;
            let workspace = format!("grpc-{copies}");
            let headers = [("grpc-encoding", encoding), ("x-test-workspace", &workspace)];
            let answer = server
                .call(signal.method, &headers, framed(encoding != "identity", &message))
                .await;
            assert_eq!(answer.status.code(), tonic::Code::Ok, "{encoding}");
        }
        let rows = server.store.rows();
        assert_eq!((rows.len(), rows[0].count(signal.table)), (15, 3), "{signal:?}");
        assert!(rows.iter().all(|rows| *rows == rows_of(&server, 0)), "{signal:?}");
    }
}

fn rows_of(server: &Server, index: usize) -> pennyspan_schema::Rows {
    server.store.published.lock().unwrap()[index].2.clone()
}

/// Section "OTLP/gRPC": the exporters' own clients, with and without compression.
#[tokio::test(flavor = "multi_thread")]
async fn exporters_clients_are_answered() {
    let server = Server::start().await;
    let channel = channel(&server).await;
    let request = spans(vec![span(NOW.cast_unsigned(), 1), span(u64::MAX, 2)]);
    let mut traces = TraceServiceClient::new(channel.clone()).send_compressed(CompressionEncoding::Gzip);
    let partial = traces
        .export(request)
        .await
        .unwrap()
        .into_inner()
        .partial_success
        .unwrap();
    assert_eq!(partial.rejected_spans, 1);
    assert!(
        partial.error_message.contains("1 of 2 spans"),
        "{}",
        partial.error_message
    );

    let mut logs = LogsServiceClient::new(channel.clone());
    let request = ExportLogsServiceRequest::decode(&*SIGNALS[1].request(2, 0, 1).protobuf).unwrap();
    assert_eq!(logs.export(request).await.unwrap().into_inner().partial_success, None);

    let mut metrics = MetricsServiceClient::new(channel).accept_compressed(CompressionEncoding::Gzip);
    let request = ExportMetricsServiceRequest::decode(&*SIGNALS[2].request(0, 2, 1).protobuf).unwrap();
    let refused = metrics.export(request).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert!(refused.message().contains("none of the 2 data points"), "{refused}");
    let counts = [Table::Spans, Table::Logs, Table::MetricPoints].map(|table| server.store.count(table));
    assert_eq!(counts, [1, 2, 0]);
}

/// Section "Concurrent Requests": many calls at once on one HTTP/2 connection.
#[tokio::test(flavor = "multi_thread")]
async fn many_calls_share_one_connection() {
    let server = Server::start().await;
    let client = TraceServiceClient::new(channel(&server).await);
    let calls: Vec<_> = (0..100)
        .map(|call| {
            let mut client = client.clone();
            tokio::spawn(async move { client.export(spans(vec![span(NOW.cast_unsigned(), call)])).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().into_inner().partial_success, None);
    }
    assert_eq!(server.store.count(Table::Spans), 100);
    assert!(server.wal.progress().sync_count <= 101);
}

/// Section "Concurrent Requests": parallel connections of HTTP/1.1, kept alive; and one of HTTP/2.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_connections_are_kept_alive() {
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let server = Server::start().await;
    let address = server.http;
    let request = move |seed: u64| {
        let body = Full::new(bytes::Bytes::from(SPANS.request(1, 0, seed).protobuf));
        let uri = format!("http://{address}/v1/traces");
        http::Request::post(uri)
            .header("content-type", "application/x-protobuf")
            .body(body)
            .unwrap()
    };
    let connections: Vec<_> = (0..8_u64)
        .map(|connection| {
            tokio::spawn(async move {
                let stream = tokio::net::TcpStream::connect(address).await.unwrap();
                let (mut sender, io) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                    .await
                    .unwrap();
                tokio::spawn(io);
                for turn in 0..5 {
                    sender.ready().await.unwrap();
                    let answer = sender.send_request(request(connection * 10 + turn)).await.unwrap();
                    assert_eq!(answer.status(), 200);
                    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), 0);
                }
            })
        })
        .collect();
    for connection in connections {
        connection.await.unwrap();
    }
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, io) = handshake.await.unwrap();
    tokio::spawn(io);
    assert_eq!(sender.send_request(request(1000)).await.unwrap().status(), 200);
    assert_eq!(server.store.count(Table::Spans), 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_answers_what_is_in_flight() {
    let server = Server::start().await;
    let held = server.hold_publishing();
    let mut client = TraceServiceClient::new(channel(&server).await);
    let call = tokio::spawn(async move { client.export(spans(vec![span(NOW.cast_unsigned(), 1)])).await });
    while server.wal.progress().durable.0 < 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let (http, grpc) = (server.http, server.grpc);
    let silent = tokio::net::TcpStream::connect(http).await.unwrap();
    let begun = std::time::Instant::now();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(held);
    });
    let (_, store) = server.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "a silent connection keeps nobody waiting"
    );
    drop(silent);
    assert_eq!(call.await.unwrap().unwrap().into_inner().partial_success, None);
    assert_eq!(store.count(Table::Spans), 1);
    for address in [http, grpc] {
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }
}
