//! `pennyspan bench ingest`: requests to a server, durable before they are answered.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use hyper::body::Bytes;

use super::size_of;
use crate::bench::bodies::Recipe;
use crate::bench::client::{Acknowledged, Client, Wire, get, reader};
use crate::bench::figures::{Figures, grouped, mib, per_second, quantile_ms};
use crate::bench::server::{Server, keep_to_core, own, own_on_core};
use crate::cli::bench::{IngestArgs, Protocol, Signal};
use crate::clock;
use crate::commands::answer;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::threads;

/// The collector's own threads, by name.
const DECODERS: &str = "pspan-decode";
const WAL: &str = "pennyspan-wal";

/// Sends, and prints how fast requests were acknowledged.
///
/// # Errors
/// A server that does not take the load, or that took a request for a copy of another.
pub fn run(args: &IngestArgs) -> anyhow::Result<Exit> {
    if let Err(error) = Client::to("http://localhost", wire(args)) {
        return Err(Failure::usage(error.to_string()).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if args.pinned {
        keep_to_core(1)?;
    }
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
    ) + match (args.pinned, args.apart) {
        (true, true) => "; server and client on a core each; nothing is folded or written meanwhile",
        (true, false) => "; server and client on a core each",
        (false, true) => "; nothing is folded or written meanwhile",
        (false, false) => "",
    }
}

/// Starts the server that is measured.
fn server(args: &IngestArgs, data: &Path) -> anyhow::Result<Server> {
    /// Longer than any run, in milliseconds.
    const NEVER: &str = "3600000";
    /// More than any run's rows, in bytes.
    const ALL: &str = "1099511627776";
    let mut command = if args.pinned { own_on_core(0)? } else { own()? };
    if args.apart {
        command.envs([
            ("PENNYSPAN_STORAGE_FOLD_EVERY_MS", NEVER),
            ("PENNYSPAN_STORAGE_FLUSH_AGE_MS", NEVER),
            ("PENNYSPAN_STORAGE_FLUSH_BYTES", ALL),
            ("PENNYSPAN_STORAGE_HOT_BYTES", ALL),
        ]);
    }
    Server::start_by(command, data)
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
    let server = server(args, data.path())?;
    let items = bodies.len() as u64 * args.items as u64;
    let (idle, idle_threads) = (server.process().cpu_time(), server.process().threads());
    let begun = Instant::now();
    let answers = runtime.block_on(load(args, &server, bodies))?;
    let took = begun.elapsed();
    let (busy, busy_threads) = (server.process().cpu_time(), server.process().threads());
    let parts = runtime.block_on(check(&server, args.signal, items))?;
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
    let spent = Spent::between(&idle_threads, &busy_threads);
    spent.add_to(figures, what.trim_end_matches('s'), &parts, items);
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
///
/// Returns how long requests took in each part, in nanoseconds.
async fn check(server: &Server, signal: Signal, items: u64) -> anyhow::Result<BTreeMap<String, u64>> {
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
    let part = |line: &str| {
        let (part, nanos) = line
            .strip_prefix("pennyspan_request_part_nanos_total{part=\"")?
            .split_once("\"} ")?;
        Some((part.to_owned(), nanos.parse().ok()?))
    };
    Ok(page.lines().filter_map(part).collect())
}

/// Processor time of a server, by what its threads do.
#[derive(Debug)]
struct Spent(BTreeMap<String, Duration>);

impl Spent {
    /// The parts of a request's way that the threads for decoding take.
    const OF_DECODERS: [&str; 3] = ["decompress", "digest", "decode"];

    fn between(before: &BTreeMap<String, Duration>, after: &BTreeMap<String, Duration>) -> Self {
        let since = |(name, time): (&String, &Duration)| {
            let before = before.get(name).copied().unwrap_or_default();
            (name.clone(), time.saturating_sub(before))
        };
        Self(after.iter().map(since).collect())
    }

    fn of(&self, name: &str) -> Duration {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Adds what an item took in each part, and what the doors can take on a core that does nothing else.
    ///
    /// The threads for decoding are parted by how long their requests took in each part: they wait for nothing.
    fn add_to(&self, figures: &mut Figures, item: &str, parts: &BTreeMap<String, u64>, items: u64) {
        #[expect(clippy::cast_precision_loss, reason = "items and nanoseconds are far below 2^52")]
        let per_item = |time: Duration| time.as_nanos() as f64 / items as f64;
        let nanos = |part: &str| parts.get(part).copied().unwrap_or_default();
        let in_decoders: u64 = Self::OF_DECODERS.into_iter().map(nanos).sum();
        let (receive, decode, wal) = (self.of(threads::DOORS), self.of(DECODERS), self.of(WAL));
        figures.add(
            &format!("a {item}: receive, publish, answer"),
            "ns of a core",
            per_item(receive),
        );
        for part in Self::OF_DECODERS {
            #[expect(clippy::cast_precision_loss, reason = "nanoseconds are far below 2^52")]
            let share = nanos(part) as f64 / in_decoders.max(1) as f64;
            figures.add(
                &format!("a {item}: {part}"),
                "ns of a core",
                per_item(decode.mul_f64(share)),
            );
        }
        figures.add(&format!("a {item}: write-ahead log"), "ns of a core", per_item(wal));
        figures.add(
            &format!("a {item}: fold and flush"),
            "ns of a core",
            per_item(self.of(threads::UPKEEP)),
        );
        figures.add(
            &format!("{item}s durable, of its doors' time alone"),
            "1/core-s",
            per_second(items, receive + decode + wal),
        );
    }
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
