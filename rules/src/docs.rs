//! Generated pages: what the catalogue and the price books say, as Markdown tables.

use std::fmt::Write;

use crate::{Catalogue, PriceBooks, price::Price, rule::Rule};

const GENERATED: &str = "<!-- Generated from the files themselves; run `just bless` after changing them. -->";

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

/// Writes `docs/prices.md`: every price with its unit, dates and source.
#[must_use]
pub fn prices_page(books: &PriceBooks) -> String {
    let mut page =
        format!("# Prices\n\n{GENERATED}\n\nList prices in USD. What is not listed here is reported as not priced.\n");
    for book in books.books() {
        let head = "| item | region | architecture | price | from | source | read |\n| --- | --- | --- | --- | --- | --- | --- |";
        // Writing into a String cannot fail.
        let _ = write!(page, "\n## {}\n\nChecked up to {}.\n\n{head}\n", book.id, book.as_of);
        for price in &book.prices {
            let from = price.effective_from.to_string();
            let (source, read) = (price.source.clone(), price.retrieved.to_string());
            let architecture = price.architecture.clone().unwrap_or_default();
            row(
                &mut page,
                &[
                    price.id.clone(),
                    price.region.clone(),
                    architecture,
                    tiers(price),
                    from,
                    source,
                    read,
                ],
            );
        }
    }
    page
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
