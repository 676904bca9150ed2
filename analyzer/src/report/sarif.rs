//! The report as SARIF 2.1.0, within what GitHub's code scanning accepts.
//!
//! Limits are those of "SARIF support for code scanning" in GitHub's documentation: 25,000 results a run, of which the 5,000
//! worst are shown, 10 MB compressed, 20 tags a rule.

use std::collections::BTreeMap;

use pennyspan_rules::Rule;
use pennyspan_rules::rule::Severity;
use serde_json::{Value, json};

use crate::judge::Finding;
use crate::report::escape::{cut, markdown, terminal, uri};
use crate::report::sheet::subject;
use crate::report::{Place, Sheet};

/// The most results of a run.
pub const MOST_RESULTS: usize = 25_000;
/// Bytes of the texts of results, which may not compress; what surrounds them, and the same text once more, does.
const TEXT_BYTES: usize = 8 << 20;
/// The longest message and the longest name.
const TEXT_WIDTH: usize = 400;
/// Where the format is published.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Prints the findings as SARIF, the worst first; a notification says what was left out.
///
/// # Errors
/// The writer's, where a value cannot be written.
pub fn render(sheet: &Sheet) -> Result<String, serde_json::Error> {
    let rules: Vec<&Rule> = sheet.rules().collect();
    let indices: BTreeMap<&str, usize> = rules
        .iter()
        .zip(0..)
        .map(|(rule, at)| (rule.name.as_str(), at))
        .collect();
    let mut left = TEXT_BYTES;
    let mut results = Vec::new();
    for (finding, identity) in sheet.findings().take(MOST_RESULTS) {
        let text = format!("{}: {}", subject(finding), finding.message);
        let text = cut(&text, TEXT_WIDTH);
        let bytes = text.len();
        if bytes > left {
            break;
        }
        left -= bytes;
        results.push(result(finding, &text, &identity, indices.get(finding.rule.as_str())));
    }
    let run = json!({
        "tool": {"driver": {
            "name": sheet.report.tool.name,
            "semanticVersion": sheet.report.tool.version,
            "rules": rules.into_iter().map(descriptor).collect::<Vec<_>>(),
        }},
        "invocations": [{
            "executionSuccessful": true,
            "toolExecutionNotifications": notifications(sheet, results.len()),
        }],
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    let log = json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]});
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

/// Says what is not among the results.
fn notifications(sheet: &Sheet, shown: usize) -> Vec<Value> {
    let all = sheet.report.findings.len();
    let text = format!(
        "{} of {all} findings are left out, the least severe; the JSON report lists all of them",
        all - shown
    );
    let note = json!({"level": "warning", "message": {"text": text}});
    if shown < all { vec![note] } else { Vec::new() }
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.name,
        "name": rule.name,
        "shortDescription": {"text": plain(&rule.title)},
        "fullDescription": {"text": plain(&rule.what_it_finds)},
        "help": {"text": help(rule), "markdown": help(rule)},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": [rule.topic], "precision": "high"},
    })
}

/// Returns what the rule's file says to its readers: all but its query and its cases.
fn help(rule: &Rule) -> String {
    let steps = rule.runbook.steps();
    let steps = steps
        .iter()
        .map(|step| format!("### {}\n\n{}\n\n", step.name, step.text.trim()))
        .collect::<Vec<_>>()
        .concat();
    format!(
        "# {}\n\n{}\n\n## False alarms\n\n{}\n\n## Impact\n\n{}\n\n## Runbook\n\n{steps}## References\n\n{}\n",
        rule.title,
        rule.what_it_finds.trim(),
        rule.false_alarms.trim(),
        rule.impact.trim(),
        rule.references.trim()
    )
}

fn result(finding: &Finding, text: &str, identity: &str, rule: Option<&usize>) -> Value {
    let place = Place::of(finding);
    let function = finding.function.as_deref().unwrap_or("(unknown)");
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": plain(text), "markdown": markdown(text)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&place.path), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": place.line.max(1)},
            },
            "logicalLocations": [{"name": terminal(&cut(function, TEXT_WIDTH)), "kind": "function"}],
        }],
        "partialFingerprints": {"pennyspan/v1": finding.fingerprint, "primaryLocationLineHash": identity},
        "properties": {"severity": finding.severity.as_str(), "confidence": finding.confidence},
    });
    if let Some(index) = rule {
        result["ruleIndex"] = json!(index);
    }
    if let Some(state) = state(finding) {
        result["baselineState"] = json!(state);
    }
    if let Some(why) = &finding.suppressed {
        let why = plain(&cut(why, TEXT_WIDTH));
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": why}]);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn state(finding: &Finding) -> Option<&'static str> {
    match finding.baseline.as_deref()? {
        "new" => Some("new"),
        "known" => Some("unchanged"),
        _ => Some("updated"),
    }
}

/// Returns a text without escapes, in which brackets make no link, as SARIF's plain messages may hold them.
fn plain(text: &str) -> String {
    let lines = text.split('\n').map(|line| terminal(line).into_owned());
    let text = lines.collect::<Vec<_>>().join(" ");
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}
