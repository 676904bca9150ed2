//! Text that came from telemetry, made safe for the place where it stands.

use std::fmt::Write;

/// Escapes `text` for an element or a quoted attribute and drops characters that XML does not allow.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Takes marks out of `text` that change the direction of what stands around it.
///
/// Elements isolate such names with `<bdi>`; titles and SVG text have no such element, so there the marks go.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect()
}

/// Escapes `text` for a title, an attribute or SVG text: without direction marks and no longer than a screen can use.
pub(crate) fn label(text: &str) -> String {
    escape(&cut(&plain(text), 160))
}

/// Cuts `text` after `limit` characters and says so with an ellipsis.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Percent-encodes one path segment or query value: everything but letters, digits, `-`, `_`, `.` and `~`.
pub(crate) fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_from_telemetry_is_text() {
        assert_eq!(escape("<b a=\"1\" c='2'>&\u{0}"), "&lt;b a=&#34;1&#34; c=&#39;2&#39;&gt;&amp;");
    }

    #[test]
    fn direction_marks_do_not_reach_titles() {
        assert_eq!(label("a\u{202e}b\u{2069}c"), "abc");
    }

    #[test]
    fn long_names_are_cut_with_an_ellipsis() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }

    #[test]
    fn path_segments_survive_slashes_and_spaces() {
        assert_eq!(percent("a/b c?ü"), "a%2Fb%20c%3F%C3%BC");
    }
}
