//! Reads price books and users' discounts from TOML; an entry without unit, date or source does not load.

use std::collections::HashMap;

use super::{Date, Discount, Fallback, Free, NotPriced, Place, Price, PriceBook, PriceError, Tier, Unit};
use crate::{
    Decimal, FieldError,
    fields::{Fields, Source},
};

mod rule;

const BOOK: [&str; 10] = [
    "id",
    "provider",
    "service",
    "as_of",
    "currency",
    "price",
    "billing_rule",
    "discount",
    "fallback",
    "not_priced",
];
const PRICE: [&str; 19] = [
    "id",
    "provider",
    "service",
    "region",
    "regions",
    "architecture",
    "unit",
    "per",
    "price",
    "tiers",
    "free",
    "effective_from",
    "effective_to",
    "billed",
    "rule",
    "bill_step",
    "source",
    "retrieved",
    "note",
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
    let mut prices = Vec::new();
    for entry in fields.tables("price", "one table `[[price]]` per price")? {
        let price = price(file, &entry, &provider, &service)?;
        for region in regions(&entry)? {
            prices.push(Price {
                region,
                ..price.clone()
            });
        }
    }
    no_overlap(file, &prices)?;
    let billing_rules = rule::billing_rules(file, &fields)?;
    let discounts = fields.tables("discount", "one table `[[discount]]` per discount")?;
    let fallbacks = fields.tables("fallback", "one table `[[fallback]]` per provider")?;
    let absent = fields.tables("not_priced", "one table `[[not_priced]]` per thing without a price")?;
    let book = PriceBook {
        id: fields.text("id", "the book's name, such as \"aws-lambda\"")?,
        file: file.to_owned(),
        as_of: date(&fields, "as_of", "the day up to which its prices were checked")?,
        billing_rules,
        not_priced: absent.iter().map(not_priced).collect::<Result<_, _>>()?,
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
        region: String::new(),
        architecture: fields.optional_text("architecture", "\"x86_64\" or \"arm64\"")?,
        unit: unit(fields)?,
        per: positive(fields, "per")?.unwrap_or(Decimal::whole(1)),
        tiers: tiers(fields)?,
        free: free(fields)?,
        effective_from,
        effective_to,
        billed: fields.text("billed", "what is billed in words: rounding, minimum, granularity")?,
        rule: fields.optional_text("rule", "the name of a `[[billing_rule]]` of the same service")?,
        bill_step: positive(fields, "bill_step")?,
        source: fields.text("source", "the public page or list from which it was taken")?,
        retrieved: date(fields, "retrieved", "the day on which the source was read")?,
        note: fields.optional_text("note", "what a reader should know about the entry's certainty")?,
        place: Place {
            file: file.to_owned(),
            line: fields.line(),
        },
        discount_percent: Decimal::whole(0),
    })
}

/// Reads the regions of an entry: `region`, or `regions` where several have one price.
fn regions(fields: &Fields<'_>) -> Result<Vec<String>, FieldError> {
    let remedy = "the region for which the price was read, or `regions` with several of one price";
    if !fields.has("regions") {
        return Ok(vec![fields.text("region", remedy)?]);
    }
    if fields.has("region") {
        return Err(fields.wrong("region", "either `region` or `regions`, not both"));
    }
    fields.texts("regions", remedy)
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
    table.only(&["quantity", "pool", "at_price"])?;
    let quantity = positive(table, "quantity")?.ok_or_else(|| table.missing("quantity", "units per month"))?;
    Ok(Some(Free {
        quantity,
        pool: table.text("pool", "the name under which entries share the allowance")?,
        at_price: positive(table, "at_price")?,
    }))
}

fn not_priced(fields: &Fields<'_>) -> Result<NotPriced, FieldError> {
    fields.only(&["id", "why"])?;
    Ok(NotPriced {
        id: fields.text("id", "what has no price")?,
        why: fields.text("why", "why it has no price")?,
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
    let mut of_item: HashMap<_, Vec<&Price>> = HashMap::new();
    for price in prices {
        let earlier = of_item.entry(price.item()).or_default();
        let range = |price: &Price| (price.effective_from, price.effective_to);
        if let Some(other) = earlier.iter().find(|other| overlap(range(price), range(other))) {
            return Err(PriceError::Overlap {
                file: file.to_owned(),
                line: price.place.line,
                what: format!("`{}` in {}", price.id, price.region),
                other: other.place.line,
            });
        }
        earlier.push(price);
    }
    Ok(())
}

/// Tells whether two half-open ranges of days have a day in common.
fn overlap(a: (Date, Option<Date>), b: (Date, Option<Date>)) -> bool {
    let before = |x: (Date, Option<Date>), y: (Date, Option<Date>)| x.1.is_some_and(|to| to <= y.0);
    !before(a, b) && !before(b, a)
}

impl Price {
    /// Returns what tells items apart: two entries of one item price the same thing, at whatever time.
    pub(super) fn item(&self) -> (&str, &str, &str, &str, Option<&str>) {
        (
            &self.provider,
            &self.service,
            &self.id,
            &self.region,
            self.architecture.as_deref(),
        )
    }

    /// Tells whether two entries price the same thing, at whatever time.
    pub(super) fn same_item(&self, other: &Self) -> bool {
        self.item() == other.item()
    }
}
