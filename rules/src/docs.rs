//! Generated pages: what the catalogue and the price books say, as Markdown tables.

use std::fmt::Write;

use crate::{
    Catalogue, PriceBooks,
    price::{BillingRule, Date, Price},
    rule::Rule,
};

const GENERATED: &str = "<!-- Generated from the files themselves; run `just bless` after changing them. -->";

/// How a user adds prices.
const OWN: &str = r#"## Books of your own

`prices.files = ["ours.toml"]` in pennyspan.toml reads books after the ones below. An entry takes the place of the one of the same
provider, service, item, region and architecture; a discount is a percentage off list prices; `prices.fallback_region`, or a `[[fallback]]`,
names a region whose prices stand in where a region has none, which is counted (`totals.priced_by_fallback_region`).
`pennyspan prices check ours.toml` says what is wrong with a file, by line and key.

```toml
id = "ours"
provider = "aws"
service = "lambda"
currency = "USD"
as_of = "2026-11-01"

[[price]]
id = "requests"
region = "eu-west-1"
unit = "request"
per = 1_000_000
price = 0.20
effective_from = "2026-01-01"
billed = "each invocation"
source = "our invoice"
retrieved = "2026-11-01"

[[discount]]
provider = "aws"
service = "lambda"
percent = 12.5
source = "our agreement"
```
"#;

/// Writes `docs/rules.md`: every rule with its severity, topic, what it finds and its parameters.
#[must_use]
pub fn rules_page(catalogue: &Catalogue) -> String {
    let mut page = format!(
        "# Rules\n\n{GENERATED}\n\nThe severity is the highest level that a rule can return. \
         `pennyspan rules explain NAME` shows a rule with its query, cases and runbook.\n\n\
         | rule | severity | topic | what it finds | parameters |\n| --- | --- | --- | --- | --- |\n"
    );
    for rule in catalogue.rules() {
        let params: Vec<String> = rule
            .params
            .iter()
            .map(|p| format!("`{}` {} {}", p.name, p.value, p.unit))
            .collect();
        let cells = [
            format!("`{}`", rule.name),
            rule.severity.to_string(),
            rule.topic.clone(),
            what(rule),
            params.join("; "),
        ];
        row(&mut page, &cells);
    }
    page
}

/// Writes `docs/prices.md`: every price with its unit, dates and source, and what is billed by which rule.
#[must_use]
pub fn prices_page(books: &PriceBooks) -> String {
    let mut page = format!(
        "# Prices\n\n{GENERATED}\n\nList prices in USD. What is not listed here is reported as not priced, counted and \
         named. `pennyspan prices explain ITEM` shows how an amount comes about.\n\n{OWN}"
    );
    for book in books.books() {
        // Writing into a String cannot fail.
        let _ = write!(page, "\n## {}\n\nChecked up to {}.\n\n", book.id, book.as_of);
        page.push_str(
            "| item | region | architecture | price | free a month | what is billed | from | source | read |\n",
        );
        page.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        // An entry of several regions is one row.
        for entries in book.prices.chunk_by(|a, b| a.place == b.place) {
            let Some(price) = entries.first() else { continue };
            let regions: Vec<&str> = entries.iter().map(|entry| entry.region.as_str()).collect();
            row(&mut page, &price_cells(price, &regions.join(", ")));
        }
        for absent in &book.not_priced {
            let _ = write!(page, "\nNot priced: {}, as {}.\n", absent.id, absent.why);
        }
        if !book.billing_rules.is_empty() {
            page.push_str(
                "\n| billing rule | what it does | from | source | read |\n| --- | --- | --- | --- | --- |\n",
            );
            for rule in &book.billing_rules {
                row(&mut page, &rule_cells(rule));
            }
        }
    }
    page
}

fn price_cells(price: &Price, regions: &str) -> [String; 9] {
    let free = |free: &crate::price::Free| {
        let money = free
            .at_price
            .map_or_else(String::new, |at| format!(", as money at ${at} each"));
        format!("{} {}{money}", free.quantity, price.unit)
    };
    let rule = price
        .rule
        .as_ref()
        .map_or_else(String::new, |rule| format!(" (rule `{rule}`)"));
    [
        price.id.clone(),
        regions.to_owned(),
        price.architecture.clone().unwrap_or_default(),
        tiers(price),
        price.free.as_ref().map_or_else(String::new, free),
        format!("{}{rule}", price.billed),
        dates(price.effective_from, price.effective_to),
        source(&price.source, price.note.as_deref()),
        price.retrieved.to_string(),
    ]
}

fn rule_cells(rule: &BillingRule) -> [String; 5] {
    [
        rule.id.clone(),
        rule.to_string(),
        dates(rule.effective_from, rule.effective_to),
        source(&rule.source, rule.note.as_deref()),
        rule.retrieved.to_string(),
    ]
}

fn dates(from: Date, to: Option<Date>) -> String {
    to.map_or_else(|| from.to_string(), |to| format!("{from}, until {to}"))
}

fn source(source: &str, note: Option<&str>) -> String {
    note.map_or_else(|| source.to_owned(), |note| format!("{source}; {note}"))
}

/// Returns a rule's paragraph on one line.
fn what(rule: &Rule) -> String {
    rule.what_it_finds.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn tiers(price: &Price) -> String {
    let per = if price.per.to_i64() == Some(1) {
        String::new()
    } else {
        format!("{} ", price.per)
    };
    let tier = |tier: &crate::price::Tier| match tier.up_to {
        Some(up_to) => format!("${} up to {up_to}", tier.price),
        None => format!("${}", tier.price),
    };
    let tiers = price.tiers.iter().map(tier).collect::<Vec<_>>().join(", then ");
    format!("{tiers} per {per}{}", price.unit)
}

fn row(page: &mut String, cells: &[String]) {
    let escaped: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    page.push_str("| ");
    page.push_str(&escaped.join(" | "));
    page.push_str(" |\n");
}
