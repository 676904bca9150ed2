//! The cost of one function: line items and what they bought, both summing to the total.

use pennyspan_analyzer::analysis::cost::{Cost, Waste};
use pennyspan_rules::price::largest_remainder;

use super::{AnalyzerAnswers, Seen, per_thousand};
use crate::answers::analyzer::numbers;
use crate::answers::{CostLine, FunctionCost, Question, WasteRow};
use crate::chart::PartKind;
use crate::format::{Missing, Usd};

/// Nanoseconds in 30 days.
const MONTH_NANOS: i128 = 30 * 86_400 * 1_000_000_000;

impl AnalyzerAnswers {
    pub(super) fn function_cost(&self, seen: &Seen<'_>, question: &Question) -> FunctionCost {
        let cost = super::super::home::sum(&seen.sums).cost.cost(&self.books);
        let total = numbers::amount(&cost);
        let before = seen.before.as_ref().map(|course| {
            let before = super::super::home::sum(course).cost.cost(&self.books);
            numbers::amount(&before)
        });
        let seconds = i128::from(question.window.length().max(1)) / 1_000_000_000;
        let month = Usd(total.usd.0.saturating_mul(MONTH_NANOS / 1_000_000_000) / seconds.max(1));
        FunctionCost {
            before: match before {
                Some(before) if before.priced > 0 => Ok(before.usd),
                Some(_) => Err(Missing::NotPriced),
                None => Err(Missing::NoData),
            },
            per_thousand: per_thousand(total.usd, total.priced),
            per_month: if total.priced > 0 {
                Ok(month)
            } else {
                Err(Missing::NotPriced)
            },
            waste: waste(&cost),
            lines: lines(&cost),
            bins: numbers::bins(seen.grid),
            course: self.course_of_cost(seen),
            price_book: numbers::price_dates(&self.books).into_iter().next().unwrap_or_default(),
            deployments: seen.deployments.clone(),
            total,
        }
    }

    fn course_of_cost(&self, seen: &Seen<'_>) -> Vec<Option<Usd>> {
        let of = |cell: &pennyspan_analyzer::analysis::overview::Overview| {
            let amount = numbers::amount(&cell.cost.cost(&self.books));
            (amount.priced > 0).then_some(amount.usd)
        };
        seen.sums.iter().map(|cell| cell.as_ref().and_then(of)).collect()
    }
}

/// Rounds parts so that they add up to the rounded total.
fn adjusted(parts: &[pennyspan_rules::price::Amount], cost: &Cost) -> Vec<Usd> {
    let rounded = largest_remainder(parts, &cost.amount).unwrap_or_else(|_| parts.to_vec());
    rounded.iter().map(numbers::usd).collect()
}

fn waste(cost: &Cost) -> Vec<WasteRow> {
    let parts: Vec<_> = cost.waste.iter().map(|(_, amount)| amount.clone()).collect();
    let row = |((kind, _), usd): (&(Waste, _), Usd)| {
        let (what, because, drawn) = described(*kind);
        WasteRow {
            what: what.to_owned(),
            usd,
            because: because.to_owned(),
            kind: drawn,
        }
    };
    cost.waste.iter().zip(adjusted(&parts, cost)).map(row).collect()
}

fn described(kind: Waste) -> (&'static str, &'static str, PartKind) {
    match kind {
        Waste::Retry => (
            "Retries",
            "neither the first attempt of its event nor its first success",
            PartKind::Harm,
        ),
        Waste::Timeout => ("Timeouts", "cut at the limit", PartKind::Series(3)),
        Waste::Failure => ("Failures", "error, crash, or out of memory", PartKind::Series(1)),
        Waste::ColdStart => ("Cold starts", "billed init and restore", PartKind::Starting),
        Waste::ExtensionTail => (
            "Extensions",
            "what they take after the handler has answered",
            PartKind::Series(4),
        ),
        Waste::FunctionWait => ("Waiting", "for the answer of another function", PartKind::Waiting),
        Waste::Useful => ("Useful", "the rest", PartKind::Pale),
    }
}

fn lines(cost: &Cost) -> Vec<CostLine> {
    let parts: Vec<_> = cost.line_items.iter().map(|item| item.amount.clone()).collect();
    let line = |(item, usd): (&pennyspan_analyzer::analysis::cost::LineItem, Usd)| {
        let quantity = pennyspan_rules::price::Amount::new(item.quantity.clone());
        let price = pennyspan_rules::price::Amount::new(item.price.unit_price());
        CostLine {
            item: item.price.id.clone(),
            quantity: grouped(&quantity.rounded(3).to_string()),
            unit: item.price.unit.symbol().to_owned(),
            price: format!("{price} USD"),
            usd: Ok(usd),
        }
    };
    cost.line_items.iter().zip(adjusted(&parts, cost)).map(line).collect()
}

/// Parts the thousands of decimal text.
fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), crate::format::group);
    if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    }
}
