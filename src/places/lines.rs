//! YAML, and JSON with it, as members with the lines where they stand.

use saphyr_parser::{Event, Parser};

/// How deep a document may nest.
const DEPTH: usize = 64;

/// One member of a mapping, at any depth.
#[derive(Debug)]
pub(super) struct Member {
    /// Its keys from the top; items of a sequence have none.
    pub(super) path: Vec<String>,
    /// The line of its key, from one.
    pub(super) line: u32,
    /// Its value, where that is a scalar.
    pub(super) value: Option<String>,
    /// Whether a function of the template makes the value, such as `!Ref`; `!Sub` only fills in variables.
    pub(super) made: bool,
}

impl Member {
    /// Returns the keys as texts.
    pub(super) fn keys(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }
}

/// A mapping or sequence that is open: whether it is a mapping, and the key whose value comes next.
struct Open {
    mapping: bool,
    key: Option<(String, u32)>,
}

/// Returns the members of the first document of a text.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn members(text: &str) -> Result<Vec<Member>, String> {
    let mut found = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|problem| problem.to_string())?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        match event {
            Event::Scalar(text, _, _, tag) => {
                if let Some(Open { mapping: true, key }) = open.last_mut()
                    && key.is_none()
                {
                    *key = Some((text.into_owned(), line));
                    continue;
                }
                let made = tag.is_some_and(|tag| tag.handle == "!" && tag.suffix != "Sub");
                note(&mut found, &open, Some(text.into_owned()), made);
                done(&mut open);
            }
            Event::Alias(_) => done(&mut open),
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if open.len() == DEPTH {
                    return Err(format!("nests deeper than {DEPTH} levels"));
                }
                note(&mut found, &open, None, false);
                open.push(Open {
                    mapping: matches!(event, Event::MappingStart(..)),
                    key: None,
                });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                done(&mut open);
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    Ok(found)
}

/// Returns the members of JSON, which may hold comments and commas after the last item.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn json_members(text: &str) -> Result<Vec<Member>, String> {
    members(&without_comments(text))
}

/// Notes the member whose value begins here; what is no value of a key is none.
fn note(found: &mut Vec<Member>, open: &[Open], value: Option<String>, made: bool) {
    let Some((_, line)) = open.last().and_then(|last| last.key.as_ref()) else {
        return;
    };
    found.push(Member {
        path: open
            .iter()
            .filter_map(|open| open.key.as_ref())
            .map(|(key, _)| key.clone())
            .collect(),
        line: *line,
        value,
        made,
    });
}

/// The value of the innermost key has ended.
fn done(open: &mut [Open]) {
    if let Some(last) = open.last_mut() {
        last.key = None;
    }
}

/// Returns JSON with blanks in place of its comments and tabs, which YAML takes otherwise; every line stays where it was.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut quoted = false;
    while let Some(letter) = rest.chars().next() {
        let comment = if quoted {
            None
        } else if rest.starts_with("//") {
            Some(rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            Some(rest.find("*/").map_or(rest.len(), |at| at + 2))
        } else {
            None
        };
        if let Some(end) = comment {
            let blank = |letter: char| if letter == '\n' { '\n' } else { ' ' };
            kept.extend(rest[..end].chars().map(blank));
            rest = &rest[end..];
            continue;
        }
        let escaped = quoted && letter == '\\';
        if letter == '"' {
            quoted = !quoted;
        }
        let taken = rest.chars().take(if escaped { 2 } else { 1 }).map(char::len_utf8).sum();
        kept.push_str(if letter == '\t' { " " } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    kept
}
