//! Terraform: resources and modules that are functions, by their name, or by their label where that is not written out.

use std::path::Path;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, BlockLabel, Body};

use super::{Definition, line_of, spelled};

/// Types of resources that are functions, and the attribute that names them.
const NAMED: [(&str, &str); 10] = [
    ("aws_lambda_function", "function_name"),
    ("azurerm_function_app_flex_consumption", "name"),
    ("azurerm_linux_function_app", "name"),
    ("azurerm_windows_function_app", "name"),
    ("cloudflare_worker_script", "name"),
    ("cloudflare_workers_script", "script_name"),
    ("google_cloud_run_service", "name"),
    ("google_cloud_run_v2_service", "name"),
    ("google_cloudfunctions2_function", "name"),
    ("google_cloudfunctions_function", "name"),
];

/// Reads the functions of a file.
pub(super) fn definitions(_path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    let body: Body = hcl_edit::parser::parse_body(text).map_err(|problem| problem.to_string())?;
    let mut found = Vec::new();
    for block in body.blocks() {
        let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
        let (attribute, label) = match (block.ident.as_str(), labels.as_slice()) {
            ("resource", [kind, label]) => match NAMED.iter().find(|(known, _)| known == kind) {
                Some((_, attribute)) => (*attribute, *label),
                None => continue,
            },
            ("module", [label]) if block.body.has_attribute("function_name") => ("function_name", *label),
            _ => continue,
        };
        let line = line_of(text, block.ident.span().map_or(0, |span| span.start));
        let names = match name(block, attribute) {
            Some(name) => vec![name],
            None => vec![label.to_owned(), label.replace('_', "-")],
        };
        found.extend(names.into_iter().map(|name| Definition { name, line }));
    }
    Ok(found)
}

/// Returns the name that an attribute spells out, at least in part.
fn name(block: &Block, attribute: &str) -> Option<String> {
    match &block.body.get_attribute(attribute)?.value {
        Expression::String(text) => Some(text.as_str().to_owned()),
        Expression::StringTemplate(template) => {
            let written = template.to_string();
            spelled(written.trim().trim_matches('"'))
        }
        _ => None,
    }
}
