use super::simulated::Disk;
use super::*;
use crate::wal::Standing;
use crate::wal::seen::Admission;

#[test]
fn requests_come_back_as_they_were() {
    let disk = Disk::new();
    let (wal, recovery) = open(&disk);
    assert_eq!((recovery.frame_count, recovery.next), (0, Position(1)));
    let requests: Vec<Request> = (0..20)
        .map(|number| {
            request(
                number,
                if number == 9 {
                    5000
                } else {
                    30 * usize::try_from(number).unwrap()
                },
            )
        })
        .collect();
    let runtime = runtime();
    for (request, position) in requests.iter().zip(1..) {
        assert_eq!(
            runtime.block_on(accept(&wal, request.clone())).unwrap(),
            Position(position)
        );
    }
    for from in 0..22 {
        let frames: Vec<Frame> = wal.replay(Position(from)).map(Result::unwrap).collect();
        let expected = requests.iter().zip(1..).filter(|(_, position)| *position >= from);
        assert!(
            frames
                .iter()
                .map(|frame| (&frame.request, frame.position.0))
                .eq(expected),
            "from {from}"
        );
    }
    assert!(wal.progress().segment_count > 3);
}

#[test]
fn positions_go_on_after_each_restart() {
    let disk = Disk::new();
    for life in 0..5 {
        let (wal, recovery) = open(&disk);
        assert_eq!(recovery.next, Position(2 * life + 1));
        accept_each(&wal, 2 * life..2 * life + 2, 8);
        wal.release(|_| Position(u64::MAX)).unwrap();
    }
    assert_eq!(disk.segments().len(), 1, "each start releases what the one before left");
    let above = WalOptions {
        above: Position(500),
        ..options()
    };
    let (_, recovery) = Wal::open(above, disk).unwrap();
    assert_eq!(recovery.next, Position(501));
}

#[test]
fn what_a_log_holds_is_told_beside_the_one_who_writes_it() {
    let disk = Disk::new();
    assert_eq!(Standing::of(&*disk).unwrap(), None);
    let (wal, recovery) = open(&disk);
    let standing = || Standing::of(&*disk).unwrap().unwrap();
    assert_eq!(
        (standing().id, standing().frame_count, standing().last),
        (recovery.id, 0, None)
    );
    accept_each(&wal, 0..7, 900);
    let progress = wal.progress();
    let told = standing();
    assert_eq!((told.frame_count, told.last, told.gap_count), (7, Some(Position(7)), 0));
    assert_eq!(
        (told.segment_count, told.segment_bytes),
        (progress.segment_count as u64, progress.segment_bytes)
    );
}

#[test]
fn a_group_is_synced_once() {
    let disk = Disk::new();
    let (wal, _) = Wal::open(
        WalOptions {
            segment_bytes: 1 << 20,
            ..options()
        },
        disk,
    )
    .unwrap();
    let wal = Arc::new(wal);
    let runtime = runtime();
    let before = wal.progress().sync_count;
    runtime.block_on(async {
        let sent = (0..100).map(|number| {
            let wal = Arc::clone(&wal);
            tokio::spawn(async move { accept(&wal, request(number, 8)).await })
        });
        for answer in sent.collect::<Vec<_>>() {
            answer.await.unwrap().unwrap();
        }
    });
    let progress = wal.progress();
    assert!(
        progress.sync_count - before < 60,
        "{} syncs for 100 requests",
        progress.sync_count - before
    );
    assert_eq!((progress.durable, progress.published), (Position(100), Position(100)));
    assert!(progress.last_sync_unix_nano.is_some());
}

#[test]
fn release_never_removes_what_is_not_flushed() {
    for flushed_default in 0..40 {
        for flushed_other in [0, 7, 22, 40] {
            let disk = Disk::new();
            let (wal, _) = open(&disk);
            accept_each(&wal, 0..40, 150);
            let flushed = |workspace: &Workspace| {
                Position(if workspace.as_str() == "other" {
                    flushed_other
                } else {
                    flushed_default
                })
            };
            wal.release(flushed).unwrap();
            let left: Vec<Position> = replayed(&wal).iter().map(|frame| frame.position).collect();
            for position in (1..=40).map(Position) {
                let workspace = request(position.0 - 1, 8).workspace;
                assert!(
                    left.contains(&position) || position <= flushed(&workspace),
                    "{position} is gone"
                );
            }
            drop(wal);
            let (wal, _) = open(&disk);
            assert!(
                replayed(&wal).iter().map(|frame| frame.position).eq(left),
                "a restart finds the same"
            );
            wal.release(|_| Position(40)).unwrap();
            assert!(
                replayed(&wal).is_empty(),
                "the same is known of segments that were there before"
            );
        }
    }
}

#[test]
fn a_segment_stays_until_its_frames_are_published() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    let runtime = runtime();
    let held = runtime.block_on(wal.append(request(0, 900))).unwrap();
    let later = runtime.block_on(async { (wal.append(request(1, 900)).await, wal.append(request(2, 900)).await) });
    assert_eq!(wal.release(|_| Position(u64::MAX)).unwrap(), 0);
    runtime.block_on(async {
        held.publish(|_| ()).await.unwrap();
        later.0.unwrap().publish(|_| ()).await.unwrap();
        later.1.unwrap().publish(|_| ()).await.unwrap();
    });
    assert_eq!(wal.release(|_| Position(u64::MAX)).unwrap(), 2);
}

#[test]
fn a_repeat_gets_the_first_answer_across_a_restart() {
    let disk = Disk::new();
    let runtime = runtime();
    let answer = |number: u64| Bytes::from(format!("answer to {number}"));
    let now = 1_000;
    {
        let (wal, _) = open(&disk);
        for number in 0..30 {
            let request = request(number, 150);
            let Admission::First(first) = wal.seen().admit(&request.workspace, request.digest, now) else {
                panic!()
            };
            let durable = runtime.block_on(wal.append(request)).unwrap();
            runtime
                .block_on(durable.publish(move |_| first.answer(answer(number))))
                .unwrap();
        }
        assert!(wal.release(|_| Position(15)).unwrap() > 0);
    }
    let (wal, recovery) = open(&disk.after_kill());
    assert!(recovery.frame_count < 30 && !recovery.remembered_damaged);
    for frame in replayed(&wal) {
        let number = u64::try_from(frame.request.received_at_unix_nano).unwrap();
        wal.seen()
            .remember(&frame.request.workspace, frame.request.digest, now, answer(number));
    }
    for number in 0..30 {
        let request = request(number, 150);
        let Admission::Repeat(repeat) = wal.seen().admit(&request.workspace, request.digest, now) else {
            panic!("request {number} was forgotten")
        };
        assert_eq!(runtime.block_on(repeat.answer()), Some(answer(number)));
    }
    assert_eq!(wal.seen().repeats(), 30);
}

#[test]
fn a_damaged_side_file_is_told() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    accept_each(&wal, 0..20, 150);
    wal.release(|_| Position(u64::MAX)).unwrap();
    drop(wal);
    disk.tamper("seen", |bytes| bytes[9] ^= 1);
    let (_, recovery) = open(&disk);
    assert!(recovery.remembered_damaged && recovery.is_degraded());
}

#[test]
fn a_closed_log_refuses_and_has_written_what_waited() {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    accept_each(&wal, 0..3, 8);
    wal.shared.queue.close();
    assert!(matches!(
        runtime().block_on(wal.append(request(4, 8))),
        Err(WalError::Closed)
    ));
    wal.close();
    assert!(disk.content(&disk.segments()[0]).len() < 1000, "the unused end is cut");
    assert_eq!(numbers(&open(&disk).0), [0, 1, 2]);
}
