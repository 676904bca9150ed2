//! Files in: which format a file has is told by its content, and its rows come in parts of bounded size.
//!
//! Compression is transparent. A line that is not understood is a rejection that names it, and the rest goes on; a file that is
//! not understood at all is an [`ImportError`].

mod compression;
mod csv;
mod files;
mod format;
mod identity;
mod lines;
mod otlp;
mod parts;
mod values;

use std::io::{BufRead, BufReader, Cursor, Read};

use pennyspan_schema::Table;

pub use self::files::{FilesError, files};
pub use self::format::{Format, Unrecognised, recognise};
use self::parts::Parts;
use crate::decode::{Decoded, Origin, Reason, Rejection, Settings};

/// How much of a file is looked at to recognise its format.
const HEAD_BYTES: u64 = 64 << 10;

/// What reading one file came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// The format.
    pub format: Format,
    /// Items that were understood.
    pub accepted: usize,
    /// Items that were rejected.
    pub rejected: usize,
}

/// Why a file could not be read to its end, or not at all. What came before is decoded already.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot be read")]
    Unreadable {
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The file is empty.
    #[error("is empty")]
    Empty,
    /// The file's content is of no known format.
    #[error(transparent)]
    Unrecognised(#[from] Unrecognised),
    /// The file is of a known format up to a place from which it cannot be read on.
    #[error("{place}: expected {expected}: {problem}")]
    Broken {
        /// Where.
        place: String,
        /// What was expected.
        expected: &'static str,
        /// What is there instead.
        problem: String,
    },
    /// Every item was rejected.
    #[error("none of its {items} items is one of {expected}; the first: {first}")]
    NothingAcceptable {
        /// How many items there were.
        items: usize,
        /// What was expected.
        expected: &'static str,
        /// The first rejection.
        first: Box<Rejection>,
    },
}

/// Recognises a file's format, decodes it and hands over its rows part by part; no more than a few parts are in memory.
///
/// # Errors
/// [`ImportError`] says what was expected; the caller knows the file's name.
pub fn decode_file(
    reader: impl Read,
    origin: &Origin<'_>,
    settings: &Settings,
    mut each: impl FnMut(Decoded),
) -> Result<FileSummary, ImportError> {
    let unreadable = |error| ImportError::Unreadable { error };
    let mut content = compression::transparent(Box::new(reader)).map_err(unreadable)?;
    let mut head = Vec::new();
    content
        .by_ref()
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError::Empty);
    }
    let (format, shape) = format::look(&head)?;
    let mut first = None;
    let mut summary = FileSummary {
        format,
        accepted: 0,
        rejected: 0,
    };
    let mut ids = identity::RecordIds::default();
    let mut take = |decoded: Decoded| {
        summary.accepted += decoded.accepted;
        summary.rejected += decoded.rejections.total();
        first = first.take().or_else(|| decoded.rejections.first().first().cloned());
        each(ids.fill(decoded));
    };
    let mut content: Box<dyn BufRead + '_> = Box::new(BufReader::new(Cursor::new(head).chain(content)));
    let parts = Parts {
        format,
        shape,
        origin,
        settings,
    };
    parts.decode(&mut content, &mut take)?;
    match first {
        Some(first) if summary.accepted == 0 => {
            let (items, expected) = (summary.rejected, format.expected());
            Err(ImportError::NothingAcceptable {
                items,
                expected,
                first: Box::new(first),
            })
        }
        _ => Ok(summary),
    }
}

/// Returns a part of which nothing came but the rejection of the item at `place`.
fn rejected(table: Table, place: String, detail: String) -> Decoded {
    let mut decoded = Decoded::default();
    decoded.rejections.push(Rejection {
        table,
        place,
        field: None,
        reason: Reason::Malformed,
        detail,
    });
    decoded
}

#[cfg(test)]
mod tests;
