//! What a rule could not judge: scopes in which a column that it needs is null throughout, and those without history.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_rules::Rule;

use super::query::{RowError, RowScope, text};
use super::{Judge, covers};
use crate::grouped::Names;
use crate::judge::judgement::NotJudged;
use crate::measure::views::VIEWS;

/// Columns that only settings tell.
const SETTINGS: [&str; 2] = ["timeout_ms", "max_receive_count"];
/// The view that begins with the look-back.
const HISTORY: &str = "by_function_minute";

/// What a rule could judge, and what not.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Scopes that were judged.
    pub(super) judged: usize,
    /// The others, by reason.
    pub(super) not_judged: Vec<NotJudged>,
}

/// Finds out where a rule lacked something, given the scopes of the rows that it returned and of those with a level.
pub(super) async fn missing(
    judge: &Judge<'_>,
    rule: &Rule,
    returned: &[RowScope],
    found: &[RowScope],
) -> Result<Missing, RowError> {
    let mut needed: BTreeMap<Names<4>, BTreeSet<&str>> = BTreeMap::new();
    let mut seen: BTreeSet<Names<4>> = BTreeSet::new();
    for need in &rule.needs {
        let view = VIEWS
            .iter()
            .find(|view| view.has(need) && rule.views.iter().any(|read| read == view.name));
        let Some(view) = view else { continue };
        let known = known(judge, view.name, need).await?;
        let scopes = if known.is_empty() { every_function(judge) } else { known };
        for (scope, known) in scopes
            .into_iter()
            .filter(|(scope, _)| covers(rule, scope[0].as_deref()))
        {
            seen.insert(scope.clone());
            if !known {
                needed.entry(scope).or_default().insert(need);
            }
        }
    }
    let fired: BTreeSet<Names<4>> = found.iter().map(function).collect();
    needed.retain(|scope, _| !fired.contains(scope));
    let mut groups: BTreeMap<(&str, Vec<String>), u64> = BTreeMap::new();
    for needs in needed.values() {
        let reason = if needs.iter().any(|need| SETTINGS.contains(need)) {
            "insufficient configuration"
        } else {
            "insufficient data"
        };
        *groups
            .entry((reason, needs.iter().map(|need| (*need).to_owned()).collect()))
            .or_default() += 1;
    }
    let mut unjudged = needed.len();
    if rule.lookback_s > 0 && rule.views.iter().any(|view| view == HISTORY) {
        let answered: BTreeSet<Names<4>> = returned.iter().map(function).collect();
        let silent = seen
            .iter()
            .filter(|scope| !needed.contains_key(*scope) && !answered.contains(*scope))
            .count();
        if silent > 0 {
            groups.insert(("insufficient history", vec!["lookback".to_owned()]), silent as u64);
            unjudged += silent;
        }
    }
    let entry = |((reason, needs), scopes): ((&str, Vec<String>), u64)| NotJudged {
        rule: rule.name.clone(),
        reason: reason.to_owned(),
        needs,
        scopes,
    };
    Ok(Missing {
        judged: seen.len().saturating_sub(unjudged),
        not_judged: groups.into_iter().map(entry).collect(),
    })
}

/// Returns the function of a row's scope.
fn function([provider, account, region, function, _]: &RowScope) -> Names<4> {
    [provider.clone(), account.clone(), region.clone(), function.clone()]
}

/// Returns every function of the window, without what is needed.
fn every_function(judge: &Judge<'_>) -> Vec<(Names<4>, bool)> {
    judge
        .measures
        .evidences
        .functions
        .iter()
        .map(|(names, _)| (names.clone(), false))
        .collect()
}

/// Returns, by function, whether a column of a view is known anywhere.
async fn known(judge: &Judge<'_>, view: &str, column: &str) -> Result<Vec<(Names<4>, bool)>, RowError> {
    let failed = |source| RowError::Query {
        source: Box::new(source),
    };
    let sql = format!(
        "SELECT provider, account, region, function, CASE WHEN COUNT({column}) > 0 THEN 'known' END AS known \
         FROM {view} GROUP BY provider, account, region, function"
    );
    let batches = judge
        .session
        .context()
        .sql(&sql)
        .await
        .map_err(failed)?
        .collect()
        .await
        .map_err(failed)?;
    let mut all = Vec::new();
    for batch in &batches {
        for at in 0..batch.num_rows() {
            let [provider, account, region, function] =
                ["provider", "account", "region", "function"].map(|name| text(batch, name, at));
            all.push((
                [provider?, account?, region?, function?],
                text(batch, "known", at)?.is_some(),
            ));
        }
    }
    Ok(all)
}
