//! What was judged, as every reader is shown it.

use std::cmp::Reverse;

use chrono::{DateTime, SecondsFormat};
use pennyspan_rules::Decimal;
use pennyspan_rules::rule::Severity;
use pennyspan_schema::Window;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::neighbours::clocks::Skew;
use crate::report::number::milliseconds;
use crate::report::place::Place;

/// What the rules said.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Findings, in any order.
    pub findings: Vec<Finding>,
    /// What could not be judged, in the order in which it is shown.
    pub not_judged: Vec<NotJudged>,
    /// How many rules could judge, and what of the baseline was not exercised.
    pub coverage: CoverageText,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: String,
    /// How bad it is.
    #[serde(serialize_with = "word")]
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What identifies it, with the account.
    pub fingerprint: String,
    /// The provider.
    pub provider: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// The queue, dependency or route.
    pub sub_resource: Option<String>,
    /// The versions that show it.
    pub versions: Vec<String>,
    /// The window that was judged.
    pub window: WindowText,
    /// Attempts that it rests on.
    pub n: i64,
    /// The sentence.
    pub message: String,
    /// The measured values.
    pub values: Map<String, Value>,
    /// The threshold that was passed.
    pub threshold: Option<Threshold>,
    /// What it costs or risks.
    pub impact: Impact,
    /// Attempts that show it.
    pub exemplars: Vec<ExemplarText>,
    /// The statement that can be run again.
    pub query: String,
    /// `new`, `known`, `reopened` or `upgrade` against a baseline; null without one.
    pub baseline: Option<String>,
    /// Why it is suppressed.
    pub suppressed: Option<String>,
    /// Other places that stand for the same logical function and show it as well, by their real names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Whether `[[identity]]` says that it is the same in any account.
    #[serde(skip)]
    pub any_account: bool,
    /// Where its function is defined in the code, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Other places that a line of text names.
const ALSO_NAMED: usize = 3;

impl Finding {
    /// Returns where else it is, in words; none where it is in one place.
    #[must_use]
    pub fn also(&self) -> Option<String> {
        let named = self
            .also
            .iter()
            .take(ALSO_NAMED)
            .map(String::as_str)
            .collect::<Vec<_>>();
        let more = self.also.len() - named.len();
        let more = if more > 0 {
            format!(", +{more} more")
        } else {
            String::new()
        };
        (!named.is_empty()).then(|| format!("also {}{more}", named.join(", ")))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn word<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.as_str())
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// An assumed configuration, or incomplete telemetry.
    Low,
    /// Spans or sampled telemetry.
    Medium,
    /// Platform records, ten times the rows needed, nothing assumed.
    High,
}

/// A threshold.
#[derive(Clone, Debug, Serialize)]
pub struct Threshold {
    /// The parameter's name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Its unit.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
    /// The key that changed the default.
    #[serde(rename = "override")]
    pub overridden_by: Option<String>,
}

/// What a finding costs or risks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Impact {
    /// From and to, in USD, in the window.
    pub usd: Option<[String; 2]>,
    /// From and to, in USD a month; null where the window is shorter than a day.
    pub usd_month: Option<[String; 2]>,
    /// Milliseconds at the 95th percentile.
    pub ms_p95: Option<f64>,
    /// The risk, in words.
    pub risk: Option<String>,
}

/// An attempt that shows a finding.
#[derive(Clone, Debug, Serialize)]
pub struct ExemplarText {
    /// The attempt.
    pub invocation_id: Option<String>,
    /// Its trace.
    pub trace_id: Option<String>,
}

/// What could judge, and what of the baseline was not exercised.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CoverageText {
    /// Rules that could judge.
    pub rules_judged: u64,
    /// Rules that could not.
    pub rules_not_judged: u64,
    /// Functions of the baseline without attempts.
    pub functions_not_exercised: Vec<String>,
    /// Routes of the baseline without attempts.
    pub routes_not_exercised: Vec<String>,
    /// Triggers of the baseline without attempts.
    pub triggers_not_exercised: Vec<String>,
    /// Spans of functions that belong to no known attempt.
    #[serde(skip_serializing_if = "is_zero")]
    pub orphan_spans: u64,
    /// Senders and receivers whose clocks disagree, by their messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClocksRow>,
}

/// How far the clocks of a sender and a receiver disagree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClocksRow {
    /// Who sent.
    pub sender: String,
    /// Who received.
    pub receiver: String,
    /// Messages that the estimate rests on.
    pub messages: u64,
    /// By how much lags must be raised to agree with what messages allow, in milliseconds.
    pub estimated_ms: f64,
    /// By how much they are, which `analysis.clock_skew_limit_ms` bounds, in milliseconds.
    pub applied_ms: f64,
    /// Lags that are below zero still, and taken for zero.
    pub below_zero: u64,
}

impl ClocksRow {
    /// Returns what the report says of a pair.
    #[must_use]
    pub fn of(skew: &Skew) -> Self {
        Self {
            sender: skew.sender.clone(),
            receiver: skew.receiver.clone(),
            messages: skew.message_count,
            estimated_ms: milliseconds(skew.estimated_us),
            applied_ms: milliseconds(skew.applied_us),
            below_zero: skew.below_zero_count,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A window as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowText {
    /// Its first instant.
    pub start: String,
    /// The first instant after it.
    pub end: String,
}

impl WindowText {
    /// Prints a window in UTC.
    #[must_use]
    pub fn of(window: Window) -> Self {
        Self {
            start: instant(window.start_unix_nano),
            end: instant(window.end_unix_nano),
        }
    }
}

/// Prints an instant in UTC, to the second where it is whole.
#[must_use]
pub fn instant(unix_nano: i64) -> String {
    DateTime::from_timestamp_nanos(unix_nano).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What a rule could not judge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotJudged {
    /// The rule's name.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// The columns and settings that are missing.
    pub needs: Vec<String>,
    /// In how many scopes.
    pub scopes: u64,
}

/// What begins the reason of a rule that a profile switches off.
const OFF: &str = "off in the profile ";

impl NotJudged {
    /// Returns what is said of a rule that a profile switches off.
    pub(crate) fn off(rule: &str, profile: &str, scopes: usize) -> Self {
        Self {
            rule: rule.to_owned(),
            reason: format!("{OFF}{profile}"),
            needs: Vec::new(),
            scopes: scopes as u64,
        }
    }

    /// Returns why, what is missing, and in how many scopes, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let needs = match self.needs.as_slice() {
            [] => String::new(),
            needs => format!(" ({})", needs.join(", ")),
        };
        format!("{}{needs} in {} scopes", self.reason, self.scopes)
    }

    /// Returns whether a profile switched the rule off.
    pub(crate) fn is_off(&self) -> bool {
        self.reason.starts_with(OFF)
    }
}

/// Orders findings: the most severe first, then what costs most, then by rule and scope.
pub(crate) fn ordered(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings
}

type Order<'a> = (
    Reverse<Severity>,
    Reverse<Option<Decimal>>,
    &'a str,
    [&'a Option<String>; 5],
    &'a str,
);

fn order(finding: &Finding) -> Order<'_> {
    let scope = [
        &finding.provider,
        &finding.account,
        &finding.region,
        &finding.function,
        &finding.sub_resource,
    ];
    let usd = finding.impact.usd.as_ref().and_then(|[_, high]| high.parse().ok());
    (
        Reverse(finding.severity),
        Reverse(usd),
        &finding.rule,
        scope,
        &finding.fingerprint,
    )
}
