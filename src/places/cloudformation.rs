//! CloudFormation and SAM: resources that are functions, by their name, or by the one that the stack makes of their logical id.

use std::path::Path;

use super::lines::members;
use super::{Definition, spelled};

/// Types of resources that are functions.
const TYPES: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];

/// Reads the functions of a template; a file of another kind has none.
pub(super) fn definitions(_path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    if !TYPES.iter().any(|kind| text.contains(kind)) {
        return Ok(Vec::new());
    }
    let members = members(text)?;
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
            None => vec![format!("*-{id}-*"), id.to_owned()],
        };
        found.extend(possible.into_iter().map(|name| Definition { name, line }));
    }
    Ok(found)
}
