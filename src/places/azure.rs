//! Azure Functions: a directory with a `function.json` is a function of its app, whose name only the deployment knows.

use std::path::Path;

use super::Definition;

/// Returns the function of a `function.json`.
pub(super) fn definitions(path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    let directory = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let Some(function) = directory.filter(|_| text.contains("\"bindings\"")) else {
        return Ok(Vec::new());
    };
    let names = [format!("*/{function}"), function.to_owned()];
    Ok(names.into_iter().map(|name| Definition { name, line: 1 }).collect())
}
