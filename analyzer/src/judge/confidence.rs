//! How sure a finding is, from who speaks of its attempts, how many there are, and what was assumed.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_rules::{Decimal, Rule};

use super::query::Row;
use crate::grouped::Names;
use crate::judge::judgement::{Confidence, Finding};
use crate::measure::Evidence;

/// How many times its minimum count a finding needs to be sure.
const TIMES_MINIMUM: i64 = 10;
/// The rule whose findings say that telemetry is missing.
const DARK: &str = "dark-invocations";
/// The setting that is read from timeouts where none is configured.
const LIMIT: &str = "timeout_ms";
/// Units of parameters that are smallest sizes or lengths, and no counts.
const NO_COUNTS: [&str; 5] = ["MiB", "ms", "days", "functions", "minutes in a row"];

/// Returns how sure a row is.
pub(super) fn of(rule: &Rule, row: &Row, values: &BTreeMap<String, Decimal>, evidence: &[&Evidence]) -> Confidence {
    let assumed = rule.needs.iter().any(|need| need == LIMIT) && evidence.iter().any(|of| !of.limit_configured);
    if assumed {
        return Confidence::Low;
    }
    let recorded = !evidence.is_empty() && evidence.iter().all(|of| of.recorded == of.attempts && of.sampled == 0);
    let enough = least(rule, values).is_none_or(|least| row.n >= least.saturating_mul(TIMES_MINIMUM));
    if recorded && enough {
        Confidence::High
    } else {
        Confidence::Medium
    }
}

/// Returns the largest minimum count that the rule asks for.
fn least(rule: &Rule, values: &BTreeMap<String, Decimal>) -> Option<i64> {
    let minimum = |name: &str| name.split('_').any(|word| word == "min");
    let counted = rule
        .params
        .iter()
        .filter(|param| minimum(&param.name) && !NO_COUNTS.contains(&param.unit.as_str()));
    counted.filter_map(|param| values.get(&param.name)?.to_i64()).max()
}

/// Lowers what is said about functions whose telemetry is known to be incomplete: their invocations are dark, or the platform
/// dropped lines.
pub(super) fn lower_where_incomplete(findings: &mut [Finding], lossy: &BTreeSet<Names<4>>) {
    let scope =
        |finding: &Finding| [&finding.provider, &finding.account, &finding.region, &finding.function].map(Clone::clone);
    let lost = |of: &Names<4>| lossy.iter().any(|lossy| covers(lossy, of));
    let dark: BTreeSet<_> = findings
        .iter()
        .filter(|finding| finding.rule == DARK)
        .map(scope)
        .collect();
    for finding in findings.iter_mut().filter(|finding| finding.rule != DARK) {
        let of = scope(finding);
        if dark.contains(&of) || lost(&of) {
            finding.confidence = Confidence::Low;
        }
    }
}

/// Returns whether a loss is one of a scope's function; what the loss does not name may be anything but the function.
fn covers([provider, account, region, function]: &Names<4>, of: &Names<4>) -> bool {
    let same = |lost: &Option<String>, of: &Option<String>| lost.is_none() || lost == of;
    function.is_some() && *function == of[3] && same(provider, &of[0]) && same(account, &of[1]) && same(region, &of[2])
}
