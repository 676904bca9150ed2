//! The bill view: per payer, region, architecture and calendar month, tiers and allowances in order, what came before
//! the window first.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use num_integer::Integer;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Allowances, Bill, Month, Price, Usage};

use super::{CostTally, MILLI};
use crate::analysis::Scope;
use crate::pricing::Entry;

/// Who pays for an account; an account that is not listed pays for itself.
pub type Payers = BTreeMap<String, String>;

/// Returns the first instant of a month, in nanoseconds since 1970 UTC.
pub(crate) fn start_unix_nano(month: Month) -> i64 {
    let day = NaiveDate::from_ymd_opt(month.year, month.month, 1);
    day.and_then(|day| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_nanos_opt())
        .unwrap_or(i64::MIN)
}

/// Makes the bill of the attempts of all functions.
///
/// An allowance belongs to a payer, so what has no account gets none, whatever is asked. The part of the window's month
/// that lies before the window fills tiers and allowances first.
#[must_use]
pub fn bill<'t>(
    functions: impl IntoIterator<Item = (&'t Scope, &'t CostTally)>,
    payers: &Payers,
    allowances: Allowances,
    books: &PriceBooks,
) -> Bill {
    let prices: Vec<&Price> = books.prices().collect();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (scope, tally) in functions {
        let usages = usages(
            tally,
            &prices,
            scope
                .account
                .as_ref()
                .map(|account| payers.get(account).unwrap_or(account)),
        );
        match scope.account {
            Some(_) => known.extend(usages),
            None => unknown.extend(usages),
        }
    }
    let with = pennyspan_rules::price::bill(&known, allowances);
    let without = pennyspan_rules::price::bill(&unknown, Allowances::Ignored);
    Bill {
        exact: with.exact + without.exact,
        rounded: with.rounded + without.rounded,
        lines: with.lines.into_iter().chain(without.lines).collect(),
    }
}

fn usages<'b>(tally: &CostTally, prices: &[&'b Price], payer: Option<&String>) -> Vec<Usage<'b>> {
    let mut quantities: BTreeMap<(Month, Entry), (i128, i128)> = BTreeMap::new();
    for (place, quantity) in &tally.earlier {
        quantities.entry(*place).or_default().0 += quantity;
    }
    for (place, quantity) in &tally.by_month {
        quantities.entry(*place).or_default().1 += quantity;
    }
    let usage = |((month, entry), (before, quantity)): ((Month, Entry), (i128, i128))| {
        Some(Usage {
            payer: payer.cloned().unwrap_or_default(),
            price: prices.get(entry.0).copied()?,
            month,
            before: whole(before),
            quantity: whole(quantity),
        })
    };
    quantities.into_iter().filter_map(usage).collect()
}

/// Returns thousandths rounded half-even to whole units.
fn whole(milli: i128) -> i128 {
    let (quotient, rest) = milli.div_mod_floor(&i128::from(MILLI));
    match (2 * rest).cmp(&i128::from(MILLI)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
        std::cmp::Ordering::Greater => quotient + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousandths_round_half_even() {
        assert_eq!([500, 1_499, 1_500, 2_500, -500, -1_501].map(whole), [0, 1, 2, 2, 0, -2]);
    }

    #[test]
    fn months_start_at_midnight_utc() {
        let month = Month::of(1_791_442_800_000_000_000);
        assert_eq!(Month::of(start_unix_nano(month)), month);
        assert_ne!(Month::of(start_unix_nano(month) - 1), month);
    }
}
