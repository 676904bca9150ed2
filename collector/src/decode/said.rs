//! Settings that telemetry names in passing, such as a record's time-out, as statements about the functions' settings.

use std::collections::BTreeMap;

use pennyspan_schema::tables::configurations;

/// Nanoseconds of one minute.
const MINUTE_NANOS: i64 = 60 * 1_000_000_000;

/// A setting that is named in passing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its key.
    key: &'static str,
    /// Who says it.
    source: &'static str,
    /// How long one statement says as much as several would.
    step_nanos: i64,
}

/// The time-out of an invocation record.
pub(crate) const TIMEOUT: Setting = Setting {
    key: "timeout_ms",
    source: "invocation record",
    step_nanos: MINUTE_NANOS,
};
/// The architecture in a span's resource.
pub(crate) const ARCHITECTURE: Setting = Setting {
    key: "architecture",
    source: "span resource",
    step_nanos: 10 * MINUTE_NANOS,
};

/// What one item says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    pub(crate) provider: &'a str,
    pub(crate) account: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    pub(crate) function: &'a str,
    pub(crate) value: &'a str,
    pub(crate) unix_nano: i64,
    pub(crate) time_suspect: bool,
    pub(crate) received_unix_nano: Option<i64>,
}

/// Statements by setting, function, value and step of time, and whether their time is suspect: items repeat them, and one row a step
/// says as much. It is dated from the step's start, so that equal rows come of a file however it is cut.
#[derive(Debug, Default)]
pub(crate) struct AllSaid {
    seen: BTreeMap<Statement, (bool, Option<i64>)>,
    /// The one that was said last, which the next item most often says again.
    last: Option<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    provider: String,
    account: Option<String>,
    region: Option<String>,
    function: String,
    key: &'static str,
    source: &'static str,
    value: String,
    observed_unix_nano: i64,
}

impl AllSaid {
    /// Adds what one item says.
    pub(crate) fn add(&mut self, setting: Setting, said: Said<'_>) {
        let step = said.unix_nano.div_euclid(setting.step_nanos);
        let observed_unix_nano = step.saturating_mul(setting.step_nanos);
        let again = |last: &Statement| last.says(setting, &said, observed_unix_nano) && !said.time_suspect;
        if self.last.as_ref().is_some_and(again) {
            return;
        }
        let key = Statement {
            provider: said.provider.to_owned(),
            account: said.account.map(str::to_owned),
            region: said.region.map(str::to_owned),
            function: said.function.to_owned(),
            key: setting.key,
            source: setting.source,
            value: said.value.to_owned(),
            observed_unix_nano,
        };
        let of = self.seen.entry(key.clone()).or_insert((false, said.received_unix_nano));
        of.0 |= said.time_suspect;
        self.last = Some(key);
    }

    /// Appends a row for each.
    pub(crate) fn append(&self, rows: &mut configurations::Builder) {
        for (key, (time_suspect, received_unix_nano)) in &self.seen {
            rows.append(&configurations::Row {
                provider: &key.provider,
                account: key.account.as_deref(),
                region: key.region.as_deref(),
                function: Some(&key.function),
                resource: &key.function,
                key: key.key,
                value: Some(&key.value),
                observed_unix_nano: key.observed_unix_nano,
                time_suspect: *time_suspect,
                source: key.source,
                received_unix_nano: *received_unix_nano,
                ..configurations::Row::default()
            });
        }
    }
}

impl Statement {
    fn says(&self, setting: Setting, said: &Said<'_>, observed_unix_nano: i64) -> bool {
        self.key == setting.key
            && self.observed_unix_nano == observed_unix_nano
            && self.value == said.value
            && self.function == said.function
            && self.provider == said.provider
            && self.account.as_deref() == said.account
            && self.region.as_deref() == said.region
    }
}
