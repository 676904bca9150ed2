//! The price books at the command line: what they say, how an amount comes about, and which files are refused.

use std::process::Output;

use crate::company::{pennyspan, pennyspan_with};

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", text(output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_entry_is_listed_with_its_regions_and_what_has_no_price_with_its_reason() {
    let listed = text(&pennyspan(&["prices", "list"]));
    for line in [
        "duration-arm64               us-east-1  arm64   $0.0000133334 per GB-s",
        "request-processor            16 regions (asia-east1,",
        "flex-time                    eastus",
        "cpu-time                     global             $0.02 per 1000000 CPU-ms",
        "web-functions                not priced: the price of a vCPU",
    ] {
        assert!(listed.contains(line), "{line}\n{listed}");
    }
}

#[test]
fn an_amount_is_explained_from_what_was_measured_of_a_use() {
    let run = ["--run-ms", "1233.96", "--init-ms", "463.512", "--memory-mib", "256"];
    let explained = text(&pennyspan(&[&["prices", "explain", "duration-x86"], &run[..]].concat()));
    for step in [
        "1233.96 ms + 463.512 ms initialization, up to steps of 1 ms: 1698 ms",
        "434688 MiB*ms",
        "$0.00000707501415",
    ] {
        assert!(explained.contains(step), "{step}\n{explained}");
    }
    let before = [&["prices", "explain", "duration-x86", "--on", "2025-07-31"], &run[..]].concat();
    let explained = text(&pennyspan(&before));
    assert!(
        explained.contains("its initialization of 463.512 ms free"),
        "{explained}"
    );
    let workers = ["prices", "explain", "cpu-time", "--cpu-ms", "7", "--uses", "1000000"];
    assert!(text(&pennyspan(&workers)).contains("= $0.14\n"));
    let flex = [
        "prices",
        "explain",
        "flex-time",
        "--region",
        "eastus",
        "--run-ms",
        "40",
        "--memory-mib",
        "2048",
    ];
    let explained = text(&pennyspan(&flex));
    assert!(explained.contains("at least 1000 ms: 1000 ms"), "{explained}");
}

#[test]
fn what_has_no_price_is_refused_in_words() {
    let why = refused(&pennyspan(&["prices", "explain", "web-functions"]));
    assert!(
        why.contains("`web-functions` is not priced: the price of a vCPU"),
        "{why}"
    );
    let why = refused(&pennyspan(&[
        "prices",
        "explain",
        "duration-x86",
        "--region",
        "eu-west-1",
    ]));
    assert!(why.contains("not priced there; there are prices in us-east-1"), "{why}");
    let odd = [
        "prices",
        "explain",
        "flex-time",
        "--region",
        "eastus",
        "--run-ms",
        "40",
        "--memory-mib",
        "1024",
    ];
    let why = refused(&pennyspan(&odd));
    assert!(why.contains("the price book has no size of 1024 MiB"), "{why}");
    let why = refused(&pennyspan(&[
        "prices",
        "explain",
        "duration-x86",
        "--memory-mib",
        "256",
    ]));
    assert!(why.contains("its duration is unknown"), "{why}");
}

#[test]
fn the_bill_takes_free_allowances_off_where_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let record = r#"{"provider":"aws","platform":"aws_lambda","account":"123456789012","region":"us-east-1",
        "function":"checkout","architecture":"x86_64","memory_size_mib":1024,"billed_duration_ms":600000,
        "duration_ms":600000,"start_time":"2026-10-08T07:30:00Z","outcome":"ok"}"#;
    std::fs::write(directory.path().join("record.ndjson"), record.replace('\n', "")).unwrap();
    let bill = |allowances: &str| {
        let variables = [("PENNYSPAN_PRICES_ALLOWANCES", allowances)];
        let from = directory.path().to_str().unwrap();
        let output = pennyspan_with(&["report", "--from", from, "-o", "json", "--quiet"], &variables);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let bill = &report["cost"]["bill"];
        (
            bill["exact_usd"].as_str().unwrap().to_owned(),
            bill["rounded_usd"].as_str().unwrap().to_owned(),
        )
    };
    // 600 GB-s and one request, all of which the allowance covers.
    assert_eq!(bill("ignored"), ("0.01000022".to_owned(), "0.01".to_owned()));
    assert_eq!(bill("applied"), ("0".to_owned(), "0.00".to_owned()));
}

#[test]
fn a_region_without_prices_takes_those_of_the_named_one_and_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let record = r#"{"provider":"aws","platform":"aws_lambda","region":"eu-west-1","function":"checkout",
        "architecture":"x86_64","memory_size_mib":1024,"billed_duration_ms":1000,"duration_ms":1000,
        "start_time":"2026-10-08T07:30:00Z","outcome":"ok"}"#;
    std::fs::write(directory.path().join("record.ndjson"), record.replace('\n', "")).unwrap();
    let from = directory.path().to_str().unwrap();
    let report = |region: &str| -> serde_json::Value {
        let variables = [("PENNYSPAN_PRICES_FALLBACK_REGION", region)];
        let output = pennyspan_with(&["report", "--from", from, "-o", "json", "--quiet"], &variables);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let without = report("");
    let why = &without["cost"]["not_priced"][0];
    assert_eq!(
        (&why["reason"], &why["region"]),
        (&"region_without_price".into(), &"eu-west-1".into())
    );
    assert_eq!(without["totals"]["not_priced"], 1);
    let with = report("us-east-1");
    assert_eq!(with["totals"]["cost_usd"], "0.0000168667");
    assert_eq!(with["totals"]["priced_by_fallback_region"], 1);
    let unknown = pennyspan_with(
        &["prices", "list"],
        &[("PENNYSPAN_PRICES_FALLBACK_REGION", "mars-north-1")],
    );
    assert!(refused(&unknown).contains("no price book has a price in `mars-north-1`"));
}

#[test]
fn a_faulty_price_file_is_refused_with_line_key_and_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ours.toml");
    let book = "id = \"ours\"\nprovider = \"aws\"\nservice = \"lambda\"\ncurrency = \"USD\"\nas_of = \"2026-11-01\"\n\n\
                [[price]]\nid = \"requests\"\nregion = \"eu-west-1\"\nunit = \"request\"\nprice = 0.2\n\
                effective_from = \"2026-01-01\"\nbilled = \"each invocation\"\nsource = \"invoice\"\nretrieved = \"2026-11-01\"\n";
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        pennyspan(&["prices", "check", file.to_str().unwrap()])
    };
    assert!(check(book).status.success());
    let why = refused(&check(&book.replace("unit = \"request\"\n", "")));
    assert!(
        why.contains("ours.toml, line 7: `price` \"requests\" has no `unit`; add one of request"),
        "{why}"
    );
    let why = refused(&check(&book.replace("source = \"invoice\"\n", "")));
    assert!(why.contains("has no `source`; add the public page"), "{why}");
}
