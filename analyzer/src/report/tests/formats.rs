//! What other tools read: each format is what its readers accept, within their limits, whatever names hold.

use std::io::Write as _;

use pennyspan_rules::Catalogue;

use super::broken::broken;
use super::*;
use crate::report::gate::OnNoData;

/// The schema that OASIS publishes, as the crate `serde-sarif` (MIT) carries it.
const SARIF: &str = include_str!("sarif-2.1.0.schema.json");

const HOSTILE: &str = "=cmd|'/c x'!A0\u{1b}[31m<script>alert(1)</script>[x](https://evil.example)|`\n::error::owned\r\n::set-output name=a::b##[error]x\u{202e}\0,\"%0A\u{ffff}&@team";

async fn report() -> Report {
    report_of(&ten(), Span::Window(HOUR), &asked(), judgement()).await
}

/// A report with so many findings, no two of one identity, of all levels and without order of names.
async fn with_findings(count: usize) -> Report {
    let finding = |n: usize| Finding {
        severity: Severity::ALL[4 - 5 * n / count.max(1)],
        fingerprint: format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        function: Some(format!("{HOSTILE}{n}")),
        message: format!(
            "{n} of 10 ran out of memory in {HOSTILE} {:x}",
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ),
        ..out_of_memory()
    };
    Report {
        findings: (0..count).map(finding).collect(),
        ..report().await
    }
}

fn catalogue() -> Catalogue {
    Catalogue::embedded().unwrap()
}

#[tokio::test]
async fn sarif_follows_its_schema_and_keeps_the_limits_of_code_scanning() {
    let (schema, catalogue, asked): (Value, _, _) = (serde_json::from_str(SARIF).unwrap(), catalogue(), asked());
    for (count, kept) in [(0, 0), (1, 1), (5_000, 5_000), (30_000, sarif::MOST_RESULTS)] {
        let report = with_findings(count).await;
        let text = sarif::render(&Sheet::new(&report, &catalogue, &asked)).unwrap();
        let log: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(broken(&schema, &schema, &log, "sarif"), Vec::<String>::new());
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert!(
            results.len() <= kept && results.len() >= kept * 4 / 5,
            "{} of {count}",
            results.len()
        );
        let note = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str();
        let left = count - results.len();
        assert_eq!(note.is_some(), left > 0);
        assert!(note.is_none_or(|note| note.starts_with(&format!("{left} of {count} findings are left out"))));
        let levels: Vec<_> = results
            .iter()
            .map(|result| result["properties"]["severity"].as_str().unwrap())
            .collect();
        let levels: Vec<Severity> = levels.into_iter().map(|level| level.parse().unwrap()).collect();
        assert!(levels.is_sorted_by(|a, b| a >= b), "the worst come first");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        assert!(packed.finish().unwrap().len() < 10 << 20);
        for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
            assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10);
            assert!(
                rule["help"]["markdown"].as_str().unwrap().contains("### Contain"),
                "{}",
                rule["id"]
            );
        }
    }
}

#[tokio::test]
async fn sarif_says_what_is_accepted_and_where_it_stands() {
    let (catalogue, asked) = (catalogue(), asked());
    let placed = Finding {
        place: Some(Place {
            path: "infra/a b.yaml".to_owned(),
            line: 7,
        }),
        suppressed: Some("accepted".to_owned()),
        ..out_of_memory()
    };
    let other_account = Finding {
        account: Some("123456789012".to_owned()),
        ..out_of_memory()
    };
    let report = Report {
        findings: vec![placed, other_account],
        ..report().await
    };
    let text = sarif::render(&Sheet::new(&report, &catalogue, &asked)).unwrap();
    let log: Value = serde_json::from_str(&text).unwrap();
    let results = &log["runs"][0]["results"];
    let uri = |at: usize| &results[at]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!((uri(0), uri(1)), (&json!("pennyspan.toml"), &json!("infra/a%20b.yaml")));
    assert_eq!(results[1]["suppressions"][0]["justification"], "accepted");
    let hash = |at: usize| &results[at]["partialFingerprints"]["primaryLocationLineHash"];
    assert_eq!(
        (hash(1), hash(0)),
        (&json!("a80a1f0dbe5a675b:1"), &json!("a80a1f0dbe5a675b:2"))
    );
}

#[tokio::test]
async fn junit_fails_what_closes_the_gate_and_skips_what_was_not_judged() {
    let (catalogue, asked) = (catalogue(), asked());
    let mut report = with_findings(10).await;
    report.findings[1].suppressed = Some(HOSTILE.to_owned());
    let text = junit::render(&Sheet::new(&report, &catalogue, &asked)).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let cases: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .collect();
    let of = |tag: &'static str| {
        let has = move |case: &&roxmltree::Node<'_, '_>| case.children().any(|child| child.has_tag_name(tag));
        cases.iter().filter(has).count()
    };
    // The gate itself, and three of critical and high; the fourth is accepted.
    assert_eq!((of("failure"), of("skipped")), (4, 2), "{text}");
    let suite = document
        .descendants()
        .find(|node| node.has_tag_name("testsuite"))
        .unwrap();
    assert_eq!(suite.attribute("tests"), Some(cases.len().to_string().as_str()));
    assert_eq!(
        (suite.attribute("failures"), suite.attribute("skipped")),
        (Some("4"), Some("2"))
    );
    // The gate, ten findings, and the rules without one.
    assert_eq!(cases.len(), 1 + 10 + catalogue.rules().len() - 1);
}

#[tokio::test]
async fn code_quality_has_the_fields_that_gitlab_reads() {
    let (catalogue, asked) = (catalogue(), asked());
    let report = with_findings(30).await;
    let text = gitlab::render(&Sheet::new(&report, &catalogue, &asked)).unwrap();
    let schema = json!({"type": "array", "items": {"type": "object", "additionalProperties": false,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {"description": {"type": "string"}, "check_name": {"type": "string"}, "fingerprint": {"type": "string"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {"type": "object", "required": ["path", "lines"], "properties": {"path": {"type": "string"},
                "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}}}}}});
    let issues: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(broken(&schema, &schema, &issues, "gitlab"), Vec::<String>::new());
    let issues = issues.as_array().unwrap();
    let prints: std::collections::BTreeSet<_> = issues.iter().map(|issue| issue["fingerprint"].to_string()).collect();
    assert_eq!((issues.len(), prints.len()), (30, 30), "no fingerprint stands for two");
    assert_eq!(issues[0]["severity"], "blocker");
}

#[tokio::test]
async fn annotations_stay_within_the_limits_and_give_no_other_commands() {
    let (catalogue, asked) = (catalogue(), asked());
    let report = with_findings(1_000).await;
    let text = github::render(&Sheet::new(&report, &catalogue, &asked)).unwrap();
    let commands: Vec<&str> = text
        .lines()
        .filter(|line| line.trim_start().starts_with("::"))
        .collect();
    for (kind, more) in [("error", 390), ("warning", 190), ("notice", 390)] {
        let of_kind = commands
            .iter()
            .filter(|line| line.starts_with(&format!("::{kind} file=pennyspan.toml,line=1,title=")));
        assert_eq!(of_kind.count(), github::MOST_OF_A_KIND);
        assert!(
            text.contains(&format!("+{more} more findings of this kind ({kind})")),
            "{text}"
        );
    }
    assert_eq!(commands.len(), 3 * github::MOST_OF_A_KIND);
    assert!(!text.contains("##[") && !text.contains("%0A") && text.contains("%250A"));
    assert!(github::summary(&Sheet::new(&report, &catalogue, &asked)).unwrap().len() < 1 << 20);
}

#[tokio::test]
async fn a_comment_holds_ten_thousand_findings() {
    let report = with_findings(10_000).await;
    let text = markdown::render(&report).unwrap();
    assert!(text.chars().count() < markdown::LONGEST, "{}", text.chars().count());
    let money = text.find("Estimated **$").unwrap();
    let table = text.find("| level | rule |").unwrap();
    assert!(text.starts_with("**pennyspan: ") && money < table && table < text.find("<details>").unwrap());
    assert!(text.contains("more findings in the JSON report") && text.contains("9990 more findings"));
}

#[tokio::test]
async fn spreadsheets_read_the_tables_and_compute_nothing() {
    let (catalogue, asked) = (catalogue(), asked());
    let mut report = with_findings(20).await;
    report.functions[0].function = Some(HOSTILE.to_owned());
    report.cost.line_items[0].function = Some(HOSTILE.to_owned());
    let sheet = Sheet::new(&report, &catalogue, &asked);
    for (table, rows) in [
        (csv::line_items(&sheet), 2),
        (csv::functions(&sheet), 1),
        (csv::findings(&sheet), 20),
    ] {
        let mut reader = ::csv::Reader::from_reader(table.as_bytes());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), rows, "{table}");
        assert_eq!(table.matches("\r\n").count(), rows + 1);
        let acts = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
        assert!(
            records.iter().all(|record| record.iter().all(|cell| !acts(cell))),
            "{table}"
        );
        assert!(
            records
                .iter()
                .any(|record| record.iter().any(|cell| cell.starts_with("'=cmd")))
        );
    }
}

#[tokio::test]
async fn focus_rows_add_up_and_multiply_out() {
    let (catalogue, asked) = (catalogue(), asked());
    let report = report().await;
    let table = focus::render(&Sheet::new(&report, &catalogue, &asked));
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), focus::COLUMNS);
    let at = |name: &str| focus::COLUMNS.iter().position(|column| *column == name).unwrap();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let number = |row: &::csv::StringRecord, name: &str| row[at(name)].parse::<f64>().unwrap();
    assert_eq!(records.len(), 2);
    for row in &records {
        let product = number(row, "PricingQuantity") * number(row, "ListUnitPrice");
        assert!((product - number(row, "ListCost")).abs() < 1e-12);
        assert_eq!(
            [
                "BillingPeriodStart",
                "BillingPeriodEnd",
                "ChargePeriodStart",
                "ChargePeriodEnd"
            ]
            .map(|name| &row[at(name)]),
            [
                "2026-10-01T00:00:00Z",
                "2026-11-01T00:00:00Z",
                "2026-10-08T07:00:00Z",
                "2026-10-08T08:00:00Z"
            ]
        );
        assert_eq!(
            [
                "ServiceName",
                "ServiceCategory",
                "ChargeCategory",
                "ResourceId",
                "RegionId"
            ]
            .map(|name| &row[at(name)]),
            ["AWS Lambda", "Compute", "Usage", "checkout", "us-east-1"]
        );
    }
    let units: Vec<&str> = records.iter().map(|row| &row[at("PricingUnit")]).collect();
    assert_eq!(units, ["GB-Seconds", "Requests"]);
    let total: f64 = records.iter().map(|row| number(row, "BilledCost")).sum();
    assert!((total - 0.000_168_667).abs() < 1e-12);
}

#[tokio::test]
async fn monthly_usage_comes_from_a_day_or_more() {
    let (catalogue, asked) = (catalogue(), asked());
    let hour = report().await;
    let refused = infracost::render(&Sheet::new(&hour, &catalogue, &asked)).unwrap_err();
    assert!(
        refused.to_string().contains("at least 24 h, and this one is 60 min"),
        "{refused}"
    );
    let day = Window {
        end_unix_nano: SEVEN + 86_400 * SECOND,
        ..HOUR
    };
    let mut day = report_of(&ten(), Span::Window(day), &asked, judgement()).await;
    let usage = infracost::render(&Sheet::new(&day, &catalogue, &asked)).unwrap();
    // Ten a day are 304.17 in 730 hours, and each is billed a second.
    let figures = "    monthly_requests: 304\n    request_duration_ms: 1000\n";
    let expected = format!(
        "# Usage from 2026-10-08T07:00:00Z to 2026-10-09T07:00:00Z, for a month of 730 hours.\nversion: 0.1\n\
         resource_type_default_usage:\n  aws_lambda_function:\n{figures}resource_usage:\n  aws_lambda_function.checkout:\n{figures}"
    );
    assert_eq!(usage, expected);
    day.functions[0].function = Some(format!("9{HOSTILE}"));
    let usage = infracost::render(&Sheet::new(&day, &catalogue, &asked)).unwrap();
    let inert = |c: char| c.is_ascii_alphanumeric() || " _-.:#\n,".contains(c);
    assert!(usage.chars().all(inert), "{usage}");
}

#[tokio::test]
async fn redaction_hides_accounts_tenants_and_messages_and_keeps_identities() {
    let (catalogue, asked) = (catalogue(), asked());
    let values = [
        ("tenant", "blue-corp"),
        ("error_message", "card 4111 declined"),
        ("region", "us-east-1"),
    ];
    let secret = Finding {
        account: Some("123456789012".to_owned()),
        sub_resource: Some("arn:aws:sqs:us-east-1:123456789012:blue-corp".to_owned()),
        message: "blue-corp in 123456789012 says card 4111 declined".to_owned(),
        values: values
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .into_iter()
            .collect(),
        ..out_of_memory()
    };
    let report = Report {
        findings: vec![secret],
        ..report().await
    };
    let sheet = Sheet::new(&report, &catalogue, &asked);
    let hidden = sheet.redacted("account,tenant,message".parse().unwrap());
    let text = [
        sarif::render(&hidden).unwrap(),
        gitlab::render(&hidden).unwrap(),
        github::render(&hidden).unwrap(),
        markdown::render(&hidden.report).unwrap(),
    ];
    for text in &text {
        assert!(
            !["123456789012", "blue-corp", "4111"]
                .iter()
                .any(|secret| text.contains(secret)),
            "{text}"
        );
        assert!(text.contains("(tenant)") || text.contains("\\(tenant\\)"), "{text}");
    }
    assert!(text[0].contains("a80a1f0dbe5a675b"));
    let shown = sheet.redacted("none".parse().unwrap());
    assert_eq!(sarif::render(&shown).unwrap(), sarif::render(&sheet).unwrap());
    let accounts = sheet.redacted("account".parse().unwrap());
    assert!(
        accounts.report.findings[0]
            .message
            .starts_with("blue-corp in (account)")
    );
}

#[tokio::test]
async fn accepted_findings_and_an_open_gate_fail_no_case() {
    let (catalogue, mut asked) = (catalogue(), asked());
    asked.gate = GatePolicy {
        on_no_data: OnNoData::Warn,
        ..GatePolicy::default()
    };
    let report = report_of(&ten(), Span::Window(HOUR), &asked, judgement()).await;
    let text = junit::render(&Sheet::new(&report, &catalogue, &asked)).unwrap();
    assert!(!text.contains("<failure") && text.contains("failures=\"0\""), "{text}");
}
