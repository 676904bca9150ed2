//! Each fault that is injected is found, just beyond its threshold and not just short of it, and nothing else is.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use pennyspan_analyzer::analysis::{Question, Selection};
use pennyspan_analyzer::judge::{Judgement, Judging, judge};
use pennyspan_analyzer::session::{Session, Settings, Span};
use pennyspan_collector::decode::{self, Origin};
use pennyspan_collector::import;
use pennyspan_collector::request::Door;
use pennyspan_fixtures::{Fault, Injection, Scenario, Side, Telemetry, generate};
use pennyspan_rules::{Catalogue, PriceBooks};
use pennyspan_schema::Window;
use pennyspan_store::{MemoryStore, Snapshot};

use crate::company::slice;

/// What is compared of a finding: rule, severity, function and sub-resource.
type Found = (String, String, Option<String>, Option<String>);

/// Seed of the scenarios.
const SEED: u64 = 5;
/// Faults that strike different functions, and so can be told apart in one run.
const TOGETHER: [&[Fault]; 5] = [
    &[
        Fault::ColdStartRate,
        Fault::Timeouts,
        Fault::NearTimeout,
        Fault::MemoryOverProvisioned,
        Fault::RetryAmplification,
        Fault::SyncChain,
        Fault::ChattyFunction,
    ],
    &[
        Fault::SlowInit,
        Fault::Oom,
        Fault::PoisonMessage,
        Fault::GoneQuiet,
        Fault::DependencyDegraded,
    ],
    &[Fault::ErrorRate, Fault::TriggerLag],
    &[Fault::DarkInvocations],
    &[Fault::DurationRegression],
];
/// Memory for questions, in bytes.
const MEMORY_BYTES: usize = 512 << 20;

#[tokio::test]
async fn a_healthy_company_has_no_findings() {
    let scenario = Scenario::new(SEED);
    let judgement = judged(&generate(&scenario)).await;
    assert!(judgement.findings.is_empty(), "{:?}", found(&judgement));
    assert_eq!(differences(&scenario).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_found_above_its_threshold_and_none_below() {
    assert_eq!(
        TOGETHER
            .iter()
            .flat_map(|faults| faults.iter())
            .collect::<BTreeSet<_>>(),
        Fault::ALL.iter().collect()
    );
    let cases = TOGETHER
        .iter()
        .flat_map(|faults| [Side::Above, Side::Below].map(|side| (faults, side)))
        .collect();
    let runs = slice(cases, 2).into_iter().map(|(faults, side)| {
        let with = |scenario: Scenario, fault: &Fault| scenario.with(Injection { fault: *fault, side });
        let scenario = faults.iter().fold(Scenario::new(SEED), with);
        tokio::spawn(async move { differences(&scenario).await })
    });
    let mut wrong = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        wrong.extend(run.await.unwrap());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_finding_can_be_followed_to_invocations_of_its_function() {
    let telemetry = generate(&Scenario::new(SEED).with(Injection {
        fault: Fault::Oom,
        side: Side::Above,
    }));
    let judgement = judged(&telemetry).await;
    let finding = judgement.findings.first().expect("running out of memory is found");
    let of = |id: &str| {
        telemetry
            .truth
            .attempts
            .iter()
            .find(|attempt| attempt.invocation_id == id)
    };
    let shown: Vec<_> = finding
        .exemplars
        .iter()
        .map(|shown| of(shown.invocation_id.as_deref().unwrap()).unwrap())
        .collect();
    assert_eq!(shown.len(), 2);
    assert!(
        shown
            .iter()
            .all(|attempt| attempt.outcome == "out_of_memory" && Some(&attempt.function) == finding.function.as_ref())
    );
}

/// Returns how the findings differ from the truth.
async fn differences(scenario: &Scenario) -> Option<String> {
    let telemetry = generate(scenario);
    let found = found(&judged(&telemetry).await);
    let owned = |finding: &pennyspan_fixtures::FindingTruth| {
        (
            finding.rule.to_owned(),
            finding.severity.to_owned(),
            finding.function.clone(),
            finding.sub_resource.clone(),
        )
    };
    let mut expected: Vec<Found> = telemetry.truth.findings.iter().map(owned).collect();
    expected.sort();
    (found != expected).then(|| format!("{:?}: found {found:?}, expected {expected:?}", scenario.faults))
}

fn found(judgement: &Judgement) -> Vec<Found> {
    let of = |finding: &pennyspan_analyzer::judge::Finding| {
        (
            finding.rule.clone(),
            finding.severity.to_string(),
            finding.function.clone(),
            finding.sub_resource.clone(),
        )
    };
    let mut found: Vec<Found> = judgement.findings.iter().map(of).collect();
    found.sort();
    found
}

/// Judges telemetry, read from files, in the window of the truth.
async fn judged(telemetry: &Telemetry) -> Judgement {
    let (session, question) = opened(telemetry).await;
    judge(
        &session,
        &question,
        &Catalogue::embedded().unwrap(),
        &Judging::default(),
    )
    .await
    .unwrap()
}

/// Reads telemetry from files, and opens it for questions about the window of the truth.
pub async fn opened(telemetry: &Telemetry) -> (Session, Question) {
    let truth = &telemetry.truth.window;
    let window = Window {
        start_unix_nano: truth.start_unix_nano,
        end_unix_nano: truth.end_unix_nano,
    };
    let books = Arc::new(PriceBooks::embedded().unwrap());
    let settings = Settings {
        partitions: NonZeroUsize::MIN,
        memory_bytes: MEMORY_BYTES,
        spill: None,
        skew_limit_us: 1_000_000,
    };
    let session = Session::open(&snapshot(telemetry), books, Span::Window(window), settings)
        .await
        .unwrap();
    let question = Question {
        window,
        selection: Selection::default(),
    };
    (session, question)
}

fn snapshot(telemetry: &Telemetry) -> Snapshot {
    let door = Door {
        resource: None,
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let mut store = MemoryStore::default();
    for file in telemetry.files() {
        let rows = |decoded: decode::Decoded| store.push(decoded.rows).unwrap();
        import::decode_file(file.body.as_slice(), &origin, &decode::Settings::default(), rows).unwrap();
    }
    store.snapshot().unwrap()
}
