//! One rule with different parameters for different functions: each set of overrides is a run of its own.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_rules::{Decimal, Rule};

use super::Override;
use super::query::{RowScope, defaults};
use crate::analysis::selection::matches;
use crate::grouped::{Grouped, Names};
use crate::measure::Team;

/// The parameters of one run, and the functions that it is for.
pub(super) struct Variant<'a> {
    overrides: Vec<&'a Override>,
    /// Functions with these parameters.
    functions: BTreeSet<Names<4>>,
    /// Functions with other parameters; none where the run is for named functions only.
    others: Option<BTreeSet<Names<4>>>,
}

/// Returns the runs that a rule needs: one for everything without overrides of its own, and one for each other set of them.
pub(super) fn of<'a>(rule: &Rule, overrides: &'a [Override], teams: &Grouped<4, Team>) -> Vec<Variant<'a>> {
    let of_rule: Vec<&Override> = overrides.iter().filter(|of| of.rule == rule.name).collect();
    let everywhere: Vec<usize> = (0..of_rule.len()).filter(|at| everywhere(of_rule[*at])).collect();
    let mut sets: BTreeMap<Vec<usize>, BTreeSet<Names<4>>> = BTreeMap::new();
    for (names, team) in teams.iter() {
        let set: Vec<usize> = (0..of_rule.len())
            .filter(|at| is_for(of_rule[*at], names, team))
            .collect();
        if set != everywhere {
            sets.entry(set).or_default().insert(names.clone());
        }
    }
    let apart = sets.values().flatten().cloned().collect();
    let pick = |set: &[usize]| set.iter().map(|at| of_rule[*at]).collect();
    let mut variants = vec![Variant {
        overrides: pick(&everywhere),
        functions: BTreeSet::new(),
        others: Some(apart),
    }];
    variants.extend(sets.into_iter().map(|(set, functions)| Variant {
        overrides: pick(&set),
        functions,
        others: None,
    }));
    variants
}

fn everywhere(of: &Override) -> bool {
    of.selection.functions.is_empty() && of.selection.services.is_empty() && of.selection.environments.is_empty()
}

fn is_for(of: &Override, [_, _, _, function]: &Names<4>, team: &Team) -> bool {
    let named = |globs: &[String], name: &Option<String>| {
        globs.is_empty()
            || name
                .as_ref()
                .is_some_and(|name| globs.iter().any(|glob| matches(glob, name)))
    };
    named(&of.selection.functions, function)
        && named(&of.selection.services, &team.service)
        && named(&of.selection.environments, &team.environment)
}

impl Variant<'_> {
    /// Returns the values of all parameters; of several overrides of one parameter the last counts.
    pub(super) fn values(&self, rule: &Rule) -> BTreeMap<String, Decimal> {
        let mut values = defaults(rule);
        for of in &self.overrides {
            if let Some(value) = values.get_mut(&of.param) {
                *value = of.value;
            }
        }
        values
    }

    /// Returns the key that changed a parameter.
    pub(super) fn key(&self, param: &str) -> Option<String> {
        self.overrides
            .iter()
            .rfind(|of| of.param == param)
            .map(|of| of.key.clone())
    }

    /// Returns whether a row of this run counts.
    pub(super) fn is_for(&self, scope: &RowScope) -> bool {
        let [provider, account, region, function, _] = scope.clone();
        let names = [provider, account, region, function];
        match &self.others {
            Some(others) => !others.contains(&names),
            None => self.functions.contains(&names),
        }
    }
}
