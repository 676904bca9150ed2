//! Formats of reports, as pipelines ask for them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Every format, with the name of its file.
const FORMATS: [(&str, &str); 13] = [
    ("table", "report.txt"),
    ("markdown", "report.md"),
    ("json", "report.json"),
    ("sarif", "report.sarif"),
    ("html", "report.html"),
    ("github", "annotations.txt"),
    ("gitlab", "quality.json"),
    ("junit", "report.xml"),
    ("csv", "items.csv"),
    ("csv-functions", "functions.csv"),
    ("csv-findings", "findings.csv"),
    ("focus", "focus.csv"),
    ("infracost-usage", "usage.yml"),
];
/// What a sender may call a function.
const HOSTILE: &str = "=cmd|x\u{1b}[31m<script>harmed=1</script>](javascript:a)\n::set-output name=a::b,\u{202e}";

/// A project with functions that run out of memory, for a day.
fn project() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let main = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/projects/terraform/main.tf");
    std::fs::copy(main, place.path().join("main.tf")).unwrap();
    let record = |function: &str, id: &str, hour: &str| {
        serde_json::json!({"provider": "aws", "account": "123456789012", "region": "us-east-1", "function": function,
            "invocation_id": id, "start_time": format!("2026-10-08T{hour}:30:28Z"), "duration_ms": 900, "billed_duration_ms": 900,
            "memory_size_mib": 512, "max_memory_used_mib": 512, "architecture": "arm64", "outcome": "out_of_memory"})
        .to_string()
    };
    let lines = [
        record("cinema-sell-seat", "a", "00"),
        record(HOSTILE, "b", "12"),
        record("cinema-sell-seat", "c", "23"),
    ];
    std::fs::write(place.path().join("records.ndjson"), lines.join("\n")).unwrap();
    place
}

fn report(project: &Path, arguments: &[&str]) -> Output {
    let summary = project.join("summary.md");
    Command::new(env!("CARGO_BIN_EXE_pennyspan"))
        .args(["report", "--from", "records.ndjson", "--quiet"])
        .args(["--since", "2026-10-08T00:00:00Z", "--until", "2026-10-09T00:00:00Z"])
        .args(arguments)
        .current_dir(project)
        .env("GITHUB_STEP_SUMMARY", summary)
        .output()
        .unwrap()
}

/// Writes every format and returns the files.
fn all(project: &Path, more: &[&str]) -> Vec<(&'static str, String)> {
    let outputs = FORMATS.map(|(format, file)| format!("{format}={file}"));
    let mut arguments = more.to_vec();
    for output in &outputs {
        arguments.extend(["-o", output]);
    }
    let output = report(project, &arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = |(format, file): (&'static str, &str)| (format, std::fs::read_to_string(project.join(file)).unwrap());
    FORMATS.map(read).into()
}

#[test]
fn every_format_is_written_twice_alike_and_points_into_the_code() {
    let project = project();
    let first = all(project.path(), &[]);
    let again = all(project.path(), &[]);
    for ((format, text), (_, second)) in first.iter().zip(&again) {
        assert!(text.len() > 50 && text == second, "{format}: {text}\n{second}");
        assert!(
            !text.contains(project.path().to_str().unwrap()),
            "{format} holds an absolute path"
        );
    }
    let text = |wanted: &str| first.iter().find(|(format, _)| *format == wanted).unwrap().1.as_str();
    let sarif: Value = serde_json::from_str(text("sarif")).unwrap();
    let locations: Vec<String> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let (path, line) = (&place["artifactLocation"]["uri"], &place["region"]["startLine"]);
            format!("{}:{line}", path.as_str().unwrap())
        })
        .collect();
    assert!(locations.contains(&"main.tf:10".to_owned()), "{locations:?}");
    assert!(locations.contains(&"pennyspan.toml:1".to_owned()), "{locations:?}");
    assert!(text("github").contains("file=main.tf,line=10,"), "{}", text("github"));
    assert!(text("gitlab").contains("\"path\": \"main.tf\""), "{}", text("gitlab"));
    let json: Value = serde_json::from_str(text("json")).unwrap();
    let placed = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["place"]["line"] == 10);
    assert!(placed.is_some_and(|finding| finding["function"] == "cinema-sell-seat"));
    let summary = std::fs::read_to_string(project.path().join("summary.md")).unwrap();
    assert!(
        summary.matches("pennyspan: passed").count() == 2,
        "each run appends to the step's summary: {summary}"
    );
}

#[test]
fn names_of_senders_do_nothing_in_any_format() {
    let project = project();
    for (format, text) in all(project.path(), &["--redact", "none"]) {
        // JSON escapes what it must, and browsers and terminals are not its readers.
        let plain = !["json", "sarif", "gitlab"].contains(&format);
        assert!(!text.contains('\u{1b}'), "{format} commands a terminal: {text}");
        // A line of a step's log that begins so is a command.
        let printed = ["table", "markdown", "github"].contains(&format);
        assert!(
            !(printed && text.contains("\n::set-output")),
            "{format} commands the runner: {text}"
        );
        if plain {
            assert!(
                !text.contains('\u{202e}'),
                "{format} turns the direction of text: {text}"
            );
        }
        if ["html", "markdown", "junit"].contains(&format) {
            assert!(!text.contains("<script>"), "{format}: {text}");
        }
        if format.starts_with("csv") || format == "focus" {
            let formulas = text.lines().flat_map(|line| line.split(',')).filter(|cell| {
                let cell = cell.trim_start_matches('"');
                cell.starts_with("=cmd")
            });
            assert_eq!(formulas.count(), 0, "{format}: {text}");
        }
    }
}

#[test]
fn formats_for_many_readers_leave_out_accounts_unless_they_are_asked_for() {
    let project = project();
    let shows = |files: &[(&'static str, String)], format: &str| {
        let (_, text) = files.iter().find(|(known, _)| *known == format).unwrap();
        text.contains("123456789012")
    };
    let (usual, open) = (all(project.path(), &[]), all(project.path(), &["--redact", "none"]));
    for format in ["sarif", "html", "markdown", "github", "gitlab"] {
        assert!(!shows(&usual, format), "{format}");
    }
    for format in ["json", "csv", "focus", "csv-findings"] {
        assert!(shows(&usual, format) && shows(&open, format), "{format}");
    }
    let wrong = report(project.path(), &["--redact", "accounts"]);
    assert_eq!(
        wrong.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&wrong.stderr)
    );
}

#[test]
fn an_unknown_format_and_a_usage_file_of_an_hour_are_wrong_usage() {
    let project = project();
    let unknown = report(project.path(), &["-o", "xml"]);
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert!(unknown.status.code() == Some(2) && said.contains("sarif"), "{said}");
    let short = Command::new(env!("CARGO_BIN_EXE_pennyspan"))
        .args([
            "report",
            "--from",
            "records.ndjson",
            "--since",
            "1h",
            "-o",
            "infracost-usage",
        ])
        .current_dir(project.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&short.stderr);
    assert!(short.status.code() == Some(2) && said.contains("24 h"), "{said}");
}
