//! `pennyspan loadgen`: telemetry to any OTLP server, and what it did with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::Uri;
use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::answer;
use crate::bench::bodies::{Mould, Recipe};
use crate::bench::client::{Client, Wire};
use crate::bench::figures::{Figures, grouped, per_second, quantile_ms};
use crate::bench::load::{Pace, Tally, send};
use crate::cli::bench::Signal;
use crate::cli::loadgen::{LoadSignal, LoadgenArgs};
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;

/// Sends, and prints how much was acknowledged, refused and lost, and how fast.
///
/// # Errors
/// Wrong flags, or a server that answers nothing.
pub fn run(args: &LoadgenArgs) -> anyhow::Result<Exit> {
    let wire = wire(args);
    let base = base(&args.target)?;
    let clients = (0..args.connections).map(|_| Client::to(&base, wire));
    let clients: anyhow::Result<Vec<_>> = clients.collect();
    let clients = clients.map_err(|error| Failure::usage(error.to_string()))?;
    let mould = Arc::new(Mould::of(recipe(args, wire)?));
    let bytes = mould.body(0, clock::now_unix_nano())?.len();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    let bodies = made(&mould, args);
    let pace = Pace {
        between: args.rate.map(|rate| nanos_between(args.items, rate)),
        lasts: Duration::from_secs(args.seconds),
    };
    let tally = runtime.block_on(send(clients, bodies, pace));
    let took = begun.elapsed();
    if tally.took.is_empty() && tally.refused.is_empty() && tally.refused_for_good.is_empty() {
        let why = tally.lost.into_keys().next().unwrap_or_default();
        return Err(Failure::no_data(format!("{base} answered nothing: {why}")).into());
    }
    answer(&told(args, &tally, took, bytes))?;
    Ok(Exit::Passed)
}

fn wire(args: &LoadgenArgs) -> Wire {
    Wire {
        protocol: args.protocol,
        signal: match args.signal {
            LoadSignal::Spans => Signal::Spans,
            LoadSignal::Logs => Signal::Logs,
        },
        written: args.written,
        encoding: args.encoding,
    }
}

fn recipe(args: &LoadgenArgs, wire: Wire) -> anyhow::Result<Recipe> {
    let until_unix_nano = clock::now_unix_nano();
    Ok(Recipe {
        signal: wire.signal,
        written: wire.written,
        encoding: wire.encoding,
        items: usize::try_from(args.items)?,
        seed: args.seed.unwrap_or(until_unix_nano.cast_unsigned()),
        until_unix_nano,
    })
}

/// Returns the address without what cannot be sent to, or says what is wrong with it.
fn base(target: &str) -> Result<String, Failure> {
    let bad = |what: &str| {
        Failure::usage(format!(
            "--target {target}: {what}; give an address such as http://127.0.0.1:4318"
        ))
    };
    let uri: Uri = target.parse().map_err(|error| bad("no URL").because(error))?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(_)) => Ok(target.trim_end_matches('/').to_owned()),
        (Some("https"), _) => Err(bad("this load is sent without TLS")),
        _ => Err(bad("no URL of HTTP")),
    }
}

fn nanos_between(items: u64, rate: u64) -> Duration {
    Duration::from_nanos(items.saturating_mul(1_000_000_000) / rate.max(1))
}

/// Makes bodies on threads of their own, a few ahead of what is sent.
fn made(mould: &Arc<Mould>, args: &LoadgenArgs) -> mpsc::Receiver<Bytes> {
    let makers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (give, take) = mpsc::channel(makers * 4);
    let next = Arc::new(AtomicU64::new(0));
    let requests = args.requests.unwrap_or(u64::MAX);
    for _ in 0..makers {
        let (give, next, mould) = (give.clone(), Arc::clone(&next), Arc::clone(mould));
        // It ends with the bodies, or when nobody takes them any more.
        std::thread::spawn(move || {
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= requests {
                    return;
                }
                let Ok(body) = mould.body(nth, clock::now_unix_nano()) else {
                    return;
                };
                if give.blocking_send(body).is_err() {
                    return;
                }
            }
        });
    }
    take
}

/// Returns the figures, and below them what the server said to what it did not take.
fn told(args: &LoadgenArgs, tally: &Tally, took: Duration, bytes: usize) -> String {
    let what = match args.signal {
        LoadSignal::Spans => "spans",
        LoadSignal::Logs => "log records",
    };
    let input = format!(
        "requests of {} {what}, {} bytes each, to {}; {} connections, {}",
        grouped(&args.items.to_string()),
        grouped(&bytes.to_string()),
        args.target,
        args.connections,
        match args.rate {
            Some(rate) => format!("{} {what} per second", grouped(&rate.to_string())),
            None => "each as fast as it is answered".to_owned(),
        }
    );
    let mut figures = Figures::of("load", input);
    let acknowledged = tally.took.len() as u64;
    let sum = |of: &BTreeMap<String, u64>| of.values().sum::<u64>();
    figures.add(
        &format!("offered {what}"),
        "1/s",
        per_second(tally.offered() * args.items, took),
    );
    figures.add(
        &format!("acknowledged {what}"),
        "1/s",
        per_second(acknowledged * args.items, took),
    );
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("slowest", 1.0)] {
        figures.add(&format!("answer, {name}"), "ms", quantile_ms(&tally.took, share));
    }
    for (name, count) in [
        ("offered", tally.offered()),
        ("acknowledged", acknowledged),
        ("refused for the moment", sum(&tally.refused)),
        ("refused for good", sum(&tally.refused_for_good)),
        ("lost", sum(&tally.lost)),
    ] {
        #[expect(clippy::cast_precision_loss, reason = "requests are far below 2^52")]
        figures.add(name, "requests", count as f64);
    }
    let mut text = figures.table();
    for (what, by_words) in [
        ("refused for the moment", &tally.refused),
        ("refused for good", &tally.refused_for_good),
        ("lost", &tally.lost),
    ] {
        for (words, count) in by_words {
            // Writing into a String cannot fail.
            let _ = write!(text, "\n{what}, {count} times: {}", words.trim());
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base, nanos_between};
    use std::time::Duration;

    #[test]
    fn addresses_are_checked_before_anything_is_sent() {
        assert_eq!(
            base("http://127.0.0.1:4318/").ok().as_deref(),
            Some("http://127.0.0.1:4318")
        );
        for (target, why) in [
            ("https://example.com", "without TLS"),
            ("127.0.0.1:4318", "no URL"),
            ("ftp://a", "no URL of HTTP"),
        ] {
            let refused = base(target).unwrap_err().to_string();
            assert!(refused.contains(why) && refused.contains(target), "{refused}");
        }
    }

    #[test]
    fn requests_are_due_by_their_items() {
        assert_eq!(nanos_between(1_000, 250_000), Duration::from_millis(4));
    }
}
