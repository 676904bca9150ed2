//! The price of one attempt: which entries, and how much of each.

use std::collections::HashMap;

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{BillingRule, Key};
use pennyspan_schema::InitType;

use crate::attempts::{Row, outcome_of};

mod item;
mod list_amount;
mod plan;
mod reason;

use item::{Architecture, Item};
pub(crate) use list_amount::ListAmount;
pub(crate) use plan::{Plan, Product};
pub use reason::Reason;

/// Nanoseconds in a day; prices change at midnight UTC.
const DAY_NANOS: i64 = 86_400_000_000_000;

/// A price entry, by its place among all entries of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry(pub usize);

/// An integer quantity of one price entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The entry.
    pub entry: Entry,
    /// The quantity, in the base of the entry's unit.
    pub quantity: i64,
    /// How it grows: with billed time, so that it can be split by milliseconds, or not.
    pub basis: Basis,
}

/// What a charge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// So much for each billed millisecond.
    Time {
        /// MiB, thousandths of a processor, or MHz, as the entry's unit says.
        per_ms: i64,
    },
    /// The invocation itself.
    Request,
    /// A restored snapshot.
    Restore,
    /// Processor time.
    ProcessorTime,
}

/// What an attempt costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pricing {
    /// Nothing: it did not run.
    Free,
    /// Something that is not known, for a reason.
    NotPriced(Reason),
    /// These quantities.
    Priced(Charged),
}

/// The quantities of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// One for each price entry.
    pub charges: Vec<Charge>,
    /// Whether it is older than the first known price.
    pub priced_backdated: bool,
    /// Whether another region's prices stand in for its own.
    pub fallback_region: bool,
    /// For an assumed architecture, its duration's charge, and the entry that it would have as arm64.
    pub low_end: Option<(Charge, Entry)>,
}

/// Finds the entry of an item once per region, architecture and day.
#[derive(Debug)]
pub struct Pricer<'b> {
    books: &'b PriceBooks,
    found: HashMap<String, HashMap<Day, Option<Found<'b>>>>,
}

/// What is looked for in a region: plan, item, architecture, and the day since 1970.
type Day = (Plan, Item, Architecture, i64);

/// An entry, the rule that it follows, whether the instant is older than it, and whether it is another region's.
#[derive(Clone, Copy, Debug)]
struct Found<'b> {
    entry: Entry,
    rule: Option<&'b BillingRule>,
    backdated: bool,
    fallback_region: bool,
}

impl<'b> Pricer<'b> {
    /// Prepares the books.
    #[must_use]
    pub fn new(books: &'b PriceBooks) -> Self {
        Self {
            books,
            found: HashMap::new(),
        }
    }

    /// Prices one attempt: all of it, or nothing.
    pub fn price(&mut self, row: &Row<'_>) -> Pricing {
        if !outcome_of(row).ran() {
            return Pricing::Free;
        }
        self.charged(row).map_or_else(Pricing::NotPriced, Pricing::Priced)
    }

    fn charged(&mut self, row: &Row<'_>) -> Result<Charged, Reason> {
        let plan = Plan::of(Product::of(row))?;
        let mut charging = Charging {
            region: plan.region(row.region).ok_or(Reason::Region)?,
            architecture: Architecture::of(row.architecture),
            pricer: self,
            row,
            plan,
            charges: Vec::with_capacity(3),
            priced_backdated: false,
            fallback_region: false,
        };
        let low_end = match plan {
            Plan::Lambda => charging.lambda()?,
            Plan::FirstGeneration | Plan::CloudRun => {
                charging.processor()?;
                charging.memory()?;
                charging.request()?;
                None
            }
            Plan::Flex => {
                charging.memory()?;
                charging.request()?;
                None
            }
            Plan::Worker => {
                charging.worker()?;
                None
            }
        };
        Ok(Charged {
            charges: charging.charges,
            priced_backdated: charging.priced_backdated,
            fallback_region: charging.fallback_region,
            low_end,
        })
    }

    fn find(
        &mut self,
        region: &str,
        (plan, item, architecture): (Plan, Item, Architecture),
        unix_nano: i64,
    ) -> Option<Found<'b>> {
        let key = (plan, item, architecture, unix_nano.div_euclid(DAY_NANOS));
        if let Some(found) = self.found.get(region).and_then(|known| known.get(&key)) {
            return *found;
        }
        let (provider, service) = plan.service();
        let asked = Key {
            provider,
            service,
            item: item.id(plan, architecture),
            region,
            architecture: Some(architecture.word()),
        };
        let found = self.books.price(asked, unix_nano).and_then(|priced| {
            let place = self
                .books
                .prices()
                .position(|price| std::ptr::eq(price, priced.price))?;
            Some(Found {
                entry: Entry(place),
                rule: self.books.rule_of(priced.price, unix_nano),
                backdated: priced.priced_backdated,
                fallback_region: priced.fallback_region,
            })
        });
        self.found.entry(region.to_owned()).or_default().insert(key, found);
        found
    }
}

/// The charges of one attempt, as they are found.
struct Charging<'p, 'b, 'r, 'd> {
    pricer: &'p mut Pricer<'b>,
    row: &'r Row<'d>,
    plan: Plan,
    region: &'d str,
    architecture: Architecture,
    charges: Vec<Charge>,
    priced_backdated: bool,
    fallback_region: bool,
}

impl<'b> Charging<'_, 'b, '_, '_> {
    fn find(&mut self, item: Item) -> Result<Found<'b>, Reason> {
        let asked = (self.plan, item, self.architecture);
        let found = self.pricer.find(self.region, asked, self.row.start_unix_nano);
        found.ok_or(Reason::RegionPrice)
    }

    fn charge(&mut self, found: Found<'b>, quantity: i64, basis: Basis) {
        self.priced_backdated |= found.backdated;
        self.fallback_region |= found.fallback_region;
        self.charges.push(Charge {
            entry: found.entry,
            quantity,
            basis,
        });
    }

    fn billed_ms(&self) -> Result<i64, Reason> {
        let unknown = if self.plan.shares_instances() && self.row.duration_us.or(self.row.runtime_us).is_some() {
            Reason::SharedInstance
        } else {
            Reason::Duration
        };
        self.row.billed_duration_ms.ok_or(unknown)
    }

    fn time(&mut self, found: Found<'b>, per_ms: i64, billed_ms: i64) {
        self.charge(found, per_ms.saturating_mul(billed_ms), Basis::Time { per_ms });
    }

    /// Charges duration, request, storage and restore; returns what an assumed architecture would cost as arm64.
    fn lambda(&mut self) -> Result<Option<(Charge, Entry)>, Reason> {
        let row = self.row;
        let billed_ms = self.billed_ms()?;
        let memory_mib = row.memory_size_mib.ok_or(Reason::Memory)?;
        let item = match row.init_type {
            Some(kind) if kind == InitType::ProvisionedConcurrency.as_str() => Item::ProvisionedDuration,
            _ => Item::Duration,
        };
        let found = self.find(item)?;
        self.time(found, memory_mib, billed_ms);
        self.request()?;
        self.storage(billed_ms)?;
        // Restores of Java functions are free; where the runtime is not known, the restore is charged.
        let java = row
            .runtime
            .is_some_and(|runtime| runtime.to_ascii_lowercase().starts_with("java"));
        if row.restore_duration_us.is_some() && !java {
            let found = self.find(Item::Restore)?;
            self.charge(found, memory_mib, Basis::Restore);
        }
        let arm = row.assumed_architecture.then(|| {
            let asked = (self.plan, item, Architecture::Arm);
            self.pricer.find(self.region, asked, row.start_unix_nano)
        });
        Ok(self
            .charges
            .first()
            .copied()
            .zip(arm.flatten().map(|found| found.entry)))
    }

    fn storage(&mut self, billed_ms: i64) -> Result<(), Reason> {
        let Some(storage_mib) = self.row.ephemeral_storage_mib else {
            return Ok(());
        };
        let found = self.find(Item::Storage)?;
        let charged_mib = sized(found.rule, storage_mib)?;
        if charged_mib > 0 {
            self.time(found, charged_mib, billed_ms);
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<(), Reason> {
        let billed_ms = self.billed_ms()?;
        let mib = self.row.memory_size_mib.ok_or(Reason::Memory)?;
        let found = self.find(Item::Memory)?;
        self.time(found, sized(found.rule, mib)?, billed_ms);
        Ok(())
    }

    /// Charges the processor that was configured, or that comes with the memory.
    fn processor(&mut self) -> Result<(), Reason> {
        let billed_ms = self.billed_ms()?;
        let found = self.find(Item::Processor)?;
        let per_ms = if self.plan == Plan::FirstGeneration {
            let mib = self.row.memory_size_mib.ok_or(Reason::Memory)?;
            let mhz = found.rule.and_then(|rule| rule.mhz(mib));
            mhz.ok_or(Reason::Size { mib })?
        } else {
            self.row.cpu_milli.ok_or(Reason::Processor)?
        };
        self.time(found, per_ms, billed_ms);
        Ok(())
    }

    fn request(&mut self) -> Result<(), Reason> {
        let found = self.find(Item::Request)?;
        self.charge(found, 1, Basis::Request);
        Ok(())
    }

    /// Charges processor time, and the request unless another worker made it.
    fn worker(&mut self) -> Result<(), Reason> {
        let cpu_us = self.row.cpu_time_us.ok_or(Reason::ProcessorTime)?;
        let found = self.find(Item::ProcessorTime)?;
        self.charge(found, cpu_us, Basis::ProcessorTime);
        if self.row.trigger_type == Some("rpc") {
            return Ok(());
        }
        self.request()
    }
}

/// Returns the billed memory in MiB.
fn sized(rule: Option<&BillingRule>, mib: i64) -> Result<i64, Reason> {
    let rule = rule.and_then(|rule| rule.memory.as_ref());
    rule.map_or(Some(mib), |rule| rule.billed_mib(mib))
        .ok_or(Reason::Size { mib })
}
