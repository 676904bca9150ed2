//! Answers over HTTP, in the form and the content type of their request.

use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use prost::Message as _;
use serde_json::{Value, json};

use super::super::Collector;
use super::super::export::ExportResponse;
use super::super::firehose;
use super::super::receipt::Receipt;
use super::super::refusal::Refusal;
use super::super::route::{Form, Route, media_type};

/// Answers shorter than this are not worth compressing.
const COMPRESSED_FROM_BYTES: usize = 256;
const NANOS_PER_MILLI: i64 = 1_000_000;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// As the protocol's messages in protobuf.
    Protobuf,
    /// As the protocol's messages in JSON; the word counts rejected items.
    ProtocolJson(&'static str),
    /// As our own JSON.
    OwnJson,
    /// As Firehose's JSON, which names the request.
    Firehose,
}

/// Writes the answer to one request.
#[derive(Clone, Debug)]
pub(super) struct Answerer {
    written: Written,
    /// The request as its sender named it, and when it came, in milliseconds since 1970; only Firehose reads them.
    named: (String, i64),
    gzip: bool,
    retry_after: Duration,
}

impl Answerer {
    /// Answers as a route does; where there is none, in the protocol's form to those that seem to speak it.
    pub(super) fn of(route: Option<&Route>, collector: &Collector, headers: &HeaderMap) -> Self {
        let written = match route.map(|route| route.form) {
            Some(Form::Otlp { rejected }) => protocol(headers, rejected).unwrap_or(Written::ProtocolJson(rejected)),
            Some(Form::Own | Form::Platform) => Written::OwnJson,
            Some(Form::Firehose) => Written::Firehose,
            None => protocol(headers, "").unwrap_or(Written::OwnJson),
        };
        let unix_ms = (collector.inner.options.clock)().div_euclid(NANOS_PER_MILLI);
        Self {
            written,
            named: (firehose::request_id(headers).unwrap_or_default(), unix_ms),
            // Firehose takes no compressed answer.
            gzip: written != Written::Firehose && accepts_gzip(headers),
            retry_after: collector.inner.options.retry_after,
        }
    }

    /// Answers a request that was accepted.
    pub(super) fn receipt(&self, receipt: &Receipt) -> Response {
        let Receipt {
            accepted,
            rejected,
            message,
        } = receipt;
        let body = match self.written {
            Written::Protobuf => ExportResponse::of(receipt).encode_to_vec(),
            Written::ProtocolJson(_) if receipt.is_full_success() => b"{}".to_vec(),
            Written::ProtocolJson(counts) => {
                // 64-bit integers are text in the JSON mapping of Protocol Buffers.
                let partial_success = json!({ counts: rejected.to_string(), "errorMessage": message });
                json_bytes(&json!({ "partialSuccess": partial_success }))
            }
            Written::Firehose => json_bytes(&self.named()),
            Written::OwnJson if message.is_empty() => {
                json_bytes(&json!({ "accepted": accepted, "rejected": rejected }))
            }
            Written::OwnJson => json_bytes(&json!({ "accepted": accepted, "rejected": rejected, "message": message })),
        };
        self.response(StatusCode::OK, self.content_type(), body)
    }

    /// Answers a request that was refused.
    pub(super) fn refusal(&self, refusal: &Refusal) -> Response {
        let http = refusal.manner().http;
        let status = refusal.status(self.retry_after);
        let (content_type, body) = match self.written {
            Written::Protobuf => (self.content_type(), status.to_protobuf()),
            Written::ProtocolJson(_) => (self.content_type(), json_bytes(&status.to_json())),
            Written::Firehose => {
                let mut answer = self.named();
                answer["errorMessage"] = Value::from(status.message);
                (self.content_type(), json_bytes(&answer))
            }
            Written::OwnJson => {
                let (title, detail) = (http.canonical_reason(), &status.message);
                let problem =
                    json!({ "type": "about:blank", "title": title, "status": http.as_u16(), "detail": detail });
                ("application/problem+json", json_bytes(&problem))
            }
        };
        let mut response = self.response(http, content_type, body);
        let headers = response.headers_mut();
        if let Some(seconds) = refusal.retry_after_s(self.retry_after) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let accepted_instead = match refusal {
            Refusal::Method { .. } => Some((ALLOW, "POST")),
            Refusal::ContentEncoding { .. } => Some((ACCEPT_ENCODING, "gzip, zstd")),
            _ => None,
        };
        if let Some((name, value)) = accepted_instead {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    /// The answer to Firehose: the request by its own name, and when it was answered.
    fn named(&self) -> Value {
        let (request_id, unix_ms) = &self.named;
        json!({ "requestId": request_id, "timestamp": unix_ms })
    }

    fn content_type(&self) -> &'static str {
        match self.written {
            Written::Protobuf => "application/x-protobuf",
            Written::ProtocolJson(_) | Written::OwnJson | Written::Firehose => "application/json",
        }
    }

    fn response(&self, status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
        let compressed = if self.gzip && body.len() >= COMPRESSED_FROM_BYTES {
            gzip(&body)
        } else {
            None
        };
        let is_compressed = compressed.is_some();
        let mut response = Response::new(Body::from(compressed.unwrap_or(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if is_compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        response
    }
}

/// How the protocol answers a request of this content type, if it is one of its two.
fn protocol(headers: &HeaderMap, rejected: &'static str) -> Option<Written> {
    match media_type(headers)?.as_str() {
        "application/x-protobuf" => Some(Written::Protobuf),
        "application/json" => Some(Written::ProtocolJson(rejected)),
        _ => None,
    }
}

/// Whether the sender said that it takes gzip.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(ACCEPT_ENCODING)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';');
        let named = parts
            .next()
            .is_some_and(|name| name.trim().eq_ignore_ascii_case("gzip"));
        let refused = |part: &str| {
            let quality = part.trim().strip_prefix("q=");
            quality.is_some_and(|quality| quality.parse::<f32>().is_ok_and(|quality| quality <= 0.0))
        };
        named && !parts.any(refused)
    })
}

fn json_bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
