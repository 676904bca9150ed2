//! Azure Functions: a directory with a `function.json` is a function of its app, whose name only the deployment knows.

use std::path::Path;

use super::Definition;
use super::lines::json_members;

/// Returns the function of a `function.json`, which has bindings.
pub(super) fn definitions(path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    let directory = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let bound = json_members(text)?.iter().any(|member| member.keys() == ["bindings"]);
    let Some(function) = directory.filter(|_| bound) else {
        return Ok(Vec::new());
    };
    let names = [format!("*/{function}"), function.to_owned()];
    Ok(names.into_iter().map(|name| Definition { name, line: 1 }).collect())
}
