//! The bill view: what a provider would charge for a month, with tiers and free allowances in their order.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};

use chrono::{DateTime, Datelike};
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Amount, Price};
use crate::Decimal;

/// A calendar month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Year.
    pub year: i32,
    /// Month, from 1.
    pub month: u32,
}

impl Month {
    /// Returns the month in which an instant lies, in nanoseconds since 1970.
    #[must_use]
    pub fn of(unix_nano: i64) -> Self {
        let time = DateTime::from_timestamp_nanos(unix_nano);
        Self {
            year: time.year(),
            month: time.month(),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What one payer used of one price entry in one month.
#[derive(Debug, Clone)]
pub struct Usage<'a> {
    /// Who pays.
    pub payer: String,
    /// The entry; it names provider, service, item, region and architecture.
    pub price: &'a Price,
    /// The month.
    pub month: Month,
    /// Quantity used in that month before the window, in the unit's base.
    pub before: i128,
    /// Quantity used in the window, in the unit's base.
    pub quantity: i128,
}

/// Whether free allowances are taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowances {
    /// Taken off first, as a bill does.
    Applied,
    /// Left out, where another part of the organisation uses them up.
    Ignored,
}

/// Lines, and their totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Lines in the order of payer, month, provider, service, item, region, architecture and date of the entry.
    pub lines: Vec<BillLine>,
    /// Exact total.
    pub exact: Amount,
    /// Total of the lines as published bills print them: each rounded to cents.
    pub rounded: Amount,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// Who pays.
    pub payer: String,
    /// The month.
    pub month: Month,
    /// The entry.
    pub price: Price,
    /// The window's quantity in the price's unit.
    pub quantity: BigRational,
    /// Part of it that an allowance covers, in the price's unit.
    pub free: BigRational,
    /// The paid rest by tier.
    pub tiers: Vec<TierLine>,
    /// Exact amount.
    pub exact: Amount,
    /// Amount rounded to cents, half-even.
    pub rounded: Amount,
}

/// The part of a line that falls into one tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierLine {
    /// Quantity in the price's unit.
    pub quantity: BigRational,
    /// Price of one unit.
    pub unit_price: BigRational,
    /// Their product.
    pub exact: Amount,
}

/// Makes the bill of a set of usages, whatever their order; usages of one payer, month and entry are added up.
///
/// Tiers count per payer, region, architecture and month. An allowance belongs to a payer and month and is shared by
/// the entries of one provider and service that name its pool; it covers what was used before the window first, then
/// the lines in their order. Where it is granted as money (`at_price`), units that cost more use up more of it.
#[must_use]
pub fn bill(usages: &[Usage<'_>], allowances: Allowances) -> Bill {
    let sums = summed(usages);
    let mut pools = Pools::default();
    if allowances == Allowances::Applied {
        for usage in sums.values() {
            pools.open(usage);
        }
    }
    let covered_before: Vec<BigRational> = sums.values().map(|usage| pools.take(usage, usage.before)).collect();
    let lines: Vec<BillLine> = sums
        .values()
        .zip(covered_before)
        .map(|(usage, c)| line(usage, &c, &mut pools))
        .collect();
    Bill {
        exact: lines.iter().map(|line| &line.exact).sum(),
        rounded: lines.iter().map(|line| &line.rounded).sum(),
        lines,
    }
}

type LineKey = (String, Month, [String; 5], i64);

fn summed<'a>(usages: &[Usage<'a>]) -> BTreeMap<LineKey, Usage<'a>> {
    let mut sums: BTreeMap<LineKey, Usage<'a>> = BTreeMap::new();
    for usage in usages {
        let price = usage.price;
        let architecture = price.architecture.clone().unwrap_or_default();
        let names = [&price.provider, &price.service, &price.id, &price.region, &architecture].map(Clone::clone);
        match sums.entry((
            usage.payer.clone(),
            usage.month,
            names,
            price.effective_from.start_unix_nano(),
        )) {
            Entry::Vacant(place) => {
                place.insert(usage.clone());
            }
            Entry::Occupied(mut sum) => {
                let sum = sum.get_mut();
                sum.before = sum.before.saturating_add(usage.before);
                sum.quantity = sum.quantity.saturating_add(usage.quantity);
            }
        }
    }
    sums
}

/// What is left of each allowance.
#[derive(Default)]
struct Pools(BTreeMap<(String, Month, String, String, String), BigRational>);

impl Pools {
    fn key(usage: &Usage<'_>, pool: &str) -> (String, Month, String, String, String) {
        let price = usage.price;
        (
            usage.payer.clone(),
            usage.month,
            price.provider.clone(),
            price.service.clone(),
            pool.to_owned(),
        )
    }

    fn open(&mut self, usage: &Usage<'_>) {
        if let Some(free) = &usage.price.free {
            self.0
                .entry(Self::key(usage, &free.pool))
                .or_insert_with(|| free.quantity.to_ratio() * granted_at(free.at_price));
        }
    }

    /// Takes what the allowance covers of a quantity, and returns it in the price's unit.
    fn take(&mut self, usage: &Usage<'_>, quantity: i128) -> BigRational {
        let pool = usage
            .price
            .free
            .as_ref()
            .and_then(|free| self.0.get_mut(&Self::key(usage, &free.pool)));
        let Some(left) = pool else { return BigRational::zero() };
        let free = usage.price.free.as_ref().filter(|free| free.at_price.is_some());
        let worth = free.map_or_else(BigRational::one, |_| usage.price.list_price());
        let used = usage.price.unit.convert(quantity);
        let covered = if worth.is_zero() {
            used
        } else {
            used.min(left.clone() / &worth)
        };
        *left -= &covered * worth;
        covered
    }
}

/// Returns what one unit of an allowance is worth: itself, or the money that it is granted at.
fn granted_at(price: Option<Decimal>) -> BigRational {
    price.map_or_else(BigRational::one, Decimal::to_ratio)
}

fn line(usage: &Usage<'_>, covered_before: &BigRational, pools: &mut Pools) -> BillLine {
    let price = usage.price;
    let free = pools.take(usage, usage.quantity);
    let quantity = price.unit.convert(usage.quantity);
    let from = price.unit.convert(usage.before) - covered_before;
    let to = &from + &quantity - &free;
    let tiers = tier_lines(price, &stepped(price, from), &stepped(price, to));
    let exact: Amount = tiers.iter().map(|tier| &tier.exact).sum();
    BillLine {
        payer: usage.payer.clone(),
        month: usage.month,
        price: price.clone(),
        quantity,
        free,
        rounded: exact.rounded(2),
        exact,
        tiers,
    }
}

/// Rounds a paid quantity, counted from the start of the month, up to the step in which it is billed.
fn stepped(price: &Price, paid: BigRational) -> BigRational {
    price.bill_step.map_or(paid.clone(), |step| {
        let step = step.to_ratio();
        (paid / &step).ceil() * step
    })
}

/// Cuts the paid quantity from `from` to `to`, counted from the start of the month, at the tiers' bounds.
fn tier_lines(price: &Price, from: &BigRational, to: &BigRational) -> Vec<TierLine> {
    let (mut lower, mut lines) = (BigRational::zero(), Vec::new());
    for tier in &price.tiers {
        let upper = tier
            .up_to
            .map_or_else(|| to.clone(), |up_to| up_to.to_ratio().min(to.clone()));
        let start = lower.clone().max(from.clone());
        if upper > start {
            let (quantity, unit_price) = (&upper - start, price.tier_price(tier));
            let exact = Amount::new(&quantity * &unit_price);
            lines.push(TierLine {
                quantity,
                unit_price,
                exact,
            });
        }
        lower = lower.max(upper);
    }
    lines
}
