//! Checks that the parts of one rule fit each other.

use super::{
    Param, Rule, RuleError, Segment,
    sql::{GIVEN, Token, parameters, tokens},
};
use crate::Decimal;

/// Columns that every query returns: the scope, the verdict, and how many rows stand behind it.
const OUTPUT: [&str; 8] = [
    "provider",
    "account",
    "region",
    "function",
    "sub_resource",
    "level",
    "versions",
    "n",
];

/// Checks parameters, names and placeholders against the query.
pub(super) fn structure(rule: &Rule, line: u32) -> Result<(), RuleError> {
    let fault = |part, name: &str, problem: &str, remedy: &str| RuleError::Structure {
        file: rule.file.clone(),
        line,
        part,
        name: name.to_owned(),
        problem: problem.to_owned(),
        remedy: remedy.to_owned(),
    };
    let used = parameters(&rule.query);
    for param in &rule.params {
        if !used.contains(&param.name.as_str()) {
            return Err(fault(
                "parameter",
                &param.name,
                "is not used by the query",
                "use it or remove it",
            ));
        }
        if !step_is_small(param) {
            let remedy = "use 1 for a count, else at most 10 % of the value";
            return Err(fault(
                "parameter",
                &param.name,
                "has a step above 10 % of its value",
                remedy,
            ));
        }
    }
    if let Some(name) = used
        .iter()
        .find(|name| !GIVEN.contains(name) && rule.param(name).is_none())
    {
        return Err(fault(
            "parameter",
            name,
            "is used by the query but not declared",
            "add `[params.NAME]` for it",
        ));
    }
    if used.contains(&"lookback_start") && rule.lookback_s == 0 {
        let remedy = "add `lookback` to the front matter";
        return Err(fault(
            "parameter",
            "lookback_start",
            "is used without a look-back",
            remedy,
        ));
    }
    names_stand_in_query(rule, &fault)
}

/// A step is small when it is at most a tenth of the value, or 1 where both are counts.
fn step_is_small(param: &Param) -> bool {
    let tenth = Decimal::whole(10).to_ratio() * param.step.to_ratio() <= param.value.to_ratio();
    tenth || (param.step == Decimal::whole(1) && param.value.is_whole())
}

fn names_stand_in_query(
    rule: &Rule,
    fault: &dyn Fn(&'static str, &str, &str, &str) -> RuleError,
) -> Result<(), RuleError> {
    let words = tokens(&rule.query);
    let absent = |name: &str| !words.contains(&Token::Name(name));
    let remedy = "name it in the query or correct the name";
    if let Some(name) = OUTPUT.iter().find(|name| absent(name)) {
        return Err(fault(
            "output column",
            name,
            "is not in the query",
            "return one row per scope with it",
        ));
    }
    if absent(&rule.measure) {
        return Err(fault("measure", &rule.measure, "is not in the query", remedy));
    }
    if let Some(name) = rule.needs.iter().find(|name| absent(name)) {
        return Err(fault("need", name, "is not in the query", remedy));
    }
    if let Some(name) = rule.views.iter().chain(&rule.scan).find(|name| absent(name)) {
        return Err(fault("view", name, "is not in the query", remedy));
    }
    let placeholders = rule.finding.segments().iter().filter_map(|segment| match segment {
        Segment::Placeholder { column, .. } => Some(column),
        Segment::Text(_) => None,
    });
    match placeholders.into_iter().find(|name| absent(name)) {
        Some(name) => Err(fault("placeholder", name, "is not in the query", remedy)),
        None => Ok(()),
    }
}
