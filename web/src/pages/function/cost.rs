//! Cost: total, what it bought, and the line items that add up to it.

use super::with_csv;
use crate::answers::{FunctionCost, FunctionTab, Question};
use crate::chart::{Drawing, Figure, Part, Series, Split, TimeChart, Unit};
use crate::format::{Reading, Shown, Usd, change, usd_fine, usd_parts};
use crate::pages::parts::zooms;

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
        let (shown, total) = shown(cost, cost.waste.iter().map(|row| Ok(row.usd)));
        let waste = cost.waste.iter().enumerate().map(|(index, row)| WasteView {
            swatch: split.parts[index].swatch(),
            what: row.what.clone(),
            usd: shown[index].clone(),
            share: split.share(index),
            because: row.because.clone(),
        });
        let (amounts, _) = self::shown(cost, cost.lines.iter().map(|line| line.usd));
        let lines = cost.lines.iter().zip(amounts).map(|(line, usd)| LineView {
            item: line.item.clone(),
            quantity: line.quantity.clone(),
            unit: line.unit.clone(),
            price: line.price.clone(),
            usd,
        });
        Self {
            figures_line: figures_line(cost),
            figure: with_csv(course(cost, question), path, FunctionTab::Cost, question),
            waste: waste.collect(),
            split: split.svg(),
            lines: lines.collect(),
            total,
            caveat: cost.total.caveat(),
            price_book: cost.price_book.clone(),
        }
    }
}

/// Shows amounts that add up to the total, and the total, without their unit.
fn shown(cost: &FunctionCost, amounts: impl Iterator<Item = Reading<Usd>>) -> (Vec<String>, String) {
    let amounts: Vec<Reading<Usd>> = amounts.collect();
    let known: Vec<Usd> = amounts.iter().filter_map(|amount| amount.ok()).collect();
    let (shown, total) = usd_parts(&known, cost.total.usd);
    let mut shown = shown.into_iter();
    let cell = |amount: Reading<Usd>| match amount {
        Ok(_) => shown.next().map(|amount| amount.bare().cell()).unwrap_or_default(),
        Err(why) => Shown::missing(why).cell(),
    };
    let total = if cost.total.priced > 0 {
        total
    } else {
        cost.total.shown()
    };
    (amounts.into_iter().map(cell).collect(), total.bare().cell())
}

fn figures_line(cost: &FunctionCost) -> Vec<(String, String, String)> {
    let reading = |reading: &Reading<Usd>| Shown::reading(reading, |amount| usd_fine(*amount)).cell();
    let versus = match cost.before {
        Ok(before) if cost.total.priced > 0 => change(before.position(), cost.total.usd.position()).words,
        Ok(_) => "not comparable".to_owned(),
        Err(_) => "nothing to compare with".to_owned(),
    };
    let caveat = if cost.total.not_priced > 0 {
        cost.total.caveat()
    } else {
        "every invocation is priced".to_owned()
    };
    let total = if cost.total.priced > 0 {
        usd_fine(cost.total.usd)
    } else {
        cost.total.shown()
    };
    vec![
        ("This window".to_owned(), total.cell(), caveat),
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
        shown: usd_fine(row.usd).text(),
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
