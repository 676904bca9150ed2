//! The formats of a report: the one list that flags, errors, help and documentation are made from.

use pennyspan_analyzer::report::{Sheet, csv, focus, github, gitlab, infracost, json, junit, markdown, sarif, table};

use crate::failure::Failure;

/// Who reads a format, which decides what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Many: what `report.redact` names is not shown.
    Many,
    /// Those who ran the command, and programs: everything is shown.
    Own,
}

/// A format.
pub struct Format {
    /// The word that asks for it.
    pub name: &'static str,
    /// What it is, and what reads it.
    pub sentence: &'static str,
    /// Who reads it.
    pub readers: Readers,
    /// Prints it.
    pub render: fn(&Sheet<'_>) -> anyhow::Result<String>,
}

/// Every format.
pub const ALL: &[Format] = &[
    Format {
        name: "table",
        sentence: "plain text for a terminal",
        readers: Readers::Own,
        render: |sheet| Ok(table::render(&sheet.report)?),
    },
    Format {
        name: "markdown",
        sentence: "a comment of at most 60,000 characters: verdict and money first, ten rows, the rest folded",
        readers: Readers::Many,
        render: |sheet| Ok(markdown::render(&sheet.report)?),
    },
    Format {
        name: "json",
        sentence: "everything, by the published schema",
        readers: Readers::Own,
        render: |sheet| Ok(json::render(&sheet.report)?),
    },
    Format {
        name: "sarif",
        sentence: "SARIF 2.1.0, for GitHub's code scanning and editors",
        readers: Readers::Many,
        render: |sheet| Ok(sarif::render(sheet)?),
    },
    Format {
        name: "html",
        sentence: "one self-contained page with charts, for browsers and artifacts",
        readers: Readers::Many,
        render: |sheet| Ok(pennyspan_web::report::render(sheet)?),
    },
    Format {
        name: "github",
        sentence: "annotations of GitHub Actions, and the step's summary where GITHUB_STEP_SUMMARY names a file",
        readers: Readers::Many,
        render: |sheet| Ok(github::render(sheet)?),
    },
    Format {
        name: "gitlab",
        sentence: "GitLab's code quality report",
        readers: Readers::Many,
        render: |sheet| Ok(gitlab::render(sheet)?),
    },
    Format {
        name: "junit",
        sentence: "JUnit XML, for Jenkins, Azure Pipelines and others: a test case per finding and rule",
        readers: Readers::Own,
        render: |sheet| Ok(junit::render(sheet)?),
    },
    Format {
        name: "csv",
        sentence: "line items of every function, for spreadsheets",
        readers: Readers::Own,
        render: |sheet| Ok(csv::line_items(sheet)),
    },
    Format {
        name: "csv-functions",
        sentence: "one row per function, for spreadsheets",
        readers: Readers::Own,
        render: |sheet| Ok(csv::functions(sheet)),
    },
    Format {
        name: "csv-findings",
        sentence: "one row per finding, for spreadsheets",
        readers: Readers::Own,
        render: |sheet| Ok(csv::findings(sheet)),
    },
    Format {
        name: "focus",
        sentence: "line items under the column names of FOCUS 1.2, for FinOps tools",
        readers: Readers::Own,
        render: |sheet| Ok(focus::render(sheet)),
    },
    Format {
        name: "infracost-usage",
        sentence: "the usage file of Infracost, from a window of at least 24 h",
        readers: Readers::Own,
        render: |sheet| match infracost::render(sheet) {
            Err(short @ infracost::UsageError::Short { .. }) => Err(Failure::usage(short.to_string()).into()),
            other => Ok(other?),
        },
    },
];

/// Returns the names of all formats, with commas between.
#[must_use]
pub fn names() -> String {
    ALL.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

/// Returns the format of a name.
///
/// # Errors
/// [`Failure`] lists the names there are.
pub fn find(name: &str) -> Result<&'static Format, Failure> {
    let found = ALL.iter().find(|format| format.name == name);
    found.ok_or_else(|| Failure::usage(format!("there is no format `{name}`; the formats are {}", names())))
}

/// Returns the formats with what they are, a line each.
#[must_use]
pub fn lines() -> String {
    let line = |format: &Format| format!("{}: {}", format.name, format.sentence);
    ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns the table of the documentation.
#[cfg(test)]
fn page() -> String {
    let row = |format: &Format| {
        let redacted = match format.readers {
            Readers::Many => "yes",
            Readers::Own => "no",
        };
        format!("| `{}` | {} | {redacted} |\n", format.name, format.sentence)
    };
    let head = "| format | what it is | redacted |\n| --- | --- | --- |\n";
    ALL.iter().map(row).fold(head.to_owned(), |table, row| table + &row)
}

#[cfg(test)]
mod tests;
