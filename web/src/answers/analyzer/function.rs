//! One function, tab by tab.

use std::collections::BTreeMap;

use pennyspan_analyzer::analysis::counts::whole;
use pennyspan_analyzer::analysis::courses::{Course, Grid, Keep, total};
use pennyspan_analyzer::analysis::deployed::{deployed, is_of};
use pennyspan_analyzer::analysis::overview::{Interval, Overview};
use pennyspan_analyzer::analysis::settings::setting;
use pennyspan_analyzer::analysis::{Scope, part};

use super::filters::{self, keep};
use super::finding::harm;
use super::functions::{is_about, said};
use super::{AnalyzerAnswers, Asked, Judged, numbers, run, run_by};
use crate::answers::{
    Answer, AnswerError, Configuration, FunctionAnswer, FunctionId, FunctionOverview, FunctionTab, Question, VersionRow,
};
use crate::chart::Deployment;
use crate::format::{Harm, Missing, Reading, Usd, change, mebibytes, percent};

mod cold;
mod cost;

/// The most findings of a function's page.
const FINDINGS: usize = 50;
/// The most traces that a chart marks.
const EXEMPLARS: usize = 12;
/// The most versions of the table.
const VERSIONS: usize = 10;
/// The fewest invocations of both versions of which one is judged against the other.
const COMPARED: i64 = 100;

/// Everything that the tabs of one function are filled from.
struct Seen<'a> {
    asked: &'a Asked,
    scope: &'a Scope,
    keep: Keep,
    course: Course<Interval>,
    sums: Course<Overview>,
    before: Option<Course<Overview>>,
    deployments: Vec<Deployment>,
    grid: Grid,
}

impl AnalyzerAnswers {
    pub(super) async fn answer_function(
        &self,
        question: &Question,
        id: &FunctionId,
        tab: FunctionTab,
    ) -> Result<Answer<FunctionAnswer>, AnswerError> {
        let asked = self.ask(question.window).await?;
        let scope = numbers::scope(id);
        let keep = only(&scope, keep(&question.state.filters));
        let grid = numbers::grid(question.window);
        let course = run::<Interval>(&asked.session, grid, &keep).await?.remove(&scope);
        let Some(course) = course else {
            return self.nothing(&asked, question, id, &scope).await;
        };
        let earlier = question.window.before();
        let session = self.open(&asked.snapshot, earlier).await?;
        let before = run::<Overview>(&session, numbers::grid(earlier), &keep)
            .await?
            .remove(&scope);
        let sums: Course<Overview> = course
            .iter()
            .map(|cell| cell.as_ref().map(|cell| cell.sums.clone()))
            .collect();
        let judged = self.evaluation.current();
        let row = self.row(
            &asked,
            judged.as_deref(),
            scope.clone(),
            sums.clone(),
            before.clone().map(total),
        );
        let service = row.service.clone();
        let deployments = Self::deployments(&asked, |deployment| is_of(deployment, &scope, Some(&service)));
        let seen = Seen {
            asked: &asked,
            scope: &scope,
            keep,
            course,
            sums,
            before,
            deployments,
            grid,
        };
        let about = |finding: &pennyspan_analyzer::judge::judgement::Finding| is_about(finding, &scope);
        let findings = judged
            .as_ref()
            .map(|judged| self.finding_rows(judged, about, FINDINGS))
            .unwrap_or_default();
        let read = i64::try_from(row.now.counts.rows).unwrap_or(i64::MAX);
        let body = FunctionAnswer {
            notice: findings.iter().find(|finding| finding.muted.is_none()).cloned(),
            overview: match tab {
                FunctionTab::Overview => Some(self.overview(&seen, question, judged.as_deref()).await?),
                _ => None,
            },
            cold_starts: match tab {
                FunctionTab::ColdStarts => Some(self.cold_starts(&seen).await?),
                _ => None,
            },
            cost: (tab == FunctionTab::Cost).then(|| self.function_cost(&seen, question)),
            row: row.shown,
            service: row.service,
            findings,
        };
        Ok(self.answer(&asked, read, Ok(body)))
    }

    /// Says why a function has nothing to show: it has none of this now, or there is no such function.
    async fn nothing(
        &self,
        asked: &Asked,
        question: &Question,
        id: &FunctionId,
        scope: &Scope,
    ) -> Result<Answer<FunctionAnswer>, AnswerError> {
        let Some(newest_unix_nano) = asked.seen.newest_unix_nano else {
            return Ok(self.answer(asked, 0, Err(crate::answers::Emptiness::NeverSent)));
        };
        let everything = crate::state::Window {
            start: 0,
            end: newest_unix_nano.saturating_add(1),
        };
        let session = self.open(&asked.snapshot, everything).await?;
        let ever = run::<Overview>(&session, Grid::whole(session.window()), &only(scope, Keep::all())).await?;
        let Some(course) = ever
            .into_iter()
            .find(|(known, _)| known == scope)
            .map(|(_, course)| course)
        else {
            return Err(AnswerError::NotFound {
                what: "function",
                name: crate::text::cut(&id.function, 200),
            });
        };
        let first = total(course).first_unix_nano.unwrap_or(newest_unix_nano);
        let why = match filters::emptiness(asked, question).await? {
            why @ crate::answers::Emptiness::FilteredAway { .. } => why,
            _ => crate::answers::Emptiness::NotInRange {
                newest_unix_nano: newest_unix_nano.max(first),
            },
        };
        Ok(self.answer(asked, 0, Err(why)))
    }

    async fn overview(
        &self,
        seen: &Seen<'_>,
        question: &Question,
        judged: Option<&Judged>,
    ) -> Result<FunctionOverview, AnswerError> {
        let about = |finding: &&pennyspan_analyzer::judge::judgement::Finding| is_about(finding, seen.scope);
        let fires = |rules: &[&str]| {
            judged
                .map(|judged| harm(judged.open().filter(about), rules))
                .unwrap_or_default()
        };
        let [succeeded, failed, throttled] = super::home::outcomes(&seen.sums);
        let of = |value: &dyn Fn(&Overview) -> Option<i64>| -> Vec<Option<i64>> {
            seen.sums.iter().map(|cell| cell.as_ref().and_then(value)).collect()
        };
        let number = |key: &str| -> Option<i64> {
            setting(&seen.asked.session, seen.scope, key, question.window.end)?
                .parse()
                .ok()
        };
        let empty = Vec::new();
        Ok(FunctionOverview {
            tiles: super::tiles::Tiles {
                books: &self.books,
                now: &seen.sums,
                before: seen.before.as_ref().unwrap_or(&empty),
                window: question.window,
                path: &numbers::id(seen.scope).path(),
                harm: &fires,
            }
            .of(&super::tiles::FUNCTION),
            bins: numbers::bins(seen.grid),
            succeeded,
            failed,
            throttled,
            p50_us: of(&|cell| cell.latency.answer().p50),
            p95_us: of(&|cell| cell.latency.answer().p95),
            p99_us: of(&|cell| cell.latency.answer().p99),
            lag_p95_us: of(&|cell| cell.lag.answer().first_attempt_us.p95),
            concurrency: concurrency(&seen.course, seen.grid),
            reserved_count: number("reserved_concurrency"),
            timeout_us: number("timeout_ms").map(|ms| ms.saturating_mul(1_000)),
            deployments: seen.deployments.clone(),
            exemplars: exemplars(&seen.course),
            configuration: configuration(seen, question, &fires),
            versions: self.versions(seen).await?,
        })
    }

    async fn versions(&self, seen: &Seen<'_>) -> Result<Vec<VersionRow>, AnswerError> {
        let versions = run_by::<Overview>(&seen.asked.session, part::version, &seen.keep).await?;
        let mut versions: Vec<(Option<String>, Overview)> = versions
            .into_iter()
            .filter(|(group, _)| group.scope == *seen.scope)
            .map(|(group, sums)| (group.part, sums))
            .collect();
        versions.sort_by_key(|(version, sums)| (sums.first_unix_nano, version.clone()));
        let deployed = deployed(&seen.asked.session, seen.asked.session.window());
        let live = |version: &Option<String>| {
            let of = deployed
                .iter()
                .filter(|one| one.version == *version && one.function == seen.scope.function);
            of.map(|one| one.deployed_unix_nano).min()
        };
        let mut rows = Vec::new();
        for (index, (version, sums)) in versions.iter().enumerate() {
            let before = index
                .checked_sub(1)
                .and_then(|index| versions.get(index))
                .map(|(_, sums)| sums);
            let (verdict, harm) = verdict(before, sums);
            let cost = numbers::amount(&sums.cost.cost(&self.books));
            rows.push(VersionRow {
                version: version.clone().unwrap_or_default(),
                since_unix_nano: live(version).or(sums.first_unix_nano).ok_or(Missing::Unknown),
                attempts: numbers::failures(&sums.counts),
                duration: numbers::quantiles(&sums.latency.answer()),
                cold: numbers::cold(&sums.cold_starts.answer()),
                usd_per_thousand: per_thousand(cost.usd, cost.priced),
                verdict,
                harm,
            });
        }
        rows.reverse();
        rows.truncate(VERSIONS);
        Ok(rows)
    }
}

/// Returns the amount of a thousand of the invocations that are priced.
fn per_thousand(usd: Usd, priced: i64) -> Reading<Usd> {
    if priced <= 0 {
        return Err(Missing::NotPriced);
    }
    Ok(Usd(usd.0.saturating_mul(1_000) / i128::from(priced)))
}

/// Narrows a filter to one function; what is unknown of it does not narrow.
fn only(scope: &Scope, keep: Keep) -> Keep {
    let of = scope.clone();
    let keep = keep.and(move |row| {
        row.provider == of.provider
            && row.function == of.function.as_deref()
            && row.account == of.account.as_deref()
            && row.region == of.region.as_deref()
    });
    match &scope.function {
        Some(name) => keep.of_function(name),
        None => keep,
    }
}

/// Says in words how a version does beside the one before.
fn verdict(before: Option<&Overview>, now: &Overview) -> (String, Harm) {
    let Some(before) = before else {
        return (String::new(), Harm::Quiet);
    };
    let ((was_ran, was_failed), (ran, failed)) = (numbers::failures(&before.counts), numbers::failures(&now.counts));
    if was_ran.min(ran) < COMPARED {
        return ("too few to compare".to_owned(), Harm::Quiet);
    }
    let errors = format!(
        "errors {} from {}",
        percent(failed, ran).text(),
        percent(was_failed, was_ran).text()
    );
    #[expect(clippy::cast_precision_loss, reason = "a ratio of change")]
    let slower = before
        .latency
        .answer()
        .p95
        .zip(now.latency.answer().p95)
        .map(|(was, is)| change(was as f64, is as f64).words);
    (
        format!("{errors}, p95 {}", slower.unwrap_or_else(|| "unknown".to_owned())),
        Harm::Quiet,
    )
}

/// Returns the most attempts at one moment of each interval, also of those that began before it.
fn concurrency(course: &Course<Interval>, grid: Grid) -> Vec<Option<i64>> {
    let mut steps: Vec<(i64, i64)> = Vec::new();
    for (start, end) in course.iter().flatten().flat_map(|cell| &cell.ran) {
        steps.push((*start, 1));
        steps.push((*end, -1));
    }
    // At one instant those that end go before those that start.
    steps.sort_unstable();
    let mut most: Vec<Option<i64>> = vec![None; grid.count()];
    let (mut running, mut reached) = (0_i64, 0_usize);
    for (at, step) in steps {
        let Some(interval) = grid
            .interval(at)
            .or_else(|| (at >= grid.window.end_unix_nano).then_some(most.len()))
        else {
            continue;
        };
        for passed in reached + 1..=interval.min(most.len().saturating_sub(1)) {
            most[passed] = (running > 0).then_some(running);
        }
        reached = reached.max(interval);
        running += step;
        if let Some(slot) = most.get_mut(interval) {
            *slot = (*slot).max(Some(running).filter(|running| *running > 0));
        }
    }
    most
}

/// Returns the traces most worth looking at, in the order of time.
fn exemplars(course: &Course<Interval>) -> Vec<(String, i64, i64, Harm)> {
    let mut worst: Vec<_> = course
        .iter()
        .flatten()
        .filter_map(|cell| cell.worst.0.clone())
        .collect();
    worst.sort_by(|a, b| b.cmp(a));
    worst.truncate(EXEMPLARS);
    worst.sort_by_key(|example| example.start_unix_nano);
    let shown = |example: pennyspan_analyzer::analysis::overview::Example| {
        let harm = if example.failed { Harm::Fires } else { Harm::Quiet };
        (example.trace_id, example.start_unix_nano, example.duration_us, harm)
    };
    worst.into_iter().map(shown).collect()
}

/// The settings that the page shows: key, name, unit.
const SETTINGS: [(&str, &str, &str); 7] = [
    ("timeout_ms", "Time limit", "ms"),
    ("reserved_concurrency", "Reserved concurrency", ""),
    ("provisioned_concurrency", "Provisioned concurrency", ""),
    ("ephemeral_storage_mib", "Disk", "MiB"),
    ("package_type", "Package", ""),
    ("snap_start", "SnapStart", ""),
    ("dead_letter", "Dead-letter target", ""),
];

fn configuration(seen: &Seen<'_>, question: &Question, fires: &dyn Fn(&[&str]) -> Harm) -> Configuration {
    let sums = super::home::sum(&seen.sums);
    let memory = sums.newest.memory_mib.as_ref().map(|(_, mib)| mebibytes(*mib).text());
    let memory = match (memory, sums.used_ppm) {
        (Some(size), Some(ppm)) => Ok(format!("{size}, {} used at most", percent(ppm, 1_000_000).text())),
        (Some(size), None) => Ok(size),
        (None, _) => Err(Missing::Unknown),
    };
    let said = |newest: Option<&(i64, String)>| said(newest).ok_or(Missing::Unknown);
    let mut rows = vec![
        ("Memory".to_owned(), memory, fires(&["oom", "memory-over-provisioned"])),
        ("Runtime".to_owned(), said(sums.newest.runtime.as_ref()), Harm::Quiet),
        (
            "Architecture".to_owned(),
            said(sums.newest.architecture.as_ref()),
            Harm::Quiet,
        ),
    ];
    for (key, name, unit) in SETTINGS {
        let value = setting(&seen.asked.session, seen.scope, key, question.window.end);
        let shown = match (value, unit) {
            (None, _) => Err(Missing::Unknown),
            (Some(ms), "ms") => Ok(ms.parse::<i64>().map_or_else(
                |_| ms.to_owned(),
                |ms| crate::format::duration(ms.saturating_mul(1_000)).text(),
            )),
            (Some(value), "") => Ok(value.to_owned()),
            (Some(value), unit) => Ok(format!("{value} {unit}")),
        };
        let harm = if key == "timeout_ms" {
            fires(&["timeouts", "near-timeout"])
        } else {
            Harm::Quiet
        };
        rows.push((name.to_owned(), shown, harm));
    }
    Configuration { rows }
}

/// Adds the sums of one part over the window.
fn by_part(
    groups: BTreeMap<pennyspan_analyzer::analysis::Group, pennyspan_analyzer::analysis::overview::Inits>,
    scope: &Scope,
) -> Vec<(Option<String>, pennyspan_analyzer::analysis::overview::Inits)> {
    groups
        .into_iter()
        .filter(|(group, _)| group.scope == *scope)
        .map(|(group, inits)| (group.part, inits))
        .collect()
}

/// Returns a whole number of thousandths.
fn counted(milli: i128) -> i64 {
    whole(milli)
}
