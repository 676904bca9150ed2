//! `pennyspan demo`: a generated company in a temporary directory, with a fault, and live telemetry.

use std::time::Duration;

use anyhow::Context as _;
use pennyspan_fixtures::{Fault, Injection, Live, Scenario, Side, generate};
use tracing::warn;

use super::answer;
use super::serve::{Opened, open, places};
use crate::cli::DemoArgs;
use crate::clock;
use crate::config::InForce;
use crate::exit::Exit;
use crate::sending::{Records, Spans};
use crate::serving::WhenTaken;

/// The history that the company has before it goes live, in minutes.
const HISTORY_MINUTES: u32 = 360;
/// Nanoseconds in a minute.
const MINUTE_NANOS: i64 = 60_000_000_000;

/// Serves the demo until it is ended.
///
/// # Errors
/// A server that cannot start, or telemetry that it does not take.
pub fn run(args: &DemoArgs, in_force: &InForce) -> anyhow::Result<Exit> {
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let mut places = places(&in_force.config)?;
    directory.path().clone_into(&mut places.data);
    places.wal = None;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let opened = open(&places, in_force, WhenTaken::TakeNext).await?;
        answer(&opened.addresses())?;
        tokio::select! {
            ended = perform(in_force.config.demo.seed, &opened) => ended?,
            _ = tokio::signal::ctrl_c() => {}
            () = after(args.seconds) => {}
        }
        opened.stop().await
    })?;
    Ok(Exit::Passed)
}

/// Sends the company's last hours, then what it does from now on.
async fn perform(seed: u64, opened: &Opened) -> anyhow::Result<()> {
    let records = Records::to(opened.serving.otlp_http);
    let now = clock::now_unix_nano();
    let mut past = scenario(seed);
    past.minutes = HISTORY_MINUTES;
    past.start_unix_nano = (now / MINUTE_NANOS - i64::from(HISTORY_MINUTES)) * MINUTE_NANOS;
    let telemetry = tokio::task::spawn_blocking(move || generate(&past)).await?;
    for request in &telemetry.requests {
        records.send(request).await?;
    }
    opened.serving.store.fold_dirty().await?;
    opened.evaluate_again.notify_one();
    let mut live = scenario(seed);
    live.start_unix_nano = now / MINUTE_NANOS * MINUTE_NANOS;
    go_live(Live::new(live), &records, Spans::to(opened.serving.otlp_grpc)?).await
}

/// Sends each second of the company's life when it comes.
async fn go_live(live: Live, records: &Records, mut spans: Spans) -> anyhow::Result<()> {
    for second in live {
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
    }
    Ok(())
}

/// Returns the company with the faults that the demo shows.
fn scenario(seed: u64) -> Scenario {
    [
        Fault::ErrorRate,
        Fault::Timeouts,
        Fault::PoisonMessage,
        Fault::SyncChain,
    ]
    .into_iter()
    .fold(Scenario::new(seed), |scenario, fault| {
        scenario.with(Injection {
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
