//! What it costs: line items, the bill, and where the money went.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Amount, largest_remainder};
use serde::Serialize;

use crate::analysis::Scope;
use crate::analysis::cost::{Cost, LineItem, Waste, bill};
use crate::analysis::counts::whole;
use crate::analysis::functions::FunctionTally;
use crate::pricing::Reason;
use crate::report::Asked;

/// The report's block about money: list-price estimates, by the books that are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Costs {
    /// The currency.
    pub currency: &'static str,
    /// The books that priced something.
    pub price_books: Vec<BookText>,
    /// Quantity times price, by function and item; they add up to the total.
    pub line_items: Vec<LineItemText>,
    /// What a provider would charge for the window: tiers and, where asked, allowances of the month.
    pub bill: BillText,
    /// Where the money went; adds up to the total.
    pub waste: Vec<WasteText>,
    /// Invocations without a price, by what is missing; not there where every invocation has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_priced: Vec<NotPricedText>,
}

/// Invocations that are not priced for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotPricedText {
    /// The provider.
    pub provider: String,
    /// The region, where that is what has no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The word for what is missing.
    pub reason: &'static str,
    /// What is missing, and what to do about it where something can be done.
    pub message: String,
    /// How many there are.
    pub invocations: i64,
}

/// A price book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BookText {
    /// Its name.
    pub id: String,
    /// The day up to which its prices were checked.
    pub as_of: String,
}

/// One line item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineItemText {
    /// The provider.
    pub provider: String,
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// The item, as its price book names it.
    pub item: String,
    /// How many units.
    pub quantity: String,
    /// The unit.
    pub unit: String,
    /// The price of one unit, in USD.
    pub price_usd: String,
    /// The amount, in USD.
    pub cost_usd: String,
}

/// The bill's total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BillText {
    /// Exactly, in USD.
    pub exact_usd: String,
    /// With each line rounded to cents, in USD.
    pub rounded_usd: String,
}

/// What one kind of waste costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WasteText {
    /// The kind.
    pub kind: &'static str,
    /// The amount, in USD.
    pub cost_usd: String,
}

impl Costs {
    pub(crate) fn of(
        tallies: &BTreeMap<Scope, FunctionTally>,
        costs: &BTreeMap<Scope, Cost>,
        asked: &Asked,
        books: &PriceBooks,
    ) -> Self {
        let total: Amount = costs.values().map(|cost| &cost.amount).sum();
        let items: Vec<(&Scope, &LineItem)> = costs
            .iter()
            .flat_map(|(scope, cost)| cost.line_items.iter().map(move |item| (scope, item)))
            .collect();
        let sums = tallies.iter().map(|(scope, tally)| (scope, &tally.cost));
        let bill = bill(sums, &asked.payers, asked.allowances, books);
        Self {
            currency: "USD",
            price_books: used(books, &items),
            line_items: line_items(&items, &total),
            bill: BillText {
                exact_usd: bill.exact.to_string(),
                rounded_usd: bill.rounded.fixed(2),
            },
            waste: waste(costs, &total),
            not_priced: not_priced(costs),
        }
    }
}

fn used(books: &PriceBooks, items: &[(&Scope, &LineItem)]) -> Vec<BookText> {
    let files: BTreeSet<&str> = items.iter().map(|(_, item)| item.price.place.file.as_str()).collect();
    let used = books.books().iter().filter(|book| files.contains(book.file.as_str()));
    used.map(|book| BookText {
        id: book.id.clone(),
        as_of: book.as_of.to_string(),
    })
    .collect::<BTreeSet<_>>()
    .into_iter()
    .collect()
}

fn line_items(items: &[(&Scope, &LineItem)], total: &Amount) -> Vec<LineItemText> {
    let amounts: Vec<Amount> = items.iter().map(|(_, item)| item.amount.clone()).collect();
    let printed = largest_remainder(&amounts, total).unwrap_or(amounts);
    let text = |((scope, item), printed): (&(&Scope, &LineItem), Amount)| LineItemText {
        provider: scope.provider.clone(),
        account: scope.account.clone(),
        region: scope.region.clone(),
        function: scope.function.clone(),
        item: item.price.id.clone(),
        quantity: Amount::new(item.quantity.clone()).to_string(),
        unit: item.price.unit.to_string(),
        price_usd: Amount::new(item.price.unit_price()).to_string(),
        cost_usd: printed.to_string(),
    };
    items.iter().zip(printed).map(text).collect()
}

fn not_priced(costs: &BTreeMap<Scope, Cost>) -> Vec<NotPricedText> {
    let mut sums: BTreeMap<(&str, Reason, Option<&str>), i128> = BTreeMap::new();
    for (scope, cost) in costs {
        for (reason, milli) in &cost.not_priced {
            let region = scope.region.as_deref().filter(|_| *reason == Reason::RegionPrice);
            *sums.entry((&scope.provider, *reason, region)).or_default() += milli;
        }
    }
    let text = |((provider, reason, region), milli): ((&str, Reason, Option<&str>), i128)| NotPricedText {
        provider: provider.to_owned(),
        region: region.map(str::to_owned),
        reason: reason.word(),
        message: reason.to_string(),
        invocations: whole(milli),
    };
    sums.into_iter().map(text).collect()
}

fn waste(costs: &BTreeMap<Scope, Cost>, total: &Amount) -> Vec<WasteText> {
    let mut sums: BTreeMap<Waste, Amount> = BTreeMap::new();
    for (kind, amount) in costs.values().flat_map(|cost| &cost.waste) {
        *sums.entry(*kind).or_insert_with(Amount::zero) += amount.clone();
    }
    let (kinds, amounts): (Vec<Waste>, Vec<Amount>) = sums.into_iter().unzip();
    let printed = largest_remainder(&amounts, total).unwrap_or(amounts);
    kinds
        .into_iter()
        .zip(printed)
        .map(|(kind, amount)| WasteText {
            kind: kind.as_str(),
            cost_usd: amount.to_string(),
        })
        .collect()
}
