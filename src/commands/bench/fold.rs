//! `pennyspan bench fold`: facts and spans that become attempts, in memory.

use std::time::{Duration, Instant};

use pennyspan_fixtures::BenchShape;
use pennyspan_schema::{Position, Rows, Sink as _, Table, Workspace};
use pennyspan_store::MemoryStore;
use pennyspan_store::durable::DataDir;

use crate::bench::figures::{Figures, grouped, mib, per_second};
use crate::bench::parts;
use crate::cli::bench::FoldArgs;
use crate::commands::answer;
use crate::config::{Config, Storage};
use crate::exit::Exit;
use crate::serving::durable_options;
use crate::usage::Process;

/// The seed of what is folded.
const SEED: u64 = 7;
/// The log whose transactions stand for what is folded.
const GENERATED: &str = "bench";

/// Folds, and prints how fast.
///
/// # Errors
/// Where rows cannot be folded, or no directory for them be made.
pub fn run(args: &FoldArgs, config: &Config) -> anyhow::Result<Exit> {
    let shape = BenchShape {
        invocations: args.invocations,
        traced_per_mille: 100,
        spans_per_trace: 10,
        logs_per_invocation: 0,
    };
    let mut given = Vec::new();
    parts::each(
        SEED,
        shape,
        |requests| parts::decoded(&requests, &config.limits),
        |part| {
            given.push(part);
            Ok(())
        },
    )?;
    let count = |table| given.iter().flatten().map(|rows| rows.count(table) as u64).sum::<u64>();
    let (facts, spans) = (count(Table::InvocationFacts), count(Table::Spans));
    let (shown_facts, shown_spans) = (grouped(&facts.to_string()), grouped(&spans.to_string()));
    let mut figures = Figures::of("fold", format!("{shown_facts} facts and {shown_spans} spans in memory"));
    for _ in 0..args.runs {
        let (took, cpu) = measured(|| whole(&given))?;
        figures.add(
            "facts, all at once",
            "1/core-s",
            cpu.and_then(|cpu| per_second(facts, cpu)),
        );
        figures.add("time, all at once", "s", took.as_secs_f64());
        let mut oldest = Duration::ZERO;
        let (took, cpu) = measured(|| as_they_come(&given, &config.storage, &mut oldest))?;
        figures.add(
            "facts, as they come",
            "1/core-s",
            cpu.and_then(|cpu| per_second(facts, cpu)),
        );
        figures.add("time, as they come", "s", took.as_secs_f64());
        figures.add("oldest dirty slice, as they come", "ms", oldest.as_secs_f64() * 1000.0);
    }
    figures.add("peak resident memory", "MiB", Process::Own.peak_rss_bytes().map(mib));
    answer(&figures.table())?;
    Ok(Exit::Passed)
}

/// Returns how long something took, and how much of the processor.
fn measured(work: impl FnOnce() -> anyhow::Result<Duration>) -> anyhow::Result<(Duration, Option<Duration>)> {
    let before = Process::Own.cpu_time();
    let took = work()?;
    let after = Process::Own.cpu_time();
    Ok((
        took,
        after.zip(before).map(|(after, before)| after.saturating_sub(before)),
    ))
}

/// Folds everything at once, as a report on files does.
fn whole(given: &[Vec<Rows>]) -> anyhow::Result<Duration> {
    let mut store = MemoryStore::default();
    for rows in given.iter().flatten() {
        store.push(rows.clone())?;
    }
    let begun = Instant::now();
    store.snapshot()?;
    Ok(begun.elapsed())
}

/// Folds after each part, as a server does, and notes how long the rows of one waited at most from coming to being folded.
fn as_they_come(given: &[Vec<Rows>], storage: &Storage, oldest: &mut Duration) -> anyhow::Result<Duration> {
    let directory = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let opened = DataDir::open(directory.path(), durable_options(storage));
    let store = runtime.block_on(async { opened.await?.follow(GENERATED).await })?;
    let begun = Instant::now();
    let mut position = Position::default();
    for part in given {
        let came = Instant::now();
        for rows in part {
            position = position.next();
            store.publish(position, &Workspace::default(), rows.clone())?;
        }
        runtime.block_on(store.fold_dirty())?;
        *oldest = came.elapsed().max(*oldest);
    }
    Ok(begun.elapsed())
}
