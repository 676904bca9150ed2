//! The protocols' servers: from a socket to a durable, visible, answered request.
//!
//! Every request goes one way, whatever its protocol: it is admitted by the bytes that it declares, where they and their rows
//! have room, read and decompressed within limits, recognised if it came before, decoded, appended to the log, published,
//! answered.
//! A request of which nothing is acceptable is refused before it is logged; one with some bad items is logged as it came.
//!
//! What is worth sending again is refused so that senders do: `UNAVAILABLE` with `RetryInfo` over gRPC, 503 or 429 with
//! `Retry-After` over HTTP.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ::http::HeaderMap;
use pennyspan_schema::progress::{LastDone, Waiting};
use pennyspan_schema::{Counter, Progress, Sink, Workspace};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::replay::{ReplayError, Replayed};
use crate::request::ContentEncoding;
use crate::wal::{Recovery, Wal};
use admission::InFlight;
use decoders::Decoders;
use metrics::Metrics;
use path::Arrived;
use rate::Rate;
use refusal::Refusal;
use room::{Promise, Room};

mod admission;
mod body;
mod decoders;
mod export;
mod firehose;
mod grpc;
mod http;
mod metrics;
mod options;
mod path;
mod rate;
mod receipt;
mod refusal;
mod room;
mod route;
mod serve;
mod status;

pub use options::{CollectorOptions, ConnectionLimits, Unauthenticated, WorkspaceChooser};
pub use receipt::Receipt;
pub use route::own_paths;

/// How many bytes of rows a byte of a compressed body becomes at least, but for odd ones; of a plain body it is one. What the rows
/// really take is asked for when they are there.
const COMPRESSED_RATIO: usize = 4;

/// Receives requests over every protocol. Cloning gives another handle to the same collector.
#[derive(Clone)]
pub struct Collector {
    inner: Arc<Inner>,
}

struct Inner {
    options: CollectorOptions,
    wal: Arc<Wal>,
    sink: Arc<dyn Sink>,
    in_flight: Arc<InFlight>,
    room: Arc<Room>,
    rate: Rate,
    decoders: Decoders,
    /// Requests on their way, which outlive their connections.
    tasks: TaskTracker,
    metrics: Metrics,
    /// Whether requests are let in.
    open: AtomicBool,
    /// Whether the log of earlier runs is read.
    replayed: AtomicBool,
    /// What opening the log and reading it found amiss.
    damage: OnceLock<Vec<String>>,
    /// Why nothing is taken until a restart.
    stopped: OnceLock<Arc<str>>,
}

/// A request that may come in, before its body is read.
struct Entered {
    workspace: Workspace,
    received_at_unix_nano: i64,
}

impl Collector {
    /// A collector over a log and a store. It refuses requests, as worth sending again, until [`Self::replay`] begins.
    #[must_use]
    pub fn new(options: CollectorOptions, wal: Arc<Wal>, sink: Arc<dyn Sink>) -> Self {
        let inner = Inner {
            in_flight: InFlight::new(options.inflight_bytes),
            room: Arc::default(),
            rate: Rate::new(options.workspace_bytes_per_s),
            decoders: Decoders::start(options.decoders),
            tasks: TaskTracker::new(),
            metrics: Metrics::default(),
            open: AtomicBool::new(false),
            replayed: AtomicBool::new(false),
            damage: OnceLock::new(),
            stopped: OnceLock::new(),
            options,
            wal,
            sink,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Lets requests in, and publishes what earlier runs made durable and did not store; done once, it does nothing more. It
    /// blocks, and listening may begin before.
    ///
    /// Requests that come meanwhile are made durable at once, and become visible, and are answered, when it is done. A copy of
    /// a request of an earlier run waits for that one's answer.
    ///
    /// # Errors
    /// [`ReplayError`] where the log cannot be read, or the store takes no rows; no request is taken from then on.
    pub fn replay(&self, recovery: &Recovery) -> Result<Replayed, ReplayError> {
        let inner = &*self.inner;
        if inner.open.load(Ordering::Acquire) {
            return Ok(Replayed::default());
        }
        let held = inner.wal.hold();
        inner.open.store(true, Ordering::Release);
        let replayed =
            crate::replay::replay(&inner.wal, &*inner.sink, &inner.options.settings).inspect_err(|error| {
                inner.stopped.get_or_init(|| error.to_string().into());
            })?;
        inner.damage.get_or_init(|| replayed.degraded(recovery));
        inner.replayed.store(true, Ordering::Release);
        held.let_go();
        Ok(replayed)
    }

    /// What an earlier run left and is not read yet, in a sentence; `None` when all is read.
    #[must_use]
    pub fn unread(&self) -> Option<String> {
        let replayed = self.inner.replayed.load(Ordering::Acquire);
        (!replayed).then(|| "requests of an earlier run are still being read from the write-ahead log".to_owned())
    }

    /// The router of HTTP: the routes of the OpenTelemetry protocol and our own, and refusals in the protocol's form elsewhere.
    pub fn http_router(&self) -> axum::Router {
        http::router(self)
    }

    /// Serves `router` until `shutdown` ends, and returns when what was in flight is answered.
    ///
    /// Slow, silent and endless connections are ended by the collector's [`ConnectionLimits`].
    pub async fn serve_http(&self, router: axum::Router, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        serve::http(router, listener, self.inner.options.connections.clone(), shutdown).await;
    }

    /// Serves gRPC until `shutdown` ends, and returns when what was in flight is answered.
    pub async fn serve_grpc(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        serve::grpc(self.clone(), listener, self.inner.options.connections.clone(), shutdown).await;
    }

    /// Waits for requests on their way whose senders are gone. Called after the servers have ended.
    pub async fn drain(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Takes a request in a task of its own, which goes on if the sender goes away.
    async fn accept(&self, arrived: Arrived) -> Result<Receipt, Refusal> {
        let inner = Arc::clone(&self.inner);
        let taken = self.inner.tasks.spawn(inner.take(arrived));
        taken.await.unwrap_or(Err(Refusal::Fault))
    }
}

impl Inner {
    /// Lets a request in by its header, before its body is read.
    fn enter(&self, headers: &HeaderMap) -> Result<Entered, Refusal> {
        let workspace = (self.options.workspace)(headers)?;
        self.ready()?;
        let received_at_unix_nano = (self.options.clock)();
        self.rate.admit(&workspace, received_at_unix_nano)?;
        Ok(Entered {
            workspace,
            received_at_unix_nano,
        })
    }

    /// Asks the store for room for the rows of a body, by its length; a body that is too long is refused for that.
    fn promise(
        &self,
        workspace: &Workspace,
        encoding: ContentEncoding,
        declared_bytes: usize,
    ) -> Result<Promise, Refusal> {
        let limit_bytes = self.options.settings.request_bytes;
        if declared_bytes > limit_bytes {
            return Err(Refusal::TooLarge { limit_bytes });
        }
        let ratio = match encoding {
            ContentEncoding::Identity => 1,
            ContentEncoding::Gzip | ContentEncoding::Zstd => COMPRESSED_RATIO,
        };
        let rows_bytes = declared_bytes.saturating_mul(ratio).min(limit_bytes);
        Ok(self.room.promise(&*self.sink, workspace, rows_bytes)?)
    }

    /// Says whether requests are taken.
    fn ready(&self) -> Result<(), Refusal> {
        if let Some(reason) = self.stopped.get() {
            return Err(Refusal::Stopped {
                reason: Arc::clone(reason),
            });
        }
        if !self.open.load(Ordering::Acquire) {
            return Err(Refusal::Starting);
        }
        Ok(())
    }
}

impl Progress for Collector {
    fn counters(&self) -> Vec<Counter> {
        let inner = &*self.inner;
        let wal = inner.wal.progress();
        let gauge = |name, value| Counter {
            name,
            labels: std::collections::BTreeMap::new(),
            value,
        };
        let mut counters = inner.metrics.counters();
        counters.extend([
            gauge("inflight_bytes", inner.in_flight.held_bytes() as u64),
            gauge("wal_queued_bytes", wal.queued_bytes as u64),
            gauge("wal_segment_bytes", wal.segment_bytes),
            gauge("wal_syncs_total", wal.sync_count),
            gauge("requests_forgotten_early_total", inner.wal.seen().forgotten_early()),
        ]);
        counters.extend(inner.metrics.parts.counters());
        counters
    }

    fn last_done(&self) -> LastDone {
        LastDone {
            fsync_unix_nano: self.inner.wal.progress().last_sync_unix_nano,
            ..LastDone::default()
        }
    }

    fn waiting(&self) -> Waiting {
        Waiting {
            fsync_unix_nano: self.inner.wal.progress().writing_since_unix_nano,
            ..Waiting::default()
        }
    }

    fn damaged(&self) -> Vec<String> {
        self.inner.damage.get().cloned().unwrap_or_default()
    }

    fn degraded(&self) -> Vec<String> {
        let inner = &*self.inner;
        let mut degraded: Vec<String> = Vec::new();
        degraded.extend(inner.wal.progress().stopped.map(|error| error.to_string()));
        degraded.extend(inner.stopped.get().map(ToString::to_string));
        degraded.dedup();
        degraded
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector")
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
