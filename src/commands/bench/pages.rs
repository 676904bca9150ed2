//! `pennyspan bench pages`: every page of a server over a filled directory, while telemetry comes in.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use camino::Utf8Path;
use chrono::{DateTime, SecondsFormat};
use pennyspan_web::answers::FunctionTab;
use serde::Deserialize;

use crate::bench::bodies::Recipe;
use crate::bench::client::{Client, Wire, get, reader};
use crate::bench::figures::{Figures, grouped, per_second};
use crate::bench::server::{Server, own};
use crate::cli::bench::{Encoding, PagesArgs, Protocol, Signal, Written};
use crate::clock;
use crate::commands::answer;
use crate::exit::Exit;

/// Spans of one request that comes in meanwhile.
const REQUEST_SPANS: u64 = 1_000;
/// How it comes in.
const WIRE: Wire = Wire {
    protocol: Protocol::Grpc,
    signal: Signal::Spans,
    written: Written::Protobuf,
    encoding: Encoding::Identity,
};
/// How long the stream sleeps at once, so that it ends soon after it is told to.
const LONGEST_NAP: Duration = Duration::from_millis(20);
/// What the directory's window and one of its traces are asked by.
const SIGHT: &str = "SELECT COUNT(*) AS invocations, MIN(start_unix_nano) AS first_unix_nano, \
                     MAX(start_unix_nano) AS last_unix_nano, MAX(trace_id) AS trace_id FROM invocations";

/// Asks for pages, and prints how long they took.
///
/// # Errors
/// A directory that cannot be served, or a page that is not answered.
pub fn run(args: &PagesArgs) -> anyhow::Result<Exit> {
    let sight = Sight::of(&args.directory)?;
    let beside = args
        .directory
        .parent()
        .filter(|parent| !parent.as_str().is_empty())
        .unwrap_or(Utf8Path::new("."));
    let place = tempfile::Builder::new()
        .prefix(".pennyspan-bench-")
        .tempdir_in(beside)?;
    link(args.directory.as_std_path(), place.path())?;
    let server = Server::start(place.path())?;
    let input = format!(
        "{}: {} invocations over a day; {} spans per second come in",
        args.directory,
        grouped(&sight.invocations.to_string()),
        grouped(&args.rate.to_string()),
    );
    let mut figures = Figures::of("pages", input).with_tails();
    let stream = Stream::start(server.grpc, args.rate);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = runtime.block_on(ask(&server, &sight, args.runs, &mut figures));
    let sent = stream.stop()?;
    asked?;
    figures.add("spans that came in", "1/s", sent);
    answer(&figures.table())?;
    Ok(Exit::Passed)
}

/// What is in the directory.
#[derive(Debug, Deserialize)]
struct Sight {
    invocations: u64,
    first_unix_nano: Option<i64>,
    last_unix_nano: Option<i64>,
    trace_id: Option<String>,
}

impl Sight {
    fn of(directory: &Utf8Path) -> anyhow::Result<Self> {
        let output = own()?
            .args(["query", SIGHT, "--data", directory.as_str(), "--format", "ndjson"])
            .output()?;
        if !output.status.success() {
            bail!("{directory}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("{directory} holds no invocations"))
    }

    /// Returns the query of an address for the directory's whole time.
    fn window(&self) -> anyhow::Result<String> {
        let shown =
            |unix_nano: i64| DateTime::from_timestamp_nanos(unix_nano).to_rfc3339_opts(SecondsFormat::Secs, true);
        let (first, last) = self
            .first_unix_nano
            .zip(self.last_unix_nano)
            .context("the directory holds no invocations")?;
        Ok(format!(
            "from={}&to={}",
            shown(first),
            shown(last.saturating_add(1_000_000_000))
        ))
    }
}

/// Makes a directory that holds the same files; the log and the lock of a running server are its own.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            if name != "wal" {
                fs::create_dir(&target)?;
                link(&entry.path(), &target)?;
            }
        } else if name != "lock" {
            fs::hard_link(entry.path(), &target).or_else(|_| fs::copy(entry.path(), &target).map(|_| ()))?;
        }
    }
    Ok(())
}

/// Asks for every page in turn, so that all of them see the same load.
async fn ask(server: &Server, sight: &Sight, runs: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let connection = reader();
    let (window, web) = (sight.window()?, format!("http://{}", server.web));
    let (_, functions) = get(&connection, &web, &format!("/functions?{window}")).await?;
    let (_, findings) = get(&connection, &web, &format!("/findings?{window}")).await?;
    let paths = paths(&functions, &findings, sight, &window);
    for round in 0..=runs {
        for (name, path) in &paths {
            let begun = Instant::now();
            let (status, _) = get(&connection, &web, path).await?;
            if !status.is_success() {
                bail!("{path} answered {status}");
            }
            // The first round fills what the server keeps between questions.
            if round > 0 {
                figures.add(name, "ms", begun.elapsed().as_secs_f64() * 1_000.0);
            }
        }
    }
    Ok(())
}

/// Returns every page with an address at which it shows something.
fn paths(functions: &str, findings: &str, sight: &Sight, window: &str) -> Vec<(String, String)> {
    let mut paths = vec![
        ("home".to_owned(), format!("/?{window}")),
        ("functions".to_owned(), format!("/functions?{window}")),
        ("findings".to_owned(), format!("/findings?{window}")),
        ("rule".to_owned(), format!("/rules/cold-start-rate?{window}")),
        ("setup".to_owned(), format!("/setup?{window}")),
    ];
    if let Some(function) = link_to(functions, "/functions/") {
        for tab in FunctionTab::ALL {
            let (key, path) = (tab.key(), format!("{function}?{window}&tab={}", tab.key()));
            paths.push((
                format!("function, {}", if key.is_empty() { "overview" } else { key }),
                path,
            ));
        }
    }
    if let Some(finding) = link_to(findings, "/findings/") {
        paths.push(("finding".to_owned(), format!("{finding}?{window}")));
    }
    if let Some(trace) = &sight.trace_id {
        paths.push(("trace by id".to_owned(), format!("/traces/{trace}?{window}")));
    }
    paths
}

/// Returns the path of the first link below another, without its query.
fn link_to<'a>(page: &'a str, below: &str) -> Option<&'a str> {
    let from = page.find(&format!("href=\"{below}"))? + "href=\"".len();
    let link = page.get(from..)?.split('"').next()?;
    link.split('?').next()
}

/// Telemetry that comes in at a rate, on a thread of its own.
struct Stream {
    ended: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<anyhow::Result<()>>,
    sent: Arc<AtomicU64>,
    begun: Instant,
}

impl Stream {
    fn start(grpc: SocketAddr, rate: u64) -> Self {
        let (ended, sent) = (Arc::new(AtomicBool::new(rate == 0)), Arc::new(AtomicU64::new(0)));
        let (until, counted, begun) = (Arc::clone(&ended), Arc::clone(&sent), Instant::now());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let client = Client::to(&format!("http://{grpc}"), WIRE)?;
            while !until.load(Ordering::Relaxed) {
                let nth = counted.load(Ordering::Relaxed) / REQUEST_SPANS;
                let due = Duration::from_micros(nth.saturating_mul(REQUEST_SPANS * 1_000_000) / rate.max(1));
                let wait = due.saturating_sub(begun.elapsed());
                if !wait.is_zero() {
                    std::thread::sleep(wait.min(LONGEST_NAP));
                    continue;
                }
                runtime.block_on(client.send(&body(nth)?))?;
                counted.fetch_add(REQUEST_SPANS, Ordering::Relaxed);
            }
            Ok(())
        });
        Self {
            ended,
            thread,
            sent,
            begun,
        }
    }

    /// Ends the stream, and returns the spans per second that were acknowledged.
    fn stop(self) -> anyhow::Result<Option<f64>> {
        self.ended.store(true, Ordering::Relaxed);
        let took = self.begun.elapsed();
        match self.thread.join() {
            Ok(sent) => sent.context("the telemetry that came in meanwhile was not taken")?,
            Err(_) => bail!("the telemetry that came in meanwhile broke off"),
        }
        Ok(per_second(self.sent.load(Ordering::Relaxed), took))
    }
}

fn body(nth: u64) -> anyhow::Result<hyper::body::Bytes> {
    let recipe = Recipe {
        signal: WIRE.signal,
        written: WIRE.written,
        encoding: WIRE.encoding,
        items: usize::try_from(REQUEST_SPANS)?,
        seed: nth,
        until_unix_nano: clock::now_unix_nano(),
    };
    recipe
        .make(1)?
        .pop()
        .context("a recipe makes as many bodies as it is asked for")
}

#[cfg(test)]
mod tests {
    use super::link_to;

    #[test]
    fn a_link_is_found_without_its_query() {
        let page =
            r#"<a href="/functions?from=1">all</a> <a href="/functions/aws/1/r/checkout?from=1&amp;to=2">checkout</a>"#;
        assert_eq!(link_to(page, "/functions/"), Some("/functions/aws/1/r/checkout"));
        assert_eq!(link_to(page, "/findings/"), None);
    }
}
