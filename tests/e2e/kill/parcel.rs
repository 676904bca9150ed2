//! What clients send: records, spans and log records, over every protocol; each kind names invocations by their ids.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// Nanoseconds of so many days: longer than any table keeps raw rows.
const LONG_AGO_NANOS: u64 = 40 * 86_400 * 1_000_000_000;
/// Begins the ids of rows that are so old that retention may remove them.
pub const OLD: &str = "old-";

/// How a parcel travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The platforms' records, as NDJSON.
    Records,
    /// Spans over HTTP, as JSON.
    SpansJson,
    /// Spans over HTTP, as protobuf.
    SpansHttp,
    /// Spans over gRPC.
    SpansGrpc,
    /// Log records over HTTP, as protobuf.
    Logs,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Records,
        Self::SpansJson,
        Self::SpansHttp,
        Self::SpansGrpc,
        Self::Logs,
    ];

    /// The raw table that holds a row of each id, and whether the ids become invocations.
    pub const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Records => &["invocation_facts", "invocations"],
            Self::SpansJson | Self::SpansHttp | Self::SpansGrpc => &["spans", "invocation_facts", "invocations"],
            Self::Logs => &["logs"],
        }
    }

    /// Whether rows that are sent again in another request are recognised: log records have no identity of their own.
    pub const fn may_be_halved(self) -> bool {
        !matches!(self, Self::Logs)
    }

    /// Where it is posted, and as what.
    pub const fn door(self) -> (&'static str, &'static str) {
        match self {
            Self::Records => ("/v1/invocations", "application/x-ndjson"),
            Self::SpansJson => ("/v1/traces", "application/json"),
            Self::SpansHttp | Self::SpansGrpc => ("/v1/traces", "application/x-protobuf"),
            Self::Logs => ("/v1/logs", "application/x-protobuf"),
        }
    }
}

/// One request: the same ids at the same time are the same bytes, however often it is sent.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub kind: Kind,
    pub ids: Vec<String>,
    pub at_unix_nano: u64,
}

impl Parcel {
    pub fn body(&self) -> Vec<u8> {
        match self.kind {
            Kind::Records => self.records().into_bytes(),
            Kind::SpansJson => self.spans_json().into_bytes(),
            Kind::SpansHttp | Kind::SpansGrpc => self.spans().encode_to_vec(),
            Kind::Logs => self.logs().encode_to_vec(),
        }
    }

    /// The two halves of it.
    pub fn halves(&self) -> impl Iterator<Item = Self> {
        let half = self.ids.len().div_ceil(2);
        self.ids.chunks(half).map(|ids| Self {
            ids: ids.to_vec(),
            ..self.clone()
        })
    }

    fn records(&self) -> String {
        let start = chrono::DateTime::from_timestamp_nanos(i64::try_from(self.at_unix_nano).unwrap()).to_rfc3339();
        let record = |id: &String| {
            format!(
                r#"{{"provider":"aws","account":"1","region":"us-east-1","function":"orders","invocation_id":"{id}","start_time":"{start}","duration_ms":12.5,"billed_duration_ms":13,"memory_size_mib":128,"outcome":"ok"}}"#
            )
        };
        self.ids.iter().map(record).collect::<Vec<_>>().join("\n")
    }

    fn spans_json(&self) -> String {
        let span = |id: &String| {
            let (trace, span) = (hex::encode(&digest(id)[..16]), hex::encode(&digest(id)[16..24]));
            let (start, end) = (self.at_unix_nano, self.at_unix_nano + 1_000_000);
            format!(
                r#"{{"traceId":"{trace}","spanId":"{span}","name":"handle","kind":2,"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}","attributes":[{{"key":"faas.invocation_id","value":{{"stringValue":"{id}"}}}}]}}"#
            )
        };
        let spans = self.ids.iter().map(span).collect::<Vec<_>>().join(",");
        format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"cloud.provider","value":{{"stringValue":"aws"}}}},{{"key":"faas.name","value":{{"stringValue":"orders"}}}}]}},"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#
        )
    }

    pub fn spans(&self) -> ExportTraceServiceRequest {
        let span = |id: &String| Span {
            trace_id: digest(id)[..16].to_vec(),
            span_id: digest(id)[16..24].to_vec(),
            name: "handle".to_owned(),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: self.at_unix_nano,
            end_time_unix_nano: self.at_unix_nano + 1_000_000,
            attributes: vec![attribute("faas.invocation_id", id)],
            ..Span::default()
        };
        let spans = ScopeSpans {
            spans: self.ids.iter().map(span).collect(),
            ..ScopeSpans::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(resource()),
                scope_spans: vec![spans],
                ..ResourceSpans::default()
            }],
        }
    }

    /// Log records, and one that is older than any is kept.
    fn logs(&self) -> ExportLogsServiceRequest {
        let record = |id: &str, at_unix_nano| LogRecord {
            time_unix_nano: at_unix_nano,
            body: Some(text(id)),
            attributes: vec![attribute("faas.invocation_id", id)],
            ..LogRecord::default()
        };
        let old = format!("{OLD}{}", self.ids[0]);
        let records = self.ids.iter().map(|id| record(id, self.at_unix_nano));
        let records = records.chain([record(&old, self.at_unix_nano - LONG_AGO_NANOS)]);
        let logs = ScopeLogs {
            log_records: records.collect(),
            ..ScopeLogs::default()
        };
        ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(resource()),
                scope_logs: vec![logs],
                ..ResourceLogs::default()
            }],
        }
    }
}

fn digest(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

fn resource() -> Resource {
    Resource {
        attributes: vec![attribute("cloud.provider", "aws"), attribute("faas.name", "orders")],
        ..Resource::default()
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(text(value)),
        ..KeyValue::default()
    }
}

fn text(text: &str) -> AnyValue {
    AnyValue {
        value: Some(Value::StringValue(text.to_owned())),
    }
}
