//! The collector, the store and the pages in one process: opened in order, driven by one clock, closed without loss.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pennyspan_collector::decode::Settings;
use pennyspan_collector::receive::{Collector, CollectorOptions};
use pennyspan_collector::replay::ReplayError;
use pennyspan_collector::wal::{DiskDirectory, Recovery, Wal, WalId, WalOptions};
use pennyspan_schema::{Progress as _, Sink as _};
use pennyspan_store::durable::{DataDir, DurableOptions, DurableStore};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use crate::clock;
use crate::config::{Config, Storage};
use crate::failure::Failure;
use crate::threads::Threads;

/// How often it is asked whether a flush is due.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Where everything is and listens, and what its doors ask for.
#[derive(Clone, Debug)]
pub struct Places {
    /// The data directory.
    pub data: PathBuf,
    /// The write-ahead log's directory; `DATA/wal` where none is given.
    pub wal: Option<PathBuf>,
    /// OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
    /// OTLP and the vendor routes over HTTP.
    pub otlp_http: SocketAddr,
    /// The pages.
    pub web: SocketAddr,
    /// SHA-256 of the access key that Firehose must send; any or none where none is set.
    pub firehose_key_sha256: Option<[u8; 32]>,
}

/// What to do where an address is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenTaken {
    /// Refuse to start.
    Refuse,
    /// Take the next free port.
    TakeNext,
}

/// A running server.
pub struct Serving {
    /// The tables.
    pub store: Arc<DurableStore>,
    /// The receiver.
    pub collector: Collector,
    /// Where gRPC listens.
    pub otlp_grpc: SocketAddr,
    /// Where HTTP listens.
    pub otlp_http: SocketAddr,
    wal: Arc<Wal>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    replay: Option<JoinHandle<Result<(), ReplayError>>>,
    upkeep: Vec<JoinHandle<()>>,
    /// Where servers and upkeep run.
    _threads: [Threads; 2],
}

impl Serving {
    /// Opens the directory, listens, and begins to read what an earlier run left in the log; requests are taken meanwhile.
    ///
    /// # Errors
    /// A directory that another process writes or a later version wrote, a log that cannot be opened, or an address that is
    /// taken.
    pub async fn start(places: &Places, config: &Config, when_taken: WhenTaken) -> anyhow::Result<Self> {
        let grpc = listen(places.otlp_grpc, when_taken).await?;
        let http = listen(places.otlp_http, when_taken).await?;
        let (otlp_grpc, otlp_http) = (grpc.local_addr()?, http.local_addr()?);
        let (doors, keeping) = (Threads::doors()?, Threads::upkeep()?);
        let (grpc, http) = (doors.listener(grpc)?, doors.listener(http)?);
        let options = DurableOptions {
            retention: config.retention(),
            ..durable_options(&config.storage)
        };
        let directory = DataDir::open(&places.data, options).await?;
        let log = places.wal.clone().unwrap_or_else(|| places.data.join("wal"));
        let (wal, recovery) = open_wal(&log, &config.limits, &directory)?;
        let store = Arc::new(directory.follow(&wal.id().to_string()).await?);
        let sink: Arc<dyn pennyspan_schema::Sink> = Arc::clone(&store) as _;
        let options = CollectorOptions {
            firehose_key_sha256: places.firehose_key_sha256,
            ..collector_options(config)
        };
        let collector = Collector::new(options, Arc::clone(&wal), sink);
        let (stop, stopped) = watch::channel(false);
        let servers = vec![
            doors.spawn({
                let (collector, stopped) = (collector.clone(), stopped.clone());
                async move {
                    collector
                        .serve_http(collector.http_router(), http, until(stopped))
                        .await;
                }
            }),
            doors.spawn({
                let (collector, stopped) = (collector.clone(), stopped.clone());
                async move { collector.serve_grpc(grpc, until(stopped)).await }
            }),
        ];
        let replaying = collector.clone();
        let replay = tokio::task::spawn_blocking(move || replay(&replaying, &recovery));
        let fold_every = Duration::from_millis(config.storage.fold_every_ms.into());
        let upkeep = vec![
            keeping.spawn(fold(Arc::clone(&store), fold_every, stopped.clone())),
            keeping.spawn(flush(Arc::clone(&store), Arc::clone(&wal), collector.clone(), stopped)),
        ];
        Ok(Self {
            store,
            collector,
            otlp_grpc,
            otlp_http,
            wal,
            stop,
            servers,
            replay: Some(replay),
            upkeep,
            _threads: [doors, keeping],
        })
    }

    /// Waits for a failure after which the server has to end: a log that cannot be read back. Without one it waits for ever.
    pub async fn failed(&mut self) -> anyhow::Error {
        if let Some(replay) = &mut self.replay {
            let ended = replay.await;
            self.replay = None;
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(error) => return error.into(),
            }
        }
        std::future::pending().await
    }

    /// Returns a future that ends when the server is told to stop.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        until(self.stop.subscribe())
    }

    /// Stops accepting, answers what is in flight, flushes, and closes the log.
    ///
    /// # Errors
    /// A log that cannot be read back, or a flush that fails; what it did not store stays in the log.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        if let Some(replay) = self.replay {
            replay.await??;
        }
        for task in self.servers {
            task.await?;
        }
        self.collector.drain().await;
        for task in self.upkeep {
            task.await?;
        }
        self.store.fold_dirty().await?;
        self.store.flush_all().await?;
        release(&self.store, &self.wal);
        Ok(())
    }
}

/// Publishes what an earlier run left in the log.
fn replay(collector: &Collector, recovery: &Recovery) -> Result<(), ReplayError> {
    let replayed = collector.replay(recovery)?;
    if replayed.published > 0 {
        info!(
            frames = replayed.published,
            rows = replayed.rows,
            "read {} requests of an earlier run from the log",
            replayed.published
        );
    }
    for sentence in collector.damaged() {
        warn!("{sentence}");
    }
    Ok(())
}

/// Returns how requests are received, with the program's clock.
fn collector_options(config: &Config) -> CollectorOptions {
    CollectorOptions {
        inflight_bytes: config.serve.inflight_bytes,
        workspace_bytes_per_s: NonZeroU64::new(config.serve.workspace_bytes_per_s),
        ..CollectorOptions::new(config.limits.clone(), clock::shared())
    }
}

/// Returns the options of a data directory, with the program's clock; every row is kept.
pub fn durable_options(storage: &Storage) -> DurableOptions {
    DurableOptions {
        flush_bytes: storage.flush_bytes,
        flush_nanos: i64::from(storage.flush_age_ms) * 1_000_000,
        hot_bytes: storage.hot_bytes,
        live_files: storage.live_files,
        stage: Arc::new(pennyspan_collector::fault::reached),
        ..DurableOptions::new(clock::shared())
    }
}

/// Binds an address, or where it is taken and that is wanted, the next free port.
///
/// # Errors
/// [`Failure`] names the address and what to do.
pub async fn listen(address: SocketAddr, when_taken: WhenTaken) -> Result<TcpListener, Failure> {
    let mut at = address;
    loop {
        match TcpListener::bind(at).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && when_taken == WhenTaken::TakeNext => {
                at.set_port(at.port().checked_add(1).ok_or_else(|| taken(address, error))?);
            }
            Err(error) => return Err(taken(at, error)),
        }
    }
}

fn taken(address: SocketAddr, error: std::io::Error) -> Failure {
    Failure::usage(format!(
        "cannot listen on {address}; give another address, or end what listens there"
    ))
    .because(error)
}

/// Follows a directory's write-ahead log, and writes what it holds into the tables' files; nothing listens.
///
/// # Errors
/// A log that cannot be read, or files that cannot be written.
pub async fn recovered(directory: DataDir, log: &Path, config: &Config) -> anyhow::Result<Arc<DurableStore>> {
    let (wal, recovery) = open_wal(log, &config.limits, &directory)?;
    let store = Arc::new(directory.follow(&wal.id().to_string()).await?);
    let sink: Arc<dyn pennyspan_schema::Sink> = Arc::clone(&store) as _;
    let collector = Collector::new(collector_options(config), Arc::clone(&wal), sink);
    let replayed = tokio::task::spawn_blocking(move || collector.replay(&recovery)).await??;
    if replayed.damaged > 0 {
        warn!("the write-ahead log is damaged in {} places", replayed.damaged);
    }
    store.flush_all().await?;
    release(&store, &wal);
    Ok(store)
}

fn open_wal(log: &Path, settings: &Settings, directory: &DataDir) -> anyhow::Result<(Arc<Wal>, Recovery)> {
    let written = serde_json::to_vec(settings).context("the decode settings cannot be written")?;
    let mut options = WalOptions::new(fresh_id(), written, clock::shared());
    options.above = directory.highest_position();
    let folder =
        DiskDirectory::open(log).with_context(|| format!("cannot open the write-ahead log at {}", log.display()))?;
    let (wal, recovery) = Wal::open(options, Arc::new(folder))?;
    Ok((Arc::new(wal), recovery))
}

/// Returns an id for a log that has none yet.
fn fresh_id() -> WalId {
    use std::hash::{BuildHasher as _, RandomState};
    let text = format!("{:016x}", RandomState::new().hash_one(clock::now_unix_nano()));
    WalId::parse(&text).expect("sixteen hex digits are an id")
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the server.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn fold(store: Arc<DurableStore>, every: Duration, stopped: watch::Receiver<bool>) {
    while !paused(every, &stopped).await {
        if let Err(error) = store.fold_dirty().await {
            error!("folding failed, and is tried again: {error}");
        }
    }
}

/// Flushes what is due; the first time at once, because an earlier run may have left more in the log than there is room for.
///
/// The log keeps its segments until they are read back: what is stored already is read for the answers that its copies get.
async fn flush(store: Arc<DurableStore>, wal: Arc<Wal>, collector: Collector, stopped: watch::Receiver<bool>) {
    loop {
        match store.flush_due().await {
            Ok(()) if collector.unread().is_some() => {}
            Ok(()) => release(&store, &wal),
            Err(error) => error!("a flush failed, and is tried again: {error}"),
        }
        if paused(FLUSH_EVERY, &stopped).await {
            return;
        }
    }
}

/// Lets go of the log's segments that every workspace has flushed past.
fn release(store: &DurableStore, wal: &Wal) {
    if let Err(error) = wal.release(|workspace| store.flushed(workspace)) {
        warn!("segments of the log could not be removed, and are tried again: {error}");
    }
}

/// Waits, and returns whether the server was told to stop meanwhile.
async fn paused(time: Duration, stopped: &watch::Receiver<bool>) -> bool {
    tokio::time::timeout(time, until(stopped.clone())).await.is_ok()
}
