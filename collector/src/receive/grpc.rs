//! Requests over gRPC: unary calls over HTTP/2.
//!
//! The handler is our own, so that a message is refused by the length that it declares, before it is read, and with the code
//! that the OpenTelemetry protocol wants. Source: the gRPC document "gRPC over HTTP2".

use std::convert::Infallible;
use std::fmt::Display;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use pennyspan_schema::Workspace;

use super::admission::Grant;
use super::body::Reader;
use super::path::Arrived;
use super::receipt::Receipt;
use super::refusal::Refusal;
use super::room::Promise;
use super::route::{ROUTES, Route, door, encoding_named, media_type};
use super::{Collector, Inner};
use crate::request::{ContentEncoding, ContentType};
pub(super) use answer::AnswerBody;

mod answer;

/// The header that says how messages are compressed.
const GRPC_ENCODING: &str = "grpc-encoding";
/// Bytes before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// A message as it was sent.
struct Message {
    encoding: ContentEncoding,
    body: Bytes,
    promise: Promise,
}

/// Answers one call.
pub(super) async fn call<B>(collector: Collector, request: Request<B>) -> Result<Response<AnswerBody>, Infallible>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let media_type = media_type(request.headers());
    if !matches!(
        media_type.as_deref(),
        Some("application/grpc" | "application/grpc+proto")
    ) {
        return Ok(answer::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let answer = match accept(&collector, request).await {
        Ok(receipt) => answer::receipt(&receipt),
        Err(refusal) => {
            collector.inner.metrics.refuse(refusal.manner().reason);
            answer::refusal(&refusal, collector.inner.options.retry_after)
        }
    };
    Ok(answer)
}

async fn accept<B>(collector: &Collector, request: Request<B>) -> Result<Receipt, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let inner = &collector.inner;
    let (head, body) = request.into_parts();
    let route = route(head.uri.path())?;
    let encoding = message_encoding(&head.headers)?;
    let entered = inner.enter(&head.headers)?;
    let mut grant = inner.in_flight.open();
    let message = message(
        Reader::new(body, &inner.options.connections),
        encoding,
        inner,
        &entered.workspace,
        &mut grant,
    )
    .await?;
    let arrived = Arrived {
        workspace: entered.workspace,
        kind: route.kind,
        content_type: ContentType::Protobuf,
        request_id: None,
        content_encoding: message.encoding,
        door: door(&head.headers, None),
        received_at_unix_nano: entered.received_at_unix_nano,
        body: message.body,
        grant,
        promise: message.promise,
    };
    collector.accept(arrived).await
}

fn route(path: &str) -> Result<&'static Route, Refusal> {
    let found = ROUTES.iter().find(|route| route.grpc == Some(path));
    found.ok_or_else(|| Refusal::NotFound { path: path.to_owned() })
}

fn message_encoding(headers: &HeaderMap) -> Result<ContentEncoding, Refusal> {
    let Some(value) = headers.get(GRPC_ENCODING) else {
        return Ok(ContentEncoding::Identity);
    };
    encoding_named(&String::from_utf8_lossy(value.as_bytes()))
}

/// Reads the one message of a unary call.
async fn message<B>(
    mut reader: Reader<B>,
    encoding: ContentEncoding,
    inner: &Inner,
    workspace: &Workspace,
    grant: &mut Grant,
) -> Result<Message, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let mut read = BytesMut::new();
    while read.len() < PREFIX_BYTES {
        read.extend_from_slice(
            &reader
                .next()
                .await?
                .ok_or_else(|| broken("it ends before its first message"))?,
        );
    }
    let compressed = read.get_u8();
    let length = usize::try_from(read.get_u32()).unwrap_or(usize::MAX);
    let encoding = match compressed {
        0 => ContentEncoding::Identity,
        1 if encoding != ContentEncoding::Identity => encoding,
        1 => return Err(broken("its message is compressed, and no grpc-encoding says how")),
        _ => return Err(broken("its message begins with neither 0 nor 1")),
    };
    let limit_bytes = inner.options.settings.request_bytes;
    if length > limit_bytes {
        return Err(Refusal::TooLarge { limit_bytes });
    }
    let promise = inner.promise(workspace, encoding, length)?;
    grant.grow(length)?;
    read.reserve(length.saturating_sub(read.len()));
    while let Some(more) = reader.next().await? {
        if read.len() + more.len() > length {
            return Err(broken("it goes on after its message, and takes one"));
        }
        read.extend_from_slice(&more);
    }
    match read.len() {
        exactly if exactly == length => Ok(Message {
            encoding,
            body: read.freeze(),
            promise,
        }),
        less if less < length => Err(broken("it ends within its message")),
        _ => Err(broken("it goes on after its message, and takes one")),
    }
}

fn broken(problem: &str) -> Refusal {
    Refusal::BadBody {
        problem: problem.to_owned(),
    }
}
