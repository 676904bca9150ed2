//! `/`: what is broken, why, and what to do first.

use askama::Template;

use super::Page;
use super::parts::{
    FindingList, FunctionView, SENTENCE, TileStrip, finding_href, series, since, sums, trace_href, zooms,
};
use crate::answers::{ErrorGroup, Fact, FirstStep, HomeAnswer, Mover, Question, Story, Verdict};
use crate::chart::{Drawing, Figure, Pin, Role, TimeChart, Unit, turn};
use crate::chrome::Chrome;
use crate::format::{Harm, age, change, count, minute, plural, range};
use crate::text::cut;

/// The incident home.
#[derive(Debug, Template)]
#[template(path = "pages/home.html")]
pub struct HomePage {
    chrome: Chrome,
    head: Head,
    tiles: TileStrip,
    story: Option<StoryView>,
    findings: FindingList,
    findings_note: String,
    all_findings: String,
    compared: bool,
    movers: Vec<MoverView>,
    errors: Vec<ErrorView>,
    worst: Vec<FunctionView>,
}

/// The first line and what stands under it.
#[derive(Debug)]
struct Head {
    incident: Option<(&'static str, &'static str)>,
    over: Vec<String>,
    sentence: String,
    facts: Vec<Fact>,
    first: Option<FirstStep>,
    step_label: &'static str,
    first_href: String,
}

#[derive(Debug)]
struct StoryView {
    figure: Figure,
    points: Vec<(String, String, String)>,
}

#[derive(Debug)]
struct MoverView {
    what: String,
    because: String,
    was: String,
    now: String,
    change: String,
    harm: bool,
}

#[derive(Debug)]
struct ErrorView {
    group: ErrorGroup,
    count: String,
    first: String,
    last: String,
    trace: Option<(String, String)>,
}

impl HomePage {
    /// Fills the page.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &HomeAnswer) -> Self {
        let head = Head::of(&answer.verdict, question);
        let more = answer.findings_total - i64::try_from(answer.findings.len()).unwrap_or(i64::MAX);
        let findings_note = answer.evaluated.map(|evaluated| {
            let window = range(evaluated.window.start, evaluated.window.end, question.state.tz);
            format!("evaluated {} over {window}", since(evaluated.at_unix_nano, question))
        });
        Self {
            chrome: chrome.titled(&head.sentence),
            head,
            tiles: TileStrip::of(&answer.tiles, &answer.deployments, answer.tile_bins, &question.state),
            story: answer.story.as_ref().map(|story| StoryView::of(story, question)),
            findings: FindingList::of(&answer.findings, question),
            findings_note: findings_note.unwrap_or_else(|| "not evaluated yet".to_owned()),
            all_findings: if more > 0 {
                format!("All {}", plural(answer.findings_total, "finding", "findings"))
            } else {
                "All findings".to_owned()
            },
            compared: answer.compared,
            movers: answer.movers.iter().map(MoverView::of).collect(),
            errors: answer
                .new_errors
                .iter()
                .map(|group| ErrorView::of(group, question))
                .collect(),
            worst: answer.worst.iter().map(|row| FunctionView::of(row, question)).collect(),
        }
    }
}

impl Page for HomePage {
    fn figures(&self) -> Vec<&Figure> {
        self.story.iter().map(|story| &story.figure).collect()
    }
}

impl Head {
    fn of(verdict: &Verdict, question: &Question) -> Self {
        let step = |step: &Option<FirstStep>| {
            step.as_ref().map(|step| FirstStep {
                headline: cut(&step.headline, SENTENCE),
                ..step.clone()
            })
        };
        let href = |step: &Option<FirstStep>| {
            step.as_ref()
                .map(|step| finding_href(&question.state, &step.fingerprint))
                .unwrap_or_default()
        };
        match verdict {
            Verdict::Incident(incident) => Self {
                incident: Some((incident.severity.key(), incident.severity.word())),
                over: vec![
                    format!(
                        "Open for {}, since {}",
                        age(question.now_unix_nano.saturating_sub(incident.since_unix_nano)),
                        since(incident.since_unix_nano, question)
                    ),
                    match incident.findings_count {
                        1 => "One finding".to_owned(),
                        n => format!("{}, one cause", plural(n, "finding", "findings")),
                    },
                ],
                sentence: incident.sentence.clone(),
                facts: Self::facts(&incident.facts, question),
                first_href: href(&incident.first),
                first: step(&incident.first),
                step_label: "Do first",
            },
            Verdict::Calm {
                sentence,
                note,
                facts,
                later,
            } => Self {
                incident: None,
                over: vec![note.clone()],
                sentence: sentence.clone(),
                facts: Self::facts(facts, question),
                first_href: href(later),
                first: step(later),
                step_label: "When you have time",
            },
        }
    }

    fn facts(facts: &[Fact], question: &Question) -> Vec<Fact> {
        let linked = |fact: &Fact| Fact {
            label: fact.label.clone(),
            headline: cut(&fact.headline, SENTENCE),
            detail: cut(&fact.detail, SENTENCE),
            link: fact
                .link
                .as_ref()
                .map(|(words, path)| (words.clone(), question.state.href(path))),
        };
        facts.iter().map(linked).collect()
    }
}

impl StoryView {
    fn of(story: &Story, question: &Question) -> Self {
        let tz = question.state.tz;
        let mut chart = TimeChart::new("unfolded", story.bins, tz, Unit::Count, Drawing::Columns);
        let interval = match story.bins.step_ns {
            60_000_000_000 => "minute".to_owned(),
            step => age(step),
        };
        chart.title = format!("How it unfolded: {}", story.scope);
        chart.subtitle = format!("succeeded, failed and throttled attempts per {interval}");
        let mut failed = series("failed", &story.failed);
        failed.role = Role::Failed;
        let mut throttled = series("throttled", &story.throttled);
        throttled.role = Role::Throttled;
        chart.sentence = sentence(story, question);
        chart.series = vec![series("succeeded", &story.succeeded), failed];
        if story.throttled.iter().flatten().any(|n| *n > 0) {
            chart.series.push(throttled);
        }
        chart.deployments.clone_from(&story.deployments);
        chart.pins = (1..)
            .zip(&story.points)
            .map(|(number, point)| Pin {
                at_unix_nano: point.at_unix_nano,
                number,
            })
            .collect();
        chart.links = zooms(story.bins, &question.state, &[]);
        chart.plot_px = 190;
        chart.sql.clone_from(&story.sql);
        let points = story.points.iter().map(|point| {
            (
                minute(point.at_unix_nano, tz),
                cut(&point.headline, 120),
                cut(&point.detail, 240),
            )
        });
        Self {
            figure: chart
                .figure()
                .with_csv(format!("/{}", question.state.query_with(&[("csv", "unfolded")]))),
            points: points.collect(),
        }
    }
}

/// Says what the columns show.
fn sentence(story: &Story, question: &Question) -> String {
    let failed = series("failed", &story.failed);
    let attempts = sums(&[&story.succeeded, &story.failed, &story.throttled]);
    let total: i64 = attempts.iter().flatten().sum();
    let failures: i64 = story.failed.iter().flatten().sum();
    let when = turn(&failed.values).map(|turn| {
        format!(
            "; failures change at {}",
            minute(story.bins.start(turn.bin), question.state.tz)
        )
    });
    format!(
        "{} of {} attempts failed{}.",
        count(failures).text(),
        count(total).text(),
        when.unwrap_or_default()
    )
}

impl MoverView {
    fn of(mover: &Mover) -> Self {
        Self {
            what: cut(&mover.what, 120),
            because: cut(&mover.because, 120),
            was: mover.was.cell(),
            now: mover.now.cell(),
            change: change(mover.change.0, mover.change.1).words,
            harm: mover.harm == Harm::Fires,
        }
    }
}

impl ErrorView {
    fn of(group: &ErrorGroup, question: &Question) -> Self {
        let short = |id: &String| (trace_href(&question.state, id), id.chars().take(8).collect());
        Self {
            count: count(group.count).text(),
            first: since(group.first_unix_nano, question),
            last: since(group.last_unix_nano, question),
            trace: group.trace_id.as_ref().map(short),
            group: ErrorGroup {
                message: cut(&group.message, 1_000),
                scope: cut(&group.scope, 120),
                ..group.clone()
            },
        }
    }
}

#[cfg(test)]
mod tests;
