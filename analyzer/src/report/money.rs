//! Limits on money: the most a month may cost, and the most it may rise.

use std::collections::BTreeMap;

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Amount;

use crate::analysis::bounded::Bounded;
use crate::analysis::figures::Figures;
use crate::analysis::{Scope, Tally};
use crate::report::compare::{Side, Sides};

/// Invocations that a cost is given for.
const PER: i128 = 1_000;

/// How much more than before is too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Increase {
    /// So many hundredths of what it was.
    Percent(Amount),
    /// So much a month.
    Usd(Amount),
}

/// Production's invocations a month, by function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volumes(pub BTreeMap<String, Amount>);

/// A monthly amount at production's counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtVolumes {
    /// The amount; none where no function of the window is among production's, or none of those is priced.
    pub value: Option<Bounded>,
    /// Functions of the window that production's counts do not name.
    pub unnamed: usize,
}

impl Volumes {
    /// Prices functions at production's counts: each one's cost of 1,000 invocations times its count.
    #[must_use]
    pub fn monthly(&self, of: &BTreeMap<&Scope, &Figures>, books: &PriceBooks) -> AtVolumes {
        let mut by_name: BTreeMap<Option<&str>, Figures> = BTreeMap::new();
        for (scope, sums) in of {
            let named = by_name.entry(scope.function.as_deref()).or_default();
            named.merge((*sums).clone());
        }
        let costs = by_name.iter().map(|(name, sums)| (*name, sums.cost_per_1k(books)));
        self.monthly_of(costs)
    }

    /// Prices functions by their cost of 1,000 invocations.
    pub(crate) fn monthly_of<'a>(&self, costs: impl Iterator<Item = (Option<&'a str>, Option<Bounded>)>) -> AtVolumes {
        let mut all = AtVolumes::default();
        for (name, cost) in costs {
            let Some((count, cost)) = name.and_then(|name| self.0.get(name)).zip(cost) else {
                all.unnamed += 1;
                continue;
            };
            let share = Amount::new(count.as_ratio() / Amount::ratio(PER, 1).as_ratio());
            let cost = cost.times(&share);
            all.value = Some(match all.value.take() {
                None => cost,
                Some(sum) => added(sum, cost),
            });
        }
        all
    }
}

/// Returns the sum of two amounts; its bounds are the sums of theirs, which holds however they depend on each other.
fn added(a: Bounded, b: Bounded) -> Bounded {
    let bounds = a.bounds.zip(b.bounds);
    Bounded {
        point: a.point + b.point,
        bounds: bounds.map(|((low, high), (other_low, other_high))| (low + other_low, high + other_high)),
        n: a.n + b.n,
    }
}

/// What the limits on money say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why the gate closes.
    pub failed: Vec<String>,
    /// What could not be judged, was judged otherwise, or may be chance.
    pub notes: Vec<String>,
}

/// The month of the window, as it is judged.
#[derive(Clone, Debug)]
pub struct Month<'a> {
    /// The window's exact amount for a month; none of a window shorter than a day.
    pub monthly: Option<Amount>,
    /// The same at production's counts, where those were given.
    pub at_volumes: Option<&'a AtVolumes>,
    /// Invocations that are not priced.
    pub not_priced: i64,
}

/// Judges the most that a month may cost: at production's counts, else at the window's rate, else by the cost of 1,000
/// invocations at the counts of a comparison that is long enough.
#[must_use]
pub fn judge_month(most: &Amount, month: &Month<'_>, sides: Option<&Sides>, min_samples: i64) -> Verdict {
    let mut verdict = Verdict::default();
    let not_priced = month.not_priced;
    let limit = most.fixed(2);
    if let Some(at) = month.at_volumes {
        verdict.notes.extend(left_out(at));
        match &at.value {
            Some(value) if value.point > *most => verdict.failed.push(format!(
                "${} a month at list prices and at production's counts ({not_priced} not priced), more than ${limit}",
                value.point.fixed(2)
            )),
            Some(_) => {}
            None => verdict.notes.push(
                "the monthly maximum is not judged: production's counts name no priced function of the window"
                    .to_owned(),
            ),
        }
        return verdict;
    }
    if let Some(monthly) = &month.monthly {
        if monthly > most {
            let monthly = monthly.fixed(2);
            verdict.failed.push(format!(
                "${monthly} a month at list prices ({not_priced} not priced), more than ${limit}"
            ));
        }
        return verdict;
    }
    let per_1k = sides.and_then(|sides| {
        let month = sides.before_total.monthly_invocations.as_ref()?;
        let after = sides
            .after_total
            .cost_per_1k
            .as_ref()
            .filter(|cost| cost.n >= min_samples)?;
        (!month.is_zero()).then(|| {
            (
                Amount::new(most.as_ratio() / month.as_ratio() * Amount::ratio(PER, 1).as_ratio()),
                after,
            )
        })
    });
    match per_1k {
        Some((allowed, after)) => {
            let sentence = format!(
                "${} per 1,000 invocations, of which ${limit} a month allows ${} at the comparison's counts (the window is \
                 shorter than 24 hours, so that there is no monthly figure)",
                after.point.fixed(6),
                allowed.fixed(6)
            );
            if *after.low() > allowed {
                verdict.failed.push(sentence);
            } else {
                verdict.notes.push(sentence);
            }
        }
        None => verdict.notes.push(
            "the monthly maximum is not judged: the window is shorter than 24 hours, so that there is no monthly figure; give \
             production's counts with --volumes, or a comparison of 24 hours or more"
                .to_owned(),
        ),
    }
    verdict
}

/// Says how many functions production's counts leave out.
fn left_out(at: &AtVolumes) -> Option<String> {
    let plural = if at.unnamed == 1 { "" } else { "s" };
    (at.unnamed > 0).then(|| {
        format!(
            "{} function{plural} of the window left out of monthly figures: not among production's counts, or not priced",
            at.unnamed
        )
    })
}

/// Judges how much more is spent than before: a month with a month, else 1,000 invocations with 1,000; of fewer samples on a side
/// nothing is said.
#[must_use]
pub fn judge_increase(most: &Increase, sides: Option<&Sides>, volumes: Option<&Volumes>, min_samples: i64) -> Verdict {
    let Some(sides) = sides else {
        return note("an increase is not judged: there is nothing to compare with; name it with --compare");
    };
    if !sides.before_total.has_data() {
        return note("an increase is not judged: there is no data in the window before");
    }
    let compared = volumes
        .and_then(|volumes| at_volumes(sides, volumes))
        .or_else(|| both(sides, |side| side.monthly_usd.as_ref()).map(|(a, b)| ("a month's cost", a, b)));
    let (what, before, after) = match (most, compared) {
        (_, Some(compared)) => compared,
        (Increase::Usd(_), None) => {
            return note(
                "an increase in USD a month is not judged: a window is shorter than 24 hours, so that there is no monthly \
                 figure; give production's counts with --volumes",
            );
        }
        (Increase::Percent(_), None) => match both(sides, |side| side.cost_per_1k.as_ref()) {
            Some((before, after)) => ("the cost of 1,000 invocations", before, after),
            None => return note("an increase is not judged: nothing is priced on one side of the comparison"),
        },
    };
    let n = before.n.min(after.n);
    if n < min_samples {
        return note(&format!(
            "an increase is not judged: {n} samples on one side, and {min_samples} are asked for (--min-samples)"
        ));
    }
    let before = before.scattered_as(&after);
    let delta = after.point.clone() - before.point.clone();
    let low = before.difference(&after).map_or_else(|| delta.clone(), |(low, _)| low);
    let (allowed, limit) = match most {
        Increase::Percent(percent) => {
            let share = percent.clone() * Amount::ratio(1, 100).as_ratio();
            (before.point.clone() * share.as_ratio(), format!("{percent} %"))
        }
        Increase::Usd(usd) => (usd.clone(), format!("${}", usd.fixed(2))),
    };
    let sentence = format!(
        "{what} rose by {} from ${} to ${}, more than {limit}",
        in_words(&delta, &before.point),
        shown(&before.point),
        shown(&after.point)
    );
    match (low > allowed, delta > allowed) {
        (true, _) => Verdict {
            failed: vec![sentence],
            ..Verdict::default()
        },
        (false, true) => note(&format!("{sentence}, which may be chance")),
        (false, false) => Verdict::default(),
    }
}

fn note(words: &str) -> Verdict {
    Verdict {
        notes: vec![words.to_owned()],
        ..Verdict::default()
    }
}

fn both(sides: &Sides, of: impl Fn(&Side) -> Option<&Bounded>) -> Option<(Bounded, Bounded)> {
    of(&sides.before_total).cloned().zip(of(&sides.after_total).cloned())
}

/// Returns both sides at production's counts.
fn at_volumes(sides: &Sides, volumes: &Volumes) -> Option<(&'static str, Bounded, Bounded)> {
    let common = |scope: &Scope| {
        let priced = |side: &BTreeMap<Scope, Side>| side.get(scope).is_some_and(|side| side.cost_per_1k.is_some());
        priced(&sides.before) && priced(&sides.after)
    };
    let of = |side: &BTreeMap<Scope, Side>| {
        let compared = || side.iter().filter(|(scope, _)| common(scope));
        // A function of several accounts or regions shares its count among them, as its invocations do.
        let share = |scope: &Scope, of: &Side| {
            let all: Amount = compared()
                .filter(|(other, _)| other.function == scope.function)
                .map(|(_, side)| &side.invocations.point)
                .sum();
            Amount::new(of.invocations.point.as_ratio() / all.as_ratio())
        };
        let costs = compared().map(|(scope, side)| {
            let cost = side.cost_per_1k.as_ref();
            (
                scope.function.as_deref(),
                cost.map(|cost| cost.times(&share(scope, side))),
            )
        });
        volumes.monthly_of(costs).value
    };
    let (before, after) = of(&sides.before).zip(of(&sides.after))?;
    Some(("a month's cost at production's counts", before, after))
}

fn in_words(delta: &Amount, before: &Amount) -> String {
    if before.is_zero() {
        return format!("${}", shown(delta));
    }
    let percent = Amount::new(delta.as_ratio() / before.as_ratio() * Amount::ratio(100, 1).as_ratio());
    format!("{} %", percent.fixed(1))
}

/// Prints cents, and of less than a dollar millionths.
fn shown(amount: &Amount) -> String {
    let places = if *amount < Amount::ratio(1, 1) { 6 } else { 2 };
    amount.fixed(places)
}

#[cfg(test)]
mod tests;
