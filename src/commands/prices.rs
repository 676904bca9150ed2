//! `pennyspan prices`: the price books.

use std::collections::BTreeSet;

use anyhow::Context as _;
use camino::Utf8Path;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Date, Key, Priced, explain};

use super::answer;
use crate::cli::PricesCommand;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;

/// Runs the subcommand.
///
/// # Errors
/// An entry that does not exist, a file that is no price book, or standard output that cannot be written.
pub fn run(command: &PricesCommand, config: &Config) -> anyhow::Result<Exit> {
    match command {
        PricesCommand::List => list(&books(config)?)?,
        PricesCommand::Explain {
            entry, quantity, on, ..
        } => {
            let region = &config.prices.explain_region;
            let books = books(config)?;
            for priced in entries(&books, entry, region, on.as_deref())? {
                answer(&format!("{}\n", priced.price.id))?;
                let quantity = quantity.map_or_else(|| i128::from(priced.price.unit.base_per_unit()), i128::from);
                for step in explain(priced, quantity) {
                    answer(&format!("  {:<12} {}\n", step.name, step.text))?;
                }
            }
        }
        PricesCommand::Check { file } => {
            let mut books = PriceBooks::embedded()?;
            add(&mut books, file)?;
            answer(&format!("{file}: every entry has its unit, date and source\n"))?;
        }
    }
    Ok(Exit::Passed)
}

/// Loads the embedded books and the configured ones.
///
/// # Errors
/// A file that cannot be read or is no price book.
pub fn books(config: &Config) -> anyhow::Result<PriceBooks> {
    let mut books = PriceBooks::embedded()?;
    for file in &config.prices.files {
        add(&mut books, Utf8Path::new(file))?;
    }
    Ok(books)
}

fn add(books: &mut PriceBooks, file: &Utf8Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read the price book {file}")).because(error))?;
    books
        .add(file.as_str(), &text)
        .map_err(|error| Failure::usage(error.to_string()).into())
}

fn list(books: &PriceBooks) -> anyhow::Result<()> {
    for book in books.books() {
        answer(&format!("{}  prices of {}\n", book.id, book.as_of))?;
        for price in &book.prices {
            let architecture = price.architecture.as_deref().unwrap_or("");
            let tier = price.tiers.first().context("a price has a tier")?;
            let per = if price.per.to_i64() == Some(1) {
                String::new()
            } else {
                format!("{} ", price.per)
            };
            answer(&format!(
                "  {:<28} {:<10} {:<7} ${} per {per}{}  from {}  {}\n",
                price.id, price.region, architecture, tier.price, price.unit, price.effective_from, price.source,
            ))?;
        }
    }
    Ok(())
}

/// Returns the entries of that id, one per provider, service and architecture.
fn entries<'a>(books: &'a PriceBooks, entry: &str, region: &str, on: Option<&str>) -> anyhow::Result<Vec<Priced<'a>>> {
    let at = match on {
        Some(day) => day
            .parse::<Date>()
            .map_err(|error| Failure::usage(format!("--on {day} is no date such as 2026-10-08")).because(error))?
            .start_unix_nano(),
        None => i64::MAX,
    };
    let keys: BTreeSet<(&str, &str, Option<&str>)> = books
        .prices()
        .filter(|price| price.id == entry)
        .map(|price| {
            (
                price.provider.as_str(),
                price.service.as_str(),
                price.architecture.as_deref(),
            )
        })
        .collect();
    let found: Vec<Priced<'a>> = keys
        .into_iter()
        .filter_map(|(provider, service, architecture)| {
            books.price(
                Key {
                    provider,
                    service,
                    item: entry,
                    region,
                    architecture,
                },
                at,
            )
        })
        .collect();
    if found.is_empty() {
        let sentence = format!("no price `{entry}` in {region}; `pennyspan prices list` names every entry and region");
        return Err(Failure::usage(sentence).into());
    }
    Ok(found)
}
