//! How Amazon Data Firehose speaks to an HTTP endpoint, beside the body.
//!
//! A request names itself in a header and again in its body, and keeps that name when it is sent again. It may carry an access
//! key, and attributes that the stream's owner set for all its requests. Firehose waits three minutes for an answer and sends
//! the request again unless it is 200 in the form of `http/answer.rs`.
//!
//! Source: "HTTP endpoint delivery request and response specifications", Amazon Data Firehose developer guide,
//! <https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html>.

use http::HeaderMap;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::decode::{DecodeError, aws};
use crate::request::Door;

const PROTOCOL_VERSION: &str = "x-amz-firehose-protocol-version";
const REQUEST_ID: &str = "x-amz-firehose-request-id";
const SOURCE_ARN: &str = "x-amz-firehose-source-arn";
const ACCESS_KEY: &str = "x-amz-firehose-access-key";
const COMMON_ATTRIBUTES: &str = "x-amz-firehose-common-attributes";

/// How a request breaks the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Breach {
    /// The access key is missing or another one.
    #[error(
        "the access key is not the one of this server; set the stream's access key to the one it was configured with"
    )]
    AccessKey,
    /// The protocol is of another version.
    #[error("protocol version `{given}` is not spoken here; send x-amz-firehose-protocol-version: 1.0")]
    Version {
        /// The version.
        given: String,
    },
    /// No header names the request.
    #[error("no header x-amz-firehose-request-id names the request; send the id that its body has")]
    NoRequestId,
    /// Header and body name different requests.
    #[error(
        "the body's requestId is not the one of the header x-amz-firehose-request-id; send the request as it was made"
    )]
    OtherRequestId,
    /// The common attributes cannot be read.
    #[error("x-amz-firehose-common-attributes is not {{\"commonAttributes\":{{..}}}} with texts as values: {problem}")]
    Attributes {
        /// What is wrong.
        problem: String,
    },
}

/// What a request says beside its body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Its name, which a copy of it has again.
    pub(super) request_id: Option<String>,
    /// Where its records come from.
    pub(super) door: Door,
}

/// Reads what a request says beside its body, and judges whether it may come in.
pub(super) fn said(headers: &HeaderMap, key_sha256: Option<&[u8; 32]>) -> Result<Said, Breach> {
    if let Some(expected) = key_sha256 {
        let given = headers.get(ACCESS_KEY).ok_or(Breach::AccessKey)?;
        if !equal(&Sha256::digest(given.as_bytes()).into(), expected) {
            return Err(Breach::AccessKey);
        }
    }
    if let Some(version) = text(headers, PROTOCOL_VERSION).filter(|version| version != "1.0") {
        return Err(Breach::Version { given: version });
    }
    let request_id = request_id(headers).ok_or(Breach::NoRequestId)?;
    Ok(Said {
        request_id: Some(request_id),
        door: door(headers)?,
    })
}

/// Returns the name that the header gives the request.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    text(headers, REQUEST_ID)
}

/// Checks that a body has the name that its header gave, and returns the breach where it has another.
///
/// # Errors
/// [`DecodeError`] where the body is no request of Firehose.
pub(super) fn misnamed(body: &[u8], request_id: &str) -> Result<Option<Breach>, DecodeError> {
    let named = aws::firehose::request_id(body)?;
    Ok((named != request_id).then_some(Breach::OtherRequestId))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The attributes of all requests of a stream.
#[derive(Deserialize)]
struct Common {
    #[serde(rename = "commonAttributes", default)]
    attributes: Words,
}

/// The attributes that this door reads; Firehose allows fifty of any name.
#[derive(Default, Deserialize)]
struct Words {
    resource: Option<String>,
    instance: Option<String>,
}

/// Returns what the stream's owner says of its records: `resource` and `instance` among the common attributes; without a
/// resource, the stream's own ARN tells account and region.
fn door(headers: &HeaderMap) -> Result<Door, Breach> {
    let words = match headers.get(COMMON_ATTRIBUTES) {
        None => Words::default(),
        Some(value) => {
            let common: Common = serde_json::from_slice(value.as_bytes()).map_err(|problem| Breach::Attributes {
                problem: problem.to_string(),
            })?;
            common.attributes
        }
    };
    let said = |word: Option<String>| word.filter(|word| !word.is_empty());
    Ok(Door {
        resource: said(words.resource).or_else(|| text(headers, SOURCE_ARN)),
        instance: said(words.instance),
    })
}

/// Compares without telling by its time how much is equal.
fn equal(given: &[u8; 32], expected: &[u8; 32]) -> bool {
    let differing = given
        .iter()
        .zip(expected)
        .fold(0, |differing, (a, b)| differing | (a ^ b));
    std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use sha2::{Digest as _, Sha256};

    use super::{Breach, said};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    const ID: (&str, &str) = ("x-amz-firehose-request-id", "4f0c8a1e-60f5-4c0e-b3b5-2a1d9f7c0e11");

    #[test]
    fn common_attributes_are_the_doors_words_and_the_streams_arn_stands_in() {
        let arn = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/telemetry";
        let of_stream = said(&headers(&[ID, ("x-amz-firehose-source-arn", arn)]), None).unwrap();
        assert_eq!(of_stream.door.resource.as_deref(), Some(arn));
        let attributes = r#"{"commonAttributes":{"resource":"checkout","instance":"i-1","team":"pay"}}"#;
        let named = said(
            &headers(&[
                ID,
                ("x-amz-firehose-source-arn", arn),
                ("x-amz-firehose-common-attributes", attributes),
            ]),
            None,
        )
        .unwrap();
        assert_eq!(
            (named.door.resource.as_deref(), named.door.instance.as_deref()),
            (Some("checkout"), Some("i-1"))
        );
        let broken = said(&headers(&[ID, ("x-amz-firehose-common-attributes", "team=pay")]), None);
        assert!(matches!(broken, Err(Breach::Attributes { .. })), "{broken:?}");
    }

    #[test]
    fn the_access_key_is_judged_before_anything_else() {
        let key = Sha256::digest("s3cret").into();
        for (given, breach) in [
            (&[ID][..], Some(Breach::AccessKey)),
            (&[ID, ("x-amz-firehose-access-key", "s3cre")], Some(Breach::AccessKey)),
            (&[("x-amz-firehose-access-key", "s3cret")], Some(Breach::NoRequestId)),
            (&[ID, ("x-amz-firehose-access-key", "s3cret")], None),
        ] {
            assert_eq!(said(&headers(given), Some(&key)).err(), breach);
        }
    }

    #[test]
    fn another_version_of_the_protocol_is_refused_in_words() {
        let breach = said(&headers(&[ID, ("x-amz-firehose-protocol-version", "2.0")]), None).unwrap_err();
        assert!(breach.to_string().contains("`2.0`"), "{breach}");
    }
}
