//! How an amount comes about, step by step, so that a reader can redo it.

use num_rational::BigRational;

use super::{Amount, BillingRule, Measured, Priced, Unbilled};

/// One step of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What the step is, such as `quantity`.
    pub name: &'static str,
    /// The step in numbers and units.
    pub text: String,
}

/// Explains the list amount of a quantity that is given in the base of the price's unit.
///
/// `priced` is the entry that [`super::PriceBooks::price`] returned for the instant.
#[must_use]
pub fn explain(priced: Priced<'_>, quantity: i128) -> Vec<Step> {
    let (price, unit) = (priced.price, priced.price.unit);
    let converted = unit.convert(quantity);
    let amount = price.amount(quantity);
    let step = |name, text| Step { name, text };
    let mut steps = vec![step("quantity", format!("{quantity} {}", unit.base()))];
    if unit.base_per_unit() != 1 {
        let text = format!("{quantity} / {} = {} {unit}", unit.base_per_unit(), shown(&converted));
        steps.push(step("conversion", text));
    }
    steps.push(step("price", price_text(priced)));
    let product = format!(
        "{} {unit} x ${} = ${}",
        shown(&converted),
        shown(&price.unit_price()),
        shown(amount.as_ratio())
    );
    steps.push(step("product", product));
    steps.push(step(
        "rounding",
        format!("${amount} (half-even to 18 places, once, when printed)"),
    ));
    let ends = price
        .effective_to
        .map_or_else(String::new, |to| format!(", until {to} (not included)"));
    let note = price.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
    let dates = format!(
        "in force from {}{ends}, read {}{note}",
        price.effective_from, price.retrieved
    );
    steps.push(step("billed", price.billed.clone()));
    steps.push(step(
        "source",
        format!("{}; {dates}; {}:{}", price.source, price.place.file, price.place.line),
    ));
    steps
}

/// Explains the list amount of `count` equal uses from what was measured of each: the rule of billing first.
///
/// # Errors
/// [`Unbilled`] names what is not known of a use.
pub fn explain_measured(
    priced: Priced<'_>,
    rule: Option<&BillingRule>,
    measured: &Measured,
    count: i128,
) -> Result<Vec<Step>, Unbilled> {
    let billed = priced.price.billed(rule, measured)?;
    let quantity = billed.quantity.saturating_mul(count);
    let mut steps = billed.steps;
    if count != 1 {
        let base = priced.price.unit.base();
        steps.push(Step {
            name: "uses",
            text: format!("{count} x {} {base} = {quantity} {base}", billed.quantity),
        });
    }
    steps.extend(explain(priced, quantity));
    Ok(steps)
}

fn price_text(priced: Priced<'_>) -> String {
    let price = priced.price;
    let architecture = price
        .architecture
        .as_ref()
        .map_or_else(String::new, |name| format!(", {name}"));
    let tier = if price.tiers.len() > 1 { ", first paid tier" } else { "" };
    let discount = if price.discount_percent.is_positive() {
        format!(", {} % discount", price.discount_percent)
    } else {
        String::new()
    };
    let backdated = if priced.priced_backdated {
        ", older than the first known price"
    } else {
        ""
    };
    let fallback = if priced.fallback_region {
        ", fallback region"
    } else {
        ""
    };
    let amount = shown(&price.unit_price());
    format!(
        "{} in {}{architecture}: ${amount} per {}{tier}{discount}{backdated}{fallback}",
        price.id, price.region, price.unit
    )
}

/// Prints a number exactly where its decimals end within 30 places, else as a fraction.
fn shown(value: &BigRational) -> String {
    let amount = Amount::new(value.clone());
    let fixed = amount.fixed(30);
    if amount.rounded(30) != amount {
        return format!("{}/{}", value.numer(), value.denom());
    }
    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
}
