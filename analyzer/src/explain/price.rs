//! What an attempt cost, in steps that a reader can redo; and what is missing where it has no price.

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Amount, Price, Priced, explain};
use serde::Serialize;

use crate::analysis::cost::CostTally;
use crate::analysis::{Attempt, Tally};
use crate::attempts::Row;
use crate::pricing::{Basis, Charge, Charged, Pricer, Pricing, Reason};

/// Thousandths in one: weights are in thousandths.
const MILLI: i64 = 1_000;

/// What an attempt cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PriceText {
    /// `priced`, `free` or `not priced`.
    pub status: &'static str,
    /// The list amount in USD; null where it is not priced.
    pub cost_usd: Option<String>,
    /// What it consists of.
    pub lines: Vec<PriceLine>,
    /// What the amount was spent on; sums to it.
    pub waste: Vec<StepText>,
    /// What is unknown, assumed or particular, in words.
    pub notes: Vec<String>,
}

/// One priced quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceLine {
    /// The item of the price book.
    pub item: String,
    /// Its amount in USD.
    pub cost_usd: String,
    /// How it comes about.
    pub steps: Vec<StepText>,
}

/// One step, or one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepText {
    /// What it is.
    pub name: String,
    /// In numbers and units.
    pub text: String,
}

/// Prices attempts and says how.
pub(super) struct Prices<'b> {
    books: &'b PriceBooks,
    entries: Vec<&'b Price>,
    pricer: Pricer<'b>,
}

impl<'b> Prices<'b> {
    pub(super) fn new(books: &'b PriceBooks) -> Self {
        Self {
            books,
            entries: books.prices().collect(),
            pricer: Pricer::new(books),
        }
    }

    pub(super) fn of(&mut self, row: &Row<'_>, billed_source: Option<&str>) -> PriceText {
        match self.pricer.price(row) {
            Pricing::Free => PriceText {
                status: "free",
                cost_usd: Some(Amount::zero().to_string()),
                notes: vec!["it did not run, and what does not run is not charged".to_owned()],
                ..PriceText::default()
            },
            Pricing::NotPriced(reason) => PriceText {
                status: "not priced",
                notes: missing(row, reason),
                ..PriceText::default()
            },
            Pricing::Priced(charged) => self.priced(row, charged, billed_source),
        }
    }

    fn priced(&self, row: &Row<'_>, charged: Charged, billed_source: Option<&str>) -> PriceText {
        let lines = charged
            .charges
            .iter()
            .filter_map(|charge| self.line(row, *charge, billed_source));
        let lines: Vec<PriceLine> = lines.collect();
        let notes = self.notes(row, &charged);
        // One attempt, whatever it stands for.
        let one = Row {
            sample_weight_milli: MILLI,
            ..*row
        };
        let mut sums = CostTally::default();
        sums.add(&Attempt::new(one, Pricing::Priced(charged)));
        let cost = sums.cost(self.books);
        let spent = cost.waste.iter().map(|(kind, amount)| StepText {
            name: kind.as_str().to_owned(),
            text: format!("${amount}"),
        });
        PriceText {
            status: "priced",
            cost_usd: Some(cost.amount.to_string()),
            lines,
            waste: spent.collect(),
            notes,
        }
    }

    fn line(&self, row: &Row<'_>, charge: Charge, billed_source: Option<&str>) -> Option<PriceLine> {
        let price = *self.entries.get(charge.entry.0)?;
        let priced = Priced {
            price,
            priced_backdated: row.start_unix_nano < price.effective_from.start_unix_nano(),
            fallback_region: Some(price.region.as_str()) != row.region,
        };
        let measured = measured(row, charge, price, billed_source);
        let steps = explain(priced, charge.quantity.into())
            .into_iter()
            .map(|step| StepText {
                name: step.name.to_owned(),
                text: step.text,
            });
        Some(PriceLine {
            item: price.id.clone(),
            cost_usd: price.amount(charge.quantity.into()).to_string(),
            steps: measured.into_iter().chain(steps).collect(),
        })
    }

    fn notes(&self, row: &Row<'_>, charged: &Charged) -> Vec<String> {
        let mut notes = Vec::new();
        if row.assumed_architecture {
            let low = charged.low_end.and_then(|(assumed, arm)| {
                let difference = |entry: usize| {
                    self.entries
                        .get(entry)
                        .map(|price| price.amount(assumed.quantity.into()))
                };
                Some((difference(assumed.entry.0)?, difference(arm.0)?))
            });
            let were = low.map_or_else(String::new, |(x86, arm)| {
                format!("; were it arm64, its duration would cost ${arm} instead of ${x86}")
            });
            notes.push(format!("nothing names its architecture, and x86_64 is assumed{were}"));
        }
        if charged.priced_backdated {
            notes.push("it is older than the first known price, which stands in".to_owned());
        }
        if charged.fallback_region {
            notes.push("its region has no price, and the fallback region's prices stand in".to_owned());
        }
        if row.sample_weight_milli != MILLI {
            let weight = Amount::ratio(row.sample_weight_milli.into(), MILLI.into());
            notes.push(format!(
                "it was sampled and stands for {weight} attempts, so sums count it so often"
            ));
        }
        notes
    }
}

/// Says what an attempt without a price lacks: what was missed first, and what is unknown beside it.
fn missing(row: &Row<'_>, reason: Reason) -> Vec<String> {
    let first = match reason {
        Reason::Instance if row.provider == "aws" => format!("it ran on a managed instance: {reason}"),
        Reason::RegionPrice => format!("{reason}, {}", row.region.unwrap_or_default()),
        Reason::Product => {
            let what = row.platform.or(row.execution_model).unwrap_or(row.provider);
            format!("{reason}, {what} of the provider {}", row.provider)
        }
        _ => reason.to_string(),
    };
    let unknown = [
        (row.region.is_none(), Reason::Region),
        (row.billed_duration_ms.is_none(), Reason::Duration),
        (row.memory_size_mib.is_none(), Reason::Memory),
    ];
    let place = unknown.iter().position(|(_, other)| *other == reason);
    let others = unknown.iter().skip(place.map_or(unknown.len(), |at| at + 1));
    let others = others.filter(|(is, _)| *is).map(|(_, other)| other.to_string());
    std::iter::once(first).chain(others).collect()
}

/// Says how a quantity was measured.
fn measured(row: &Row<'_>, charge: Charge, price: &Price, billed_source: Option<&str>) -> Option<StepText> {
    let text = match charge.basis {
        Basis::Time { per_ms } => {
            let from = match billed_source {
                Some("computed") => "computed by the billing rule of the day",
                Some("shared") => "its request-seconds' share of the time in which its instance was busy",
                _ => "as reported",
            };
            let of = match price.unit.base() {
                "mCPU*ms" => "thousandths of a vCPU",
                "MHz*ms" => "MHz",
                _ => "MiB",
            };
            format!("{per_ms} {of} x {} ms billed, {from}", row.billed_duration_ms?)
        }
        Basis::Request => "the invocation itself".to_owned(),
        Basis::Restore => format!("{} MiB restored from a snapshot", charge.quantity),
        Basis::ProcessorTime => "processor time, as reported".to_owned(),
    };
    Some(StepText {
        name: "measured".to_owned(),
        text,
    })
}
