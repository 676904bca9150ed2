//! Dictionaries as Python prints them, which is what `print(event)` and `logger.info(event)` leave in a log.

/// Returns a dictionary's JSON: quotes become double quotes, `True`, `False` and `None` their JSON words. What this does not make
/// JSON is none of our events.
pub(super) fn json(text: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '\'' | '"' => quoted(rest, first, &mut json)?,
            'T' | 'F' | 'N' => word(rest, &mut json)?,
            '(' => return None,
            _ => {
                json.push(first);
                &rest[first.len_utf8()..]
            }
        };
    }
    Some(json)
}

/// Writes a quoted text as JSON and returns what follows it.
fn quoted<'t>(text: &'t str, quote: char, json: &mut String) -> Option<&'t str> {
    json.push('"');
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => {
                json.push('"');
                return Some(&text[at + 1..]);
            }
            '"' => json.push_str("\\\""),
            '\\' => escaped(&mut characters, json)?,
            _ => json.push(character),
        }
    }
    None
}

/// Writes what stands after a backslash.
fn escaped(characters: &mut impl Iterator<Item = (usize, char)>, json: &mut String) -> Option<()> {
    match characters.next()?.1 {
        '\'' => json.push('\''),
        'x' => {
            json.push_str("\\u00");
            for _ in 0..2 {
                json.push(characters.next()?.1);
            }
        }
        other => json.extend(['\\', other]),
    }
    Some(())
}

fn word<'t>(text: &'t str, json: &mut String) -> Option<&'t str> {
    let words = [("True", "true"), ("False", "false"), ("None", "null")];
    let (python, word) = words.into_iter().find(|(python, _)| text.starts_with(python))?;
    json.push_str(word);
    text.strip_prefix(python)
}
