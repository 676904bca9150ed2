//! Names and parameters inside SQL text, as far as structure needs them; planning is the analyzer's part.

use std::ops::Range;

/// A word of SQL that structure asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A bare or double-quoted name, or a keyword.
    Name(&'a str),
    /// A `$parameter`, without its dollar sign.
    Parameter(&'a str),
}

/// Parameters that every query may use without declaring them: bounds in nanoseconds since 1970, UTC.
pub(super) const GIVEN: [&str; 3] = ["window_start", "window_end", "lookback_start"];

/// Returns names and parameters outside string literals and comments, in their order.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    placed(sql).into_iter().map(|(_, token)| token).collect()
}

/// Puts values in the place of `$parameters`; string literals and comments stay as they are.
///
/// `value` returns the SQL literal of a parameter; where it returns none, the parameter stays.
#[must_use]
pub fn bind(sql: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let (mut bound, mut from) = (String::with_capacity(sql.len()), 0);
    for (range, token) in placed(sql) {
        if let Token::Parameter(name) = token
            && let Some(literal) = value(name)
        {
            bound.push_str(sql.get(from..range.start).unwrap_or_default());
            bound.push_str(&literal);
            from = range.end;
        }
    }
    bound.push_str(sql.get(from..).unwrap_or_default());
    bound
}

/// Returns names and parameters with their places; a parameter's place includes its dollar sign.
fn placed(sql: &str) -> Vec<(Range<usize>, Token<'_>)> {
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
                let name = sql.get(at + 1..at + length);
                found.extend(name.map(|name| (at..at + length, Token::Parameter(name))));
                length
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let length = word(rest);
                found.extend(
                    sql.get(at..at + length)
                        .map(|name| (at..at + length, Token::Name(name))),
                );
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
    fn only_whole_parameters_outside_of_strings_are_bound() {
        let value = |name: &str| (name == "n").then(|| "1000".to_owned());
        let bound = bind("n > $n AND m > $nn AND 'ü $n' <> '$n' -- $n\n OR $n", value);
        assert_eq!(bound, "n > 1000 AND m > $nn AND 'ü $n' <> '$n' -- $n\n OR 1000");
    }

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
