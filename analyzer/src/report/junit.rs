//! The report as JUnit XML: a test case per finding and per rule without one, and the gate as the first of all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use crate::judge::Finding;
use crate::report::Sheet;
use crate::report::escape::{cut, xml};

/// The longest text.
const TEXT_WIDTH: usize = 2_000;

/// How a test case ended.
enum Outcome {
    Passed,
    Failed { message: String, details: String },
    Skipped { message: String },
}

struct Case {
    rule: String,
    name: String,
    outcome: Outcome,
}

/// Prints the report as JUnit XML. A failure is what closes the gate; what is accepted or could not be judged is skipped.
///
/// # Errors
/// The writer's, which a `String` never has.
pub fn render(sheet: &Sheet) -> Result<String, fmt::Error> {
    let cases = cases(sheet);
    let failures = cases
        .iter()
        .filter(|case| matches!(case.outcome, Outcome::Failed { .. }));
    let skipped = cases
        .iter()
        .filter(|case| matches!(case.outcome, Outcome::Skipped { .. }));
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        cases.len(),
        failures.count(),
        skipped.count()
    );
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    writeln!(text, "<testsuites name=\"pennyspan\" {counts}>")?;
    writeln!(text, "<testsuite name=\"pennyspan\" {counts}>")?;
    cases.iter().try_for_each(|case| write_case(&mut text, case))?;
    text.push_str("</testsuite>\n</testsuites>\n");
    Ok(text)
}

fn cases(sheet: &Sheet) -> Vec<Case> {
    let report = &sheet.report;
    let mut not_judged: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in &report.not_judged {
        not_judged.entry(&row.rule).or_default().push(row.words());
    }
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    let mut cases = vec![gate(sheet)];
    cases.extend(sheet.findings().map(|(finding, _)| of_finding(sheet, finding)));
    for rule in sheet.rules().filter(|rule| !found.contains(rule.name.as_str())) {
        let outcome = match not_judged.get(rule.name.as_str()) {
            Some(reasons) => Outcome::Skipped {
                message: format!("not judged: {}", reasons.join("; ")),
            },
            None => Outcome::Passed,
        };
        cases.push(Case {
            rule: rule.name.clone(),
            name: rule.title.clone(),
            outcome,
        });
    }
    cases
}

fn gate(sheet: &Sheet) -> Case {
    let gate = &sheet.report.gate;
    let outcome = match gate.exit_code {
        0 => Outcome::Passed,
        _ => Outcome::Failed {
            message: gate.status.to_owned(),
            details: gate.reasons.join("; "),
        },
    };
    Case {
        rule: "gate".to_owned(),
        name: "the gate passes".to_owned(),
        outcome,
    }
}

fn of_finding(sheet: &Sheet, finding: &Finding) -> Case {
    let names = [
        &finding.provider,
        &finding.account,
        &finding.region,
        &finding.function,
        &finding.sub_resource,
    ];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    let outcome = match &finding.suppressed {
        Some(why) => Outcome::Skipped {
            message: format!("suppressed: {why}"),
        },
        None if sheet.asked.gate.closes(finding) => Outcome::Failed {
            message: format!("{}: {}", finding.severity, finding.message),
            details: format!("fingerprint {}; evidence: {}", finding.fingerprint, finding.query),
        },
        None => Outcome::Passed,
    };
    Case {
        rule: finding.rule.clone(),
        name: names.join(" "),
        outcome,
    }
}

fn write_case(text: &mut String, case: &Case) -> fmt::Result {
    let shown = |text: &str| xml(&cut(text, TEXT_WIDTH));
    write!(
        text,
        "<testcase classname=\"pennyspan.{}\" name=\"{}\"",
        shown(&case.rule),
        shown(&case.name)
    )?;
    match &case.outcome {
        Outcome::Passed => writeln!(text, "/>"),
        Outcome::Failed { message, details } => writeln!(
            text,
            "><failure type=\"{}\" message=\"{}\">{}</failure></testcase>",
            shown(&case.rule),
            shown(message),
            shown(details)
        ),
        Outcome::Skipped { message } => writeln!(text, "><skipped message=\"{}\"/></testcase>", shown(message)),
    }
}
