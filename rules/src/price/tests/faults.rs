//! What a price file must not be: each fault names file, line, key and remedy.

use super::{OWN, PriceBooks};

/// A rule of billing, behind [`OWN`].
const RULE: &str = r#"
[[billing_rule]]
id = "ours"
effective_from = "2026-01-01"
effective_to = "2027-01-01"
rounding = "up"
step_ms = 100
minimum_ms = 100
init = "not-billed"
overlap = "union"
memory = [{ step_mib = 128, maximum_mib = 1_536 }]
cpu_by_memory = [{ mib = 128, mhz = 200 }, { mib = 256, mhz = 400 }]
payload = [{ included_bytes = 65_536, step_bytes = 65_536 }]
source = "private agreement"
retrieved = "2026-01-01"
"#;

/// Loads a text with one change, which must be refused.
fn refused(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    let changed = text.replacen(from, to, 1);
    PriceBooks::default()
        .add("ours.toml", &changed)
        .unwrap_err()
        .to_string()
}

#[test]
fn faulty_price_books_name_file_line_key_and_remedy() {
    let messages: Vec<String> = [
        ("currency = \"USD\"", "currency = \"EUR\""),
        ("unit = \"request\"\n", ""),
        ("unit = \"request\"", "unit = \"GB-day\""),
        ("source = \"private agreement\"\nretrieved", "retrieved"),
        ("retrieved = \"2026-01-01\"\n", ""),
        ("effective_from = \"2026-01-01\"\n", ""),
        ("effective_from = \"2026-01-01\"", "effective_from = \"01.01.2026\""),
        ("effective_to = \"2027-01-01\"", "effective_to = \"2026-01-01\""),
        (
            "region = \"us-east-1\"",
            "region = \"us-east-1\"\nregions = [\"us-east-2\"]",
        ),
        ("region = \"us-east-1\"\n", ""),
        ("price = 0.10", "price = -0.10"),
        ("price = 0.10", "price = 1e-7"),
        ("price = 0.10", "tiers = [{ price = 1 }, { up_to = 5, price = 2 }]"),
        (
            "price = 0.10",
            "tiers = [{ up_to = 5, price = 2 }, { up_to = 5, price = 1 }, { price = 1 }]",
        ),
        ("price = 0.10", "tiers = [{ up_to = 5, price = 2 }]"),
        ("price = 0.10", "price = 0.10\nfree = [{ quantity = 1 }]"),
        ("per = 1_000_000", "pre = 1_000_000"),
        ("per = 1_000_000", "rule = \"theirs\""),
        ("percent = 12.5", "percent = 101"),
        ("billed = \"each invocation\"", "billed = \"each\" invocation"),
    ]
    .into_iter()
    .map(|(from, to)| refused(OWN, from, to))
    .collect();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn faulty_rules_of_billing_name_file_line_key_and_remedy() {
    let text = OWN.to_owned() + RULE;
    PriceBooks::default().add("ours.toml", &text).unwrap();
    let messages: Vec<String> = [
        ("rounding = \"up\"", "rounding = \"commercial\""),
        ("rounding = \"up\"\n", ""),
        ("step_ms = 100", "step_ms = 0"),
        ("step_ms = 100", "step_ms = 0.5"),
        ("minimum_ms = 100\n", ""),
        ("init = \"not-billed\"", "init = \"sometimes\""),
        ("overlap = \"union\"", "overlap = \"half\""),
        ("step_mib = 128", "step_mib = 0"),
        ("step_mib = 128", "sizes_mib = [512, 256]"),
        ("{ mib = 256, mhz = 400 }", "{ mib = 128, mhz = 400 }"),
        ("step_bytes = 65_536", "step_bites = 65_536"),
        ("id = \"ours\"\neffective_from", "effective_from"),
        ("minimum_ms = 100", "least_ms = 100"),
    ]
    .into_iter()
    .map(|(from, to)| refused(&text, from, to))
    .collect();
    insta::assert_snapshot!(messages.join("\n"));
    let start = RULE.find("rounding").unwrap();
    let end = RULE.find("source").unwrap();
    let nothing = OWN.to_owned() + &RULE[..start] + &RULE[end..];
    let refused = PriceBooks::default().add("ours.toml", &nothing).unwrap_err();
    insta::assert_snapshot!(refused);
}

#[test]
fn entries_and_rules_in_force_at_the_same_time_are_refused() {
    let entry = &OWN[OWN.find("[[price]]").unwrap()..OWN.find("[[discount]]").unwrap()];
    let twice = OWN.replacen(entry, &[entry, entry].concat(), 1);
    insta::assert_snapshot!(PriceBooks::default().add("ours.toml", &twice).unwrap_err());
    let after = entry
        .replace("2027-01-01", "2028-01-01")
        .replace("from = \"2026", "from = \"2027");
    let follows = OWN.replacen(entry, &[entry, &after].concat(), 1);
    PriceBooks::default().add("ours.toml", &follows).unwrap();
    let rules = OWN.to_owned() + RULE + RULE;
    insta::assert_snapshot!(PriceBooks::default().add("ours.toml", &rules).unwrap_err());
}
