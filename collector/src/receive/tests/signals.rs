//! Requests of each signal, and what their answers and errors say.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use pennyspan_schema::Table;
use prost::Message;

use super::server::NOW;

/// A signal of the OpenTelemetry protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) table: Table,
    /// The field of a partial success in JSON.
    pub(super) rejected: &'static str,
    /// The field of a request in JSON.
    pub(super) resources: &'static str,
}

pub(super) const SPANS: Signal = Signal {
    path: "/v1/traces",
    method: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    table: Table::Spans,
    rejected: "rejectedSpans",
    resources: "resourceSpans",
};

pub(super) const SIGNALS: [Signal; 3] = [
    SPANS,
    Signal {
        path: "/v1/logs",
        method: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        table: Table::Logs,
        rejected: "rejectedLogRecords",
        resources: "resourceLogs",
    },
    Signal {
        path: "/v1/metrics",
        method: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        table: Table::MetricPoints,
        rejected: "rejectedDataPoints",
        resources: "resourceMetrics",
    },
];

/// A request in both encodings.
pub(super) struct Sent {
    pub(super) protobuf: Vec<u8>,
    pub(super) json: Vec<u8>,
}

impl Signal {
    /// A request of good items and of bad ones, whose time is later than can be stored; `seed` makes it one of its own.
    pub(super) fn request(self, good: usize, bad: usize, seed: u64) -> Sent {
        let times = (0..good).map(|_| NOW.cast_unsigned()).chain((0..bad).map(|_| u64::MAX));
        let items = times.zip(seed << 32..);
        match self.table {
            Table::Spans => sent(&spans(items.map(|(time, id)| span(time, id)).collect())),
            Table::Logs => sent(&logs(items.map(|(time, id)| log(time, id)).collect())),
            _ => sent(&metrics(items.map(|(time, id)| point(time, id)).collect())),
        }
    }
}

fn sent(request: &(impl Message + serde::Serialize)) -> Sent {
    Sent {
        protobuf: request.encode_to_vec(),
        json: serde_json::to_vec(request).unwrap(),
    }
}

pub(super) fn span(start_unix_nano: u64, id: u64) -> Span {
    Span {
        trace_id: (u128::from(id) + 1).to_be_bytes().to_vec(),
        span_id: (id + 1).to_be_bytes().to_vec(),
        name: "GET /cart".to_owned(),
        kind: 2,
        start_time_unix_nano: start_unix_nano,
        end_time_unix_nano: start_unix_nano.saturating_add(1_000_000),
        ..Span::default()
    }
}

pub(super) fn spans(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans {
        spans,
        ..ScopeSpans::default()
    }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
}

fn log(time_unix_nano: u64, id: u64) -> LogRecord {
    LogRecord {
        time_unix_nano,
        severity_text: format!("INFO{id}"),
        ..LogRecord::default()
    }
}

fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs {
        log_records,
        ..ScopeLogs::default()
    }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs,
            ..ResourceLogs::default()
        }],
    }
}

fn point(time_unix_nano: u64, id: u64) -> NumberDataPoint {
    let value = Some(number_data_point::Value::AsInt(i64::try_from(id).unwrap()));
    NumberDataPoint {
        time_unix_nano,
        value,
        ..NumberDataPoint::default()
    }
}

fn metrics(data_points: Vec<NumberDataPoint>) -> ExportMetricsServiceRequest {
    let data = Some(metric::Data::Gauge(Gauge { data_points }));
    let metrics = vec![Metric {
        name: "queue.depth".to_owned(),
        data,
        ..Metric::default()
    }];
    let scope_metrics = vec![ScopeMetrics {
        metrics,
        ..ScopeMetrics::default()
    }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics,
            ..ResourceMetrics::default()
        }],
    }
}

/// The partial success of an answer in protobuf; the fields of all signals have the same numbers.
pub(super) fn partial_success(message: &[u8]) -> Option<(i64, String)> {
    let partial = ExportTraceServiceResponse::decode(message).unwrap().partial_success?;
    Some((partial.rejected_spans, partial.error_message))
}

/// `google.rpc.Status`, read by messages that these tests write down once more.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<RpcAny>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcAny {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

impl RpcStatus {
    /// The last parts of the details' types.
    pub(super) fn detail_names(&self) -> Vec<&str> {
        self.details
            .iter()
            .map(|any| any.type_url.trim_start_matches("type.googleapis.com/google.rpc."))
            .collect()
    }
}
