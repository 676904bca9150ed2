//! The shipped rules, checked; and that what is wrong is found.

use pennyspan_rules::{Catalogue, Rule};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_shipped_rule_does_what_its_file_says() {
    let checks = sliced(Catalogue::embedded().unwrap().rules())
        .into_iter()
        .map(|rule| tokio::spawn(async move { (check(&rule).await, rule.name) }));
    let mut faults = Vec::new();
    for done in checks.collect::<Vec<_>>() {
        match done.await.unwrap() {
            (Ok(report), name) => assert!(
                report.firing > 0 && report.silent >= 4 && report.runbook >= 5,
                "{name} {report:?}"
            ),
            (Err(error), _) => faults.push(error.to_string()),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Returns four of the rules, drawn by `SLICE_SEED`; all of them where `SLICE` is `all`.
fn sliced(rules: &[Rule]) -> Vec<Rule> {
    if std::env::var("SLICE").is_ok_and(|slice| slice == "all") {
        return rules.to_vec();
    }
    let seed = std::env::var("SLICE_SEED")
        .ok()
        .and_then(|text| usize::from_str_radix(&text, 16).ok())
        .unwrap_or(0);
    rules.iter().cycle().skip(seed % rules.len()).take(4).cloned().collect()
}

fn oom(from: &str, to: &str) -> Rule {
    let catalogue = Catalogue::embedded().unwrap();
    let rule = catalogue.get("oom").unwrap();
    assert!(rule.text.contains(from), "{from}");
    Rule::parse("oom.md", &rule.text.replacen(from, to, 1)).unwrap()
}

async fn fault(from: &str, to: &str) -> String {
    check(&oom(from, to)).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_query_that_cannot_be_planned_is_named() {
    let text = fault(
        "        out_of_memory,\n",
        "        out_of_memories AS out_of_memory,\n",
    )
    .await;
    assert!(
        text.contains("oom.md: the query cannot be planned") && text.contains("out_of_memories"),
        "{text}"
    );
}

#[tokio::test]
async fn a_case_that_expects_another_level_is_named_with_its_line() {
    let catalogue = Catalogue::embedded().unwrap();
    let first = catalogue.get("oom").unwrap().fires[0].clone();
    let line = catalogue
        .get("oom")
        .unwrap()
        .text
        .lines()
        .nth(first.line as usize - 1)
        .unwrap()
        .to_owned();
    let level = first.level.unwrap().as_str();
    let text = fault(&line, &line.replace(level, "low")).await;
    assert!(
        text.starts_with(&format!(
            "oom.md:{}: the case must return one row of low, not {level}",
            first.line
        )),
        "{text}"
    );
}

#[tokio::test]
async fn two_rows_for_one_scope_are_refused() {
    let text = fault(
        "FROM ranked\nGROUP BY provider, account, region, function",
        "FROM ranked CROSS JOIN (VALUES (1), (2)) AS twice (k)\nGROUP BY k, provider, account, region, function",
    )
    .await;
    assert!(text.contains("two rows for the scope"), "{text}");
}

#[tokio::test]
async fn a_parameter_that_no_case_tests_is_named() {
    let text = fault("n_eff) > $critical_share", "n_eff) > 0.01 + 0 * $critical_share").await;
    assert!(text.contains("`critical_share` changes no case"), "{text}");
}

#[tokio::test]
async fn a_runbook_query_that_cannot_be_planned_is_named() {
    let text = fault(
        "SELECT start_time, invocation_id, trace_id, version, max_memory_used_mib",
        "SELECT start_tim, invocation_id",
    )
    .await;
    assert!(
        text.contains("query 1 of the runbook's step Confirm cannot be planned"),
        "{text}"
    );
}
