//! Cost: total, what it bought, and the line items that add up to it.

use super::with_csv;
use crate::answers::{FunctionCost, FunctionTab, Question};
use crate::chart::{Drawing, Figure, Part, Series, Split, TimeChart, Unit};
use crate::format::{Reading, Shown, Usd, change, usd};
use crate::pages::parts::{usd_cell, zooms};

#[derive(Debug)]
pub(super) struct CostView {
    pub(super) figures_line: Vec<(String, String, String)>,
    pub(super) figure: Figure,
    pub(super) split: String,
    pub(super) waste: Vec<WasteView>,
    pub(super) lines: Vec<LineView>,
    pub(super) total: String,
    pub(super) caveat: String,
    pub(super) price_book: String,
}

#[derive(Debug)]
pub(super) struct WasteView {
    pub(super) swatch: String,
    pub(super) what: String,
    pub(super) usd: String,
    pub(super) share: String,
    pub(super) because: String,
}

#[derive(Debug)]
pub(super) struct LineView {
    pub(super) item: String,
    pub(super) quantity: String,
    pub(super) unit: String,
    pub(super) price: String,
    pub(super) usd: String,
}

impl CostView {
    pub(super) fn of(cost: &FunctionCost, path: &str, question: &Question) -> Self {
        let split = split(cost);
        let waste = cost.waste.iter().enumerate().map(|(index, row)| WasteView {
            swatch: split.parts[index].swatch(),
            what: row.what.clone(),
            usd: usd(row.usd).bare().cell(),
            share: split.share(index),
            because: row.because.clone(),
        });
        let lines = cost.lines.iter().map(|line| LineView {
            item: line.item.clone(),
            quantity: line.quantity.clone(),
            unit: line.unit.clone(),
            price: line.price.clone(),
            usd: usd_cell(&line.usd),
        });
        Self {
            figures_line: figures_line(cost),
            figure: with_csv(course(cost, question), path, FunctionTab::Cost, question),
            waste: waste.collect(),
            split: split.svg(),
            lines: lines.collect(),
            total: cost.total.shown().bare().cell(),
            caveat: cost.total.caveat(),
            price_book: cost.price_book.clone(),
        }
    }
}

fn figures_line(cost: &FunctionCost) -> Vec<(String, String, String)> {
    let reading = |reading: &Reading<Usd>| Shown::reading(reading, |amount| usd(*amount)).cell();
    let versus = match cost.before {
        Ok(before) if cost.total.priced > 0 => change(before.position(), cost.total.usd.position()).words,
        Ok(_) => "not comparable".to_owned(),
        Err(why) => why.to_string(),
    };
    let caveat = if cost.total.not_priced > 0 {
        cost.total.caveat()
    } else {
        "every invocation is priced".to_owned()
    };
    vec![
        ("This window".to_owned(), cost.total.shown().cell(), caveat),
        ("The window before".to_owned(), reading(&cost.before), versus),
        (
            "Per 1,000 invocations".to_owned(),
            reading(&cost.per_thousand),
            "of those that are priced".to_owned(),
        ),
        (
            "If it went on".to_owned(),
            reading(&cost.per_month),
            "for 30 days, by scaling this window".to_owned(),
        ),
    ]
}

fn split(cost: &FunctionCost) -> Split {
    let part = |row: &crate::answers::WasteRow| Part {
        name: row.what.clone(),
        value: row.usd.0,
        shown: usd(row.usd).text(),
        kind: row.kind,
    };
    Split {
        sentence: format!("What {} bought", cost.total.shown().text()),
        parts: cost.waste.iter().map(part).collect(),
    }
}

fn course(cost: &FunctionCost, question: &Question) -> Figure {
    let mut chart = TimeChart::new("cost-course", cost.bins, question.state.tz, Unit::Usd, Drawing::Columns);
    chart.series = vec![Series::plain(
        "cost",
        cost.course.iter().map(|amount| amount.map(Usd::position)).collect(),
    )];
    chart.title = super::overview::claim("Cost", &chart.series[0], cost.bins, Unit::Usd, question);
    chart.subtitle.push_str("estimated list price per interval, USD");
    chart.deployments.clone_from(&cost.deployments);
    chart.links = zooms(cost.bins, &question.state, &[("tab", FunctionTab::Cost.key())]);
    chart.figure()
}
