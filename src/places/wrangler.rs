//! Wrangler: a Worker by its `name`, and by the one that each environment has or that is made of both.

use std::path::Path;

use toml_edit::{Document, Table};

use super::lines::json_members;
use super::{Definition, line_of};

/// Reads the Worker of a `wrangler.toml`.
pub(super) fn definitions_in_toml(_path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    let document = Document::parse(text).map_err(|problem| problem.to_string())?;
    let table = document.as_table();
    let Some((name, line)) = named(table, text) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let environments = table.get("env").and_then(|item| item.as_table());
    for (key, item) in environments.into_iter().flat_map(Table::iter) {
        let own = item.as_table().and_then(|table| named(table, text));
        let begins = item
            .as_table()
            .and_then(Table::span)
            .map_or(line, |span| line_of(text, span.start));
        let (name, line) = own.unwrap_or_else(|| (format!("{name}-{key}"), begins));
        found.push(Definition { name, line });
    }
    found.push(Definition { name, line });
    Ok(found)
}

/// Reads the Worker of a `wrangler.json` or `wrangler.jsonc`.
pub(super) fn definitions_in_json(_path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    let members = json_members(text)?;
    let value = |keys: &[&str]| {
        let member = members.iter().find(|member| member.keys() == keys)?;
        Some((member.value.clone()?, member.line))
    };
    let Some((name, line)) = value(&["name"]) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for member in &members {
        let ["env", key] = member.keys()[..] else { continue };
        let own = value(&["env", key, "name"]);
        let (name, line) = own.unwrap_or_else(|| (format!("{name}-{key}"), member.line));
        found.push(Definition { name, line });
    }
    found.push(Definition { name, line });
    Ok(found)
}

/// Returns the name in a table, and its line.
fn named(table: &Table, text: &str) -> Option<(String, u32)> {
    let (key, item) = table.get_key_value("name")?;
    let line = key.span().map_or(1, |span| line_of(text, span.start));
    Some((item.as_str()?.to_owned(), line))
}
