//! `pennyspan demo`: a generated company in a temporary directory, with faults, a history and live telemetry.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use pennyspan_fixtures::{Fault, Injection, Live, Request, Scenario, Second, Side, clouds, generate};
use tracing::{info, warn};

use super::answer;
use super::serve::{Opened, open, places, stop_signal};
use crate::cli::DemoArgs;
use crate::clock;
use crate::config::InForce;
use crate::exit::Exit;
use crate::sending::{Records, Spans};
use crate::serving::WhenTaken;

/// Minutes of the company's life that lie behind it when it goes live. Its troubles begin in the last hour of them.
const HISTORY_MINUTES: i64 = 150;
/// Traffic in percent of the company's normal.
const TRAFFIC_PERCENT: u32 = 200;
/// Requests of the history that are under way at once, so that many share one sync of the log.
const UNDER_WAY: usize = 32;
/// How late senders of the history are at most. What they have not said yet is said live, and what is said twice counts once.
const LATE_MINUTES: i64 = 5;
/// Nanoseconds in a minute.
const MINUTE_NANOS: i64 = 60_000_000_000;

/// Serves the demo until SIGTERM or SIGINT, and removes its directory then. The addresses are printed when the first page has
/// something to show.
///
/// # Errors
/// A server that cannot start, or telemetry that it does not take.
pub fn run(args: &DemoArgs, in_force: &InForce) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // From here on a signal removes what it finds.
        let stopped = stop_signal();
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let mut places = places(&in_force.config)?;
        directory.path().clone_into(&mut places.data);
        places.wal = None;
        let mut opened = open(&places, in_force, WhenTaken::TakeNext).await?;
        tokio::select! {
            ended = perform(args, in_force.config.demo.seed, &mut opened) => ended?,
            () = stopped => {}
        }
        opened.stop().await
    })?;
    Ok(Exit::Passed)
}

/// Sends the company's last hours, judges them, and goes on with what happens from now on.
async fn perform(args: &DemoArgs, seed: u64, opened: &mut Opened) -> anyhow::Result<()> {
    let records = Records::to(opened.serving.otlp_http);
    let now = clock::now_unix_nano();
    let mut scenario = scenario(seed);
    scenario.start_unix_nano = (now / MINUTE_NANOS - HISTORY_MINUTES) * MINUTE_NANOS;
    let company = scenario.clone();
    let from = now - LATE_MINUTES * MINUTE_NANOS;
    let to_come =
        tokio::task::spawn_blocking(move || Live::new(company).skip_while(move |second| second.at_unix_nano < from));
    let elsewhere = send_history(&records, scenario, now).await?;
    opened.serving.store.fold_dirty().await?;
    opened.pages.evaluate_now().await?;
    opened.keep_evaluating();
    answer(&opened.addresses())?;
    let to_come = to_come.await?;
    tokio::select! {
        ended = go_live(to_come, elsewhere, &records, Spans::to(opened.serving.otlp_grpc)?) => ended,
        () = after(args.seconds) => Ok(()),
    }
}

/// Sends what was said before a moment, and returns what the functions on other clouds are to say after it.
async fn send_history(
    records: &Records,
    scenario: Scenario,
    before_unix_nano: i64,
) -> anyhow::Result<VecDeque<Request>> {
    let generated = move || (generate(&scenario).requests, clouds(&scenario).requests);
    let (mut said, elsewhere) = tokio::task::spawn_blocking(generated).await?;
    said.retain(|request| request.at_unix_nano < before_unix_nano);
    let mut elsewhere = VecDeque::from(elsewhere);
    while let Some(request) = elsewhere.pop_front_if(|request| request.at_unix_nano < before_unix_nano) {
        said.push(request);
    }
    info!(
        "sending {} requests of the last {HISTORY_MINUTES} minutes of a generated company",
        said.len()
    );
    stream::iter(&said)
        .map(|request| records.send(request))
        .buffer_unordered(UNDER_WAY)
        .try_collect::<()>()
        .await?;
    Ok(elsewhere)
}

/// Sends each second of the company's life when it comes.
async fn go_live(
    to_come: impl Iterator<Item = Second>,
    mut elsewhere: VecDeque<Request>,
    records: &Records,
    mut spans: Spans,
) -> anyhow::Result<()> {
    for second in to_come {
        let wait = second.at_unix_nano.saturating_sub(clock::now_unix_nano());
        tokio::time::sleep(Duration::from_nanos(u64::try_from(wait).unwrap_or(0))).await;
        for export in &second.exports {
            if let Err(error) = spans.send(export).await {
                warn!("spans were not taken: {error}");
            }
        }
        for request in &second.requests {
            records.send(request).await?;
        }
        while let Some(request) = elsewhere.pop_front_if(|request| request.at_unix_nano <= second.at_unix_nano) {
            records.send(&request).await?;
        }
    }
    Ok(())
}

/// Returns the company with the faults that the demo shows.
fn scenario(seed: u64) -> Scenario {
    let company = Scenario {
        scale: TRAFFIC_PERCENT,
        ..Scenario::new(seed)
    };
    [
        Fault::DurationRegression,
        Fault::DependencyDegraded,
        Fault::ErrorRate,
        Fault::Timeouts,
        Fault::PoisonMessage,
        Fault::RetryAmplification,
        Fault::SyncChain,
        Fault::ChattyFunction,
        Fault::MemoryOverProvisioned,
    ]
    .into_iter()
    .fold(company, |company, fault| {
        company.with(Injection {
            fault,
            side: Side::Above,
        })
    })
}

async fn after(seconds: Option<u64>) {
    match seconds {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => std::future::pending().await,
    }
}
