//! Text that came from telemetry, made safe for the place where it stands.

use std::fmt::{self, Write};

use askama::filters::Escaper;

/// The escaper of every template.
///
/// Beside markup it makes marks visible that change the direction of text: an unclosed one would reach through the end of
/// a `<bdi>` to the words of the page, and a name with an invisible mark must not look like one without.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Markup;

impl Escaper for Markup {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match character {
            '&' => dest.write_str("&amp;"),
            '<' => dest.write_str("&lt;"),
            '>' => dest.write_str("&gt;"),
            '"' => dest.write_str("&#34;"),
            '\'' => dest.write_str("&#39;"),
            '\n' | '\t' => dest.write_char(character),
            c if turns(c) => dest.write_char(char::REPLACEMENT_CHARACTER),
            c if c.is_control() => Ok(()),
            c => dest.write_char(c),
        })
    }
}

/// Returns whether a character changes the direction of what follows it.
fn turns(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Makes marks of direction visible in text that somebody else escapes.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if turns(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// Escapes `text` for an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Writing to a String does not fail.
    let _ = Markup.write_escaped_str(&mut escaped, text);
    escaped
}

/// Escapes `text` for a title, an attribute or SVG text, no longer than a screen can use.
pub(crate) fn label(text: &str) -> String {
    escape(&cut(text, 160))
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
        assert_eq!(
            escape("<b a=\"1\" c='2'>&\u{0}"),
            "&lt;b a=&#34;1&#34; c=&#39;2&#39;&gt;&amp;"
        );
    }

    #[test]
    fn direction_marks_are_seen_and_do_nothing() {
        assert_eq!(label("a\u{202e}b\u{2069}c"), "a\u{fffd}b\u{fffd}c");
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
