//! `google.rpc.Status`, the body of the OpenTelemetry protocol's errors, in protobuf and in JSON.
//!
//! Source: `google/rpc/status.proto`, `google/rpc/error_details.proto`, and the JSON mapping of Protocol Buffers.

use prost::Message;
use serde_json::{Value, json};

const TYPES: &str = "type.googleapis.com/";

/// An error as the protocol states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// The number of a `google.rpc.Code`.
    pub(super) code: i32,
    /// A sentence for the developer of the sender.
    pub(super) message: String,
    /// What a program may read.
    pub(super) details: Vec<Detail>,
}

/// What a program may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// `google.rpc.BadRequest`: the field that is to blame, and why.
    BadRequest { field: String, description: String },
    /// `google.rpc.RetryInfo`: send the same request again after so many seconds.
    RetryInfo { seconds: u64 },
}

impl Status {
    /// The message's bytes.
    pub(super) fn to_protobuf(&self) -> Vec<u8> {
        let details = self.details.iter().map(Detail::to_any).collect();
        StatusMessage {
            code: self.code,
            message: self.message.clone(),
            details,
        }
        .encode_to_vec()
    }

    /// The message's JSON.
    pub(super) fn to_json(&self) -> Value {
        let mut status = json!({ "code": self.code, "message": self.message });
        if !self.details.is_empty() {
            status["details"] = self.details.iter().map(Detail::to_json).collect();
        }
        status
    }
}

impl Detail {
    fn type_url(&self) -> String {
        let name = match self {
            Self::BadRequest { .. } => "google.rpc.BadRequest",
            Self::RetryInfo { .. } => "google.rpc.RetryInfo",
        };
        format!("{TYPES}{name}")
    }

    fn to_any(&self) -> Any {
        let value = match self {
            Self::BadRequest { field, description } => {
                let violation = FieldViolation {
                    field: field.clone(),
                    description: description.clone(),
                };
                BadRequest {
                    field_violations: vec![violation],
                }
                .encode_to_vec()
            }
            Self::RetryInfo { seconds } => {
                let seconds = i64::try_from(*seconds).unwrap_or(i64::MAX);
                RetryInfo {
                    retry_delay: Some(Duration { seconds, nanos: 0 }),
                }
                .encode_to_vec()
            }
        };
        Any {
            type_url: self.type_url(),
            value,
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::BadRequest { field, description } => json!({
                "@type": self.type_url(),
                "fieldViolations": [{ "field": field, "description": description }],
            }),
            Self::RetryInfo { seconds } => json!({ "@type": self.type_url(), "retryDelay": format!("{seconds}s") }),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
struct Duration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}
