//! A server in this process, over a log on a real disk and a store of these tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use pennyspan_schema::{Position, Progress as _, Rows, Sink, SinkError, Table, TablePositions, Workspace};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::decode::Settings;
use crate::receive::{Collector, CollectorOptions, Unauthenticated};
use crate::replay::Replayed;
use crate::wal::{DiskDirectory, Recovery, Wal, WalId, WalOptions};

/// When these tests receive: 2026-10-08.
pub(super) const NOW: i64 = 1_791_417_600_000_000_000;

/// A store that keeps what is published, and can be full, slow or broken.
#[derive(Default)]
pub(super) struct TestStore {
    pub(super) published: Mutex<Vec<(Position, Workspace, Rows)>>,
    pub(super) versions: TablePositions,
    pub(super) flushed: Position,
    pub(super) is_full: AtomicBool,
    pub(super) fails: AtomicBool,
    /// Held by a test while publishing has to wait.
    pub(super) gate: Mutex<()>,
}

impl Sink for TestStore {
    fn room(&self, workspace: &Workspace, bytes: usize) -> Result<(), SinkError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(SinkError::Full {
                workspace: workspace.clone(),
                held_bytes: bytes,
            });
        }
        Ok(())
    }

    fn publish(&self, position: Position, workspace: &Workspace, rows: Rows) -> Result<(), SinkError> {
        let _gate = self.gate.lock().unwrap();
        if self.fails.load(Ordering::SeqCst) {
            return Err(SinkError::Failed {
                workspace: workspace.clone(),
                source: "the disk is gone".into(),
            });
        }
        self.published.lock().unwrap().push((position, workspace.clone(), rows));
        Ok(())
    }

    fn flushed(&self, _workspace: &Workspace) -> Position {
        self.flushed
    }

    fn versions(&self, _workspace: &Workspace) -> TablePositions {
        self.versions.clone()
    }
}

impl TestStore {
    /// How many rows a table has.
    pub(super) fn count(&self, table: Table) -> usize {
        self.published
            .lock()
            .unwrap()
            .iter()
            .map(|(_, _, rows)| rows.count(table))
            .sum()
    }

    /// All that was published, without its positions.
    pub(super) fn rows(&self) -> Vec<Rows> {
        let published = self.published.lock().unwrap();
        assert!(published.is_sorted_by(|one, next| one.0 < next.0), "positions rise");
        published.iter().map(|(_, _, rows)| rows.clone()).collect()
    }
}

/// A running server.
pub(super) struct Server {
    pub(super) collector: Collector,
    pub(super) store: Arc<TestStore>,
    pub(super) wal: Arc<Wal>,
    pub(super) http: SocketAddr,
    pub(super) grpc: SocketAddr,
    pub(super) now: Arc<AtomicI64>,
    pub(super) directory: Arc<TempDir>,
    pub(super) recovery: Recovery,
    ending: CancellationToken,
    serving: JoinHandle<()>,
    client: Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer over gRPC.
#[derive(Debug)]
pub(super) struct GrpcAnswer {
    pub(super) status: tonic::Status,
    pub(super) message: Bytes,
}

impl Answer {
    pub(super) fn content_type(&self) -> &str {
        self.header("content-type")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(super) async fn start_with(set: impl FnOnce(&mut CollectorOptions)) -> Self {
        let server = Self::open(Arc::new(TempDir::new().unwrap()), TestStore::default(), set).await;
        server.replay().await;
        server
    }

    /// Opens the log in `directory` and listens; requests are let in by [`Self::replay`].
    pub(super) async fn open(
        directory: Arc<TempDir>,
        store: TestStore,
        set: impl FnOnce(&mut CollectorOptions),
    ) -> Self {
        let now = Arc::new(AtomicI64::new(NOW));
        let ticking = Arc::clone(&now);
        let mut options = CollectorOptions::new(Settings::default(), Arc::new(move || ticking.load(Ordering::SeqCst)));
        options.workspace = Arc::new(|headers| match headers.get("x-test-workspace") {
            None => Ok(Workspace::default()),
            Some(name) => Workspace::new(name.to_str().unwrap_or("")).map_err(|_| Unauthenticated),
        });
        set(&mut options);
        let settings = serde_json::to_vec(&options.settings).unwrap();
        let wal_options = WalOptions {
            segment_bytes: 1 << 20,
            ..WalOptions::new(
                WalId::parse("0123456789abcdef").unwrap(),
                settings,
                Arc::clone(&options.clock),
            )
        };
        let disk = DiskDirectory::open(directory.path().join("wal")).unwrap();
        let (wal, recovery) = Wal::open(wal_options, Arc::new(disk)).unwrap();
        let (wal, store) = (Arc::new(wal), Arc::new(store));
        let collector = Collector::new(options, Arc::clone(&wal), Arc::clone(&store) as Arc<dyn Sink>);
        let (ending, http) = (
            CancellationToken::new(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let grpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = (http.local_addr().unwrap(), grpc.local_addr().unwrap());
        let (serving, end) = (collector.clone(), ending.clone());
        let serving = tokio::spawn(async move {
            let router = serving.http_router();
            let over_http = serving.serve_http(router, http, end.cancelled());
            tokio::join!(over_http, serving.serve_grpc(grpc, end.cancelled()));
            serving.drain().await;
        });
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (http, grpc) = addresses;
        Self {
            collector,
            store,
            wal,
            http,
            grpc,
            now,
            directory,
            recovery,
            ending,
            serving,
            client,
        }
    }

    pub(super) async fn replay(&self) -> Replayed {
        let (collector, recovery) = (self.collector.clone(), self.recovery.clone());
        tokio::task::spawn_blocking(move || collector.replay(&recovery))
            .await
            .unwrap()
            .unwrap()
    }

    /// Ends the server as a signal would, and gives back its directory.
    pub(super) async fn stop(self) -> (Arc<TempDir>, Arc<TestStore>) {
        self.ending.cancel();
        self.serving.await.unwrap();
        (self.directory, self.store)
    }

    /// Makes publishing wait until what this returns is dropped.
    pub(super) fn hold_publishing(&self) -> std::sync::mpsc::Sender<()> {
        let (locked, is_locked) = std::sync::mpsc::channel();
        let (release, is_released) = std::sync::mpsc::channel();
        let store = Arc::clone(&self.store);
        std::thread::spawn(move || {
            let _held = store.gate.lock().unwrap();
            locked.send(()).unwrap();
            // It ends with an error when the sender is dropped.
            let _ = is_released.recv();
        });
        is_locked.recv().unwrap();
        release
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        self.send("POST", path, headers, body.into()).await
    }

    pub(super) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.http));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .client
            .request(request.body(Full::new(body)).unwrap())
            .await
            .unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// Calls a method with a body that is framed already.
    pub(super) async fn call(&self, path: &str, headers: &[(&str, &str)], framed: Vec<u8>) -> GrpcAnswer {
        self.call_with(path, headers, Full::new(Bytes::from(framed))).await
    }

    pub(super) async fn call_with<B>(&self, path: &str, headers: &[(&str, &str)], body: B) -> GrpcAnswer
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let stream = TcpStream::connect(self.grpc).await.unwrap();
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("http://{}{path}", self.grpc));
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = sender.send_request(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/grpc");
        let of_headers = tonic::Status::from_header_map(response.headers());
        let collected = response.into_body().collect().await.unwrap();
        let of_trailers = collected.trailers().and_then(tonic::Status::from_header_map);
        connection.abort();
        GrpcAnswer {
            status: of_headers.or(of_trailers).unwrap(),
            message: collected.to_bytes(),
        }
    }

    /// The value of a counter, over all its labels that are not named.
    pub(super) fn counter(&self, name: &str, labels: &[(&'static str, &str)]) -> u64 {
        let labels: BTreeMap<_, _> = labels.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let counters = self
            .collector
            .counters()
            .into_iter()
            .filter(|counter| counter.name == name);
        let named = counters.filter(|counter| labels.iter().all(|(key, value)| counter.labels.get(key) == Some(value)));
        named.map(|counter| counter.value).sum()
    }
}

/// A message with the five bytes before it.
pub(super) fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    let mut framed = vec![u8::from(compressed)];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    framed
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}
