//! The incident home.

use super::{Evaluated, FindingRow, FunctionRow, Severity};
use crate::chart::{Bins, Deployment};
use crate::format::{Harm, Shown};

/// A statement under the verdict: headline and one line of detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it answers: "What is broken".
    pub label: String,
    /// The answer.
    pub headline: String,
    /// The numbers behind it.
    pub detail: String,
    /// A link of the page, as text and path.
    pub link: Option<(String, String)>,
}

/// What to do first, and how to undo it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstStep {
    /// What to do, in words.
    pub headline: String,
    /// The command; empty where there is none.
    pub command: String,
    /// How to undo it.
    pub undo: String,
    /// The finding whose runbook goes on from here.
    pub fingerprint: String,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The worst of its findings.
    pub severity: Severity,
    /// When it began, nanoseconds since 1970.
    pub since_unix_nano: i64,
    /// How many findings it joins.
    pub findings_count: i64,
    /// The verdict.
    pub sentence: String,
    /// What is broken, why, and its effect.
    pub facts: Vec<Fact>,
    /// What to do first.
    pub first: Option<FirstStep>,
}

/// The first line of the home page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Something is broken.
    Incident(Incident),
    /// Nothing is.
    Calm {
        /// "No incident since 09:12. 3 open findings, $41 a month."
        sentence: String,
        /// What stands beside it: functions seen, last incident.
        note: String,
        /// Last deployment, cost, what is due.
        facts: Vec<Fact>,
        /// One thing worth doing, with the fingerprint of its finding.
        later: Option<FirstStep>,
    },
}

/// A number with its course and its change.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// The number.
    pub value: Shown,
    /// The number before, for "was".
    pub was: Shown,
    /// Both as plain numbers, for the factor; `None` where one is missing.
    pub change: Option<(f64, f64)>,
    /// A few words instead of "was", such as "3 of 61 functions".
    pub note: String,
    /// Whether its rule fires.
    pub harm: Harm,
    /// Values per interval.
    pub values: Vec<Option<f64>>,
    /// Values per interval of the window before.
    pub compare: Vec<Option<f64>>,
    /// Where the number leads: a path of this site.
    pub path: String,
}

/// What moved most.
#[derive(Debug, Clone, PartialEq)]
pub struct Mover {
    /// What.
    pub what: String,
    /// Why, or since when: "38 s after v42".
    pub because: String,
    /// Before.
    pub was: Shown,
    /// Now.
    pub now: Shown,
    /// Both as plain numbers.
    pub change: (f64, f64),
    /// Whether its rule fires.
    pub harm: Harm,
}

/// Errors of one fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorGroup {
    /// The message, with numbers and ids taken out.
    pub message: String,
    /// Where: "checkout v42".
    pub scope: String,
    /// How often.
    pub count: i64,
    /// First seen, nanoseconds since 1970.
    pub first_unix_nano: i64,
    /// Last seen, nanoseconds since 1970.
    pub last_unix_nano: i64,
    /// A trace to look at.
    pub trace_id: Option<String>,
}

/// One point of the story under the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryPoint {
    /// When, nanoseconds since 1970.
    pub at_unix_nano: i64,
    /// What happened.
    pub headline: String,
    /// One more sentence.
    pub detail: String,
}

/// How it unfolded: attempts by outcome, and what happened when.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// What is shown: "attempts of checkout".
    pub scope: String,
    /// Intervals.
    pub bins: Bins,
    /// Attempts that succeeded, per interval.
    pub succeeded: Vec<Option<i64>>,
    /// Attempts that failed, per interval.
    pub failed: Vec<Option<i64>>,
    /// Attempts that were throttled, per interval.
    pub throttled: Vec<Option<i64>>,
    /// Deployments in the window.
    pub deployments: Vec<Deployment>,
    /// What happened when.
    pub points: Vec<StoryPoint>,
    /// The question behind it.
    pub sql: Option<String>,
}

/// The incident home.
#[derive(Debug, Clone)]
pub struct HomeAnswer {
    /// The first line.
    pub verdict: Verdict,
    /// The numbers of now.
    pub tiles: Vec<Tile>,
    /// Intervals behind the tiles' courses.
    pub tile_bins: Bins,
    /// Deployments in the window, for the tiles' ticks.
    pub deployments: Vec<Deployment>,
    /// How it unfolded.
    pub story: Option<Story>,
    /// The worst findings.
    pub findings: Vec<FindingRow>,
    /// How many there are in all.
    pub findings_total: i64,
    /// What was evaluated.
    pub evaluated: Option<Evaluated>,
    /// Whether the window before has anything to compare with.
    pub compared: bool,
    /// What changed most.
    pub movers: Vec<Mover>,
    /// Error groups first seen in this window.
    pub new_errors: Vec<ErrorGroup>,
    /// Functions by harm.
    pub worst: Vec<FunctionRow>,
}
