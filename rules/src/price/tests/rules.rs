//! Rules of billing of every provider: from what was measured to what is billed, and which steps say so.

use super::{PriceBooks, at, books, entry};
use crate::price::{Measured, Unbilled, explain_measured};

/// Returns the billed quantity of one use, in the base of the price's unit.
fn billed(place: [&str; 4], measured: Measured) -> Result<i128, Unbilled> {
    let books = books();
    let price = entry(&books, place);
    let rule = books.rule_of(price, at("2026-10-08"));
    price.billed(rule, &measured).map(|billed| billed.quantity)
}

fn run(ms: i64) -> Measured {
    Measured {
        run_us: Some(ms * 1_000),
        ..Measured::default()
    }
}

#[test]
fn azures_consumption_bills_memory_up_to_128_mb_and_at_least_100_ms() {
    let of = |mib, ms| {
        let measured = Measured {
            memory_mib: Some(mib),
            ..run(ms)
        };
        billed(["azure", "functions", "consumption-time", "eastus"], measured).unwrap()
    };
    assert_eq!(of(160, 1_000), 256 * 1_000);
    assert_eq!(of(128, 40), 128 * 100);
    assert_eq!(of(128, 101), 128 * 101);
    assert_eq!(of(4_000, 1_000), 1_536 * 1_000);
    let books = books();
    let price = entry(&books, ["azure", "functions", "consumption-time", "eastus"]);
    let gb_s = crate::Amount::new(price.unit.convert(1_110_000_000));
    assert_eq!(gb_s.fixed(2), "1083.98");
}

#[test]
fn azures_flex_bills_a_second_at_least_then_steps_of_100_ms_of_the_whole_instance() {
    let of = |mib, ms| {
        let measured = Measured {
            memory_mib: Some(mib),
            ..run(ms)
        };
        billed(["azure", "functions", "flex-time", "eastus"], measured)
    };
    assert_eq!(of(2_048, 40), Ok(2_048 * 1_000));
    assert_eq!(of(2_048, 1_001), Ok(2_048 * 1_100));
    assert_eq!(of(512, 1_000), Ok(512 * 1_000));
    assert_eq!(of(1_024, 40), Err(Unbilled::Size { mib: 1_024 }));
}

#[test]
fn googles_first_generation_bills_100_ms_of_memory_and_of_the_processor_that_comes_with_it() {
    let measured = Measured {
        memory_mib: Some(128),
        ..run(1)
    };
    let of = |item, measured| billed(["gcp", "functions", item, "us-central1"], measured);
    assert_eq!(of("memory", measured), Ok(128 * 100));
    assert_eq!(of("processor", measured), Ok(200 * 100));
    let odd = Measured {
        memory_mib: Some(300),
        ..measured
    };
    assert_eq!(of("processor", odd), Err(Unbilled::Size { mib: 300 }));
    let books = books();
    let amount: crate::Amount = ["memory", "processor"]
        .map(|item| entry(&books, ["gcp", "functions", item, "us-central1"]).amount(of(item, measured).unwrap()))
        .into_iter()
        .sum();
    assert_eq!(
        amount.to_string(),
        "0.00000023125",
        "the published table says 0.000000231"
    );
}

#[test]
fn cloud_run_bills_processor_and_memory_for_100_ms_at_least() {
    let measured = Measured {
        memory_mib: Some(512),
        cpu_milli: Some(1_000),
        ..run(101)
    };
    let of = |item, measured| billed(["gcp", "run", item, "europe-west1"], measured);
    assert_eq!(of("request-processor", measured), Ok(1_000 * 200));
    assert_eq!(of("request-memory", measured), Ok(512 * 200));
    assert_eq!(of("requests", measured), Ok(1));
    assert_eq!(of("request-processor", run(1)), Err(Unbilled::Cpu));
    assert_eq!(of("request-memory", run(1)), Err(Unbilled::Memory));
    assert_eq!(of("request-memory", Measured::default()), Err(Unbilled::Memory));
}

#[test]
fn workers_bill_processor_time_as_it_is_and_nothing_for_waiting() {
    let of = |measured| billed(["cloudflare", "workers", "cpu-time", "global"], measured);
    let measured = Measured {
        cpu_us: Some(7_250),
        ..run(60_000)
    };
    assert_eq!(of(measured), Ok(7_250));
    assert_eq!(of(run(60_000)), Err(Unbilled::CpuTime));
}

#[test]
fn payloads_count_as_one_use_more_for_each_further_step() {
    let of = |place, bytes| {
        let measured = Measured {
            bytes: Some(bytes),
            ..Measured::default()
        };
        billed(place, measured).unwrap()
    };
    let queue = ["aws", "sqs", "requests-standard", "us-east-1"];
    assert_eq!([0, 65_536, 65_537, 131_073].map(|bytes| of(queue, bytes)), [1, 1, 2, 3]);
    let invoked = ["aws", "lambda", "requests", "us-east-1"];
    assert_eq!(
        [262_144, 262_145, 1_048_576].map(|bytes| of(invoked, bytes)),
        [1, 2, 13]
    );
    let streamed = ["aws", "lambda", "response-streaming", "us-east-1"];
    assert_eq!([6_291_456, 6_291_457].map(|bytes| of(streamed, bytes)), [0, 1]);
    let message = ["cloudflare", "queues", "operations", "global"];
    assert_eq!([64_000, 65_000, 127_000].map(|bytes| of(message, bytes)), [1, 2, 2]);
}

#[test]
fn provisioned_capacity_snapshots_and_workflows_round_as_their_rules_say() {
    let books = books();
    let of = |item: &str, mib, ms| {
        let key = super::key("lambda", item, Some("x86_64"));
        let price = books.price(key, at("2026-10-08")).unwrap().price;
        let measured = Measured {
            memory_mib: Some(mib),
            ..run(ms)
        };
        let rule = books.rule_of(price, at("2026-10-08"));
        price.billed(rule, &measured).unwrap().quantity
    };
    assert_eq!(of("provisioned-concurrency-x86", 1_024, 300_001), 1_024 * 600_000);
    assert_eq!(of("provisioned-concurrency-x86", 1_024, 1), 1_024 * 300_000);
    assert_eq!(of("snapstart-cache", 512, 1), 512 * 10_800_000);
    assert_eq!(of("ephemeral-storage", 1_024, 10), 512 * 10);
    assert_eq!(of("ephemeral-storage", 512, 10), 0);
    let express = ["aws", "stepfunctions", "express-duration", "us-east-1"];
    let measured = Measured {
        memory_mib: Some(65),
        ..run(101)
    };
    assert_eq!(billed(express, measured), Ok(128 * 200));
}

#[test]
fn initialization_is_billed_as_the_rule_of_the_day_says_and_never_on_provisioned_environments() {
    let books = books();
    let measured = Measured {
        init_us: Some(463_512),
        run_us: Some(1_233_960),
        memory_mib: Some(256),
        ..Measured::default()
    };
    let of = |item, day: &str| {
        let key = super::key("lambda", item, Some("x86_64"));
        let price = books.price(key, at(day)).unwrap().price;
        price.billed(books.rule_of(price, at(day)), &measured).unwrap().quantity
    };
    assert_eq!(of("duration-x86", "2026-10-08"), 1_698 * 256);
    assert_eq!(of("duration-x86", "2025-07-31"), 1_234 * 256);
    assert_eq!(of("duration-x86", "2020-11-30"), 1_300 * 256);
    assert_eq!(of("provisioned-duration-x86", "2026-10-08"), 1_234 * 256);
}

#[test]
fn every_rule_is_followed_by_a_price_and_every_price_that_needs_one_has_it() {
    let books = books();
    for book in books.books() {
        for rule in &book.billing_rules {
            let follows = |price: &crate::price::Price| price.rule.as_ref() == Some(&rule.id);
            assert!(book.prices.iter().any(follows), "{}: {}", book.file, rule.id);
        }
        for price in book.prices.iter().filter(|price| price.unit.base() == "MHz*ms") {
            let rule = books.rule_of(price, at("2026-10-08"));
            let idle = price.id.starts_with("idle");
            assert!(
                idle || rule.is_some_and(|rule| !rule.cpu_by_memory.is_empty()),
                "{}",
                price.id
            );
        }
    }
}

#[test]
fn how_an_amount_comes_about_is_said_step_by_step_for_each_provider() {
    let books = books();
    let text = |place: [&str; 4], measured: Measured| {
        let key = crate::price::Key {
            provider: place[0],
            service: place[1],
            item: place[2],
            region: place[3],
            architecture: Some("arm64"),
        };
        let unix_nano = at("2026-10-08");
        let priced = books.price(key, unix_nano).unwrap();
        let steps = explain_measured(priced, books.rule_of(priced.price, unix_nano), &measured, 1_000_000).unwrap();
        let lines = steps.iter().map(|step| format!("  {}: {}", step.name, step.text));
        format!("{}\n{}", place.join("/"), lines.collect::<Vec<_>>().join("\n"))
    };
    let measured = Measured {
        run_us: Some(1_233_960),
        init_us: Some(463_512),
        memory_mib: Some(512),
        cpu_milli: Some(1_000),
        cpu_us: Some(7_000),
        bytes: Some(300_000),
        ..Measured::default()
    };
    let texts: Vec<String> = [
        ["aws", "lambda", "duration-arm64", "us-east-1"],
        ["aws", "lambda", "requests", "us-east-1"],
        ["gcp", "run", "request-processor", "us-west2"],
        ["gcp", "functions", "processor", "us-central1"],
        ["azure", "functions", "consumption-time", "eastus"],
        ["azure", "functions", "flex-time", "eastus"],
        ["cloudflare", "workers", "cpu-time", "global"],
    ]
    .into_iter()
    .map(|place| text(place, measured))
    .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_users_rule_and_entry_take_the_place_of_the_shipped_ones() {
    let own = r#"id = "ours"
provider = "azure"
service = "functions"
currency = "USD"
as_of = "2026-11-01"

[[price]]
id = "consumption-time"
region = "westeurope"
unit = "GB-s"
price = 0.00002
rule = "consumption"
effective_from = "2026-01-01"
billed = "memory x time"
source = "invoice"
retrieved = "2026-11-01"

[[billing_rule]]
id = "consumption"
effective_from = "2026-01-01"
rounding = "up"
step_ms = 1
minimum_ms = 0
init = "not-billed"
overlap = "each"
source = "invoice"
retrieved = "2026-11-01"
"#;
    let mut books = PriceBooks::embedded().unwrap();
    books.add("ours.toml", own).unwrap();
    let price = entry(&books, ["azure", "functions", "consumption-time", "westeurope"]);
    let measured = Measured {
        memory_mib: Some(160),
        ..run(1)
    };
    let rule = books.rule_of(price, at("2026-10-08"));
    assert_eq!(price.billed(rule, &measured).unwrap().quantity, 160);
}
