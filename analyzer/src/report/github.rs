//! The report for GitHub Actions: annotations as workflow commands, and the summary of the step.
//!
//! GitHub shows ten annotations of each kind and step, and fifty a job ("Usage limits" of its documentation); a line of the log
//! counts the rest.

use std::fmt::{self, Write};

use pennyspan_rules::rule::Severity;

use crate::judge::Finding;
use crate::report::escape::{cut, terminal};
use crate::report::sheet::subject;
use crate::report::{Place, Sheet, markdown};

/// The most annotations of a kind.
pub const MOST_OF_A_KIND: usize = 10;
/// The most bytes of a step's summary.
pub const SUMMARY_BYTES: u64 = 1 << 20;
/// The longest message.
const TEXT_WIDTH: usize = 1_000;

/// Prints the verdict and an annotation for each of the worst findings; those that are accepted have none.
///
/// # Errors
/// The writer's, which a `String` never has.
pub fn render(sheet: &Sheet) -> Result<String, fmt::Error> {
    let mut text = String::new();
    writeln!(text, "pennyspan: {}", line(sheet.report.gate.status))?;
    for reason in &sheet.report.gate.reasons {
        writeln!(text, "  - {}", line(&cut(reason, TEXT_WIDTH)))?;
    }
    for kind in ["error", "warning", "notice"] {
        let mut count = 0_usize;
        let open = sheet.findings().filter(|(finding, _)| finding.suppressed.is_none());
        for (finding, _) in open.filter(|(finding, _)| kind_of(finding) == kind) {
            count += 1;
            if count <= MOST_OF_A_KIND {
                annotate(&mut text, kind, finding)?;
            }
        }
        if count > MOST_OF_A_KIND {
            writeln!(
                text,
                "+{} more findings of this kind ({kind}) in the JSON report",
                count - MOST_OF_A_KIND
            )?;
        }
    }
    Ok(text)
}

/// Prints the summary of the step.
///
/// # Errors
/// The writer's, which a `String` never has.
pub fn summary(sheet: &Sheet) -> Result<String, fmt::Error> {
    markdown::render(&sheet.report)
}

fn annotate(text: &mut String, kind: &str, finding: &Finding) -> fmt::Result {
    let place = Place::of(finding);
    let title = format!("{} ({})", finding.rule, finding.severity);
    let message = format!("{}: {}", subject(finding), finding.message);
    writeln!(
        text,
        "::{kind} file={},line={},title={}::{}",
        property(&place.path),
        place.line,
        property(&title),
        data(&cut(&message, TEXT_WIDTH))
    )
}

fn kind_of(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

/// Returns a text of a command's message.
fn data(text: &str) -> String {
    line(text).replace('%', "%25")
}

/// Returns a text of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a text on one line of the log, in which the runner finds no command of the older form either.
fn line(text: &str) -> String {
    terminal(text).replace("##[", "# #[")
}
