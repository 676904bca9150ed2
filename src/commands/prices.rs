//! `pennyspan prices`: the price books.

use camino::Utf8Path;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Price, PriceBook};

use super::answer;
use crate::cli::PricesCommand;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;

mod explain;

/// Runs the subcommand.
///
/// # Errors
/// An entry that does not exist, a file that is no price book, or standard output that cannot be written.
pub fn run(command: &PricesCommand, config: &Config) -> anyhow::Result<Exit> {
    match command {
        PricesCommand::List => {
            for book in books(config)?.books() {
                answer(&listed(book))?;
            }
        }
        PricesCommand::Explain {
            entry,
            quantity,
            on,
            measured,
            ..
        } => {
            let asked = explain::Asked {
                entry,
                region: &config.prices.explain_region,
                on: on.as_deref(),
            };
            answer(&explain::explained(&books(config)?, asked, *quantity, measured)?)?;
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
    if !config.prices.fallback_region.is_empty() {
        books
            .fall_back_to(&config.prices.fallback_region)
            .map_err(|error| Failure::usage(format!("prices.fallback_region: {error}")))?;
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

/// Lists a book: one line for each entry, whatever the number of its regions, and what has no price.
fn listed(book: &PriceBook) -> String {
    let mut text = format!("{}  prices of {}\n", book.id, book.as_of);
    for entries in book.prices.chunk_by(|a, b| a.place == b.place) {
        let regions: Vec<&str> = entries.iter().map(|price| price.region.as_str()).collect();
        text.extend(entries.first().map(|price| line(price, &regions)));
    }
    let absent = book.not_priced.iter();
    text.extend(absent.map(|absent| format!("  {:<28} not priced: {}\n", absent.id, absent.why)));
    text
}

fn line(price: &Price, regions: &[&str]) -> String {
    let per = if price.per.to_i64() == Some(1) {
        String::new()
    } else {
        format!("{} ", price.per)
    };
    let regions = match regions {
        [one] => (*one).to_owned(),
        several => format!("{} regions ({})", several.len(), several.join(", ")),
    };
    let first = price
        .tiers
        .first()
        .map_or_else(String::new, |tier| tier.price.to_string());
    format!(
        "  {:<28} {:<10} {:<7} ${first} per {per}{}  from {}  {}\n",
        price.id,
        regions,
        price.architecture.as_deref().unwrap_or(""),
        price.unit,
        price.effective_from,
        price.source,
    )
}
