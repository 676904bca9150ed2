//! The report as JSON.

use crate::report::Report;

/// Prints the report as JSON, indented, with a newline at its end.
///
/// # Errors
/// The writer's, where a value cannot be written.
pub fn render(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
