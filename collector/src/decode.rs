//! Bytes in, rows out: one pure function per format, and what they share.
//!
//! Decoding judges item by item. What cannot be understood as a whole is a [`DecodeError`]; one bad item among good ones is a
//! [`Rejection`], and its neighbours go on. Semantic-convention and vendor names are known below this module and nowhere else.

use pennyspan_schema::Table;

use crate::request::{ContentType, Door, RequestKind};

pub(crate) mod attributes;
pub mod aws;
pub mod azure;
pub mod cloudflare;
pub mod configuration;
pub(crate) mod delivery;
pub mod deployment;
pub(crate) mod documents;
pub(crate) mod exception;
pub(crate) mod fault;
pub(crate) mod fingerprint;
pub mod gcp;
pub(crate) mod ids;
mod inflate;
pub(crate) mod items;
pub(crate) mod names;
pub(crate) mod number;
pub(crate) mod object;
pub mod otlp;
mod output;
pub(crate) mod own_line;
pub(crate) mod payload;
pub mod record;
pub(crate) mod said;
pub(crate) mod sender;
mod settings;
pub(crate) mod severity;
pub(crate) mod slices;
mod time;
pub(crate) mod workflow;

pub use inflate::inflate;
pub(crate) use output::Output;
pub use output::{Decoded, Reason, Rejection, Rejections};
pub use settings::Settings;
pub(crate) use time::{Clock, Filed};

/// Where a body came from, beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// What the sender said beside the body; a record's own words win over it.
    pub door: &'a Door,
    /// The region that whoever imports a file names for records that name none.
    pub region: Option<&'a str>,
    /// When the request was received, in nanoseconds since 1970 UTC; a file has no such time.
    pub received_at_unix_nano: Option<i64>,
}

/// Why a body could not be decoded at all.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not the format that they should be.
    #[error("{place}: not {expected}: {problem}")]
    Malformed {
        /// Where, such as `byte 17` or `line 3`.
        place: String,
        /// What was expected, such as `an ExportTraceServiceRequest in protobuf`.
        expected: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Every item was rejected, and there was at least one.
    #[error("none of the {items} {what} is acceptable; the first: {first}")]
    NothingAcceptable {
        /// How many items there were.
        items: usize,
        /// What they are, in the plural.
        what: &'static str,
        /// The first rejection.
        first: Box<Rejection>,
    },
    /// The body decompresses to more than the limit.
    #[error(
        "the body holds more than {limit_bytes} bytes after decompression; send smaller requests, or raise the limit"
    )]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
}

/// Decodes a request's body, which is decompressed.
///
/// # Errors
/// [`DecodeError`] where the body cannot be read as a whole, or holds items of which none is acceptable.
pub fn decode(
    kind: RequestKind,
    content_type: ContentType,
    body: &[u8],
    origin: Origin<'_>,
    settings: &Settings,
) -> Result<Decoded, DecodeError> {
    match kind {
        RequestKind::Spans => otlp::spans(body, content_type, origin, settings),
        RequestKind::Logs => otlp::logs(body, content_type, origin, settings),
        RequestKind::Metrics => otlp::metrics(body, content_type, origin, settings),
        RequestKind::Invocations => record::invocations(body, &origin, settings),
        RequestKind::AwsTelemetry => aws::telemetry(body, &origin, settings),
        RequestKind::Cloudwatch => aws::cloudwatch(body, &origin, settings),
        RequestKind::Configurations => configuration::configurations(body, &origin, settings),
        RequestKind::Deployments => deployment::deployments(body, &origin, settings),
        RequestKind::Firehose => aws::firehose(body, &origin, settings),
        RequestKind::GcpPubsub => gcp::pubsub(body, &origin, settings),
        RequestKind::GcpLogs => gcp::logs(body, &origin, settings),
        RequestKind::AzureRecords => azure::records(body, &origin, settings),
        RequestKind::CloudflareLogpush => cloudflare::logpush(body, &origin, settings),
        RequestKind::CloudflareTail => cloudflare::tail(body, &origin, settings),
    }
}

/// Returns the identity that a request gives itself, by which a copy is recognised even where its bytes differ: that of a Pub/Sub
/// message, whose envelope counts its deliveries.
#[must_use]
pub(crate) fn own_identity(kind: RequestKind, body: &[u8]) -> Option<String> {
    match kind {
        RequestKind::GcpPubsub => gcp::message_identity(body),
        _ => None,
    }
}

/// Returns what the items of a table are called, in the plural.
#[must_use]
pub fn plural(table: Table) -> &'static str {
    match table {
        Table::Spans => "spans",
        Table::Logs => "log records",
        Table::MetricPoints => "data points",
        Table::Configurations => "settings",
        Table::Deployments => "deployments",
        Table::WorkflowSteps => "workflow steps",
        _ => "records",
    }
}
