//! Suppressions and the baseline: what is accepted or known does not close the gate, and what changes is said.

use pennyspan_rules::{Catalogue, PriceBooks};

use super::*;
use crate::report::baseline::{Entry, Standing};
use crate::report::suppress::{self, Status, Suppression};

fn suppression() -> Suppression {
    Suppression {
        rule: "oom".to_owned(),
        function: Some("check*".to_owned()),
        sub_resource: None,
        reason: "batch job".to_owned(),
        expires: None,
        owner: None,
    }
}

async fn report_with(suppressions: Vec<Suppression>) -> Report {
    let asked = Asked {
        suppressions,
        ..asked()
    };
    report_of(&ten(), Span::Window(HOUR), &asked, judgement()).await
}

#[tokio::test]
async fn a_suppressed_finding_stays_and_does_not_close_the_gate() {
    let report = report_with(vec![suppression()]).await;
    assert_eq!(report.findings[0].suppressed.as_deref(), Some("batch job"));
    assert_eq!(report.gate.exit_code, 0);
    assert_eq!(report.suppressions[0].status, Status::Used);
    assert!(table::render(&report).unwrap().contains("(suppressed: batch job)"));
    assert!(markdown::render(&report).unwrap().contains("(suppressed: batch job)"));
}

#[tokio::test]
async fn expired_and_unused_suppressions_are_reported_and_accept_nothing() {
    let expiring = |day: &str| Suppression {
        expires: Some(day.parse().unwrap()),
        ..suppression()
    };
    let other = Suppression {
        function: Some("nightly-*".to_owned()),
        ..suppression()
    };
    // The window ends on 2026-10-08.
    let report = report_with(vec![expiring("2026-10-08"), other]).await;
    assert_eq!(
        (report.findings[0].suppressed.as_ref(), report.gate.exit_code),
        (None, 1)
    );
    let became: Vec<_> = report
        .suppressions
        .iter()
        .map(|row| (row.status, row.findings))
        .collect();
    assert_eq!(became, [(Status::Expired, 1), (Status::Unused, 0)]);
    assert!(
        table::render(&report)
            .unwrap()
            .contains("suppression  oom check* expired on 2026-10-08")
    );
    let report = report_with(vec![expiring("2026-10-09")]).await;
    assert_eq!(report.gate.exit_code, 0, "it holds until its day begins");
}

#[tokio::test]
async fn a_suppression_that_was_not_judged_is_not_called_unused() {
    let asked = Asked {
        suppressions: vec![Suppression {
            rule: "timeouts".to_owned(),
            ..suppression()
        }],
        rules: vec!["oom".to_owned()],
        ..asked()
    };
    let report = report_of(&ten(), Span::Window(HOUR), &asked, judgement()).await;
    assert_eq!(report.suppressions[0].status, Status::NotJudged);
}

#[test]
fn the_lines_of_a_page_have_the_keys_of_the_configuration() {
    let finding = Finding {
        function: Some("a\"b\u{7f}".to_owned()),
        sub_resource: Some("orders".to_owned()),
        ..out_of_memory()
    };
    let lines = suppress::lines(&finding, HOUR.end_unix_nano);
    assert_eq!(
        lines,
        "[[suppress]]\nrule = \"oom\"\nfunction = \"a\\\"b\\u007F\"\nsub_resource = \"orders\"\nreason = \"\"\nexpires = 2026-11-07"
    );
}

fn baseline_of(findings: &[Finding], earlier: Option<&Baseline>, may_go: bool) -> Baseline {
    let (catalogue, books) = (Catalogue::embedded().unwrap(), PriceBooks::embedded().unwrap());
    Baseline::of(findings, &catalogue, &books, "2026-10-08T08:00:00Z", earlier, &|_| {
        may_go
    })
}

fn standing_of(baseline: &Baseline, finding: &Finding, catalogue: &Catalogue) -> Standing {
    let books = PriceBooks::embedded().unwrap();
    baseline.standing(finding, catalogue.get(&finding.rule).unwrap(), &books)
}

/// A finding of memory use with its measure.
fn used(share: f64) -> Finding {
    Finding {
        rule: "memory-over-provisioned".to_owned(),
        values: [("used_share".to_owned(), json!(share))].into_iter().collect(),
        ..out_of_memory()
    }
}

#[test]
fn a_finding_is_known_until_it_gets_worse() {
    let catalogue = Catalogue::embedded().unwrap();
    let with_rate = |rate: f64| Finding {
        values: [("out_of_memory_rate".to_owned(), json!(rate))].into_iter().collect(),
        ..out_of_memory()
    };
    let standing = |baseline: &Baseline, finding: &Finding| standing_of(baseline, finding, &catalogue);
    let baseline = baseline_of(&[with_rate(0.1)], None, false);
    let read = Baseline::parse(&baseline.text().unwrap()).unwrap();
    assert_eq!(read, baseline);
    for (rate, expected) in [
        (0.1, Standing::Known),
        (0.12, Standing::Known),
        (0.13, Standing::Reopened),
        (0.01, Standing::Known),
    ] {
        assert_eq!(standing(&read, &with_rate(rate)), expected, "{rate}");
    }
    let critical = Finding {
        severity: Severity::Critical,
        ..with_rate(0.1)
    };
    assert_eq!(standing(&read, &critical), Standing::Reopened);
    let elsewhere = Finding {
        fingerprint: "0".repeat(16),
        ..with_rate(0.1)
    };
    assert_eq!(standing(&read, &elsewhere), Standing::New);
    let memory = baseline_of(&[used(0.3)], None, false);
    assert_eq!(
        standing(&memory, &used(0.2)),
        Standing::Reopened,
        "using less of it is worse"
    );
    assert_eq!(standing(&memory, &used(0.39)), Standing::Known);
}

#[test]
fn an_entry_without_account_is_any_accounts_and_a_changed_rule_is_an_upgrade() {
    let catalogue = Catalogue::embedded().unwrap();
    let mut baseline = baseline_of(&[out_of_memory()], None, false);
    let of = |account: &str| Finding {
        account: Some(account.to_owned()),
        ..out_of_memory()
    };
    assert_eq!(standing_of(&baseline, &of("1"), &catalogue), Standing::Known);
    baseline.findings[0].account = Some("2".to_owned());
    assert_eq!(standing_of(&baseline, &of("1"), &catalogue), Standing::New);
    baseline.rules.insert("oom".to_owned(), "another".to_owned());
    assert_eq!(standing_of(&baseline, &of("1"), &catalogue), Standing::Upgrade);
    assert_eq!(standing_of(&baseline, &of("2"), &catalogue), Standing::Known);
}

#[test]
fn writing_again_keeps_days_and_what_was_not_exercised() {
    let mut earlier = baseline_of(&[out_of_memory(), used(0.3)], None, false);
    for entry in &mut earlier.findings {
        entry.added = "2026-01-01".to_owned();
    }
    let other = Entry {
        fingerprint: "f".repeat(16),
        ..earlier.findings[0].clone()
    };
    earlier.findings.push(other);
    let again = baseline_of(&[out_of_memory()], Some(&earlier), false);
    assert_eq!(
        again.findings.len(),
        2,
        "both rules' findings have one fingerprint here: {again:?}"
    );
    assert!(again.findings.iter().all(|entry| entry.added == "2026-01-01"));
    let pruned = baseline_of(&[out_of_memory()], Some(&earlier), true);
    assert_eq!(pruned.findings.len(), 1);
}

#[test]
fn what_is_no_baseline_is_refused_in_words() {
    assert!(
        Baseline::parse("{}")
            .unwrap_err()
            .to_string()
            .contains("--write-baseline")
    );
    let mut later = baseline_of(&[], None, false);
    later.version = 2;
    let error = Baseline::parse(&later.text().unwrap()).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[test]
fn another_tool_and_other_prices_are_an_upgrade_where_they_matter() {
    let catalogue = Catalogue::embedded().unwrap();
    let mut tool = baseline_of(&[], None, false);
    let mut prices = tool.clone();
    tool.tool = "0.0.9".to_owned();
    assert_eq!(standing_of(&tool, &out_of_memory(), &catalogue), Standing::Upgrade);
    for date in prices.price_books.values_mut() {
        *date = "2020-01-01".to_owned();
    }
    assert_eq!(standing_of(&prices, &used(0.2), &catalogue), Standing::Upgrade);
    assert_eq!(
        standing_of(&prices, &out_of_memory(), &catalogue),
        Standing::New,
        "it reads no price"
    );
}

#[test]
fn a_finding_of_any_account_is_written_without_one() {
    let catalogue = Catalogue::embedded().unwrap();
    let of = |account: &str| Finding {
        account: Some(account.to_owned()),
        any_account: true,
        ..out_of_memory()
    };
    let baseline = baseline_of(&[of("1")], None, false);
    assert_eq!(baseline.findings[0].account, None);
    assert_eq!(standing_of(&baseline, &of("2"), &catalogue), Standing::Known);
}

#[tokio::test]
async fn text_names_where_else_a_finding_is() {
    let mut judged = judgement();
    judged.findings[0].also = ["a", "b", "c\u{1b}[31m", "d", "e"].map(str::to_owned).to_vec();
    let report = report_of(&ten(), Span::Window(HOUR), &asked(), judged).await;
    for text in [table::render(&report).unwrap(), markdown::render(&report).unwrap()] {
        assert!(
            text.contains("also a, b, c") && text.contains("+2 more") && !text.contains('\u{1b}'),
            "{text}"
        );
    }
}
