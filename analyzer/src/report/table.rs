//! The report for a terminal.

use std::fmt::{self, Write};

use crate::report::escape::{cut, terminal};
use crate::report::suppress::Status;
use crate::report::{Finding, FunctionRow, Report};

/// The longest name that is shown whole.
const NAME_WIDTH: usize = 32;

/// Prints the report as plain text: verdict and money, functions, findings.
///
/// # Errors
/// The writer's, which a `String` never has.
pub fn render(report: &Report) -> Result<String, fmt::Error> {
    let mut text = String::new();
    head(&mut text, report)?;
    functions(&mut text, &report.functions)?;
    money(&mut text, report)?;
    numbers(&mut text, report)?;
    findings(&mut text, report)?;
    Ok(text)
}

fn head(text: &mut String, report: &Report) -> fmt::Result {
    let totals = &report.totals;
    writeln!(text, "{} .. {}", report.window.start, report.window.end)?;
    writeln!(
        text,
        "gate {} (exit code {})",
        report.gate.status, report.gate.exit_code
    )?;
    for reason in &report.gate.reasons {
        writeln!(text, "  {}", terminal(reason))?;
    }
    if totals.attempts == 0 {
        return writeln!(text, "no data");
    }
    let estimated = if totals.estimated {
        ", estimated from sampled telemetry"
    } else {
        ""
    };
    writeln!(
        text,
        "{} attempts, {} invocations, {} events, {} cold starts{estimated}",
        totals.attempts, totals.invocations, totals.events, totals.cold_starts
    )?;
    writeln!(
        text,
        "{} errors, {} timeouts, {} out of memory, {} cancelled, {} throttled",
        totals.errors, totals.timeouts, totals.out_of_memory, totals.cancelled, totals.throttles
    )
}

fn functions(text: &mut String, rows: &[FunctionRow]) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let mut cells = vec![
        [
            "function",
            "invocations",
            "cold",
            "errors",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "USD",
            "not priced",
        ]
        .map(str::to_owned),
    ];
    cells.extend(rows.iter().map(row));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
    writeln!(text)?;
    for row in &cells {
        let mut line = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(line, "  {cell:>width$}")?;
        }
        writeln!(text, "{}", line.trim_end())?;
    }
    Ok(())
}

fn row(row: &FunctionRow) -> [String; 9] {
    let name = terminal(row.function.as_deref().unwrap_or("(unknown)")).into_owned();
    let about = if row.duration_ms.approximate { "~" } else { "" };
    let ms = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{about}{ms:.3}"));
    let share = row
        .cold_start_rate
        .map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    [
        cut(&name, NAME_WIDTH).into_owned(),
        row.invocations.to_string(),
        share,
        (row.errors + row.timeouts + row.out_of_memory).to_string(),
        ms(row.duration_ms.p50),
        ms(row.duration_ms.p95),
        ms(row.duration_ms.p99),
        row.cost_usd.clone(),
        row.not_priced.to_string(),
    ]
}

fn money(text: &mut String, report: &Report) -> fmt::Result {
    if report.totals.attempts == 0 {
        return Ok(());
    }
    let books: Vec<String> = report
        .cost
        .price_books
        .iter()
        .map(|book| format!("{} of {}", book.id, book.as_of))
        .collect();
    let books = if books.is_empty() {
        "no price book applies".to_owned()
    } else {
        books.join(", ")
    };
    let totals = &report.totals;
    writeln!(
        text,
        "\nestimated ${} at list prices ({books}); {} not priced",
        totals.cost_usd, totals.not_priced
    )?;
    if let Some(low) = &totals.cost_low_usd {
        writeln!(
            text,
            "  {} of unknown architecture are priced as x86_64; ${low} were they arm64",
            totals.assumed_architecture
        )?;
    }
    for row in &report.cost.not_priced {
        let region = row
            .region
            .as_ref()
            .map_or_else(String::new, |region| format!(", {region}"));
        let place = format!("{}{region}", row.provider);
        writeln!(
            text,
            "  {} not priced ({}): {}",
            row.invocations,
            cut(&place, 2 * NAME_WIDTH),
            row.message
        )?;
    }
    for waste in &report.cost.waste {
        writeln!(text, "  {:<14}  ${}", waste.kind, waste.cost_usd)?;
    }
    Ok(())
}

fn numbers(text: &mut String, report: &Report) -> fmt::Result {
    if !report.budgets.is_empty() {
        writeln!(text)?;
    }
    for row in &report.budgets {
        writeln!(text, "budget  {}", terminal(&row.sentence()))?;
    }
    if let Some(comparison) = &report.comparison {
        writeln!(text, "\n{}", comparison.head())?;
        for (name, words) in comparison.lines() {
            writeln!(text, "  {}: {}", cut(&terminal(&name), NAME_WIDTH), terminal(&words))?;
        }
    }
    Ok(())
}

fn findings(text: &mut String, report: &Report) -> fmt::Result {
    if !report.findings.is_empty() {
        writeln!(text)?;
    }
    for finding in &report.findings {
        writeln!(
            text,
            "{:<8}  {}  {}: {}{}",
            finding.severity,
            finding.rule,
            place(finding),
            terminal(&finding.message),
            aside(finding)
        )?;
    }
    for row in report.suppressions.iter().filter(|row| row.status != Status::Used) {
        writeln!(text, "suppression  {}", terminal(&row.sentence()))?;
    }
    for missing in &report.not_judged {
        writeln!(text, "not judged  {}: {}", missing.rule, missing.words())?;
    }
    Ok(())
}

/// Returns why a finding does not count at the gate, as far as it does not.
fn aside(finding: &Finding) -> String {
    let suppressed = finding
        .suppressed
        .as_ref()
        .map(|why| format!("suppressed: {}", terminal(why)));
    let known = finding.baseline.clone().filter(|standing| standing != "new");
    let also = finding.also().map(|places| terminal(&places).into_owned());
    let words: Vec<String> = suppressed.into_iter().chain(known).chain(also).collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", words.join("; "))
    }
}

fn place(finding: &Finding) -> String {
    let name = [&finding.function, &finding.sub_resource]
        .into_iter()
        .flatten()
        .map(|part| terminal(part).into_owned());
    let name = name.collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        "(unknown)".to_owned()
    } else {
        cut(&name, 2 * NAME_WIDTH).into_owned()
    }
}
