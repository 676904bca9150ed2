//! One request as its sender made it: what the log keeps, and what decoding reads.

use std::fmt;

use bytes::Bytes;
use pennyspan_schema::Workspace;

/// A request, its bytes as received (still compressed) and what stood beside them.
///
/// Cloning is cheap: the body is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The workspace that the credential chose.
    pub workspace: Workspace,
    /// What the body holds.
    pub kind: RequestKind,
    /// How the body is written.
    pub content_type: ContentType,
    /// How the body is compressed.
    pub content_encoding: ContentEncoding,
    /// What the sender said beside the body.
    pub door: Door,
    /// When the request was received, nanoseconds since 1970 UTC.
    pub received_at_unix_nano: i64,
    /// The request's identity; equal for a copy that was sent again.
    pub digest: Digest,
    /// The body as received, still compressed.
    pub body: Bytes,
}

/// What the sender said beside the body; a record's own words win over it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Door {
    /// The resource that the records belong to, such as a function's ARN.
    pub resource: Option<String>,
    /// The instance that the records belong to, such as a log stream.
    pub instance: Option<String>,
}

/// Declares an enum that is stored as a number: its variants, their codes and both directions.
macro_rules! stored_enum {
    (
        $(#[$doc:meta])* $name:ident: $code:ty {
            $( $(#[$variant_doc:meta])* $variant:ident = $value:literal, $label:literal; )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )+
        }

        impl $name {
            /// Every variant, in the order of its codes.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// The number that stands for this in stored frames; it never changes its meaning.
            #[must_use]
            pub const fn code(self) -> $code {
                match self {
                    $( Self::$variant => $value, )+
                }
            }

            /// What `code` stands for; `None` where this program does not know it.
            #[must_use]
            pub const fn from_code(code: $code) -> Option<Self> {
                match code {
                    $( $value => Some(Self::$variant), )+
                    _ => None,
                }
            }

            /// The name in messages and counters.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => $label, )+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

stored_enum! {
    /// What a request's body holds, which decides how it is decoded.
    RequestKind: u16 {
        /// OTLP `ExportTraceServiceRequest`.
        Spans = 1, "spans";
        /// OTLP `ExportLogsServiceRequest`.
        Logs = 2, "logs";
        /// OTLP `ExportMetricsServiceRequest`.
        Metrics = 3, "metrics";
        /// Invocation records, one statement about one attempt each.
        Invocations = 4, "invocations";
        /// AWS Lambda Telemetry API events.
        AwsTelemetry = 5, "aws_telemetry";
        /// CloudWatch Logs subscription messages.
        Cloudwatch = 6, "cloudwatch";
        /// Settings of resources.
        Configurations = 7, "configurations";
        /// Changes of functions and services.
        Deployments = 8, "deployments";
        /// Amazon Data Firehose's deliveries to an HTTP endpoint.
        Firehose = 9, "firehose";
        /// A Pub/Sub push message that holds a Google Cloud log entry.
        GcpPubsub = 30, "gcp_pubsub";
        /// Google Cloud log entries.
        GcpLogs = 31, "gcp_logs";
        /// Azure diagnostic records and Application Insights telemetry.
        AzureRecords = 32, "azure_records";
        /// Cloudflare Workers trace events, as Logpush sends them.
        CloudflareLogpush = 33, "cloudflare_logpush";
        /// Cloudflare Workers tail items.
        CloudflareTail = 34, "cloudflare_tail";
    }
}

stored_enum! {
    /// How a request's body is written.
    ContentType: u8 {
        /// The sender named none, or one that says nothing about the body.
        Unspecified = 0, "unspecified";
        /// `application/x-protobuf`, and the messages of gRPC.
        Protobuf = 1, "protobuf";
        /// `application/json`.
        Json = 2, "json";
        /// `application/x-ndjson`: one JSON object per line.
        Ndjson = 3, "ndjson";
        /// `text/plain`: log lines.
        Text = 4, "text";
    }
}

stored_enum! {
    /// How a request's body is compressed.
    ContentEncoding: u8 {
        /// Not compressed.
        Identity = 0, "identity";
        /// RFC 1952.
        Gzip = 1, "gzip";
        /// RFC 8878.
        Zstd = 2, "zstd";
    }
}

/// A request's identity: the BLAKE3 hash by which a copy that was sent again is recognised. It is computed over every byte that
/// comes in, at which it is several times as fast as SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The identity of a request by its content; `body` is decompressed, because a retry's compression may differ.
    #[must_use]
    pub fn of_body(workspace: &Workspace, kind: RequestKind, body: &[u8]) -> Self {
        Self::of(workspace, kind, b"body", body)
    }

    /// The identity of a request by its content and its door: two functions may send the same words at the same moment.
    /// With nothing said at the door it is that of [`Self::of_body`].
    #[must_use]
    pub fn of_sent_body(workspace: &Workspace, kind: RequestKind, door: &Door, body: &[u8]) -> Self {
        if *door == Door::default() {
            return Self::of_body(workspace, kind, body);
        }
        let mut hash = blake3::Hasher::new();
        for said in [&door.resource, &door.instance] {
            let length = said.as_ref().map_or(u64::MAX, |text| text.len() as u64);
            hash.update(&length.to_le_bytes());
            hash.update(said.as_deref().unwrap_or_default().as_bytes());
        }
        hash.update(body);
        Self::of(workspace, kind, b"door and body", hash.finalize().as_bytes())
    }

    /// The identity of a request that names itself, as Firehose's request id does.
    #[must_use]
    pub fn of_request_id(workspace: &Workspace, kind: RequestKind, request_id: &str) -> Self {
        Self::of(workspace, kind, b"id", request_id.as_bytes())
    }

    fn of(workspace: &Workspace, kind: RequestKind, domain: &[u8], content: &[u8]) -> Self {
        let mut hash = blake3::Hasher::new();
        for part in [workspace.as_str().as_bytes(), domain] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update(&kind.code().to_le_bytes());
        hash.update(content);
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_for_one_variant() {
        for kind in RequestKind::ALL {
            assert_eq!(RequestKind::from_code(kind.code()), Some(*kind));
        }
        for content_type in ContentType::ALL {
            assert_eq!(ContentType::from_code(content_type.code()), Some(*content_type));
        }
        for encoding in ContentEncoding::ALL {
            assert_eq!(ContentEncoding::from_code(encoding.code()), Some(*encoding));
        }
        assert_eq!(RequestKind::from_code(0), None);
        assert_eq!(ContentEncoding::from_code(200), None);
    }

    fn door(resource: Option<&str>, instance: Option<&str>) -> Door {
        Door {
            resource: resource.map(str::to_owned),
            instance: instance.map(str::to_owned),
        }
    }

    #[test]
    fn identity_tells_workspace_kind_door_and_content_apart() {
        let (a, b) = (Workspace::new("a").unwrap(), Workspace::new("ab").unwrap());
        let digests = [
            Digest::of_body(&a, RequestKind::Spans, b"body"),
            Digest::of_body(&b, RequestKind::Spans, b"body"),
            Digest::of_body(&a, RequestKind::Logs, b"body"),
            Digest::of_body(&a, RequestKind::Spans, b"other"),
            Digest::of_request_id(&a, RequestKind::Spans, "body"),
            Digest::of_sent_body(&a, RequestKind::Spans, &door(Some("one"), None), b"body"),
            Digest::of_sent_body(&a, RequestKind::Spans, &door(None, Some("one")), b"body"),
            Digest::of_sent_body(&a, RequestKind::Spans, &door(Some("one"), Some("two")), b"body"),
        ];
        for (i, left) in digests.iter().enumerate() {
            for right in &digests[i + 1..] {
                assert_ne!(left, right);
            }
        }
        assert_eq!(
            digests[0],
            Digest::of_sent_body(&a, RequestKind::Spans, &Door::default(), b"body")
        );
    }
}
