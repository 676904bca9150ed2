//! CloudFormation and SAM: resources that are functions, by their name, or by the one that the stack makes of their logical id.

use std::path::Path;

use super::lines::{json_members, members};
use super::{Definition, spelled};

/// Types of resources that are functions.
const TYPES: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];

/// Reads the functions of a template; a file of another kind has none.
pub(super) fn definitions(path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    if !TYPES.iter().any(|kind| text.contains(kind)) {
        return Ok(Vec::new());
    }
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let members = if is_json { json_members(text)? } else { members(text)? };
    let mut found = Vec::new();
    for member in &members {
        let ["Resources", id, "Type"] = member.keys()[..] else {
            continue;
        };
        if !member.value.as_deref().is_some_and(|kind| TYPES.contains(&kind)) {
            continue;
        }
        let named = members.iter().find(|named| {
            let keys = named.keys();
            let is_name = keys == ["Resources", id, "Properties", "FunctionName"]
                || keys == ["Resources", id, "Properties", "FunctionName", "Fn::Sub"];
            is_name && named.value.is_some()
        });
        let resource = members.iter().find(|resource| resource.keys() == ["Resources", id]);
        let line = resource.map_or(member.line, |resource| resource.line);
        let written = named
            .filter(|named| !named.made)
            .and_then(|named| named.value.as_deref());
        let possible = match written.and_then(spelled) {
            Some(name) => vec![name],
            None => made(id).into_iter().chain([id.to_owned()]).collect(),
        };
        found.extend(possible.into_iter().map(|name| Definition { name, line }));
    }
    Ok(found)
}

/// Returns the names that a stack makes of a logical id: its own before it, and twelve or thirteen letters by chance behind.
fn made(id: &str) -> [String; 2] {
    [12, 13].map(|letters| format!("*-{id}-{}", "?".repeat(letters)))
}
