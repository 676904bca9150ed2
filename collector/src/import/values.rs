//! The JSON values of a file that is one array, or holds values that span lines, one by one.

use std::io::{self, BufRead};

/// What ended the search for the next value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A value.
    Value(Vec<u8>),
    /// The end of the file.
    End,
    /// A value that is longer than the limit.
    TooLong,
    /// The file ends within a value.
    Cut,
}

/// Splits a file at its outermost values: the items of an array, or values one after another.
#[derive(Debug)]
pub(super) struct Values {
    limit: usize,
}

impl Values {
    /// Returns a splitter that keeps no more than `limit` bytes of a value.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// Reads the next value. Commas and the brackets of the outermost array stand between values.
    pub(super) fn next(&mut self, reader: &mut dyn BufRead) -> io::Result<Next> {
        let mut value = Vec::new();
        let mut state = State::default();
        loop {
            let available = reader.fill_buf()?;
            if available.is_empty() {
                return Ok(if value.is_empty() {
                    Next::End
                } else if state.level > 0 || state.in_text {
                    Next::Cut
                } else {
                    Next::Value(value)
                });
            }
            let mut used = 0;
            let mut complete = false;
            for byte in available {
                if value.is_empty()
                    && matches!(
                        byte,
                        b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | 0xef | 0xbb | 0xbf
                    )
                {
                    used += 1;
                    continue;
                }
                if state.ends_before(*byte) {
                    complete = true;
                    break;
                }
                value.push(*byte);
                used += 1;
                complete = state.ends_with(*byte);
                if complete || value.len() > self.limit {
                    break;
                }
            }
            reader.consume(used);
            if value.len() > self.limit {
                return Ok(Next::TooLong);
            }
            if complete {
                return Ok(Next::Value(value));
            }
        }
    }
}

/// How deep within a value a byte stands.
#[derive(Debug, Default)]
struct State {
    level: usize,
    in_text: bool,
    escaped: bool,
    scalar: bool,
}

impl State {
    /// Returns whether a number or word ended before the byte.
    fn ends_before(&self, byte: u8) -> bool {
        self.scalar
            && self.level == 0
            && !self.in_text
            && matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'{' | b'[' | b'"')
    }

    /// Takes a byte in and returns whether it ends the value.
    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return !self.in_text && self.level == 0;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.level += 1,
            b'}' | b']' => {
                self.level = self.level.saturating_sub(1);
                return self.level == 0;
            }
            _ => self.scalar |= self.level == 0,
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{Next, Values};

    fn read(text: &str, limit: usize) -> Vec<Next> {
        let mut reader = BufReader::with_capacity(3, text.as_bytes());
        let mut values = Values::new(limit);
        let mut found = Vec::new();
        loop {
            let next = values.next(&mut reader).unwrap();
            let last = !matches!(next, Next::Value(_));
            found.push(next);
            if last {
                return found;
            }
        }
    }

    fn value(text: &str) -> Next {
        Next::Value(text.as_bytes().to_vec())
    }

    #[test]
    fn arrays_and_concatenations_are_split_at_their_values() {
        let items = || {
            vec![
                value("{\"a\": [1, \"]}\\\"\"]}"),
                value("{\n}"),
                value("12"),
                value("\"x\""),
                Next::End,
            ]
        };
        assert_eq!(read("[{\"a\": [1, \"]}\\\"\"]},\n{\n}, 12 ,\"x\"]\n", 100), items());
        assert_eq!(read("\u{feff}{\"a\": [1, \"]}\\\"\"]}{\n}\n12\n\"x\"", 100), items());
    }

    #[test]
    fn values_that_are_cut_or_too_long_are_told() {
        assert_eq!(read("[{}, {\"a\":", 100), [value("{}"), Next::Cut]);
        assert_eq!(read("[{}, {\"a\": 12345}]", 6), [value("{}"), Next::TooLong]);
        assert_eq!(read(" \n", 6), [Next::End]);
    }
}
