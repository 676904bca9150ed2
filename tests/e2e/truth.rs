//! The report over a company's telemetry says what is true of it, to the last digit.

use pennyspan_fixtures::{Scenario, Truth};
use serde_json::{Map, Value, json};

use crate::company::{Company, seeds, slice};

/// Keys of the report that the truth does not state: what assumed architectures would cost at the cheaper price, a ratio of
/// two counts that it states, and attempts of which telemetry does not tell whether they were cold.
const BEYOND: &[&str] = &["cost_low_usd", "cold_start_rate", "cold_start_unknown"];

#[test]
fn the_report_equals_the_truth() {
    for seed in slice(seeds(&[1, 2, 3], 2), 2) {
        let company = Company::of(&Scenario::new(seed));
        let report = company.report(&[]);
        agree_with_truth(&format!("seed {seed}"), &company.telemetry.truth, &report);
        assert_eq!(report["input"]["rejected"], json!(0));
        assert_eq!(report["input"]["partial"], json!(false));
    }
}

/// Asserts that a report says what is true: every count, every quantile, every amount.
pub fn agree_with_truth(place: &str, truth: &Truth, report: &Value) {
    let truth = serde_json::to_value(truth).unwrap();
    agree(&format!("{place}: totals"), &truth["totals"], &report["totals"]);
    agree_rows(
        &format!("{place}: functions"),
        &truth["functions"],
        &report["functions"],
        &["function"],
    );
    let (items, other) = (&truth["cost"]["line_items"], &report["cost"]["line_items"]);
    agree_rows(&format!("{place}: line items"), items, other, &["function", "item"]);
    agree(
        &format!("{place}: bill"),
        &truth["cost"]["bill"],
        &report["cost"]["bill"],
    );
    agree_rows(
        &format!("{place}: waste"),
        &truth["cost"]["waste"],
        &report["cost"]["waste"],
        &["kind"],
    );
    assert_eq!(report["window"]["start"], truth["window"]["start"], "{place}");
    assert_eq!(report["window"]["end"], truth["window"]["end"], "{place}");
}

/// Asserts that every key of the report has the same value in the truth, which may know more.
fn agree(place: &str, truth: &Value, report: &Value) {
    let differing: Map<String, Value> = report
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, value)| !BEYOND.contains(&key.as_str()) && !same(&truth[key.as_str()], value))
        .map(|(key, value)| (key.clone(), json!({ "truth": truth[key.as_str()], "report": value })))
        .collect();
    assert!(
        differing.is_empty(),
        "{place}: {}",
        serde_json::to_string_pretty(&differing).unwrap()
    );
}

/// Asserts that both lists have the same rows, by key.
fn agree_rows(place: &str, truth: &Value, report: &Value, keys: &[&str]) {
    let name = |row: &Value| keys.iter().map(|key| row[*key].to_string()).collect::<Vec<_>>();
    let names = |rows: &Value| {
        let mut names: Vec<_> = rows.as_array().unwrap().iter().map(name).collect();
        names.sort();
        names
    };
    assert_eq!(names(truth), names(report), "{place}");
    for row in truth.as_array().unwrap() {
        let other = report
            .as_array()
            .unwrap()
            .iter()
            .find(|other| name(other) == name(row))
            .unwrap();
        agree(&format!("{place}: {:?}", name(row)), row, other);
    }
}

/// Returns whether the report's value is the truth's: objects by the report's keys, the rest as it is.
fn same(truth: &Value, report: &Value) -> bool {
    match (truth, report) {
        (Value::Object(truth), Value::Object(report)) => report
            .iter()
            .all(|(key, value)| truth.get(key).is_some_and(|other| same(other, value))),
        (Value::Array(truth), Value::Array(report)) => {
            truth.len() == report.len() && truth.iter().zip(report).all(|(a, b)| same(a, b))
        }
        (Value::Number(truth), Value::Number(report)) => near(truth.as_f64().unwrap(), report.as_f64().unwrap()),
        _ => truth == report,
    }
}

/// Returns whether two numbers are equal but for the last digit, which the JSON reader may round another way than the writer.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-15 * a.abs().max(b.abs())
}
