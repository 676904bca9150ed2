//! What was judged, as the report shows it.

use std::cmp::Reverse;

use pennyspan_rules::Decimal;
use pennyspan_rules::rule::Severity;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::report::CoverageText;
use crate::report::number::WindowText;

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
    /// `new`, `known` or `reopened` against a baseline; null without one.
    pub baseline: Option<String>,
    /// Why it is suppressed.
    pub suppressed: Option<String>,
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
