//! The tables under *Fires* and *Stays silent*: rows of the views that the query reads, which are the rule's tests.
//!
//! A line ``View: `by_function` `` stands before each table. Columns that a table does not name are null. Each row is
//! a case of its own, unless the column `case` joins rows, also of several tables, under one label. Further special
//! columns: `rows` repeats a row, `every` spaces the repeats in time, `level` is the expected level (in *Fires*), and
//! `because` says why a case is silent (in *Stays silent*).
//!
//! Cells: empty or `null`; `@90m`, `@-2d` (time relative to the start of the window); `200ms x 950, 12s x 50`
//! (a histogram); a decimal number; else text, in which `{i}` is the number of the repeat, from 0.

use std::collections::BTreeMap;

use super::{RuleError, Severity, markdown::Section};
use crate::Decimal;

/// Start of the window in which cases are judged: 2026-01-14T00:00:00Z, in nanoseconds since 1970.
pub const CASE_WINDOW_START_UNIX_NANO: i64 = 1_768_348_800_000_000_000;

/// End of the window in which cases are judged, 24 h after its start, in nanoseconds since 1970.
pub const CASE_WINDOW_END_UNIX_NANO: i64 = CASE_WINDOW_START_UNIX_NANO + 86_400_000_000_000;

/// Most rows that one section's tables may expand to.
const MAX_ROWS: usize = 100_000;

const SPECIAL: [&str; 5] = ["case", "rows", "every", "level", "because"];

/// Rows that are judged together, and what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Line of the file on which the case begins, from 1.
    pub line: u32,
    /// Label of the column `case`, where given.
    pub label: Option<String>,
    /// Expected level; none where the rule must stay silent.
    pub level: Option<Severity>,
    /// Why the rule is silent.
    pub because: Option<String>,
    /// The rows, with repeats expanded.
    pub rows: Vec<CaseRow>,
}

/// One row of one view.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRow {
    /// The view.
    pub view: String,
    /// Named columns; all others are null.
    pub cells: Vec<(String, Cell)>,
}

/// A typed cell; the view's schema decides its final type.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Unknown.
    Null,
    /// A text, also `true` and `false`.
    Text(String),
    /// A number, exact, with its text (a version `42` is a text column's value).
    Number {
        /// As written.
        text: String,
        /// The number.
        value: Decimal,
    },
    /// An instant, in nanoseconds from the start of the case window.
    Time {
        /// Nanoseconds after [`CASE_WINDOW_START_UNIX_NANO`].
        offset_ns: i64,
    },
    /// A histogram: microseconds (or plain counts) and how often each occurs.
    Histogram(Vec<(i64, i64)>),
}

/// What the cases of a section must state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    Level,
    Silence,
}

/// Reads all tables of a section into cases, in the order of their first row.
pub(super) fn parse(section: &Section<'_>, expect: Expect) -> Result<Vec<Case>, RuleError> {
    let mut cases: Vec<Case> = Vec::new();
    let mut labels: BTreeMap<String, usize> = BTreeMap::new();
    let mut total = 0_usize;
    for table in tables(section)? {
        for (line, cells) in &table.rows {
            let row = Row {
                file: section.file,
                line: *line,
                columns: &table.columns,
                cells,
            };
            let label = row.special("case").map(str::to_owned);
            let at = label
                .as_ref()
                .and_then(|label| labels.get(label).copied())
                .unwrap_or_else(|| {
                    cases.push(Case {
                        line: *line,
                        label: label.clone(),
                        level: None,
                        because: None,
                        rows: Vec::new(),
                    });
                    cases.len() - 1
                });
            labels.extend(label.map(|label| (label, at)));
            row.add_to(&mut cases[at], &table.view, &mut total)?;
        }
    }
    complete(section, &cases, expect)?;
    Ok(cases)
}

/// Lists the views of all cases in the order of their first use.
pub(super) fn views(fires: &[Case], silent: &[Case]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in fires.iter().chain(silent).flat_map(|case| &case.rows) {
        if !names.contains(&row.view) {
            names.push(row.view.clone());
        }
    }
    names
}

fn complete(section: &Section<'_>, cases: &[Case], expect: Expect) -> Result<(), RuleError> {
    let fault = |line, problem: &str, remedy: &str| RuleError::Table {
        file: section.file.to_owned(),
        line,
        problem: problem.to_owned(),
        remedy: remedy.to_owned(),
    };
    if cases.is_empty() {
        let problem = format!("section `{}` has no case", section.name);
        return Err(fault(section.line, &problem, "add a table with at least one row"));
    }
    for case in cases {
        match expect {
            Expect::Level if case.level.is_none() => {
                return Err(fault(
                    case.line,
                    "a case that fires has no `level`",
                    "add the level that it must return",
                ));
            }
            Expect::Silence if case.level.is_some() => {
                return Err(fault(
                    case.line,
                    "a silent case has a `level`",
                    "move it to `Fires` or remove the level",
                ));
            }
            Expect::Silence if case.because.is_none() => {
                return Err(fault(
                    case.line,
                    "a silent case has no `because`",
                    "say why the rule does not fire",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A Markdown table with the view whose rows it holds.
struct Table<'a> {
    view: String,
    columns: Vec<&'a str>,
    rows: Vec<(u32, Vec<&'a str>)>,
}

fn tables<'a>(section: &Section<'a>) -> Result<Vec<Table<'a>>, RuleError> {
    let fault = |line, problem: String, remedy: &str| RuleError::Table {
        file: section.file.to_owned(),
        line,
        problem,
        remedy: remedy.to_owned(),
    };
    let (mut found, mut view, mut open) = (Vec::<Table<'a>>::new(), None, false);
    for (line, text) in &section.lines {
        let text = text.trim();
        if let Some(name) = text.strip_prefix("View:") {
            view = Some(name.trim().trim_matches('`').to_owned());
        } else if let Some(inner) = text.strip_prefix('|') {
            let cells: Vec<&str> = inner
                .strip_suffix('|')
                .unwrap_or(inner)
                .split('|')
                .map(str::trim)
                .collect();
            match found.last_mut().filter(|_| open) {
                None => {
                    let no_view = || {
                        fault(
                            *line,
                            "a table without a view".to_owned(),
                            "write ``View: `name` `` above it",
                        )
                    };
                    found.push(Table {
                        view: view.clone().ok_or_else(no_view)?,
                        columns: cells,
                        rows: Vec::new(),
                    });
                }
                Some(_) if cells.iter().all(|cell| is_rule(cell)) => {}
                Some(table) if cells.len() != table.columns.len() => {
                    let problem = format!("{} cells under {} columns", cells.len(), table.columns.len());
                    return Err(fault(
                        *line,
                        problem,
                        "give every column a cell; leave it empty for null",
                    ));
                }
                Some(table) => table.rows.push((*line, cells)),
            }
            open = true;
            continue;
        }
        open = false;
    }
    Ok(found)
}

/// Tells whether a cell belongs to the line under a table's head.
fn is_rule(cell: &str) -> bool {
    cell.contains("---") && cell.bytes().all(|b| b == b'-' || b == b':')
}

struct Row<'a> {
    file: &'a str,
    line: u32,
    columns: &'a [&'a str],
    cells: &'a [&'a str],
}

impl Row<'_> {
    fn special(&self, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| *name == column)?;
        self.cells.get(at).copied().filter(|cell| !cell.is_empty())
    }

    fn fault(&self, column: &str, found: &str, expected: &str) -> RuleError {
        RuleError::Cell {
            file: self.file.to_owned(),
            line: self.line,
            column: column.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }
    }

    /// Adds the row, as often as it repeats, to its case.
    fn add_to(&self, case: &mut Case, view: &str, total: &mut usize) -> Result<(), RuleError> {
        if let Some(text) = self.special("level") {
            let level = text
                .parse()
                .map_err(|_| self.fault("level", text, "critical, high, medium, low or info"))?;
            case.level = Some(level);
        }
        if let Some(text) = self.special("because") {
            case.because = Some(text.to_owned());
        }
        let count = format!("a count of at most {MAX_ROWS} rows in all");
        let repeats = self.special("rows").map_or(Ok(1), |text| {
            let number = text.parse::<usize>().ok();
            number
                .filter(|n| (1..=MAX_ROWS - *total).contains(n))
                .ok_or_else(|| self.fault("rows", text, &count))
        })?;
        *total += repeats;
        let every = self.special("every").map_or(Ok(0), |text| {
            length_ns(text).ok_or_else(|| self.fault("every", text, "a length such as `1m` or `30s`"))
        })?;
        for repeat in 0..repeats {
            let cells = self
                .columns
                .iter()
                .zip(self.cells)
                .filter(|(name, _)| !SPECIAL.contains(name));
            let cells = cells.map(|(name, text)| Ok(((*name).to_owned(), self.cell(name, text, repeat, every)?)));
            case.rows.push(CaseRow {
                view: view.to_owned(),
                cells: cells.collect::<Result<_, RuleError>>()?,
            });
        }
        Ok(())
    }

    fn cell(&self, column: &str, text: &str, repeat: usize, every_ns: i64) -> Result<Cell, RuleError> {
        if text.is_empty() || text == "null" {
            return Ok(Cell::Null);
        }
        if let Some(offset) = text.strip_prefix('@') {
            let spaced = i64::try_from(repeat).ok().and_then(|n| n.checked_mul(every_ns));
            let offset_ns = length_ns(offset)
                .zip(spaced)
                .and_then(|(offset, spaced)| offset.checked_add(spaced));
            let expected = "a time relative to the window's start, such as `@90m` or `@-2d`";
            return offset_ns
                .map(|offset_ns| Cell::Time { offset_ns })
                .ok_or_else(|| self.fault(column, text, expected));
        }
        if let Ok(value) = text.parse() {
            return Ok(Cell::Number {
                text: text.to_owned(),
                value,
            });
        }
        if text.contains(" x ") && text.starts_with(|c: char| c.is_ascii_digit()) {
            let expected = "a histogram such as `200ms x 950, 12s x 50`";
            return histogram(text)
                .map(Cell::Histogram)
                .ok_or_else(|| self.fault(column, text, expected));
        }
        Ok(Cell::Text(text.replace("{i}", &repeat.to_string())))
    }
}

fn histogram(text: &str) -> Option<Vec<(i64, i64)>> {
    let entry = |part: &str| {
        let (value, count) = part.trim().split_once(" x ")?;
        let count = count.trim().parse::<i64>().ok().filter(|count| *count > 0)?;
        let us = length_ns(value.trim())? / 1_000;
        Some((us, count))
    };
    text.split(',').map(entry).collect()
}

/// Reads a length such as `90m`, `-2d` or `1d2h` in nanoseconds.
fn length_ns(text: &str) -> Option<i64> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = 0_i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let factor: i64 = match unit {
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(factor)?)?;
        rest = tail;
    }
    Some(sign * total)
}
