//! OTLP requests in files: JSON, one per line, or messages with their length before them.

use std::io::{self, BufRead, Read};

use pennyspan_schema::Table;

use super::format::{LENGTH_BYTES, Shape, json_signal, signal};
use super::{ImportError, rejected};
use crate::decode::{DecodeError, Decoded, Origin, Settings, inflate, otlp};
use crate::request::{ContentEncoding, ContentType, RequestKind};

/// What a file of messages should hold.
const EXPECTED: &str = "OTLP requests with their length before them, in four bytes, the highest first";
/// What a file of a metric stream should hold.
const EXPECTED_DELIMITED: &str = "metrics requests of OTLP with their length before them, as a varint";

/// The longest varint of a 32-bit length.
const VARINT_BYTES: usize = 5;

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
    shape: Shape,
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
            expected: if shape == Shape::Delimited {
                EXPECTED_DELIMITED
            } else {
                EXPECTED
            },
            problem,
        };
        let unreadable = |error| ImportError::Unreadable { error };
        let length = match next_length(reader, shape).map_err(unreadable)? {
            Length::Of(length) => length,
            Length::End => return Ok(()),
            Length::Cut => return Err(broken("the file ends within a length".to_owned())),
            Length::Bad => return Err(broken("a length takes more than five bytes".to_owned())),
        };
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
        take(match shape {
            Shape::Delimited => of_kind(
                RequestKind::Metrics,
                ContentType::Protobuf,
                (&message, &place),
                origin,
                settings,
            ),
            _ => message_of(&message, &place, origin, settings),
        });
    }
}

/// What stands before a message.
enum Length {
    Of(usize),
    End,
    Cut,
    Bad,
}

/// Reads the length before a message, or finds the end of the file.
fn next_length(reader: &mut dyn BufRead, shape: Shape) -> io::Result<Length> {
    if shape == Shape::Delimited {
        return next_varint(reader);
    }
    let mut length = [0; LENGTH_BYTES];
    Ok(match fill(reader, &mut length)? {
        0 => Length::End,
        LENGTH_BYTES => Length::Of(usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX)),
        _ => Length::Cut,
    })
}

fn next_varint(reader: &mut dyn BufRead) -> io::Result<Length> {
    let mut length = 0_usize;
    for index in 0..VARINT_BYTES {
        let mut byte = [0];
        if fill(reader, &mut byte)? == 0 {
            return Ok(if index == 0 { Length::End } else { Length::Cut });
        }
        length |= usize::from(byte[0] & 0x7f) << (7 * index);
        if byte[0] & 0x80 == 0 {
            return Ok(Length::Of(length));
        }
    }
    Ok(Length::Bad)
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
