//! What decoding is told: limits, which stand at the head of each segment of the log, so that replay gives the same rows.

use serde::{Deserialize, Serialize};

/// Limits in force while decoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The most bytes of one request after decompression.
    pub request_bytes: usize,
    /// The most items (spans, records, points, lines) of one request.
    pub items: usize,
    /// The most bytes of the rows that one request becomes; what a resource says is in each of its rows.
    #[serde(default = "without_limit")]
    pub rows_bytes: usize,
    /// The most attributes of one record; further ones are left out and counted.
    pub attributes: usize,
    /// The most bytes of one attribute's key.
    pub key_bytes: usize,
    /// The most bytes of one text value; longer ones are cut.
    pub value_bytes: usize,
    /// The most bytes of one name (function, service, operation); a longer one is cut and ends in a hash of the whole.
    pub name_bytes: usize,
    /// The deepest nesting of attribute values.
    pub depth: usize,
    /// The most slices (minutes) that one received request may open.
    pub slices: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            request_bytes: 64 << 20,
            items: 1_000_000,
            rows_bytes: 256 << 20,
            attributes: 1024,
            key_bytes: 1024,
            value_bytes: 64 << 10,
            name_bytes: 256,
            depth: 32,
            slices: 1000,
        }
    }
}

/// Logs of versions that had no such limit are read as they were.
fn without_limit() -> usize {
    usize::MAX
}
