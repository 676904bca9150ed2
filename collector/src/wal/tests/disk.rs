use super::*;
use crate::wal::DiskDirectory;

#[test]
fn the_real_disk_keeps_frames_across_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("wal");
    let open = || open(&Arc::new(DiskDirectory::open(&path).unwrap()));
    let (wal, _) = open();
    accept_each(&wal, 0..50, 200);
    assert_eq!(numbers(&wal), (0..50).collect::<Vec<_>>());
    assert!(wal.progress().segment_count > 3);
    drop(wal);
    let (wal, recovery) = open();
    assert_eq!(
        (recovery.frame_count, recovery.next, recovery.is_degraded()),
        (50, Position(51), false)
    );
    assert_eq!(numbers(&wal), (0..50).collect::<Vec<_>>());
    assert!(wal.release(|_| Position(50)).unwrap() > 3);
    accept_each(&wal, 50..51, 200);
    drop(wal);
    let first = path.join("00000000000000000051.wal");
    let mut bytes = std::fs::read(&first).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&first, bytes).unwrap();
    let (wal, recovery) = open();
    assert!(replayed(&wal).is_empty());
    assert!(recovery.torn_bytes > 200);
}

#[test]
fn a_segment_is_preallocated() {
    let folder = tempfile::tempdir().unwrap();
    let directory = Arc::new(DiskDirectory::open(folder.path()).unwrap());
    let (wal, _) = Wal::open(
        WalOptions {
            segment_bytes: 1 << 20,
            ..options()
        },
        directory,
    )
    .unwrap();
    accept_each(&wal, 0..1, 8);
    let segment = std::fs::metadata(folder.path().join("00000000000000000001.wal")).unwrap();
    assert_eq!(segment.len(), 1 << 20);
    assert!(std::os::unix::fs::MetadataExt::blocks(&segment) * 512 >= 1 << 20);
}
