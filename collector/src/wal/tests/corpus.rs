//! The corpus of damaged logs under `fixtures/damaged-logs`: each folder is a log as a crash, a disk or a hand left it, with
//! `must.json`, which says in words what it is and what opening it must give. `BLESS=1` writes the corpus anew.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::damage::{closed, frames};
use super::simulated::Disk;
use super::*;
use crate::wal::DiskDirectory;
use crate::wal::format::{HEAD_BYTES, PREFIX_BYTES, Prefix, Salt, header_checksum};

/// The first segment of every log of the corpus.
const FIRST: &str = "00000000000000000001.wal";

/// One damaged log, and what opening it must give.
struct Case {
    name: &'static str,
    what: &'static str,
    disk: Arc<Disk>,
    must: Value,
}

/// Returns what opening must give where it succeeds: the requests that are read back, whether a torn end was cut, and the last
/// position before and the first behind each range that is damaged.
fn opens(frames: &[i64], torn: bool, damage: &[(Option<u64>, Option<u64>)]) -> Value {
    json!({ "frames": frames, "torn": torn, "damage": damage, "remembered_damaged": false })
}

fn refuses(sentence: &str) -> Value {
    json!({ "refused": sentence })
}

/// A log of frames 0 to 4, changed.
fn changed(change: impl FnOnce(&mut Vec<u8>, &[usize])) -> Arc<Disk> {
    let disk = closed(5);
    let starts = frames(&disk, FIRST);
    disk.tamper(FIRST, |bytes| change(bytes, &starts));
    disk
}

/// A log whose requests 1 to 3 were written as one group, changed.
fn grouped(change: impl FnOnce(&mut Vec<u8>, &[usize])) -> Arc<Disk> {
    let disk = Disk::new();
    let (wal, _) = open(&disk);
    let wal = Arc::new(wal);
    runtime().block_on(async {
        let send = |number| {
            let wal = Arc::clone(&wal);
            tokio::spawn(async move { accept(&wal, request(number, 100)).await.unwrap() })
        };
        let halted = disk.halt();
        let arrivals = disk.arrivals();
        let first = send(0);
        while disk.arrivals() == arrivals {
            tokio::task::yield_now().await;
        }
        let group = [1, 2, 3].map(send);
        tokio::task::yield_now().await;
        drop(halted);
        first.await.unwrap();
        for sent in group {
            sent.await.unwrap();
        }
    });
    drop(wal);
    let starts = frames(&disk, FIRST);
    disk.tamper(FIRST, |bytes| change(bytes, &starts));
    disk
}

fn newer_format(bytes: &mut [u8]) {
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..12]);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
}

/// Gives the frame at `start` a kind that no program knows, with checksums that hold.
fn unknown_kind(bytes: &mut [u8], start: usize) {
    let salt = Salt::of(WalId::parse(FRESH_ID).unwrap(), Position(1));
    let mut prefix = Prefix::decode(&bytes[start..], salt).unwrap();
    let header = start + PREFIX_BYTES..start + PREFIX_BYTES + prefix.header_bytes as usize;
    bytes[header.start..header.start + 2].copy_from_slice(&999_u16.to_le_bytes());
    prefix.header_checksum = header_checksum(&bytes[header], salt);
    bytes[start..start + PREFIX_BYTES].copy_from_slice(&prefix.encode(salt));
}

fn noise(bytes: &mut [u8]) {
    let mut state = 0x9e37_u32;
    for byte in bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = state.to_be_bytes()[0];
    }
}

fn torn() -> Vec<Case> {
    let case = |name, what, disk, must| Case { name, what, disk, must };
    vec![
        case(
            "torn-payload",
            "the last frame's second half never reached the disk",
            changed(|bytes, starts| bytes[starts[4] + 150..].fill(0)),
            opens(&[0, 1, 2, 3], true, &[]),
        ),
        case(
            "cut-short",
            "the file ends in the last frame's prefix",
            changed(|bytes, starts| bytes.truncate(starts[4] + 7)),
            opens(&[0, 1, 2, 3], true, &[]),
        ),
        case(
            "torn-group",
            "of the last group, the frame in the middle never reached the disk",
            grouped(|bytes, starts| bytes[starts[2]..starts[3]].fill(0)),
            opens(&[0, 1, 3], true, &[]),
        ),
        case(
            "never-begun",
            "the segment was created and nothing was written to it",
            changed(|bytes, starts| bytes[starts[0]..].fill(0)),
            opens(&[], false, &[]),
        ),
        case(
            "empty-file",
            "the segment has no bytes at all",
            changed(|bytes, _| bytes.clear()),
            opens(&[], false, &[]),
        ),
    ]
}

fn damaged() -> Vec<Case> {
    let case = |name, what, disk, must| Case { name, what, disk, must };
    let third = opens(&[0, 1, 3, 4], false, &[(Some(2), Some(4))]);
    vec![
        case(
            "flipped-payload-bit",
            "one bit of the third frame's body is another",
            changed(|bytes, starts| bytes[starts[3] - 1] ^= 1),
            third.clone(),
        ),
        case(
            "flipped-header-bit",
            "one bit of the third frame's header is another",
            changed(|bytes, starts| bytes[starts[2] + PREFIX_BYTES + 9] ^= 0x40),
            third.clone(),
        ),
        case(
            "flipped-length-bit",
            "the third frame says that it is much longer",
            changed(|bytes, starts| bytes[starts[2] + 10] ^= 1),
            third,
        ),
        case(
            "noise",
            "the second to fourth frame are overwritten by noise",
            changed(|bytes, starts| noise(&mut bytes[starts[1]..starts[4]])),
            opens(&[0, 4], false, &[(Some(1), Some(5))]),
        ),
        case(
            "damaged-head",
            "one bit of the settings in the head is another: the frames are read without them",
            changed(|bytes, _| bytes[HEAD_BYTES + 1] ^= 1),
            opens(&[0, 1, 2, 3, 4], false, &[(None, Some(1))]),
        ),
        case(
            "zeros-within",
            "a page of the file came back as zeros before later groups",
            changed(|bytes, starts| bytes[starts[1]..starts[3]].fill(0)),
            opens(&[0, 3, 4], false, &[(Some(1), Some(4))]),
        ),
    ]
}

fn strange() -> Vec<Case> {
    let case = |name, what, disk, must| Case { name, what, disk, must };
    let lost_id = closed(2);
    lost_id.tamper("id", Vec::clear);
    let no_id = changed(|bytes, _| bytes[3] ^= 1);
    no_id.tamper("id", Vec::clear);
    let foreign = closed(1);
    foreign.tamper("id", |bytes| bytes.copy_from_slice(b"ffffffffffffffff\n"));
    let remembered = Disk::new();
    let (wal, _) = open(&remembered);
    accept_each(&wal, 0..9, 300);
    wal.release(|_| Position(u64::MAX)).unwrap();
    drop(wal);
    remembered.tamper("seen", |bytes| bytes[9] ^= 1);
    vec![
        case(
            "lost-id",
            "the file `id` is empty; the segments name the log",
            lost_id,
            opens(&[0, 1], false, &[]),
        ),
        case(
            "no-id",
            "the file `id` is empty and the only head is damaged",
            no_id,
            refuses("neither the file `id` nor any segment names the log's id; restore the file from a backup"),
        ),
        case(
            "another-log",
            "the segment belongs to another log than the file `id` names",
            foreign,
            refuses(
                "segment `00000000000000000001.wal` belongs to log 0123456789abcdef at position 1, not \
                 ffffffffffffffff at 1; move it out of this directory",
            ),
        ),
        case(
            "newer-format",
            "a later program wrote the segment",
            changed(|bytes, _| newer_format(bytes)),
            refuses(
                "segment `00000000000000000001.wal` has format 2, and this program knows 1; use the program that wrote it",
            ),
        ),
        case(
            "unknown-kind",
            "a whole frame holds a request of a kind that only a later program knows",
            changed(|bytes, starts| unknown_kind(bytes, starts[2])),
            refuses(
                "segment `00000000000000000001.wal` holds a frame with kind 999, unknown to this program; use the one that \
                 wrote it",
            ),
        ),
        case(
            "forgotten-requests",
            "one bit of what is remembered of released segments is another",
            remembered,
            json!({ "frames": [8], "torn": false, "damage": [], "remembered_damaged": true }),
        ),
    ]
}

fn cases() -> impl Iterator<Item = Case> {
    torn().into_iter().chain(damaged()).chain(strange())
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/damaged-logs")
}

/// The files of a case; room that is only taken is left out.
fn files(case: &Case) -> Vec<(String, Vec<u8>)> {
    let must = json!({ "what": case.what, "must": case.must });
    let must = serde_json::to_string_pretty(&must).unwrap() + "\n";
    let stored = case.disk.names().into_iter().filter(|name| name != "seen.spare");
    let files = stored.map(|name| (name.clone(), case.disk.content(&name)));
    files.chain([("must.json".to_owned(), must.into_bytes())]).collect()
}

/// Asserts that the corpus is what its recipe makes, or makes it so.
fn bless_or_compare() {
    let bless = std::env::var("BLESS").is_ok();
    if bless && corpus().exists() {
        std::fs::remove_dir_all(corpus()).unwrap();
    }
    for case in cases() {
        let folder = corpus().join(case.name);
        if bless {
            std::fs::create_dir_all(&folder).unwrap();
        }
        for (name, content) in files(&case) {
            let path = folder.join(&name);
            if bless {
                std::fs::write(&path, &content).unwrap();
            }
            assert!(
                std::fs::read(&path).is_ok_and(|found| found == content),
                "{} is stale: run `just bless`",
                path.display()
            );
        }
    }
    let folders = std::fs::read_dir(corpus()).unwrap().count();
    assert_eq!(folders, cases().count(), "every folder of the corpus has its recipe");
}

#[test]
fn every_damaged_log_gives_what_it_must() {
    bless_or_compare();
    for entry in std::fs::read_dir(corpus()).unwrap() {
        let folder = entry.unwrap().path();
        let log = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), log.path().join(file.file_name())).unwrap();
        }
        let told: Value = serde_json::from_slice(&std::fs::read(folder.join("must.json")).unwrap()).unwrap();
        let case = folder.file_name().unwrap().display();
        assert_eq!(given(log.path()), told["must"], "{case}: {}", told["what"]);
        if told["must"]["refused"].is_null() {
            let again = given(log.path());
            let (frames, damage) = (&told["must"]["frames"], &told["must"]["damage"]);
            assert_eq!(
                (&again["frames"], &again["damage"]),
                (frames, damage),
                "{case}: a second time"
            );
            assert_eq!(again["torn"], false, "{case}: what was torn is cut");
        }
    }
}

/// Opens a log and says what came of it, as `must.json` does.
fn given(log: &Path) -> Value {
    let directory = Arc::new(DiskDirectory::open(log).unwrap());
    let (wal, recovery) = match Wal::open(options(), directory) {
        Ok(opened) => opened,
        Err(error) => return refuses(&error.to_string()),
    };
    for damage in &recovery.damage {
        let copy = log.join(damage.quarantined.as_deref().unwrap());
        let len = std::fs::metadata(copy).unwrap().len();
        assert_eq!(len, damage.bytes.end - damage.bytes.start, "all of it is kept aside");
    }
    let damage = recovery.damage.iter().map(|damage| {
        let position = |position: Option<Position>| position.map(|position| position.0);
        (position(damage.after), position(damage.before))
    });
    json!({
        "frames": numbers(&wal),
        "torn": recovery.torn_bytes > 0,
        "damage": damage.collect::<Vec<_>>(),
        "remembered_damaged": recovery.remembered_damaged,
    })
}
