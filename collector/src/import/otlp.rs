//! OTLP requests in files: JSON, one per line, or messages with their length before them.

use std::io::{self, BufRead, Read};

use pennyspan_schema::Table;

use super::format::{LENGTH_BYTES, json_signal, signal};
use super::{ImportError, rejected};
use crate::decode::{DecodeError, Decoded, Origin, Settings, inflate, otlp};
use crate::request::{ContentEncoding, ContentType, RequestKind};

/// What a file of messages should hold.
const EXPECTED: &str = "OTLP requests with their length before them, in four bytes, the highest first";

/// Decodes one request in JSON.
pub(super) fn json(body: &[u8], place: &str, origin: &Origin<'_>, settings: &Settings) -> Decoded {
    match json_signal(body) {
        Some(kind) => of_kind(kind, ContentType::Json, (body, place), origin, settings),
        None => rejected(
            Table::Spans,
            place.to_owned(),
            "not an OTLP request: no resourceSpans, resourceLogs or resourceMetrics".to_owned(),
        ),
    }
}

/// Decodes a request of a signal; each of its rejections names the place of the request as well.
fn of_kind(
    kind: RequestKind,
    content_type: ContentType,
    (body, place): (&[u8], &str),
    origin: &Origin<'_>,
    settings: &Settings,
) -> Decoded {
    let (decoded, table) = match kind {
        RequestKind::Logs => (otlp::logs(body, content_type, *origin, settings), Table::Logs),
        RequestKind::Metrics => (
            otlp::metrics(body, content_type, *origin, settings),
            Table::MetricPoints,
        ),
        _ => (otlp::spans(body, content_type, *origin, settings), Table::Spans),
    };
    match decoded {
        Ok(mut decoded) => {
            decoded.rejections = decoded.rejections.within(place);
            decoded
        }
        Err(DecodeError::NothingAcceptable { items, first, .. }) => {
            let mut decoded = Decoded::default();
            for _ in 0..items {
                decoded.rejections.push((*first).clone());
            }
            decoded.rejections = decoded.rejections.within(place);
            decoded
        }
        Err(error) => rejected(table, place.to_owned(), error.to_string()),
    }
}

/// Decodes a file of messages, each with its length before it. The file exporter compresses each message by itself.
pub(super) fn messages(
    reader: &mut dyn BufRead,
    origin: &Origin<'_>,
    settings: &Settings,
    take: &mut dyn FnMut(Decoded),
) -> Result<(), ImportError> {
    let mut number = 0_usize;
    loop {
        number += 1;
        let place = format!("message {number}");
        let broken = |problem: String| ImportError::Broken {
            place: place.clone(),
            expected: EXPECTED,
            problem,
        };
        let unreadable = |error| ImportError::Unreadable { error };
        let mut length = [0; LENGTH_BYTES];
        match fill(reader, &mut length).map_err(unreadable)? {
            0 => return Ok(()),
            LENGTH_BYTES => {}
            _ => return Err(broken("the file ends within a length".to_owned())),
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > settings.request_bytes {
            return Err(broken(format!(
                "a message of {length} bytes is more than the limit of {}",
                settings.request_bytes
            )));
        }
        let mut message = Vec::new();
        reader
            .take(length as u64)
            .read_to_end(&mut message)
            .map_err(unreadable)?;
        if message.len() < length {
            return Err(broken("the file ends within a message".to_owned()));
        }
        take(message_of(&message, &place, origin, settings));
    }
}

fn message_of(message: &[u8], place: &str, origin: &Origin<'_>, settings: &Settings) -> Decoded {
    let encoding = if message.starts_with(b"\x28\xb5\x2f\xfd") {
        ContentEncoding::Zstd
    } else {
        ContentEncoding::Identity
    };
    let body = match inflate(encoding, message, settings.request_bytes) {
        Ok(body) => body,
        Err(error) => return rejected(Table::Spans, place.to_owned(), error.to_string()),
    };
    if body.starts_with(b"{") {
        return json(&body, place, origin, settings);
    }
    match signal(&body) {
        Some(kind) => of_kind(kind, ContentType::Protobuf, (&body, place), origin, settings),
        None if body.is_empty() => Decoded::default(),
        None => rejected(
            Table::Spans,
            place.to_owned(),
            "not an OTLP request with spans, log records or metrics".to_owned(),
        ),
    }
}

/// Fills a buffer as far as the file goes, and returns how far.
fn fill(reader: &mut dyn BufRead, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
