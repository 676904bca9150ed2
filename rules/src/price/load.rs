//! Reads price books and users' discounts from TOML; an entry without unit, date or source does not load.

use super::{
    BillingRule, Date, Discount, Fallback, Free, InitBilling, Place, Price, PriceBook, PriceError, Tier, Unit,
};
use crate::{
    Decimal, FieldError,
    fields::{Fields, Source},
};

const BOOK: [&str; 9] = [
    "id",
    "provider",
    "service",
    "as_of",
    "currency",
    "price",
    "billing_rule",
    "discount",
    "fallback",
];
const PRICE: [&str; 15] = [
    "id",
    "provider",
    "service",
    "region",
    "architecture",
    "unit",
    "per",
    "price",
    "tiers",
    "free",
    "effective_from",
    "effective_to",
    "billed",
    "source",
    "retrieved",
];
const BILLING: [&str; 8] = [
    "id",
    "effective_from",
    "effective_to",
    "step_ms",
    "minimum_ms",
    "init",
    "source",
    "retrieved",
];

/// One file: its book, and what it says about other books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loaded {
    pub(super) book: PriceBook,
    pub(super) discounts: Vec<Discount>,
    pub(super) fallbacks: Vec<Fallback>,
}

pub(super) fn load(file: &str, text: &str) -> Result<Loaded, PriceError> {
    let source = Source {
        file,
        text,
        first_line: 1,
    };
    let table = source.parse()?;
    let fields = Fields::new(source, table.get_ref(), 0, "the price book");
    fields.only(&BOOK)?;
    currency(&fields)?;
    let provider = fields.text("provider", "the provider, such as \"aws\"")?;
    let service = fields.text("service", "the service, such as \"lambda\"")?;
    let entries = fields.tables("price", "one table `[[price]]` per price")?;
    let prices = entries
        .iter()
        .map(|entry| price(file, entry, &provider, &service))
        .collect::<Result<Vec<_>, _>>()?;
    let rules = fields.tables("billing_rule", "one table `[[billing_rule]]` per rule")?;
    let discounts = fields.tables("discount", "one table `[[discount]]` per discount")?;
    let fallbacks = fields.tables("fallback", "one table `[[fallback]]` per provider")?;
    no_overlap(file, &prices)?;
    let book = PriceBook {
        id: fields.text("id", "the book's name, such as \"aws-lambda\"")?,
        file: file.to_owned(),
        as_of: date(&fields, "as_of", "the day up to which its prices were checked")?,
        billing_rules: rules
            .iter()
            .map(|rule| billing_rule(file, rule))
            .collect::<Result<_, _>>()?,
        provider,
        service,
        prices,
    };
    Ok(Loaded {
        book,
        discounts: discounts.iter().map(discount).collect::<Result<_, _>>()?,
        fallbacks: fallbacks.iter().map(fallback).collect::<Result<_, _>>()?,
    })
}

fn currency(fields: &Fields<'_>) -> Result<(), FieldError> {
    let remedy = "\"USD\"; no other currency is known";
    if fields.text("currency", remedy)? == "USD" {
        Ok(())
    } else {
        Err(fields.wrong("currency", remedy))
    }
}

fn price(file: &str, fields: &Fields<'_>, provider: &str, service: &str) -> Result<Price, FieldError> {
    fields.only(&PRICE)?;
    let (effective_from, effective_to) = in_force(fields)?;
    Ok(Price {
        id: fields.text("id", "the item's name")?,
        provider: fields
            .optional_text("provider", "the provider")?
            .unwrap_or_else(|| provider.to_owned()),
        service: fields
            .optional_text("service", "the service")?
            .unwrap_or_else(|| service.to_owned()),
        region: fields.text("region", "the region for which the price was read")?,
        architecture: fields.optional_text("architecture", "\"x86_64\" or \"arm64\"")?,
        unit: unit(fields)?,
        per: positive(fields, "per")?.unwrap_or(Decimal::whole(1)),
        tiers: tiers(fields)?,
        free: free(fields)?,
        effective_from,
        effective_to,
        billed: fields.text("billed", "what is billed in words: rounding, minimum, granularity")?,
        source: fields.text("source", "the public page or list from which it was taken")?,
        retrieved: date(fields, "retrieved", "the day on which the source was read")?,
        place: Place {
            file: file.to_owned(),
            line: fields.line(),
        },
        discount_percent: Decimal::whole(0),
    })
}

fn unit(fields: &Fields<'_>) -> Result<Unit, FieldError> {
    let known = format!("one of {}", Unit::symbols().join(", "));
    Unit::named(&fields.text("unit", &known)?).ok_or_else(|| fields.wrong("unit", &known))
}

fn date(fields: &Fields<'_>, key: &str, remedy: &str) -> Result<Date, FieldError> {
    let remedy = format!("{remedy}, such as \"2026-11-01\"");
    fields
        .text(key, &remedy)?
        .parse()
        .map_err(|_| fields.wrong(key, &remedy))
}

/// Reads the half-open range of days in which an entry holds.
fn in_force(fields: &Fields<'_>) -> Result<(Date, Option<Date>), FieldError> {
    let from = date(fields, "effective_from", "the first day on which it is in force")?;
    if !fields.has("effective_to") {
        return Ok((from, None));
    }
    let remedy = "a day after `effective_from`, the first on which it is no longer in force";
    let to = date(fields, "effective_to", remedy)?;
    if to > from {
        Ok((from, Some(to)))
    } else {
        Err(fields.wrong("effective_to", remedy))
    }
}

/// Reads a number above zero, where given.
fn positive(fields: &Fields<'_>, key: &str) -> Result<Option<Decimal>, FieldError> {
    let remedy = "a plain number above zero";
    let number = fields.optional_decimal(key, remedy)?;
    if number.is_none_or(Decimal::is_positive) {
        Ok(number)
    } else {
        Err(fields.wrong(key, remedy))
    }
}

/// Reads a price, which may be zero and is never negative.
fn money(fields: &Fields<'_>, key: &str) -> Result<Decimal, FieldError> {
    let remedy = "the price in USD as a plain decimal number, such as 0.0000166667";
    let price = fields.decimal(key, remedy)?;
    if price < Decimal::whole(0) {
        Err(fields.wrong(key, remedy))
    } else {
        Ok(price)
    }
}

/// Reads `price`, or `tiers` with ascending bounds and an open end.
fn tiers(fields: &Fields<'_>) -> Result<Vec<Tier>, FieldError> {
    let remedy = "tiers with ascending `up_to`, the last one without";
    let tables = fields.tables("tiers", remedy)?;
    if tables.is_empty() {
        return Ok(vec![Tier {
            up_to: None,
            price: money(fields, "price")?,
        }]);
    }
    if fields.has("price") {
        return Err(fields.wrong("price", "either `price` or `tiers`, not both"));
    }
    let tier = |tier: &Fields<'_>| {
        tier.only(&["up_to", "price"])?;
        Ok(Tier {
            up_to: positive(tier, "up_to")?,
            price: money(tier, "price")?,
        })
    };
    let tiers = tables.iter().map(tier).collect::<Result<Vec<_>, FieldError>>()?;
    let ascending = tiers.windows(2).all(|pair| match (pair[0].up_to, pair[1].up_to) {
        (Some(a), Some(b)) => a < b,
        (Some(_), None) => true,
        (None, _) => false,
    });
    let open = tiers.last().is_some_and(|tier| tier.up_to.is_none());
    if ascending && open {
        Ok(tiers)
    } else {
        Err(fields.wrong("tiers", remedy))
    }
}

fn free(fields: &Fields<'_>) -> Result<Option<Free>, FieldError> {
    let remedy = "`free = [{ quantity = 1_000_000, pool = \"requests\" }]`";
    let tables = fields.tables("free", remedy)?;
    let [table] = tables.as_slice() else {
        return if tables.is_empty() {
            Ok(None)
        } else {
            Err(fields.wrong("free", remedy))
        };
    };
    table.only(&["quantity", "pool"])?;
    let quantity = positive(table, "quantity")?.ok_or_else(|| table.missing("quantity", "units per month"))?;
    Ok(Some(Free {
        quantity,
        pool: table.text("pool", "the name under which entries share the allowance")?,
    }))
}

fn billing_rule(file: &str, fields: &Fields<'_>) -> Result<BillingRule, FieldError> {
    fields.only(&BILLING)?;
    let (effective_from, effective_to) = in_force(fields)?;
    let whole = |key: &str, least: i64| {
        let remedy = format!("a whole number of milliseconds, at least {least}");
        let number = fields
            .decimal(key, &remedy)?
            .to_i64()
            .filter(|n| (least..=3_600_000).contains(n));
        number.ok_or_else(|| fields.wrong(key, &remedy))
    };
    let init = "\"billed\" or \"free-for-managed-zip\"";
    Ok(BillingRule {
        id: fields.text("id", "the rule's name")?,
        effective_from,
        effective_to,
        step_ms: whole("step_ms", 1)?,
        minimum_ms: whole("minimum_ms", 0)?,
        init: match fields.text("init", init)?.as_str() {
            "billed" => InitBilling::Billed,
            "free-for-managed-zip" => InitBilling::FreeForManagedZip,
            _ => return Err(fields.wrong("init", init)),
        },
        source: fields.text("source", "the public page from which it was taken")?,
        retrieved: date(fields, "retrieved", "the day on which the source was read")?,
        place: Place {
            file: file.to_owned(),
            line: fields.line(),
        },
    })
}

fn discount(fields: &Fields<'_>) -> Result<Discount, FieldError> {
    fields.only(&["provider", "service", "item", "percent", "source"])?;
    let remedy = "a number from 0 to 100";
    let percent = fields.decimal("percent", remedy)?;
    if percent < Decimal::whole(0) || percent > Decimal::whole(100) {
        return Err(fields.wrong("percent", remedy));
    }
    Ok(Discount {
        provider: fields.text("provider", "the provider whose prices are reduced")?,
        service: fields.optional_text("service", "the service")?,
        item: fields.optional_text("item", "the item")?,
        percent,
        source: fields.text("source", "the agreement behind the discount")?,
    })
}

fn fallback(fields: &Fields<'_>) -> Result<Fallback, FieldError> {
    fields.only(&["provider", "region"])?;
    Ok(Fallback {
        provider: fields.text("provider", "the provider")?,
        region: fields.text("region", "the region whose prices stand in for regions without any")?,
    })
}

/// Refuses two entries of one item that are in force on the same day.
fn no_overlap(file: &str, prices: &[Price]) -> Result<(), PriceError> {
    for (at, a) in prices.iter().enumerate() {
        for b in prices.iter().take(at) {
            let before = |x: &Price, y: &Price| x.effective_to.is_some_and(|to| to <= y.effective_from);
            if a.same_item(b) && !before(a, b) && !before(b, a) {
                return Err(PriceError::Overlap {
                    file: file.to_owned(),
                    line: a.place.line,
                    id: a.id.clone(),
                    region: a.region.clone(),
                    other: b.place.line,
                });
            }
        }
    }
    Ok(())
}

impl Price {
    /// Tells whether two entries price the same thing, at whatever time.
    pub(super) fn same_item(&self, other: &Self) -> bool {
        (
            &self.id,
            &self.provider,
            &self.service,
            &self.region,
            &self.architecture,
        ) == (
            &other.id,
            &other.provider,
            &other.service,
            &other.region,
            &other.architecture,
        )
    }
}
