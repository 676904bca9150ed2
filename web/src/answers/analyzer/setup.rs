//! What has arrived from where, and what would let more rules judge.

use std::collections::BTreeMap;

use pennyspan_analyzer::analysis::sources::{Arrived, Kind, sources};

use super::{AnalyzerAnswers, Judged, failed};
use crate::answers::{Answer, AnswerError, Question, SetupAnswer, Source, SourceState};

/// Over how many minutes the rate of a source is taken.
const RATE_MINUTES: i64 = 5;
/// The most places that are told apart.
const PLACES: usize = 40;
/// The most things that are named as missing.
const WOULD_ADD: usize = 8;

impl AnalyzerAnswers {
    pub(super) async fn answer_setup(&self, question: &Question) -> Result<Answer<SetupAnswer>, AnswerError> {
        let asked = self.glance(question.window).await?;
        let since = question
            .now_unix_nano
            .saturating_sub(RATE_MINUTES * 60 * super::numbers::SECOND);
        let arrived = sources(&asked.session, since).await.map_err(failed)?;
        let rows = arrived.values().map(|arrived| arrived.rows).sum();
        let judged = self.evaluation.current();
        let heard = heard(arrived);
        let body = SetupAnswer {
            sentence: sentence(&heard),
            http_endpoint: self.addresses.http.clone(),
            grpc_endpoint: self.addresses.grpc.clone(),
            token_needed: self.addresses.token_needed,
            sources: heard,
            rejected: self.source.intake().rejected,
            rules_judging: judged
                .as_ref()
                .map_or(0, |judged| super::findings::rules_judging(judged)),
            rules_total: self.rules_total(),
            would_add: judged.as_ref().map(|judged| would_add(judged)).unwrap_or_default(),
        };
        Ok(self.answer(&asked, rows, Ok(body)))
    }
}

fn sentence(sources: &[Source]) -> String {
    let heard = sources
        .iter()
        .filter(|source| matches!(source.state, SourceState::Received(_)))
        .count();
    match heard {
        0 => "Waiting for the first event".to_owned(),
        1 => "One source has sent".to_owned(),
        n => format!("{n} sources have sent"),
    }
}

fn heard(arrived: BTreeMap<pennyspan_analyzer::analysis::sources::Source, Arrived>) -> Vec<Source> {
    let mut heard: Vec<Source> = Vec::new();
    let mut kinds = Vec::new();
    for (source, arrived) in arrived {
        kinds.push(source.kind);
        heard.push(Source {
            place: place(source.provider.as_deref(), source.region.as_deref()),
            name: name(source.kind).to_owned(),
            state: SourceState::Received(arrived.last_unix_nano),
            per_minute: arrived.recent_rows / RATE_MINUTES,
        });
    }
    heard.sort_by(|a, b| (&a.place, &a.name).cmp(&(&b.place, &b.name)));
    heard.truncate(PLACES);
    let awaited = [
        Kind::Spans,
        Kind::Logs,
        Kind::Platform,
        Kind::Configurations,
        Kind::Deployments,
    ];
    for kind in awaited.into_iter().filter(|kind| !kinds.contains(kind)) {
        heard.push(Source {
            place: "Not heard yet".to_owned(),
            name: name(kind).to_owned(),
            state: SourceState::Waiting,
            per_minute: 0,
        });
    }
    heard
}

fn place(provider: Option<&str>, region: Option<&str>) -> String {
    let provider = crate::pages::provider_name(provider.unwrap_or_default());
    let provider = if provider == "unknown" {
        "No provider named"
    } else {
        provider
    };
    match region {
        Some(region) => format!("{provider}, {region}"),
        None => provider.to_owned(),
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Spans => "Spans",
        Kind::Logs => "Log records",
        Kind::Metrics => "Metric points",
        Kind::Platform => "The platform’s records",
        Kind::Records => "Invocation records",
        Kind::Configurations => "Settings",
        Kind::Deployments => "Deployments",
    }
}

/// Returns what rules lack, by how many of them lack it.
fn would_add(judged: &Judged) -> Vec<(String, i64)> {
    let mut rules: BTreeMap<String, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for lack in &judged.judgement.not_judged {
        for need in &lack.needs {
            rules.entry(wanted(need)).or_default().insert(&lack.rule);
        }
    }
    let mut would: Vec<(String, i64)> = rules
        .into_iter()
        .map(|(need, rules)| (need, i64::try_from(rules.len()).unwrap_or(i64::MAX)))
        .collect();
    would.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    would.truncate(WOULD_ADD);
    would
}

/// Says what a reader would send for a column that rules lack.
fn wanted(need: &str) -> String {
    let known = [
        ("lookback", "A day of history before the window"),
        ("previous_", "A second version to compare with"),
        ("lag", "When events were enqueued or scheduled"),
        ("sync_", "What triggers invocations: spans of the functions"),
        ("sampled_", "Traces beside the platform’s records"),
        ("timeout_ms", "Settings of the functions"),
        ("memory", "The platform’s records or settings: memory"),
        ("init", "The platform’s records: environments that start"),
        ("duration", "The platform’s records: durations"),
        ("calls", "Spans of the calls that functions make"),
        ("message", "Deliveries: message ids"),
    ];
    let found = known.iter().find(|(part, _)| need.contains(part));
    found.map_or_else(|| need.replace('_', " "), |(_, words)| (*words).to_owned())
}
