//! What is received where: the one list of routes.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::refusal::Refusal;
use crate::request::{ContentEncoding, ContentType, Door, RequestKind};

/// The header, and the key of a query, that name the resource of a body's records.
const RESOURCE: (&str, &str) = ("x-pennyspan-resource", "resource");
/// The same for their instance.
const INSTANCE: (&str, &str) = ("x-pennyspan-instance", "instance");

/// A path at which requests are received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The path of HTTP.
    pub(super) path: &'static str,
    /// The method of gRPC, where there is one.
    pub(super) grpc: Option<&'static str>,
    /// What the body holds.
    pub(super) kind: RequestKind,
    /// How the route answers.
    pub(super) form: Form,
}

/// How a route reads its content type, and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the OpenTelemetry protocol says; the word is the signal's in an answer's JSON.
    Otlp {
        /// The field of a partial success that counts the rejected items.
        rejected: &'static str,
    },
    /// JSON, with errors as `application/problem+json`.
    Own,
    /// As Amazon Data Firehose speaks to HTTP endpoints: JSON, and every answer names the request.
    Firehose,
    /// As [`Self::Own`], for what a platform sends itself: nobody can tell it to name another content type.
    Platform,
}

/// Every route.
pub(super) const ROUTES: &[Route] = &[
    Route {
        path: "/v1/traces",
        grpc: Some("/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
        kind: RequestKind::Spans,
        form: Form::Otlp {
            rejected: "rejectedSpans",
        },
    },
    Route {
        path: "/v1/logs",
        grpc: Some("/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
        kind: RequestKind::Logs,
        form: Form::Otlp {
            rejected: "rejectedLogRecords",
        },
    },
    Route {
        path: "/v1/metrics",
        grpc: Some("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
        kind: RequestKind::Metrics,
        form: Form::Otlp {
            rejected: "rejectedDataPoints",
        },
    },
    Route {
        path: "/v1/invocations",
        grpc: None,
        kind: RequestKind::Invocations,
        form: Form::Own,
    },
    Route {
        path: "/v1/aws/telemetry",
        grpc: None,
        kind: RequestKind::AwsTelemetry,
        form: Form::Own,
    },
    Route {
        path: "/v1/aws/cloudwatch",
        grpc: None,
        kind: RequestKind::Cloudwatch,
        form: Form::Own,
    },
    Route {
        path: "/v1/configurations",
        grpc: None,
        kind: RequestKind::Configurations,
        form: Form::Own,
    },
    Route {
        path: "/v1/deployments",
        grpc: None,
        kind: RequestKind::Deployments,
        form: Form::Own,
    },
    Route {
        path: "/v1/aws/firehose",
        grpc: None,
        kind: RequestKind::Firehose,
        form: Form::Firehose,
    },
    Route {
        path: "/v1/gcp/pubsub",
        grpc: None,
        kind: RequestKind::GcpPubsub,
        form: Form::Platform,
    },
    Route {
        path: "/v1/gcp/logs",
        grpc: None,
        kind: RequestKind::GcpLogs,
        form: Form::Platform,
    },
    Route {
        path: "/v1/azure/records",
        grpc: None,
        kind: RequestKind::AzureRecords,
        form: Form::Platform,
    },
    Route {
        path: "/v1/cloudflare/logpush",
        grpc: None,
        kind: RequestKind::CloudflareLogpush,
        form: Form::Platform,
    },
    Route {
        path: "/v1/cloudflare/tail",
        grpc: None,
        kind: RequestKind::CloudflareTail,
        form: Form::Platform,
    },
];

/// Returns the paths of the routes that are not of the OpenTelemetry protocol.
pub fn own_paths() -> impl Iterator<Item = &'static str> {
    let own = ROUTES.iter().filter(|route| !matches!(route.form, Form::Otlp { .. }));
    own.map(|route| route.path)
}

impl Form {
    /// How the body is written, or that it is written as this route does not read.
    pub(super) fn content_type(self, headers: &HeaderMap) -> Result<ContentType, Refusal> {
        let media_type = media_type(headers);
        let accepted = match self {
            Self::Otlp { .. } => "application/x-protobuf or application/json",
            Self::Own | Self::Platform => "application/json or application/x-ndjson",
            Self::Firehose => "application/json",
        };
        match (self, media_type.as_deref()) {
            (Self::Platform, _) | (Self::Own, None | Some("application/octet-stream")) => Ok(ContentType::Unspecified),
            (Self::Otlp { .. }, Some("application/x-protobuf")) => Ok(ContentType::Protobuf),
            (_, Some("application/json")) => Ok(ContentType::Json),
            (Self::Own, Some("application/x-ndjson" | "application/ndjson" | "application/jsonl")) => {
                Ok(ContentType::Ndjson)
            }
            (Self::Own, Some("text/plain")) => Ok(ContentType::Text),
            (_, given) => Err(Refusal::ContentType {
                given: given.unwrap_or("(none)").to_owned(),
                accepted,
            }),
        }
    }
}

/// The content type in lower case, without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or(value);
    Some(essence.trim().to_ascii_lowercase())
}

/// How the body is compressed.
pub(super) fn content_encoding(headers: &HeaderMap) -> Result<ContentEncoding, Refusal> {
    let Some(value) = headers.get(CONTENT_ENCODING) else {
        return Ok(ContentEncoding::Identity);
    };
    encoding_named(&String::from_utf8_lossy(value.as_bytes()))
}

/// The encoding of that name, in any letter case.
pub(super) fn encoding_named(name: &str) -> Result<ContentEncoding, Refusal> {
    match name.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(ContentEncoding::Identity),
        "gzip" | "x-gzip" => Ok(ContentEncoding::Gzip),
        "zstd" => Ok(ContentEncoding::Zstd),
        _ => Err(Refusal::ContentEncoding { given: name.to_owned() }),
    }
}

/// What the sender says beside the body: in the query, else in headers.
pub(super) fn door(headers: &HeaderMap, query: Option<&str>) -> Door {
    let said = |(header, key): (&str, &str)| {
        let of_query = query.and_then(|query| query_value(query, key));
        of_query
            .or_else(|| Some(headers.get(header)?.to_str().ok()?.to_owned()))
            .filter(|text| !text.is_empty())
    };
    Door {
        resource: said(RESOURCE),
        instance: said(INSTANCE),
    }
}

fn query_value(query: &str, key: &str) -> Option<String> {
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))?;
    Some(percent_decoded(value))
}

/// A query's value as text: `+` is a space, and `%` leads two hexadecimal digits.
fn percent_decoded(value: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), value.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let digits = if *first == b'%' { after.first_chunk::<2>() } else { None };
        let mut byte = [0];
        match digits.map(|digits| hex::decode_to_slice(digits, &mut byte)) {
            Some(Ok(())) => {
                bytes.push(byte[0]);
                rest = &after[2..];
            }
            _ => bytes.push(if *first == b'+' { b' ' } else { *first }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{ContentType, Form, ROUTES, Refusal, door};
    use crate::request::RequestKind;

    #[test]
    fn every_kind_of_request_has_one_route() {
        let kinds: Vec<_> = ROUTES.iter().map(|route| route.kind).collect();
        assert_eq!(kinds, RequestKind::ALL);
    }

    #[test]
    fn the_query_wins_over_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert("x-pennyspan-resource", HeaderValue::from_static("of-header"));
        headers.insert("x-pennyspan-instance", HeaderValue::from_static("2026/[$LATEST]1"));
        let arn = "arn%3Aaws:lambda:eu-west-1:1:function:a+b%zz";
        let said = door(&headers, Some(&format!("resource={arn}&instancex=1&instance=")));
        assert_eq!(
            said.resource.as_deref(),
            Some("arn:aws:lambda:eu-west-1:1:function:a b%zz")
        );
        assert_eq!(said.instance, None);
        assert_eq!(door(&headers, None).instance.as_deref(), Some("2026/[$LATEST]1"));
    }

    #[test]
    fn content_types_are_read_in_any_case_and_with_parameters() {
        let read = |form: Form, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static(value));
            form.content_type(&headers)
        };
        let otlp = Form::Otlp {
            rejected: "rejectedSpans",
        };
        assert_eq!(read(otlp, "Application/X-Protobuf").unwrap(), ContentType::Protobuf);
        assert_eq!(
            read(otlp, "APPLICATION/JSON ; charset=utf-8").unwrap(),
            ContentType::Json
        );
        assert!(matches!(
            read(otlp, "application/x-ndjson"),
            Err(Refusal::ContentType { .. })
        ));
        assert_eq!(read(Form::Own, "application/x-ndjson").unwrap(), ContentType::Ndjson);
        assert!(matches!(
            read(Form::Own, "application/x-protobuf"),
            Err(Refusal::ContentType { .. })
        ));
        assert_eq!(
            Form::Own.content_type(&HeaderMap::new()).unwrap(),
            ContentType::Unspecified
        );
    }
}
