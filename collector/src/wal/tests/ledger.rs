//! What the clients and the store know, whatever becomes of the log.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::simulated::Disk;
use super::*;

/// What the clients and the store know, whatever becomes of the log.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) acknowledged: BTreeMap<Position, Request>,
    /// The highest position that was ever acknowledged.
    highest: Position,
    /// The store said that it keeps everything up to here.
    flushed: Position,
    sent: u64,
}

impl Ledger {
    /// One life of the log: groups of several requests, and releases between them.
    pub(super) async fn live(&mut self, wal: &Arc<Wal>, disk: &Disk, random: &mut ChaCha8Rng) {
        for _ in 0..random.random_range(2..5) {
            self.send_together(wal, disk, random).await;
            if random.random_bool(0.4) && !self.acknowledged.is_empty() {
                let nth = random.random_range(0..self.acknowledged.len());
                let flushed = self.acknowledged.keys().nth(nth).copied().unwrap_or_default();
                self.flushed = self.flushed.max(flushed);
                // A disk that fails refuses; what was acknowledged stands all the same.
                let _ = wal.release(|_| self.flushed);
            }
        }
    }

    /// Sends one request, and while the disk is busy with it, others, which become one group: always the same for one seed.
    async fn send_together(&mut self, wal: &Arc<Wal>, disk: &Disk, random: &mut ChaCha8Rng) {
        let requests: Vec<Request> = (0..random.random_range(1..5))
            .map(|_| {
                self.sent += 1;
                request(self.sent, random.random_range(8..700))
            })
            .collect();
        let send = |request: Request| {
            let wal = Arc::clone(wal);
            tokio::spawn(async move { (accept(&wal, request.clone()).await, request) })
        };
        let halted = disk.halt();
        let arrivals = disk.arrivals();
        let mut appending = vec![send(requests[0].clone())];
        while disk.arrivals() == arrivals && !appending[0].is_finished() {
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_micros(20));
        }
        appending.extend(requests[1..].iter().cloned().map(send));
        tokio::task::yield_now().await;
        drop(halted);
        for answer in appending {
            let (position, request) = answer.await.unwrap();
            if let Ok(position) = position {
                self.highest = self.highest.max(position);
                self.acknowledged.insert(position, request);
            }
        }
    }

    /// Checks what a new life of the log gives back: everything that was acknowledged and is not flushed, once and as it was,
    /// and nothing that was never sent. What is missing has to be told as damage, or as torn where bits of the tail were
    /// flipped (`tampered`), or by an opening that failed afterwards (`warned`); returns how much was, and does not ask for it again.
    pub(super) fn check(&mut self, wal: &Wal, recovery: &Recovery, tampered: bool, warned: bool, case: &str) -> usize {
        assert!(
            recovery.next > self.highest,
            "{case}: position {} would be given again: {recovery:?}",
            self.highest
        );
        let (found, unreadable): (Vec<_>, Vec<_>) = wal.replay(Position(0)).partition(Result::is_ok);
        let found: Vec<Frame> = found.into_iter().map(Result::unwrap).collect();
        assert!(
            found.is_sorted_by(|left, right| left.position < right.position),
            "{case}"
        );
        let mut sent: Vec<_> = found.iter().map(|frame| frame.request.digest.0).collect();
        sent.sort_unstable();
        sent.dedup();
        assert_eq!(sent.len(), found.len(), "{case}: a request stands in the log twice");
        let mut lost = Vec::new();
        for (position, request) in &self.acknowledged {
            match found.iter().find(|frame| frame.request.digest == request.digest) {
                Some(frame) => {
                    assert_eq!((frame.position, &frame.request), (*position, request), "{case}");
                    let settings = frame.settings.as_deref();
                    assert!(settings == Some(b"{\"limit\":7}") || recovery.is_degraded(), "{case}");
                }
                None if *position <= self.flushed => {}
                None => lost.push(*position),
            }
        }
        let told = recovery.is_degraded() || !unreadable.is_empty() || warned || (tampered && recovery.torn_bytes > 0);
        assert!(
            lost.is_empty() || told,
            "{case}: {lost:?} are gone, and nothing is told: {recovery:?}"
        );
        for position in &lost {
            self.acknowledged.remove(position);
        }
        lost.len()
    }
}
