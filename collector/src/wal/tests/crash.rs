use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::simulated::Disk;
use super::*;

/// What the clients and the store know, whatever becomes of the log.
#[derive(Default)]
struct Ledger {
    acknowledged: Vec<(Position, Request)>,
    /// The store said that it keeps everything up to here.
    flushed: Position,
    sent: u64,
}

impl Ledger {
    /// One life of the log: groups of several requests, and releases between them.
    async fn live(&mut self, wal: &Arc<Wal>, random: &mut ChaCha8Rng) {
        for _ in 0..random.random_range(2..5) {
            let appending: Vec<_> = (0..random.random_range(1..5))
                .map(|_| {
                    self.sent += 1;
                    let request = request(self.sent, random.random_range(8..700));
                    let wal = Arc::clone(wal);
                    // Tasks of one thread: all requests are in the queue before the first answer is looked at.
                    tokio::spawn(async move { (accept(&wal, request.clone()).await, request) })
                })
                .collect();
            for answer in appending {
                let (position, request) = answer.await.unwrap();
                self.acknowledged
                    .extend(position.ok().map(|position| (position, request)));
            }
            if random.random_bool(0.4) && !self.acknowledged.is_empty() {
                let flushed = self.acknowledged[random.random_range(0..self.acknowledged.len())].0;
                self.flushed = self.flushed.max(flushed);
                // A disk without power refuses; what was acknowledged stands all the same.
                let _ = wal.release(|_| self.flushed);
            }
        }
    }

    fn check(&self, wal: &Wal, recovery: &Recovery, case: &str) {
        assert!(
            !recovery.is_degraded(),
            "{case}: a power failure is no damage: {recovery:?}"
        );
        let highest = self
            .acknowledged
            .iter()
            .map(|(position, _)| *position)
            .max()
            .unwrap_or_default();
        assert!(
            recovery.next > highest,
            "{case}: position {highest} would be given again"
        );
        let found = replayed(wal);
        assert!(
            found.is_sorted_by(|left, right| left.position < right.position),
            "{case}"
        );
        for (position, request) in &self.acknowledged {
            let same: Vec<_> = found
                .iter()
                .filter(|frame| frame.request.digest == request.digest)
                .collect();
            if same.is_empty() && *position <= self.flushed {
                continue;
            }
            assert_eq!(same.len(), 1, "{case}: the request at {position}");
            assert_eq!((same[0].position, &same[0].request), (*position, request), "{case}");
            assert_eq!(same[0].settings.as_deref(), Some(&b"{\"limit\":7}"[..]), "{case}");
        }
    }
}

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
                ledger.check(&wal, &recovery, &case);
                runtime.block_on(ledger.live(&Arc::new(wal), &mut random));
            }
            Err(error) => assert!(life < 2, "{case}: {error}"),
        }
        disk = disk.after_power_failure(&mut random);
    }
    let (wal, recovery) = open(&disk);
    ledger.check(&wal, &recovery, &case);
    assert!(ledger.acknowledged.len() > 1, "{case}: the last life has power");
}

#[test]
fn acknowledged_frames_survive_a_power_failure_at_every_step() {
    for step in 0..80 {
        for seed in 0..25 {
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
