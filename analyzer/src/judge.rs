//! Judgement: rules over the measure views of one window become findings.
//!
//! A rule's query returns one row per scope; a row with a level is a finding. What a rule could not look at is listed as well,
//! so that silence always means that something was judged.

use pennyspan_rules::{Catalogue, Decimal, Rule};

use crate::analysis::selection::matches;
use crate::analysis::{Question, Selection};
use crate::error::AnalysisError;
use crate::measure::Measures;
use crate::session::Session;

pub mod cases;
mod confidence;
mod exemplars;
mod finding;
pub mod identity;
mod impact;
pub mod judgement;
mod losses;
mod needs;
mod once;
pub mod query;
mod variants;

pub use cases::{CaseReport, CheckError, check};
pub use identity::Identity;
use judgement::ordered;
pub use judgement::{Confidence, Finding, Judgement, NotJudged};
pub use query::RowError;

/// What is judged beyond the catalogue's own words.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// Globs over rule names; all rules where there is none.
    pub rules: Vec<String>,
    /// Parameters that a team changed.
    pub overrides: Vec<Override>,
    /// Which names stand for one logical function.
    pub identities: Vec<Identity>,
    /// The profile, whose rules' own words switch them off; none where all are judged.
    pub profile: Option<String>,
}

impl Judging {
    /// Returns whether the profile switches a rule off.
    #[must_use]
    pub fn is_off(&self, rule: &Rule) -> bool {
        self.profile
            .as_ref()
            .is_some_and(|profile| rule.off_in.contains(profile))
    }
}

/// A parameter that a team changed, for all functions or some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The rule.
    pub rule: String,
    /// The parameter.
    pub param: String,
    /// Its value.
    pub value: Decimal,
    /// The key that says so, as findings name it.
    pub key: String,
    /// The functions, services and environments that are meant; all where nothing is selected. Tenants do not select.
    pub selection: Selection,
}

/// Why a window could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// What rules read could not be computed.
    #[error(transparent)]
    Measure(#[from] AnalysisError),
    /// What was lost could not be read.
    #[error("cannot read which telemetry was lost")]
    Losses(#[source] RowError),
    /// A rule's query does not do what a rule must.
    #[error("the rule `{rule}` cannot be judged; `pennyspan rules check` says more")]
    Rule {
        /// The rule.
        rule: String,
        /// Why.
        #[source]
        source: RowError,
    },
}

/// Judges the attempts of a question by the rules of a catalogue.
///
/// The measure views stay registered in the session, so that queries of findings and runbooks can be asked of it.
///
/// # Errors
/// [`JudgeError`] where the tables cannot be read or a rule cannot be run.
pub async fn judge(
    session: &Session,
    question: &Question,
    catalogue: &Catalogue,
    judging: &Judging,
) -> Result<Judgement, JudgeError> {
    judge_observed(session, question, catalogue, judging, &mut |_| {}).await
}

/// Judges as [`judge`] does, and tells an observer what was done each time that something was: what was read, `measures`, then the
/// name of each rule.
///
/// # Errors
/// [`JudgeError`] where the tables cannot be read or a rule cannot be run.
pub async fn judge_observed(
    session: &Session,
    question: &Question,
    catalogue: &Catalogue,
    judging: &Judging,
    done: &mut (dyn FnMut(&str) + Send),
) -> Result<Judgement, JudgeError> {
    let chosen = |rule: &&Rule| judging.rules.is_empty() || judging.rules.iter().any(|glob| matches(glob, &rule.name));
    let (off, rules): (Vec<&Rule>, Vec<&Rule>) = catalogue
        .rules()
        .iter()
        .filter(chosen)
        .partition(|rule| judging.is_off(rule));
    let measures = Measures::of(session, question, &rules, done).await?;
    measures.register(session.context())?;
    done("measures");
    let bench = Judge {
        session,
        measures: &measures,
        window: question.window,
        overrides: &judging.overrides,
        identities: &judging.identities,
    };
    let mut judgement = Judgement::default();
    for rule in rules {
        let failed = |source| JudgeError::Rule {
            rule: rule.name.clone(),
            source,
        };
        bench.rule(rule, &mut judgement).await.map_err(failed)?;
        done(&rule.name);
    }
    let lossy = losses::lossy(session, question.window)
        .await
        .map_err(JudgeError::Losses)?;
    confidence::lower_where_incomplete(&mut judgement.findings, &lossy);
    judgement.findings = identity::together(ordered(judgement.findings));
    for rule in off {
        let profile = judging.profile.as_deref().unwrap_or_default();
        let scopes = measures.evidences.functions.iter().count();
        judgement.not_judged.push(NotJudged::off(&rule.name, profile, scopes));
        judgement.coverage.rules_not_judged += 1;
    }
    judgement.not_judged.sort();
    Ok(judgement)
}

/// What every rule is judged with.
#[derive(Clone, Copy)]
struct Judge<'a> {
    session: &'a Session,
    measures: &'a Measures,
    window: pennyspan_schema::Window,
    overrides: &'a [Override],
    identities: &'a [Identity],
}

impl Judge<'_> {
    /// Runs one rule for all scopes.
    async fn rule(&self, rule: &Rule, judgement: &mut Judgement) -> Result<(), RowError> {
        let mut returned = Vec::new();
        let mut found = Vec::new();
        for variant in variants::of(rule, self.overrides, &self.measures.evidences.teams) {
            let sql = query::bound(rule, &variant.values(rule), self.window);
            let rows = query::run(self.session.context(), &sql).await?;
            let rows = rows
                .into_iter()
                .filter(|row| covers(rule, row.scope[0].as_deref()) && variant.is_for(&row.scope));
            for row in rows {
                returned.push(row.scope.clone());
                if let Some(severity) = row.level {
                    found.push(row.scope.clone());
                    judgement
                        .findings
                        .push(self.finding(rule, &row, severity, &variant, &sql).await?);
                }
            }
        }
        let missing = needs::missing(self, rule, &returned, &found).await?;
        let judged = u64::from(missing.judged > 0);
        judgement.coverage.rules_judged += judged;
        judgement.coverage.rules_not_judged += 1 - judged;
        judgement.not_judged.extend(missing.not_judged);
        Ok(())
    }
}

/// Returns whether a rule judges a provider.
fn covers(rule: &Rule, provider: Option<&str>) -> bool {
    rule.platforms
        .iter()
        .any(|known| known == "any" || Some(known.as_str()) == provider)
}

#[cfg(test)]
mod tests;
