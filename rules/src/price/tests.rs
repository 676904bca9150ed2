use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

mod examples;
mod faults;
mod rules;

const DAY_NS: i64 = 86_400_000_000_000;

/// Returns the shipped books, which are parsed once.
fn books() -> PriceBooks {
    static BOOKS: LazyLock<PriceBooks> = LazyLock::new(|| PriceBooks::embedded().unwrap());
    BOOKS.clone()
}

fn at(day: &str) -> i64 {
    day.parse::<Date>().unwrap().start_unix_nano()
}

fn key<'a>(service: &'a str, item: &'a str, architecture: Option<&'a str>) -> Key<'a> {
    Key {
        provider: "aws",
        service,
        item,
        region: "us-east-1",
        architecture,
    }
}

fn lambda<'a>(books: &'a PriceBooks, item: &str, architecture: Option<&str>) -> &'a Price {
    books
        .price(key("lambda", item, architecture), at("2026-10-08"))
        .unwrap()
        .price
}

/// Returns the entry of a provider's service in a region on a day of October 2026.
fn entry<'a>(books: &'a PriceBooks, [provider, service, item, region]: [&str; 4]) -> &'a Price {
    let key = Key {
        provider,
        service,
        item,
        region,
        architecture: None,
    };
    books.price(key, at("2026-10-08")).unwrap().price
}

/// Returns Lambda's rule for runs on a day.
fn run_rule(books: &PriceBooks, unix_nano: i64) -> TimeRule {
    books
        .billing_rule("aws", "lambda", "run", unix_nano)
        .unwrap()
        .time
        .unwrap()
}

fn usage(price: &Price, quantity: i128) -> Usage<'_> {
    Usage {
        payer: "1".to_owned(),
        price,
        month: Month { year: 2026, month: 10 },
        before: 0,
        quantity,
    }
}

fn fixed(bill: &Bill) -> Vec<String> {
    bill.lines.iter().map(|line| line.exact.fixed(2)).collect()
}

#[test]
fn every_embedded_price_book_loads_and_covers_its_item_at_all_later_dates() {
    let books = books();
    assert_eq!(books.books().len(), 25);
    for price in books.prices() {
        let key = Key {
            provider: &price.provider,
            service: &price.service,
            item: &price.id,
            region: &price.region,
            architecture: price.architecture.as_deref(),
        };
        let found = books.price(key, at("2026-11-01")).unwrap();
        assert_eq!(
            (found.price, found.priced_backdated, found.fallback_region),
            (price, false, false)
        );
    }
}

#[test]
fn one_cold_run_of_256_mib_is_billed_and_priced_with_its_request() {
    let books = books();
    let rule = run_rule(&books, at("2026-10-08"));
    let billed = rule.billed_ms(1_233_960, Some(463_512), Packaging::ManagedZip);
    assert_eq!(billed, 1_698);
    let requests = lambda(&books, "requests", None).amount(1);
    for (item, architecture, expected) in [
        ("duration-x86", "x86_64", "0.00000727501415"),
        ("duration-arm64", "arm64", "0.0000058600283"),
    ] {
        let duration = lambda(&books, item, Some(architecture)).amount(i128::from(billed) * 256);
        assert_eq!((duration + requests.clone()).to_string(), expected);
    }
}

#[test]
fn init_and_run_are_rounded_up_together_once() {
    let books = books();
    let rule = run_rule(&books, at("2026-10-08"));
    assert_eq!(rule.billed_ms(1_058_150, Some(1_307_680), Packaging::Other), 2_366);
    assert_eq!(rule.billed_ms(147_156, Some(53_000), Packaging::ManagedZip), 201);
    assert_eq!(rule.billed_ms(0, None, Packaging::ManagedZip), 1);
    assert_eq!(
        rule.billed_ms(i64::MAX, Some(i64::MAX), Packaging::Other),
        i64::MAX / 1_000 + 1
    );
}

#[test]
fn billing_rules_change_on_their_own_days() {
    let books = books();
    let billed = |day: &str, ns: i64, packaging| {
        let rule = run_rule(&books, at(day) + ns);
        rule.billed_ms(100_001, Some(50_000), packaging)
    };
    assert_eq!(billed("2010-01-01", 0, Packaging::Other), 200);
    assert_eq!(billed("2020-12-01", -1, Packaging::ManagedZip), 200);
    assert_eq!(billed("2020-12-01", 0, Packaging::ManagedZip), 101);
    assert_eq!(billed("2025-08-01", -1, Packaging::ManagedZip), 101);
    assert_eq!(billed("2025-08-01", -1, Packaging::Other), 151);
    assert_eq!(billed("2025-08-01", 0, Packaging::ManagedZip), 151);
}

#[test]
fn a_logged_billed_duration_says_whether_init_was_billed() {
    assert_eq!(
        init_billing_seen(693_920, 397_680, 694),
        Some(InitBilling::FreeForManagedZip)
    );
    assert_eq!(init_billing_seen(2_460, 413_610, 417), Some(InitBilling::Billed));
    assert_eq!(init_billing_seen(1_200, 300, 2), None);
}

#[test]
fn a_million_runs_of_128_mib_for_200_ms_cost_the_quoted_amount() {
    let books = books();
    let price = lambda(&books, "duration-x86", Some("x86_64"));
    assert_eq!(price.amount(1_000_000 * 128 * 200).to_string(), "0.4166675");
    assert_eq!(lambda(&books, "requests", None).amount(1_000_000).to_string(), "0.2");
    assert_eq!(
        price.amount(128).to_string(),
        "0.000000002083337500".trim_end_matches('0')
    );
}

#[test]
fn tiers_of_duration_apply_in_order() {
    let books = books();
    let price = lambda(&books, "duration-x86", Some("x86_64"));
    let made = bill(&[usage(price, 61_440_000_000 * 1_024_000)], Allowances::Ignored);
    let tiers: Vec<_> = made.lines[0].tiers.iter().map(|tier| tier.exact.fixed(2)).collect();
    assert_eq!(tiers, ["100000.20", "135000.00", "619203.10"]);
}

#[test]
fn provisioned_concurrency_is_kept_executed_and_requested() {
    let books = books();
    let kept = lambda(&books, "provisioned-concurrency-arm64", Some("arm64"));
    let executed = lambda(&books, "provisioned-duration-arm64", Some("arm64"));
    let requests = lambda(&books, "requests", None);
    let used = [
        usage(kept, 9_000_000 * 1_024_000),
        usage(executed, 1_750_000 * 1_024_000),
        usage(requests, 10_000_000),
    ];
    assert_eq!(fixed(&bill(&used, Allowances::Ignored)), ["30.00", "13.61", "2.00"]);
}

#[test]
fn express_workflows_pay_requests_and_tiers_of_gb_hours() {
    let books = books();
    let find = |item| {
        books
            .price(key("stepfunctions", item, None), at("2026-10-08"))
            .unwrap()
            .price
    };
    let hours = 1_024_000 * 3_600;
    let used = [
        usage(find("express-requests"), 100_000_000),
        usage(find("express-duration"), 29_687 * hours + hours / 2),
    ];
    let made = bill(&used, Allowances::Ignored);
    assert_eq!(made.lines[1].exact.fixed(2), "100.00");
    let tiers: Vec<_> = made.lines[0].tiers.iter().map(|tier| tier.exact.fixed(2)).collect();
    assert_eq!(tiers, ["60.01", "119.95", "405.27"]);
}

#[test]
fn queue_requests_cost_by_kind_of_queue_after_a_shared_allowance() {
    let books = books();
    let find = |item| books.price(key("sqs", item, None), at("2026-10-08")).unwrap().price;
    let (standard, fifo) = (find("requests-standard"), find("requests-fifo"));
    assert_eq!(standard.amount(1).to_string(), "0.0000004");
    assert_eq!(fifo.amount(1_000_000).to_string(), "0.5");
    let used = [usage(standard, 2_000_000), usage(fifo, 400_000)];
    let made = bill(&used, Allowances::Applied);
    assert_eq!(fixed(&made), ["0.00", "0.56"]);
    assert_eq!(made.exact.to_string(), "0.56");
}

#[test]
fn what_was_used_before_the_window_takes_the_allowance_and_the_lower_tiers_first() {
    let books = books();
    let requests = lambda(&books, "requests", None);
    let window = Usage {
        before: 900_000,
        ..usage(requests, 300_000)
    };
    let made = bill(&[window], Allowances::Applied);
    assert_eq!(made.lines[0].free, Amount::ratio(100_000, 1).as_ratio().clone());
    assert_eq!(made.exact.to_string(), "0.04");
    let duration = lambda(&books, "duration-x86", Some("x86_64"));
    let late = Usage {
        before: 5_999_999_999 * 1_024_000,
        ..usage(duration, 2 * 1_024_000)
    };
    assert_eq!(bill(&[late], Allowances::Ignored).exact.to_string(), "0.0000316667");
}

#[test]
fn a_bill_shows_the_exact_total_beside_the_total_of_rounded_lines() {
    let books = books();
    let requests = lambda(&books, "requests", None);
    let of = |payer: &str| Usage {
        payer: payer.to_owned(),
        ..usage(requests, 70_000)
    };
    let made = bill(&[of("a"), of("b"), of("c")], Allowances::Ignored);
    assert_eq!(
        (made.exact.to_string().as_str(), made.rounded.to_string().as_str()),
        ("0.042", "0.03")
    );
}

#[test]
fn an_instant_before_the_first_entry_takes_it_and_says_so() {
    let books = books();
    let arm = key("lambda", "duration-arm64", Some("arm64"));
    let first = at("2021-09-29");
    assert!(books.price(arm, first - 1).unwrap().priced_backdated);
    assert!(!books.price(arm, first).unwrap().priced_backdated);
    assert_eq!(
        books.price(
            Key {
                region: "eu-west-1",
                ..arm
            },
            first
        ),
        None
    );
    assert_eq!(
        books.price(
            Key {
                architecture: None,
                ..arm
            },
            first
        ),
        None
    );
}

const OWN: &str = r#"id = "ours"
provider = "aws"
service = "lambda"
currency = "USD"
as_of = "2026-11-01"

[[price]]
id = "requests"
region = "us-east-1"
unit = "request"
per = 1_000_000
price = 0.10
effective_from = "2026-01-01"
effective_to = "2027-01-01"
billed = "each invocation"
source = "private agreement"
retrieved = "2026-01-01"

[[discount]]
provider = "aws"
service = "lambda"
percent = 12.5
source = "private agreement"

[[fallback]]
provider = "aws"
region = "us-east-1"
"#;

#[test]
fn a_users_file_overrides_discounts_and_falls_back() {
    let mut books = books();
    books.add("ours.toml", OWN).unwrap();
    let priced = |item, region, day: &str| {
        let key = Key {
            region,
            ..key("lambda", item, Some("x86_64"))
        };
        books
            .price(key, at(day))
            .map(|found| (found.price.amount(1_024_000).to_string(), found.fallback_region))
    };
    assert_eq!(
        priced("requests", "us-east-1", "2026-10-08"),
        Some(("0.0896".to_owned(), false))
    );
    assert_eq!(
        priced("duration-x86", "eu-west-1", "2026-10-08"),
        Some(("0.0000145833625".to_owned(), true))
    );
    assert_eq!(
        priced("requests", "us-east-1", "2027-01-01"),
        None,
        "ended entries do not live on"
    );
    assert!(
        books
            .add("again.toml", OWN)
            .unwrap_err()
            .to_string()
            .starts_with("again.toml: the price book `ours`")
    );
}

#[test]
fn an_explanation_can_be_redone_by_hand() {
    let books = books();
    let priced = books
        .price(key("lambda", "duration-x86", Some("x86_64")), at("2013-01-01"))
        .unwrap();
    let steps = explain(priced, 10_240_000);
    let text: Vec<String> = steps
        .iter()
        .map(|step| format!("{}: {}", step.name, step.text))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_named_region_stands_in_for_those_without_prices_and_says_so() {
    let mut books = books();
    let elsewhere = Key {
        region: "eu-west-1",
        ..key("lambda", "requests", None)
    };
    assert_eq!(books.price(elsewhere, at("2026-10-08")), None);
    books.fall_back_to("us-east-1").unwrap();
    let found = books.price(elsewhere, at("2026-10-08")).unwrap();
    assert_eq!(
        (found.price.region.as_str(), found.fallback_region),
        ("us-east-1", true)
    );
    let refused = books.fall_back_to("mars-north-1").unwrap_err().to_string();
    assert_eq!(
        refused,
        "no price book has a price in `mars-north-1`; name a region of `pennyspan prices list`"
    );
}

#[test]
fn dates_are_half_open_days_in_utc() {
    assert_eq!(at("1970-01-02"), DAY_NS);
    for text in ["2026-13-01", "2026-1-1x", "1969-12-31", "2262-01-01", "+20260-01-01"] {
        assert!(text.parse::<Date>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn a_split_quantity_costs_what_the_whole_costs(a in 0_i128..1 << 90, b in 0_i128..1 << 90) {
        let books = books();
        let price = lambda(&books, "duration-x86", Some("x86_64"));
        prop_assert_eq!(price.amount(a) + price.amount(b), price.amount(a + b));
        let whole = bill(&[usage(price, a + b)], Allowances::Applied).exact;
        let first = bill(&[usage(price, a)], Allowances::Applied).exact;
        let rest = bill(&[Usage { before: a, ..usage(price, b) }], Allowances::Applied).exact;
        prop_assert_eq!(first + rest, whole);
    }

    #[test]
    fn the_order_of_usages_does_not_change_the_bill(mut quantities in prop::collection::vec(0_i128..1 << 60, 1..8)) {
        let books = books();
        let prices = [lambda(&books, "duration-x86", Some("x86_64")), lambda(&books, "duration-arm64", Some("arm64"))];
        let usages = |quantities: &[i128]| {
            quantities.iter().map(|q| usage(prices[usize::from(q % 2 == 1)], *q)).collect::<Vec<_>>()
        };
        let forward = bill(&usages(&quantities), Allowances::Applied);
        quantities.reverse();
        prop_assert_eq!(bill(&usages(&quantities), Allowances::Applied), forward);
    }
}
