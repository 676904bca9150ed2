//! The report as a Markdown comment: verdict and money first, ten rows, the rest folded, under 60,000 characters.

use std::fmt::{self, Write};

use crate::report::escape::{cut, markdown};
use crate::report::suppress::Status;
use crate::report::{BudgetRow, Finding, FunctionRow, Report, budget};

/// The most characters of a comment.
pub const LONGEST: usize = 60_000;
/// Rows that stand open.
const OPEN_ROWS: usize = 10;
/// The longest name or message that is shown whole.
const CELL_WIDTH: usize = 200;
/// The longest reason of the verdict that is shown whole.
const REASON_WIDTH: usize = 500;
/// Reasons for missing prices that are shown; the rest stand in the JSON report.
const REASONS: usize = 8;
/// Characters kept for the line that says what was left out.
const RESERVED: usize = 200;

/// Prints the report as Markdown.
///
/// # Errors
/// The writer's, which a `String` never has.
pub fn render(report: &Report) -> Result<String, fmt::Error> {
    let mut text = String::new();
    head(&mut text, report)?;
    let mut page = Page {
        left: LONGEST.saturating_sub(text.chars().count() + RESERVED),
        text,
    };
    let findings: Vec<String> = report.findings.iter().map(finding_row).collect();
    page.table(
        "findings",
        "| level | rule | where | what |\n| --- | --- | --- | --- |\n",
        &findings,
    );
    for row in report.suppressions.iter().filter(|row| row.status != Status::Used) {
        page.push(&format!("\nsuppression {}\n", markdown(&row.sentence())));
    }
    let budgets: Vec<String> = report.budgets.iter().map(budget_row).collect();
    page.table("budgets", "| budget | what |\n| --- | --- |\n", &budgets);
    if let Some(comparison) = &report.comparison {
        page.push(&format!("\nCompared: {}\n", markdown(&comparison.head())));
        let changes = comparison.lines();
        let changes: Vec<String> = changes
            .iter()
            .map(|(name, words)| format!("| {} | {} |\n", cell(name), cell(words)))
            .collect();
        page.table("changes", "| function | what changed |\n| --- | --- |\n", &changes);
    }
    let functions: Vec<String> = costliest(report).into_iter().map(function_row).collect();
    let columns = "| function | invocations | cold | failed | p95 ms | USD | not priced |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    page.table("functions", columns, &functions);
    Ok(page.text)
}

/// A text that may still grow so much.
struct Page {
    text: String,
    left: usize,
}

impl Page {
    /// Adds a table: the first rows open, the others folded, and what does not fit counted.
    fn table(&mut self, what: &str, columns: &str, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        let (open, folded) = rows.split_at(rows.len().min(OPEN_ROWS));
        self.push(&format!("\n{columns}"));
        let mut shown = open.iter().take_while(|row| self.push(row)).count();
        if !folded.is_empty() && shown == open.len() {
            let summary = format!(
                "\n<details><summary>{} more {what}</summary>\n\n{columns}",
                folded.len()
            );
            let end = "\n</details>\n";
            if self.left > summary.chars().count() + end.chars().count() && self.push(&summary) {
                self.left -= end.chars().count();
                shown += folded.iter().take_while(|row| self.push(row)).count();
                self.text.push_str(end);
            }
        }
        if shown < rows.len() {
            let rest = format!("\n+{} more {what} in the JSON report\n", rows.len() - shown);
            self.text.push_str(&rest);
        }
    }

    /// Adds a text where it fits, and says whether it did.
    fn push(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let fits = length <= self.left;
        if fits {
            self.left -= length;
            self.text.push_str(text);
        }
        fits
    }
}

fn head(text: &mut String, report: &Report) -> fmt::Result {
    let totals = &report.totals;
    writeln!(text, "**pennyspan: {}**", report.gate.status)?;
    for reason in report.gate.reasons.iter().take(OPEN_ROWS) {
        writeln!(text, "- {}", markdown(&cut(reason, REASON_WIDTH)))?;
    }
    if let Some(more) = report
        .gate
        .reasons
        .len()
        .checked_sub(OPEN_ROWS)
        .filter(|more| *more > 0)
    {
        writeln!(text, "- +{more} more reasons in the JSON report")?;
    }
    if totals.attempts == 0 {
        return writeln!(text, "\nNo data in {} .. {}.", report.window.start, report.window.end);
    }
    let books: Vec<String> = report
        .cost
        .price_books
        .iter()
        .map(|book| format!("{} of {}", markdown(&book.id), book.as_of))
        .collect();
    let books = if books.is_empty() {
        "no price book applies".to_owned()
    } else {
        books.join(", ")
    };
    writeln!(
        text,
        "\nEstimated **${}** at list prices ({books}); {} not priced.",
        totals.cost_usd, totals.not_priced
    )?;
    for row in report.cost.not_priced.iter().take(REASONS) {
        let region = row.region.as_ref().map_or_else(String::new, |region| {
            format!(", {}", markdown(&cut(region, CELL_WIDTH)))
        });
        writeln!(
            text,
            "Not priced: {} ({}{region}), {}.",
            row.invocations,
            markdown(&cut(&row.provider, CELL_WIDTH)),
            row.message
        )?;
    }
    let failed = totals.errors + totals.timeouts + totals.out_of_memory;
    writeln!(
        text,
        "{} invocations, {failed} failed, {} cold starts, {} throttled; {} .. {}.",
        totals.invocations, totals.cold_starts, totals.throttles, report.window.start, report.window.end
    )
}

/// Returns the rows by what they cost, the most first; their own order decides among equals.
fn costliest(report: &Report) -> Vec<&FunctionRow> {
    let mut rows: Vec<&FunctionRow> = report.functions.iter().collect();
    let amount = |row: &FunctionRow| row.cost_usd.parse::<pennyspan_rules::Decimal>().ok();
    rows.sort_by_key(|row| std::cmp::Reverse(amount(row)));
    rows
}

fn finding_row(finding: &Finding) -> String {
    let place: Vec<String> = [&finding.function, &finding.sub_resource]
        .into_iter()
        .flatten()
        .map(|part| cell(part))
        .collect();
    let aside = match (&finding.suppressed, finding.baseline.as_deref()) {
        (Some(why), _) => format!(" (suppressed: {})", cell(why)),
        (None, Some(standing)) if standing != "new" => format!(" ({standing})"),
        (None, _) => String::new(),
    };
    let also = finding
        .also()
        .map_or_else(String::new, |places| format!(" ({})", cell(&places)));
    format!(
        "| {} | {} | {} | {}{aside}{also} |\n",
        finding.severity,
        cell(&finding.rule),
        place.join(" "),
        cell(&finding.message)
    )
}

fn budget_row(row: &BudgetRow) -> String {
    let status = match row.status {
        budget::Status::Passed => "passed",
        budget::Status::Warned => "warned",
        budget::Status::Failed => "**failed**",
        budget::Status::NotJudged => "not judged",
        budget::Status::Unmatched => "unmatched",
    };
    format!("| {status} | {} |\n", cell(&row.sentence()))
}

fn function_row(row: &FunctionRow) -> String {
    let about = if row.duration_ms.approximate { "~" } else { "" };
    let p95 = row
        .duration_ms
        .p95
        .map_or_else(|| "-".to_owned(), |ms| format!("{about}{ms:.3}"));
    let failed = row.errors + row.timeouts + row.out_of_memory;
    let name = cell(row.function.as_deref().unwrap_or("(unknown)"));
    format!(
        "| {name} | {} | {} | {failed} | {p95} | {} | {} |\n",
        row.invocations, row.cold_starts, row.cost_usd, row.not_priced
    )
}

fn cell(text: &str) -> String {
    markdown(&cut(text, CELL_WIDTH))
}
