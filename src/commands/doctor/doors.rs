//! The doors of a server, what is sent through each, and how it is sent.

use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pennyspan_collector::receive::own_paths;
use pennyspan_fixtures::{Probe, Request, in_json};

use crate::bench::client::{Answered, framed, post};
use crate::cli::bench::{Encoding, Protocol};

/// Where a server is said to listen.
#[derive(Clone, Debug)]
pub struct Places {
    /// OTLP and the other routes over HTTP.
    pub http: String,
    /// OTLP over gRPC.
    pub grpc: String,
    /// The pages.
    pub web: String,
}

/// One way in.
#[derive(Clone, Debug)]
pub struct Door {
    /// What a person calls it.
    pub name: String,
    /// The address.
    pub url: String,
    /// How requests travel.
    pub protocol: Protocol,
    /// Whether what is sent is telemetry; else it is an empty request, which the route may refuse as such.
    pub sends: Sends,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// What is sent through a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// Telemetry, which the server has to take.
    Telemetry,
    /// Nothing of its kind, so that nothing is stored: what matters is who answers.
    Nothing,
}

/// All ways in.
#[derive(Clone, Debug)]
pub struct Doors {
    /// One after the other.
    pub all: Vec<Door>,
    /// The trace of the span that is sent first.
    pub trace_id: String,
}

/// Returns every door: each signal of OTLP over HTTP in both encodings and over gRPC, the invocation record, and all other
/// routes.
pub fn all(places: &Places, token: Option<&str>, now_unix_nano: i64) -> Doors {
    let seed = now_unix_nano.cast_unsigned();
    let probes = [0, 1, 2].map(|nth| Probe::new(seed.wrapping_add(nth), now_unix_nano));
    let authorization = token.map(|token| ("authorization", format!("Bearer {token}")));
    let door = |name: String, url: String, protocol, sends, content_type: &str, body: Bytes| Door {
        name,
        url,
        protocol,
        sends,
        headers: [("content-type", content_type.to_owned())]
            .into_iter()
            .chain((protocol == Protocol::Grpc).then(|| ("te", "trailers".to_owned())))
            .chain(authorization.clone())
            .collect(),
        body,
    };
    let mut doors = Vec::new();
    let words = ["spans", "log records", "metrics"];
    for (Request { path, body, .. }, what) in probes[0].signals().into_iter().zip(words) {
        doors.push(door(
            format!("OTLP over HTTP, protobuf, {what}"),
            format!("{}{path}", places.http),
            Protocol::Http,
            Sends::Telemetry,
            "application/x-protobuf",
            body.into(),
        ));
    }
    for (Request { path, body, .. }, what) in probes[1].signals().into_iter().zip(words) {
        doors.push(door(
            format!("OTLP over HTTP, JSON, {what}"),
            format!("{}{path}", places.http),
            Protocol::Http,
            Sends::Telemetry,
            "application/json",
            in_json(&path, &body).unwrap_or_default().into(),
        ));
    }
    let methods = [
        "trace.v1.TraceService",
        "logs.v1.LogsService",
        "metrics.v1.MetricsService",
    ];
    for ((request, what), method) in probes[2].signals().into_iter().zip(words).zip(methods) {
        doors.push(door(
            format!("OTLP over gRPC, {what}"),
            format!("{}/opentelemetry.proto.collector.{method}/Export", places.grpc),
            Protocol::Grpc,
            Sends::Telemetry,
            "application/grpc",
            framed(Encoding::Identity, &request.body),
        ));
    }
    let record = probes[0].record();
    doors.push(door(
        "invocation record".to_owned(),
        format!("{}{}", places.http, record.path),
        Protocol::Http,
        Sends::Telemetry,
        record.content_type,
        record.body.into(),
    ));
    for path in own_paths().filter(|path| *path != record.path) {
        doors.push(door(
            format!("route {path}"),
            format!("{}{path}", places.http),
            Protocol::Http,
            Sends::Nothing,
            "application/json",
            Bytes::from_static(b"[]"),
        ));
    }
    Doors {
        all: doors,
        trace_id: probes[0].trace_id(),
    }
}

impl Door {
    /// A page, which is asked for and not sent to.
    pub fn page(name: &str, url: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            protocol: Protocol::Http,
            sends: Sends::Nothing,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }
}

/// Sends what a door is tried with, on a connection of its own.
///
/// # Errors
/// A server that cannot be reached, or breaks off.
pub async fn knock(door: &Door) -> anyhow::Result<Answered> {
    let connection = Client::builder(TokioExecutor::new())
        .http2_only(door.protocol == Protocol::Grpc)
        .build_http();
    let headers: Vec<_> = door
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    post(&connection, &door.url, &headers, door.body.clone()).await
}
