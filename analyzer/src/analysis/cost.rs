//! What attempts cost, from the price books.
//!
//! Quantities are integers and are summed as integers, by price entry and by what they were spent on; an amount is the
//! exact fraction quantity x price, and is rounded once, when it is printed. So any split of the attempts adds up to
//! the same total.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Amount, Month, Price};

use crate::analysis::{Attempt, Group, Part, Question, Tally, tally};
use crate::error::AnalysisError;
use crate::pricing::{Charged, Entry, Pricing, Reason};
use crate::session::Session;

mod bill;
mod waste;

pub(crate) use bill::start_unix_nano as month_start;
pub use bill::{Payers, bill};
pub use waste::Waste;

/// Nanoseconds of a month of 730 hours, in which monthly figures are given.
pub(crate) const MONTH_NANOS: i128 = 730 * 3_600 * 1_000_000_000;
/// The shortest window from which a monthly figure is made, in nanoseconds.
pub(crate) const DAY_NANOS: i64 = 24 * 3_600 * 1_000_000_000;

/// Thousandths in one: weights are in thousandths.
const MILLI: i64 = 1_000;

/// Quantities by price entry, times weight in thousandths.
type Quantities<K> = BTreeMap<K, i128>;

/// Sums the quantities of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostTally {
    spent: Quantities<(Waste, Entry)>,
    by_month: Quantities<(Month, Entry)>,
    earlier: Quantities<(Month, Entry)>,
    assumed: Quantities<Entry>,
    low_end: Quantities<Entry>,
    priced_milli: i128,
    not_priced: Quantities<Reason>,
    assumed_milli: i128,
    backdated_milli: i128,
    fallback_milli: i128,
}

impl Tally for CostTally {
    const MONTH_TO_DATE: bool = true;

    fn add(&mut self, attempt: &Attempt<'_>) {
        let weight = i128::from(attempt.weight_milli());
        let charged = match &attempt.pricing {
            Pricing::Free => return,
            Pricing::NotPriced(reason) => {
                *self.not_priced.entry(*reason).or_default() += weight;
                return;
            }
            Pricing::Priced(charged) => charged,
        };
        self.priced_milli += weight;
        self.backdated_milli += if charged.priced_backdated { weight } else { 0 };
        self.fallback_milli += if charged.fallback_region { weight } else { 0 };
        let month = Month::of(attempt.row.start_unix_nano);
        for (kind, entry, quantity) in waste::split(attempt, charged) {
            *self.spent.entry((kind, entry)).or_default() += i128::from(quantity) * weight;
        }
        for charge in &charged.charges {
            *self.by_month.entry((month, charge.entry)).or_default() += i128::from(charge.quantity) * weight;
        }
        self.add_assumed(attempt, charged, weight);
    }

    fn add_earlier(&mut self, attempt: &Attempt<'_>) {
        let Pricing::Priced(charged) = &attempt.pricing else {
            return;
        };
        let month = Month::of(attempt.row.start_unix_nano);
        for charge in &charged.charges {
            let quantity = i128::from(charge.quantity) * i128::from(attempt.weight_milli());
            *self.earlier.entry((month, charge.entry)).or_default() += quantity;
        }
    }

    fn merge(&mut self, other: Self) {
        add_all(&mut self.spent, other.spent);
        add_all(&mut self.by_month, other.by_month);
        add_all(&mut self.earlier, other.earlier);
        add_all(&mut self.assumed, other.assumed);
        add_all(&mut self.low_end, other.low_end);
        self.priced_milli += other.priced_milli;
        add_all(&mut self.not_priced, other.not_priced);
        self.assumed_milli += other.assumed_milli;
        self.backdated_milli += other.backdated_milli;
        self.fallback_milli += other.fallback_milli;
    }
}

fn add_all<K: Ord>(sums: &mut Quantities<K>, others: Quantities<K>) {
    for (key, quantity) in others {
        *sums.entry(key).or_default() += quantity;
    }
}

/// One priced quantity of a group.
#[derive(Clone, Debug)]
pub struct LineItem {
    /// The price entry.
    pub price: Price,
    /// The quantity in the price's unit.
    pub quantity: BigRational,
    /// The list amount.
    pub amount: Amount,
}

/// What a group of attempts costs.
#[derive(Clone, Debug)]
pub struct Cost {
    /// List amount of everything that is priced.
    pub amount: Amount,
    /// The same, were all assumed architectures arm64; none where nothing was assumed.
    pub low_end: Option<Amount>,
    /// Attempts that are priced, in thousandths.
    pub priced_milli: i128,
    /// Attempts that ran and are not priced, in thousandths.
    pub not_priced_milli: i128,
    /// The same by what is missing.
    pub not_priced: BTreeMap<Reason, i128>,
    /// Priced attempts whose architecture is assumed, in thousandths.
    pub assumed_architecture_milli: i128,
    /// Priced attempts older than the first known price, in thousandths.
    pub priced_backdated_milli: i128,
    /// Priced attempts by another region's prices, in thousandths.
    pub fallback_region_milli: i128,
    /// The quantities behind the amount, by item and date.
    pub line_items: Vec<LineItem>,
    /// What it was spent on; sums to the amount.
    pub waste: Vec<(Waste, Amount)>,
}

impl Cost {
    /// Returns what was spent on everything but useful work.
    #[must_use]
    pub fn wasted(&self) -> Amount {
        self.waste
            .iter()
            .filter(|(kind, _)| *kind != Waste::Useful)
            .map(|(_, amount)| amount)
            .sum()
    }
}

impl CostTally {
    fn add_assumed(&mut self, attempt: &Attempt<'_>, charged: &Charged, weight: i128) {
        if !attempt.row.assumed_architecture {
            return;
        }
        self.assumed_milli += weight;
        if let Some((assumed, low_end)) = charged.low_end {
            *self.assumed.entry(assumed.entry).or_default() += i128::from(assumed.quantity) * weight;
            *self.low_end.entry(low_end).or_default() += i128::from(assumed.quantity) * weight;
        }
    }

    /// Multiplies the quantities by their prices.
    #[must_use]
    pub fn cost(&self, books: &PriceBooks) -> Cost {
        let prices: Vec<&Price> = books.prices().collect();
        let mut items: Quantities<Entry> = BTreeMap::new();
        let mut waste: BTreeMap<Waste, Amount> = BTreeMap::new();
        for ((kind, entry), quantity) in &self.spent {
            *items.entry(*entry).or_default() += quantity;
            *waste.entry(*kind).or_insert_with(Amount::zero) += amount_of(&prices, *entry, *quantity);
        }
        let mut line_items: Vec<LineItem> = items
            .iter()
            .filter_map(|(entry, quantity)| LineItem::of(&prices, *entry, *quantity))
            .collect();
        line_items.sort_by(|a, b| (&a.price.id, a.price.effective_from).cmp(&(&b.price.id, b.price.effective_from)));
        let amount: Amount = line_items.iter().map(|item| &item.amount).sum();
        let sum = |quantities: &Quantities<Entry>| {
            quantities
                .iter()
                .map(|(entry, q)| amount_of(&prices, *entry, *q))
                .sum::<Amount>()
        };
        let low_end = (self.assumed_milli > 0).then(|| amount.clone() - sum(&self.assumed) + sum(&self.low_end));
        Cost {
            low_end: low_end.map(|low| if low < amount { low } else { amount.clone() }),
            amount,
            priced_milli: self.priced_milli,
            not_priced_milli: self.not_priced.values().sum(),
            not_priced: self.not_priced.clone(),
            assumed_architecture_milli: self.assumed_milli,
            priced_backdated_milli: self.backdated_milli,
            fallback_region_milli: self.fallback_milli,
            line_items,
            waste: waste.into_iter().filter(|(_, amount)| !amount.is_zero()).collect(),
        }
    }
}

impl LineItem {
    fn of(prices: &[&Price], entry: Entry, quantity_milli: i128) -> Option<Self> {
        let price = prices.get(entry.0)?;
        let quantity = in_units(price, quantity_milli);
        let amount = Amount::new(&quantity * price.unit_price());
        Some(Self {
            price: (*price).clone(),
            quantity,
            amount,
        })
    }
}

/// Returns a weighted quantity in the price's unit.
fn in_units(price: &Price, quantity_milli: i128) -> BigRational {
    price.unit.convert(quantity_milli) / BigRational::from_integer(BigInt::from(MILLI))
}

pub(crate) fn amount_of(prices: &[&Price], entry: Entry, quantity_milli: i128) -> Amount {
    LineItem::of(prices, entry, quantity_milli).map_or_else(Amount::zero, |item| item.amount)
}

/// Sums the cost of traces: the same quantities, with the trace read.
#[derive(Clone, Debug, Default)]
pub struct TraceCostTally(CostTally);

impl Tally for TraceCostTally {
    const READS: &'static [&'static str] = &["trace_id"];

    fn add(&mut self, attempt: &Attempt<'_>) {
        self.0.add(attempt);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

/// Returns what each group costs: by function, or also by version or tenant.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn cost(session: &Session, question: &Question, by: Part) -> Result<BTreeMap<Group, Cost>, AnalysisError> {
    let books = session.books();
    let groups = tally::<CostTally>(session, question, by).await?;
    Ok(groups
        .into_iter()
        .map(|(group, sums)| (group, sums.cost(&books)))
        .collect())
}

/// Returns what each trace costs over all functions, by trace id in hex; attempts without a trace stand under none.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn cost_of_traces(
    session: &Session,
    question: &Question,
) -> Result<BTreeMap<Option<String>, Cost>, AnalysisError> {
    let books = session.books();
    let groups = tally::<TraceCostTally>(session, question, super::part::trace).await?;
    Ok(super::over_functions(groups)
        .into_iter()
        .map(|(trace, sums)| (trace, sums.0.cost(&books)))
        .collect())
}

/// Returns a window's amount for a month of 730 hours; none from a window shorter than a day.
#[must_use]
pub fn monthly(amount: &Amount, length_nanos: i64) -> Option<Amount> {
    let factor = Amount::ratio(MONTH_NANOS, i128::from(length_nanos));
    (length_nanos >= DAY_NANOS).then(|| amount.clone() * factor.as_ratio())
}

#[cfg(test)]
mod tests;
