//! The gate does not flap: what is healthy passes by any seed, and what got worse fails by every seed.
//!
//! A slice by default; `just test-flapping` takes two hundred seeds of each.

use std::fmt::Write as _;
use std::path::Path;

use pennyspan_fixtures::Scenario;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::company::{Company, pennyspan, slice, window_flags};

/// Seeds of each kind.
const SEEDS: u64 = 200;
/// Seeds of each kind in a slice.
const SLICE: usize = 2;
/// Minutes that a run of the shop lasts.
const MINUTES: u64 = 240;
/// Invocations of each version, of which those in its first quarter of an hour do not count.
const PER_VERSION: f64 = 2_400.0;
/// After how many of them the newer version goes live beside the older one.
const LIVE_AFTER: u64 = 20;
/// Messages of the queue.
const MESSAGES: f64 = 1_000.0;
/// Milliseconds until a message that failed is tried again.
const AGAIN_AFTER_MS: u64 = 30_000;

/// How a shop runs.
#[derive(Clone, Copy)]
struct Shop {
    seed: u64,
    /// By how much the newer version of `checkout` is slower in the median.
    slowdown: f64,
    /// How often a message is tried, before those that fail once more.
    attempts: u64,
    /// The share of messages that need one attempt more.
    retried: f64,
}

impl Shop {
    fn healthy(seed: u64) -> Self {
        Self {
            seed,
            slowdown: 1.0,
            attempts: 1,
            retried: 0.04,
        }
    }

    /// Returns its invocation records: `checkout` in two versions side by side, and `order-worker` on a queue. Durations are
    /// log-normal with a 95th percentile of one and a half times the median.
    fn records(self) -> String {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut lines = String::new();
        let traffic = random.random_range(0.9..1.1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "thousands")]
        let count = |normal: f64| (normal * traffic) as u64;
        for version in ["1", "2"] {
            let (median_ms, from) = match version {
                "2" => (120.0 * self.slowdown, LIVE_AFTER),
                _ => (120.0, 0),
            };
            for at in 0..count(PER_VERSION) {
                let failed = random.random_bool(0.002);
                let record = json!({"function": "checkout", "version": version, "invocation_id": format!("{}-{version}-{at}", self.seed),
                    "route": "POST /orders", "trigger": {"type": "http"}, "duration_ms": log_normal(&mut random, median_ms),
                    "outcome": if failed { "error" } else { "ok" }});
                let at = random.random_range(from * 60_000..MINUTES * 60_000);
                write(&mut lines, record, at, self.seed);
            }
        }
        for message in 0..count(MESSAGES) {
            let attempts = self.attempts + u64::from(random.random_bool(self.retried));
            let first = random.random_range(0..(MINUTES - 10) * 60_000);
            for attempt in 1..=attempts {
                let record = json!({"function": "order-worker", "version": "1",
                    "invocation_id": format!("{}-m{message}-{attempt}", self.seed), "duration_ms": log_normal(&mut random, 300.0),
                    "trigger": {"type": "queue", "source": "orders", "message_ids": [format!("{}-{message}", self.seed)]},
                    "outcome": if attempt < attempts { "error" } else { "ok" }});
                write(&mut lines, record, first + (attempt - 1) * AGAIN_AFTER_MS, self.seed);
            }
        }
        lines
    }
}

fn log_normal(random: &mut StdRng, median_ms: f64) -> f64 {
    let (u, v): (f64, f64) = (random.random_range(1e-12..1.0), random.random());
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    (median_ms * (0.25 * normal).exp() * 1000.0).round() / 1000.0
}

/// Completes a record with what all have, and its time: milliseconds after the shop opened.
fn write(lines: &mut String, mut record: Value, at: u64, seed: u64) {
    let billed = record["duration_ms"].as_f64().unwrap().ceil();
    let time = format!(
        "2026-10-08T{:02}:{:02}:{:02}.{:03}Z",
        at / 3_600_000,
        at / 60_000 % 60,
        at / 1_000 % 60,
        at % 1_000
    );
    let common = json!({"provider": "aws", "account": "123456789012", "region": "eu-west-1", "memory_size_mib": 512,
        "max_memory_used_mib": 300, "billed_duration_ms": billed, "start_time": time,
        "instance_id": format!("{seed}-{}-{}-{}", record["function"], record["version"], at % 7)});
    let all = record.as_object_mut().unwrap();
    all.extend(common.as_object().unwrap().clone());
    // Writing into a String cannot fail.
    let _ = writeln!(lines, "{record}");
}

/// Returns the exit code of a report over a path against a baseline, and what it says.
fn gate(from: &Path, baseline: &Path, flags: &[&str]) -> (Option<i32>, Value) {
    let (from, baseline) = (from.to_str().unwrap(), baseline.to_str().unwrap());
    let mut arguments = vec![
        "report",
        "--from",
        from,
        "--baseline",
        baseline,
        "-o",
        "json",
        "--quiet",
    ];
    arguments.extend(flags);
    let output = pennyspan(&arguments);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

/// Judges a shop against a baseline.
fn judged(shop: Shop, baseline: &Path, flags: &[&str]) -> (Option<i32>, Value) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("records.ndjson");
    std::fs::write(&file, shop.records()).unwrap();
    gate(&file, baseline, flags)
}

/// Returns what closed the gate or might have, for a failed assertion.
fn said(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            format!(
                "{} {} {}: {}",
                finding["severity"], finding["baseline"], finding["rule"], finding["message"]
            )
        })
        .collect()
}

fn seeds() -> Vec<u64> {
    slice((1..=SEEDS).collect(), SLICE)
}

#[test]
fn a_healthy_shop_passes_and_one_that_is_slower_or_tries_twice_fails_by_every_seed() {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.json");
    let (code, report) = judged(Shop::healthy(0), &baseline, &["--write-baseline"]);
    assert_eq!(code, Some(0), "{:?}", said(&report));
    for seed in seeds() {
        let healthy = Shop::healthy(seed);
        let (code, report) = judged(healthy, &baseline, &[]);
        assert_eq!(code, Some(0), "seed {seed}: {:?}", said(&report));
        let slower = Shop {
            slowdown: 1.3,
            ..healthy
        };
        let (code, report) = judged(slower, &baseline, &["--rule", "duration-regression"]);
        assert_eq!(code, Some(1), "seed {seed}, 30 % slower: {:?}", said(&report));
        let trying = Shop {
            attempts: 2,
            retried: 0.08,
            ..healthy
        };
        let (code, report) = judged(trying, &baseline, &["--rule", "retry-amplification"]);
        assert_eq!(
            code,
            Some(1),
            "seed {seed}, twice as many attempts: {:?}",
            said(&report)
        );
    }
}

#[test]
fn a_healthy_company_passes_by_every_seed() {
    let company = |seed: u64| {
        Company::of(&Scenario {
            minutes: 120,
            scale: 90 + u32::try_from(seed * 7 % 21).unwrap(),
            ..Scenario::new(seed)
        })
    };
    let judged = |company: &Company, baseline: &Path, flags: &[&str]| {
        let window = window_flags(&company.telemetry.truth);
        let flags: Vec<&str> = flags.iter().copied().chain(window.iter().map(String::as_str)).collect();
        gate(company.directory.path(), baseline, &flags)
    };
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.json");
    let (code, report) = judged(&company(0), &baseline, &["--write-baseline"]);
    assert_eq!(code, Some(0), "{:?}", said(&report));
    for seed in seeds() {
        let (code, report) = judged(&company(seed), &baseline, &[]);
        assert_eq!(code, Some(0), "seed {seed}: {:?}", said(&report));
    }
}
