//! The report as GitLab's code quality report: what GitLab documents under "Implement a custom tool".

use pennyspan_rules::rule::Severity;
use serde::Serialize;

use crate::report::escape::{cut, terminal};
use crate::report::sheet::subject;
use crate::report::{Place, Sheet};

/// The longest description.
const TEXT_WIDTH: usize = 500;

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Prints the findings as code quality issues, the worst first; those that are accepted are left out, as GitLab knows no such
/// state.
///
/// # Errors
/// The writer's, where a value cannot be written.
pub fn render(sheet: &Sheet) -> Result<String, serde_json::Error> {
    let open = sheet.findings().filter(|(finding, _)| finding.suppressed.is_none());
    let entries: Vec<Entry> = open
        .map(|(finding, identity)| {
            let place = Place::of(finding);
            let text = format!("{}: {}", subject(finding), finding.message);
            Entry {
                description: inert(&cut(&text, TEXT_WIDTH)),
                check_name: finding.rule.clone(),
                fingerprint: identity,
                severity: severity(finding.severity),
                location: Location {
                    path: place.path,
                    lines: Lines { begin: place.line },
                },
            }
        })
        .collect();
    Ok(serde_json::to_string_pretty(&entries)? + "\n")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}

/// GitLab escapes markup itself; that it is shown as text is not left to it alone.
fn inert(text: &str) -> String {
    terminal(text).replace('<', "‹").replace('>', "›")
}
