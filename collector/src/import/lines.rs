//! A file's lines, none of them longer than the limit.

use std::io::{self, BufRead, Read as _};

/// One line, without knowing what it holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line within the limit, with its line end.
    Whole(Vec<u8>),
    /// A line that was skipped for being longer than the limit.
    TooLong,
}

/// Reads the next line; `None` at the end.
pub(super) fn next_line(reader: &mut dyn BufRead, limit: usize) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    if reader.take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() <= limit || line.ends_with(b"\n") {
        return Ok(Some(Line::Whole(line)));
    }
    skip_line(reader)?;
    Ok(Some(Line::TooLong))
}

fn skip_line(reader: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            return Ok(());
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(available.len(), |end| end + 1);
        reader.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, next_line};

    #[test]
    fn a_line_beyond_the_limit_is_skipped_as_a_whole() {
        let mut reader: &[u8] = b"one\ntoo long\n\nlast";
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut reader, 4).unwrap() {
            lines.push(line);
        }
        let whole = |text: &[u8]| Line::Whole(text.to_vec());
        assert_eq!(lines, [whole(b"one\n"), Line::TooLong, whole(b"\n"), whole(b"last")]);
    }
}
