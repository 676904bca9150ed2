//! A generated company: its telemetry as files, and reports on it through the program itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pennyspan_fixtures::{File, Scenario, Telemetry, Truth, generate};
use serde_json::Value;
use tempfile::TempDir;

use crate::broken::broken;

/// A company's telemetry in a directory of its own.
pub struct Company {
    pub telemetry: Telemetry,
    pub directory: TempDir,
}

impl Company {
    /// Generates the telemetry and writes it as files of several formats.
    pub fn of(scenario: &Scenario) -> Self {
        let telemetry = generate(scenario);
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &telemetry.files());
        Self { telemetry, directory }
    }

    /// Asks the program for the JSON report over the files, with more flags.
    pub fn report(&self, flags: &[&str]) -> Value {
        let mut all = window_flags(&self.telemetry.truth);
        all.extend(flags.iter().map(ToString::to_string));
        report(
            self.directory.path(),
            &all.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }
}

/// A directory of a test's own, with files beside each other.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and returns its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Returns the exit code of a report as JSON, and what it says.
pub fn judged(from: &str, flags: &[&str]) -> (i32, Value) {
    let mut arguments = vec!["report", "--from", from, "-o", "json", "--quiet"];
    arguments.extend(flags);
    let output = pennyspan(&arguments);
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), follows_schema(report))
}

/// Writes files below a directory.
pub fn write(directory: &Path, files: &[File]) {
    for file in files {
        let path = directory.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.body).unwrap();
    }
}

/// Returns the flags that ask for the window of the truth.
pub fn window_flags(truth: &Truth) -> Vec<String> {
    ["--since", &truth.window.start, "--until", &truth.window.end]
        .map(str::to_owned)
        .to_vec()
}

/// Runs the program in an empty directory, without the environment's configuration.
pub fn pennyspan(arguments: &[&str]) -> Output {
    pennyspan_with(arguments, &[])
}

/// Runs the program with variables in its environment.
pub fn pennyspan_with(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pennyspan"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PENNYSPAN_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(nowhere.path())
        .output()
        .unwrap()
}

/// Returns the JSON report over a path; the program must not fail but through its gate.
pub fn report(from: &Path, flags: &[&str]) -> Value {
    let mut arguments = vec!["report", "--from", from.to_str().unwrap(), "-o", "json", "--quiet"];
    arguments.extend(flags);
    let output = pennyspan(&arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{:?}: {said}",
        output.status
    );
    follows_schema(serde_json::from_slice(&output.stdout).unwrap())
}

/// Returns a report that follows the published schema.
pub fn follows_schema(report: Value) -> Value {
    let schema: Value = serde_json::from_str(pennyspan_analyzer::report::SCHEMA).unwrap();
    assert_eq!(broken(&schema, &schema, &report, "report"), Vec::<String>::new());
    report
}

/// Returns the seeds of a run: fixed ones, and some drawn from the commit through `SLICE_SEED`.
pub fn seeds(fixed: &[u64], drawn: u64) -> Vec<u64> {
    let seed = std::env::var("SLICE_SEED")
        .ok()
        .and_then(|text| u64::from_str_radix(&text, 16).ok())
        .unwrap_or(1);
    fixed
        .iter()
        .copied()
        .chain((0..drawn).map(|n| seed.wrapping_mul(31).wrapping_add(n)))
        .collect()
}

/// Returns `most` of the items, drawn by `SLICE_SEED`; all of them where `SLICE` is `all`.
pub fn slice<T>(items: Vec<T>, most: usize) -> Vec<T> {
    if std::env::var("SLICE").is_ok_and(|slice| slice == "all") {
        return items;
    }
    let (count, first) = (items.len(), seeds(&[], 1)[0]);
    let begin = usize::try_from(first % count as u64).unwrap();
    let chosen = |at: &usize| (at + count - begin) % count < most;
    items
        .into_iter()
        .enumerate()
        .filter(|(at, _)| chosen(at))
        .map(|(_, item)| item)
        .collect()
}
