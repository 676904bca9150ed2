//! The price of one attempt: which entries, and how much of each.

use std::collections::HashMap;

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Key;
use pennyspan_schema::InitType;

use crate::attempts::{Row, outcome_of};
use crate::neighbours::billing::{PROVIDER, SERVICE, is_lambda};

mod list_amount;

pub(crate) use list_amount::ListAmount;

/// Ephemeral storage that every function has without a charge, in MiB.
const FREE_STORAGE_MIB: i64 = 512;
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
    /// So many MiB for each billed millisecond.
    Time {
        /// The MiB.
        mib: i64,
    },
    /// The invocation itself.
    Request,
    /// A restored snapshot.
    Restore,
}

/// What an attempt costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pricing {
    /// Nothing: it did not run.
    Free,
    /// Something that is not known: its end, memory or region is unknown, or the region is not in the book.
    NotPriced,
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
    /// For an assumed architecture, its duration's charge, and the entry that it would have as arm64.
    pub low_end: Option<(Charge, Entry)>,
}

/// The items that an attempt may be charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Item {
    Duration,
    ProvisionedDuration,
    Requests,
    Storage,
    Restore,
}

/// The instruction sets that prices tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Architecture {
    X86,
    Arm,
}

/// Finds the entry of an item once per region, architecture and day.
#[derive(Debug)]
pub struct Pricer<'b> {
    books: &'b PriceBooks,
    found: HashMap<String, HashMap<Day, Option<Found>>>,
}

/// What is looked for in a region: item, architecture, and the day since 1970.
type Day = (Item, Architecture, i64);
/// An entry, and whether the instant is older than it.
type Found = (Entry, bool);

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
        self.charged(row).map_or(Pricing::NotPriced, Pricing::Priced)
    }

    fn charged(&mut self, row: &Row<'_>) -> Option<Charged> {
        if !is_lambda(row.provider, row.platform, row.execution_model, row.init_type) {
            return None;
        }
        let (region, billed_ms) = (row.region?, row.billed_duration_ms?);
        let architecture = Architecture::of(row.architecture);
        let item = match row.init_type {
            Some(kind) if kind == InitType::ProvisionedConcurrency.as_str() => Item::ProvisionedDuration,
            _ => Item::Duration,
        };
        let mut priced_backdated = false;
        let mut charges = Vec::with_capacity(2);
        for (item, quantity, basis) in wanted(row, item, billed_ms)? {
            let (entry, backdated) = self.find(region, item, architecture, row.start_unix_nano)?;
            priced_backdated |= backdated;
            charges.push(Charge { entry, quantity, basis });
        }
        let arm = if row.assumed_architecture {
            self.find(region, item, Architecture::Arm, row.start_unix_nano)
        } else {
            None
        };
        let low_end = charges.first().copied().zip(arm.map(|(entry, _)| entry));
        Some(Charged {
            charges,
            priced_backdated,
            low_end,
        })
    }

    fn find(&mut self, region: &str, item: Item, architecture: Architecture, unix_nano: i64) -> Option<Found> {
        let key = (item, architecture, unix_nano.div_euclid(DAY_NANOS));
        if let Some(found) = self.found.get(region).and_then(|known| known.get(&key)) {
            return *found;
        }
        let asked = Key {
            provider: PROVIDER,
            service: SERVICE,
            item: item.id(architecture),
            region,
            architecture: Some(architecture.word()),
        };
        let found = self.books.price(asked, unix_nano).and_then(|priced| {
            let place = self
                .books
                .prices()
                .position(|price| std::ptr::eq(price, priced.price))?;
            Some((Entry(place), priced.priced_backdated))
        });
        self.found.entry(region.to_owned()).or_default().insert(key, found);
        found
    }
}

/// Returns what an attempt is charged for, its duration first; none where its memory is not known.
fn wanted(row: &Row<'_>, duration: Item, billed_ms: i64) -> Option<Vec<(Item, i64, Basis)>> {
    let memory_mib = row.memory_size_mib?;
    let time = |item, mib: i64| (item, mib.saturating_mul(billed_ms), Basis::Time { mib });
    let mut wanted = vec![time(duration, memory_mib), (Item::Requests, 1, Basis::Request)];
    let storage_mib = row.ephemeral_storage_mib.unwrap_or(0).saturating_sub(FREE_STORAGE_MIB);
    if storage_mib > 0 {
        wanted.push(time(Item::Storage, storage_mib));
    }
    // Restores of Java functions are free; where the runtime is not known, the restore is charged.
    let java = row
        .runtime
        .is_some_and(|runtime| runtime.to_ascii_lowercase().starts_with("java"));
    if row.restore_duration_us.is_some() && !java {
        wanted.push((Item::Restore, memory_mib, Basis::Restore));
    }
    Some(wanted)
}

impl Item {
    /// Returns the id that the price book gives it.
    fn id(self, architecture: Architecture) -> &'static str {
        match (self, architecture) {
            (Self::Duration, Architecture::X86) => "duration-x86",
            (Self::Duration, Architecture::Arm) => "duration-arm64",
            (Self::ProvisionedDuration, Architecture::X86) => "provisioned-duration-x86",
            (Self::ProvisionedDuration, Architecture::Arm) => "provisioned-duration-arm64",
            (Self::Requests, _) => "requests",
            (Self::Storage, _) => "ephemeral-storage",
            (Self::Restore, _) => "snapstart-restore",
        }
    }
}

impl Architecture {
    /// Reads an architecture; an unknown one is priced as `x86_64`, Lambda's default and the dearer one.
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("arm64" | "aarch64") => Self::Arm,
            _ => Self::X86,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }
}
