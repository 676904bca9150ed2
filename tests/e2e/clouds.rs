//! Google Cloud, Azure and Cloudflare: what each exports becomes the invocations that one expects, from files and over the network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pennyspan_fixtures::{Scenario, clouds};
use serde_json::Value;

use crate::company::{pennyspan, report, seeds, write};
use crate::server::{Server, exchange};

/// Each platform's exports, by file, with the door that takes them.
const FILES: &[(&str, &str)] = &[
    ("gcp/logging-read.json", "/v1/gcp/logs"),
    ("gcp/pubsub-push.json", "/v1/gcp/pubsub"),
    ("azure/records.json", "/v1/azure/records"),
    ("azure/app-insights-query.json", "/v1/azure/records"),
    ("cloudflare/logpush.ndjson", "/v1/cloudflare/logpush"),
    ("cloudflare/wrangler-tail.json", "/v1/cloudflare/tail"),
];

/// What the exports say, by provider and function: invocations, and of them by outcome.
const EXPECTED: &[(&str, &str, &str, i64)] = &[
    ("azure", "acme-shop/Nightly", "timeout", 1),
    ("azure", "acme-shop/Quote", "error", 1),
    ("azure", "acme-shop/Quote", "ok", 1),
    ("azure", "acme-shop/Ship", "error", 1),
    ("azure", "acme-shop/Ship", "ok", 1),
    ("azure", "acme-shop/Ship", "unknown", 1),
    ("cloudflare", "edge-cart", "error", 1),
    ("cloudflare", "edge-cart", "exceeded_cpu", 1),
    ("cloudflare", "edge-cart", "ok", 2),
    ("cloudflare", "edge-mail", "ok", 2),
    ("cloudflare", "edge-mail", "unknown", 1),
    ("cloudflare", "edge-search", "ok", 2),
    ("cloudflare", "edge-search", "out_of_memory", 1),
    ("cloudflare", "edge-sweep", "ok", 1),
    ("gcp", "digest", "ok", 1),
    ("gcp", "digest", "out_of_memory", 1),
    ("gcp", "digest", "timeout", 1),
    ("gcp", "quotes", "out_of_memory", 1),
    ("gcp", "quotes", "ok", 3),
    ("gcp", "quotes", "throttled", 1),
    ("gcp", "quotes", "timeout", 1),
    ("gcp", "resize", "error", 1),
];

fn exports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("collector/fixtures")
}

/// Asks for rows as JSON.
fn query(sql: &str, source: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["query", sql, "--format", "json", "--quiet"];
    arguments.extend(source);
    let output = pennyspan(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn by_outcome(source: &[&str]) -> BTreeMap<(String, String, String), i64> {
    let sql = "SELECT provider, function, outcome, COUNT(*) AS n FROM invocations GROUP BY provider, function, outcome";
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    query(sql, source)
        .iter()
        .map(|row| {
            let key = (text(row, "provider"), text(row, "function"), text(row, "outcome"));
            (key, row["n"].as_i64().unwrap())
        })
        .collect()
}

fn expected() -> BTreeMap<(String, String, String), i64> {
    let owned = |text: &&str| (*text).to_owned();
    EXPECTED
        .iter()
        .map(|(provider, function, outcome, n)| ((owned(provider), owned(function), owned(outcome)), *n))
        .collect()
}

#[test]
fn exports_of_the_clouds_are_the_invocations_that_they_tell_of_and_what_is_not_priced_says_why() {
    let exports = exports();
    let from = ["--from", exports.to_str().unwrap()];
    assert_eq!(by_outcome(&from), expected());
    let report = report(&exports, &[]);
    let totals = &report["totals"];
    // A throttled attempt did not run; one invocation stands for four, as its sampling says.
    assert_eq!((&totals["attempts"], &totals["invocations"]), (&30.into(), &29.into()));
    assert_eq!(report["input"]["rejected"], 0);
    // Workers tell their processor time; Google's and Azure's records need settings that are not here.
    let mut not_priced = BTreeMap::new();
    for row in report["cost"]["not_priced"].as_array().unwrap() {
        let key = (row["provider"].as_str().unwrap(), row["reason"].as_str().unwrap());
        not_priced.insert(key, row["invocations"].as_i64().unwrap());
    }
    assert_eq!(not_priced.values().sum::<i64>(), totals["not_priced"].as_i64().unwrap());
    let of = |provider: &str, key: &str| -> i64 {
        let functions = report["functions"].as_array().unwrap().iter();
        let rows = functions.filter(|row| row["provider"] == provider);
        rows.map(|row| row[key].as_i64().unwrap_or(0)).sum()
    };
    for provider in ["gcp", "azure"] {
        assert_eq!(of(provider, "not_priced"), of(provider, "invocations"), "{provider}");
    }
    assert!(
        not_priced.contains_key(&("gcp", "billing_mode_unknown")),
        "{not_priced:?}"
    );
    assert!(
        not_priced.contains_key(&("azure", "billing_mode_unknown")),
        "{not_priced:?}"
    );
    assert!(of("cloudflare", "not_priced") < of("cloudflare", "invocations"));
    for item in report["cost"]["line_items"].as_array().unwrap() {
        assert_eq!(item["provider"], "cloudflare", "{item}");
    }
}

#[test]
fn settings_of_a_service_on_cloud_run_price_its_requests() {
    let directory = tempfile::tempdir().unwrap();
    let file = exports().join("gcp/logging-read.json");
    std::fs::copy(file, directory.path().join("entries.json")).unwrap();
    let settings = [
        ("billing_mode", "request"),
        ("cpu_milli", "1000"),
        ("memory_size_mib", "512"),
    ];
    let rows: Vec<String> = settings
        .iter()
        .map(|(key, value)| {
            format!(
                "{{\"provider\":\"gcp\",\"function\":\"quotes\",\"key\":\"{key}\",\"value\":\"{value}\",\
                 \"observed_time\":\"2026-10-01T00:00:00Z\"}}"
            )
        })
        .collect();
    std::fs::write(directory.path().join("settings.ndjson"), rows.join("\n")).unwrap();
    let report = report(directory.path(), &[]);
    let functions = report["functions"].as_array().unwrap();
    let quotes = functions.iter().find(|row| row["function"] == "quotes").unwrap();
    assert_eq!(quotes["not_priced"].as_i64().unwrap_or(0), 0, "{}", report["cost"]);
    let items: Vec<&str> = report["cost"]["line_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["item"].as_str().unwrap())
        .collect();
    assert_eq!(items, ["request-memory", "request-processor", "requests"]);
}

#[test]
fn the_first_request_of_an_instance_of_cloud_run_is_cold_and_its_latency_is_not_counted_twice() {
    let file = exports().join("gcp/logging-read.json");
    let sql = "SELECT cold_start, CAST(duration_us AS BIGINT) AS us, init_duration_us FROM invocations \
               WHERE function = 'quotes' ORDER BY start_time LIMIT 2";
    let rows = query(sql, &["--from", file.to_str().unwrap()]);
    assert_eq!(
        (&rows[0]["cold_start"], &rows[0]["us"]),
        (&true.into(), &3_200_500.into())
    );
    assert_eq!(rows[0]["init_duration_us"], Value::Null);
    assert_eq!(
        (&rows[1]["cold_start"], &rows[1]["us"]),
        (&false.into(), &41_250.into())
    );
    let sql = "SELECT reason FROM environment_facts WHERE fact_kind = 'init_start'";
    let reasons = query(sql, &["--from", file.to_str().unwrap()]);
    assert!(reasons[0]["reason"].as_str().unwrap().starts_with("AUTOSCALING"));
}

#[test]
fn every_door_gives_the_same_invocations_as_the_files_however_often_it_is_sent_to() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    for _ in 0..2 {
        for (file, path) in FILES {
            let body = std::fs::read(exports().join(file)).unwrap();
            let answer = exchange(&server.http, path, "application/json", &body).unwrap();
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
    }
    let sent = |path, body: &[u8]| exchange(&server.http, path, "text/plain", body).unwrap().status;
    let tested = sent("/v1/cloudflare/logpush", br#"{"content":"tests"}"#);
    assert_eq!(tested, 200, "the upload by which Logpush tests a destination");
    let empty = sent("/v1/gcp/pubsub", br#"{"message":{"messageId":"1"}}"#);
    assert_eq!(empty, 400, "not acknowledged");
    server.stop();
    assert_eq!(by_outcome(&["--data", directory.path().to_str().unwrap()]), expected());
}

#[test]
fn generated_functions_on_other_clouds_are_what_happened_whatever_told_of_them() {
    for seed in seeds(&[3], 1) {
        let clouds = clouds(&Scenario::new(seed));
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &clouds.files());
        let from = ["--from", directory.path().to_str().unwrap()];
        let mut expected = BTreeMap::new();
        for truth in &clouds.truth {
            for (outcome, n) in &truth.outcomes {
                let key = (truth.provider.to_owned(), truth.function.clone(), (*outcome).to_owned());
                expected.insert(key, i64::try_from(*n).unwrap());
            }
        }
        assert_eq!(by_outcome(&from), expected, "seed {seed}");
        let sql = "SELECT function, CAST(SUM(duration_us) AS BIGINT) AS us, COUNT(*) FILTER (WHERE cold_start) AS cold, \
                   COUNT(*) FILTER (WHERE evidence_span) AS spanned FROM invocations GROUP BY function ORDER BY function";
        let rows = query(sql, &from);
        let of = |function: &str| rows.iter().find(|row| row["function"] == function).unwrap();
        for truth in &clouds.truth {
            let row = of(&truth.function);
            assert_eq!(row["us"], truth.duration_us, "{}", truth.function);
            assert!(
                row["spanned"].as_i64() > Some(0),
                "{}: spans and records are one",
                truth.function
            );
            if let Some(cold) = truth.cold_starts {
                assert_eq!(row["cold"], cold, "{}", truth.function);
            }
        }
    }
}
