//! Accepts connections, and ends them when the server ends.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::options::ConnectionLimits;
use super::{Collector, grpc};

/// How an HTTP/2 connection begins (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long accepting pauses after the operating system refused it, as when there are no file handles left.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a connection is looked at again that began like HTTP/2 and sent less than its preface.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The largest frame that an HTTP/2 sender may send: more than the protocol's usual 16 KiB, so that a body comes in few pieces,
/// and little enough that those of all connections, which are held before they are asked for, take little memory.
const FRAME_BYTES: u32 = 64 << 10;

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    Http1,
    Http2,
}

/// Serves HTTP, versions 1 and 2, until `shutdown` ends and what is in flight then is answered.
pub(super) async fn http(
    router: Router,
    listener: TcpListener,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) {
    let serving = limits.clone();
    accept(listener, &limits, shutdown, move |stream, ending| {
        let (service, limits) = (TowerToHyperService::new(router.clone()), serving.clone());
        async move {
            match speaks(&stream, &limits, &ending).await {
                Some(Speaks::Http1) => {
                    let connection = http1_limits(&limits).serve_connection(TokioIo::new(stream), service);
                    until(connection, ending, http1::Connection::graceful_shutdown).await;
                }
                Some(Speaks::Http2) => {
                    let connection = http2_limits(&limits).serve_connection(TokioIo::new(stream), service);
                    until(connection, ending, http2::Connection::graceful_shutdown).await;
                }
                None => {}
            }
        }
    })
    .await;
}

/// Serves gRPC until `shutdown` ends and what is in flight then is answered.
pub(super) async fn grpc(
    collector: Collector,
    listener: TcpListener,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) {
    let serving = limits.clone();
    accept(listener, &limits, shutdown, move |stream, ending| {
        let (collector, limits) = (collector.clone(), serving.clone());
        async move {
            if speaks(&stream, &limits, &ending).await != Some(Speaks::Http2) {
                return;
            }
            let service = service_fn(move |request| grpc::call(collector.clone(), request));
            let connection = http2_limits(&limits).serve_connection(TokioIo::new(stream), service);
            until(connection, ending, http2::Connection::graceful_shutdown).await;
        }
    })
    .await;
}

/// Accepts connections and serves each in a task, until `shutdown` ends; then waits for those that are open, for a while.
async fn accept<S>(
    listener: TcpListener,
    limits: &ConnectionLimits,
    shutdown: impl Future<Output = ()>,
    serve: impl Fn(TcpStream, CancellationToken) -> S,
) where
    S: Future<Output = ()> + Send + 'static,
{
    let (ending, cut) = (CancellationToken::new(), CancellationToken::new());
    let (open, room) = (TaskTracker::new(), Arc::new(Semaphore::new(limits.connections)));
    let accepting = async {
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "failed to accept a connection"
                    );
                    sleep(PAUSE).await;
                    continue;
                }
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(error = &error as &dyn std::error::Error, "failed to set TCP_NODELAY");
            }
            let (serving, cut) = (serve(stream, ending.clone()), cut.clone());
            open.spawn(async move {
                let _place = place;
                cut.run_until_cancelled(serving).await;
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown => {}
    }
    drop(listener);
    ending.cancel();
    open.close();
    if timeout(limits.drain_timeout, open.wait()).await.is_err() {
        tracing::warn!(
            connections = open.len(),
            "ended connections that did not finish in time"
        );
        cut.cancel();
        open.wait().await;
    }
}

/// Serves a connection to its end, which the server's end brings nearer.
async fn until<C>(connection: C, ending: CancellationToken, finish: fn(Pin<&mut C>))
where
    C: Future<Output = Result<(), hyper::Error>>,
{
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ending.cancelled() => {
            finish(connection.as_mut());
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection broke");
    }
}

/// Tells what a connection speaks by its first bytes; `None` where it sends none in time, or before the server ends.
async fn speaks(stream: &TcpStream, limits: &ConnectionLimits, ending: &CancellationToken) -> Option<Speaks> {
    let look = async {
        let mut begin = [0; PREFACE.len()];
        loop {
            let length = stream.peek(&mut begin).await.ok()?;
            match &begin[..length] {
                [] => return None,
                PREFACE => return Some(Speaks::Http2),
                some if PREFACE.starts_with(some) => sleep(LOOK_AGAIN).await,
                _ => return Some(Speaks::Http1),
            }
        }
    };
    ending
        .run_until_cancelled(timeout(limits.header_timeout, look))
        .await?
        .ok()?
}

fn http1_limits(limits: &ConnectionLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle_timeout)
        .max_header_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX));
    builder
}

fn http2_limits(limits: &ConnectionLimits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.concurrent_streams)
        .max_frame_size(FRAME_BYTES)
        .max_header_list_size(limits.header_bytes)
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    builder
}
