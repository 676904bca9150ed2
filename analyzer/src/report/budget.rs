//! Budgets: limits that a team sets as code, each for the attempts that a selector names.
//!
//! A budget is broken where even the lower bound of what was measured lies above its limit; where only the value does, that
//! may be chance, and it is warned of. Too few samples are said and not judged.

use std::collections::BTreeMap;

use pennyspan_rules::Decimal;
use pennyspan_rules::price::Amount;
use serde::Serialize;
use serde_json::{Value, json};

use crate::analysis::bounded::Bounded;
use crate::analysis::figures::{Calls, Figures, calls, figures};
use crate::analysis::selection::matches;
use crate::analysis::{Question, Scope, Selection, Tally};
use crate::error::AnalysisError;
use crate::report::money::Volumes;
use crate::session::Session;

mod measure;

pub use measure::Measure;

/// The list in a file.
pub const TABLE: &str = "budget";

/// The keys that select attempts, with what each means.
pub const SELECTORS: [(&str, &str); 4] = [
    ("function", "Glob over functions; all without it."),
    ("service", "Glob over services; all without it."),
    ("env", "Glob over environments; all without it."),
    ("tenant", "Glob over the workload's tenants; all without it."),
];
/// The key that says what limits do whose own level is not said.
pub const LEVEL: &str = "level";

/// Which attempts a budget is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Selector {
    /// Glob over functions.
    pub function: Option<String>,
    /// Glob over services.
    pub service: Option<String>,
    /// Glob over environments.
    pub env: Option<String>,
    /// Glob over tenants.
    pub tenant: Option<String>,
}

/// What a broken limit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It closes the gate.
    Fail,
    /// It is listed.
    Warn,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 2] = [Self::Fail, Self::Warn];

    /// Returns its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
        }
    }
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Which attempts.
    pub selector: Selector,
    /// What is measured of them.
    pub measure: Measure,
    /// The most that it may be.
    pub limit: Decimal,
    /// What it does when it is broken.
    pub level: Level,
}

/// What became of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The value is at most the limit.
    Passed,
    /// The value is above it, by what may be chance or at the level that only warns.
    Warned,
    /// The lower bound is above it, and the gate closes.
    Failed,
    /// There is too little to judge it by.
    NotJudged,
    /// The selector names no attempt of the window.
    Unmatched,
}

/// A budget, as the report shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BudgetRow {
    /// Which attempts.
    pub selector: Selector,
    /// What is measured.
    pub measure: &'static str,
    /// The most that it may be: money as decimal text.
    pub limit: Value,
    /// What it is.
    pub value: Option<Value>,
    /// Where it lies at least, in 95 of 100 cases.
    pub lower_bound: Option<Value>,
    /// Rows behind it.
    pub n: i64,
    /// What became of it.
    pub status: Status,
    /// What it does when it is broken.
    pub level: Level,
    /// Why it is not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Selector {
    /// Returns its globs in words.
    #[must_use]
    pub fn words(&self) -> String {
        let globs = [&self.function, &self.service, &self.env, &self.tenant];
        let named = globs.into_iter().zip(SELECTORS);
        let words: Vec<String> = named
            .filter_map(|(glob, (key, _))| glob.as_ref().map(|glob| format!("{key} {glob}")))
            .collect();
        if words.is_empty() {
            "all functions".to_owned()
        } else {
            words.join(", ")
        }
    }

    /// Returns what is asked of the attempts: all but the function, by which groups are told apart anyway.
    fn selection(&self, within: &Selection) -> Selection {
        let list = |glob: &Option<String>| glob.iter().cloned().collect();
        Selection {
            functions: Vec::new(),
            services: list(&self.service),
            environments: list(&self.env),
            tenants: list(&self.tenant),
            within: Some(Box::new(within.clone())),
        }
    }

    fn names(&self, scope: &Scope) -> bool {
        let glob = self.function.as_deref();
        glob.is_none_or(|glob| scope.function.as_deref().is_some_and(|name| matches(glob, name)))
    }
}

impl BudgetRow {
    /// Returns what became of it, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let of = format!("{} of {}", self.measure, self.selector.words());
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = self.value.as_ref().map_or_else(|| "unknown".to_owned(), text);
        let limit = text(&self.limit);
        let bound = self.lower_bound.as_ref().map_or_else(String::new, |low| {
            format!(" ({} at the 95 % lower bound, n = {})", text(low), self.n)
        });
        match self.status {
            Status::Passed => format!("{of} is {value}, at most {limit}"),
            Status::Failed => format!("{of} is {value}{bound}, more than {limit}"),
            Status::Warned => format!("{of} is {value}{bound}, more than {limit}: a warning"),
            Status::NotJudged => {
                let reason = self.reason.as_deref().unwrap_or("nothing is known of it");
                format!("{of} is not judged: {reason}")
            }
            Status::Unmatched => format!("{of} matches no attempt of the window: correct its selector or remove it"),
        }
    }
}

/// What budgets are judged by, beside the attempts.
#[derive(Clone, Copy, Debug)]
pub struct Judging<'a> {
    /// Which attempts the whole report is about.
    pub within: &'a Selection,
    /// Rows below which nothing is judged.
    pub min_samples: i64,
    /// Production's counts, in which monthly figures are given.
    pub volumes: Option<&'a Volumes>,
}

impl Judging<'_> {
    /// Returns how a budget stands whose selector names nothing, though the window may hold attempts.
    fn unmatched(self, of_window: Presence) -> (Status, Option<String>) {
        let not_judged = |reason: &str| (Status::NotJudged, Some(reason.to_owned()));
        match of_window {
            Presence::Nothing => not_judged("no attempt starts in the window"),
            Presence::Attempts if *self.within != Selection::default() => {
                not_judged("the report is about other attempts (--function, --service, --env, --tenant)")
            }
            Presence::Attempts => (Status::Unmatched, None),
        }
    }
}

/// Whether the window holds attempts at all.
#[derive(Clone, Copy)]
enum Presence {
    Nothing,
    Attempts,
}

/// Judges every budget over the session's window, whose figures by function are given.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn judge(
    session: &Session,
    budgets: &[Budget],
    all: &BTreeMap<Scope, Figures>,
    by: Judging<'_>,
) -> Result<Vec<BudgetRow>, AnalysisError> {
    let mut asked: BTreeMap<Selector, BTreeMap<Scope, Figures>> = BTreeMap::new();
    let mut rows = Vec::with_capacity(budgets.len());
    for budget in budgets {
        let apart = Selector {
            function: None,
            ..budget.selector.clone()
        };
        if apart != Selector::default() && !asked.contains_key(&apart) {
            let question = Question {
                window: session.window(),
                selection: apart.selection(by.within),
            };
            asked.insert(apart.clone(), figures(session, &question).await?);
        }
        let of: BTreeMap<&Scope, &Figures> = asked
            .get(&apart)
            .unwrap_or(all)
            .iter()
            .filter(|(scope, sums)| sums.counts.rows > 0 && budget.selector.names(scope))
            .collect();
        let calls = match budget.measure {
            Measure::CallsPerInvocation => Some(calls_of(session, &budget.selector, by.within).await?),
            _ => None,
        };
        let of_window = if all.values().any(|sums| sums.counts.rows > 0) {
            Presence::Attempts
        } else {
            Presence::Nothing
        };
        rows.push(row(session, budget, &of, of_window, calls.flatten(), by));
    }
    Ok(rows)
}

/// Returns the calls of a selector's attempts; none where a tenant is asked for, whom calls do not name.
async fn calls_of(session: &Session, selector: &Selector, within: &Selection) -> Result<Option<Calls>, AnalysisError> {
    if selector.tenant.is_some() || !within.tenants.is_empty() {
        return Ok(None);
    }
    let function = selector.function.as_deref().unwrap_or("*");
    calls(session, &selector.selection(within), function).await.map(Some)
}

fn row(
    session: &Session,
    budget: &Budget,
    of: &BTreeMap<&Scope, &Figures>,
    of_window: Presence,
    calls: Option<Calls>,
    by: Judging<'_>,
) -> BudgetRow {
    let mut sums = Figures::default();
    for figures in of.values() {
        sums.merge((*figures).clone());
    }
    let by_volumes = by.volumes.filter(|_| budget.measure == Measure::MonthlyUsd);
    let value = match by_volumes {
        Some(volumes) => volumes.monthly(of, &session.books()).value,
        None => budget.measure.of(&sums, calls.as_ref(), session),
    };
    let (status, reason) = if of.is_empty() {
        by.unmatched(of_window)
    } else {
        standing(budget, value.as_ref(), by.min_samples)
    };
    let shown = |amount: &Amount| budget.measure.shown(amount);
    BudgetRow {
        selector: budget.selector.clone(),
        measure: budget.measure.name(),
        limit: shown(&limit(budget)),
        value: value.as_ref().map(|value| shown(&value.point)),
        lower_bound: value.as_ref().map(|value| shown(value.low())),
        n: value.as_ref().map_or(0, |value| value.n),
        status,
        level: budget.level,
        reason,
    }
}

fn limit(budget: &Budget) -> Amount {
    Amount::new(budget.limit.to_ratio())
}

/// Returns how a value stands to its limit, and why it is not judged.
fn standing(budget: &Budget, value: Option<&Bounded>, min_samples: i64) -> (Status, Option<String>) {
    let Some(value) = value else {
        return (Status::NotJudged, Some(budget.measure.needs().to_owned()));
    };
    if value.n < min_samples {
        let reason = format!("{} samples, and {min_samples} are asked for (--min-samples)", value.n);
        return (Status::NotJudged, Some(reason));
    }
    let limit = limit(budget);
    let status = match budget.level {
        Level::Fail if *value.low() > limit => Status::Failed,
        _ if value.point > limit => Status::Warned,
        _ => Status::Passed,
    };
    (status, None)
}

/// Returns an exact fraction as a JSON number of at most so many places.
pub(crate) fn number(amount: &Amount, places: u32) -> Value {
    amount
        .fixed(places)
        .parse::<f64>()
        .map_or(Value::Null, |number| json!(number))
}

#[cfg(test)]
mod tests;
