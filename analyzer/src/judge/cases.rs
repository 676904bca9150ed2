//! A rule's own cases: the rows under *Fires* and *Stays silent* are put in the place of the measure views, and the query must
//! say what the rule file says. Each parameter, moved by one step, must change what it says.

use std::collections::BTreeMap;

use pennyspan_rules::rule::{CASE_WINDOW_END_UNIX_NANO, CASE_WINDOW_START_UNIX_NANO, Case, Severity};
use pennyspan_rules::{Decimal, Rule};
use pennyspan_schema::Window;

use crate::judge::query::{self, RowError};

mod bench;
mod plan;
pub(crate) mod table;

use bench::Bench;

/// The window in which cases are judged.
const WINDOW: Window = Window {
    start_unix_nano: CASE_WINDOW_START_UNIX_NANO,
    end_unix_nano: CASE_WINDOW_END_UNIX_NANO,
};

/// What was checked of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseReport {
    /// Cases that fire as they should.
    pub firing: usize,
    /// Cases that stay silent as they should.
    pub silent: usize,
    /// Parameters whose steps, up and down, change a case.
    pub params: usize,
    /// Statements of the runbook that can be planned.
    pub runbook: usize,
}

/// What is wrong with a rule.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The rule does not do what its file says.
    #[error("{}", faults.join("\n"))]
    Faults {
        /// One sentence each, with file and line.
        faults: Vec<String>,
    },
    /// The tables for the cases could not be set up.
    #[error("cannot set up the tables for the cases of `{rule}`")]
    Bench {
        /// The rule.
        rule: String,
        /// Why.
        #[source]
        source: Box<crate::AnalysisError>,
    },
}

/// Levels that a case returns, sorted; those of rows without a level are left out.
type Levels = Vec<Severity>;

/// Runs a rule's cases, moves each of its parameters, and plans its runbook.
///
/// # Errors
/// [`CheckError`] names every fault with its line.
pub async fn check(rule: &Rule) -> Result<CaseReport, CheckError> {
    let bench = Bench::open().await;
    let bench = bench.map_err(|source| CheckError::Bench {
        rule: rule.name.clone(),
        source: Box::new(source),
    })?;
    let mut faults = plan::faults(&bench, rule).await;
    if faults.is_empty() {
        let cases: Vec<&Case> = rule.fires.iter().chain(&rule.silent).collect();
        let found = alone(&bench, rule, &cases, &mut faults).await;
        if faults.is_empty() {
            faults = unmoved(&bench, rule, &cases, &found).await;
        }
    }
    if faults.is_empty() {
        Ok(CaseReport {
            firing: rule.fires.len(),
            silent: rule.silent.len(),
            params: rule.params.len(),
            runbook: rule.runbook.steps().iter().map(|step| step.queries.len()).sum(),
        })
    } else {
        Err(CheckError::Faults { faults })
    }
}

/// Judges each case by itself.
async fn alone(bench: &Bench, rule: &Rule, cases: &[&Case], faults: &mut Vec<String>) -> Vec<Levels> {
    let sql = query::bound(rule, &query::defaults(rule), WINDOW);
    let mut all = Vec::with_capacity(cases.len());
    for case in cases {
        let levels = bench
            .levels(&sql, rule, &[case])
            .await
            .map(|mut levels| levels.remove(0));
        faults.extend(disagreement(rule, case, &levels));
        all.push(levels.unwrap_or_default());
    }
    all
}

/// Says how the levels found differ from those that the case expects.
fn disagreement(rule: &Rule, case: &Case, found: &Result<Levels, RowError>) -> Option<String> {
    let place = format!("{}:{}", rule.file, case.line);
    let named = |levels: &Levels| levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let label = case
        .label
        .as_ref()
        .map(|label| format!(" `{label}`"))
        .unwrap_or_default();
    match (found, case.level) {
        (Err(error), _) => Some(format!("{place}: the case{label} cannot be judged: {}", chain(error))),
        (Ok(levels), Some(level)) if *levels == [level] => None,
        (Ok(levels), Some(level)) if levels.is_empty() => {
            Some(format!("{place}: the case{label} must return {level} and stays silent"))
        }
        (Ok(levels), Some(level)) => Some(format!(
            "{place}: the case{label} must return one row of {level}, not {}",
            named(levels)
        )),
        (Ok(levels), None) if levels.is_empty() => None,
        (Ok(levels), None) => Some(format!(
            "{place}: the case{label} must stay silent and returns {}",
            named(levels)
        )),
    }
}

/// Names the parameters whose step, up or down, changes no case.
async fn unmoved(bench: &Bench, rule: &Rule, cases: &[&Case], found: &[Levels]) -> Vec<String> {
    let together = bench
        .levels(&query::bound(rule, &query::defaults(rule), WINDOW), rule, cases)
        .await;
    // A query that looks across accounts answers otherwise when all cases stand in one table.
    let apart = together.is_ok_and(|levels| levels == found);
    let mut faults = Vec::new();
    for param in &rule.params {
        let moved = [
            ("up", param.value.checked_add(param.step)),
            ("down", param.value.checked_sub(param.step)),
        ];
        for (direction, value) in moved {
            let changes = match value {
                Some(value) => changes(bench, rule, cases, found, apart, (&param.name, value)).await,
                None => false,
            };
            if !changes {
                let (file, name, step) = (&rule.file, &param.name, param.step);
                faults.push(format!("{file}: one step of {step} {direction} from {} in `{name}` changes no case; add one that lies between", param.value));
            }
        }
    }
    faults
}

/// Returns whether another value of a parameter changes the level of a case.
async fn changes(
    bench: &Bench,
    rule: &Rule,
    cases: &[&Case],
    found: &[Levels],
    apart: bool,
    (name, value): (&str, Decimal),
) -> bool {
    let mut values: BTreeMap<String, Decimal> = query::defaults(rule);
    values.insert(name.to_owned(), value);
    let sql = query::bound(rule, &values, WINDOW);
    if apart {
        return bench
            .levels(&sql, rule, cases)
            .await
            .is_ok_and(|levels| levels != found);
    }
    for (case, before) in cases.iter().zip(found) {
        if bench
            .levels(&sql, rule, &[case])
            .await
            .is_ok_and(|levels| levels[0] != *before)
        {
            return true;
        }
    }
    false
}

/// Prints an error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
