//! Where functions are defined in the code around the working directory, so that reports can point there.
//!
//! `[[source]]` entries of the configuration tell first. Then come the definitions that templates and configuration files of
//! deployments hold: CloudFormation and SAM, the Serverless Framework, Terraform, Wrangler and Azure Functions. A definition names its
//! function, or says how the platform makes a name; of several that fit, the one that leaves the least open stands, then the first by
//! path.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

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
        for path in files(root, DEPTH, &mut left) {
            let Some(dialect) = dialect(&path) else { continue };
            let small = std::fs::metadata(&path).is_ok_and(|known| known.is_file() && known.len() <= LARGEST);
            let Some(text) = small.then(|| std::fs::read_to_string(&path).ok()).flatten() else {
                continue;
            };
            let shown = relative(root, &path);
            match dialect(&path, &text) {
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
        let stated = self.stated.iter().find(|stated| fits(&stated.function, function));
        if let Some(stated) = stated {
            return Some(stated.place.clone());
        }
        let fitting = self
            .defined
            .iter()
            .filter(|(definition, _)| fits(&definition.name, function));
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
    let mut entries: Vec<_> = entries.flatten().take(*left).collect();
    *left -= entries.len();
    entries.sort_by_key(std::fs::DirEntry::file_name);
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

/// Returns a path below a root, with `/` between its parts.
fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts = below.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// Returns a name with `*` for each variable, `${…}`, whatever stands in its braces.
fn open_name(text: &str) -> String {
    let mut name = String::new();
    let mut depth = 0_usize;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '$' if depth == 0 && letters.peek() == Some(&'{') => name.push('*'),
            '{' if depth > 0 || name.ends_with('*') => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ if depth == 0 => name.push(letter),
            _ => {}
        }
    }
    name
}

/// Returns a name with `*` for each variable; none where it is nothing else.
fn spelled(text: &str) -> Option<String> {
    let name = open_name(text);
    name.chars().any(|letter| letter != '*').then_some(name)
}

/// Returns whether a name fits, in which `*` stands for any letters.
fn fits(name: &str, function: &str) -> bool {
    let mut parts = name.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = function.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
