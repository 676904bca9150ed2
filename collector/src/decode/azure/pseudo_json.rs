//! Objects in single quotes, as some diagnostic records hold their properties in a text: `{'appName': 'shop', 'levelId': 2}`.

/// Returns the text as JSON: single quotes around names and texts become double ones.
///
/// Such a text does not mark quotes within its values, so one ends where a colon, a bracket, or a comma and the next name follow its
/// quote.
pub(super) fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 16);
    let mut characters = text.char_indices();
    let mut quoted = false;
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' if !quoted => {
                quoted = true;
                json.push('"');
            }
            '\'' if ends(&text[at + 1..]) => {
                quoted = false;
                json.push('"');
            }
            '"' if quoted => json.push_str("\\\""),
            '\\' if quoted => {
                json.push('\\');
                match characters.next() {
                    Some((_, '\'')) => {
                        json.pop();
                        json.push('\'');
                    }
                    Some((_, escaped)) => json.push(escaped),
                    None => {}
                }
            }
            '\n' if quoted => json.push_str("\\n"),
            '\r' if quoted => json.push_str("\\r"),
            '\t' if quoted => json.push_str("\\t"),
            other => json.push(other),
        }
    }
    json
}

fn ends(rest: &str) -> bool {
    let rest = rest.trim_start();
    match rest.strip_prefix(',') {
        Some(next) => next.trim_start().starts_with(['\'', '"', '{', '[']),
        None => rest.is_empty() || rest.starts_with([':', '}', ']']),
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn quotes_within_values_stay() {
        let text =
            "{'app': 'shop','message':'Executing 'Functions.pay' (Reason='none', Id=1)', 'say': 'a \"b\"', 'n': 2}";
        let value: serde_json::Value = serde_json::from_str(&json(text)).unwrap();
        assert_eq!(value["message"], "Executing 'Functions.pay' (Reason='none', Id=1)");
        assert_eq!((&value["say"], &value["n"]), (&"a \"b\"".into(), &2.into()));
    }

    #[test]
    fn any_text_ends() {
        for text in ["'", "{'a':'\\", "\\'", "{'a", "\u{2603}'\u{2603}"] {
            json(text);
        }
    }
}
