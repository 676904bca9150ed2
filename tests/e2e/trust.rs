//! What keeps a gate trusted: previews are known again, short runs are judged by what they can show, and what is missing is said.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::company::{Folder, judged, pennyspan};

/// Invocation records in a directory of their own.
struct Records {
    folder: Folder,
    file: String,
}

impl Records {
    fn new(records: &[Value]) -> Self {
        let folder = Folder::new();
        let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
        let file = folder.write("records.ndjson", &lines.join("\n"));
        Self { folder, file }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// Writes a configuration beside the records, and returns its path.
    fn configured(&self, text: &str) -> String {
        self.folder.write("pennyspan.toml", text)
    }

    /// Returns the exit code and the report.
    fn judged(&self, flags: &[&str]) -> (i32, Value) {
        judged(&self.file, flags)
    }
}

/// Returns ten attempts of a function, of which so many run out of memory.
fn attempts(account: &str, function: &str, out_of_memory: usize) -> Vec<Value> {
    let attempt = |at: usize| {
        let outcome = if at < out_of_memory { "out_of_memory" } else { "ok" };
        json!({"provider": "aws", "account": account, "region": "us-east-1", "function": function, "route": "GET /cart",
            "invocation_id": format!("{function}-{at}"), "start_time": format!("2026-10-08T07:{at:02}:00Z"), "duration_ms": 1000,
            "billed_duration_ms": 1000, "memory_size_mib": 1024, "max_memory_used_mib": 1024, "outcome": outcome,
            "trigger": {"type": "http"}})
    };
    (0..10).map(attempt).collect()
}

const PREVIEWS: &str = "[[identity]]\nfunction = \"*-pr-*\"\naccount = \"9*\"\nlogical = \"$1\"\n";

#[test]
fn a_preview_is_known_by_the_function_that_it_stands_for() {
    let production = Records::new(&attempts("111111111111", "checkout", 1));
    let baseline = production.path("baseline.json");
    let known = ["--rule", "oom", "--baseline", baseline.to_str().unwrap()];
    assert_eq!(production.judged(&[&known[..], &["--write-baseline"]].concat()).0, 0);

    let preview = Records::new(&attempts("999999999999", "checkout-pr-12", 1));
    assert_eq!(preview.judged(&known).0, 1, "another function without an identity");
    let config = preview.configured(PREVIEWS);
    let (code, report) = preview.judged(&[&known[..], &["--config", &config]].concat());
    let finding = &report["findings"][0];
    assert_eq!((code, &finding["baseline"]), (0, &json!("known")), "{finding}");
    assert_eq!(
        finding["function"], "checkout-pr-12",
        "what is shown keeps the real name"
    );
    assert_eq!(report["coverage"]["functions_not_exercised"], json!([]));
}

#[test]
fn two_previews_of_one_function_are_one_finding_that_names_both() {
    let both = [
        attempts("999999999998", "checkout-pr-1", 1),
        attempts("999999999999", "checkout-pr-2", 3),
    ];
    let records = Records::new(&both.concat());
    let config = records.configured(PREVIEWS);
    let (_, report) = records.judged(&["--rule", "oom", "--config", &config]);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["function"], "checkout-pr-2", "the worse one stands");
    assert_eq!(findings[0]["also"], json!(["aws 999999999998 us-east-1 checkout-pr-1"]));
    let shown = pennyspan(&[
        "report",
        "--from",
        &records.file,
        "--rule",
        "oom",
        "--config",
        &config,
        "-o",
        "markdown",
    ]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("checkout-pr-1") && !shown.contains("99999999999"),
        "{shown}"
    );
}

#[test]
fn an_identity_that_says_too_little_is_refused_where_it_stands() {
    let records = Records::new(&attempts("1", "checkout", 0));
    for (text, words) in [
        (
            "[[identity]]\nfunction = \"a\"\n",
            "pennyspan.toml:1: `identity.logical` is missing",
        ),
        (
            "\n[[identity]]\nlogical = \"a\"\n",
            "pennyspan.toml:2: `identity.function` is missing",
        ),
        ("[[identity]]\nfunctions = \"a\"\n", "did you mean `function`"),
        (
            "[[expected-absent]]\nfunction = \"a\"\n",
            "`expected-absent.reason` is missing",
        ),
        (
            "[[source]]\nfunction = \"a\"\npath = \"a.py:zero\"\n",
            "expected a file, or FILE:LINE",
        ),
    ] {
        let file = records.configured(text);
        let output = pennyspan(&["config", "check", &file]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
    }
}

#[test]
fn the_profile_for_short_runs_leaves_out_rules_about_shares_and_says_so() {
    let records = Records::new(&attempts("1", "checkout", 0));
    let rules = |report: &Value| -> Vec<String> {
        let rows = report["not_judged"].as_array().unwrap().iter();
        rows.filter(|row| row["reason"] == "off in the profile ci")
            .map(|row| row["rule"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, report) = records.judged(&["--profile", "ci"]);
    assert_eq!(rules(&report), ["cold-start-rate", "memory-over-provisioned"]);
    assert_eq!(rules(&records.judged(&[]).1), Vec::<String>::new());
}

#[test]
fn attempts_that_were_not_reported_are_listed_and_end_with_three() {
    let mut all = attempts("1", "checkout", 0);
    for lost in [3, 7] {
        let started = all[lost].as_object_mut().unwrap();
        started.retain(|key, _| {
            !["duration_ms", "billed_duration_ms", "outcome", "max_memory_used_mib"].contains(&key.as_str())
        });
    }
    let records = Records::new(&all);
    let asked = ["--rule", "oom", "--require-complete", "0.98"];
    let (code, report) = records.judged(&asked);
    assert_eq!(code, 3);
    let found = &report["completeness"];
    assert_eq!((&found["attempts"], &found["ended"]), (&json!(10), &json!(8)));
    assert_eq!(found["missing"], json!(["checkout checkout-3", "checkout checkout-7"]));
    assert!(
        report["gate"]["reasons"][0]
            .as_str()
            .unwrap()
            .contains("8 of 10 attempts")
    );
    let (code, report) = records.judged(&[&asked[..], &["--on-partial", "warn"]].concat());
    assert_eq!((code, report["gate"]["reasons"].as_array().unwrap().len()), (0, 1));
    assert_eq!(records.judged(&["--rule", "oom", "--require-complete", "80%"]).0, 0);
    assert!(records.judged(&["--rule", "oom"]).1.get("completeness").is_none());
}

#[test]
fn what_the_baseline_exercised_and_this_run_did_not_is_said_and_gates() {
    let before = Records::new(&[attempts("1", "checkout", 0), attempts("1", "nightly-report", 0)].concat());
    let baseline = before.path("baseline.json");
    let known = ["--rule", "oom", "--baseline", baseline.to_str().unwrap()];
    before.judged(&[&known[..], &["--write-baseline"]].concat());
    let now = Records::new(&attempts("1", "checkout", 0));
    let (code, report) = now.judged(&known);
    assert_eq!(
        (code, &report["coverage"]["functions_not_exercised"]),
        (0, &json!(["nightly-report (aws us-east-1)"]))
    );
    let demanding = [&known[..], &["--min-coverage", "80%"]].concat();
    let (code, report) = now.judged(&demanding);
    assert_eq!(code, 3);
    assert!(
        report["gate"]["reasons"][0].as_str().unwrap().contains("3 of 6"),
        "{report}"
    );
    let config = now.configured("[[expected-absent]]\nfunction = \"nightly-*\"\nreason = \"runs at night\"\n");
    assert_eq!(now.judged(&[&demanding[..], &["--config", &config]].concat()).0, 0);
}

#[test]
fn a_finding_near_its_threshold_is_not_resolved() {
    // Of 150 attempts the lower bounds of the failed share are about 15, 8 and 1 %; from 10 % on it is high.
    let failing = |failed: usize| {
        let attempt = |at: usize| {
            json!({"provider": "aws", "region": "us-east-1", "function": "mailer", "invocation_id": format!("m{at}"),
                "start_time": format!("2026-10-08T07:{:02}:{:02}Z", at / 60, at % 60), "duration_ms": 1000,
                "outcome": if at < failed { "error" } else { "ok" }})
        };
        Records::new(&(0..150).map(attempt).collect::<Vec<_>>())
    };
    let first = failing(30);
    let baseline = first.path("baseline.json");
    let path = baseline.to_str().unwrap();
    let flags = [
        "--rule",
        "error-rate",
        "--baseline",
        path,
        "--write-baseline",
        "--prune",
    ];
    let known = || -> usize {
        let written: Value = serde_json::from_slice(&std::fs::read(&baseline).unwrap()).unwrap();
        written["findings"].as_array().unwrap().len()
    };
    let (_, report) = first.judged(&flags);
    assert_eq!(known(), 1, "{report}");
    let (_, report) = failing(19).judged(&flags);
    let found = report["findings"].as_array().unwrap().len();
    assert_eq!((found, known()), (0, 1), "within a fifth of the threshold");
    failing(3).judged(&flags);
    assert_eq!(known(), 0);
}
