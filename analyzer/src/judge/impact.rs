//! What a finding costs: its integer quantities times the scope's own list prices, exactly.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Amount, Price};

use super::query::{Row, whole};
use crate::analysis::cost::monthly;
use crate::judge::judgement::Impact;
use crate::measure::Evidence;
use crate::pricing::Entry;

/// Thousandths of a millisecond to which waiting is given.
const MICROSECONDS: f64 = 1_000.0;

/// Which of several prices is taken: the lowest for the lower bound, the highest for the upper one.
#[derive(Clone, Copy)]
enum Bound {
    Low,
    High,
}

/// Returns the impact of a row.
pub(super) fn of(row: &Row, evidence: &[&Evidence], books: &PriceBooks, length_nanos: i64) -> Impact {
    let prices: Vec<&Price> = books.prices().collect();
    let amount = |bound, name| amount(row, evidence, &prices, bound, name);
    let usd = amount(Bound::Low, "low").zip(amount(Bound::High, "high"));
    let month = usd
        .as_ref()
        .and_then(|(low, high)| monthly(low, length_nanos).zip(monthly(high, length_nanos)));
    let printed = |(low, high): (Amount, Amount)| [low.to_string(), high.to_string()];
    Impact {
        usd: usd.map(printed),
        usd_month: month.map(printed),
        ms_p95: row.impact.get("impact_ms_p95").and_then(milliseconds),
        risk: row.impact.get("impact_risk").and_then(risk),
    }
}

/// Returns one bound in USD; none where the row gives no quantity, does not know one, or has no price for it.
fn amount(row: &Row, evidence: &[&Evidence], prices: &[&Price], bound: Bound, name: &str) -> Option<Amount> {
    let time = row.impact.get(&format!("impact_{name}_mib_ms"));
    let requests = row.impact.get(&format!("impact_{name}_requests"));
    let mut sum = Amount::zero();
    for (quantity, entries) in [(time, Entries::Duration), (requests, Entries::Requests)] {
        if let Some(quantity) = quantity {
            sum += priced(whole(quantity)?, &entries.of(evidence), prices, bound)?;
        }
    }
    (time.is_some() || requests.is_some()).then_some(sum)
}

/// What a quantity is priced by.
enum Entries {
    Duration,
    Requests,
}

impl Entries {
    fn of(&self, evidence: &[&Evidence]) -> BTreeSet<Entry> {
        let of = |evidence: &&Evidence| match self {
            Self::Duration => evidence.duration.clone(),
            Self::Requests => evidence.requests.clone(),
        };
        evidence.iter().flat_map(of).collect()
    }
}

fn priced(quantity: i128, entries: &BTreeSet<Entry>, prices: &[&Price], bound: Bound) -> Option<Amount> {
    if quantity == 0 {
        return Some(Amount::zero());
    }
    let amounts = entries
        .iter()
        .filter_map(|entry| prices.get(entry.0))
        .map(|price| price.amount(quantity));
    match bound {
        Bound::Low => amounts.reduce(|a, b| if b < a { b } else { a }),
        Bound::High => amounts.reduce(|a, b| if b > a { b } else { a }),
    }
}

fn milliseconds(value: &ScalarValue) -> Option<f64> {
    match value.cast_to(&DataType::Float64) {
        Ok(ScalarValue::Float64(Some(ms))) if ms.is_finite() => Some((ms * MICROSECONDS).round() / MICROSECONDS),
        _ => None,
    }
}

fn risk(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(str::to_owned)
}
