//! Acknowledged telemetry survives the process being killed while it is taken in, and stands once.
//!
//! Some kills fall at random moments; others are aimed: the program, built with the feature `fault-points`, stops at a named
//! stage and is killed there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::company::{pennyspan, seeds, slice};
use crate::readers;
use crate::server::Server;
use sender::{Ledger, RECORDS, Sender};

mod sender;

/// Clients that send at the same time.
const CLIENTS: usize = 8;
/// Requests that are acknowledged in each round before the server is killed.
const ACKNOWLEDGED: usize = 200;
/// Kills at random moments when all are run, and of a slice.
const RANDOM: (usize, usize) = (26, 3);
/// Where a kill can be aimed at.
const STAGES: [&str; 8] = [
    "decode", "append", "fsync", "publish", "fold", "flush", "commit", "swap",
];
/// Kills per stage when all are run, and stages of a slice, each with one kill.
const AIMED: (usize, usize) = (3, 2);
/// How long a stage may take to be reached.
const REACHED_WITHIN: Duration = Duration::from_mins(1);

/// One life of the server.
#[derive(Clone, Debug)]
struct Round {
    /// The stage at which it is killed, and how often that is passed before; none for a random moment.
    aim: Option<(&'static str, u64)>,
    /// How long after enough requests were acknowledged it is killed, or its stage armed.
    more: Duration,
    /// Whether what was not answered is sent again in two halves.
    halved: bool,
}

#[test]
fn acknowledged_records_survive_kill() {
    let mut random = StdRng::seed_from_u64(seeds(&[], 1)[0]);
    let data = tempfile::tempdir().unwrap();
    survive(
        data.path(),
        &(0..RANDOM.1)
            .map(|number| at_random(number, &mut random))
            .collect::<Vec<_>>(),
    );
}

#[test]
#[cfg_attr(
    not(feature = "fault-points"),
    ignore = "aims at stages of a program built with the feature `fault-points`"
)]
fn acknowledged_records_survive_kill_at_every_stage() {
    readers::python();
    let mut random = StdRng::seed_from_u64(seeds(&[], 1)[0]);
    let mut aims: Vec<(&str, u64)> = Vec::new();
    for stage in slice(STAGES.to_vec(), AIMED.1) {
        // Requests pass the first stages often, a flush its own once; the commits of one flush differ by their tables.
        let most_passes = match stage {
            "decode" | "append" | "fsync" | "publish" => 40,
            "commit" => 5,
            _ => 2,
        };
        let kills = if is_whole() { AIMED.0 } else { 1 };
        aims.extend((0..kills).map(|_| (stage, random.random_range(0..most_passes))));
    }
    let mut rounds: Vec<Round> = Vec::new();
    rounds.extend((0..all_or(RANDOM)).map(|number| at_random(number, &mut random)));
    rounds.extend(aims.into_iter().enumerate().map(|(number, aim)| Round {
        aim: Some(aim),
        ..at_random(number, &mut random)
    }));
    rounds.shuffle(&mut random);
    let data = tempfile::tempdir().unwrap();
    let acknowledged = survive(data.path(), &rounds);
    let theirs = readers::readers_agree(data.path());
    for table in ["invocation_facts", "invocations"] {
        stands_once(table, &theirs[table].ids, &acknowledged);
    }
}

fn is_whole() -> bool {
    std::env::var("SLICE").is_ok_and(|slice| slice == "all")
}

fn all_or((all, slice): (usize, usize)) -> usize {
    if is_whole() { all } else { slice }
}

fn at_random(number: usize, random: &mut StdRng) -> Round {
    Round {
        aim: None,
        more: Duration::from_millis(random.random_range(0..700)),
        halved: number % 2 == 1,
    }
}

/// Kills a server over one directory so often, and checks that each acknowledged id stands once in the end; returns the ids.
fn survive(data: &Path, rounds: &[Round]) -> BTreeSet<String> {
    let started = Instant::now();
    let ledger = Ledger::default();
    for (number, round) in rounds.iter().enumerate() {
        send_until_killed(data, number, round, &ledger);
    }
    let last = Server::start(data);
    ledger.send_again(&last.http, true);
    last.stop();
    let (acknowledged, told) = ledger.close();
    let (aimed, count) = (rounds.iter().filter(|round| round.aim.is_some()).count(), rounds.len());
    println(&format!(
        "{count} kills, {aimed} of them aimed, in {} s: {told}",
        started.elapsed().as_secs()
    ));
    assert!(acknowledged.len() >= count * ACKNOWLEDGED * RECORDS);
    compact(data);
    let ours = readers::read_by_ourselves(data);
    for table in ["invocation_facts", "invocations"] {
        stands_once(table, &ours[table].ids, &acknowledged);
    }
    acknowledged
}

/// Sends from every client, and kills the server when enough requests were acknowledged.
fn send_until_killed(data: &Path, number: usize, round: &Round, ledger: &Ledger) {
    let armed = data.join("armed");
    let mut environment = BTreeMap::from([
        ("PENNYSPAN_STORAGE_FLUSH_AGE_MS", "300".to_owned()),
        ("PENNYSPAN_STORAGE_LIVE_FILES", "8".to_owned()),
    ]);
    if let Some((stage, passes)) = round.aim {
        environment.insert("PENNYSPAN_FAULT", format!("{stage}:{passes}:{}", armed.display()));
    }
    let server = Server::start_with(data, &environment);
    ledger.send_again(&server.http, round.halved);
    let (killed, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let address = server.http.clone();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let sender = Sender {
                address: &address,
                killed: &killed,
                ledger,
            };
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                for request in 0.. {
                    if sender.killed.load(Ordering::Acquire) {
                        return;
                    }
                    let id = |n| format!("{number}-{client}-{request}-{n}");
                    if sender.send((0..RECORDS).map(id).collect()) {
                        acknowledged.fetch_add(1, Ordering::AcqRel);
                    }
                }
            });
        }
        let deadline = Instant::now() + Duration::from_mins(2);
        while acknowledged.load(Ordering::Acquire) < ACKNOWLEDGED && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(round.more);
        let mut reached = true;
        if let Some((stage, _)) = round.aim {
            std::fs::write(&armed, "").unwrap();
            reached = server.says(&format!("fault point `{stage}`"), REACHED_WITHIN);
        }
        killed.store(true, Ordering::Release);
        server.kill();
        assert!(reached, "round {number}: {round:?} was not reached");
    });
    if round.aim.is_some() {
        std::fs::remove_file(armed).unwrap();
    }
    assert!(
        acknowledged.into_inner() >= ACKNOWLEDGED,
        "round {number}: too few requests were acknowledged"
    );
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

/// Asserts that a table holds each id that was acknowledged once, and no other.
fn stands_once(table: &str, ids: &BTreeMap<String, usize>, acknowledged: &BTreeSet<String>) {
    let doubled: Vec<_> = ids.iter().filter(|(_, count)| **count != 1).take(3).collect();
    assert!(doubled.is_empty(), "{table} holds more than once: {doubled:?}");
    let lost: Vec<_> = acknowledged.iter().filter(|id| !ids.contains_key(*id)).collect();
    assert!(
        lost.is_empty(),
        "{table} lost {} acknowledged ids, such as {:?}",
        lost.len(),
        lost.first()
    );
    assert_eq!(
        ids.len(),
        acknowledged.len(),
        "{table} holds ids that nobody was told of"
    );
}

/// Says what was measured, where a run shows its output.
fn println(text: &str) {
    use std::io::Write as _;
    // Nobody has to read it.
    let _ = writeln!(std::io::stdout(), "{text}");
}
