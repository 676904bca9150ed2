//! Records of comma-separated values, as RFC 4180 has them: a quoted field may hold commas, line ends and doubled quotes.

use std::io::{self, BufRead};

use super::lines::{Line, next_line};

/// One record, without knowing what it holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// Its fields.
    Fields(Vec<String>),
    /// A record that was left out for being longer than the limit.
    TooLong,
}

/// Reads the next record, which may span lines; `None` at the end.
pub(super) fn next_record(reader: &mut dyn BufRead, limit: usize) -> io::Result<Option<Record>> {
    let mut record = Vec::new();
    let mut is_open = false;
    loop {
        match next_line(reader, limit)? {
            None if record.is_empty() => return Ok(None),
            None => break,
            Some(Line::TooLong) => return Ok(Some(Record::TooLong)),
            Some(Line::Whole(line)) => {
                is_open ^= has_odd_quotes(&line);
                record.extend_from_slice(&line);
            }
        }
        if record.len() > limit {
            return Ok(Some(Record::TooLong));
        }
        if !is_open {
            break;
        }
    }
    let text = String::from_utf8_lossy(&record);
    Ok(Some(Record::Fields(fields(text.trim_end_matches(['\r', '\n'])))))
}

/// Returns whether a line leaves a quoted field open that was closed before it, or the other way round.
fn has_odd_quotes(line: &[u8]) -> bool {
    line.iter().filter(|byte| **byte == b'"').fold(false, |odd, _| !odd)
}

/// Splits a record at its commas.
pub(super) fn fields(record: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::{Record, next_record};

    fn read(text: &str, limit: usize) -> Vec<Record> {
        let mut reader = text.as_bytes();
        let mut records = Vec::new();
        while let Some(record) = next_record(&mut reader, limit).unwrap() {
            records.push(record);
        }
        records
    }

    fn fields(fields: &[&str]) -> Record {
        Record::Fields(fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn quoted_fields_hold_commas_quotes_and_line_ends() {
        assert_eq!(
            read("a,\"b, \"\"c\"\"\",\r\n\"d\ne\",f\n", 100),
            [fields(&["a", "b, \"c\"", ""]), fields(&["d\ne", "f"])]
        );
    }

    #[test]
    fn a_quote_without_its_end_ends_with_the_limit_or_the_file() {
        assert_eq!(read("a,\"b\nc", 100), [fields(&["a", "b\nc"])]);
        assert_eq!(read("a,\"b\nccccccccc\n", 6), [Record::TooLong]);
    }
}
