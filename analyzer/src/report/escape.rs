//! Names come from telemetry, and telemetry from anyone: what they would do to a terminal or to a Markdown page is
//! taken away.

use std::borrow::Cow;

/// Returns a text without what moves a cursor, changes a colour or turns the direction of writing.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if text.chars().any(acts) {
        Cow::Owned(text.chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns a text that Markdown shows as it is, on one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '@' => shown.push_str("&#64;"),
            '#' => shown.push_str("&#35;"),
            ':' => shown.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                shown.push('\\');
                shown.push(c);
            }
            other => shown.push(other),
        }
    }
    shown
}

/// Returns a text for XML, in elements and in attributes: escaped, without the characters that XML forbids.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => shown.push('\u{fffd}'),
            other => shown.push(other),
        }
    }
    shown
}

/// Returns a path as the path of a relative URI.
#[must_use]
pub fn uri(path: &str) -> String {
    let mut shown = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => shown.push(char::from(byte)),
            other => {
                shown.push('%');
                shown.push_str(&hex::encode_upper([other]));
            }
        }
    }
    shown
}

/// Cuts a text to so many characters, the last of them an ellipsis.
#[must_use]
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// Returns whether a character does something beside being seen.
fn acts(c: char) -> bool {
    let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telemetry_cannot_act_on_a_terminal() {
        assert_eq!(
            terminal("a\u{1b}[31mb\u{7}\r\n\u{202e}c"),
            "a\u{fffd}[31mb\u{fffd}\u{fffd}\u{fffd}\u{fffd}c"
        );
        assert_eq!(terminal("checkout-ä"), "checkout-ä");
    }

    #[test]
    fn telemetry_cannot_act_on_a_page() {
        let hostile = "<script>@team [x](http://y) | `c` #1\n";
        let shown = markdown(hostile);
        for acting in ["<", "@", "](", "http:", " | ", "#1", "\n"] {
            assert!(!shown.contains(acting), "{shown}");
        }
    }

    #[test]
    fn long_names_are_cut_at_characters() {
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(cut("äöü", 3), "äöü");
    }
}
