//! The doors of a server, what is sent through each, and how it is sent.

use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pennyspan_collector::receive::own_paths;
use pennyspan_fixtures::{Probe, Request, in_json};
use serde_json::json;

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
    /// What is sent through it.
    pub sends: Sends,
    /// What the answer has to repeat.
    pub repeats: Option<String>,
    /// What to do where it asks who is sending.
    pub credential: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// What is sent through a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// Telemetry, which the server has to take.
    Telemetry,
    /// What the protocol of the route has for asking whether somebody is there, which the server has to take; nothing is stored.
    Question,
    /// Nothing of its kind, so that nothing is stored: what matters is who answers.
    Nothing,
}

/// What opens doors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// The token of senders.
    pub token: Option<&'a str>,
    /// The access key of Amazon Data Firehose.
    pub firehose_key: Option<&'a str>,
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
pub fn all(places: &Places, credentials: Credentials<'_>, now_unix_nano: i64) -> Doors {
    let seed = now_unix_nano.cast_unsigned();
    let probes = [0, 1, 2].map(|nth| Probe::new(seed.wrapping_add(nth), now_unix_nano));
    let authorization = credentials
        .token
        .map(|token| ("authorization", format!("Bearer {token}")));
    let door = |name: String, url: String, protocol, sends, content_type: &str, body: Bytes| Door {
        name,
        url,
        protocol,
        sends,
        repeats: None,
        credential: match protocol {
            Protocol::Http => "give --token, and senders the header `authorization: Bearer TOKEN`",
            Protocol::Grpc => "give --token, and senders the metadata `authorization: Bearer TOKEN`",
        },
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
        let (sends, body) = asked_at(path, now_unix_nano);
        let mut asked = door(
            format!("route {path}"),
            format!("{}{path}", places.http),
            Protocol::Http,
            sends,
            "application/json",
            body,
        );
        if path == FIREHOSE {
            asked.ask_as_firehose(now_unix_nano, credentials.firehose_key);
        }
        doors.push(asked);
    }
    Doors {
        all: doors,
        trace_id: probes[0].trace_id(),
    }
}

/// The route of Amazon Data Firehose.
const FIREHOSE: &str = "/v1/aws/firehose";
/// Nanoseconds in a millisecond.
const MILLI_NANOS: i64 = 1_000_000;

/// Returns what a route is asked: what its protocol has for that, else an empty list.
///
/// Sources: CloudWatch Logs, "Subscription filters" (`CONTROL_MESSAGE`); Cloudflare, "Enable HTTP destination" (the upload that tests
/// it).
fn asked_at(path: &str, now_unix_nano: i64) -> (Sends, Bytes) {
    let (sends, body) = match path {
        FIREHOSE => (
            Sends::Question,
            json!({ "requestId": request_id(now_unix_nano), "timestamp": now_unix_nano / MILLI_NANOS, "records": [] }),
        ),
        "/v1/aws/cloudwatch" => (
            Sends::Question,
            json!({ "messageType": "CONTROL_MESSAGE", "owner": "doctor", "logGroup": "", "logStream": "", "subscriptionFilters": [],
                "logEvents": [{ "id": "", "timestamp": now_unix_nano / MILLI_NANOS, "message": "is somebody there?" }] }),
        ),
        "/v1/cloudflare/logpush" => (Sends::Question, json!({ "content": "tests" })),
        _ => (Sends::Nothing, json!([])),
    };
    (sends, body.to_string().into())
}

fn request_id(now_unix_nano: i64) -> String {
    format!("doctor-{now_unix_nano}")
}

impl Door {
    /// Says beside the body what Firehose says, and wants its answer to the letter.
    fn ask_as_firehose(&mut self, now_unix_nano: i64, key: Option<&str>) {
        let id = request_id(now_unix_nano);
        self.headers.push(("x-amz-firehose-protocol-version", "1.0".to_owned()));
        self.headers.push(("x-amz-firehose-request-id", id.clone()));
        self.headers
            .extend(key.map(|key| ("x-amz-firehose-access-key", key.to_owned())));
        self.repeats = Some(format!("\"requestId\":\"{id}\""));
        self.credential =
            "give --firehose-key, and the stream the access key whose SHA-256 is `serve.firehose_key_sha256`";
    }

    /// A page, which is asked for and not sent to.
    pub fn page(name: &str, url: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            protocol: Protocol::Http,
            sends: Sends::Nothing,
            repeats: None,
            credential: "",
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
