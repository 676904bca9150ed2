//! A row with a level becomes a finding.

use pennyspan_rules::rule::{Param, Severity, Value};
use pennyspan_rules::{Decimal, Rule};
use serde_json::{Map, Number, Value as Json};
use sha2::{Digest, Sha256};

use super::query::{Row, RowError, RowScope};
use super::variants::Variant;
use super::{Judge, confidence, exemplars, identity, impact};
use crate::judge::judgement::WindowText;
use crate::judge::judgement::{Finding, Threshold};
use crate::measure::Evidence;

/// Between the parts of a fingerprint.
const SEPARATOR: char = '\u{1f}';
/// Hex digits of a fingerprint.
const FINGERPRINT_DIGITS: usize = 16;

impl Judge<'_> {
    /// Builds the finding of a row.
    pub(super) async fn finding(
        &self,
        rule: &Rule,
        row: &Row,
        severity: Severity,
        variant: &Variant<'_>,
        sql: &str,
    ) -> Result<Finding, RowError> {
        let values = variant.values(rule);
        let evidence = self.evidence(&row.scope);
        let shown = exemplars::find(self.session, rule, row, &values, self.window).await?;
        let logical = identity::logical(self.identities, &row.scope);
        let [provider, account, region, function, sub_resource] = row.scope.clone();
        Ok(Finding {
            rule: rule.name.clone(),
            severity,
            confidence: confidence::of(rule, row, &values, &evidence),
            fingerprint: fingerprint(&rule.name, &logical.scope),
            provider,
            account,
            region,
            function,
            sub_resource,
            versions: row.versions.clone(),
            window: WindowText::of(self.window),
            n: row.n,
            message: rule.finding.render(&row.named()),
            values: row
                .values
                .iter()
                .map(|(name, value)| (name.clone(), json(value)))
                .collect::<Map<_, _>>(),
            threshold: passed(rule, row, severity).map(|param| threshold(param, variant, rule)),
            impact: impact::of(row, &evidence, &self.session.books(), self.window.length_nanos()),
            exemplars: shown,
            query: sql.to_owned(),
            baseline: None,
            suppressed: None,
            also: Vec::new(),
            any_account: logical.any_account,
            place: None,
        })
    }

    /// Returns the evidence of a scope's function, or of all functions of a scope without one.
    fn evidence(&self, [provider, account, region, function, _]: &RowScope) -> Vec<&Evidence> {
        let functions = &self.measures.evidences.functions;
        if function.is_some() {
            let names = [
                provider.as_deref(),
                account.as_deref(),
                region.as_deref(),
                function.as_deref(),
            ];
            return functions.get(names).into_iter().collect();
        }
        let inside = functions
            .iter()
            .filter(|(names, _)| [&names[0], &names[1], &names[2]] == [provider, account, region]);
        inside.map(|(_, evidence)| evidence).collect()
    }
}

/// Returns what identifies a finding, with the account: neither numbers nor versions.
fn fingerprint(rule: &str, [provider, _, region, function, sub_resource]: &RowScope) -> String {
    let mut digest = Sha256::new();
    digest.update(rule);
    for part in [provider, region, function, sub_resource] {
        digest.update(SEPARATOR.to_string());
        digest.update(part.as_deref().unwrap_or_default());
    }
    let mut text = hex::encode(digest.finalize());
    text.truncate(FINGERPRINT_DIGITS);
    text
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => Json::String(text.clone()),
        Value::Integer(number) => Json::from(*number),
        Value::Number(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
    }
}

/// Returns the parameter that a row passed: the one that the query names, else the one that is named after the level, else the
/// first that is neither of another level nor a minimum count, else the first.
fn passed<'r>(rule: &'r Rule, row: &Row, severity: Severity) -> Option<&'r Param> {
    if let Some(named) = row.threshold.as_ref().and_then(|name| rule.param(name)) {
        return Some(named);
    }
    let of_level = |param: &Param, level: Severity| {
        param
            .name
            .strip_prefix(level.as_str())
            .is_some_and(|rest| rest.starts_with('_'))
    };
    let minimum = |param: &Param| param.name.split('_').any(|word| word == "min") && param.value.is_whole();
    let mut limits = rule.params.iter().filter(|param| !minimum(param));
    let own = limits.clone().find(|param| of_level(param, severity));
    own.or_else(|| limits.find(|param| Severity::ALL.iter().all(|level| !of_level(param, *level))))
        .or_else(|| rule.params.first())
}

fn threshold(param: &Param, variant: &Variant<'_>, rule: &Rule) -> Threshold {
    Threshold {
        name: param.name.clone(),
        value: number(variant.values(rule).get(&param.name).copied().unwrap_or(param.value)),
        unit: param.unit.clone(),
        source: param.source.clone(),
        overridden_by: variant.key(&param.name),
    }
}

fn number(value: Decimal) -> Json {
    value.to_i64().map_or_else(
        || Number::from_f64(value.to_f64()).map_or(Json::Null, Json::Number),
        Json::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_that_of_the_documented_example() {
        let scope =
            ["aws", "", "us-east-1", "checkout", ""].map(|part| Some(part.to_owned()).filter(|part| !part.is_empty()));
        assert_eq!(fingerprint("oom", &scope), "a80a1f0dbe5a675b");
        let mut elsewhere = scope.clone();
        elsewhere[1] = Some("123456789012".to_owned());
        assert_eq!(
            fingerprint("oom", &elsewhere),
            fingerprint("oom", &scope),
            "the account is no part of it"
        );
        elsewhere[4] = Some("queue".to_owned());
        assert_ne!(fingerprint("oom", &elsewhere), fingerprint("oom", &scope));
    }
}
