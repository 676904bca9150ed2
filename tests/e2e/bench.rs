//! Benchmarks run: each prints its figures over a tiny input. How good the figures are is nobody's test.

use std::path::Path;
use std::process::Command;

/// Runs a benchmark and returns what it prints.
fn bench(args: &[&str], directory: Option<&Path>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pennyspan"));
    let elsewhere = tempfile::tempdir().unwrap();
    command
        .arg("bench")
        .args(args)
        .args(directory)
        .current_dir(elsewhere.path());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "bench {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns a figure's median.
fn figure(table: &str, name: &str) -> f64 {
    let padded = format!("{name} ");
    let line = table.lines().find_map(|line| line.trim_start().strip_prefix(&padded));
    let line = line.unwrap_or_else(|| panic!("no figure `{name}` in\n{table}"));
    let median = line.split_whitespace().nth(3).unwrap().replace(',', "");
    median.parse().unwrap()
}

#[test]
fn a_generated_day_is_reported_on_and_shown() {
    let place = tempfile::tempdir().unwrap();
    let day = place.path().join("day");
    let written = bench(
        &["data", "--invocations", "600", "--logs-per-invocation", "1"],
        Some(&day),
    );
    assert!(figure(&written, "on disk") > 0.0);
    let report = bench(&["report", "--runs", "1"], Some(&day));
    assert!(report.contains(": 600 invocations"), "{report}");
    for stage in [
        "report",
        "open",
        "neighbours",
        "judge: measures",
        "judge: error-rate",
        "assemble",
        "write",
    ] {
        assert!(figure(&report, stage) >= 0.0, "{stage}");
    }
    let pages = bench(&["pages", "--runs", "1", "--rate", "1000"], Some(&day));
    for page in ["home", "functions", "function, ", "findings", "trace by id", "setup"] {
        assert!(
            pages.lines().any(|line| line.starts_with(page)),
            "{page} is missing in\n{pages}"
        );
    }
    let again = bench(&["report", "--runs", "1"], Some(&day));
    assert!(
        again.contains(": 600 invocations"),
        "pages leave the directory as it was:\n{again}"
    );
}

#[test]
fn a_generated_day_can_be_imported_from_files() {
    let place = tempfile::tempdir().unwrap();
    let files = place.path().join("files");
    bench(&["data", "--files", "--invocations", "300"], Some(&files));
    let loaded = Command::new(env!("CARGO_BIN_EXE_pennyspan"))
        .args(["import", "--dry-run"])
        .arg(&files)
        .current_dir(place.path())
        .output()
        .unwrap();
    let said = String::from_utf8(loaded.stdout).unwrap();
    assert!(said.contains("logs: 2400 new"), "{said}");
    assert!(!said.contains("rejected"), "{said}");
}

#[test]
fn every_way_in_is_measured() {
    let ways: [&[&str]; 4] = [
        &["--protocol", "grpc", "--encoding", "gzip", "--signal", "spans"],
        &["--protocol", "grpc", "--signal", "logs"],
        &["--protocol", "http", "--encoding", "zstd", "--signal", "spans"],
        &["--protocol", "http", "--signal", "invocations"],
    ];
    for way in ways {
        let small = [
            "ingest",
            "--runs",
            "1",
            "--requests",
            "4",
            "--items",
            "25",
            "--connections",
            "2",
        ];
        let figures = bench(&[&small[..], way].concat(), None);
        assert!(figures.contains("acknowledged"), "{figures}");
        assert!(figure(&figures, "answer, p99") > 0.0);
    }
}

#[test]
fn fold_is_measured() {
    let figures = bench(&["fold", "--invocations", "2500", "--runs", "1"], None);
    assert!(figures.contains("2,"), "{figures}");
    assert!(figure(&figures, "time, all at once") > 0.0);
    assert!(figure(&figures, "time, as they come") > 0.0);
}
