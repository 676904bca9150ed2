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

/// A file system of a few MiB, mounted for one test.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "a small file system can be mounted");
        Self { folder }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Where this fails, the folder cannot be removed, and that is seen.
        let _ = std::process::Command::new("umount").arg(self.folder.path()).status();
    }
}

#[test]
#[ignore = "mounts a small file system, which needs root; .ci/run is root"]
fn a_real_disk_that_is_full_refuses_and_recovers_by_itself() {
    let disk = SmallDisk::mount();
    let ballast = disk.folder.path().join("ballast");
    std::fs::write(&ballast, vec![1; 512 << 10]).unwrap();
    let options = WalOptions {
        segment_bytes: 64 << 10,
        ..options()
    };
    let directory = || Arc::new(DiskDirectory::open(disk.folder.path().join("wal")).unwrap());
    let (wal, _) = Wal::open(options.clone(), directory()).unwrap();
    let runtime = runtime();
    let mut accepted = Vec::new();
    let refusal = (0..1000).find_map(|number| {
        let answer = runtime.block_on(accept(&wal, request(number, 4 << 10)));
        accepted.extend(answer.is_ok().then_some(i64::try_from(number).unwrap()));
        answer.err()
    });
    let refusal = refusal.unwrap();
    assert!(
        matches!(refusal, WalError::DiskFull { .. }) && refusal.is_retryable(),
        "{refusal}"
    );
    assert!(accepted.len() > 50, "{}", accepted.len());
    std::fs::remove_file(ballast).unwrap();
    for number in 2000..2020 {
        runtime.block_on(accept(&wal, request(number, 4 << 10))).unwrap();
        accepted.push(i64::try_from(number).unwrap());
    }
    assert_eq!(numbers(&wal), accepted);
    wal.close();
    let (wal, recovery) = Wal::open(options, directory()).unwrap();
    assert_eq!((numbers(&wal), recovery.is_degraded()), (accepted, false));
}
