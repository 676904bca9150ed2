//! How the servers are set.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use pennyspan_schema::Workspace;

use crate::decode::Settings;
use crate::wal::Clock;

/// Tells the workspace that a request's credential chooses, or that it has none that does.
pub type WorkspaceChooser = Arc<dyn Fn(&HeaderMap) -> Result<Workspace, Unauthenticated> + Send + Sync>;

/// A request without a credential that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no credential that this server knows came with the request; send `authorization: Bearer <token>`")]
pub struct Unauthenticated;

/// How requests are received.
#[derive(Clone)]
pub struct CollectorOptions {
    /// Limits of decoding; the same that stand at the head of the log's segments.
    pub settings: Settings,
    /// Tells a request's workspace.
    pub workspace: WorkspaceChooser,
    /// Tells when a request is received.
    pub clock: Clock,
    /// Bytes that all requests in flight may hold: bodies as received, decompressed, and rows not yet visible.
    pub inflight_bytes: usize,
    /// Requests that are decoded at once.
    pub decoders: usize,
    /// Bytes a second that one workspace may send, as received; without it, as many as there is room for.
    pub workspace_bytes_per_s: Option<NonZeroU64>,
    /// SHA-256 of the access key that Firehose must send; without it, any or none.
    pub firehose_key_sha256: Option<[u8; 32]>,
    /// After how long a refused sender is asked to try again; whole seconds.
    pub retry_after: Duration,
    /// Limits of each connection.
    pub connections: ConnectionLimits,
}

impl CollectorOptions {
    /// Options with the usual limits, which take every request into the default workspace.
    #[must_use]
    pub fn new(settings: Settings, clock: Clock) -> Self {
        Self {
            settings,
            workspace: Arc::new(|_| Ok(Workspace::default())),
            clock,
            inflight_bytes: 256 << 20,
            decoders: std::thread::available_parallelism().map_or(2, usize::from),
            workspace_bytes_per_s: None,
            firehose_key_sha256: None,
            retry_after: Duration::from_secs(1),
            connections: ConnectionLimits::default(),
        }
    }
}

impl fmt::Debug for CollectorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorOptions")
            .field("settings", &self.settings)
            .field("inflight_bytes", &self.inflight_bytes)
            .field("decoders", &self.decoders)
            .field("workspace_bytes_per_s", &self.workspace_bytes_per_s)
            .field("retry_after", &self.retry_after)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Limits of each connection, so that slow and silent peers hold nothing for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections of one listener at once; further ones wait to be accepted.
    pub connections: usize,
    /// How long a connection may take to begin.
    pub header_timeout: Duration,
    /// How long the next request's header may take on an HTTP/1.1 connection. Longer than senders keep idle connections, so
    /// that none is closed just when it is used again.
    pub idle_timeout: Duration,
    /// How long a body may bring no byte.
    pub body_idle_timeout: Duration,
    /// How long a whole body may take.
    pub body_timeout: Duration,
    /// The most bytes of a request's header.
    pub header_bytes: u32,
    /// Requests at once on one HTTP/2 connection.
    pub concurrent_streams: u32,
    /// How long a silent HTTP/2 connection is left alone before it is asked for a sign of life.
    pub ping_interval: Duration,
    /// How long that sign may take.
    pub ping_timeout: Duration,
    /// How long connections may take to finish when the server ends.
    pub drain_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(95),
            body_idle_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_mins(1),
            header_bytes: 32 << 10,
            concurrent_streams: 256,
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(20),
        }
    }
}
