//! Where functions are defined in the code around the working directory, so that reports can point there.
//!
//! `[[source]]` entries of the configuration tell first. Then come the definitions that templates and configuration files of
//! deployments hold: CloudFormation and SAM, the Serverless Framework, Terraform, Wrangler and Azure Functions. A definition names its
//! function, or says how the platform makes a name; of several that fit, the one that leaves the least open stands, then the first by
//! path.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use pennyspan_analyzer::analysis::selection::matches;
use pennyspan_analyzer::judge::Finding;
use pennyspan_analyzer::report::Place;
use tracing::warn;

mod azure;
mod cloudformation;
mod lines;
mod serverless;
mod terraform;
mod wrangler;

/// How deep directories are followed.
const DEPTH: usize = 8;
/// The most directory entries that are looked at.
const MOST_ENTRIES: usize = 20_000;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 2 << 20;
/// Directories that hold what is built or fetched, never what is written.
const LEFT_OUT: [&str; 6] = ["node_modules", "target", "vendor", "dist", "build", "cdk.out"];

/// A definition of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Definition {
    /// Its name; `*` stands for what is only known when it is deployed.
    name: String,
    /// The line where it begins, from one.
    line: u32,
}

/// Reads the definitions of one file, given its path and text.
///
/// # Errors
/// What is wrong with the text.
type Dialect = fn(&Path, &str) -> Result<Vec<Definition>, String>;

/// A `[[source]]` entry: functions, and where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Glob over functions.
    pub function: String,
    /// Where they are.
    pub place: Place,
}

/// What is known of the code.
#[derive(Debug, Default)]
pub struct Places {
    stated: Vec<Stated>,
    defined: Vec<(Definition, String)>,
}

impl Places {
    /// Reads every definition at or below a directory. A file that cannot be understood is named on standard error and left out.
    pub fn read(root: &Path, stated: &[Stated]) -> Self {
        let mut places = Self {
            stated: stated.to_vec(),
            defined: Vec::new(),
        };
        let mut left = MOST_ENTRIES;
        let files = files(root, DEPTH, &mut left);
        if left == 0 {
            warn!(
                "more than {MOST_ENTRIES} files and directories: not all of them are looked at for functions; [[source]] says where one is"
            );
        }
        for path in files {
            let Some(dialect) = dialect(&path) else { continue };
            let shown = relative(root, &path);
            match text_of(&path).and_then(|text| dialect(&path, &text)) {
                Ok(found) => places
                    .defined
                    .extend(found.into_iter().map(|definition| (definition, shown.clone()))),
                Err(problem) => warn!("{shown} is not looked at for functions: {problem}"),
            }
        }
        places
    }

    /// Says of each finding where its function is defined, where that is known.
    pub fn mark(&self, findings: &mut [Finding]) {
        for finding in findings {
            finding.place = finding.function.as_deref().and_then(|function| self.of(function));
        }
    }

    /// Returns where a function is defined.
    fn of(&self, function: &str) -> Option<Place> {
        let stated = self.stated.iter().find(|stated| matches(&stated.function, function));
        if let Some(stated) = stated {
            return Some(stated.place.clone());
        }
        let fitting = self
            .defined
            .iter()
            .filter(|(definition, _)| matches(&definition.name, function));
        let (definition, path) = fitting.min_by_key(|(definition, path)| {
            let open = definition.name.matches('*').count();
            (open, Reverse(definition.name.len()), path, definition.line)
        })?;
        Some(Place {
            path: path.clone(),
            line: definition.line,
        })
    }
}

/// Returns who reads a file, by its name.
fn dialect(path: &Path) -> Option<Dialect> {
    let name = path.file_name()?.to_str()?;
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    match (name, extension) {
        ("serverless.yml" | "serverless.yaml", _) => Some(serverless::definitions),
        ("wrangler.toml", _) => Some(wrangler::definitions_in_toml),
        ("wrangler.json" | "wrangler.jsonc", _) => Some(wrangler::definitions_in_json),
        ("function.json", _) => Some(azure::definitions),
        (_, "tf") => Some(terraform::definitions),
        (_, "yml" | "yaml" | "template") => Some(cloudformation::definitions),
        (name, "json") if name.contains("template") => Some(cloudformation::definitions),
        _ => None,
    }
}

/// Returns the files at or below a directory in the order of their paths; links are not followed.
fn files(directory: &Path, depth: usize, left: &mut usize) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    // The same ones whenever there are too many: a directory tells them in no order.
    entries.sort_by_key(std::fs::DirEntry::file_name);
    entries.truncate(*left);
    *left -= entries.len();
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        match entry.file_type() {
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            Ok(kind) if kind.is_dir() && depth > 0 && !name.starts_with('.') && !LEFT_OUT.contains(&name.as_ref()) => {
                found.extend(files(&entry.path(), depth - 1, left));
            }
            _ => {}
        }
    }
    found
}

/// Returns the text of a file that is small enough.
///
/// # Errors
/// Why it is not read.
fn text_of(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|problem| problem.to_string())?.len();
    if size > LARGEST {
        return Err(format!("{size} bytes, and {LARGEST} are read"));
    }
    std::fs::read_to_string(path).map_err(|problem| problem.to_string())
}

/// Returns a path below a root, with `/` between its parts.
fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts = below.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// Returns a name with `*` for each variable, `${…}`, whatever stands in its braces, also braces.
fn open_name(text: &str) -> String {
    let mut name = String::new();
    let mut rest = text;
    while let Some((before, variable)) = rest.split_once("${") {
        name.push_str(before);
        name.push('*');
        let mut depth = 1_usize;
        let end = variable.find(|letter: char| {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        rest = end.map_or("", |end| &variable[end + 1..]);
    }
    name + rest
}

/// Returns a name with `*` for each variable; none where it is nothing else.
fn spelled(text: &str) -> Option<String> {
    let name = open_name(text);
    name.chars().any(|letter| letter != '*').then_some(name)
}

/// Returns the line of a byte, from one.
fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests;
