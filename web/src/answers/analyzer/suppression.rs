//! The entry of the configuration that accepts a finding. Pages write nothing, so they show what a person may add.

use pennyspan_analyzer::judge::judgement::Finding;

/// How long an entry that is copied from the page holds, in nanoseconds.
const SUPPRESSED_NANOS: i64 = 30 * 24 * 3_600_000_000_000;

/// Writes the entry; as it stands it can be read, and it expires thirty days after the evaluation.
pub(super) fn toml(finding: &Finding, at_unix_nano: i64) -> String {
    let about = [
        ("rule", Some(&finding.rule)),
        ("function", finding.function.as_ref()),
        ("sub_resource", finding.sub_resource.as_ref()),
    ];
    entry(about, at_unix_nano)
}

fn entry(about: [(&str, Option<&String>); 3], at_unix_nano: i64) -> String {
    let mut lines = vec!["[[suppress]]".to_owned()];
    for (key, value) in about {
        lines.extend(value.map(|value| format!("{key} = {}", text(value))));
    }
    lines.push(format!("reason = {}", text("say why it is accepted")));
    let expires = chrono::DateTime::from_timestamp_nanos(at_unix_nano.saturating_add(SUPPRESSED_NANOS));
    lines.push(format!("expires = {}", expires.format("%Y-%m-%d")));
    lines.push(format!("owner = {}", text("say who answers for it")));
    lines.join("\n")
}

/// Writes a TOML basic string, which is a JSON string but for the delete character.
fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::entry;

    #[test]
    fn an_entry_of_any_names_is_toml_that_names_them() {
        let hostile = "a\"b\\c\n\r\t\u{0}\u{7f}\u{85}\u{202e}'''\"\"\"<script>".to_owned();
        let (rule, queue) = ("poison-message".to_owned(), "orders\u{1f}".to_owned());
        let about = [
            ("rule", Some(&rule)),
            ("function", Some(&hostile)),
            ("sub_resource", Some(&queue)),
        ];
        let read: toml::Table = entry(about, 1_795_099_920_000_000_000).parse().unwrap();
        let suppress = &read["suppress"][0];
        assert_eq!(suppress["rule"].as_str(), Some("poison-message"));
        assert_eq!(suppress["function"].as_str(), Some(hostile.as_str()));
        assert_eq!(suppress["sub_resource"].as_str(), Some(queue.as_str()));
        assert_eq!(suppress["expires"].to_string(), "2026-12-19");
        assert!(suppress["reason"].is_str() && suppress["owner"].is_str());
    }

    #[test]
    fn what_a_finding_does_not_name_is_left_out() {
        let rule = "oom".to_owned();
        let written = entry([("rule", Some(&rule)), ("function", None), ("sub_resource", None)], 0);
        assert!(!written.contains("function") && !written.contains("sub_resource"));
    }
}
