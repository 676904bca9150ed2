//! Every function, comparable.

use std::collections::BTreeMap;

use pennyspan_analyzer::analysis::Scope;
use pennyspan_analyzer::analysis::counts::whole;
use pennyspan_analyzer::analysis::courses::{Course, Grid, total};
use pennyspan_analyzer::analysis::deployed::{deployed, is_of};
use pennyspan_analyzer::analysis::overview::Overview;
use pennyspan_rules::rule::Severity;

use super::filters::keep;
use super::{AnalyzerAnswers, Asked, Judged, Overviews, numbers, run};
use crate::answers::{Answer, AnswerError, FunctionGroup, FunctionRow, FunctionsAnswer, Question};
use crate::format::{Harm, Missing, plural};

/// Rules whose findings make the error rate red.
const FAILURE_RULES: [&str; 4] = ["error-rate", "timeouts", "oom", "poison-message"];

/// What is known of a function in two windows.
pub(super) struct Row {
    pub(super) scope: Scope,
    pub(super) service: String,
    pub(super) now: Overview,
    pub(super) before: Option<Overview>,
    pub(super) shown: FunctionRow,
}

/// Returns what each function adds up to over all intervals.
pub(super) fn totals(overviews: Overviews) -> BTreeMap<Scope, Overview> {
    overviews
        .into_iter()
        .map(|(scope, course)| (scope, total(course)))
        .collect()
}

impl AnalyzerAnswers {
    pub(super) async fn answer_functions(&self, question: &Question) -> Result<Answer<FunctionsAnswer>, AnswerError> {
        let asked = self.ask(question.window).await?;
        let overviews = match self.overviews(&asked, question).await? {
            Ok(overviews) => overviews,
            Err(why) => return Ok(self.answer(&asked, 0, Err(why))),
        };
        let before = self.before(&asked, question).await?;
        let rows = self.rows(&asked, overviews, &before);
        let read = rows.iter().map(|row| row.now.counts.rows).sum::<u64>();
        let body = functions(rows);
        Ok(self.answer(&asked, i64::try_from(read).unwrap_or(i64::MAX), Ok(body)))
    }

    /// Completes what functions add up to by the window before, deployments and findings.
    pub(super) fn rows(&self, asked: &Asked, overviews: Overviews, before: &BTreeMap<Scope, Overview>) -> Vec<Row> {
        let judged = self.evaluation.current();
        let row = |(scope, course): (Scope, Course<Overview>)| {
            let before = before.get(&scope).cloned();
            self.row(asked, judged.as_deref(), scope, course, before)
        };
        overviews.into_iter().map(row).collect()
    }

    /// Returns what functions added up to in the window before.
    pub(super) async fn before(
        &self,
        asked: &Asked,
        question: &Question,
    ) -> Result<BTreeMap<Scope, Overview>, AnswerError> {
        let window = question.window.before();
        let session = self.open(&asked.snapshot, window).await?;
        let all = run::<Overview>(&session, Grid::whole(session.window()), &keep(&question.state.filters)).await?;
        Ok(totals(all))
    }

    pub(super) fn row(
        &self,
        asked: &Asked,
        judged: Option<&Judged>,
        scope: Scope,
        course: Course<Overview>,
        before: Option<Overview>,
    ) -> Row {
        let invocations: Vec<Option<i64>> = course
            .iter()
            .map(|cell| cell.as_ref().map(|cell| whole(cell.counts.invocations_milli)))
            .collect();
        let now = total(course);
        let service = said(now.newest.service.as_ref()).unwrap_or_default();
        let last = deployed(&asked.session, asked.session.window());
        let last = last
            .iter()
            .rfind(|deployment| is_of(deployment, &scope, Some(&service)));
        let findings: Vec<_> = judged
            .into_iter()
            .flat_map(Judged::open)
            .filter(|f| is_about(f, &scope))
            .collect();
        let urgent = findings.iter().any(|finding| finding.severity >= Severity::High);
        let fails = findings
            .iter()
            .any(|finding| FAILURE_RULES.contains(&finding.rule.as_str()));
        let (ran, errors) = numbers::failures(&now.counts);
        let cold = now.cold_starts.answer();
        let runtime = [
            said(now.newest.runtime.as_ref()),
            said(now.newest.architecture.as_ref()),
        ];
        let shown = FunctionRow {
            id: numbers::id(&scope),
            runtime: runtime.into_iter().flatten().collect::<Vec<_>>().join(" "),
            memory_mib: said(now.newest.memory_mib.as_ref()).ok_or(Missing::Unknown),
            invocations: Ok(ran),
            errors,
            before: before
                .as_ref()
                .map(|before| numbers::failures(&before.counts))
                .ok_or(Missing::NoData),
            cold: numbers::cold(&cold),
            memory_ppm: now.used_ppm.ok_or(Missing::Unknown),
            duration: numbers::quantiles(&now.latency.answer()),
            amount: numbers::amount(&now.cost.cost(&self.books)),
            deployed_unix_nano: last.map(|deployment| deployment.deployed_unix_nano),
            version: said(now.newest.version.as_ref()).unwrap_or_default(),
            findings: (
                i64::try_from(findings.len()).unwrap_or(i64::MAX),
                if urgent { Harm::Fires } else { Harm::Quiet },
            ),
            course: numbers::positions(&invocations),
            harm: if fails && errors > 0 { Harm::Fires } else { Harm::Quiet },
        };
        Row {
            scope,
            service,
            now,
            before,
            shown,
        }
    }
}

/// Returns a value without the time at which it was said.
pub(super) fn said<T: Clone>(said: Option<&(i64, T)>) -> Option<T> {
    said.map(|(_, value)| value.clone())
}

/// Returns whether a finding is about a function; what either does not know does not tell them apart.
pub(super) fn is_about(finding: &pennyspan_analyzer::judge::judgement::Finding, scope: &Scope) -> bool {
    let agrees = |said: &Option<String>, known: Option<&str>| {
        said.as_deref().zip(known).is_none_or(|(said, known)| said == known)
    };
    finding.function.is_some()
        && finding.function == scope.function
        && agrees(&finding.provider, Some(&scope.provider))
        && agrees(&finding.account, scope.account.as_deref())
        && agrees(&finding.region, scope.region.as_deref())
}

fn functions(rows: Vec<Row>) -> FunctionsAnswer {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let total = number(rows.len());
    let failing = rows.iter().filter(|row| row.shown.harm.fires()).count();
    let sentence = match failing {
        0 => format!("All functions: no finding about failures on any of {total}"),
        1 => format!("1 of {} fails", plural(total, "function", "functions")),
        n => format!("{n} of {} fail", plural(total, "function", "functions")),
    };
    let worst = rows
        .iter()
        .max_by_key(|row| (row.shown.errors, std::cmp::Reverse(row.shown.id.clone())));
    let lede = worst.filter(|row| row.shown.errors > 0).map(|row| {
        format!(
            "Most failures: {} with {} of {}.",
            row.scope.function.as_deref().unwrap_or("unknown"),
            crate::format::count(row.shown.errors).text(),
            plural(row.shown.invocations.unwrap_or(0), "invocation", "invocations"),
        )
    });
    let mut groups: BTreeMap<String, Vec<FunctionRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.service).or_default().push(row.shown);
    }
    let mut groups: Vec<FunctionGroup> = groups
        .into_iter()
        .map(|(service, rows)| FunctionGroup { service, rows })
        .collect();
    let failures = |group: &FunctionGroup| group.rows.iter().map(|row| row.errors).sum::<i64>();
    groups.sort_by(|a, b| failures(b).cmp(&failures(a)).then_with(|| a.service.cmp(&b.service)));
    FunctionsAnswer {
        sentence,
        lede: lede.unwrap_or_else(|| "Nothing failed in this window.".to_owned()),
        groups,
    }
}
