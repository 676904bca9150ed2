//! What groups errors that are the same but for their numbers and ids.

use sha2::{Digest as _, Sha256};

/// Hex digits of a fingerprint.
const DIGITS: usize = 16;
/// Characters of a message that count.
const MESSAGE_CHARS: usize = 300;

/// Returns the fingerprint of an error: a hash over its type, its message without numbers and ids, and its top frame.
pub(crate) fn fingerprint(error_type: &str, message: Option<&str>, stack: Option<&str>) -> String {
    let mut digest = Sha256::new();
    let frame = stack.and_then(top_frame).map(normalised);
    for part in [Some(error_type.to_owned()), message.map(normalised), frame] {
        let part = part.unwrap_or_default();
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())[..DIGITS].to_owned()
}

/// Returns a text in which each word with a digit, and each quoted value, is one mark.
fn normalised(text: &str) -> String {
    let text: String = text.chars().take(MESSAGE_CHARS).collect();
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-' && c != '_') {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        if bare.bytes().any(|byte| byte.is_ascii_digit()) {
            out.push('#');
            out.push_str(&word[bare.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

/// Returns the innermost frame: the first of the lines that begin as frames do, or Python's last, whose order is the reverse.
fn top_frame(stack: &str) -> Option<&str> {
    let mut lines = stack.lines().map(str::trim);
    if stack.trim_start().starts_with("Traceback") {
        return lines.rfind(|line| line.starts_with("File "));
    }
    lines.find(|line| line.starts_with("at ") || line.starts_with("File "))
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn numbers_and_ids_do_not_part_errors() {
        let of = |message| fingerprint("TimeoutError", Some(message), None);
        assert_eq!(
            of("order 17 of 0a1b2c3d-1 timed out"),
            of("order 18 of ffee2c3d-2 timed out")
        );
        assert_ne!(of("order 17 timed out"), of("order 17 was refused"));
        assert_ne!(of("x"), fingerprint("OtherError", Some("x"), None));
    }

    #[test]
    fn the_innermost_frame_parts_errors() {
        let node = |frame| format!("Error: no\n    at {frame} (/var/task/a.js:10:3)\n    at main (/var/task/b.js:1:1)");
        let of = |stack: &str| fingerprint("Error", None, Some(stack));
        assert_ne!(of(&node("pay")), of(&node("ship")));
        assert_eq!(of(&node("pay")), of(&node("pay").replace(":10:3", ":11:4")));
        let python = |name| {
            format!(
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in main\n  File \"a.py\", line 9, in {name}\nE"
            )
        };
        assert_ne!(of(&python("pay")), of(&python("ship")));
    }
}
