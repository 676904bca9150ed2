//! The answer that all three signals of the OpenTelemetry protocol share.

use prost::Message;

use super::receipt::Receipt;

/// `ExportTraceServiceResponse`, `ExportLogsServiceResponse` and `ExportMetricsServiceResponse`, whose fields have the same
/// numbers and types.
///
/// Source: `opentelemetry/proto/collector/{trace,logs,metrics}/v1/*_service.proto`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

impl ExportResponse {
    /// The answer; on full success it holds nothing, not even a partial success of nothing.
    pub(super) fn of(receipt: &Receipt) -> Self {
        let partial_success = (!receipt.is_full_success()).then(|| PartialSuccess {
            rejected: i64::try_from(receipt.rejected).unwrap_or(i64::MAX),
            error_message: receipt.message.clone(),
        });
        Self { partial_success }
    }
}
