//! Worked examples that providers and others have published, each with where it stands.

use super::{Allowances, Bill, PriceBooks, at, bill, books, entry, key, lambda, usage};
use crate::Amount;
use crate::price::{Price, TimeRule, Usage};

const GB_S: i128 = 1_024_000;

/// Makes the bill of what was used, allowances taken off.
fn billed(used: &[(&Price, i128)]) -> Bill {
    let usages: Vec<Usage<'_>> = used.iter().map(|(price, quantity)| usage(price, *quantity)).collect();
    bill(&usages, Allowances::Applied)
}

fn x86(books: &PriceBooks) -> (&Price, &Price) {
    (
        lambda(books, "duration-x86", Some("x86_64")),
        lambda(books, "requests", None),
    )
}

/// <https://aws.amazon.com/lambda/pricing/> (an older copy): 512 MB, 3 million runs of 1 s. It counts with $0.00001667.
#[test]
fn three_million_runs_of_a_second_in_512_mb_cost_what_aws_says() {
    let books = books();
    let (duration, requests) = x86(&books);
    let made = billed(&[(duration, 3_000_000 * 512 * 1_000), (requests, 3_000_000)]);
    assert_eq!(made.lines[0].tiers[0].quantity, *Amount::ratio(1_100_000, 1).as_ratio());
    assert_eq!(
        (made.lines[0].exact.fixed(2), made.lines[1].exact.fixed(2)),
        ("18.33".to_owned(), "0.40".to_owned())
    );
}

/// Infracost's golden `lambda_function_test`: durations of both architectures across all tiers, and requests. It prints
/// halves of a cent rounded up: $135,001.13 and $200,000.63.
#[test]
fn tiers_of_both_architectures_cost_what_infracosts_golden_says() {
    let books = books();
    let of = |architecture: &str, gb_s: i128| {
        let price = lambda(
            &books,
            &format!("duration-{}", architecture.trim_end_matches("_64")),
            Some(architecture),
        );
        let made = bill(&[usage(price, gb_s * GB_S)], Allowances::Ignored);
        made.lines[0]
            .tiers
            .iter()
            .map(|tier| tier.exact.fixed(2))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("arm64", 37_500_000_000), ["100000.50", "135001.12", "200000.62"]);
    assert_eq!(of("x86_64", 30_000_000_000), ["100000.20", "135000.00", "200001.00"]);
    assert_eq!(of("arm64", 11_520_000_000), ["100000.50", "48240.40"]);
    assert_eq!(of("x86_64", 9_216_000_000), ["100000.20", "48240.00"]);
    assert_eq!(of("arm64", 3_840_000_000), ["51200.26"]);
    assert_eq!(of("x86_64", 3_072_000_000), ["51200.10"]);
    assert_eq!(of("x86_64", 17_500), ["0.29"]);
    assert_eq!(of("arm64", 17_500), ["0.23"]);
    assert_eq!(of("arm64", 4_375), ["0.06"]);
    let requests = lambda(&books, "requests", None);
    assert_eq!(requests.amount(18_250_000_000).to_string(), "3650");
}

/// <https://aws.amazon.com/step-functions/pricing/>, 100 million express workflows of 10 s and 64 MB. It rounds the
/// prices of a GB-hour to $0.06, $0.03 and $0.01642.
#[test]
fn a_hundred_million_express_workflows_cost_what_aws_says() {
    let books = books();
    let find = |item| entry(&books, ["aws", "stepfunctions", item, "us-east-1"]);
    let made = billed(&[
        (find("express-requests"), 100_000_000),
        (find("express-duration"), 100_000_000 * 64 * 10_000),
    ]);
    assert_eq!(made.lines[1].exact.fixed(2), "100.00");
    let tiers: Vec<String> = made.lines[0].tiers.iter().map(|tier| tier.exact.fixed(2)).collect();
    assert_eq!(tiers, ["60.01", "119.95", "202.92"]);
}

/// <https://www.duckbillgroup.com/?p=9080>: 60 TB of Lambda logs a month.
#[test]
fn sixty_terabytes_of_lambda_logs_cost_what_duckbill_says() {
    let books = books();
    let logs = entry(&books, ["aws", "cloudwatch-logs", "ingest-lambda", "us-east-1"]);
    assert_eq!(billed(&[(logs, 60_000_000_000_000)]).exact.to_string(), "12500");
}

/// <https://cloudwebschool.com/tools/cloud-run-cost-calculator/>: 10 million requests of 200 ms, 1 vCPU. It takes off
/// 360,000 free vCPU-s, twice what Google grants, so only its other lines are compared, and the processor before them.
#[test]
fn ten_million_requests_on_cloud_run_cost_what_is_published() {
    let books = books();
    let find = |item| entry(&books, ["gcp", "run", item, "us-central1"]);
    assert_eq!(
        find("request-processor").amount(1_640_000 * 1_000_000).to_string(),
        "39.36"
    );
    assert_eq!(find("request-memory").amount(820_000 * GB_S).to_string(), "2.05");
    let made = billed(&[
        (find("requests"), 10_000_000),
        (find("request-processor"), 2_000_000_000_000),
    ]);
    let of = |item: &str| made.lines.iter().find(|line| line.price.id == item).unwrap();
    assert_eq!(of("requests").exact.to_string(), "3.2");
    assert_eq!(of("request-processor").exact.to_string(), "43.68");
}

/// Google grants the allowance as money at tier 1 prices, so it covers less in a dearer region.
#[test]
fn googles_allowance_is_money_at_tier_one_prices() {
    let books = books();
    let find = |region| entry(&books, ["gcp", "run", "request-processor", region]);
    let made = billed(&[(find("us-west2"), 180_000 * 1_000_000)]);
    // 180,000 x (0.0000336 - 0.000024)
    assert_eq!(made.exact.to_string(), "1.728");
    let both = billed(&[
        (find("us-central1"), 90_000 * 1_000_000),
        (find("us-west2"), 90_000 * 1_000_000),
    ]);
    assert_eq!(both.exact.to_string(), "0.864");
}

/// <https://modal.com/blog/azure-function-pricing-guide>: 3 million executions of 1 s and 1.5 GB.
#[test]
fn three_million_executions_on_azure_cost_what_is_published() {
    let books = books();
    let find = |item| entry(&books, ["azure", "functions", item, "eastus"]);
    let made = billed(&[
        (find("consumption-time"), 4_500_000 * GB_S),
        (find("consumption-executions"), 3_000_000),
    ]);
    assert_eq!(made.lines[1].exact.to_string(), "65.6");
    assert_eq!(made.lines[0].exact.to_string(), "0.4");
}

/// Infracost's golden `function_app_test`, and the calculation of
/// <https://gist.github.com/paulbatum/2b16c5f92351ed1c59e3a2b8a727ca97>.
#[test]
fn azures_goldens_cost_what_they_say() {
    let books = books();
    let find = |item| entry(&books, ["azure", "functions", item, "eastus"]);
    let time = find("consumption-time");
    let gb_s = Amount::ratio(8_761_804_425, 10_000);
    assert_eq!((gb_s * &time.unit_price()).fixed(2), "14.02");
    assert_eq!(find("consumption-executions").amount(3_540_100).fixed(2), "0.71");
    assert_eq!(
        (time.amount(90_305_037_184) + find("consumption-executions").amount(6_500_012)).fixed(2),
        "2.71"
    );
    let month_ms = 730 * 3_600_000_i128;
    assert_eq!(
        find("premium-processor").amount(2 * 1_000 * month_ms).to_string(),
        "252.58"
    );
    assert_eq!(find("premium-memory").amount(7 * 1_024 * month_ms).to_string(), "62.86");
}

/// <https://developers.cloudflare.com/workers/platform/pricing/>, examples 1, 3 and 4, with the subscription.
#[test]
fn workers_cost_what_cloudflare_says() {
    let books = books();
    let find = |item| entry(&books, ["cloudflare", "workers", item, "global"]);
    let month = find("subscription").amount(2_628_000_000);
    for (requests, ms, total) in [
        (15_000_000, 7, "8.00"),
        (720, 180_000, "6.99"),
        (100_000_000, 7, "45.40"),
    ] {
        let made = billed(&[(find("requests"), requests), (find("cpu-time"), requests * ms * 1_000)]);
        assert_eq!((made.exact + month.clone()).fixed(2), total);
    }
}

/// <https://developers.cloudflare.com/durable-objects/platform/pricing/>, examples 1 to 4: seconds of 128 MB, and paid
/// quantities rounded up to the next million.
#[test]
fn durable_objects_cost_what_cloudflare_says() {
    let books = books();
    let find = |item| entry(&books, ["cloudflare", "durable-objects", item, "global"]);
    for (requests, seconds, cost) in [
        (1_500_000, 1_000_000, ["0.00", "0.15"]),
        (3_750_000, 86_400_000, ["137.50", "0.45"]),
        (12_960_100, 259_200_000, ["412.50", "1.80"]),
        (21_610_000, 4_320_000, ["12.50", "3.15"]),
    ] {
        let made = billed(&[(find("requests"), requests), (find("duration"), seconds * 128 * 1_000)]);
        let lines: Vec<String> = made.lines.iter().map(|line| line.exact.fixed(2)).collect();
        assert_eq!(lines, cost);
    }
}

/// <https://developers.cloudflare.com/queues/platform/pricing/>, both examples.
#[test]
fn queues_cost_what_cloudflare_says() {
    let books = books();
    let operations = entry(&books, ["cloudflare", "queues", "operations", "global"]);
    assert_eq!(billed(&[(operations, 3 * 30 * 1_000_000)]).exact.to_string(), "35.6");
    let rule = books.rule_of(operations, at("2026-10-08")).unwrap();
    let chunks = i128::from(rule.payload.unwrap().uses(127_000));
    assert_eq!(
        billed(&[(operations, chunks * 3 * 100_000_000)]).exact.to_string(),
        "239.6"
    );
}

/// The always-on task of PRICES, section 6: 1 vCPU and 2 GB for a month of 730 hours, and where Lambda costs as much.
#[test]
fn a_task_that_always_runs_breaks_even_with_lambda_where_the_figures_say() {
    let books = books();
    let month_ms = 730 * 3_600_000_i128;
    for (architecture, short, task_usd, invocations) in
        [("arm64", "arm64", "28.84", "33.3"), ("x86_64", "x86", "36.04", "34.9")]
    {
        let find = |item: &str| {
            let key = super::Key {
                service: "fargate",
                ..key("fargate", item, Some(architecture))
            };
            books.price(key, at("2026-10-08")).unwrap().price
        };
        let task = find(&format!("processor-{short}")).amount(1_000 * month_ms)
            + find(&format!("memory-{short}")).amount(2_048 * month_ms);
        assert_eq!(task.fixed(2), task_usd);
        let duration = lambda(&books, &format!("duration-{short}"), Some(architecture));
        let one = duration.amount(512 * 100) + lambda(&books, "requests", None).amount(1);
        let even = Amount::new(task.as_ratio() / one.as_ratio() / Amount::ratio(1_000_000, 1).as_ratio());
        assert_eq!(even.fixed(1), invocations, "millions a month");
    }
}

/// PRICES, section 6: 10 million an hour of 128 MB and 200 ms for 730 hours, at the first tier's price.
#[test]
fn ten_million_an_hour_cost_the_first_tiers_price() {
    let books = books();
    let (duration, requests) = x86(&books);
    let n = 10_000_000 * 730_i128;
    let amount = duration.amount(n * 128 * 200) + requests.amount(n);
    assert_eq!(amount.fixed(0), "4502");
}

/// Provisioned concurrency breaks even at c / (d - e): 60.0 % in tier 1, 78.9 % in tier 2, never in tier 3.
#[test]
fn provisioned_concurrency_breaks_even_where_the_figures_say() {
    let books = books();
    let find = |item| lambda(&books, item, Some("x86_64"));
    let kept = find("provisioned-concurrency-x86").unit_price();
    let executed = find("provisioned-duration-x86").unit_price();
    let duration = find("duration-x86");
    let even = |tier: usize| {
        let saved = duration.tier_price(&duration.tiers[tier]) - executed.clone();
        Amount::new(&kept / saved * Amount::ratio(100, 1).as_ratio())
    };
    assert_eq!([even(0).fixed(1), even(1).fixed(1)], ["60.0", "78.9"]);
    assert!(even(2) > Amount::ratio(100, 1));
}

#[test]
fn a_rule_of_time_without_steps_of_its_own_bills_every_begun_millisecond() {
    let rule: TimeRule = super::run_rule(&books(), at("2026-10-08"));
    assert_eq!(rule.billed_ms(1, None, crate::price::Packaging::ManagedZip), 1);
}
