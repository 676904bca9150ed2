//! The wall clock, which nothing below this program reads.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time in nanoseconds since 1970 UTC.
#[must_use]
pub fn now_unix_nano() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Returns the clock, for those who are given one.
#[must_use]
pub fn shared() -> Arc<dyn Fn() -> i64 + Send + Sync> {
    Arc::new(now_unix_nano)
}
