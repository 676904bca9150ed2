//! `pennyspan bench ingest`: requests to a server, durable before they are answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use hyper::body::Bytes;

use super::size_of;
use crate::bench::bodies::Recipe;
use crate::bench::client::{Acknowledged, Client, Wire, get, reader};
use crate::bench::figures::{Figures, grouped, mib, per_second, quantile_ms};
use crate::bench::server::Server;
use crate::cli::bench::{IngestArgs, Protocol, Signal};
use crate::clock;
use crate::commands::answer;
use crate::exit::Exit;
use crate::failure::Failure;

/// Sends, and prints how fast requests were acknowledged.
///
/// # Errors
/// A server that does not take the load, or that took a request for a copy of another.
pub fn run(args: &IngestArgs) -> anyhow::Result<Exit> {
    if let Err(error) = Client::to("http://localhost", wire(args)) {
        return Err(Failure::usage(error.to_string()).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut figures: Option<Figures> = None;
    for seed in 0..args.runs {
        let bodies = recipe(args, seed).make(args.requests)?;
        let figures = figures.get_or_insert_with(|| Figures::of("durable ingest", sentence(args, &bodies)));
        measure(args, bodies, &runtime, figures)?;
    }
    if let Some(figures) = figures {
        answer(&figures.table())?;
    }
    Ok(Exit::Passed)
}

fn wire(args: &IngestArgs) -> Wire {
    Wire {
        protocol: args.protocol,
        signal: args.signal,
        written: args.written,
        encoding: args.encoding,
    }
}

fn recipe(args: &IngestArgs, seed: u64) -> Recipe {
    Recipe {
        signal: args.signal,
        written: args.written,
        encoding: args.encoding,
        items: args.items,
        seed,
        until_unix_nano: clock::now_unix_nano(),
    }
}

fn sentence(args: &IngestArgs, bodies: &[Bytes]) -> String {
    let bytes = bodies.first().map_or(0, Bytes::len);
    format!(
        "{} requests of {} {} over {}, {}, {}, {} bytes each; {} connections, one request under way on each",
        grouped(&bodies.len().to_string()),
        grouped(&args.items.to_string()),
        word(&args.signal),
        word(&args.protocol),
        word(&args.written),
        word(&args.encoding),
        grouped(&bytes.to_string()),
        args.connections,
    )
}

/// Returns the word of the command line.
fn word(value: &impl clap::ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

fn measure(
    args: &IngestArgs,
    bodies: Vec<Bytes>,
    runtime: &tokio::runtime::Runtime,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::start(data.path())?;
    let items = bodies.len() as u64 * args.items as u64;
    let idle = server.process().cpu_time();
    let begun = Instant::now();
    let answers = runtime.block_on(load(args, &server, bodies))?;
    let took = begun.elapsed();
    let busy = server.process().cpu_time();
    runtime.block_on(check(&server, args.signal, items))?;
    let what = word(&args.signal);
    let cpu = |until: Option<Duration>| Some(until?.saturating_sub(idle?));
    let times: Vec<Duration> = answers.iter().map(|answer| answer.took).collect();
    figures.add(&format!("acknowledged {what}"), "1/s", per_second(items, took));
    let per_core = |until| cpu(until).and_then(|cpu| per_second(items, cpu));
    figures.add(
        &format!("{what} of the server's time, folds until then"),
        "1/core-s",
        per_core(busy),
    );
    figures.add("answer, p50", "ms", quantile_ms(&times, 0.5));
    figures.add("answer, p99", "ms", quantile_ms(&times, 0.99));
    #[expect(clippy::cast_precision_loss, reason = "refusals are far below 2^52")]
    let refused = answers.iter().map(|answer| answer.refused).sum::<u64>() as f64;
    figures.add("refused and sent again", "requests", refused);
    figures.add(
        "peak resident memory",
        "MiB",
        server.process().peak_rss_bytes().map(mib),
    );
    let all_in = server.stop()?;
    figures.add(
        &format!("{what} all in: folded and flushed"),
        "1/s",
        per_second(items, begun.elapsed()),
    );
    figures.add(
        &format!("{what} all in, of the server's time"),
        "1/core-s",
        per_core(all_in),
    );
    figures.add("on disk", "MiB", mib(size_of(data.path())?));
    Ok(())
}

/// Sends every body once, as fast as each connection is answered.
async fn load(args: &IngestArgs, server: &Server, bodies: Vec<Bytes>) -> anyhow::Result<Vec<Acknowledged>> {
    let address = match args.protocol {
        Protocol::Grpc => server.grpc,
        Protocol::Http => server.http,
    };
    let (bodies, next) = (Arc::new(bodies), Arc::new(AtomicUsize::new(0)));
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..args.connections {
        let client = Client::to(&format!("http://{address}"), wire(args))?;
        let (bodies, next) = (Arc::clone(&bodies), Arc::clone(&next));
        connections.spawn(async move {
            let mut answers = Vec::new();
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                answers.push(client.send(body).await?);
            }
            anyhow::Ok(answers)
        });
    }
    let mut answers = Vec::new();
    while let Some(done) = connections.join_next().await {
        answers.extend(done??);
    }
    Ok(answers)
}

/// Refuses figures of a load that was not taken whole, or whose requests were taken for copies.
async fn check(server: &Server, signal: Signal, items: u64) -> anyhow::Result<()> {
    let (_, page) = get(&reader(), &format!("http://{}", server.web), "/metrics").await?;
    let counted = counters(&page, &word(&signal));
    let of = |name: &str| counted.get(name).copied().unwrap_or_default();
    let (accepted, duplicates) = (of("items_accepted_total"), of("requests_duplicate_total"));
    if duplicates > 0 {
        bail!("the server took {duplicates} requests for copies of others, so that these figures would be too good");
    }
    if accepted != items {
        bail!("the server counted {accepted} of {items} items, so that these figures would be wrong");
    }
    Ok(())
}

/// Reads the counters of one source from `/metrics`.
fn counters<'a>(page: &'a str, source: &str) -> BTreeMap<&'a str, u64> {
    let label = format!("{{source=\"{source}\"}} ");
    let counter = |line: &'a str| {
        let (name, value) = line.strip_prefix("pennyspan_")?.split_once(&label)?;
        Some((name, value.parse().ok()?))
    };
    page.lines().filter_map(counter).collect()
}

#[cfg(test)]
mod tests {
    use super::counters;

    #[test]
    fn counters_are_read_by_their_source() {
        let page = "# TYPE pennyspan_a_total counter\npennyspan_a_total{source=\"logs\"} 3\npennyspan_a_total{source=\"spans\"} 4\n";
        assert_eq!(counters(page, "spans"), [("a_total", 4)].into());
    }
}
