//! Requests sent again, restarts, and senders that go away. The sections are those of the OpenTelemetry protocol specification.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use pennyspan_schema::{Position, Progress as _, Table};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::replay::Replayed;

use super::server::{Server, TestStore, framed, gzip, zstd};
use super::signals::{SIGNALS, SPANS, partial_success};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// Section "Duplicate Data": a batch that is sent again is counted once, and answered as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_sent_again_is_counted_once() {
    let server = Server::start().await;
    for signal in SIGNALS {
        let sent = signal.request(2, 1, 1).protobuf;
        let first = server.post(signal.path, &[PROTOBUF], sent.clone()).await;
        let expected = partial_success(&first.body).unwrap();
        assert_eq!(expected.0, 1);
        for (encoding, body) in [("identity", sent.clone()), ("gzip", gzip(&sent)), ("zstd", zstd(&sent))] {
            let again = server
                .post(signal.path, &[PROTOBUF, ("content-encoding", encoding)], body)
                .await;
            assert_eq!(
                (again.status.as_u16(), partial_success(&again.body)),
                (200, Some(expected.clone())),
                "{encoding}"
            );
        }
        let over_grpc = server.call(signal.method, &[], framed(false, &sent)).await;
        assert_eq!(partial_success(&over_grpc.message[5..]), Some(expected));
        assert_eq!(server.store.count(signal.table), 2, "{signal:?}");
    }
    assert_eq!(server.counter("requests_duplicate_total", &[]), 12);
    assert_eq!(server.counter("items_accepted_total", &[]), 6);
}

/// Section "Request Acknowledgements": a copy that comes while the first is on its way is not answered before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_waits_for_the_first() {
    let server = Arc::new(Server::start().await);
    let sent = SPANS.request(1, 1, 1).protobuf;
    let post = |server: &Arc<Server>| {
        let (server, body) = (Arc::clone(server), sent.clone());
        tokio::spawn(async move { server.post("/v1/traces", &[PROTOBUF], body).await })
    };
    let held = server.hold_publishing();
    let first = post(&server);
    while server.wal.progress().durable.0 < 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let copy = post(&server);
    while server.wal.seen().repeats() < 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!first.is_finished() && !copy.is_finished(), "nothing is visible yet");
    drop(held);
    let (first, copy) = (first.await.unwrap(), copy.await.unwrap());
    assert_eq!((first.status.as_u16(), first.body), (copy.status.as_u16(), copy.body));
    assert_eq!(server.store.count(Table::Spans), 1);
}

/// Section "Known Limitations": a restart keeps what was acknowledged, once, and remembers what it was answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_gives_the_same_rows_once() {
    let server = Server::start().await;
    for (seed, signal) in (1..).zip(SIGNALS) {
        let sent = signal.request(3, 1, seed);
        assert_eq!(
            server.post(signal.path, &[PROTOBUF], gzip(&sent.protobuf)).await.status,
            400,
            "gzip unannounced"
        );
        assert_eq!(server.post(signal.path, &[PROTOBUF], sent.protobuf).await.status, 200);
        let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
        assert_eq!(
            server
                .post(signal.path, &headers, gzip(&signal.request(2, 0, seed + 10).json))
                .await
                .status,
            200
        );
    }
    let (directory, before) = server.stop().await;

    let server = Server::open(directory, TestStore::default(), |_| {}).await;
    let early = server
        .post("/v1/traces", &[PROTOBUF], SPANS.request(3, 1, 1).protobuf)
        .await;
    assert_eq!(
        (early.status.as_u16(), early.header("retry-after")),
        (503, "1"),
        "not before the log is read"
    );
    assert!(server.collector.unread().is_some());
    let replayed = server.replay().await;
    assert_eq!(
        (replayed.frames, replayed.published, replayed.rows, replayed.undecodable),
        (6, 6, 15, 0)
    );
    assert_eq!(server.store.rows(), before.rows());
    assert_eq!(server.replay().await, Replayed::default(), "the log is read once");
    for (seed, signal) in (1..).zip(SIGNALS) {
        let again = server
            .post(signal.path, &[PROTOBUF], signal.request(3, 1, seed).protobuf)
            .await;
        assert_eq!(
            partial_success(&again.body).map(|partial| partial.0),
            Some(1),
            "{signal:?}"
        );
        let fresh = server
            .post(signal.path, &[PROTOBUF], signal.request(1, 0, seed + 20).protobuf)
            .await;
        assert_eq!(fresh.body.len(), 0);
    }
    assert_eq!(server.counter("requests_duplicate_total", &[]), 3);
    assert_eq!(server.store.rows().len(), 9);
    assert!(server.collector.degraded().is_empty() && server.collector.unread().is_none());
}

/// After a crash some tables hold more of the log than others: each gets only what it lacks.
#[tokio::test(flavor = "multi_thread")]
async fn replay_gives_each_table_what_it_lacks() {
    let server = Server::start().await;
    for seed in 1..=3 {
        for signal in SIGNALS {
            assert_eq!(
                server
                    .post(signal.path, &[PROTOBUF], signal.request(1, 0, seed).protobuf)
                    .await
                    .status,
                200
            );
        }
    }
    let (directory, _) = server.stop().await;
    let mut store = TestStore {
        flushed: Position(2),
        ..TestStore::default()
    };
    store.versions.insert(Table::Spans, Position(7));
    store.versions.insert(Table::Logs, Position(4));
    let server = Server::open(directory, store, |_| {}).await;
    let replayed = server.replay().await;
    assert_eq!(
        (replayed.frames, replayed.published),
        (9, 7),
        "all above what is flushed, so that the store's position goes on"
    );
    let counts = [Table::Spans, Table::Logs, Table::MetricPoints].map(|table| server.store.count(table));
    assert_eq!(counts, [0, 2, 3]);
    let again = server
        .post("/v1/traces", &[PROTOBUF], SPANS.request(1, 0, 1).protobuf)
        .await;
    assert_eq!(
        (again.status.as_u16(), server.counter("requests_duplicate_total", &[])),
        (200, 1)
    );
}

/// Rows that are durable and cannot be made visible are not answered; a restart brings them, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_store_stops_the_server_until_a_restart() {
    let server = Server::start().await;
    server.store.fails.store(true, Ordering::SeqCst);
    let sent = SPANS.request(2, 0, 1).protobuf;
    for reason in ["store_failed", "stopped", "stopped"] {
        let answer = server.post("/v1/traces", &[PROTOBUF], sent.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
        assert!(server.counter("requests_refused_total", &[("reason", reason)]) > 0);
        server.store.fails.store(false, Ordering::SeqCst);
    }
    assert_eq!(
        (server.store.count(Table::Spans), server.collector.degraded().len()),
        (0, 1)
    );
    let (directory, _) = server.stop().await;
    let server = Server::open(directory, TestStore::default(), |_| {}).await;
    server.replay().await;
    assert_eq!(server.post("/v1/traces", &[PROTOBUF], sent).await.status, 200);
    assert_eq!(server.store.count(Table::Spans), 2, "sent twice more, stored once");
}

/// A sender that goes away after its last byte loses nothing, and one that goes away before leaves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn senders_that_go_away_leave_whole_requests_or_none() {
    let server = Server::start().await;
    for seed in 0..40 {
        let body = SPANS.request(1, 0, seed).protobuf;
        let mut stream = TcpStream::connect(server.http).await.unwrap();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
            body.len() + usize::from(seed % 2 == 0)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
    }
    let mut seeds = Vec::new();
    for seed in (1..40).step_by(2) {
        // Sent again, as a sender does that saw no answer.
        assert_eq!(
            server
                .post("/v1/traces", &[PROTOBUF], SPANS.request(1, 0, seed).protobuf)
                .await
                .status,
            200
        );
        seeds.push(seed);
    }
    assert_eq!(server.store.count(Table::Spans), seeds.len());
    let (directory, _) = server.stop().await;
    let server = Server::open(directory, TestStore::default(), |_| {}).await;
    server.replay().await;
    assert_eq!(server.store.count(Table::Spans), seeds.len());
    assert_eq!(server.counter("inflight_bytes", &[]), 0);
}

/// Reading the log back takes as long as it takes: requests that come meanwhile are durable at once, none is doubled or lost.
#[tokio::test(flavor = "multi_thread")]
async fn requests_are_taken_while_the_log_is_read_back() {
    let before = Server::start().await;
    for seed in 1..=3 {
        let sent = SPANS.request(1, 0, seed).protobuf;
        assert_eq!(before.post("/v1/traces", &[PROTOBUF], sent).await.status, 200);
    }
    let (directory, _) = before.stop().await;
    let server = Arc::new(Server::open(directory, TestStore::default(), |_| {}).await);
    let post = |seed| {
        let server = Arc::clone(&server);
        let sent = SPANS.request(1, 0, seed).protobuf;
        tokio::spawn(async move { server.post("/v1/traces", &[PROTOBUF], sent).await })
    };
    let held = server.hold_publishing();
    let replaying = {
        let server = Arc::clone(&server);
        tokio::spawn(async move { server.replay().await })
    };
    while server.collector.inner.ready().is_err() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let (copy, fresh) = (post(3), post(9));
    while server.wal.progress().durable < Position(4) || server.wal.seen().repeats() < 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!copy.is_finished() && !fresh.is_finished(), "nothing is visible yet");
    assert_eq!(server.store.count(Table::Spans), 0);
    assert!(
        server.collector.unread().is_some(),
        "that it is still read back is said"
    );
    drop(held);
    assert_eq!(replaying.await.unwrap().published, 3);
    assert_eq!(
        (copy.await.unwrap().status, fresh.await.unwrap().status),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(
        server.wal.progress().durable,
        Position(4),
        "the copy is not stored again"
    );
    assert_eq!(server.store.rows().len(), 4, "each once, in the order of positions");
    assert!(server.collector.degraded().is_empty());
}

/// Where the log cannot be read back, what came meanwhile is kept in it and never becomes visible before what it came after.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_back_stops_the_server() {
    let before = Server::start().await;
    assert_eq!(
        before
            .post("/v1/traces", &[PROTOBUF], SPANS.request(1, 0, 1).protobuf)
            .await
            .status,
        200
    );
    let (directory, _) = before.stop().await;
    let store = TestStore::default();
    store.fails.store(true, Ordering::SeqCst);
    let server = Arc::new(Server::open(directory, store, |_| {}).await);
    let held = server.hold_publishing();
    let replaying = {
        let (collector, recovery) = (server.collector.clone(), server.recovery.clone());
        tokio::task::spawn_blocking(move || collector.replay(&recovery))
    };
    while server.collector.inner.ready().is_err() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let fresh = {
        let server = Arc::clone(&server);
        let sent = SPANS.request(1, 0, 9).protobuf;
        tokio::spawn(async move { server.post("/v1/traces", &[PROTOBUF], sent).await })
    };
    while server.wal.progress().durable < Position(2) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    drop(held);
    replaying.await.unwrap().unwrap_err();
    server.store.fails.store(false, Ordering::SeqCst);
    let (fresh, later) = (
        fresh.await.unwrap(),
        server
            .post("/v1/traces", &[PROTOBUF], SPANS.request(1, 0, 10).protobuf)
            .await,
    );
    assert_eq!((fresh.status.as_u16(), later.status.as_u16()), (503, 503));
    assert_eq!(server.store.count(Table::Spans), 0);
    assert!(
        server
            .collector
            .degraded()
            .iter()
            .any(|told| told.contains("cannot publish"))
    );
}
