//! The group commit under a scheduler, which decides at each lock, wait and counter who goes on: whatever it decides, the
//! log's promises hold. `SHUTTLE_RANDOM_SEED` repeats the seed that a failure prints.

use std::panic::catch_unwind;
use std::sync::Mutex;

use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner, future, thread};

use super::seeds::seeds;
use super::simulated::Disk;
use super::*;
use crate::wal::Standing;

/// Clients that append at the same time, and requests of each.
const CLIENTS: u64 = 3;
const REQUESTS: u64 = 2;
/// Schedules that are tried from one seed.
const SCHEDULES: usize = 100;
/// Places at which the second kind of scheduler lets another thread go first.
const PREEMPTIONS: usize = 3;

/// What clients saw.
#[derive(Default)]
struct Seen {
    /// Positions in the order in which they became visible.
    visible: Mutex<Vec<u64>>,
    acknowledged: Mutex<Vec<u64>>,
    refused: Mutex<Vec<WalError>>,
    dropped: Mutex<Vec<u64>>,
}

/// What goes wrong in one life of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    None,
    /// The disk stops to sync.
    Sync,
    /// The disk has no more room.
    Full,
    /// A client drops a durable frame instead of publishing it.
    Dropped,
    /// The log is closed while clients append.
    Closed,
}

#[test]
fn no_interleaving_breaks_a_promise_of_the_group_commit() {
    for seed in seeds(10, 1000) {
        let random = RandomScheduler::new_from_seed(seed, SCHEDULES);
        let few = PctScheduler::new_from_seed(seed, PREEMPTIONS, SCHEDULES);
        let held = catch_unwind(|| Runner::new(random, config()).run(one_life));
        assert!(held.is_ok(), "schedules of seed {seed}");
        let held = catch_unwind(|| Runner::new(few, config()).run(one_life));
        assert!(
            held.is_ok(),
            "schedules of seed {seed} with few preemptions: SHUTTLE_RANDOM_SEED={seed}"
        );
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1 << 20;
    config
}

/// Clients, the writing thread, one who releases segments, and a mishap, all at the same time.
fn one_life() {
    let mut random = shuttle::rand::thread_rng();
    let mishap = [
        Mishap::None,
        Mishap::Sync,
        Mishap::Full,
        Mishap::Dropped,
        Mishap::Closed,
    ][random.gen_range(0..5)];
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    let (wal, seen) = (Arc::new(wal), Arc::new(Seen::default()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (wal, seen, disk) = (Arc::clone(&wal), Arc::clone(&seen), Arc::clone(&disk));
            let len = random.gen_range(8..700);
            thread::spawn(move || {
                for number in 0..REQUESTS {
                    let drops = mishap == Mishap::Dropped && client == 0;
                    future::block_on(send(
                        &wal,
                        &seen,
                        &disk,
                        request(client * REQUESTS + number, len),
                        drops,
                    ));
                }
            })
        })
        .collect();
    let others = thread::spawn({
        let (wal, disk) = (Arc::clone(&wal), Arc::clone(&disk));
        move || {
            match mishap {
                Mishap::None | Mishap::Dropped => {}
                Mishap::Sync => disk.fail(|faults| faults.sync_fails = true),
                Mishap::Full => disk.fail(|faults| faults.room_bytes = Some(0)),
                Mishap::Closed => wal.shared.queue.close(),
            }
            // A disk that fails refuses; nothing that is needed is gone all the same.
            let _ = wal.release(|_| Position(1));
            let progress = wal.progress();
            assert!(progress.published <= progress.durable);
        }
    });
    for client in clients {
        client.join().unwrap();
    }
    others.join().unwrap();
    check(&wal, &seen, mishap);
    let Ok(wal) = Arc::try_unwrap(wal) else {
        panic!("everybody is gone")
    };
    wal.close();
}

/// Appends and publishes one request. Whoever is told that it is durable finds it on the disk whose power fails now.
async fn send(wal: &Wal, seen: &Arc<Seen>, disk: &Disk, request: Request, drops: bool) {
    let durable = match wal.append(request).await {
        Ok(durable) => durable,
        Err(error) => return seen.refused.lock().unwrap().push(error),
    };
    let position = durable.position();
    let standing = Standing::of(&*disk.synced()).unwrap().unwrap();
    let released = position == Position(1);
    assert!(
        standing.last >= Some(position) || released,
        "{position} is not on the disk"
    );
    if drops {
        seen.dropped.lock().unwrap().push(position.0);
        return;
    }
    let visible = Arc::clone(seen);
    let published = durable
        .publish(move |position| visible.visible.lock().unwrap().push(position.0))
        .await;
    match published {
        Ok(()) => seen.acknowledged.lock().unwrap().push(position.0),
        Err(error) => seen.refused.lock().unwrap().push(error),
    }
}

fn check(wal: &Wal, seen: &Seen, mishap: Mishap) {
    let visible = seen.visible.lock().unwrap().clone();
    let acknowledged = seen.acknowledged.lock().unwrap().clone();
    let refused = seen.refused.lock().unwrap();
    assert!(
        visible.iter().copied().eq(1..=visible.len() as u64),
        "{mishap:?}: {visible:?} became visible out of order"
    );
    assert!(
        acknowledged.iter().all(|position| visible.contains(position)),
        "{mishap:?}: acknowledged before it was visible"
    );
    let dropped = seen.dropped.lock().unwrap().len();
    let answered = acknowledged.len() + refused.len() + dropped;
    assert_eq!(answered as u64, CLIENTS * REQUESTS, "{mishap:?}: everybody is answered");
    let expected = |error: &WalError| match mishap {
        Mishap::None => false,
        Mishap::Sync => matches!(error, WalError::Poisoned { .. }),
        Mishap::Full => matches!(error, WalError::DiskFull { .. }),
        Mishap::Dropped => matches!(error, WalError::Stalled { .. }),
        Mishap::Closed => matches!(error, WalError::Closed),
    };
    assert!(refused.iter().all(expected), "{mishap:?}: {refused:?}");
    assert_eq!(wal.progress().queued_bytes, 0, "{mishap:?}: all room is given back");
}
