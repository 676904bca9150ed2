//! Time-outs that invocation records name, as statements about the functions' settings.

use std::collections::BTreeMap;

use pennyspan_schema::tables::configurations;

use super::fields::Record;
use crate::decode::time::Filed;
use crate::decode::{Output, Settings, names};

/// Nanoseconds of one minute.
const MINUTE_NANOS: i64 = 60 * 1_000_000_000;

/// Time-outs by function, value and minute, and whether their time is suspect: records repeat theirs, and one row a minute says as
/// much. It is dated from the minute's start, so that equal rows come of a file however it is cut.
#[derive(Debug, Default)]
pub(super) struct Timeouts {
    seen: BTreeMap<Key, bool>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    provider: String,
    account: Option<String>,
    region: Option<String>,
    function: String,
    timeout_ms: i64,
    minute: i64,
}

impl Timeouts {
    /// Adds what one record says.
    pub(super) fn add(&mut self, record: &Record<'_>, filed: Filed, settings: &Settings) {
        let Some(timeout_ms) = record.timeout_ms else {
            return;
        };
        let cut = |text: &str| names::name(text, settings.name_bytes).into_owned();
        let key = Key {
            provider: cut(&record.provider),
            account: record.account.as_deref().map(cut),
            region: record.region.as_deref().map(cut),
            function: cut(&record.function),
            timeout_ms,
            minute: filed.unix_nano.div_euclid(MINUTE_NANOS),
        };
        *self.seen.entry(key).or_default() |= filed.suspect;
    }

    /// Appends a row for each.
    pub(super) fn append(&self, received_unix_nano: Option<i64>, output: &mut Output) {
        for (key, suspect) in &self.seen {
            output.configurations.append(&configurations::Row {
                provider: &key.provider,
                account: key.account.as_deref(),
                region: key.region.as_deref(),
                function: Some(&key.function),
                resource: &key.function,
                key: "timeout_ms",
                value: Some(&key.timeout_ms.to_string()),
                observed_unix_nano: key.minute.saturating_mul(MINUTE_NANOS),
                time_suspect: *suspect,
                source: "invocation record",
                received_unix_nano,
                ..configurations::Row::default()
            });
        }
    }
}
