use std::io;

use super::simulated::Disk;
use super::*;

#[test]
fn a_full_disk_refuses_and_recovers_when_space_returns() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    let used = 2 * 2048 + (64 << 10) + 100;
    disk.fail(|faults| faults.room_bytes = Some(used));
    let runtime = runtime();
    let mut answers: Vec<_> = (0..40)
        .map(|number| runtime.block_on(accept(&wal, request(number, 200))))
        .collect();
    let refused = answers.iter().position(Result::is_err).unwrap();
    assert!(
        refused > 2
            && answers[refused..]
                .iter()
                .all(|answer| matches!(answer, Err(WalError::DiskFull { .. })))
    );
    assert!(answers.pop().unwrap().unwrap_err().is_retryable());
    disk.fail(|faults| faults.room_bytes = None);
    accept_each(&wal, 90..92, 200);
    let expected: Vec<i64> = (0..i64::try_from(refused).unwrap()).chain(90..92).collect();
    assert_eq!(numbers(&wal), expected);
    assert_eq!(
        wal.progress().durable,
        Position(expected.len() as u64),
        "a refused frame takes no position"
    );
    wal.close();
    let (wal, recovery) = open(&disk);
    assert_eq!((numbers(&wal), recovery.is_degraded()), (expected, false));
}

#[test]
fn a_full_disk_can_be_emptied_by_release() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    disk.fail(|faults| faults.room_bytes = Some(2 * 2048 + (64 << 10) + 100));
    let runtime = runtime();
    while runtime.block_on(accept(&wal, request(1, 200))).is_ok() {}
    assert_eq!(wal.release(|_| Position(u64::MAX)).unwrap(), 1);
    runtime.block_on(accept(&wal, request(2, 200))).unwrap();
}

#[test]
fn opening_on_a_full_disk_succeeds_and_appending_waits_for_space() {
    let disk = Disk::new();
    open(&disk).0.close();
    disk.fail(|faults| faults.room_bytes = Some(0));
    let (wal, _) = open(&disk);
    let runtime = runtime();
    assert!(matches!(
        runtime.block_on(wal.append(request(1, 8))),
        Err(WalError::DiskFull { .. })
    ));
    disk.fail(|faults| faults.room_bytes = None);
    runtime.block_on(accept(&wal, request(1, 8))).unwrap();
}

#[test]
fn a_write_that_finds_no_room_leaves_no_trace() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    let runtime = runtime();
    accept_each(&wal, 0..2, 100);
    disk.fail(|faults| faults.write_fails = Some(io::ErrorKind::StorageFull));
    let refused = runtime.block_on(wal.append(request(70, 600)));
    assert!(matches!(refused, Err(WalError::DiskFull { .. })));
    disk.fail(|faults| faults.write_fails = None);
    accept_each(&wal, 2..4, 100);
    let found = disk.after_kill();
    let (wal, recovery) = open(&found);
    assert_eq!(numbers(&wal), [0, 1, 2, 3]);
    assert_eq!((recovery.torn_bytes, recovery.is_degraded()), (0, false));
}

#[test]
fn a_failed_fsync_poisons() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    accept_each(&wal, 0..1, 8);
    disk.fail(|faults| faults.sync_fails = true);
    let runtime = runtime();
    assert!(matches!(
        runtime.block_on(wal.append(request(1, 8))),
        Err(WalError::Poisoned { .. })
    ));
    disk.fail(|faults| faults.sync_fails = false);
    let steps = disk.steps();
    let error = runtime.block_on(wal.append(request(2, 8))).unwrap_err();
    assert!(matches!(error, WalError::Poisoned { .. }) && !error.is_retryable());
    assert_eq!(disk.steps(), steps, "the disk is left alone");
    assert!(matches!(wal.progress().stopped, Some(WalError::Poisoned { .. })));
    assert_eq!(wal.progress().durable, Position(1));
}

#[test]
fn a_failed_write_poisons() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    disk.fail(|faults| faults.write_fails = Some(io::ErrorKind::Other));
    let runtime = runtime();
    assert!(matches!(
        runtime.block_on(wal.append(request(1, 8))),
        Err(WalError::Poisoned { .. })
    ));
    disk.fail(|faults| faults.write_fails = None);
    assert!(matches!(
        runtime.block_on(wal.append(request(1, 8))),
        Err(WalError::Poisoned { .. })
    ));
}

#[test]
fn requests_beyond_the_queue_are_refused() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    let runtime = runtime();
    let too_large = runtime.block_on(wal.append(request(1, 64 << 10))).unwrap_err();
    assert!(matches!(too_large, WalError::TooLarge { .. }) && !too_large.is_retryable());
    let long = Door {
        resource: Some("x".repeat(65 << 10)),
        instance: None,
    };
    let too_large = runtime
        .block_on(wal.append(Request {
            door: long,
            ..request(1, 8)
        }))
        .unwrap_err();
    assert!(matches!(too_large, WalError::TooLarge { .. }));
    let wal = Arc::new(wal);
    let answers = runtime.block_on(async {
        let halted = disk.halt();
        let sent = (0..200).map(|number| {
            let wal = Arc::clone(&wal);
            tokio::spawn(async move { accept(&wal, request(number, 30 << 10)).await })
        });
        let sent: Vec<_> = sent.collect();
        while !sent.iter().any(tokio::task::JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        drop(halted);
        let mut answers = Vec::new();
        for answer in sent {
            answers.push(answer.await.unwrap());
        }
        answers
    });
    assert!(
        answers
            .iter()
            .any(|answer| matches!(answer, Err(WalError::Full { .. })))
    );
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(numbers(&wal).len(), accepted);
    assert_eq!(wal.progress().queued_bytes, 0);
}
