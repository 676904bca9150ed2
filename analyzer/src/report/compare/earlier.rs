//! Reading an earlier JSON report, as far as a comparison and production's counts need it.

use std::collections::BTreeMap;

use chrono::DateTime;
use pennyspan_rules::Decimal;
use pennyspan_rules::price::Amount;
use serde::Deserialize;
use serde_json::Value;

use super::Side;
use crate::analysis::Scope;
use crate::analysis::bounded::{Bounded, Weighed, fraction};
use crate::analysis::cost::{MONTH_NANOS, monthly};
use crate::judge::judgement::WindowText;
use crate::report::VERSION;
use crate::report::money::Volumes;

/// Why a text is no earlier report, or no production's counts.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    /// It is not JSON.
    #[error("not JSON: write it with `pennyspan report -o json=FILE`")]
    NotJson {
        /// What is wrong, with its line.
        #[source]
        source: serde_json::Error,
    },
    /// It has another version.
    #[error("a report of version {found}, and this program reads version {VERSION}: write it anew")]
    Version {
        /// Its version, as it says it.
        found: String,
    },
    /// It has no version, so it is no report.
    #[error("no report of pennyspan: it has no `version`; write one with `pennyspan report -o json=FILE`")]
    NoReport,
    /// It does not have the members of a report.
    #[error("not a report of version {VERSION}")]
    Malformed {
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A member of a report does not hold what it must.
    #[error("`{member}` holds `{text}`, expected {expected}")]
    Member {
        /// The member.
        member: &'static str,
        /// What it holds.
        text: String,
        /// What it should.
        expected: &'static str,
    },
}

/// An earlier report.
#[derive(Clone, Debug)]
pub struct EarlierReport {
    /// Its window.
    pub window: WindowText,
    length_nanos: i64,
    rows: Vec<(Scope, Row)>,
    totals: Row,
}

#[derive(Deserialize)]
struct Document {
    window: Span,
    totals: Totals,
    functions: Vec<Named>,
}

#[derive(Deserialize)]
struct Span {
    start: String,
    end: String,
}

#[derive(Deserialize)]
struct Totals {
    invocations: i64,
    cold_starts: i64,
    errors: i64,
    timeouts: i64,
    out_of_memory: i64,
    cost_usd: String,
    #[serde(default)]
    not_priced: i64,
}

#[derive(Deserialize)]
struct Named {
    provider: String,
    account: Option<String>,
    region: Option<String>,
    function: Option<String>,
    cold_start_rate: Option<f64>,
    duration_ms: Durations,
    retries: Retries,
    #[serde(flatten)]
    counts: Totals,
}

#[derive(Deserialize)]
struct Durations {
    p50: Option<f64>,
    p95: Option<f64>,
}

#[derive(Deserialize)]
struct Retries {
    events: i64,
    attempts: i64,
}

/// What a report says of a function, or of all.
#[derive(Clone, Debug)]
struct Row {
    invocations: i64,
    failed: i64,
    cold: Option<i64>,
    p50_ms: Option<Amount>,
    p95_ms: Option<Amount>,
    retries: Option<Amount>,
    events: i64,
    cost: Amount,
    priced: i64,
}

impl EarlierReport {
    /// Reads a report.
    ///
    /// # Errors
    /// [`EarlierError`] says what it is instead.
    pub fn parse(text: &str) -> Result<Self, EarlierError> {
        let value: Value = serde_json::from_str(text).map_err(|source| EarlierError::NotJson { source })?;
        Self::of(value)
    }

    fn of(value: Value) -> Result<Self, EarlierError> {
        match value.get("version") {
            None => return Err(EarlierError::NoReport),
            Some(version) if *version != VERSION => {
                return Err(EarlierError::Version {
                    found: version.to_string(),
                });
            }
            Some(_) => {}
        }
        let document: Document = serde_json::from_value(value).map_err(|source| EarlierError::Malformed { source })?;
        let start = instant("window.start", &document.window.start)?;
        let length_nanos = instant("window.end", &document.window.end)?
            .saturating_sub(start)
            .max(0);
        let rows = document
            .functions
            .into_iter()
            .map(Named::read)
            .collect::<Result<Vec<_>, _>>()?;
        // Cold starts are known in total where any function tells of its own, and events add up.
        let cold_is_told = rows.iter().any(|(_, row)| row.cold.is_some());
        Ok(Self {
            window: WindowText {
                start: document.window.start,
                end: document.window.end,
            },
            length_nanos,
            totals: Row::of(&document.totals, cold_is_told)?,
            rows,
        })
    }

    /// Returns what it says, by function and in total.
    pub(super) fn sides(&self) -> (BTreeMap<Scope, Side>, Side) {
        let side = |row: &Row| row.side(self.length_nanos);
        let by_function = self.rows.iter().map(|(scope, row)| (scope.clone(), side(row)));
        (by_function.collect(), side(&self.totals))
    }

    /// Returns its invocations as those of a month, by function.
    #[must_use]
    pub fn volumes(&self) -> Volumes {
        let month = Amount::ratio(MONTH_NANOS, i128::from(self.length_nanos));
        let mut volumes: BTreeMap<String, Amount> = BTreeMap::new();
        for (scope, row) in &self.rows {
            let count = Amount::ratio(i128::from(row.invocations), 1) * month.as_ratio();
            if let Some(name) = &scope.function {
                *volumes.entry(name.clone()).or_insert_with(Amount::zero) += count;
            }
        }
        Volumes(volumes)
    }
}

impl Volumes {
    /// Reads production's counts: a report of production, or an object of functions and their invocations a month.
    ///
    /// # Errors
    /// [`EarlierError`] says what it is instead.
    pub fn parse(text: &str) -> Result<Self, EarlierError> {
        let value: Value = serde_json::from_str(text).map_err(|source| EarlierError::NotJson { source })?;
        if value.get("functions").is_some_and(Value::is_array) {
            return EarlierReport::of(value).map(|report| report.volumes());
        }
        let counts: BTreeMap<String, Value> =
            serde_json::from_value(value).map_err(|source| EarlierError::Malformed { source })?;
        let count = |(name, count): (String, Value)| match count.as_u64() {
            Some(count) => Ok((name, Amount::ratio(i128::from(count), 1))),
            None => Err(EarlierError::Member {
                member: "invocations a month",
                text: format!("{name}: {count}"),
                expected: "a whole number, as in {\"checkout\": 1200000}",
            }),
        };
        counts.into_iter().map(count).collect::<Result<_, _>>().map(Volumes)
    }
}

impl Named {
    fn read(self) -> Result<(Scope, Row), EarlierError> {
        let ms = |value: Option<f64>| value.and_then(fraction);
        let events = i128::from(self.retries.events);
        let row = Row {
            p50_ms: ms(self.duration_ms.p50),
            p95_ms: ms(self.duration_ms.p95),
            retries: (events > 0).then(|| Amount::ratio(i128::from(self.retries.attempts), events)),
            events: self.retries.events,
            ..Row::of(&self.counts, self.cold_start_rate.is_some())?
        };
        let scope = Scope {
            provider: self.provider,
            account: self.account,
            region: self.region,
            function: self.function,
        };
        Ok((scope, row))
    }
}

impl Row {
    fn of(counts: &Totals, cold_is_told: bool) -> Result<Self, EarlierError> {
        let cost: Decimal = counts.cost_usd.parse().map_err(|_| EarlierError::Member {
            member: "cost_usd",
            text: counts.cost_usd.clone(),
            expected: "a decimal number as text",
        })?;
        Ok(Self {
            invocations: counts.invocations,
            failed: counts
                .errors
                .saturating_add(counts.timeouts)
                .saturating_add(counts.out_of_memory),
            cold: Some(counts.cold_starts).filter(|_| cold_is_told),
            p50_ms: None,
            p95_ms: None,
            retries: None,
            events: 0,
            cost: Amount::new(cost.to_ratio()),
            priced: counts.invocations.saturating_sub(counts.not_priced).max(0),
        })
    }

    fn side(&self, length_nanos: i64) -> Side {
        let ran = Weighed::plain(self.invocations);
        let share = |count: i64| Bounded::share(i128::from(count) * 1_000, ran);
        let bare = |value: &Option<Amount>, n: i64| value.clone().map(|value| Bounded::bare(value, n));
        let cost = (self.priced > 0).then(|| Bounded::bare(self.cost.clone(), self.priced));
        let per_1k = Amount::ratio(1_000, i128::from(self.priced));
        let month = monthly(&Amount::ratio(1, 1), length_nanos);
        let invocations = Bounded::count(ran);
        Side {
            monthly_invocations: monthly(&invocations.point, length_nanos),
            invocations,
            error_rate: share(self.failed),
            cold_start_rate: self.cold.and_then(share),
            p50_ms: bare(&self.p50_ms, self.invocations),
            p95_ms: bare(&self.p95_ms, self.invocations),
            retry_ratio: bare(&self.retries, self.events),
            cost_per_1k: cost.as_ref().map(|cost| cost.times(&per_1k)),
            monthly_usd: cost.as_ref().zip(month).map(|(cost, month)| cost.times(&month)),
            cost_usd: cost,
        }
    }
}

fn instant(member: &'static str, text: &str) -> Result<i64, EarlierError> {
    let time = DateTime::parse_from_rfc3339(text).ok();
    time.and_then(|time| time.timestamp_nanos_opt())
        .ok_or_else(|| EarlierError::Member {
            member,
            text: text.to_owned(),
            expected: "a time such as 2026-10-08T07:00:00Z",
        })
}
