//! The incident home: verdict, tiles, story, movers, new errors, worst functions.

use std::collections::BTreeSet;

use pennyspan_analyzer::analysis::counts::whole;
use pennyspan_analyzer::analysis::courses::{Course, merge, total};
use pennyspan_analyzer::analysis::deployed::{Deployment as Live, deployed, is_of};
use pennyspan_analyzer::analysis::errors::ErrorGroup as Errors;
use pennyspan_analyzer::analysis::overview::Overview;
use pennyspan_analyzer::analysis::part;

use super::filters::keep;
use super::finding::harm;
use super::functions::{Row, totals};
use super::verdict::urgent;
use super::{AnalyzerAnswers, Asked, Judged, Overviews, numbers, run, run_by};
use crate::answers::{Answer, AnswerError, ErrorGroup, HomeAnswer, Mover, Question, Story, StoryPoint, Verdict};
use crate::chart::{Bins, Deployment};
use crate::format::{Shown, count, duration, minute, percent};

/// The most findings on the page.
const FINDINGS: usize = 5;
/// The most movers, error groups and functions on the page.
const ROWS: usize = 6;
/// The fewest invocations in either window between which a function's numbers are compared.
const COMPARED: i64 = 20;

impl AnalyzerAnswers {
    pub(super) async fn answer_home(&self, question: &Question) -> Result<Answer<HomeAnswer>, AnswerError> {
        let asked = self.ask(question.window).await?;
        let overviews = match self.overviews(&asked, question).await? {
            Ok(overviews) => overviews,
            Err(why) => return Ok(self.answer(&asked, 0, Err(why))),
        };
        let grid = numbers::grid(question.window);
        let earlier = question.window.before();
        let session = self.open(&asked.snapshot, earlier).await?;
        let keep = keep(&question.state.filters);
        let earlier = run::<Overview>(&session, numbers::grid(earlier), &keep).await?;
        let (all, before) = (merged(&overviews), merged(&earlier));
        let new_errors = new_errors(&asked, &session, &keep).await?;
        let judged = self.evaluation.current();
        let onset = judged.as_ref().and_then(|judged| self.onset(judged, &overviews, grid));
        let rows = self.rows(&asked, overviews, &totals(earlier));
        let deployments = Self::deployments(&asked, |_| true);
        let verdict = self.verdict(&asked, question, judged.as_deref(), &rows, onset);
        let read = i64::try_from(all.iter().flatten().map(|cell| cell.counts.rows).sum::<u64>()).unwrap_or(i64::MAX);
        let open = |finding: &pennyspan_analyzer::judge::judgement::Finding| finding.suppressed.is_none();
        let body = HomeAnswer {
            tiles: super::tiles::Tiles {
                books: &self.books,
                now: &all,
                before: &before,
                window: question.window,
                path: "/functions",
                harm: &|rules| judged.as_ref().map(|j| harm(urgent(j), rules)).unwrap_or_default(),
            }
            .of(&super::tiles::HOME),
            tile_bins: numbers::bins(grid),
            story: Some(story(
                &all,
                &verdict,
                &deployed(&asked.session, asked.session.window()),
                &deployments,
                question,
            )),
            findings: judged
                .as_ref()
                .map(|judged| self.finding_rows(judged, open, FINDINGS))
                .unwrap_or_default(),
            findings_total: judged
                .as_ref()
                .map_or(0, |judged| i64::try_from(judged.open().count()).unwrap_or(i64::MAX)),
            evaluated: judged.as_ref().map(|judged| judged.evaluated),
            compared: rows.iter().any(|row| row.before.is_some()),
            movers: movers(&asked, &rows, judged.as_deref(), question),
            new_errors,
            worst: worst(rows),
            deployments,
            verdict,
        };
        Ok(self.answer(&asked, read, Ok(body)))
    }
}

/// Adds functions up, per interval.
fn merged(overviews: &Overviews) -> Course<Overview> {
    let mut all = Vec::new();
    for course in overviews.values() {
        merge(&mut all, course.clone());
    }
    all
}

/// Counts attempts by how they ended, per interval.
pub(super) fn outcomes(course: &Course<Overview>) -> [Vec<Option<i64>>; 3] {
    let of = |count: fn(&Overview) -> i128| -> Vec<Option<i64>> {
        course
            .iter()
            .map(|cell| cell.as_ref().map(|cell| whole(count(cell))))
            .collect()
    };
    [
        of(|cell| cell.counts.invocations_milli - cell.counts.failed_milli()),
        of(|cell| cell.counts.failed_milli()),
        of(|cell| cell.counts.throttles_milli),
    ]
}

fn story(
    all: &Course<Overview>,
    verdict: &Verdict,
    live: &[Live],
    deployments: &[Deployment],
    question: &Question,
) -> Story {
    let [succeeded, failed, throttled] = outcomes(all);
    let bins: Bins = numbers::bins(numbers::grid(question.window));
    let mut points: Vec<StoryPoint> = live
        .iter()
        .map(|deployment| StoryPoint {
            at_unix_nano: deployment.deployed_unix_nano,
            headline: super::verdict::named(deployment),
            detail: format!(
                "Went live at {}.",
                minute(deployment.deployed_unix_nano, question.state.tz)
            ),
        })
        .collect();
    if let Verdict::Incident(incident) = verdict
        && (bins.start_unix_nano..bins.end()).contains(&incident.since_unix_nano)
        && live
            .iter()
            .all(|deployment| deployment.deployed_unix_nano != incident.since_unix_nano)
    {
        points.push(StoryPoint {
            at_unix_nano: incident.since_unix_nano,
            headline: "It begins".to_owned(),
            detail: incident.sentence.clone(),
        });
    }
    points.sort_by_key(|point| point.at_unix_nano);
    let extra = points.len().saturating_sub(ROWS);
    Story {
        scope: "attempts of all functions".to_owned(),
        bins,
        succeeded,
        failed,
        throttled,
        deployments: deployments.to_vec(),
        points: points.split_off(extra),
        sql: Some(format!(
            "SELECT date_trunc('minute', start_time) AS minute, outcome, COUNT(*) AS attempts\nFROM invocations\n\
             WHERE start_unix_nano >= {} AND start_unix_nano < {}\nGROUP BY 1, 2\nORDER BY 1, 2",
            question.window.start, question.window.end
        )),
    }
}

/// Returns the error groups of the window that the window before did not have.
async fn new_errors(
    asked: &Asked,
    before: &pennyspan_analyzer::Session,
    keep: &pennyspan_analyzer::analysis::courses::Keep,
) -> Result<Vec<ErrorGroup>, AnswerError> {
    let now = run_by::<Errors>(&asked.session, part::error, keep).await?;
    let known: BTreeSet<_> = run_by::<Errors>(before, part::error, keep)
        .await?
        .into_iter()
        .filter(|(_, errors)| errors.failed_milli > 0)
        .map(|(group, _)| group)
        .collect();
    let fresh = now
        .into_iter()
        .filter(|(group, errors)| errors.failed_milli > 0 && !known.contains(group));
    let mut groups: Vec<ErrorGroup> = fresh
        .map(|(group, errors)| {
            let exemplar = errors.exemplar.as_ref();
            let said = exemplar.and_then(|one| match (&one.error_type, &one.error_message) {
                (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
                (kind, message) => kind.clone().or_else(|| message.clone()),
            });
            let ended = || {
                errors
                    .outcomes
                    .iter()
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", ")
                    .replace('_', " ")
            };
            let versions = errors.versions.iter().cloned().collect::<Vec<_>>().join(", ");
            let function = group.scope.function.unwrap_or_else(|| "unknown".to_owned());
            ErrorGroup {
                message: said.unwrap_or_else(ended),
                scope: if versions.is_empty() {
                    function
                } else {
                    format!("{function} version {versions}")
                },
                count: whole(errors.failed_milli),
                first_unix_nano: errors.first_unix_nano.unwrap_or_default(),
                last_unix_nano: errors.last_unix_nano.unwrap_or_default(),
                trace_id: exemplar.and_then(|one| one.trace_id.clone()),
            }
        })
        .collect();
    groups.sort_by(|a, b| (b.count, &a.scope, &a.message).cmp(&(a.count, &b.scope, &b.message)));
    groups.truncate(ROWS);
    Ok(groups)
}

/// Returns the functions that most fail, are throttled or have findings, worst first.
fn worst(rows: Vec<Row>) -> Vec<crate::answers::FunctionRow> {
    let weight = |row: &Row| {
        (
            row.shown.errors + whole(row.now.counts.throttles_milli),
            row.shown.findings.0,
        )
    };
    let mut rows: Vec<Row> = rows.into_iter().filter(|row| weight(row) > (0, 0)).collect();
    rows.sort_by(|a, b| weight(b).cmp(&weight(a)).then_with(|| a.scope.cmp(&b.scope)));
    rows.truncate(ROWS);
    rows.into_iter().map(|row| row.shown).collect()
}

/// Returns what changed most between the two windows, joined with deployments.
fn movers(asked: &Asked, rows: &[Row], judged: Option<&Judged>, question: &Question) -> Vec<Mover> {
    let all = deployed(&asked.session, asked.session.window());
    let mut movers: Vec<(f64, Mover)> = Vec::new();
    for row in rows {
        let Some(before) = &row.before else { continue };
        let (now_ran, now_failed) = numbers::failures(&row.now.counts);
        let (was_ran, was_failed) = numbers::failures(&before.counts);
        if now_ran.min(was_ran) < COMPARED {
            continue;
        }
        let deployment = all.iter().rfind(|one| is_of(one, &row.scope, Some(&row.service)));
        let because = deployment.map_or_else(String::new, |one| {
            let version = match &one.version {
                Some(version) => format!("version {version}"),
                None => one.source.clone(),
            };
            format!("{version} since {}", minute(one.deployed_unix_nano, question.state.tz))
        });
        let name = row.scope.function.as_deref().unwrap_or("unknown");
        let about =
            |finding: &&pennyspan_analyzer::judge::judgement::Finding| super::functions::is_about(finding, &row.scope);
        let fires = |rules: &[&str]| judged.map(|j| harm(j.open().filter(about), rules)).unwrap_or_default();
        let mut add = |what: &str, was: (f64, Shown), now: (f64, Shown), rules: &[&str]| {
            let score = score(was.0, now.0);
            if score > 0.2 {
                movers.push((
                    score,
                    Mover {
                        what: format!("{name} {what}"),
                        because: because.clone(),
                        was: was.1,
                        now: now.1,
                        change: (was.0, now.0),
                        harm: fires(rules),
                    },
                ));
            }
        };
        if let Some((was, now)) = numbers::share(was_failed, was_ran).zip(numbers::share(now_failed, now_ran)) {
            let shown = |part, whole| percent(part, whole);
            add(
                "error rate",
                (was, shown(was_failed, was_ran)),
                (now, shown(now_failed, now_ran)),
                &["error-rate", "timeouts", "oom"],
            );
        }
        let (was, now) = (before.latency.answer(), row.now.latency.answer());
        #[expect(clippy::cast_precision_loss, reason = "a ratio of change")]
        if let Some((was_us, now_us)) = was.p95.zip(now.p95) {
            add(
                "p95",
                (was_us as f64, duration(was_us).quantile(numbers::precision(&was))),
                (now_us as f64, duration(now_us).quantile(numbers::precision(&now))),
                &["duration-regression", "near-timeout"],
            );
        }
        #[expect(clippy::cast_precision_loss, reason = "a ratio of change")]
        add(
            "invocations",
            (was_ran as f64, count(was_ran)),
            (now_ran as f64, count(now_ran)),
            &["gone-quiet"],
        );
    }
    movers.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.what.cmp(&other.what)));
    movers.truncate(ROWS);
    movers.into_iter().map(|(_, mover)| mover).collect()
}

/// Returns how far two numbers are apart, as the size of the logarithm of their ratio; from or to nothing is far.
fn score(was: f64, now: f64) -> f64 {
    if was <= 0.0 && now <= 0.0 {
        0.0
    } else if was <= 0.0 || now <= 0.0 {
        3.0
    } else {
        (now / was).ln().abs()
    }
}

/// Adds a course up.
pub(super) fn sum(course: &Course<Overview>) -> Overview {
    total(course.clone())
}
