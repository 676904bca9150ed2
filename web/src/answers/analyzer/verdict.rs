//! The first line: what is broken, why, and what to do first.

use std::cmp::Reverse;

use pennyspan_analyzer::analysis::courses::Grid;
use pennyspan_analyzer::analysis::deployed::{Deployment, deployed, is_of};
use pennyspan_analyzer::judge::judgement::Finding;
use pennyspan_rules::rule::Severity;

use super::findings::{command, dollars, headline, sentence, subject};
use super::functions::{Row, is_about};
use super::measure::Onset;
use super::{AnalyzerAnswers, Asked, Judged, Overviews};
use crate::answers::{Fact, FirstStep, Incident, Question, Verdict};
use crate::format::{count, minute, plural};

/// How long before the first sight of a finding a deployment may have caused it.
const CAUSED_NANOS: i64 = 6 * 3_600_000_000_000;

/// Rules whose findings say that telemetry is missing, which outranks every other cause.
const LOSS_RULES: [&str; 2] = ["gone-quiet", "dark-invocations"];

impl AnalyzerAnswers {
    pub(super) fn verdict(
        &self,
        asked: &Asked,
        question: &Question,
        judged: Option<&Judged>,
        rows: &[Row],
        onset: Option<Onset>,
    ) -> Verdict {
        match judged.and_then(|judged| Some((judged, worst(judged)?))) {
            Some((judged, worst)) => {
                let joined: Vec<&Finding> = urgent(judged).filter(|finding| joins(worst, finding)).collect();
                let of = Incidence {
                    judged,
                    worst,
                    joined: &joined,
                    onset,
                };
                Verdict::Incident(self.incident(asked, question, &of, rows))
            }
            None => self.calm(asked, question, judged, rows),
        }
    }

    /// Returns when the measure of the worst finding changed within a window.
    pub(super) fn onset(&self, judged: &Judged, overviews: &Overviews, grid: Grid) -> Option<Onset> {
        let worst = worst(judged)?;
        let rule = self.catalogue.get(&worst.rule)?;
        let (_, course) = overviews.iter().find(|(scope, _)| is_about(worst, scope))?;
        Onset::of(rule, course, grid)
    }

    fn incident(&self, asked: &Asked, question: &Question, of: &Incidence<'_>, rows: &[Row]) -> Incident {
        let Incidence {
            judged,
            worst,
            joined,
            onset,
        } = *of;
        let seen = joined.iter().map(|finding| judged.since(finding)).min();
        let since = seen.into_iter().chain(onset.map(|onset| onset.at_unix_nano)).min();
        let since_unix_nano = since.unwrap_or(judged.evaluated.at_unix_nano);
        let row = rows.iter().find(|row| is_about(worst, &row.scope));
        let deployment = row.and_then(|row| deployment_before(asked, row, since_unix_nano));
        // A finding about a version is as old as the version.
        let about = |one: &&Deployment| {
            one.version
                .as_ref()
                .is_some_and(|version| worst.versions.contains(version))
        };
        let live = deployment.as_ref().filter(about);
        let since_unix_nano = live.map_or(since_unix_nano, |one| one.deployed_unix_nano.min(since_unix_nano));
        let title = self
            .catalogue
            .get(&worst.rule)
            .map(|rule| rule.title.clone())
            .unwrap_or_default();
        let path = |finding: &Finding| format!("/findings/{}", crate::text::percent(&finding.fingerprint));
        let mut facts = vec![Fact {
            label: "What is broken".to_owned(),
            headline: title,
            detail: match onset {
                Some(onset) => format!("{}. {}.", worst.message.trim_end_matches('.'), onset.words()),
                None => worst.message.clone(),
            },
            link: Some(("evidence".to_owned(), path(worst))),
        }];
        facts.push(cause(question, worst, joined, row, deployment.as_ref()));
        facts.push(effect(worst, joined, rows));
        Incident {
            severity: super::findings::severity(worst.severity),
            since_unix_nano,
            findings_count: i64::try_from(joined.len()).unwrap_or(i64::MAX),
            sentence: sentence(worst),
            facts,
            first: self.first_step(worst),
        }
    }

    /// Returns the first reversible step against a finding, from its runbook.
    fn first_step(&self, finding: &Finding) -> Option<FirstStep> {
        let contain = &self.catalogue.get(&finding.rule)?.runbook.contain;
        let command = command(contain, finding);
        Some(FirstStep {
            headline: headline(contain, finding),
            command: command
                .as_ref()
                .map(|command| command.command.clone())
                .unwrap_or_default(),
            undo: command.and_then(|command| command.undo).unwrap_or_default(),
            fingerprint: finding.fingerprint.clone(),
        })
    }

    fn calm(&self, asked: &Asked, question: &Question, judged: Option<&Judged>, rows: &[Row]) -> Verdict {
        let open = judged.map_or(0, |judged| judged.open().count());
        let sentence = match judged {
            None => "Nothing has been evaluated yet".to_owned(),
            Some(judged) => {
                let from = minute(judged.evaluated.window.start, question.state.tz);
                let findings = plural(i64::try_from(open).unwrap_or(i64::MAX), "open finding", "open findings");
                format!("No incident since {from}. {findings}.")
            }
        };
        let functions = plural(i64::try_from(rows.len()).unwrap_or(i64::MAX), "function", "functions");
        let last = deployed(&asked.session, asked.session.window()).into_iter().next_back();
        let deployment = match &last {
            Some(deployment) => Fact {
                label: "Last deployment".to_owned(),
                headline: format!(
                    "{} at {}",
                    named(deployment),
                    minute(deployment.deployed_unix_nano, question.state.tz)
                ),
                detail: said(deployment),
                link: None,
            },
            None => Fact {
                label: "Last deployment".to_owned(),
                headline: "None in this window".to_owned(),
                detail: String::new(),
                link: None,
            },
        };
        let later = judged.and_then(|judged| self.first_step(judged.open().next()?));
        Verdict::Calm {
            sentence,
            note: format!("{functions} in this window"),
            facts: vec![deployment],
            later,
        }
    }
}

/// One incident: its worst finding, and those that belong to it.
struct Incidence<'a> {
    judged: &'a Judged,
    worst: &'a Finding,
    joined: &'a [&'a Finding],
    onset: Option<Onset>,
}

/// Returns the critical and high findings that nobody muted.
pub(super) fn urgent(judged: &Judged) -> impl Iterator<Item = &Finding> {
    judged.open().filter(|finding| finding.severity >= Severity::High)
}

/// Returns the finding that the first line is about: the most severe, and of several the one that hides the others, else the
/// one that costs most.
fn worst(judged: &Judged) -> Option<&Finding> {
    let rank = |finding: &&Finding| (Reverse(finding.severity), !LOSS_RULES.contains(&finding.rule.as_str()));
    urgent(judged).min_by_key(rank)
}

/// Returns whether two findings belong to one incident: the same function, peer or queue, or a version in common.
fn joins(worst: &Finding, other: &Finding) -> bool {
    let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    same(&worst.function, &other.function)
        || same(&worst.sub_resource, &other.sub_resource)
        || worst.fingerprint == other.fingerprint
}

pub(super) fn named(deployment: &Deployment) -> String {
    let what = deployment
        .function
        .as_deref()
        .or(deployment.service.as_deref())
        .unwrap_or("a function");
    match &deployment.version {
        Some(version) => format!("{what} version {version}"),
        None => format!("{what}: {}", deployment.source),
    }
}

/// Says how a deployment is known.
fn said(deployment: &Deployment) -> String {
    match deployment.source.as_str() {
        "version" => "Seen by the first invocation of that version.".to_owned(),
        "service version" => "Seen by the first span of that version.".to_owned(),
        source if deployment.version.is_none() => format!("Seen by a changed setting, {source}."),
        source => format!("Reported by {source}."),
    }
}

/// Returns the last deployment of a function in the hours before a moment.
fn deployment_before(asked: &Asked, row: &Row, before_unix_nano: i64) -> Option<Deployment> {
    let window = pennyspan_schema::Window {
        start_unix_nano: before_unix_nano.saturating_sub(CAUSED_NANOS),
        end_unix_nano: before_unix_nano.saturating_add(1),
    };
    let mut before = deployed(&asked.session, window);
    before.retain(|one| is_of(one, &row.scope, Some(&row.service)));
    before.pop()
}

/// Says what most probably caused an incident, and what was ruled out.
fn cause(
    question: &Question,
    worst: &Finding,
    joined: &[&Finding],
    row: Option<&Row>,
    deployment: Option<&Deployment>,
) -> Fact {
    let of = |headline: String, detail: String| Fact {
        label: "Because".to_owned(),
        headline,
        detail,
        link: None,
    };
    if let Some(loss) = joined
        .iter()
        .find(|finding| LOSS_RULES.contains(&finding.rule.as_str()))
    {
        return of("Telemetry is missing".to_owned(), loss.message.clone());
    }
    if let Some(deployment) = deployment {
        return of(
            format!(
                "{} went live at {}",
                named(deployment),
                minute(deployment.deployed_unix_nano, question.state.tz)
            ),
            said(deployment),
        );
    }
    if let Some(peer) = joined.iter().find(|finding| finding.rule == "dependency-degraded") {
        let said = if peer.fingerprint == worst.fingerprint {
            "It got worse for its callers; none of them is named as the cause.".to_owned()
        } else {
            peer.message.clone()
        };
        return of("A dependency fails".to_owned(), said);
    }
    let throttled = row.map_or(0, |row| {
        pennyspan_analyzer::analysis::counts::whole(row.now.counts.throttles_milli)
    });
    if throttled > 0 {
        return of(
            "Attempts are throttled".to_owned(),
            format!("{} in this window.", plural(throttled, "attempt", "attempts")),
        );
    }
    of(
        "Not known".to_owned(),
        format!(
            "Ruled out: a deployment of {} in the six hours before, a failing dependency that calls show, throttling.",
            subject(worst)
        ),
    )
}

fn effect(worst: &Finding, joined: &[&Finding], rows: &[Row]) -> Fact {
    let touched: Vec<&Row> = rows
        .iter()
        .filter(|row| joined.iter().any(|finding| is_about(finding, &row.scope)))
        .collect();
    let failed: i64 = touched.iter().map(|row| row.shown.errors).sum();
    let ran: i64 = touched.iter().filter_map(|row| row.shown.invocations.ok()).sum();
    let headline = match touched.first() {
        Some(_) => format!(
            "{} of {} failed in this window",
            count(failed).text(),
            plural(ran, "invocation", "invocations")
        ),
        None if worst.function.is_none() => format!("Judged on {} of its callers", plural(worst.n, "call", "calls")),
        None => format!("{} shows no invocation in this window", subject(worst)),
    };
    let money = worst
        .impact
        .usd
        .as_ref()
        .map(|range| format!("Estimated at list prices: {} USD.", dollars(range)));
    Fact {
        label: "Effect".to_owned(),
        headline,
        detail: money.or_else(|| worst.impact.risk.clone()).unwrap_or_default(),
        link: touched
            .first()
            .map(|row| (subject(worst).to_owned(), row.shown.id.path())),
    }
}
