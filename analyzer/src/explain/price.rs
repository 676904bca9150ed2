//! What an attempt cost, in steps that a reader can redo; and what is missing where it has no price.

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Amount, Price, Priced, explain};
use pennyspan_schema::InitType;
use serde::Serialize;

use crate::analysis::cost::CostTally;
use crate::analysis::{Attempt, Tally};
use crate::attempts::Row;
use crate::pricing::{Basis, Charge, Charged, Pricer, Pricing};

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
            Pricing::NotPriced => PriceText {
                status: "not priced",
                notes: self.missing(row),
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
        let measured = measured(row, charge, billed_source);
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
        if row.sample_weight_milli != MILLI {
            let weight = Amount::ratio(row.sample_weight_milli.into(), MILLI.into());
            notes.push(format!(
                "it was sampled and stands for {weight} attempts, so sums count it so often"
            ));
        }
        notes
    }

    /// Says what an attempt without a price lacks.
    fn missing(&self, row: &Row<'_>) -> Vec<String> {
        let managed = InitType::ManagedInstances.as_str();
        if row.init_type == Some(managed) || row.execution_model == Some("managed_instance") {
            return vec![
                "it ran on a managed instance: what is billed are the hours of the account's instances, and no part of \
                 them is the invocation's own"
                    .to_owned(),
            ];
        }
        let mut missing = Vec::new();
        if !self.books.books().iter().any(|book| book.provider == row.provider) {
            missing.push(format!("no price book knows the provider {}", row.provider));
        }
        let unknown = [
            (
                row.region.is_none(),
                "its region is unknown: name it with --region, or send cloud.region",
            ),
            (
                row.billed_duration_ms.is_none(),
                "its billed duration is unknown: no platform record reports it, and its duration is unknown as well",
            ),
            (
                row.memory_size_mib.is_none(),
                "its memory size is unknown: no platform record or setting says it",
            ),
        ];
        missing.extend(unknown.into_iter().filter(|(is, _)| *is).map(|(_, why)| why.to_owned()));
        if missing.is_empty() {
            let region = row.region.unwrap_or_default();
            let what = row.platform.or(row.execution_model).unwrap_or(row.provider);
            missing.push(format!("no price book has an entry for {what} in {region}"));
        }
        missing
    }
}

/// Says how a quantity was measured.
fn measured(row: &Row<'_>, charge: Charge, billed_source: Option<&str>) -> Option<StepText> {
    let text = match charge.basis {
        Basis::Time { mib } => {
            let from = match billed_source {
                Some("computed") => "computed by the billing rule of the day",
                _ => "as reported",
            };
            format!("{mib} MiB x {} ms billed, {from}", row.billed_duration_ms?)
        }
        Basis::Request => "the invocation itself".to_owned(),
        Basis::Restore => format!("{} MiB restored from a snapshot", charge.quantity),
    };
    Some(StepText {
        name: "measured".to_owned(),
        text,
    })
}
