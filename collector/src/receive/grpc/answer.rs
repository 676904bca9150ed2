//! Answers over gRPC: a message and trailers, or trailers alone.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::combinators::WithTrailers;
use http_body_util::{BodyExt as _, Either, Empty, Full};
use prost::Message as _;

use super::super::export::ExportResponse;
use super::super::receipt::Receipt;
use super::super::refusal::Refusal;
use super::PREFIX_BYTES;

type Trailers = Ready<Option<Result<HeaderMap, Infallible>>>;

/// The body of an answer.
pub(crate) type AnswerBody = Either<WithTrailers<Full<Bytes>, Trailers>, Empty<Bytes>>;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Answers a call that was accepted.
pub(super) fn receipt(receipt: &Receipt) -> Response<AnswerBody> {
    let message = ExportResponse::of(receipt);
    let length = message.encoded_len();
    let mut body = BytesMut::with_capacity(PREFIX_BYTES + length);
    body.put_u8(0);
    // A receipt's message is cut long before its length could not be written.
    body.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    body.put_slice(&message.encode_to_vec());
    let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(body.freeze()).with_trailers(ready(Some(Ok(trailers))));
    let mut response = Response::new(Either::Left(body));
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    response
}

/// Answers a call that was refused.
pub(super) fn refusal(refusal: &Refusal, retry_after: Duration) -> Response<AnswerBody> {
    let status = refusal.status(retry_after);
    let mut response = Response::new(Either::Right(Empty::new()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, GRPC);
    headers.insert(GRPC_STATUS, HeaderValue::from(status.code));
    let details = STANDARD_NO_PAD.encode(status.to_protobuf());
    let texts = [
        (GRPC_MESSAGE, percent_encoded(&status.message)),
        (GRPC_STATUS_DETAILS, details),
    ];
    for (name, text) in texts {
        // Both texts are visible ASCII.
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
    if let Refusal::ContentEncoding { .. } = refusal {
        headers.insert(GRPC_ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip,zstd"));
    }
    response
}

/// Answers what is no gRPC.
pub(super) fn plain(status: StatusCode) -> Response<AnswerBody> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    response
}

/// A message as a header may carry it.
fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 0xf)]),
        }
    }
    encoded
}

fn hex_digit(of: u8) -> char {
    char::from_digit(u32::from(of), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn messages_travel_in_headers_as_ascii() {
        assert_eq!(percent_encoded("50 % of \u{e9}\n"), "50 %25 of %C3%A9%0A");
    }
}
