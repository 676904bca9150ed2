//! Why a request is refused, and how each protocol says so.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use pennyspan_schema::{SinkError, Workspace};
use tonic::Code;

use super::firehose::Breach;
use super::options::Unauthenticated;
use super::receipt::cut;
use super::status::{Detail, Status};
use crate::decode::DecodeError;
use crate::wal::WalError;

/// The most bytes of a refusal's message; it also travels in a header.
const MESSAGE_BYTES: usize = 1024;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    #[error("the body is not what its header says: {problem}; send it again whole")]
    BadBody { problem: String },
    #[error("the request holds more than {limit_bytes} bytes; send smaller requests, or raise the limit")]
    TooLarge { limit_bytes: usize },
    #[error("content type `{given}` is not accepted here; send {accepted}")]
    ContentType { given: String, accepted: &'static str },
    #[error("content encoding `{given}` is not accepted; send identity, gzip or zstd")]
    ContentEncoding { given: String },
    #[error("nothing is received at `{path}`; OTLP goes to /v1/traces, /v1/logs and /v1/metrics")]
    NotFound { path: String },
    #[error("method {method} is not accepted here; send POST")]
    Method { method: String },
    #[error("the body took longer than {} s; send it faster, or in smaller requests", waited.as_secs())]
    TooSlow { waited: Duration },
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Firehose(#[from] Breach),
    #[error("requests in flight hold {held_bytes} bytes of {limit_bytes}; send the request again")]
    Busy { held_bytes: usize, limit_bytes: usize },
    #[error(
        "workspace `{workspace}` sends more than {bytes_per_s} bytes a second; send the request again in {wait_s} s"
    )]
    Rate {
        workspace: Workspace,
        bytes_per_s: u64,
        wait_s: u64,
    },
    #[error("the server is starting; send the request again")]
    Starting,
    #[error("nothing is taken until a restart: {reason}")]
    Stopped { reason: Arc<str> },
    #[error(transparent)]
    Wal(#[from] WalError),
    #[error(transparent)]
    Sink(#[from] SinkError),
    #[error("the server failed on this request by a fault of its own; report it, and do not send the request again")]
    Fault,
}

/// How a refusal is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    /// The word by which it is counted.
    pub(super) reason: &'static str,
    /// The code of gRPC and of `google.rpc.Status`.
    pub(super) code: Code,
    /// The status of HTTP.
    pub(super) http: StatusCode,
}

impl Refusal {
    /// How it is said: the one list of reasons, codes and statuses.
    ///
    /// Nothing that is worth sending again has the status 500, which the OpenTelemetry protocol does not retry.
    pub(super) fn manner(&self) -> Manner {
        let (reason, code, http) = match self {
            Self::Undecodable(DecodeError::Malformed { .. }) => ("malformed", Code::InvalidArgument, 400),
            Self::Undecodable(DecodeError::NothingAcceptable { .. }) => {
                ("nothing_acceptable", Code::InvalidArgument, 400)
            }
            Self::Undecodable(DecodeError::TooLarge { .. })
            | Self::TooLarge { .. }
            | Self::Wal(WalError::TooLarge { .. }) => ("too_large", Code::ResourceExhausted, 413),
            Self::BadBody { .. } => ("bad_body", Code::InvalidArgument, 400),
            Self::ContentType { .. } => ("content_type", Code::InvalidArgument, 415),
            Self::ContentEncoding { .. } => ("content_encoding", Code::Unimplemented, 415),
            Self::NotFound { .. } => ("not_found", Code::Unimplemented, 404),
            Self::Method { .. } => ("method", Code::Unimplemented, 405),
            Self::TooSlow { .. } => ("too_slow", Code::DeadlineExceeded, 408),
            Self::Unauthenticated(_) => ("unauthenticated", Code::Unauthenticated, 401),
            Self::Firehose(Breach::AccessKey) => ("access_key", Code::Unauthenticated, 401),
            Self::Firehose(_) => ("firehose_protocol", Code::InvalidArgument, 400),
            Self::Busy { .. } => ("busy", Code::Unavailable, 503),
            Self::Rate { .. } => ("rate", Code::Unavailable, 429),
            Self::Starting => ("starting", Code::Unavailable, 503),
            Self::Stopped { .. } => ("stopped", Code::Unavailable, 503),
            Self::Wal(WalError::Full { .. }) => ("wal_queue_full", Code::Unavailable, 503),
            Self::Wal(WalError::DiskFull { .. }) => ("disk_full", Code::Unavailable, 503),
            Self::Wal(_) => ("wal_stopped", Code::Unavailable, 503),
            Self::Sink(SinkError::Full { .. }) => ("hot_rows_full", Code::Unavailable, 503),
            Self::Sink(SinkError::Failed { .. }) => ("store_failed", Code::Unavailable, 503),
            Self::Fault => ("fault", Code::Internal, 500),
        };
        let http = StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Manner { reason, code, http }
    }

    /// After how many seconds the same request is worth sending again; `None` where it never is.
    pub(super) fn retry_after_s(&self, usual: Duration) -> Option<u64> {
        match self {
            Self::Rate { wait_s, .. } => Some((*wait_s).max(1)),
            _ if self.manner().code == Code::Unavailable => Some(usual.as_secs().max(1)),
            _ => None,
        }
    }

    /// The error as `google.rpc.Status`.
    pub(super) fn status(&self, usual_retry: Duration) -> Status {
        let code = self.manner().code;
        let message = cut(self.to_string(), MESSAGE_BYTES);
        let mut details = Vec::new();
        if let Some(seconds) = self.retry_after_s(usual_retry) {
            details.push(Detail::RetryInfo { seconds });
        }
        if code == Code::InvalidArgument {
            details.push(self.violation(&message));
        }
        Status {
            code: code.into(),
            message,
            details,
        }
    }

    fn violation(&self, message: &str) -> Detail {
        let (field, description) = match self {
            Self::Undecodable(DecodeError::Malformed { place, .. }) => (place.clone(), message.to_owned()),
            Self::Undecodable(DecodeError::NothingAcceptable { first, .. }) => {
                let field = first
                    .field
                    .map_or_else(|| first.place.clone(), |field| format!("{}.{field}", first.place));
                (field, first.detail.clone())
            }
            Self::ContentType { .. } => ("content-type".to_owned(), message.to_owned()),
            _ => ("body".to_owned(), message.to_owned()),
        };
        Detail::BadRequest {
            field: cut(field, MESSAGE_BYTES / 4),
            description: cut(description, MESSAGE_BYTES / 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_is_worth_sending_again_says_so_and_never_with_500() {
        let disk = || Arc::new(io::Error::from(io::ErrorKind::StorageFull));
        let workspace = Workspace::default();
        let retryable = [
            Refusal::Busy {
                held_bytes: 1,
                limit_bytes: 1,
            },
            Refusal::Rate {
                workspace: workspace.clone(),
                bytes_per_s: 1,
                wait_s: 0,
            },
            Refusal::Starting,
            Refusal::Stopped { reason: "why".into() },
            Refusal::Wal(WalError::Full {
                queued_bytes: 1,
                limit_bytes: 1,
            }),
            Refusal::Wal(WalError::DiskFull { source: disk() }),
            Refusal::Wal(WalError::Poisoned { source: disk() }),
            Refusal::Wal(WalError::Closed),
            Refusal::Sink(SinkError::Full {
                workspace: workspace.clone(),
                held_bytes: 1,
            }),
            Refusal::Sink(SinkError::Failed {
                workspace,
                source: "why".into(),
            }),
        ];
        for refusal in retryable {
            let (manner, status) = (refusal.manner(), refusal.status(Duration::from_secs(2)));
            assert_eq!(manner.code, Code::Unavailable, "{refusal}");
            assert!(matches!(manner.http.as_u16(), 429 | 503), "{refusal}");
            assert!(
                matches!(status.details[..], [Detail::RetryInfo { seconds: 1 | 2 }]),
                "{status:?}"
            );
        }
    }

    #[test]
    fn what_is_too_large_is_never_worth_sending_again() {
        for refusal in [
            Refusal::TooLarge { limit_bytes: 1 },
            Refusal::Undecodable(DecodeError::TooLarge { limit_bytes: 1 }),
            Refusal::Wal(WalError::TooLarge {
                size_bytes: 2,
                limit_bytes: 1,
            }),
        ] {
            let (manner, status) = (refusal.manner(), refusal.status(Duration::from_secs(1)));
            assert_eq!((manner.code, manner.http.as_u16()), (Code::ResourceExhausted, 413));
            assert_eq!(status.details, []);
        }
    }
}
