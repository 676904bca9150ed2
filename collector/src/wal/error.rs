//! What can go wrong with the log, in words.

use std::io;
use std::sync::Arc;

use pennyspan_schema::Position;

/// What can go wrong with the log.
///
/// Causes are shared, because one failure answers every frame of a group.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WalError {
    /// More bytes wait for the disk than the queue may hold; retryable.
    #[error("{queued_bytes} bytes wait for the write-ahead log, which takes {limit_bytes}; send the request again")]
    Full {
        /// Bytes that wait, or are being written.
        queued_bytes: usize,
        /// Bytes that may wait.
        limit_bytes: usize,
    },
    /// The disk has no room for the frame; retryable, and works again when space returns.
    #[error("the disk of the write-ahead log is full; free space and send the request again")]
    DiskFull {
        /// The operating system's answer.
        source: Arc<io::Error>,
    },
    /// A write or sync failed, so that nobody knows what the disk holds. No frame is accepted until a restart.
    #[error("the write-ahead log stopped because its disk failed; check the disk, then restart")]
    Poisoned {
        /// The failure.
        source: Arc<io::Error>,
    },
    /// The frame can never be accepted.
    #[error(
        "a frame of {size_bytes} bytes is larger than the write-ahead log takes ({limit_bytes}); send smaller requests"
    )]
    TooLarge {
        /// The frame's size.
        size_bytes: usize,
        /// The largest size that the queue takes.
        limit_bytes: usize,
    },
    /// The log was closed, as the program is ending; retryable elsewhere.
    #[error("the write-ahead log is closed because the program is ending; send the request again")]
    Closed,
    /// A durable frame was never published, so nothing after it may be; a restart publishes it.
    #[error("the frame at position {position} was not published, so later ones cannot be; restart to replay it")]
    Stalled {
        /// The frame that is missing.
        position: Position,
    },
    /// The log was written by a newer program.
    #[error("segment `{segment}` has format {found}, and this program knows {known}; use the program that wrote it")]
    NewerFormat {
        /// The segment's name.
        segment: String,
        /// The format that it says it has.
        found: u32,
        /// The newest format that this program reads.
        known: u32,
    },
    /// A whole frame says something that only a newer program understands.
    #[error(
        "segment `{segment}` holds a frame with {field} {code}, unknown to this program; use the one that wrote it"
    )]
    UnknownCode {
        /// The segment's name.
        segment: String,
        /// Which field of the frame.
        field: &'static str,
        /// Its stored number.
        code: u16,
    },
    /// A segment belongs to another log.
    #[error("segment `{segment}` belongs to log {found}, not {expected}; move it out of this directory")]
    Foreign {
        /// The segment's name.
        segment: String,
        /// The log that the segment names.
        found: String,
        /// The log that the directory holds.
        expected: String,
    },
    /// An id is not one.
    #[error("`{text}` is no id of a write-ahead log; it takes 16 lower-case hexadecimal digits")]
    BadId {
        /// What was given.
        text: String,
    },
    /// There are segments, and nothing says which log they belong to.
    #[error("neither the file `{file}` nor any segment names the log's id; restore the file from a backup")]
    NoId {
        /// The file that should hold it.
        file: &'static str,
    },
    /// The decode settings do not fit in a segment's head.
    #[error("the decode settings take {size_bytes} bytes in a segment's head, which has {limit_bytes}; shorten them")]
    SettingsTooLarge {
        /// The settings' size.
        size_bytes: usize,
        /// The largest size.
        limit_bytes: usize,
    },
    /// Part of a segment became unreadable after the log was opened.
    #[error("segment `{segment}` is damaged from byte {start} to {end}; restart to have it quarantined")]
    Damaged {
        /// The segment's name.
        segment: String,
        /// First damaged byte.
        start: u64,
        /// First byte after the damage.
        end: u64,
    },
    /// The disk refused an operation that puts no frame at risk.
    #[error("failed to {action} `{name}` of the write-ahead log; check the disk and its permissions")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file's name within the log's directory.
        name: String,
        /// The operating system's answer.
        source: Arc<io::Error>,
    },
}

impl WalError {
    /// Whether the same request may succeed when it is sent again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::DiskFull { .. } | Self::Closed)
    }

    /// The error of a failed `action` on `name`; a full disk is told apart.
    pub(super) fn io(action: &'static str, name: &str, source: io::Error) -> Self {
        let full = is_full(&source);
        let source = Arc::new(source);
        if full {
            Self::DiskFull { source }
        } else {
            Self::Io {
                action,
                name: name.to_owned(),
                source,
            }
        }
    }
}

/// Whether `error` says that the disk, or the user's share of it, has no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
