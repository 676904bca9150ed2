//! `pennyspan serve`: collector and pages in one process.

use std::net::SocketAddr;
use std::sync::Arc;

use pennyspan_web::routes::Exposure;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tracing::info;

use super::{answer, prices};
use crate::cli::ServeArgs;
use crate::config::{Config, InForce};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::pages::Pages;
use crate::serving::{Places, Serving, WhenTaken, listen};

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// Wrong addresses, a data directory that cannot be used, or a flush that fails at the end.
pub fn run(args: &ServeArgs, in_force: &InForce) -> anyhow::Result<Exit> {
    let config = &in_force.config;
    let places = places(config)?;
    refuse_open_doors(&places, args.without_authentication)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(&places, in_force, WhenTaken::Refuse, std::future::pending()))?;
    Ok(Exit::Passed)
}

/// Serves until a signal comes or `ended` does.
///
/// # Errors
/// As for [`run`].
pub async fn serve(
    places: &Places,
    in_force: &InForce,
    when_taken: WhenTaken,
    ended: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut opened = open(places, in_force, when_taken).await?;
    opened.keep_evaluating();
    // Whoever reads the addresses may ask the server to stop at once.
    let stopped = stop_signal();
    answer(&opened.addresses())?;
    tokio::select! {
        () = stopped => info!("stopping: answering what is in flight, then flushing"),
        () = ended => {}
        failure = opened.serving.failed() => return Err(failure),
    }
    opened.stop().await
}

/// A running server with its pages.
pub struct Opened {
    /// The collector and the store.
    pub serving: Serving,
    /// The pages.
    pub pages: Arc<Pages>,
    /// Where the pages are.
    pub web: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Opened {
    /// Evaluates the catalogue every minute from now on.
    pub fn keep_evaluating(&mut self) {
        let (pages, stopping) = (Arc::clone(&self.pages), self.serving.stopping());
        self.tasks
            .push(tokio::spawn(async move { pages.keep_evaluating(stopping).await }));
    }

    /// Answers what is in flight, ends the pages, and flushes.
    ///
    /// # Errors
    /// A flush that fails; what it did not store stays in the log.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.serving.stop().await?;
        for task in self.tasks {
            task.await?;
        }
        Ok(())
    }

    /// Returns what listens where, one line each.
    pub fn addresses(&self) -> String {
        let Serving {
            otlp_grpc, otlp_http, ..
        } = &self.serving;
        format!(
            "OTLP over gRPC    http://{otlp_grpc}\nOTLP over HTTP    http://{otlp_http}\npages             http://{}\n",
            self.web
        )
    }
}

/// Starts the collector, and the pages beside it; they are evaluated when [`Opened::keep_evaluating`] says so.
///
/// # Errors
/// As for [`run`].
pub async fn open(places: &Places, in_force: &InForce, when_taken: WhenTaken) -> anyhow::Result<Opened> {
    let config = &in_force.config;
    let listener = listen(places.web, when_taken).await?;
    let web = listener.local_addr()?;
    let serving = Serving::start(places, config, when_taken).await?;
    let exposure = if web.ip().is_loopback() {
        Exposure::Loopback
    } else {
        Exposure::Network
    };
    let books = Arc::new(prices::books(config)?);
    let pages = Arc::new(Pages::open(&serving, books, in_force, &places.data)?);
    let tasks = vec![tokio::spawn({
        let (pages, stopping) = (Arc::clone(&pages), serving.stopping());
        async move { pages.serve(listener, exposure, stopping).await }
    })];
    Ok(Opened {
        serving,
        pages,
        web,
        tasks,
    })
}

/// Reads the places of the configuration.
///
/// # Errors
/// [`Failure`] names the key whose address is none.
pub fn places(config: &Config) -> Result<Places, Failure> {
    let address = |key: &str, text: &str| {
        let bad = |error| {
            Failure::usage(format!("`serve.{key}` is no address such as 127.0.0.1:4318: {text}")).because(error)
        };
        text.parse::<SocketAddr>().map_err(bad)
    };
    let serve = &config.serve;
    Ok(Places {
        data: config.data.clone().into(),
        wal: (!serve.wal.is_empty()).then(|| serve.wal.clone().into()),
        otlp_grpc: address("otlp_grpc", &serve.otlp_grpc)?,
        otlp_http: address("otlp_http", &serve.otlp_http)?,
        web: address("web", &serve.web)?,
        firehose_key_sha256: key_sha256("firehose_key_sha256", &serve.firehose_key_sha256)?,
    })
}

/// Reads the hash of a key that senders must have; empty: none.
fn key_sha256(key: &str, text: &str) -> Result<Option<[u8; 32]>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut hash = [0; 32];
    let read = hex::decode_to_slice(text, &mut hash);
    read.map_err(|error| {
        let wanted = "64 hexadecimal digits, as `printf %s KEY | sha256sum` prints them";
        Failure::usage(format!("`serve.{key}` is no SHA-256: expected {wanted}")).because(error)
    })?;
    Ok(Some(hash))
}

/// Refuses to listen beyond this machine, where anyone could send and read, unless that is said in words.
fn refuse_open_doors(places: &Places, without_authentication: bool) -> Result<(), Failure> {
    let open = [places.otlp_grpc, places.otlp_http, places.web]
        .into_iter()
        .find(|address| !address.ip().is_loopback());
    match open {
        Some(address) if !without_authentication => Err(Failure::usage(format!(
            "{address} can be reached from the network, and this server asks nobody who they are; \
             listen on 127.0.0.1 behind a proxy that does, or say --without-authentication"
        ))),
        _ => Ok(()),
    }
}

/// Listens for SIGTERM and SIGINT from now on; what is returned ends when one of them comes.
pub(super) fn stop_signal() -> impl Future<Output = ()> {
    let [mut terminate, mut interrupt] =
        [SignalKind::terminate(), SignalKind::interrupt()].map(|kind| signal(kind).ok());
    async move {
        tokio::select! {
            () = came(&mut terminate) => {}
            () = came(&mut interrupt) => {}
        }
    }
}

/// Ends when a signal comes; one that cannot be listened for never does.
async fn came(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
