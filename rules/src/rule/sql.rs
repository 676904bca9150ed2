//! Names and parameters inside SQL text, as far as structure needs them; planning is the analyzer's part.

/// A word of SQL that structure asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A bare or double-quoted name, or a keyword.
    Name(&'a str),
    /// A `$parameter`, without its dollar sign.
    Parameter(&'a str),
}

/// Parameters that every query may use without declaring them: bounds in nanoseconds since 1970, UTC.
pub(super) const GIVEN: [&str; 3] = ["window_start", "window_end", "lookback_start"];

/// Returns names and parameters outside string literals and comments, in their order.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let rest = &bytes[at..];
        let length = match byte {
            b'\'' => quoted(rest),
            b'-' if rest.starts_with(b"--") => until(rest, b'\n'),
            b'$' => {
                let length = 1 + word(rest.get(1..).unwrap_or_default());
                found.extend(sql.get(at + 1..at + length).map(Token::Parameter));
                length
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let length = word(rest);
                found.extend(sql.get(at..at + length).map(Token::Name));
                length
            }
            b if b.is_ascii_digit() => word(rest).max(1),
            _ => 1,
        };
        at += length;
    }
    found
}

/// Returns the distinct `$parameters` of a statement in the order of their first use.
#[must_use]
pub fn parameters(sql: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for token in tokens(sql) {
        if let Token::Parameter(name) = token
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

fn word(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count()
}

fn until(bytes: &[u8], end: u8) -> usize {
    bytes.iter().position(|b| *b == end).map_or(bytes.len(), |n| n + 1)
}

/// Length of a string literal; a doubled quote inside reads as two literals, which serves as well.
fn quoted(bytes: &[u8]) -> usize {
    1 + until(bytes.get(1..).unwrap_or_default(), b'\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_hold_no_names() {
        let sql = "SELECT a AS \"b\", 'c $d ''e' -- $f g\n FROM h WHERE i > $j AND $j <> 1e9";
        let expected = ["SELECT", "a", "AS", "b", "FROM", "h", "WHERE", "i", "AND"];
        let names = tokens(sql)
            .into_iter()
            .filter_map(|t| if let Token::Name(n) = t { Some(n) } else { None });
        assert_eq!(names.collect::<Vec<_>>(), expected);
        assert_eq!(parameters(sql), ["j"]);
    }
}
