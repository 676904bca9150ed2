//! How an amount comes about, of every entry of one id.

use std::collections::BTreeSet;

use pennyspan_rules::price::{Date, Key, Measured, Packaging, Priced, Step, explain, explain_measured};
use pennyspan_rules::{Amount, Decimal, PriceBooks};

use crate::cli::MeasuredArgs;
use crate::failure::Failure;

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The entry's id.
    pub(super) entry: &'a str,
    /// The region.
    pub(super) region: &'a str,
    /// The day; the newest price without it.
    pub(super) on: Option<&'a str>,
}

/// Explains a quantity, or what was measured of a use, by each entry of that id.
///
/// # Errors
/// A day that is none, an entry that does not exist, or a use of which too little is said.
pub(super) fn explained(
    books: &PriceBooks,
    asked: Asked<'_>,
    quantity: Option<u64>,
    measured: &MeasuredArgs,
) -> Result<String, Failure> {
    let at = instant(asked.on)?;
    let mut text = String::new();
    for priced in entries(books, asked, at)? {
        let price = priced.price;
        let steps = if *measured == MeasuredArgs::default() {
            explain(
                priced,
                quantity.map_or_else(|| i128::from(price.unit.base_per_unit()), i128::from),
            )
        } else {
            let uses = i128::from(measured.uses.unwrap_or(1));
            explain_measured(priced, books.rule_of(price, at), &of(measured), uses)
                .map_err(|error| Failure::usage(format!("{} cannot be billed: {error}", price.id)))?
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.extend([format!("{} of {} {}\n", price.id, price.provider, price.service)]);
        text.extend(steps.iter().map(line));
    }
    Ok(text)
}

fn line(step: &Step) -> String {
    format!("  {:<14} {}\n", step.name, step.text)
}

fn instant(on: Option<&str>) -> Result<i64, Failure> {
    let Some(day) = on else { return Ok(i64::MAX) };
    day.parse::<Date>()
        .map(Date::start_unix_nano)
        .map_err(|error| Failure::usage(format!("--on {day} is no date such as 2026-10-08")).because(error))
}

fn of(args: &MeasuredArgs) -> Measured {
    Measured {
        run_us: args.run_ms.map(us),
        init_us: args.init_ms.map(us),
        packaging: if args.image {
            Packaging::Other
        } else {
            Packaging::ManagedZip
        },
        memory_mib: args.memory_mib,
        cpu_milli: args.cpu_milli,
        cpu_us: args.cpu_ms.map(us),
        bytes: args.payload_bytes,
    }
}

/// Returns milliseconds as whole microseconds, half-even.
fn us(ms: Decimal) -> i64 {
    let us = Amount::new(ms.to_ratio()) * Amount::ratio(1_000, 1).as_ratio();
    us.fixed(0).parse().unwrap_or(i64::MAX)
}

/// Returns the entries of that id, one per provider, service and architecture.
fn entries<'a>(books: &'a PriceBooks, asked: Asked<'_>, at: i64) -> Result<Vec<Priced<'a>>, Failure> {
    let named = || books.prices().filter(|price| price.id == asked.entry);
    let keys: BTreeSet<(&str, &str, Option<&str>)> = named()
        .map(|price| {
            let (provider, service) = (price.provider.as_str(), price.service.as_str());
            (provider, service, price.architecture.as_deref())
        })
        .collect();
    let find = |(provider, service, architecture): &(&'a str, &'a str, Option<&'a str>)| {
        let key = |region| Key {
            provider,
            service,
            item: asked.entry,
            region,
            architecture: *architecture,
        };
        // A service with one price everywhere has it in whatever region is asked for.
        books
            .price(key(asked.region), at)
            .or_else(|| books.price(key("global"), at))
    };
    let found: Vec<Priced<'a>> = keys.iter().filter_map(find).collect();
    if found.is_empty() {
        return Err(Failure::usage(nothing(books, asked)));
    }
    Ok(found)
}

/// Says why there is no such entry.
fn nothing(books: &PriceBooks, asked: Asked<'_>) -> String {
    let Asked { entry, region, .. } = asked;
    let mut absent = books.books().iter().flat_map(|book| &book.not_priced);
    if let Some(absent) = absent.find(|absent| absent.id == entry) {
        return format!("`{entry}` is not priced: {}", absent.why);
    }
    let elsewhere: BTreeSet<&str> = books
        .prices()
        .filter(|price| price.id == entry && price.region != region)
        .map(|price| price.region.as_str())
        .collect();
    if elsewhere.is_empty() {
        return format!("no price `{entry}` in {region}; `pennyspan prices list` names every entry and region");
    }
    let elsewhere: Vec<&str> = elsewhere.into_iter().collect();
    format!(
        "no price `{entry}` in {region}, so it is not priced there; there are prices in {}",
        elsewhere.join(", ")
    )
}
