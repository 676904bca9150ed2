//! JSON with comments and commas before a closing bracket.

/// Returns the text as plain JSON; a text without comments and such commas is returned as it is.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('"', _) => {
                plain.push('"');
                quoted(&mut characters, &mut plain);
            }
            ('/', Some('/')) => {
                while characters.peek().is_some_and(|next| *next != '\n') {
                    characters.next();
                }
            }
            ('/', Some('*')) => {
                let mut before = ' ';
                characters.next();
                for inside in characters.by_ref() {
                    if before == '*' && inside == '/' {
                        break;
                    }
                    before = inside;
                }
            }
            ('}' | ']', _) => {
                let kept = plain.trim_end().strip_suffix(',').map(str::len);
                plain.truncate(kept.unwrap_or(plain.len()));
                plain.push(character);
            }
            _ => plain.push(character),
        }
    }
    plain
}

/// Copies the rest of a text in quotes.
fn quoted(characters: &mut impl Iterator<Item = char>, plain: &mut String) {
    let mut escaped = false;
    for character in characters {
        plain.push(character);
        if character == '"' && !escaped {
            return;
        }
        escaped = !escaped && character == '\\';
    }
}
