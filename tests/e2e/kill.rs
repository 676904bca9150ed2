//! Acknowledged telemetry survives the process being killed while it is taken in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::company::seeds;
use crate::network::query;
use crate::server::{Server, post};

/// Clients that send at the same time.
const CLIENTS: usize = 8;
/// Requests that are acknowledged in each round before the server is killed.
const ACKNOWLEDGED: usize = 200;
/// Records of each request.
const RECORDS: usize = 4;

/// What clients sent, and what was answered.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeSet<String>,
    unanswered: Vec<Vec<String>>,
}

#[test]
fn acknowledged_records_survive_kill() {
    let rounds: usize = std::env::var("KILL_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let data = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(seeds(&[], 1)[0]);
    let ledger = Mutex::new(Ledger::default());
    for round in 0..rounds {
        let server = Server::start(data.path());
        resend(&server.http, &ledger, round % 2 == 1);
        send_until_killed(
            server,
            round,
            &ledger,
            Duration::from_millis(random.random_range(0..400)),
        );
    }
    let server = Server::start(data.path());
    resend(&server.http, &ledger, true);
    server.stop();
    let ledger = ledger.into_inner().unwrap();
    assert!(ledger.unanswered.is_empty());
    let stored = counts(
        data.path(),
        "SELECT invocation_id AS id, COUNT(*) AS n FROM invocations GROUP BY invocation_id",
    );
    let facts = counts(
        data.path(),
        "SELECT invocation_id AS id, COUNT(DISTINCT content_hash) AS n FROM invocation_facts GROUP BY invocation_id",
    );
    assert!(ledger.acknowledged.len() >= rounds * ACKNOWLEDGED * RECORDS);
    for (what, counted) in [("invocations", stored), ("facts", facts)] {
        let doubled: Vec<_> = counted.iter().filter(|(_, n)| **n != 1).collect();
        assert!(doubled.is_empty(), "{what}: {doubled:?}");
        let ids: BTreeSet<String> = counted.into_keys().collect();
        let lost: Vec<_> = ledger.acknowledged.difference(&ids).collect();
        assert!(
            lost.is_empty(),
            "{what}: {} acknowledged records are lost, such as {:?}",
            lost.len(),
            lost.first()
        );
    }
}

/// Sends from every client, and kills the server some time after enough requests were acknowledged.
fn send_until_killed(server: Server, round: usize, ledger: &Mutex<Ledger>, more: Duration) {
    let (killed, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let address = server.http.clone();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (killed, acknowledged, address) = (&killed, &acknowledged, &address);
            scope.spawn(move || {
                for request in 0.. {
                    if killed.load(Ordering::Acquire) {
                        return;
                    }
                    let ids: Vec<String> = (0..RECORDS)
                        .map(|n| format!("{round}-{client}-{request}-{n}"))
                        .collect();
                    if send(address, &ids, ledger) {
                        acknowledged.fetch_add(1, Ordering::AcqRel);
                    }
                }
            });
        }
        let deadline = Instant::now() + Duration::from_mins(2);
        while acknowledged.load(Ordering::Acquire) < ACKNOWLEDGED && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(more);
        server.kill();
        killed.store(true, Ordering::Release);
    });
    assert!(
        acknowledged.into_inner() >= ACKNOWLEDGED,
        "round {round}: too few requests were acknowledged"
    );
}

/// Sends what was not answered again: the same bytes, or in two halves.
fn resend(address: &str, ledger: &Mutex<Ledger>, halved: bool) {
    let unanswered = std::mem::take(&mut ledger.lock().unwrap().unanswered);
    for ids in unanswered {
        let parts: Vec<&[String]> = if halved {
            ids.chunks(RECORDS / 2).collect()
        } else {
            vec![&ids]
        };
        for part in parts {
            let deadline = Instant::now() + Duration::from_mins(1);
            while !send(address, part, ledger) {
                // As a sender does: what was refused for the moment is sent again.
                ledger
                    .lock()
                    .unwrap()
                    .unanswered
                    .retain(|unanswered| unanswered != part);
                assert!(
                    Instant::now() < deadline,
                    "a request that is sent again is taken in the end"
                );
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// Sends one request and notes what came of it.
fn send(address: &str, ids: &[String], ledger: &Mutex<Ledger>) -> bool {
    let record = |id: &String| {
        format!(
            r#"{{"provider":"aws","account":"1","region":"us-east-1","function":"orders","invocation_id":"{id}","start_time":"2026-10-08T07:30:28Z","duration_ms":12.5,"billed_duration_ms":13,"memory_size_mib":128,"outcome":"ok"}}"#
        )
    };
    let body = ids.iter().map(record).collect::<Vec<_>>().join("\n");
    let answered = post(address, "/v1/invocations", "application/x-ndjson", body.as_bytes()) == Some(200);
    let mut ledger = ledger.lock().unwrap();
    if answered {
        ledger.acknowledged.extend(ids.iter().cloned());
    } else {
        ledger.unanswered.push(ids.to_vec());
    }
    answered
}

fn counts(data: &std::path::Path, sql: &str) -> BTreeMap<String, i64> {
    let rows = query(data, sql);
    let row = |row: &serde_json::Value| (row["id"].as_str().unwrap().to_owned(), row["n"].as_i64().unwrap());
    rows.as_array().unwrap().iter().map(row).collect()
}
