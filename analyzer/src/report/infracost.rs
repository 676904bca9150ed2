//! The usage file of Infracost: what functions were asked to do, a month, as its estimates of Terraform projects read it.
//!
//! Keys are those of Infracost's resources `aws_lambda_function`, `google_cloudfunctions_function` and `azurerm_function_app`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::analysis::cost::{DAY_NANOS, MONTH_NANOS};
use crate::report::{FunctionRow, Sheet};

/// Why there is no usage file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// The window is too short.
    #[error(
        "monthly usage needs a window of at least 24 h, and this one is {minutes} min; give more telemetry or a longer --since"
    )]
    Short {
        /// Its length in minutes.
        minutes: i64,
    },
    /// The text cannot be written.
    #[error("cannot write the usage file")]
    Unwritable {
        /// The writer's.
        #[from]
        source: fmt::Error,
    },
}

/// A kind of resource, and what Infracost calls its usage.
struct Kind {
    provider: &'static str,
    resource: &'static str,
    requests: &'static str,
    duration: &'static str,
    memory: Option<&'static str>,
}

const KINDS: [Kind; 3] = [
    Kind {
        provider: "aws",
        resource: "aws_lambda_function",
        requests: "monthly_requests",
        duration: "request_duration_ms",
        memory: None,
    },
    Kind {
        provider: "gcp",
        resource: "google_cloudfunctions_function",
        requests: "monthly_function_invocations",
        duration: "request_duration_ms",
        memory: None,
    },
    Kind {
        provider: "azure",
        resource: "azurerm_function_app",
        requests: "monthly_executions",
        duration: "execution_duration_ms",
        memory: Some("memory_mb"),
    },
];

/// What functions of one name did.
#[derive(Clone, Copy, Default)]
struct Usage {
    functions: i128,
    invocations: i128,
    billed_duration_ms: i128,
    memory_mib: Option<i64>,
}

impl Usage {
    fn add(&mut self, row: &FunctionRow) {
        self.functions += 1;
        self.invocations += i128::from(row.invocations);
        self.billed_duration_ms += i128::from(row.billed_duration_ms);
        self.memory_mib = self.memory_mib.max(row.max_memory_used_mib);
    }

    fn write(&self, text: &mut String, kind: &Kind, length_nanos: i128, functions: i128) -> fmt::Result {
        let monthly = rounded(self.invocations * MONTH_NANOS, length_nanos * functions);
        writeln!(text, "    {}: {monthly}", kind.requests)?;
        if self.invocations > 0 && self.billed_duration_ms > 0 {
            let mean = rounded(self.billed_duration_ms, self.invocations).max(1);
            writeln!(text, "    {}: {mean}", kind.duration)?;
        }
        match (kind.memory, self.memory_mib) {
            (Some(memory), Some(mib)) => writeln!(text, "    {memory}: {mib}"),
            _ => Ok(()),
        }
    }
}

/// Prints the usage file: each function under the address that its name suggests, and the mean of all functions of a kind
/// for those whose Terraform name is another.
///
/// # Errors
/// [`UsageError::Short`] where the window is shorter than a day.
pub fn render(sheet: &Sheet) -> Result<String, UsageError> {
    let report = &sheet.report;
    if report.length_nanos < DAY_NANOS {
        return Err(UsageError::Short {
            minutes: report.length_nanos / 60_000_000_000,
        });
    }
    let length = i128::from(report.length_nanos);
    let mut text = String::new();
    writeln!(
        text,
        "# Usage from {} to {}, for a month of 730 hours.",
        report.window.start, report.window.end
    )?;
    let mut means = String::new();
    let mut each = String::new();
    for kind in &KINDS {
        let rows = report.functions.iter().filter(|row| row.provider == kind.provider);
        let mut all = Usage::default();
        let mut by_label: BTreeMap<String, Usage> = BTreeMap::new();
        for row in rows {
            all.add(row);
            if let Some(name) = &row.function {
                by_label.entry(label(name)).or_default().add(row);
            }
        }
        if all.functions > 0 {
            writeln!(means, "  {}:", kind.resource)?;
            all.write(&mut means, kind, length, all.functions)?;
        }
        for (label, usage) in by_label {
            writeln!(each, "  {}.{label}:", kind.resource)?;
            usage.write(&mut each, kind, length, 1)?;
        }
    }
    text.push_str("version: 0.1\n");
    section(&mut text, "resource_type_default_usage", &means);
    section(&mut text, "resource_usage", &each);
    Ok(text)
}

fn section(text: &mut String, name: &str, entries: &str) {
    text.push_str(name);
    text.push_str(if entries.is_empty() { ": {}\n" } else { ":\n" });
    text.push_str(entries);
}

/// Returns the name of a Terraform resource that a function's name suggests.
fn label(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let label: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    let begins = label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins { label } else { format!("_{label}") }
}

/// Divides, to the nearest integer.
fn rounded(dividend: i128, divisor: i128) -> i128 {
    (2 * dividend + divisor) / (2 * divisor)
}
