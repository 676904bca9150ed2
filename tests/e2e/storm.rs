//! Ten times as much as the program can take: its memory stays under a cap that the operating system enforces, every refusal is
//! worth sending again, and what was acknowledged is there afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::company::pennyspan;
use crate::server::{ANYWHERE, Server};

/// The most memory that may be resident, in MiB; also the most that the process may have as data, by `RLIMIT_DATA`.
const CAP_MIB: u64 = 768;
/// The address space that the process may have, by `RLIMIT_AS`: stacks of threads and arenas of the allocator are reserved in
/// full, and used in small part.
const ADDRESSES_MIB: u64 = 3072;
/// What the server is told to keep within: rows in memory, and bytes of requests in flight.
const BUDGET: [(&str, u64); 3] = [
    ("PENNYSPAN_STORAGE_HOT_BYTES", 128 << 20),
    ("PENNYSPAN_STORAGE_FLUSH_BYTES", 32 << 20),
    ("PENNYSPAN_SERVE_INFLIGHT_BYTES", 32 << 20),
];
/// Spans of a request.
const ITEMS: u64 = 200;

/// Starts a server that the operating system gives no more than so much, and the first core.
pub fn capped(data: &Path, environment: &BTreeMap<&str, String>, cap_mib: u64) -> Server {
    let mut shell = Command::new("sh");
    let limits = format!(
        "ulimit -v {} && ulimit -d {} && exec taskset -c 0 \"$@\"",
        ADDRESSES_MIB << 10,
        cap_mib << 10
    );
    shell.args(["-c", &limits, "sh", env!("CARGO_BIN_EXE_pennyspan")]);
    Server::start_by(shell, data, environment, ANYWHERE)
}

/// Returns how much memory of a process is resident now, in MiB.
pub fn resident_mib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kib| kib >> 10)
}

/// Sends a load from the core that the server has not, and returns its figures by name: the last column of each.
fn load(server: &Server, flags: &[&str]) -> (BTreeMap<String, f64>, String) {
    let target = format!("http://{}", server.http);
    let items = ITEMS.to_string();
    let last = std::thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
    let program = env!("CARGO_BIN_EXE_pennyspan");
    let output = Command::new("taskset")
        .args([
            "-c",
            &last.to_string(),
            program,
            "loadgen",
            "--target",
            &target,
            "--items",
            &items,
        ])
        .args(flags)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let figure = |line: &str| {
        let value = line.split_whitespace().last()?.replace(',', "").parse().ok()?;
        Some((line.split("  ").next()?.to_owned(), value))
    };
    (text.lines().filter_map(figure).collect(), text)
}

#[test]
fn a_storm_is_refused_within_the_memory_cap_and_nothing_acknowledged_is_lost() {
    let seconds = std::env::var("STORM_SECONDS").unwrap_or_else(|_| "4".to_owned());
    let data = tempfile::tempdir().unwrap();
    let environment = BUDGET.map(|(name, bytes)| (name, bytes.to_string()));
    let server = capped(data.path(), &environment.into(), CAP_MIB);
    let (calm, _) = load(&server, &["--seconds", &seconds, "--connections", "4"]);
    let most = calm["acknowledged spans"];

    let (id, ended, worst_mib) = (server.id(), AtomicBool::new(false), AtomicU64::new(0));
    let (storm, said) = std::thread::scope(|scope| {
        let (ended, worst_mib) = (&ended, &worst_mib);
        scope.spawn(move || {
            while !ended.load(Ordering::Acquire) {
                worst_mib.fetch_max(resident_mib(id).unwrap_or_default(), Ordering::AcqRel);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate")]
        let rate = (most * 10.0).max(10.0) as u64;
        let stormed = load(
            &server,
            &[
                "--seconds",
                &seconds,
                "--connections",
                "400",
                "--rate",
                &rate.to_string(),
            ],
        );
        ended.store(true, Ordering::Release);
        stormed
    });
    let worst_mib = worst_mib.into_inner();
    eprintln!(
        "calm: {most:.0} spans/s; storm: {:.0} offered, {:.0} acknowledged spans/s, {:.0} % of the calm; at most {worst_mib} MiB of {CAP_MIB}",
        storm["offered spans"],
        storm["acknowledged spans"],
        storm["acknowledged spans"] * 100.0 / most,
    );
    assert!((1..CAP_MIB).contains(&worst_mib), "{worst_mib} MiB were resident");
    for never in ["refused for good", "lost"] {
        assert!(storm[never] < 0.5, "{said}");
    }
    assert!(storm["refused for the moment"] > 0.5, "it was no storm: {said}");
    server.stop();

    let sql = "SELECT COUNT(*) AS spans, COUNT(DISTINCT span_id) AS ids FROM spans";
    let output = pennyspan(&[
        "query",
        sql,
        "--data",
        data.path().to_str().unwrap(),
        "--format",
        "ndjson",
    ]);
    let row: BTreeMap<String, u64> = serde_json::from_slice(&output.stdout).unwrap();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    let acknowledged = (calm["acknowledged"] + storm["acknowledged"]) as u64 * ITEMS;
    assert_eq!((row["spans"], row["ids"]), (acknowledged, acknowledged));
}
