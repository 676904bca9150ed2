//! Instants as Cloudflare writes them.

use crate::decode::number;

/// Returns an instant: milliseconds since 1970, or RFC 3339 where a Logpush job is told to write it.
pub(super) fn instant(text: &str) -> Option<i64> {
    number::unix_nano_of_millis(text).or_else(|| number::unix_nano(text))
}
