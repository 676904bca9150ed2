//! The gate of CI: baseline, suppressions and selection, through the program itself.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::company::{Folder, judged, pennyspan};

/// The days of the window, after which suppressions are judged.
const BEFORE: &str = "2026-10-08";
const AFTER: &str = "2026-10-09";

/// Ten attempts of `checkout` for two customers, of which so many run out of memory, and one attempt of `mailer`.
struct Records {
    folder: Folder,
    file: String,
}

impl Records {
    fn new(out_of_memory: usize) -> Self {
        let attempt = |at: usize| {
            let outcome = if at < out_of_memory { "out_of_memory" } else { "ok" };
            let tenant = if at.is_multiple_of(2) { "blue" } else { "red" };
            format!(
                r#"{{"provider":"aws","region":"us-east-1","function":"checkout","service":"shop","environment":"prod","tenant":"{tenant}","invocation_id":"c{at}","start_time":"2026-10-08T07:{at:02}:00Z","duration_ms":1000,"billed_duration_ms":1000,"memory_size_mib":1024,"max_memory_used_mib":1024,"outcome":"{outcome}"}}"#
            )
        };
        let mut lines: Vec<String> = (0..10).map(attempt).collect();
        lines.push(
            r#"{"provider":"aws","region":"us-east-1","function":"mailer","service":"post","environment":"test","invocation_id":"m","start_time":"2026-10-08T07:30:00Z","duration_ms":5,"outcome":"ok"}"#
                .to_owned(),
        );
        let folder = Folder::new();
        let file = folder.write("records.ndjson", &lines.join("\n"));
        Self { folder, file }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// Writes a configuration, and returns its path.
    fn configured(&self, text: &str) -> String {
        self.folder.write("pennyspan.toml", text)
    }

    fn run(&self, flags: &[&str]) -> Output {
        let mut arguments = vec!["report", "--from", &self.file, "-o", "json"];
        arguments.extend(flags);
        pennyspan(&arguments)
    }

    /// Returns the exit code and the report of one rule, which is what takes the time.
    fn judged_by_oom(&self, flags: &[&str]) -> (i32, Value) {
        self.judged(&[flags, &["--rule", "oom"]].concat())
    }

    /// Returns the exit code and the report.
    fn judged(&self, flags: &[&str]) -> (i32, Value) {
        judged(&self.file, flags)
    }
}

fn refused(output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn known_findings_pass_and_worse_ones_do_not() {
    let (first, worse) = (Records::new(1), Records::new(3));
    let (code, report) = first.judged_by_oom(&[]);
    assert_eq!(code, 0, "without a baseline findings are listed");
    assert!(
        report["gate"]["reasons"][0]
            .as_str()
            .unwrap()
            .contains("--write-baseline")
    );
    assert_eq!(first.judged_by_oom(&["--fail-on", "high"]).0, 1);

    let baseline = first.path("baseline.json");
    let known = ["--baseline", text(&baseline)];
    refused(&first.run(&known), "--write-baseline writes one");
    assert_eq!(first.judged_by_oom(&[&known[..], &["--write-baseline"]].concat()).0, 0);
    let (code, report) = first.judged_by_oom(&known);
    assert_eq!((code, &report["findings"][0]["baseline"]), (0, &Value::from("known")));
    assert_eq!(first.judged_by_oom(&[&known[..], &["--fail-on", "low"]].concat()).0, 0);
    let (_, report) = first.judged_by_oom(&[&known[..], &["--new-only"]].concat());
    assert_eq!(report["findings"], Value::Array(vec![]));

    let (code, report) = worse.judged_by_oom(&known);
    let reopened: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["rule"] == "oom")
        .collect();
    assert_eq!((code, &reopened[0]["baseline"]), (1, &Value::from("reopened")));

    let written: Value = serde_json::from_slice(&std::fs::read(&baseline).unwrap()).unwrap();
    assert_eq!(written["findings"][0]["added"], BEFORE);
    let none = Records::new(0);
    none.judged_by_oom(&[&known[..], &["--write-baseline"]].concat());
    assert_eq!(
        std::fs::read(&baseline).unwrap(),
        serde_json::to_string_pretty(&written)
            .unwrap()
            .into_bytes()
            .into_iter()
            .chain(*b"\n")
            .collect::<Vec<_>>()
    );
    none.judged_by_oom(&[&known[..], &["--write-baseline", "--prune"]].concat());
    let pruned: Value = serde_json::from_slice(&std::fs::read(&baseline).unwrap()).unwrap();
    assert_eq!(pruned["findings"], Value::Array(vec![]));
}

#[test]
fn flags_of_the_baseline_need_one() {
    let records = Records::new(0);
    for flag in ["--write-baseline", "--new-only"] {
        refused(&records.run(&[flag]), "--baseline FILE");
    }
    let broken = records.configured("[report]\n");
    refused(&records.run(&["--baseline", &broken]), "not a baseline");
    refused(&records.run(&["--fail-on", "awful"]), "expected one of critical, high");
}

#[test]
fn suppressions_hold_until_their_day_and_are_reported_when_they_do_nothing() {
    let records = Records::new(1);
    let suppress = |expires: &str| {
        records.configured(&format!(
            "[[suppress]]\nrule = \"oom\"\nfunction = \"check*\"\nreason = \"being rewritten\"\nexpires = {expires}\nowner = \"shop\"\n\n[[suppress]]\nrule = \"timeouts\"\nreason = \"none\"\n"
        ))
    };
    let (code, report) = records.judged(&["--fail-on", "high", "--config", &suppress(AFTER)]);
    assert_eq!(
        (code, &report["findings"][0]["suppressed"]),
        (0, &Value::from("being rewritten"))
    );
    let statuses = |report: &Value| {
        let rows = report["suppressions"].as_array().unwrap();
        rows.iter()
            .map(|row| row["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(statuses(&report), ["used", "unused"]);
    let (code, report) = records.judged(&["--fail-on", "high", "--config", &suppress(BEFORE)]);
    assert_eq!((code, statuses(&report)[0].as_str()), (1, "expired"));
    let (_, report) = records.judged(&["--rule", "oom", "--config", &suppress(AFTER)]);
    assert_eq!(statuses(&report), ["used", "not_judged"]);
}

#[test]
fn a_suppression_without_reason_is_refused_where_it_stands() {
    let records = Records::new(0);
    for (text, words) in [
        (
            "[[suppress]]\nrule = \"oom\"\n",
            "pennyspan.toml:1: `suppress.reason` is missing",
        ),
        (
            "\n[[suppress]]\nrule = \"oom\"\nreason = \"\"\n",
            "pennyspan.toml:2: `suppress.reason` is empty",
        ),
        (
            "[[suppress]]\nrule = \"oom\"\nreason = \"x\"\nuntil = 2027-01-01\n",
            "unknown key `suppress.until`",
        ),
        (
            "[[suppress]]\nrule = \"oom\"\nreason = \"x\"\nexpires = \"soon\"\n",
            "expected a day such as",
        ),
    ] {
        let file = records.configured(text);
        refused(&records.run(&["--config", &file]), words);
        refused(&pennyspan(&["config", "check", &file]), words);
    }
}

#[test]
fn a_report_is_about_what_was_selected() {
    let records = Records::new(1);
    for (flags, attempts) in [
        (["--function", "check*"], 10),
        (["--function", "m?iler"], 1),
        (["--service", "post"], 1),
        (["--env", "prod"], 10),
        (["--tenant", "blue"], 5),
        (["--since", "2026-10-08T07:05:00Z"], 6),
        (["--until", "2026-10-08T07:05:00Z"], 5),
        (["--since", "25m"], 5),
    ] {
        let (_, report) = records.judged_by_oom(&flags);
        assert_eq!(report["totals"]["attempts"], attempts, "{flags:?}");
    }
    let rules = |flags: &[&str]| records.judged(flags).1["coverage"]["rules_judged"].as_u64().unwrap();
    assert_eq!(rules(&["--rule", "oom"]), 1);
    let findings = |flags: &[&str]| records.judged(flags).1["findings"].as_array().unwrap().len();
    assert!(findings(&["--rule", "oom"]) == 1 && findings(&["--rule", "timeout*"]) == 0);
    assert_eq!(findings(&["--rule", "oom", "--function", "mailer"]), 0);
    for (on_no_data, code) in [("fail", 3), ("warn", 0), ("pass", 0)] {
        assert_eq!(
            records
                .judged(&["--function", "nobody", "--rule", "oom", "--on-no-data", on_no_data])
                .0,
            code,
            "{on_no_data}"
        );
    }
}
