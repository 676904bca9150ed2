//! The line items as rows of FOCUS, the FinOps Open Cost and Usage Specification, version 1.2, as CSV.
//!
//! Amounts are estimates at list prices: billed, effective, contracted and list cost are one and the same, and the column
//! `x_Estimated` says so.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};

use crate::report::Sheet;
use crate::report::costs::LineItemText;
use crate::report::csv::{Cell, Rows};

/// The columns, by name as the specification orders them; our own begins with `x_`.
pub const COLUMNS: [&str; 39] = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceId",
    "SubAccountId",
    "Tags",
    "x_Estimated",
];

/// Prints one row per line item.
#[must_use]
pub fn render(sheet: &Sheet) -> String {
    let mut rows = Rows::new(&COLUMNS);
    let window = &sheet.report.window;
    let months = months(&window.start, &window.end);
    for item in &sheet.report.cost.line_items {
        push(&mut rows, item, [&window.start, &window.end], &months);
    }
    rows.finish()
}

fn push(rows: &mut Rows, item: &LineItemText, [start, end]: [&String; 2], months: &[String; 2]) {
    let cost = || Cell::Number(item.cost_usd.clone());
    let price = || Cell::Number(item.price_usd.clone());
    let quantity = || Cell::Number(item.quantity.clone());
    let unit = unit(&item.unit);
    let (provider, service) = names(&item.provider);
    let description = format!("{} of {}", item.item, item.function.as_deref().unwrap_or("(unknown)"));
    let sku = format!("{}/{}", item.provider, item.item);
    let price_id = format!("{sku}/{}", item.region.as_deref().unwrap_or("any"));
    rows.push(&[
        cost(),
        Cell::Known(item.account.as_ref()),
        Cell::Null,
        Cell::Text("USD"),
        Cell::Text(&months[1]),
        Cell::Text(&months[0]),
        Cell::Text("Usage"),
        Cell::Null,
        Cell::Text(&description),
        Cell::Text("Usage-Based"),
        Cell::Text(end),
        Cell::Text(start),
        quantity(),
        Cell::Text(&unit),
        cost(),
        price(),
        cost(),
        Cell::Text(provider),
        cost(),
        price(),
        Cell::Text("Standard"),
        quantity(),
        Cell::Text(&unit),
        Cell::Text(provider),
        Cell::Text(provider),
        Cell::Known(item.region.as_ref()),
        Cell::Known(item.region.as_ref()),
        Cell::Known(item.function.as_ref()),
        Cell::Known(item.function.as_ref()),
        Cell::Text("Function"),
        Cell::Text("Compute"),
        Cell::Text(service),
        Cell::Text("Serverless Compute"),
        Cell::Text(&sku),
        Cell::Text(&item.item),
        Cell::Text(&price_id),
        Cell::Known(item.account.as_ref()),
        Cell::Null,
        Cell::Text("true"),
    ]);
}

/// Returns who provides, and what it is called there.
fn names(provider: &str) -> (&str, &str) {
    match provider {
        "aws" => ("AWS", "AWS Lambda"),
        "gcp" => ("Google Cloud", "Cloud Run functions"),
        "azure" => ("Microsoft", "Azure Functions"),
        "cloudflare" => ("Cloudflare", "Workers"),
        other => (other, other),
    }
}

/// Returns a unit as the specification writes units: in the plural, compound ones with a hyphen.
fn unit(unit: &str) -> String {
    match unit.split_once('-') {
        Some((first, rest)) => format!("{}-{}", capital(first), plural(rest)),
        None => plural(unit),
    }
}

fn plural(word: &str) -> String {
    match word {
        "s" => "Seconds".to_owned(),
        "h" => "Hours".to_owned(),
        "ms" => "Milliseconds".to_owned(),
        "GB" | "GiB" => word.to_owned(),
        counted => match counted.rsplit_once('-') {
            Some((word, number)) => format!("{}-{number}", plural(word)),
            None => capital(counted) + "s",
        },
    }
}

fn capital(word: &str) -> String {
    let is_name = word.chars().any(char::is_uppercase);
    let mut letters = word.chars();
    match letters.next().filter(|_| !is_name) {
        Some(first) => first.to_ascii_uppercase().to_string() + letters.as_str(),
        None => word.to_owned(),
    }
}

/// Returns the first day of the month in which a window begins, and the first after the month in which it ends.
fn months(start: &str, end: &str) -> [String; 2] {
    let day = |text: &str| DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc));
    let (Ok(first), Ok(end)) = (day(start), day(end)) else {
        return [start.to_owned(), end.to_owned()];
    };
    let last = (end - chrono::Duration::nanoseconds(1)).max(first);
    let next = match last.month() {
        12 => NaiveDate::from_ymd_opt(last.year() + 1, 1, 1),
        month => NaiveDate::from_ymd_opt(last.year(), month + 1, 1),
    };
    let text = |date: Option<NaiveDate>| {
        let midnight = date.and_then(|date| date.and_hms_opt(0, 0, 0));
        midnight.map_or_else(String::new, |at| {
            at.and_utc().to_rfc3339_opts(SecondsFormat::Secs, true)
        })
    };
    [
        text(NaiveDate::from_ymd_opt(first.year(), first.month(), 1)),
        text(next),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_written_as_the_specification_writes_them() {
        let pairs = [
            ("request", "Requests"),
            ("GB-s", "GB-Seconds"),
            ("GB-month", "GB-Months"),
            ("vCPU-h", "vCPU-Hours"),
            ("GB", "GB"),
            ("shard-hour", "Shard-Hours"),
            ("CPU-ms", "CPU-Milliseconds"),
        ];
        for (ours, theirs) in pairs {
            assert_eq!(unit(ours), theirs);
        }
    }

    #[test]
    fn the_billing_period_holds_the_window() {
        let [start, end] = months("2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z");
        assert_eq!(
            [start.as_str(), end.as_str()],
            ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"]
        );
        let [_, end] = months("2026-12-31T23:00:00Z", "2027-01-01T00:01:00Z");
        assert_eq!(end, "2027-02-01T00:00:00Z");
    }
}
