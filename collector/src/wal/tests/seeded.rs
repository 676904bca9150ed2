//! Seeded faults at the seam: lost writes, short writes, EIO, ENOSPC and flipped bits, in every life of a log.
//!
//! `FAULT_SEED` repeats the seed that a failure prints.

use std::collections::BTreeMap;
use std::io::Write as _;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::ledger::Ledger;
use super::seeds::{is_whole, seeds};
use super::simulated::{Disk, Fault};
use super::*;

/// Lives of one log; the last one has a disk without faults.
const LIVES: usize = 5;

/// What came of the seeds.
#[derive(Default)]
struct Tally {
    injected: BTreeMap<Fault, u64>,
    acknowledged: usize,
    /// Frames that flipped bits or unreadable bytes cost, each of which was told.
    told: usize,
    /// Openings that a failing disk refused.
    refused: usize,
}

#[test]
fn seeded_faults_lose_nothing_in_silence() {
    let mut tally = Tally::default();
    for seed in seeds(200, 10_000) {
        lives(seed, &mut tally);
    }
    let told: Vec<String> = tally
        .injected
        .iter()
        .map(|(fault, count)| format!("{count} {fault}"))
        .collect();
    let _ = writeln!(
        std::io::stdout(),
        "{} frames acknowledged, {} lost and told, {} openings refused; injected: {}",
        tally.acknowledged,
        tally.told,
        tally.refused,
        told.join(", ")
    );
    if is_whole() {
        for fault in Fault::ALL {
            let count = tally.injected.get(&fault).copied().unwrap_or(0);
            assert!(count >= 100, "only {count} {fault}");
        }
    }
}

fn lives(seed: u64, tally: &mut Tally) {
    let case = format!("FAULT_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let runtime = runtime();
    let (mut disk, mut ledger, mut tampered, mut warned) = (Disk::new(), Ledger::default(), false, false);
    for life in 0..LIVES {
        let last = life + 1 == LIVES;
        if !last {
            disk.fail_by_chance(&mut random);
        }
        let opened = Wal::open(options(), Arc::clone(&disk) as Arc<dyn Directory>);
        // Opening cuts what was torn and warns, so only the first opening after bits were flipped can tell it as such.
        let was_tampered = std::mem::take(&mut tampered);
        let kept = match opened {
            Ok((wal, recovery)) => {
                tally.told += ledger.check(&wal, &recovery, was_tampered, warned, &case);
                warned = false;
                let wal = Arc::new(wal);
                runtime.block_on(ledger.live(&wal, &disk, &mut random));
                // Some lives end by a crash, and others in order.
                random.random_bool(0.5).then_some(wal)
            }
            Err(error) => {
                assert!(!last, "{case}: {error}");
                tampered = was_tampered;
                warned |= was_tampered;
                tally.refused += 1;
                None
            }
        };
        let found = disk.after_power_failure(&mut random);
        drop(kept);
        disk = found;
        if random.random_bool(0.3) {
            disk.flip_bit(&mut random);
            tampered = true;
        }
    }
    let (wal, recovery) = open(&disk);
    tally.told += ledger.check(&wal, &recovery, tampered, warned, &case);
    tally.acknowledged += ledger.acknowledged.len();
    for (fault, count) in disk.injected() {
        *tally.injected.entry(fault).or_default() += count;
    }
}
