//! Seeded faults at both seams at once: the real log and the real tables live several lives, each ended by a power failure,
//! over a disk that loses, shortens and refuses writes, fails to read and flips bits. What was acknowledged stands once in the
//! end, or is told as damaged.
//!
//! A slice by default; `SLICE=all` takes them all, and `FAULT_SEED` the one that a failure prints.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use pennyspan_collector::decode::Settings;
use pennyspan_collector::receive::{Collector, CollectorOptions};
use pennyspan_collector::wal::{Directory, Recovery, Segment, Wal, WalId, WalOptions};
use pennyspan_schema::Sink;
use pennyspan_store::durable::{DataDir, DurableOptions, DurableStore};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tower::ServiceExt as _;

use crate::company::seeds;
use crate::kill::parcel::{Kind, OLD, Parcel};
use crate::readers::read_by_ourselves;
use files::Files;
use simulated::Disk;

mod files;
#[path = "../../collector/src/wal/tests/simulated.rs"]
#[expect(dead_code, reason = "the tests of the log alone use more of it")]
mod simulated;

/// Seeds of a slice, and of all.
const SEEDS: (u64, u64) = (8, 2000);
/// Lives that end by a power failure; one more ends in order.
const LIVES: u64 = 3;
/// When these lives begin: 2026-11-30, in nanoseconds since 1970 UTC.
const NOW: i64 = 1_796_000_000_000_000_000;

/// Whether a name is a segment's, which the disk asks.
fn first_of_name(name: &str) -> Option<u64> {
    name.strip_suffix(".wal")?.parse().ok()
}

/// What came of all seeds.
#[derive(Default)]
struct Tally {
    injected: BTreeMap<String, u64>,
    acknowledged: usize,
    lost_and_told: usize,
    refused_openings: usize,
}

/// What the senders know.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<&'static str, BTreeSet<String>>,
    unanswered: Vec<Parcel>,
    sent: u64,
    /// Whether a life told of damage.
    told: bool,
}

/// One life of the program.
struct Life {
    collector: Collector,
    store: Arc<DurableStore>,
    wal: Arc<Wal>,
    recovery: Recovery,
}

#[test]
fn seeded_faults_at_both_seams_lose_and_double_nothing_in_silence() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (mut tally, seeds) = (Tally::default(), drawn());
    let count = seeds.end - seeds.start;
    for seed in seeds {
        runtime.block_on(lives(seed, &mut tally));
    }
    let injected: Vec<String> = tally
        .injected
        .iter()
        .map(|(fault, count)| format!("{count} {fault}"))
        .collect();
    println(&format!(
        "{count} seeds: {} ids acknowledged, {} lost and told, {} openings refused; injected: {}",
        tally.acknowledged,
        tally.lost_and_told,
        tally.refused_openings,
        injected.join(", ")
    ));
    // Those of the log are asserted by the log's own run, which takes more seeds.
    if count >= SEEDS.1 {
        for fault in files::Fault::ALL.map(|fault| fault.to_string()) {
            let count = tally.injected.get(&fault).copied().unwrap_or(0);
            assert!(count >= 100, "only {count} {fault}");
        }
    }
}

fn drawn() -> Range<u64> {
    if let Some(seed) = std::env::var("FAULT_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return seed..seed + 1;
    }
    let count = match std::env::var("SLICE") {
        Ok(slice) if slice == "all" => SEEDS.1,
        // Another count than the usual slice may be asked for.
        slice => slice.ok().and_then(|slice| slice.parse().ok()).unwrap_or(SEEDS.0),
    };
    let first = seeds(&[], 1)[0] % (1 << 32);
    first..first + count
}

/// Lives several lives over one directory, and checks what stands in the end.
async fn lives(seed: u64, tally: &mut Tally) {
    let case = format!("FAULT_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let data = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap();
    let clock = Arc::new(AtomicI64::new(NOW));
    let (mut log, mut ledger, mut tampered) = (Disk::new(), Ledger::default(), false);
    for life in 0..=LIVES {
        let last = life == LIVES;
        if !last {
            log.fail_by_chance(&mut random);
            if random.random_bool(0.3) {
                log.fail_power_at(random.random_range(0..60));
            }
        }
        let power_fails_at = (!last && random.random_bool(0.7)).then(|| random.random_range(0..60));
        let files = Files::new(
            DurableOptions::new(ticking(&clock)).files,
            Arc::clone(&log),
            seed << 8 | life,
            power_fails_at,
        );
        let files = Arc::new(files);
        let options = DurableOptions {
            live_files: 3,
            keep_nanos: 0,
            files: if last {
                DurableOptions::new(ticking(&clock)).files
            } else {
                Arc::clone(&files) as _
            },
            ..DurableOptions::new(ticking(&clock))
        };
        match open(data.path(), options, &log, &clock).await {
            Ok(opened) => {
                let torn = tampered && opened.recovery.torn_bytes > 0;
                ledger.told |= torn || opened.recovery.is_degraded();
                tampered = false;
                opened.live(&mut ledger, &mut random, last, &case).await;
            }
            Err(error) => {
                assert!(!last, "{case}: {error:#}");
                tally.refused_openings += 1;
                // What it cut, it warned of.
                ledger.told |= tampered;
            }
        }
        for (fault, count) in files.crash().await {
            *tally.injected.entry(fault.to_string()).or_default() += count;
        }
        log = log.after_power_failure(&mut random);
        if life + 1 < LIVES && random.random_bool(0.2) {
            log.flip_bit(&mut random);
            tampered = true;
        }
    }
    for (fault, count) in log.injected() {
        *tally.injected.entry(fault.to_string()).or_default() += count;
    }
    let (read, told) = (
        tokio::task::spawn_blocking(move || read_by_ourselves(data.path()))
            .await
            .unwrap(),
        ledger.told,
    );
    for (table, acknowledged) in &ledger.acknowledged {
        let ids = &read[*table].ids;
        let doubled: Vec<_> = ids.iter().filter(|(_, count)| **count != 1).take(3).collect();
        assert!(doubled.is_empty(), "{case}: {table} holds more than once: {doubled:?}");
        let untold = ids
            .keys()
            .find(|id| !id.starts_with(OLD) && !acknowledged.contains(*id));
        assert_eq!(untold, None, "{case}: {table} holds what nobody was told of");
        let lost: Vec<_> = acknowledged.iter().filter(|id| !ids.contains_key(*id)).collect();
        assert!(
            lost.is_empty() || told,
            "{case}: {table} lost {lost:?}, and nothing is told"
        );
        tally.lost_and_told += lost.len();
        tally.acknowledged += acknowledged.len();
    }
}

/// A clock that goes on by a millisecond each time it is asked.
fn ticking(clock: &Arc<AtomicI64>) -> Arc<dyn Fn() -> i64 + Send + Sync> {
    let clock = Arc::clone(clock);
    Arc::new(move || clock.fetch_add(1_000_000, Ordering::SeqCst))
}

/// Opens tables and log as the program does.
async fn open(data: &Path, options: DurableOptions, log: &Arc<Disk>, clock: &Arc<AtomicI64>) -> anyhow::Result<Life> {
    let directory = DataDir::open(data, options).await?;
    let settings = Settings::default();
    let id = WalId::parse("0123456789abcdef").unwrap();
    let wal_options = WalOptions {
        segment_bytes: 4096,
        above: directory.highest_position(),
        ..WalOptions::new(id, serde_json::to_vec(&settings)?, ticking(clock))
    };
    let (wal, recovery) = Wal::open(wal_options, Arc::clone(log) as Arc<dyn Directory>)?;
    let (wal, store) = (Arc::new(wal), Arc::new(directory.follow(&id.to_string()).await?));
    let options = CollectorOptions::new(settings, ticking(clock));
    let collector = Collector::new(options, Arc::clone(&wal), Arc::clone(&store) as Arc<dyn Sink>);
    let (replaying, found) = (collector.clone(), recovery.clone());
    tokio::task::spawn_blocking(move || replaying.replay(&found)).await??;
    Ok(Life {
        collector,
        store,
        wal,
        recovery,
    })
}

impl Life {
    /// Sends what was not answered again, then more, and folds, flushes, merges and lets go of segments in between.
    async fn live(self, ledger: &mut Ledger, random: &mut ChaCha8Rng, last: bool, case: &str) {
        for parcel in std::mem::take(&mut ledger.unanswered) {
            self.send(parcel, ledger).await;
        }
        for _ in 0..random.random_range(3..9) {
            let kind = [Kind::Records, Kind::SpansHttp, Kind::Logs][random.random_range(0..3)];
            ledger.sent += 1;
            let parcel = Parcel {
                kind,
                ids: (0..2).map(|number| format!("{}-{number}", ledger.sent)).collect(),
                at_unix_nano: u64::try_from(NOW).unwrap() + ledger.sent * 7_000_000_000,
            };
            self.send(parcel, ledger).await;
            // A disk that fails refuses; what was acknowledged stands all the same.
            let _ = match random.random_range(0..6) {
                0 => self.store.fold_dirty().await,
                1 | 2 => self.store.flush_all().await,
                3 => self.store.compact_all().await,
                _ => Ok(()),
            };
            let _ = self.wal.release(|workspace| self.store.flushed(workspace));
        }
        if last {
            assert!(ledger.unanswered.is_empty(), "{case}: the last disk refuses nothing");
            self.store.compact_all().await.unwrap();
        }
        self.collector.drain().await;
    }

    async fn send(&self, parcel: Parcel, ledger: &mut Ledger) {
        let (path, content_type) = parcel.kind.door();
        let request = Request::post(path)
            .header("content-type", content_type)
            .body(Body::from(parcel.body()))
            .unwrap();
        let Ok(answer) = self.collector.http_router().oneshot(request).await;
        match answer.status() {
            StatusCode::OK => {
                for table in parcel.kind.tables() {
                    ledger
                        .acknowledged
                        .entry(table)
                        .or_default()
                        .extend(parcel.ids.iter().cloned());
                }
            }
            StatusCode::SERVICE_UNAVAILABLE => ledger.unanswered.push(parcel),
            status => panic!("{status} is no answer to {parcel:?}"),
        }
    }
}

/// Says what was measured, where a run shows its output.
fn println(text: &str) {
    use std::io::Write as _;
    // Nobody has to read it.
    let _ = writeln!(std::io::stdout(), "{text}");
}
