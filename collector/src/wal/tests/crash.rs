use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::ledger::Ledger;
use super::simulated::Disk;
use super::*;

/// Lives two lives, each ended by a power failure near `step`, and a third one without.
fn check(step: u64, seed: u64) {
    let case = format!("step {step} seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed << 32 | step);
    let runtime = runtime();
    let mut disk = Disk::new();
    let mut ledger = Ledger::default();
    for life in 0..3 {
        if life < 2 {
            disk.fail_power_at(step + life * random.random_range(0..8));
        }
        let short = random.random_bool(0.5).then(|| random.random_range(1..200));
        disk.fail(|faults| faults.most_written = short);
        match Wal::open(options(), Arc::clone(&disk) as Arc<dyn Directory>) {
            Ok((wal, recovery)) => {
                check_whole(&mut ledger, &wal, &recovery, &case);
                runtime.block_on(ledger.live(&Arc::new(wal), &disk, &mut random));
            }
            Err(error) => assert!(!disk.has_power(), "{case}: {error}"),
        }
        disk = disk.after_power_failure(&mut random);
    }
    let (wal, recovery) = open(&disk);
    check_whole(&mut ledger, &wal, &recovery, &case);
    assert!(ledger.acknowledged.len() > 1, "{case}: the last life has power");
}

fn check_whole(ledger: &mut Ledger, wal: &Wal, recovery: &Recovery, case: &str) {
    assert!(
        !recovery.is_degraded(),
        "{case}: a power failure is no damage: {recovery:?}"
    );
    assert_eq!(ledger.check(wal, recovery, false, false, case), 0, "{case}");
}

#[test]
fn acknowledged_frames_survive_a_power_failure_at_every_step() {
    for step in 0..80 {
        for seed in 0..10 {
            check(step, seed);
        }
    }
}

#[test]
fn acknowledged_frames_survive_kill() {
    for count in 1..40 {
        let disk = Disk::new();
        let (wal, _) = open(&disk);
        accept_each(&wal, 0..count, 90);
        // The process is gone between two calls: nothing is closed, cut or synced any more.
        let found = disk.after_kill();
        drop(wal);
        let (wal, recovery) = open(&found);
        assert_eq!(numbers(&wal), (0..i64::try_from(count).unwrap()).collect::<Vec<_>>());
        assert_eq!(
            (recovery.frame_count, recovery.torn_bytes, recovery.is_degraded()),
            (count, 0, false)
        );
    }
}

#[test]
fn what_was_synced_is_all_that_is_needed() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    for number in 0..40 {
        accept_each(&wal, number..number + 1, 90);
        let expected: Vec<i64> = (0..=i64::try_from(number).unwrap()).collect();
        assert_eq!(numbers(&open(&disk.synced()).0), expected);
    }
}
