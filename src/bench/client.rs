//! The client of a load: one connection, one request at a time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::client::legacy::Client as Connection;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::cli::bench::{Encoding, Protocol, Signal, Written};

/// How long a client waits after a refusal.
const PAUSE: Duration = Duration::from_millis(20);
/// The codes of gRPC for success, and for refusals that ask to come back: `RESOURCE_EXHAUSTED` and `UNAVAILABLE`.
const GRPC_OK: &str = "0";
const GRPC_AGAIN: [&str; 2] = ["8", "14"];
/// The statuses of HTTP for such refusals, by the OTLP specification, section "Retryable Response Codes".
const HTTP_AGAIN: [u16; 4] = [429, 502, 503, 504];

/// How requests are put on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    /// How they travel.
    pub protocol: Protocol,
    /// What they hold.
    pub signal: Signal,
    /// How their messages are written.
    pub written: Written,
    /// How their bodies are compressed.
    pub encoding: Encoding,
}

/// One connection to a server.
#[derive(Debug)]
pub struct Client {
    connection: Connection<HttpConnector, Full<Bytes>>,
    wire: Wire,
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

/// What a server answered to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was taken.
    Taken,
    /// It was refused for the moment: it is worth sending again.
    Again(String),
    /// It was refused for good.
    Refused(String),
}

impl Wire {
    /// Returns the path and the content type of the requests.
    ///
    /// # Errors
    /// What does not travel over the protocol.
    fn place(self) -> anyhow::Result<(&'static str, &'static str)> {
        let content_type = match (self.protocol, self.signal, self.written) {
            (Protocol::Grpc, Signal::Invocations, _) => {
                bail!("invocation records only travel over HTTP: --protocol http")
            }
            (Protocol::Grpc, _, Written::Json) => bail!("JSON only travels over HTTP: --protocol http"),
            (Protocol::Grpc, _, Written::Protobuf) => "application/grpc",
            (Protocol::Http, Signal::Invocations, _) => "application/x-ndjson",
            (Protocol::Http, _, Written::Protobuf) => "application/x-protobuf",
            (Protocol::Http, _, Written::Json) => "application/json",
        };
        let path = match (self.protocol, self.signal) {
            (_, Signal::Invocations) => "/v1/invocations",
            (Protocol::Http, Signal::Spans) => "/v1/traces",
            (Protocol::Http, Signal::Logs) => "/v1/logs",
            (Protocol::Grpc, Signal::Spans) => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            (Protocol::Grpc, Signal::Logs) => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        };
        Ok((path, content_type))
    }
}

impl Client {
    /// Prepares a connection to a server at an address such as `http://127.0.0.1:4318`.
    ///
    /// # Errors
    /// What does not travel over the protocol.
    pub fn to(base: &str, wire: Wire) -> anyhow::Result<Self> {
        let (path, content_type) = wire.place()?;
        let connection = Connection::builder(TokioExecutor::new())
            .http2_only(wire.protocol == Protocol::Grpc)
            .build_http();
        Ok(Self {
            connection,
            wire,
            url: format!("{}{path}", base.trim_end_matches('/')),
            content_type,
        })
    }

    /// Sends a body until it is acknowledged.
    ///
    /// # Errors
    /// A server that cannot be reached, or that refuses for good.
    pub async fn send(&self, body: &Bytes) -> anyhow::Result<Acknowledged> {
        let mut refused = 0;
        loop {
            let begun = Instant::now();
            match self.send_once(body).await? {
                Answer::Taken => {
                    let took = begun.elapsed();
                    return Ok(Acknowledged { took, refused });
                }
                Answer::Again(_) => {
                    refused += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Answer::Refused(why) => bail!("{} answered {why}", self.url),
            }
        }
    }

    fn framed(&self, body: &Bytes) -> Bytes {
        match self.wire.protocol {
            Protocol::Http => body.clone(),
            Protocol::Grpc => framed(self.wire.encoding, body),
        }
    }

    /// Sends a body once.
    ///
    /// # Errors
    /// A server that cannot be reached, or gives no answer.
    pub async fn send_once(&self, body: &Bytes) -> anyhow::Result<Answer> {
        let body = self.framed(body);
        let encoding = match self.wire.encoding {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
            Encoding::Zstd => Some("zstd"),
        };
        let name = match self.wire.protocol {
            Protocol::Grpc => "grpc-encoding",
            Protocol::Http => "content-encoding",
        };
        let mut headers = vec![("content-type", self.content_type)];
        headers.extend(encoding.map(|encoding| (name, encoding)));
        if self.wire.protocol == Protocol::Grpc {
            headers.push(("te", "trailers"));
        }
        let Answered {
            status,
            headers,
            grpc_status: code,
            body,
        } = post(&self.connection, &self.url, &headers, body).await?;
        let said = |status: StatusCode| match &code {
            Some(code) => format!("{status}, grpc-status {code}"),
            None => status.to_string(),
        };
        Ok(match (self.wire.protocol, status, code.as_deref()) {
            (Protocol::Grpc, StatusCode::OK, Some(GRPC_OK)) | (Protocol::Http, StatusCode::OK, _) => Answer::Taken,
            (Protocol::Grpc, status, Some(code)) if GRPC_AGAIN.contains(&code) => Answer::Again(said(status)),
            (Protocol::Http, status, _) if HTTP_AGAIN.contains(&status.as_u16()) => Answer::Again(said(status)),
            (_, status, _) => {
                let why = headers.get("grpc-message").and_then(|text| text.to_str().ok());
                let why = why.map_or_else(|| String::from_utf8_lossy(&body).into_owned(), str::to_owned);
                Answer::Refused(format!("{}: {why}", said(status)))
            }
        })
    }
}

/// Puts gRPC's prefix before a message: whether it is compressed, and its length.
pub fn framed(encoding: Encoding, message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = Vec::with_capacity(message.len() + 5);
    framed.push(u8::from(encoding != Encoding::Identity));
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    framed.into()
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answered {
    /// The status of HTTP.
    pub status: StatusCode,
    /// The headers before the body.
    pub headers: HeaderMap,
    /// The status of gRPC, from headers or trailers.
    pub grpc_status: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// Sends one request, and reads its answer.
///
/// # Errors
/// A server that cannot be reached, or breaks off.
pub async fn post(
    connection: &Connection<HttpConnector, Full<Bytes>>,
    url: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> anyhow::Result<Answered> {
    let request = headers.iter().fold(Request::post(url), |request, (name, value)| {
        request.header(*name, *value)
    });
    let answer = connection.request(request.body(Full::new(body))?).await;
    let (head, body) = answer.with_context(|| format!("no answer from {url}"))?.into_parts();
    let body = body.collect().await?;
    let of = |headers: &HeaderMap| Some(headers.get("grpc-status")?.to_str().ok()?.to_owned());
    let grpc_status = body.trailers().and_then(of).or_else(|| of(&head.headers));
    Ok(Answered {
        status: head.status,
        headers: head.headers,
        grpc_status,
        body: body.to_bytes(),
    })
}

/// Gets a page: its status and its text.
///
/// # Errors
/// A server that cannot be reached.
pub async fn get(
    connection: &Connection<HttpConnector, Full<Bytes>>,
    base: &str,
    path: &str,
) -> anyhow::Result<(StatusCode, String)> {
    let request = Request::get(format!("{base}{path}")).body(Full::new(Bytes::new()))?;
    let answer = connection
        .request(request)
        .await
        .with_context(|| format!("no answer from {base}{path}"))?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// Prepares a connection for pages.
pub fn reader() -> Connection<HttpConnector, Full<Bytes>> {
    Connection::builder(TokioExecutor::new()).build_http()
}
