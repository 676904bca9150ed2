//! The Serverless Framework: `functions`, each by its `name`, or by the one that the framework makes of service, stage and key.

use std::path::Path;

use super::lines::members;
use super::{Definition, spelled};

/// Reads the functions of a service.
pub(super) fn definitions(_path: &Path, text: &str) -> Result<Vec<Definition>, String> {
    let members = members(text)?;
    let value = |keys: &[&str]| {
        let member = members.iter().find(|member| member.keys() == keys);
        member.and_then(|member| member.value.as_deref()).and_then(spelled)
    };
    let service = value(&["service"]).or_else(|| value(&["service", "name"]));
    let service = service.unwrap_or_else(|| "*".to_owned());
    let functions = members.iter().filter_map(|member| match member.keys()[..] {
        ["functions", key] => Some((key, member.line)),
        _ => None,
    });
    let definition = |(key, line): (&str, u32)| Definition {
        name: value(&["functions", key, "name"]).unwrap_or_else(|| format!("{service}-*-{key}")),
        line,
    };
    Ok(functions.map(definition).collect())
}
