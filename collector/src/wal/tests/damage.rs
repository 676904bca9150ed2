use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::simulated::Disk;
use super::*;
use crate::wal::format::Salt;

/// A closed log of frames 0 to `count`, each a group of its own.
pub(super) fn closed(count: u64) -> Arc<Disk> {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    accept_each(&wal, 0..count, 100);
    wal.close();
    disk
}

/// Where the frames of a segment begin.
pub(super) fn frames(disk: &Disk, segment: &str) -> Vec<usize> {
    let content = disk.content(segment);
    let first = Position(segment[..20].parse().unwrap());
    let salt = Salt::of(WalId::parse(FRESH_ID).unwrap(), first);
    let at = (0..content.len()).filter(|at| crate::wal::format::Prefix::decode(&content[*at..], salt).is_some());
    at.collect()
}

fn range(range: std::ops::Range<i64>, without: i64) -> Vec<i64> {
    range.filter(|number| *number != without).collect()
}

#[test]
fn a_torn_tail_is_cut_and_counted() {
    let disk = closed(5);
    let segment = disk.segments().pop().unwrap();
    let last = *frames(&disk, &segment).last().unwrap();
    let whole = disk.content(&segment).len();
    for left in last + 1..whole {
        let disk = disk.after_kill();
        disk.tamper(&segment, |bytes| bytes[left..].fill(0));
        let (wal, recovery) = open(&disk);
        assert_eq!(numbers(&wal), [0, 1, 2, 3], "{left}");
        assert!(
            recovery.torn_bytes > 0 && recovery.torn_bytes <= (left - last) as u64,
            "{left}: {recovery:?}"
        );
        assert!(!recovery.is_degraded(), "{left}");
        assert!(
            recovery.next > Position(5),
            "{left}: the torn frame may have been seen, so its position is not given again"
        );
        wal.close();
        let (wal, recovery) = open(&disk);
        assert_eq!(
            (numbers(&wal), recovery.torn_bytes),
            (vec![0, 1, 2, 3], 0),
            "{left}: it was cut"
        );
    }
}

#[test]
fn damage_before_the_tail_is_quarantined_and_the_rest_is_read() {
    let disk = closed(7);
    let segment = disk.segments()[0].clone();
    let starts = frames(&disk, &segment);
    let damaged = &disk.content(&segment)[starts[3]..starts[4]];
    for flipped in starts[3]..starts[4] {
        let disk = disk.after_kill();
        disk.tamper(&segment, |bytes| bytes[flipped] ^= 0x10);
        let (wal, recovery) = open(&disk);
        assert_eq!(numbers(&wal), range(0..7, 3), "byte {flipped}");
        assert!(recovery.is_degraded());
        let [damage] = &recovery.damage[..] else {
            panic!("{recovery:?}")
        };
        assert_eq!(damage.bytes, starts[3] as u64..starts[4] as u64);
        assert_eq!((damage.after, damage.before), (Some(Position(3)), Some(Position(5))));
        let copy = disk.content(damage.quarantined.as_deref().unwrap());
        assert_eq!(
            copy.iter()
                .zip(damaged)
                .filter(|(copied, written)| copied != written)
                .count(),
            1
        );
        drop(wal);
        let (wal, again) = open(&disk);
        assert_eq!(
            (numbers(&wal), again.damage),
            (range(0..7, 3), recovery.damage),
            "it stays degraded"
        );
    }
}

#[test]
fn no_flipped_bit_loses_more_than_its_frame_or_gives_a_false_one() {
    let disk = closed(12);
    let whole = numbers(&open(&disk.after_kill()).0);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for case in 0..1500 {
        let disk = disk.after_kill();
        let segments = disk.segments();
        let segment = &segments[random.random_range(0..segments.len())];
        disk.tamper(segment, |bytes| {
            let at = random.random_range(0..bytes.len());
            bytes[at] ^= 1 << random.random_range(0..8);
        });
        let (wal, recovery) = open(&disk);
        let found = replayed(&wal);
        let missing = whole.len() - found.len();
        assert!(
            missing <= 1 && (missing == 0 || recovery.is_degraded() || recovery.torn_bytes > 0),
            "case {case}"
        );
        assert!(
            recovery.is_degraded() || recovery.torn_bytes > 0,
            "case {case}: a flipped bit is never passed over"
        );
        for frame in found {
            let number = u64::try_from(frame.request.received_at_unix_nano).unwrap();
            assert_eq!(frame.request, request(number, 100), "case {case}");
        }
    }
}

#[test]
fn noise_is_read_to_its_end() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..300 {
        let disk = closed(6);
        let segment = disk.segments()[0].clone();
        disk.tamper(&segment, |bytes| {
            let start = random.random_range(0..bytes.len());
            let end = random.random_range(start..bytes.len());
            for byte in &mut bytes[start..end] {
                *byte = if random.random_bool(0.3) { 0xf5 } else { random.random() };
            }
        });
        let (wal, _) = open(&disk);
        accept_each(&wal, 50..52, 100);
        assert!(numbers(&wal).ends_with(&[50, 51]));
    }
}

#[test]
fn a_damaged_head_costs_the_settings_only() {
    let disk = closed(3);
    let segment = disk.segments()[0].clone();
    disk.tamper(&segment, |bytes| bytes[50] ^= 1);
    let (wal, recovery) = open(&disk);
    let frames = replayed(&wal);
    assert_eq!(frames.len(), 3);
    assert!(frames.iter().all(|frame| frame.settings.is_none()));
    assert_eq!(recovery.damage[0].bytes.start, 0);
}

#[test]
fn frames_hidden_in_a_body_are_no_frames() {
    let disk = closed(1);
    let hidden = disk.content(&disk.segments()[0]);
    let id = WalId::parse("fedcba9876543210").unwrap();
    let disk = Disk::new();
    let options = WalOptions {
        fresh_id: id,
        ..options()
    };
    let (wal, _) = Wal::open(options.clone(), Arc::clone(&disk) as Arc<dyn Directory>).unwrap();
    let body = Bytes::from(hidden);
    runtime()
        .block_on(accept(&wal, Request { body, ..request(40, 8) }))
        .unwrap();
    accept_each(&wal, 41..42, 8);
    wal.close();
    let segment = disk.segments()[0].clone();
    let start = disk
        .content(&segment)
        .windows(4)
        .position(|bytes| bytes == crate::wal::format::FRAME_MAGIC)
        .unwrap();
    disk.tamper(&segment, |bytes| bytes[start] ^= 1);
    let (wal, _) = Wal::open(options, Arc::clone(&disk) as Arc<dyn Directory>).unwrap();
    assert_eq!(numbers(&wal), [41]);
}

#[test]
fn unreadable_sectors_are_damage_and_no_reason_not_to_start() {
    let disk = Disk::new();
    let options = WalOptions {
        segment_bytes: 64 << 10,
        ..options()
    };
    let (wal, _) = Wal::open(options.clone(), Arc::clone(&disk) as Arc<dyn Directory>).unwrap();
    accept_each(&wal, 0..60, 400);
    wal.close();
    disk.fail(|faults| faults.unreadable = Some((9000, 9001)));
    let (wal, recovery) = Wal::open(options, Arc::clone(&disk) as Arc<dyn Directory>).unwrap();
    let found = numbers(&wal);
    assert!(found.len() > 40 && found.len() < 60, "{found:?}");
    assert_eq!(found.last(), Some(&59));
    assert_eq!(recovery.damage.len(), 1);
}

#[test]
fn a_newer_format_is_refused_in_words() {
    let disk = closed(1);
    let segment = disk.segments()[0].clone();
    disk.tamper(&segment, |bytes| {
        bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..12]);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    });
    let error = Wal::open(options(), disk).unwrap_err();
    assert_eq!(
        error.to_string(),
        "segment `00000000000000000001.wal` has format 2, and this program knows 1; use the program that wrote it"
    );
}

#[test]
fn a_segment_of_another_log_is_refused() {
    let disk = closed(1);
    disk.tamper("id", |bytes| bytes.copy_from_slice(b"ffffffffffffffff\n"));
    assert!(matches!(Wal::open(options(), disk), Err(WalError::Foreign { .. })));
}

#[test]
fn a_lost_id_is_taken_from_the_segments() {
    let disk = closed(2);
    disk.tamper("id", Vec::clear);
    let fresh_id = WalId::parse("1111111111111111").unwrap();
    let (wal, _) = Wal::open(
        WalOptions { fresh_id, ..options() },
        Arc::clone(&disk) as Arc<dyn Directory>,
    )
    .unwrap();
    assert_eq!(wal.id().to_string(), FRESH_ID);
    assert_eq!(disk.content("id"), b"0123456789abcdef\n");
}

#[test]
fn damage_that_is_new_is_told_and_passed() {
    let disk = closed(7);
    let (wal, _) = open(&disk);
    let segment = disk.segments()[0].clone();
    let start = frames(&disk, &segment)[2];
    disk.tamper(&segment, |bytes| bytes[start + 60] ^= 1);
    let (frames, errors): (Vec<_>, Vec<_>) = wal.replay(Position(0)).partition(Result::is_ok);
    assert_eq!(frames.len(), 6);
    assert!(matches!(errors[..], [Err(WalError::Damaged { .. })]));
}
