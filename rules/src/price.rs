//! What things cost: dated list prices with their sources, and exact arithmetic with them.
//!
//! A price book is one TOML file per provider and service. Quantities are integers in the unit that telemetry has
//! (`MiB*ms`, bytes, milliseconds, counts); a price's unit says by which exact fraction they become the unit that the
//! provider quotes. Amounts are exact fractions and are rounded once, when they are printed.

mod amount;
mod bill;
mod billing;
mod books;
mod date;
mod error;
mod explain;
mod load;
mod measured;
mod sharing;
mod unit;

#[cfg(test)]
mod tests;

use num_rational::BigRational;

pub use amount::{Amount, PRINTED_PLACES, PartsDiffer, largest_remainder};
pub use bill::{Allowances, Bill, BillLine, Month, TierLine, Usage, bill};
pub use billing::{BillingRule, InitBilling, MemoryRule, Overlap, Packaging, PayloadRule, TimeRule, init_billing_seen};
pub use books::{Discount, Fallback, Key, PriceBooks, Priced};
pub use date::Date;
pub use error::PriceError;
pub use explain::{Step, explain, explain_measured};
pub use measured::{Billed, Measured, Unbilled};
pub use sharing::{Interval, shares_ms};
pub use unit::Unit;

use crate::Decimal;

/// The prices of one service of one provider, from one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBook {
    /// Name, such as `aws-lambda`.
    pub id: String,
    /// File it came from, as given.
    pub file: String,
    /// Provider.
    pub provider: String,
    /// Service.
    pub service: String,
    /// Day up to which its prices were checked.
    pub as_of: Date,
    /// Prices in the order of the file.
    pub prices: Vec<Price>,
    /// Rules of billing in the order of the file.
    pub billing_rules: Vec<BillingRule>,
    /// What exists and has no price here, and why.
    pub not_priced: Vec<NotPriced>,
}

/// Something that is billed and has no price in a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPriced {
    /// What it is.
    pub id: String,
    /// Why it has no price.
    pub why: String,
}

/// The price of one item in one region over one range of dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Item, such as `duration-x86`.
    pub id: String,
    /// Provider.
    pub provider: String,
    /// Service.
    pub service: String,
    /// Region.
    pub region: String,
    /// Architecture, where the price depends on it.
    pub architecture: Option<String>,
    /// Unit of the price, and how quantities become it.
    pub unit: Unit,
    /// Units to which each tier's price applies: 1,000,000 for a price "per million".
    pub per: Decimal,
    /// Tiers in ascending order; the last has no upper bound.
    pub tiers: Vec<Tier>,
    /// Monthly free allowance in units.
    pub free: Option<Free>,
    /// First day on which it is in force.
    pub effective_from: Date,
    /// First day on which it is no longer in force.
    pub effective_to: Option<Date>,
    /// What is billed: rounding, minimum, granularity, in words.
    pub billed: String,
    /// The rule of billing of its provider and service that it follows; none where it bills what is measured.
    pub rule: Option<String>,
    /// A month's paid quantity is rounded up to a multiple of this, in units, where bills do so.
    pub bill_step: Option<Decimal>,
    /// Public page or list from which it was taken.
    pub source: String,
    /// Day on which that was read.
    pub retrieved: Date,
    /// What a reader should know about its certainty.
    pub note: Option<String>,
    /// File and line of the entry, for explanations.
    pub place: Place,
    /// Percentage off the list price, from a user's discounts.
    pub discount_percent: Decimal,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// File name as given.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// One step of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Monthly quantity, in units, up to which this tier reaches; none for the last.
    pub up_to: Option<Decimal>,
    /// Price of `per` units.
    pub price: Decimal,
}

/// A monthly free allowance; entries of one provider and service that name one pool share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Free {
    /// Units per calendar month and payer.
    pub quantity: Decimal,
    /// Name of the pool.
    pub pool: String,
    /// Price of one unit at which the allowance is granted, where it is money that is granted: dearer units use up more.
    pub at_price: Option<Decimal>,
}

impl Price {
    /// Returns the list price of one unit: the first paid tier, without allowance, less a user's discount.
    #[must_use]
    pub fn unit_price(&self) -> BigRational {
        self.list_price() * self.kept()
    }

    /// Returns the same before a discount.
    pub(crate) fn list_price(&self) -> BigRational {
        let paid = self
            .tiers
            .iter()
            .find(|tier| tier.price.is_positive())
            .or_else(|| self.tiers.first());
        let price = paid.map_or(Decimal::whole(0), |tier| tier.price);
        price.to_ratio() / self.per.to_ratio()
    }

    /// Returns the price of one unit in a tier, less a user's discount.
    #[must_use]
    pub fn tier_price(&self, tier: &Tier) -> BigRational {
        tier.price.to_ratio() / self.per.to_ratio() * self.kept()
    }

    /// Returns the part of a list price that a discount leaves.
    fn kept(&self) -> BigRational {
        let hundred = Decimal::whole(100).to_ratio();
        (hundred.clone() - self.discount_percent.to_ratio()) / hundred
    }

    /// Returns the list amount of a quantity given in the unit's base, such as `MiB*ms`.
    #[must_use]
    pub fn amount(&self, quantity: i128) -> Amount {
        Amount::new(self.unit.convert(quantity) * self.unit_price())
    }

    /// Tells whether the price is in force at an instant, half-open, in nanoseconds since 1970, UTC.
    #[must_use]
    pub fn in_force_at(&self, unix_nano: i64) -> bool {
        let ended = self.effective_to.is_some_and(|to| to.start_unix_nano() <= unix_nano);
        self.effective_from.start_unix_nano() <= unix_nano && !ended
    }
}
