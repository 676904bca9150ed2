//! The findings that an invocation took part in.

use serde::Serialize;

use super::AttemptText;
use crate::judge::Finding;

/// How an invocation took part in a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It is one of the invocations that show it.
    Exemplar,
    /// It lies in the window and scope that the finding counts.
    Counted,
    /// It is of the finding's function; whether it touches the queue, dependency or route that is meant is not known.
    SameFunction,
}

impl Relation {
    /// Returns the relation in words.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Exemplar => "shows it",
            Self::Counted => "counts in it",
            Self::SameFunction => "is of its function",
        }
    }
}

/// A finding that an invocation took part in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TookPart {
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub severity: &'static str,
    /// What identifies it, with the account.
    pub fingerprint: String,
    /// The function.
    pub function: Option<String>,
    /// The queue, dependency or route.
    pub sub_resource: Option<String>,
    /// The sentence.
    pub message: String,
    /// How the invocation took part.
    pub relation: Relation,
    /// Why the finding is suppressed.
    pub suppressed: Option<String>,
}

/// Returns the findings that an invocation took part in, in their order.
pub(super) fn of(findings: &[Finding], invocation_id: &str, attempts: &[AttemptText]) -> Vec<TookPart> {
    let took = |finding: &Finding| {
        let relations = attempts
            .iter()
            .filter_map(|attempt| relation(finding, invocation_id, attempt));
        relations.min().map(|relation| TookPart {
            rule: finding.rule.clone(),
            severity: finding.severity.as_str(),
            fingerprint: finding.fingerprint.clone(),
            function: finding.function.clone(),
            sub_resource: finding.sub_resource.clone(),
            message: finding.message.clone(),
            relation,
            suppressed: finding.suppressed.clone(),
        })
    };
    findings.iter().filter_map(took).collect()
}

fn relation(finding: &Finding, invocation_id: &str, attempt: &AttemptText) -> Option<Relation> {
    let within = |part: &Option<String>, own: Option<&String>| part.is_none() || part.as_ref() == own;
    let in_scope = attempt.in_window
        && within(&finding.provider, Some(&attempt.provider))
        && within(&finding.account, attempt.account.as_ref())
        && within(&finding.region, attempt.region.as_ref())
        && within(&finding.function, attempt.function.as_ref());
    if !in_scope {
        return None;
    }
    let shows = finding
        .exemplars
        .iter()
        .any(|exemplar| exemplar.invocation_id.as_deref() == Some(invocation_id));
    Some(match &finding.sub_resource {
        _ if shows => Relation::Exemplar,
        None => Relation::Counted,
        Some(name) if touches(attempt, name) => Relation::Counted,
        Some(_) => Relation::SameFunction,
    })
}

/// Returns whether an attempt names a queue, dependency or route.
fn touches(attempt: &AttemptText, name: &str) -> bool {
    attempt.named.iter().any(|own| own == name) || attempt.calls.iter().any(|call| call.dependency == name)
}
