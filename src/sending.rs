//! Telemetry over the wire: spans through the real OTLP exporter, records over HTTP.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::trace::{Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use pennyspan_fixtures::{LiveAttribute, LiveExport, LiveSpan, LiveValue};

/// Sends requests to the HTTP door.
pub struct Records {
    client: Client<HttpConnector, Full<Bytes>>,
    to: SocketAddr,
}

impl Records {
    /// Prepares a sender to an address.
    pub fn to(to: SocketAddr) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            to,
        }
    }

    /// Sends one request, again where the server asks for that.
    ///
    /// # Errors
    /// A server that cannot be reached, or does not take it.
    pub async fn send(&self, request: &pennyspan_fixtures::Request) -> anyhow::Result<()> {
        loop {
            let post = Request::post(format!("http://{}{}", self.to, request.path))
                .header("content-type", request.content_type)
                .body(Full::new(Bytes::copy_from_slice(&request.body)))?;
            let answer = self
                .client
                .request(post)
                .await
                .with_context(|| format!("cannot send to {}", self.to))?;
            let status = answer.status();
            if status.is_success() {
                return Ok(());
            }
            if !matches!(status.as_u16(), 429 | 502..=504) {
                let body = answer.into_body().collect().await?.to_bytes();
                bail!("{} answered {status}: {}", request.path, String::from_utf8_lossy(&body));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Sends spans through the exporter of the OpenTelemetry SDK.
pub struct Spans {
    exporter: SpanExporter,
}

impl Spans {
    /// Prepares an exporter to an address, over gRPC.
    ///
    /// # Errors
    /// The exporter's, where it cannot be built.
    pub fn to(to: SocketAddr) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(format!("http://{to}"))
            .build()?;
        Ok(Self { exporter })
    }

    /// Sends one environment's spans.
    ///
    /// # Errors
    /// The exporter's, where the server does not take them.
    pub async fn send(&mut self, export: &LiveExport) -> anyhow::Result<()> {
        let resource = Resource::builder_empty()
            .with_attributes(export.resource.iter().map(attribute))
            .build();
        self.exporter.set_resource(&resource);
        self.exporter.export(export.spans.iter().map(span).collect()).await?;
        Ok(())
    }
}

fn span(span: &LiveSpan) -> SpanData {
    SpanData {
        span_context: context(span.trace_id, span.span_id),
        parent_span_id: span.parent_span_id.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: false,
        span_kind: kind(span.kind),
        name: span.name.clone().into(),
        start_time: time(span.start_unix_nano),
        end_time: time(span.end_unix_nano),
        attributes: span.attributes.iter().map(attribute).collect(),
        dropped_attributes_count: 0,
        events: events(span),
        links: links(span),
        status: span
            .error
            .as_ref()
            .map_or(Status::Unset, |error| Status::error(error.clone())),
        instrumentation_scope: InstrumentationScope::builder("demo").build(),
    }
}

fn events(span: &LiveSpan) -> SpanEvents {
    let mut events = SpanEvents::default();
    for (at_unix_nano, name, attributes) in &span.events {
        let attributes = attributes.iter().map(attribute).collect();
        events
            .events
            .push(Event::new(name.clone(), time(*at_unix_nano), attributes, 0));
    }
    events
}

fn links(span: &LiveSpan) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.links.extend(
        span.links
            .iter()
            .map(|(trace, span)| Link::new(context(*trace, *span), Vec::new(), 0)),
    );
    links
}

fn context(trace_id: [u8; 16], span_id: [u8; 8]) -> SpanContext {
    let (trace_id, span_id) = (TraceId::from_bytes(trace_id), SpanId::from_bytes(span_id));
    SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, false, TraceState::NONE)
}

fn kind(number: i32) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

fn time(unix_nano: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(unix_nano)
}

fn attribute((key, value): &LiveAttribute) -> KeyValue {
    let value = match value {
        LiveValue::Text(text) => Value::from(text.clone()),
        LiveValue::Integer(number) => Value::from(*number),
        LiveValue::Boolean(truth) => Value::from(*truth),
        LiveValue::List(texts) => Value::Array(Array::String(texts.iter().cloned().map(StringValue::from).collect())),
    };
    KeyValue::new(key.clone(), value)
}
