//! What a sender is told about an accepted request, and what a copy of it is told again.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::decode::{Decoded, Settings};
use crate::request::RequestKind;

/// The most bytes of a receipt's message, far below the 4 MiB that the OpenTelemetry protocol allows an answer.
const MESSAGE_BYTES: usize = 1024;

/// What became of an accepted request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Items that were accepted.
    pub accepted: u64,
    /// Items that were rejected.
    pub rejected: u64,
    /// Why, and what else the sender should know; empty where all is well.
    pub message: String,
}

impl Receipt {
    /// The receipt of what a body became.
    pub(crate) fn of(kind: RequestKind, decoded: &Decoded, settings: &Settings) -> Self {
        let rejected = decoded.rejections.total();
        let mut message = String::new();
        if rejected > 0 {
            let (of, what) = (decoded.accepted + rejected, items(kind));
            message = format!("{rejected} of {of} {what} rejected");
            let first = decoded.rejections.first();
            for (rejection, separator) in first.iter().zip(std::iter::once(": ").chain(std::iter::repeat("; "))) {
                message.push_str(separator);
                message.push_str(&rejection.to_string());
            }
            if rejected > first.len() {
                message.push_str("; and more");
            }
        }
        if decoded.attributes_dropped > 0 {
            let (dropped, kept) = (decoded.attributes_dropped, settings.attributes);
            let separator = if message.is_empty() { "" } else { "; " };
            message = format!(
                "{message}{separator}{dropped} attributes were left out: one of the {} keeps {kept}",
                items(kind)
            );
        }
        Self {
            accepted: decoded.accepted as u64,
            rejected: rejected as u64,
            message: cut(message, MESSAGE_BYTES),
        }
    }

    /// The bytes that the log remembers.
    pub(crate) fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(16 + self.message.len());
        bytes.put_u64_le(self.accepted);
        bytes.put_u64_le(self.rejected);
        bytes.put_slice(self.message.as_bytes());
        bytes.freeze()
    }

    /// The receipt that was remembered.
    pub(crate) fn decode(mut bytes: Bytes) -> Self {
        let accepted = bytes.try_get_u64_le().unwrap_or(0);
        let rejected = bytes.try_get_u64_le().unwrap_or(0);
        Self {
            accepted,
            rejected,
            message: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Whether there is nothing to say but success.
    pub(super) fn is_full_success(&self) -> bool {
        self.rejected == 0 && self.message.is_empty()
    }
}

/// What the items of a request are called, in the plural.
pub(super) fn items(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Spans => "spans",
        RequestKind::Logs => "log records",
        RequestKind::Metrics => "data points",
        RequestKind::Invocations | RequestKind::AzureRecords => "records",
        RequestKind::AwsTelemetry => "events",
        RequestKind::Cloudwatch => "log events",
        RequestKind::Configurations => "settings",
        RequestKind::Deployments => "deployments",
        RequestKind::Firehose => "items of records",
        RequestKind::GcpPubsub | RequestKind::GcpLogs => "log entries",
        RequestKind::CloudflareLogpush => "trace events",
        RequestKind::CloudflareTail => "tail items",
    }
}

/// Cuts a text to at most `bytes` bytes, between characters, and shows that it is cut.
pub(super) fn cut(mut text: String, bytes: usize) -> String {
    const CUT: &str = "...";
    if text.len() > bytes {
        let mut end = bytes.saturating_sub(CUT.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Receipt, cut};

    #[test]
    fn a_remembered_receipt_is_the_same() {
        let receipt = Receipt {
            accepted: 7,
            rejected: 3,
            message: "three bad \u{2603}".to_owned(),
        };
        assert_eq!(Receipt::decode(receipt.encode()), receipt);
        assert_eq!(Receipt::decode(Receipt::default().encode()), Receipt::default());
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("short".to_owned(), 5), "short");
        assert_eq!(cut("\u{2603}\u{2603}\u{2603}".to_owned(), 8), "\u{2603}...");
    }
}
