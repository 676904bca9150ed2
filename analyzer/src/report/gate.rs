//! The verdict: passed, failed, or nothing to judge.

use pennyspan_rules::price::Amount;
use pennyspan_rules::rule::Severity;
use serde::Serialize;

use crate::report::budget::Status;
use crate::report::completeness::OnPartial;
use crate::report::{Finding, Report};

/// When the gate closes.
#[derive(Clone, Debug)]
pub struct GatePolicy {
    /// The least level that closes it; none: no finding does.
    pub fail_on: Option<Severity>,
    /// Which findings count.
    pub against: Against,
    /// The most that the window's month may cost.
    pub max_monthly: Option<Amount>,
    /// What an input without attempts means.
    pub on_no_data: OnNoData,
    /// The share of attempts that must have been reported to their end.
    pub require_complete: Option<f64>,
    /// What fewer mean.
    pub on_partial: OnPartial,
    /// The share of what the baseline exercised that must have been exercised.
    pub min_coverage: Option<f64>,
}

/// Which findings the gate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// All of them: a level was asked for.
    Everything,
    /// Those that are new or worse than a baseline knows them.
    Baseline,
    /// None: there is no baseline yet, and no level was asked for.
    Nothing,
}

/// What an input without attempts means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoData {
    /// The gate cannot pass.
    Fail,
    /// It passes, with a reason.
    Warn,
    /// It passes.
    Pass,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// `passed`, `failed`, `no data` or `partial data`.
    pub status: &'static str,
    /// 0 passed, 1 failed, 3 no or partial data.
    pub exit_code: u8,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl Default for GatePolicy {
    fn default() -> Self {
        Self {
            fail_on: Some(Severity::High),
            against: Against::Nothing,
            max_monthly: None,
            on_no_data: OnNoData::Fail,
            require_complete: None,
            on_partial: OnPartial::Fail,
            min_coverage: None,
        }
    }
}

impl GatePolicy {
    /// Returns whether a finding alone closes the gate.
    #[must_use]
    pub fn closes(&self, finding: &Finding) -> bool {
        let old = matches!(finding.baseline.as_deref(), Some("known" | "upgrade"));
        let judged = match self.against {
            Against::Everything => true,
            Against::Baseline => !old,
            Against::Nothing => false,
        };
        judged && finding.suppressed.is_none() && self.fail_on.is_some_and(|least| finding.severity >= least)
    }
}

impl Gate {
    /// Returns the verdict on nothing.
    #[must_use]
    pub fn open() -> Self {
        Self {
            status: "passed",
            exit_code: 0,
            reasons: Vec::new(),
        }
    }

    /// Decides about a report: a closed gate outranks missing data.
    #[must_use]
    pub fn decide(report: &Report, policy: &GatePolicy) -> Self {
        let mut reasons = by_level(report, policy);
        reasons.extend(by_budget(report, Status::Failed));
        reasons.extend(report.money.failed.iter().cloned());
        if !reasons.is_empty() {
            reasons.extend(notes(report));
            return Self {
                status: "failed",
                exit_code: 1,
                reasons,
            };
        }
        if report.totals.attempts == 0 && policy.on_no_data != OnNoData::Pass {
            let mut reasons = vec!["no attempt starts in the window".to_owned()];
            reasons.extend(notes(report));
            return match policy.on_no_data {
                OnNoData::Fail => Self {
                    status: "no data",
                    exit_code: 3,
                    reasons,
                },
                OnNoData::Warn | OnNoData::Pass => Self {
                    reasons,
                    ..Self::open()
                },
            };
        }
        if report.input.partial {
            let mut reasons = vec!["a source could not be read or understood".to_owned()];
            reasons.extend(notes(report));
            return Self {
                status: "partial data",
                exit_code: 3,
                reasons,
            };
        }
        let incomplete: Vec<String> = incomplete(report, policy)
            .into_iter()
            .chain(uncovered(report, policy))
            .collect();
        if !incomplete.is_empty() && policy.on_partial == OnPartial::Fail {
            return Self {
                status: "partial data",
                exit_code: 3,
                reasons: incomplete,
            };
        }
        Self {
            reasons: [incomplete, hint(report, policy), upgraded(report), notes(report)].concat(),
            ..Self::open()
        }
    }
}

/// Returns one reason for each level that closes the gate, the worst first.
fn by_level(report: &Report, policy: &GatePolicy) -> Vec<String> {
    let Some(least) = policy.fail_on.filter(|_| policy.against != Against::Nothing) else {
        return Vec::new();
    };
    let new = if policy.against == Against::Baseline {
        "new "
    } else {
        ""
    };
    let counts = |finding: &&Finding| policy.closes(finding);
    let reason = |level: Severity| {
        let count = report
            .findings
            .iter()
            .filter(counts)
            .filter(|finding| finding.severity == level)
            .count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {new}finding{plural} of level {level}"))
    };
    Severity::ALL
        .into_iter()
        .rev()
        .filter(|level| *level >= least)
        .filter_map(reason)
        .collect()
}

/// Returns one reason for each budget that stands so.
fn by_budget(report: &Report, status: Status) -> impl Iterator<Item = String> {
    let rows = report.budgets.iter().filter(move |row| row.status == status);
    rows.map(|row| format!("budget: {}", row.sentence()))
}

/// Returns what does not close the gate and must be known: warnings, and what was asked for and could not be judged.
fn notes(report: &Report) -> Vec<String> {
    let of_budgets = [Status::Warned, Status::NotJudged, Status::Unmatched];
    let of_budgets = of_budgets.into_iter().flat_map(|status| by_budget(report, status));
    of_budgets.chain(report.money.notes.iter().cloned()).collect()
}

fn hint(report: &Report, policy: &GatePolicy) -> Vec<String> {
    let open = report.findings.iter().any(|finding| finding.suppressed.is_none());
    let unjudged = policy.against == Against::Nothing && open;
    let line = "findings are listed and not judged: there is no baseline; write one with --baseline FILE --write-baseline, or ask with --fail-on";
    if unjudged { vec![line.to_owned()] } else { Vec::new() }
}

fn incomplete(report: &Report, policy: &GatePolicy) -> Option<String> {
    let (required, found) = policy.require_complete.zip(report.completeness.as_ref())?;
    (found.share < required).then(|| found.reason(required))
}

fn uncovered(report: &Report, policy: &GatePolicy) -> Option<String> {
    let (required, covered) = policy.min_coverage.zip(report.covered)?;
    (covered.share() < required).then(|| {
        format!(
            "{} of {} functions, routes and triggers of the baseline were exercised, less than {} %; `coverage` lists the others, and \
             [[expected-absent]] excuses what cannot be",
            covered.seen,
            covered.demanded,
            required * 100.0
        )
    })
}

/// Says that findings differ from the baseline by the tool, rules or prices, which does not close the gate.
fn upgraded(report: &Report) -> Vec<String> {
    let count = report
        .findings
        .iter()
        .filter(|finding| finding.baseline.as_deref() == Some("upgrade"))
        .count();
    if count == 0 {
        return Vec::new();
    }
    vec![format!(
        "{count} findings are new or worse since the tool, their rules or the prices changed, and do not count; accept them with --write-baseline"
    )]
}
