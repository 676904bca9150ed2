//! The client of a load: one connection, one request at a time, each until it is acknowledged.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client as Connection;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::cli::bench::{Encoding, Protocol, Signal};

/// How long a client waits after a refusal.
const PAUSE: Duration = Duration::from_millis(20);
/// The codes of gRPC for success, and for refusals that ask to come back: `RESOURCE_EXHAUSTED` and `UNAVAILABLE`.
const GRPC_OK: &str = "0";
const GRPC_AGAIN: [&str; 2] = ["8", "14"];

/// One connection to a server.
#[derive(Debug)]
pub struct Client {
    connection: Connection<HttpConnector, Full<Bytes>>,
    protocol: Protocol,
    encoding: Encoding,
    url: String,
    content_type: &'static str,
}

/// How a request was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledged {
    /// From the first byte sent to the answer, of the attempt that was taken.
    pub took: Duration,
    /// How often the server asked to come back before.
    pub refused: u64,
}

enum Answer {
    Taken,
    Again,
}

impl Client {
    /// Prepares a connection that sends one signal.
    ///
    /// # Errors
    /// A signal that does not travel over the protocol.
    pub fn to(address: SocketAddr, protocol: Protocol, encoding: Encoding, signal: Signal) -> anyhow::Result<Self> {
        let (path, content_type) = match (protocol, signal) {
            (Protocol::Http, Signal::Spans) => ("/v1/traces", "application/x-protobuf"),
            (Protocol::Http, Signal::Logs) => ("/v1/logs", "application/x-protobuf"),
            (Protocol::Http, Signal::Invocations) => ("/v1/invocations", "application/x-ndjson"),
            (Protocol::Grpc, Signal::Spans) => (
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                "application/grpc",
            ),
            (Protocol::Grpc, Signal::Logs) => (
                "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                "application/grpc",
            ),
            (Protocol::Grpc, Signal::Invocations) => bail!("invocation records only travel over HTTP: --protocol http"),
        };
        let connection = Connection::builder(TokioExecutor::new())
            .http2_only(protocol == Protocol::Grpc)
            .build_http();
        Ok(Self {
            connection,
            protocol,
            encoding,
            url: format!("http://{address}{path}"),
            content_type,
        })
    }

    /// Sends a body until it is acknowledged.
    ///
    /// # Errors
    /// A server that cannot be reached, or that refuses for good.
    pub async fn send(&self, body: &Bytes) -> anyhow::Result<Acknowledged> {
        let body = self.framed(body);
        let mut refused = 0;
        loop {
            let begun = Instant::now();
            match self.send_once(body.clone()).await? {
                Answer::Taken => {
                    let took = begun.elapsed();
                    return Ok(Acknowledged { took, refused });
                }
                Answer::Again => {
                    refused += 1;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Puts gRPC's prefix before a message: whether it is compressed, and its length.
    fn framed(&self, body: &Bytes) -> Bytes {
        if self.protocol == Protocol::Http {
            return body.clone();
        }
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut framed = Vec::with_capacity(body.len() + 5);
        framed.push(u8::from(self.encoding != Encoding::Identity));
        framed.extend_from_slice(&length.to_be_bytes());
        framed.extend_from_slice(body);
        framed.into()
    }

    async fn send_once(&self, body: Bytes) -> anyhow::Result<Answer> {
        let mut request = Request::post(&self.url).header("content-type", self.content_type);
        let encoding = match self.encoding {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
            Encoding::Zstd => Some("zstd"),
        };
        let name = match self.protocol {
            Protocol::Grpc => "grpc-encoding",
            Protocol::Http => "content-encoding",
        };
        if let Some(encoding) = encoding {
            request = request.header(name, encoding);
        }
        if self.protocol == Protocol::Grpc {
            request = request.header("te", "trailers");
        }
        let request = request.body(Full::new(body))?;
        let answer = self.connection.request(request).await;
        let answer = answer.with_context(|| format!("no answer from {}", self.url))?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?;
        let code = |headers: &hyper::HeaderMap| Some(headers.get("grpc-status")?.to_str().ok()?.to_owned());
        let code = body.trailers().and_then(code).or_else(|| code(&head.headers));
        match (self.protocol, head.status, code.as_deref()) {
            (Protocol::Grpc, StatusCode::OK, Some(GRPC_OK)) | (Protocol::Http, StatusCode::OK, _) => Ok(Answer::Taken),
            (Protocol::Grpc, _, Some(code)) if GRPC_AGAIN.contains(&code) => Ok(Answer::Again),
            (Protocol::Http, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, _) => Ok(Answer::Again),
            (_, status, code) => bail!(
                "{} answered {status}, {}: {}",
                self.url,
                code.unwrap_or("no grpc-status"),
                String::from_utf8_lossy(&body.to_bytes())
            ),
        }
    }
}

/// Gets a page: its status and its text.
///
/// # Errors
/// A server that cannot be reached.
pub async fn get(
    connection: &Connection<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    path: &str,
) -> anyhow::Result<(StatusCode, String)> {
    let request = Request::get(format!("http://{address}{path}")).body(Full::new(Bytes::new()))?;
    let answer = connection
        .request(request)
        .await
        .with_context(|| format!("no answer to {path}"))?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// Prepares a connection for pages.
pub fn reader() -> Connection<HttpConnector, Full<Bytes>> {
    Connection::builder(TokioExecutor::new()).build_http()
}
