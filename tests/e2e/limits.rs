//! The part of the gate that judges numbers: budgets, comparisons and limits on money, through the program itself.

use std::path::{Path, PathBuf};
use std::process::Output;

use pennyspan_fixtures::Scenario;
use serde_json::Value;
use tempfile::TempDir;

use crate::company::{Company, follows_schema, pennyspan, window_flags};

/// Where the telemetry and the other files of a test are.
struct Place {
    from: PathBuf,
    flags: Vec<String>,
    beside: TempDir,
    /// Kept until the test ends.
    _telemetry: TempDir,
}

impl Place {
    /// An hour of the generated company.
    fn of_company() -> Self {
        let company = Company::of(&Scenario {
            minutes: 60,
            ..Scenario::new(7)
        });
        Self {
            from: company.directory.path().to_owned(),
            flags: window_flags(&company.telemetry.truth),
            beside: tempfile::tempdir().unwrap(),
            _telemetry: company.directory,
        }
    }

    /// Two hours of sixty attempts each, of which those of the second take so many times as long.
    fn of_two_hours(times: usize) -> Self {
        let telemetry = tempfile::tempdir().unwrap();
        let attempt = |at: usize| {
            let billed_ms = (900 + at % 60) * if at < 60 { 1 } else { times };
            format!(
                r#"{{"provider":"aws","region":"us-east-1","function":"checkout","architecture":"x86_64","invocation_id":"c{at}","start_time":"2026-10-08T{:02}:{:02}:00Z","duration_ms":{billed_ms},"billed_duration_ms":{billed_ms},"memory_size_mib":1024,"outcome":"ok"}}"#,
                7 + at / 60,
                at % 60
            )
        };
        let lines: Vec<String> = (0..120).map(attempt).collect();
        std::fs::write(telemetry.path().join("records.ndjson"), lines.join("\n")).unwrap();
        Self {
            from: telemetry.path().to_owned(),
            beside: tempfile::tempdir().unwrap(),
            _telemetry: telemetry,
            flags: ["--since", "2026-10-08T08:00:00Z", "--until", "2026-10-08T09:00:00Z"]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.beside.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, flags: &[&str]) -> Output {
        let mut arguments = vec!["report", "--from", text(&self.from), "--rule", "oom", "--quiet"];
        arguments.extend(self.flags.iter().map(String::as_str));
        arguments.extend(flags);
        pennyspan(&arguments)
    }

    /// Returns the exit code and the report.
    fn judged(&self, flags: &[&str]) -> (i32, Value) {
        let output = self.run(&[flags, &["-o", "json"]].concat());
        let report = serde_json::from_slice(&output.stdout);
        let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), follows_schema(report))
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn reasons(report: &Value) -> String {
    report["gate"]["reasons"].to_string()
}

fn statuses(report: &Value) -> Vec<&str> {
    let rows = report["budgets"].as_array().unwrap().iter();
    rows.map(|row| row["status"].as_str().unwrap()).collect()
}

#[test]
fn broken_budgets_fail_the_gate_without_a_baseline() {
    let company = Place::of_company();
    let kept = company.file(
        "kept.toml",
        "[[budget]]\nerror_rate = 0.9\ncost_per_1k_usd = \"10\"\nretry_ratio = 3\n\n[[budget]]\nfunction = \"nobody-*\"\np95_ms = 1\n",
    );
    let (code, report) = company.judged(&["--budget", &kept]);
    assert_eq!(
        (code, statuses(&report)),
        (0, vec!["passed", "passed", "passed", "unmatched"])
    );
    assert!(reasons(&report).contains("correct its selector or remove it"));
    let broken = company.file(
        "broken.toml",
        "[[budget]]\np95_ms = 0.001\nerror_rate = { limit = 0, level = \"warn\" }\n",
    );
    let (code, report) = company.judged(&["--budget", &kept, "--budget", &broken]);
    assert_eq!((code, statuses(&report).contains(&"failed")), (1, true));
    assert!(
        reasons(&report).contains("budget: p95_ms of all functions is"),
        "{}",
        reasons(&report)
    );
    let (code, report) = company.judged(&["--budget", &broken, "--min-samples", "100000000"]);
    assert_eq!((code, statuses(&report)), (0, vec!["not_judged", "not_judged"]));
    let markdown = String::from_utf8(company.run(&["--budget", &broken, "-o", "markdown"]).stdout).unwrap();
    assert!(markdown.contains("| **failed** | p95"), "{markdown}");
    let table = String::from_utf8(company.run(&["-o", "table"]).stdout).unwrap();
    assert!(!table.contains("budget"), "only where there are budgets");
}

#[test]
fn a_budget_file_that_is_wrong_is_refused_where_it_stands() {
    let place = Place::of_two_hours(1);
    for (text, words) in [
        (
            "[[budget]]\n\nerror_rat = 0.1\n",
            ":3: unknown key `budget.error_rat`; did you mean `budget.error_rate`?",
        ),
        (
            "[[budget]]\np95_ms = \"fast\"\n",
            ":2: `budget.p95_ms` is \"fast\", expected a number",
        ),
        (
            "[report]\nfail_on = \"low\"\n",
            ":1: unknown key `report`; did you mean `[[budget]]`?",
        ),
    ] {
        let file = place.file("budgets.toml", text);
        let output = place.run(&["--budget", &file]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
    }
    let file = place.file("pennyspan.toml", "[[budget]]\nfunction = \"check*\"\np95_ms = 1\n");
    let (code, report) = place.judged(&["--config", &file]);
    assert_eq!(
        (code, statuses(&report)),
        (1, vec!["failed"]),
        "budgets also stand in the configuration"
    );
    for (flags, words) in [
        (["--max-increase", "10%"], "--compare"),
        (["--max-monthly", "much"], "no amount in USD"),
        (["--compare", "perivous"], "`previous`, `week`, or the file"),
        (["--volumes", "none.json"], "production's counts"),
        (["--budget", "none.toml"], "none.toml"),
    ] {
        let output = place.run(&flags);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(2) && said.contains(words),
            "{flags:?}: {said}"
        );
    }
}

#[test]
fn a_rise_fails_against_the_window_before_and_against_an_earlier_report() {
    let (same, doubled) = (Place::of_two_hours(1), Place::of_two_hours(2));
    let tenth = ["--compare", "previous", "--max-increase", "10%"];
    let (code, report) = same.judged(&tenth);
    assert_eq!((code, &report["comparison"]["has_data"]), (0, &Value::from(true)));
    let (code, report) = doubled.judged(&tenth);
    assert_eq!(code, 1);
    assert!(
        reasons(&report).contains("the cost of 1,000 invocations rose by 9"),
        "{}",
        reasons(&report)
    );
    assert_eq!(
        report["comparison"]["functions"][0]["changes"]["p50_ms"]["beyond_noise"],
        true
    );

    let (code, report) = doubled.judged(&["--compare", "week", "--max-increase", "10%"]);
    assert_eq!((code, &report["comparison"]["total"]), (0, &Value::Null));
    assert!(reasons(&report).contains("no data in the window before"));

    let earlier = same.run(&["-o", "json"]).stdout;
    let earlier = doubled.file("earlier.json", &String::from_utf8(earlier).unwrap());
    let against = ["--compare", earlier.as_str(), "--max-increase", "10%"];
    assert_eq!((same.judged(&against).0, doubled.judged(&against).0), (0, 1));
    let markdown = String::from_utf8(doubled.run(&[&against[..], &["-o", "markdown"]].concat()).stdout).unwrap();
    assert!(
        markdown.contains("Compared: compared with an earlier report") && markdown.contains("USD per 1,000"),
        "{markdown}"
    );
    let other = doubled.file("other.json", r#"{"version":9}"#);
    let said = String::from_utf8(doubled.run(&["--compare", &other]).stderr).unwrap();
    assert!(said.contains("version 9, and this program reads version 1"), "{said}");
}

#[test]
fn a_monthly_maximum_is_judged_at_productions_counts() {
    let place = Place::of_two_hours(1);
    let (code, report) = place.judged(&["--max-monthly", "1"]);
    assert_eq!(code, 0, "an hour has no monthly figure");
    assert!(reasons(&report).contains("--volumes"), "{}", reasons(&report));
    // About $0.0157 for 1,000 invocations.
    let map = place.file("volumes.json", r#"{"checkout": 1000000}"#);
    for (most, code) in [("20", 0), ("15", 1)] {
        let (ended, report) = place.judged(&["--max-monthly", most, "--volumes", &map]);
        assert_eq!(ended, code, "{}", reasons(&report));
    }
    let day = Place {
        flags: ["--since", "2026-10-08", "--until", "2026-10-09"]
            .map(str::to_owned)
            .to_vec(),
        ..place
    };
    let (code, report) = day.judged(&["--max-monthly", "0.01"]);
    assert_eq!(code, 1, "a day has one: {}", reasons(&report));
}
