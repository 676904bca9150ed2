//! What is fuzzed: everything that turns a sender's bytes into rows.
//!
//! Each target takes any bytes and must return. Beside not panicking it has to keep what it promises: nothing is counted twice,
//! the same bytes give the same rows, and what is built stays within the limits.

use pennyspan_collector::decode::{self, DecodeError, Decoded, Origin, Settings};
use pennyspan_collector::import::decode_file;
use pennyspan_collector::request::{ContentEncoding, ContentType, Door, RequestKind};

/// When the targets receive: 2026-10-08.
const NOW: i64 = 1_791_417_600_000_000_000;
/// The most bytes that a body may have after decompression.
const LIMIT_BYTES: usize = 1 << 20;

/// What came of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something was accepted, or there was nothing to reject.
    Accepted,
    /// It was refused as a whole.
    Refused,
}

fn settings() -> Settings {
    Settings {
        request_bytes: LIMIT_BYTES,
        items: 10_000,
        rows_bytes: 16 << 20,
        ..Settings::default()
    }
}

/// Reads a body as the kind and the content type that its first two bytes choose.
pub fn decode(data: &[u8]) -> Outcome {
    let [kind, content_type, body @ ..] = data else {
        return Outcome::Refused;
    };
    let kind = RequestKind::ALL[usize::from(*kind) % RequestKind::ALL.len()];
    let content_type = ContentType::ALL[usize::from(*content_type) % ContentType::ALL.len()];
    let door = Door {
        resource: Some("arn:aws:lambda:eu-west-1:210987654321:function:fuzzed".to_owned()),
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(NOW),
    };
    let settings = settings();
    let read = || decode::decode(kind, content_type, body, origin, &settings);
    let decoded = read();
    assert!(alike(&decoded, &read()), "the same bytes give the same rows");
    match decoded {
        Ok(decoded) => {
            assert!(decoded.rejections.first().len() <= decoded.rejections.total());
            Outcome::Accepted
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Outcome::Refused
        }
    }
}

fn alike(one: &Result<Decoded, DecodeError>, other: &Result<Decoded, DecodeError>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(one), Err(other)) => one.to_string() == other.to_string(),
        _ => false,
    }
}

/// Inflates a body as the encoding that its first byte chooses.
pub fn inflate(data: &[u8]) -> Outcome {
    let [encoding, body @ ..] = data else {
        return Outcome::Refused;
    };
    let encoding = ContentEncoding::ALL[usize::from(*encoding) % ContentEncoding::ALL.len()];
    match decode::inflate(encoding, body, LIMIT_BYTES) {
        Ok(content) => {
            assert!(content.len() <= LIMIT_BYTES);
            Outcome::Accepted
        }
        Err(_) => Outcome::Refused,
    }
}

/// Imports a file of whatever format it is taken for.
pub fn import(data: &[u8]) -> Outcome {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: Some("eu-west-1"),
        received_at_unix_nano: None,
    };
    let (mut accepted, mut rejected) = (0, 0);
    let summary = decode_file(data, &origin, &settings(), |decoded| {
        accepted += decoded.accepted;
        rejected += decoded.rejections.total();
    });
    match summary {
        Ok(summary) => {
            assert_eq!((summary.accepted, summary.rejected), (accepted, rejected));
            Outcome::Accepted
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Outcome::Refused
        }
    }
}
