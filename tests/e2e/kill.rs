//! Acknowledged telemetry survives the process being killed while it is taken in, and stands once.
//!
//! Records, spans and log records come at the same time, over every protocol. Some kills fall at random moments; others are
//! aimed: the program, built with the feature `fault-points`, stops at a named stage and is killed there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pennyspan_collector::fault;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::company::{pennyspan, seeds};
use crate::readers::{self, Read};
use crate::server::Server;
use parcel::{Kind, OLD, Parcel};
use sender::{Ledger, Sender};

pub mod parcel;
mod sender;

/// Clients that send at the same time; they take turns through the kinds.
const CLIENTS: usize = 8;
/// Ids of each request.
const IDS: usize = 4;
/// Requests that are acknowledged in each round before the server is killed.
const ACKNOWLEDGED: usize = 200;
/// Kills when all are run, of a slice, and where none can be aimed. Every second one is aimed: in a slice, three at each stage.
const KILLS: (usize, usize, usize) = (1000, 66, 3);
/// How long a stage may take to be reached.
const REACHED_WITHIN: Duration = Duration::from_mins(1);

/// A stage at which the server is to be killed.
#[derive(Clone, Debug)]
struct Aim {
    stage: String,
    /// How often it is passed before.
    passes: u64,
}

/// One life of the server.
#[derive(Clone, Debug)]
struct Round {
    /// None for a random moment.
    aim: Option<Aim>,
    /// How long after enough requests were acknowledged it is killed, or its stage armed.
    more: Duration,
    /// Whether what was not answered is sent again in two halves.
    halved: bool,
}

#[test]
fn acknowledged_telemetry_survives_kill() {
    let mut random = StdRng::seed_from_u64(seeds(&[], 1)[0]);
    let data = tempfile::tempdir().unwrap();
    let rounds: Vec<Round> = (0..KILLS.2).map(|number| at_random(number, &mut random)).collect();
    survive(data.path(), &rounds);
}

#[test]
#[cfg_attr(
    not(feature = "fault-points"),
    ignore = "aims at stages of a program built with the feature `fault-points`"
)]
fn acknowledged_telemetry_survives_kill_at_every_stage() {
    readers::python();
    let seed = seeds(&[], 1)[0];
    println(&format!("kills drawn by the seed {seed:x}, which SLICE_SEED gives"));
    let mut random = StdRng::seed_from_u64(seed);
    let kills = match std::env::var("SLICE") {
        Ok(slice) if slice == "all" => KILLS.0,
        // Another count than the usual slice may be asked for.
        slice => slice.ok().and_then(|slice| slice.parse().ok()).unwrap_or(KILLS.1),
    };
    let stages = stages();
    let mut rounds: Vec<Round> = (0..kills).map(|number| at_random(number, &mut random)).collect();
    for (number, round) in rounds.iter_mut().step_by(2).enumerate() {
        let stage = stages[number % stages.len()].clone();
        // Requests pass the first stages often, a flush its own once; the commits of one flush differ by their tables.
        let most_passes = match stage.as_str() {
            fault::DECODE | fault::APPEND | fault::FSYNC | fault::SYNCED | fault::PUBLISH => 20,
            "commit" => 8,
            "expire" => 1,
            _ => 2,
        };
        let passes = random.random_range(0..most_passes);
        round.aim = Some(Aim { stage, passes });
    }
    rounds.shuffle(&mut random);
    let data = tempfile::tempdir().unwrap();
    let acknowledged = survive(data.path(), &rounds);
    stand_once(&readers::readers_agree(data.path()), &acknowledged);
}

/// The stages that the collector names, and every one that the store says it begins.
fn stages() -> Vec<String> {
    let named = [
        fault::DECODE,
        fault::APPEND,
        fault::FSYNC,
        fault::SYNCED,
        fault::PUBLISH,
    ];
    let mut stages: BTreeSet<String> = named.iter().map(|stage| (*stage).to_owned()).collect();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("store/src/durable")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(path).unwrap();
            let begun = source
                .split(".begin(\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next());
            stages.extend(begun.map(str::to_owned));
        }
    }
    assert!(stages.len() > named.len() + 4, "{stages:?}");
    stages.into_iter().collect()
}

fn at_random(number: usize, random: &mut StdRng) -> Round {
    Round {
        aim: None,
        more: Duration::from_millis(random.random_range(0..400)),
        halved: number % 2 == 1,
    }
}

/// Kills a server over one directory so often, and checks that each acknowledged id stands once in the end; returns the ids
/// that each table must hold.
fn survive(data: &Path, rounds: &[Round]) -> BTreeMap<&'static str, BTreeSet<String>> {
    let started = Instant::now();
    let ledger = Ledger::default();
    for (number, round) in rounds.iter().enumerate() {
        send_until_killed(data, number, round, &ledger);
    }
    let last = Server::start(data);
    ledger.send_again(&last, true);
    last.stop();
    let (acknowledged, told) = ledger.close();
    let mut aimed: BTreeMap<&str, usize> = BTreeMap::new();
    for aim in rounds.iter().filter_map(|round| round.aim.as_ref()) {
        *aimed.entry(&aim.stage).or_default() += 1;
    }
    let (count, seconds) = (rounds.len(), started.elapsed().as_secs());
    println(&format!("{count} kills in {seconds} s, aimed at {aimed:?}: {told}"));
    compact(data);
    stand_once(&readers::read_by_ourselves(data), &acknowledged);
    acknowledged
}

/// Sends from every client, and kills the server when enough requests were acknowledged.
fn send_until_killed(data: &Path, number: usize, round: &Round, ledger: &Ledger) {
    let armed = data.join("armed");
    let mut environment = BTreeMap::from([
        ("PENNYSPAN_STORAGE_FLUSH_AGE_MS", "300".to_owned()),
        ("PENNYSPAN_STORAGE_LIVE_FILES", "4".to_owned()),
        // One log record of each request is older.
        ("PENNYSPAN_RETENTION_LOGS", "14 days".to_owned()),
    ]);
    if let Some(Aim { stage, passes }) = &round.aim {
        environment.insert("PENNYSPAN_FAULT", format!("{stage}:{passes}:{}", armed.display()));
        if stage == "expire" {
            // It is looked for once, soon after the start.
            std::fs::write(&armed, "").unwrap();
        }
    }
    let server = Server::start_with(data, &environment);
    let (killed, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    if !armed.exists() {
        ledger.send_again(&server, round.halved);
    }
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let mut sender = Sender::to(&server, &killed, ledger);
            let (acknowledged, killed) = (&acknowledged, &killed);
            scope.spawn(move || {
                for request in 0.. {
                    if killed.load(Ordering::Acquire) {
                        return;
                    }
                    let id = |n| format!("{number}-{client}-{request}-{n}");
                    let parcel = Parcel {
                        kind: Kind::ALL[(client + request) % Kind::ALL.len()],
                        ids: (0..IDS).map(id).collect(),
                        at_unix_nano: now_unix_nano(),
                    };
                    if sender.send(parcel) {
                        acknowledged.fetch_add(1, Ordering::AcqRel);
                    }
                }
            });
        }
        let deadline = Instant::now() + Duration::from_mins(2);
        let enough = || acknowledged.load(Ordering::Acquire) >= ACKNOWLEDGED;
        while !enough() && !armed.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let enough = enough() || armed.exists();
        std::thread::sleep(round.more);
        let mut reached = true;
        if let Some(Aim { stage, .. }) = &round.aim {
            std::fs::write(&armed, "").unwrap();
            reached = server.says(&format!("fault point `{stage}`"), REACHED_WITHIN);
        }
        killed.store(true, Ordering::Release);
        server.kill();
        assert!(enough, "round {number}: too few requests were acknowledged");
        assert!(reached, "round {number}: {round:?} was not reached");
    });
    if round.aim.is_some() {
        std::fs::remove_file(armed).unwrap();
    }
}

fn now_unix_nano() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

/// Merges the directory's files, and with them what was stored twice because it was sent again in another shape.
fn compact(data: &Path) {
    let output = pennyspan(&["storage", "compact", "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println(&String::from_utf8_lossy(&output.stdout));
    let output = pennyspan(&["storage", "status", "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println(&String::from_utf8_lossy(&output.stdout));
}

/// Asserts that the tables hold each id that was acknowledged once, and no other but those that are too old to be kept.
fn stand_once(read: &BTreeMap<String, Read>, acknowledged: &BTreeMap<&'static str, BTreeSet<String>>) {
    for (table, acknowledged) in acknowledged {
        let ids = &read[*table].ids;
        let doubled: Vec<_> = ids.iter().filter(|(_, count)| **count != 1).take(3).collect();
        assert!(doubled.is_empty(), "{table} holds more than once: {doubled:?}");
        let lost: Vec<_> = acknowledged.iter().filter(|id| !ids.contains_key(*id)).collect();
        assert!(
            lost.is_empty(),
            "{table} lost {} acknowledged ids, such as {:?}",
            lost.len(),
            lost.first()
        );
        let told = |id: &&String| id.starts_with(OLD) || acknowledged.contains(*id);
        let untold: Vec<_> = ids.keys().filter(|id| !told(id)).take(3).collect();
        assert!(
            untold.is_empty(),
            "{table} holds ids that nobody was told of: {untold:?}"
        );
    }
}

/// Says what was measured, where a run shows its output.
fn println(text: &str) {
    use std::io::Write as _;
    // Nobody has to read it.
    let _ = writeln!(std::io::stdout(), "{text}");
}
