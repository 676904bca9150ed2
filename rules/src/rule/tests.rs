use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::{Catalogue, PriceBooks, prices_page, rules_page};

/// A small rule that is right in every part.
const SMALL: &str = include_str!("tests/small-rule.md");

fn catalogue() -> Catalogue {
    Catalogue::embedded().unwrap()
}

fn fault(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    Rule::parse("small-rule.md", &SMALL.replacen(from, to, 1))
        .unwrap_err()
        .to_string()
}

fn values(pairs: &[(&str, Value)]) -> BTreeMap<String, Value> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

#[test]
fn every_embedded_rule_loads() {
    let catalogue = catalogue();
    let names: Vec<_> = catalogue.rules().iter().map(|rule| rule.name.as_str()).collect();
    insta::assert_snapshot!(names.join("\n"));
}

#[test]
fn every_rule_fires_up_to_its_severity_and_no_further() {
    for rule in catalogue().rules() {
        let highest = rule.fires.iter().filter_map(|case| case.level).max();
        assert_eq!(highest, Some(rule.severity), "{}", rule.name);
    }
}

#[test]
fn every_rule_stays_silent_on_tiny_counts() {
    for rule in catalogue().rules() {
        assert!(
            rule.silent.len() >= 4,
            "{} has only {} silent cases",
            rule.name,
            rule.silent.len()
        );
        assert!(rule.silent.iter().all(|case| case.because.is_some()), "{}", rule.name);
    }
}

#[test]
fn a_step_keeps_to_the_commands_of_one_provider() {
    let catalogue = Catalogue::embedded().unwrap();
    let contain = &catalogue.get("duration-regression").unwrap().runbook.contain;
    let commands = |text: &str| {
        text.lines()
            .filter(|line| line.contains('`'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let aws = contain.text_for("aws");
    assert!(aws.starts_with("Send the traffic back"), "{aws}");
    assert!(commands(&aws).iter().all(|line| line.contains("aws lambda")), "{aws}");
    assert_eq!(commands(&aws).len(), 2, "the command and its undo: {aws}");
    assert_eq!(
        contain.text_for("azure"),
        contain.text,
        "nothing is meant for it, so all may help"
    );
}

#[test]
fn every_runbook_has_ranked_hypotheses_and_an_undo() {
    for rule in catalogue().rules() {
        assert!(rule.runbook.diagnose.queries.len() >= 3, "{}", rule.name);
        assert!(
            rule.runbook
                .contain
                .commands
                .iter()
                .all(|command| command.undo.is_some()),
            "{}",
            rule.name
        );
    }
}

#[test]
fn every_column_of_a_case_is_documented() {
    let documented = documented_columns();
    for rule in catalogue().rules() {
        for row in rule.fires.iter().chain(&rule.silent).flat_map(|case| &case.rows) {
            let columns = documented
                .get(row.view.as_str())
                .unwrap_or_else(|| panic!("{}: {}", rule.name, row.view));
            for (column, _) in &row.cells {
                assert!(
                    columns.contains(column.as_str()),
                    "{}: `{}`.`{column}`",
                    rule.name,
                    row.view
                );
            }
        }
    }
}

/// Reads the views and their columns from the catalogue's own page.
fn documented_columns() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut views: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut view = "";
    for line in include_str!("../../catalog/README.md").lines() {
        if let Some(name) = line.strip_prefix("### ") {
            view = name.trim_matches('`');
        } else if let Some(column) = line.strip_prefix("| `").and_then(|rest| rest.split('`').next()) {
            views.entry(view).or_default().insert(column);
        }
    }
    views
}

#[test]
fn a_rule_file_becomes_a_typed_rule() {
    let rule = Rule::parse("small-rule.md", SMALL).unwrap();
    assert_eq!(
        (rule.name.as_str(), rule.title.as_str(), rule.severity),
        ("small-rule", "Things fail", Severity::High)
    );
    assert_eq!(
        (rule.lookback_s, rule.params[0].value.to_string().as_str()),
        (14 * 86_400, "0.05")
    );
    assert_eq!(rule.views, ["by_function", "by_function_minute"]);
    let [one, two] = rule.fires.as_slice() else {
        panic!("{:?}", rule.fires)
    };
    assert_eq!((one.level, one.rows.len()), (Some(Severity::High), 1));
    assert_eq!((two.level, two.rows.len()), (Some(Severity::Medium), 4));
    insta::assert_debug_snapshot!(two.rows);
}

#[test]
fn line_endings_of_windows_change_nothing() {
    let rule = Rule::parse("small-rule.md", &SMALL.replace('\n', "\r\n")).unwrap();
    assert_eq!(rule, Rule::parse("small-rule.md", SMALL).unwrap());
}

#[test]
fn a_sentence_is_filled_and_unknown_values_read_unknown() {
    let rule = Rule::parse("small-rule.md", SMALL).unwrap();
    let known = values(&[
        ("failed", Value::Integer(1_200)),
        ("n", Value::Integer(4_000)),
        ("share", Value::Number(0.3)),
    ]);
    assert_eq!(rule.finding.render(&known), "1,200 of 4,000 failed (30.0 %).");
    assert_eq!(
        rule.finding.render(&BTreeMap::new()),
        "unknown of unknown failed (unknown)."
    );
}

#[test]
fn hostile_names_never_become_part_of_a_command() {
    let text = "aws lambda get-function --function-name {function} --query '{a: 1}'";
    let filled = |name: &str| fill(text, &values(&[("function", Value::Text(name.to_owned()))]));
    assert_eq!(filled("checkout"), text.replace("{function}", "checkout"));
    for name in ["a; rm -rf ~", "$(id)", "`id`", "--profile", "a'b", "", "a\nb"] {
        assert_eq!(filled(name), text, "{name}");
    }
}

#[test]
fn faults_of_the_front_matter_name_line_and_remedy() {
    let messages = [
        fault("+++\n", ""),
        fault("severity = \"high\"", "severity = \"hgih\""),
        fault("topic = \"errors\"\n", ""),
        fault("since", "sinse"),
        fault("tolerance = 0.2", "tolerance = \"a lot\""),
        fault("lookback = \"14d\"", "lookback = \"14 days\""),
        fault("platforms = [\"any\"]", "platforms = [1]"),
        fault("unit = \"share\"\n", ""),
        fault("step = 0.005", "step = 0"),
        fault("source = \"an example\"", "src = \"an example\""),
        Rule::parse("Small Rule.md", SMALL).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn faults_of_the_sections_name_line_and_remedy() {
    let messages = [
        fault("## Impact", "## Impcat"),
        fault("## Impact\n\nUSD of the failed ones.\n\n", ""),
        fault("- none\n", "- none\n\n## More\n"),
        fault("USD of the failed ones.", ""),
        fault("```sql\nWITH", "```text\nWITH"),
        fault("```toml\nerror_rate = 0.01\n```", "```toml\nerror_rate = 0.01"),
        fault("{share:percent}", "{share:per cent}"),
        fault("{share:percent}", "{share"),
        fault("{share:percent}", "{portion:percent}"),
        fault("  undo: `false`\n", ""),
        fault("1. It broke", "It broke"),
        fault("```toml\nerror_rate = 0.01\n```", "Nothing."),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn faults_of_the_tables_name_line_and_remedy() {
    let messages = [
        fault("View: `by_function`\n\n", ""),
        fault("| 20 | 20 |  | high |", "| 20 | 20 | high |"),
        fault("| 20 | 20 |  | high |", "| 20 | 20 |  | worse |"),
        fault("| 20 | 20 |  | high |", "| 20 | 20 |  |  |"),
        fault("| 3 | 1m |", "| 0 | 1m |"),
        fault("| 3 | 1m |", "| 100001 | 1m |"),
        fault("| 3 | 1m |", "| 3 | often |"),
        fault("@10m", "@ten"),
        fault("10ms x 3", "10 x 3"),
        fault("1 of 1 says nothing", ""),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn parts_that_do_not_fit_each_other_are_named() {
    let messages = [
        fault("$max_share", "0.05"),
        fault("$max_share", "$max_shrae"),
        fault("step = 0.005", "step = 0.01"),
        fault("measure = \"share\"", "measure = \"ratio\""),
        fault("needs = [\"failed\"]", "needs = [\"failures\"]"),
        fault("AS sub_resource", "AS resource"),
        fault("lookback = \"14d\"\n", ""),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn all_faulty_files_are_named_at_once_and_no_rule_stands_twice() {
    let faults = Catalogue::from_dir([("a.md", "x"), ("small-rule.md", SMALL), ("B.md", "y")]).unwrap_err();
    insta::assert_snapshot!(faults);
    let own = Catalogue::from_dir([("oom.md", SMALL)]).unwrap();
    insta::assert_snapshot!(catalogue().extended(own).unwrap_err());
    let own = Catalogue::from_dir([("small-rule.md", SMALL)]).unwrap();
    assert!(catalogue().extended(own).unwrap().get("small-rule").is_some());
}

#[test]
fn generated_pages_list_every_rule_and_every_price() {
    let (catalogue, books) = (catalogue(), PriceBooks::embedded().unwrap());
    let page = rules_page(&catalogue);
    assert!(
        catalogue
            .rules()
            .iter()
            .all(|rule| page.contains(&format!("| `{}` |", rule.name)))
    );
    let page = prices_page(&books);
    for price in books.prices() {
        let start = format!("| {} | ", price.id);
        let mut rows = page.lines().filter(|line| line.starts_with(&start));
        assert!(
            rows.any(|row| row.contains(&price.region)),
            "{} in {}",
            price.id,
            price.region
        );
    }
    let own = page.split("```toml").nth(1).unwrap().split("```").next().unwrap();
    PriceBooks::embedded().unwrap().add("ours.toml", own).unwrap();
    assert!(
        page.contains("$0.0000166667 up to 6000000000, then $0.000015 up to 15000000000, then $0.0000133334 per GB-s")
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(cut in 0_usize..SMALL.len(), insert in "\\PC{0,12}", length in 0_usize..40) {
        let start = (0..=cut).rev().find(|at| SMALL.is_char_boundary(*at)).unwrap_or(0);
        let end = (start + length..SMALL.len()).find(|at| SMALL.is_char_boundary(*at)).unwrap_or(SMALL.len());
        let text = format!("{}{insert}{}", &SMALL[..start], &SMALL[end..]);
        if let Err(error) = Rule::parse("small-rule.md", &text) {
            prop_assert!(error.to_string().starts_with("small-rule.md"));
        }
    }
}
