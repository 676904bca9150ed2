//! A disk that is full: the program refuses so that senders come again, and goes on by itself when there is room.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::readers;
use crate::server::{Answer, Server, exchange};

/// How long a sender comes again.
const PATIENCE: Duration = Duration::from_mins(2);

/// A small file system, mounted for one test.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn mount(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "a small file system can be mounted");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Where this fails, the folder cannot be removed, and that is seen.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[test]
#[ignore = "mounts a small file system, which needs root; .ci/run is root"]
fn a_full_disk_refuses_and_the_program_recovers_by_itself() {
    let disk = SmallDisk::mount("256m");
    let (data, ballast) = (disk.path().join("data"), disk.path().join("ballast"));
    std::fs::create_dir(&data).unwrap();
    let server = Server::start(&data);
    assert_eq!(send(&server, "before").status, 200);
    server.stop();
    fill(&ballast);
    let server = Server::start(&data);
    let refusal = send(&server, "refused");
    let words = refusal
        .text
        .contains("the disk of the write-ahead log is full; free space and send the request again");
    assert!(
        refusal.status == 503 && refusal.retry_after().is_some() && words,
        "{}",
        refusal.text
    );
    std::fs::remove_file(&ballast).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while send(&server, "after").status != 200 {
        assert!(Instant::now() < deadline, "the program does not recover");
        std::thread::sleep(Duration::from_millis(100));
    }
    server.stop();
    let ids = &readers::read_by_ourselves(&data)["invocation_facts"].ids;
    assert_eq!(
        *ids,
        BTreeMap::from([("after".to_owned(), 1), ("before".to_owned(), 1)])
    );
}

/// Writes until there is no room at all.
fn fill(path: &Path) {
    let mut ballast = std::fs::File::create(path).unwrap();
    while let Ok(written) = ballast.write(&[1; 4096]) {
        assert!(written > 0);
    }
}

fn send(server: &Server, id: &str) -> Answer {
    let record = format!(
        r#"{{"provider":"aws","account":"1","region":"us-east-1","function":"orders","invocation_id":"{id}","start_time":"{}","duration_ms":12.5,"outcome":"ok"}}"#,
        chrono::Utc::now().to_rfc3339()
    );
    exchange(
        &server.http,
        "/v1/invocations",
        "application/x-ndjson",
        record.as_bytes(),
    )
    .unwrap()
}
