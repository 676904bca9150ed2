//! A body of JSON values: an array, one value per line, or several one after another.

use std::fmt;

use serde_json::value::RawValue;

use super::DecodeError;

/// How often a line that is no value is read on into the lines below; after that, each line stands for itself.
const MULTI_LINE_FAILURES: usize = 16;

/// Where a value stands in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The line on which it begins, from 1.
    Line(usize),
    /// Its number in an array, from 1.
    Item(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Item(item) => write!(f, "item {item}"),
        }
    }
}

/// One value of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    /// Where it stands.
    pub(crate) place: Place,
    /// Its text, or why it is no JSON value.
    pub(crate) json: Result<&'a str, String>,
}

/// Returns the values of a body, whose first line or item has the number `first`; `expected` says what the body should be.
///
/// A line that is no value is one document with its problem, and its neighbours go on; an array stands or falls as a whole.
pub(crate) fn documents<'a>(
    body: &'a [u8],
    first: usize,
    expected: &'static str,
) -> Result<Vec<Document<'a>>, DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii_start().starts_with(b"[") {
        return array(body, first, expected);
    }
    let mut documents = Vec::new();
    let (mut at, mut line, mut failures) = (0, first, 0);
    while at < body.len() {
        let end = body[at..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(body.len(), |length| at + length + 1);
        let place = Place::Line(line);
        let next = match values(&body[at..end], place, &mut documents) {
            Ok(()) => end,
            Err(problem) => {
                let whole = (failures < MULTI_LINE_FAILURES)
                    .then(|| first_value(&body[at..]))
                    .flatten();
                failures += usize::from(whole.is_none());
                let json = whole.map_or(Err(problem), |(json, _)| Ok(json));
                documents.push(Document { place, json });
                whole.map_or(end, |(_, length)| at + length)
            }
        };
        line += line_ends(&body[at..next]);
        at = next;
    }
    Ok(documents)
}

fn array<'a>(body: &'a [u8], first: usize, expected: &'static str) -> Result<Vec<Document<'a>>, DecodeError> {
    let items: Vec<&RawValue> = serde_json::from_slice(body).map_err(|problem| DecodeError::Malformed {
        place: format!("line {}, column {}", problem.line(), problem.column()),
        expected,
        problem: problem.to_string(),
    })?;
    let document = |(index, value): (usize, &'a RawValue)| Document {
        place: Place::Item(first + index),
        json: Ok(value.get()),
    };
    Ok(items.into_iter().enumerate().map(document).collect())
}

#[expect(
    clippy::naive_bytecount,
    reason = "a line is short, and a crate for counting is not worth its while"
)]
fn line_ends(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// Adds every value of a line, or none where the line does not consist of values.
fn values<'a>(line: &'a [u8], place: Place, documents: &mut Vec<Document<'a>>) -> Result<(), String> {
    let before = documents.len();
    for value in serde_json::Deserializer::from_slice(line).into_iter::<&RawValue>() {
        match value {
            Ok(value) => documents.push(Document {
                place,
                json: Ok(value.get()),
            }),
            Err(problem) => {
                documents.truncate(before);
                return Err(problem.to_string());
            }
        }
    }
    Ok(())
}

/// Returns the first value of a text that may span lines, and the length up to its end.
fn first_value(body: &[u8]) -> Option<(&str, usize)> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>();
    let value = values.next()?.ok()?;
    Some((value.get(), values.byte_offset()))
}

#[cfg(test)]
mod tests {
    use super::{Place, documents};

    fn read(body: &str) -> Vec<(String, Option<&str>)> {
        let documents = documents(body.as_bytes(), 1, "records").unwrap();
        documents
            .into_iter()
            .map(|document| (document.place.to_string(), document.json.ok()))
            .collect()
    }

    #[test]
    fn arrays_lines_and_concatenations_are_the_same_values() {
        let items = vec![
            ("item 1".to_owned(), Some("{\"a\":1}")),
            ("item 2".to_owned(), Some("{\"b\":2}")),
        ];
        assert_eq!(read(" [{\"a\":1},\n{\"b\":2}]"), items);
        let lines = vec![
            ("line 1".to_owned(), Some("{\"a\":1}")),
            ("line 3".to_owned(), Some("{\"b\":2}")),
        ];
        assert_eq!(read("{\"a\":1}\r\n\n{\"b\":2}"), lines);
        assert_eq!(
            read("{\"a\":1}{\"b\":2}\n")
                .iter()
                .map(|(_, json)| *json)
                .collect::<Vec<_>>(),
            [Some("{\"a\":1}"), Some("{\"b\":2}")]
        );
        let pretty = read("{\n  \"a\": 1\n}\n{\n  \"b\": 2\n}\n");
        assert_eq!(
            pretty,
            [
                ("line 1".to_owned(), Some("{\n  \"a\": 1\n}")),
                ("line 4".to_owned(), Some("{\n  \"b\": 2\n}"))
            ]
        );
    }

    #[test]
    fn a_broken_line_leaves_its_neighbours_alone() {
        let lines = read("{\"a\":1}\n{\"b\":\nnonsense\n{\"c\":3}");
        assert_eq!(
            lines.iter().map(|(_, json)| *json).collect::<Vec<_>>(),
            [Some("{\"a\":1}"), None, None, Some("{\"c\":3}")]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_a_problem_of_their_line() {
        let documents = documents(b"\xef\xbb\xbf{\"a\":\"\xff\"}\n{\"b\":1}", 1, "records").unwrap();
        assert!(documents[0].json.is_err());
        assert_eq!(
            (documents[1].place, documents[1].json.as_deref()),
            (Place::Line(2), Ok("{\"b\":1}"))
        );
    }

    #[test]
    fn open_lines_are_read_on_only_so_often() {
        let body = "{\"a\":\n".repeat(20_000);
        assert_eq!(documents(body.as_bytes(), 1, "records").unwrap().len(), 20_000);
    }
}
