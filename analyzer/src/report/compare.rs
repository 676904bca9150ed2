//! The comparison: what another window or an earlier report says of the same functions, and which differences are more than
//! chance.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Amount;
use pennyspan_schema::Window;
use serde::Serialize;
use serde_json::{Value, json};

use crate::analysis::bounded::Bounded;
use crate::analysis::cost::monthly;
use crate::analysis::figures::{Figures, figures};
use crate::analysis::{Question, Scope, Selection, Tally};
use crate::error::AnalysisError;
use crate::judge::judgement::WindowText;
use crate::report::budget::number;
use crate::session::Session;

mod earlier;

pub use earlier::{EarlierError, EarlierReport};

/// Nanoseconds of a week.
const WEEK_NANOS: i64 = 7 * 86_400 * 1_000_000_000;
/// Hundredths by which a value must differ that has no bounds.
const TOLERANCE_PERCENT: i128 = 20;
/// Places of shares and ratios, of milliseconds and of counts.
const SHARE_PLACES: u32 = 6;
const MS_PLACES: u32 = 3;

/// What a report is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// The window of the same length just before.
    Previous,
    /// The same window seven days before.
    Week,
    /// An earlier report.
    Report,
}

impl With {
    /// Returns its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::Week => "week",
            Self::Report => "report",
        }
    }

    /// Returns the window that is compared; none of a report, which has its own.
    #[must_use]
    pub fn window(self, window: Window) -> Option<Window> {
        let back = match self {
            Self::Previous => window.length_nanos(),
            Self::Week => WEEK_NANOS,
            Self::Report => return None,
        };
        Some(Window {
            start_unix_nano: window.start_unix_nano.saturating_sub(back),
            end_unix_nano: window.end_unix_nano.saturating_sub(back),
        })
    }
}

/// What one side says of a function, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Attempts that ran.
    pub invocations: Bounded,
    /// The same in a month; none of a window shorter than a day.
    pub monthly_invocations: Option<Amount>,
    /// Failed / invocations.
    pub error_rate: Option<Bounded>,
    /// Cold starts / invocations.
    pub cold_start_rate: Option<Bounded>,
    /// Median of durations, in milliseconds.
    pub p50_ms: Option<Bounded>,
    /// 95th percentile of durations, in milliseconds.
    pub p95_ms: Option<Bounded>,
    /// Attempts / events.
    pub retry_ratio: Option<Bounded>,
    /// List amount of what is priced.
    pub cost_usd: Option<Bounded>,
    /// The same for 1,000 invocations.
    pub cost_per_1k: Option<Bounded>,
    /// The same for a month; none of a window shorter than a day.
    pub monthly_usd: Option<Bounded>,
}

impl Side {
    /// Returns what attempts of a window of that length say.
    #[must_use]
    pub fn of(sums: &Figures, books: &PriceBooks, length_nanos: i64) -> Self {
        let invocations = sums.invocations();
        Self {
            monthly_invocations: monthly(&invocations.point, length_nanos),
            invocations,
            error_rate: sums.error_rate(),
            cold_start_rate: sums.cold_rate(),
            p50_ms: sums.duration_ms(500),
            p95_ms: sums.duration_ms(950),
            retry_ratio: sums.retry_ratio(),
            cost_usd: sums.cost_usd(books),
            cost_per_1k: sums.cost_per_1k(books),
            monthly_usd: sums.monthly_usd(books, length_nanos),
        }
    }

    /// Returns whether anything ran.
    #[must_use]
    pub fn has_data(&self) -> bool {
        !self.invocations.point.is_zero()
    }
}

/// The side before.
#[derive(Clone, Debug)]
pub struct Before {
    with: With,
    window: WindowText,
    by_function: BTreeMap<Scope, Side>,
    total: Side,
}

impl Before {
    /// Measures the window of a session that was opened for it.
    ///
    /// # Errors
    /// [`AnalysisError`] where the attempts cannot be read.
    pub async fn measured(with: With, session: &Session, selection: &Selection) -> Result<Self, AnalysisError> {
        let question = Question {
            window: session.window(),
            selection: selection.clone(),
        };
        let (by_function, total) = summed_up(session, &figures(session, &question).await?);
        Ok(Self {
            with,
            window: WindowText::of(session.window()),
            by_function,
            total,
        })
    }

    /// Takes what an earlier report says.
    #[must_use]
    pub fn of_report(report: &EarlierReport) -> Self {
        let (by_function, total) = report.sides();
        Self {
            with: With::Report,
            window: report.window.clone(),
            by_function,
            total,
        }
    }
}

/// Both sides.
#[derive(Clone, Debug)]
pub struct Sides {
    /// Before, by function.
    pub before: BTreeMap<Scope, Side>,
    /// Now, by function.
    pub after: BTreeMap<Scope, Side>,
    /// Before, over all functions.
    pub before_total: Side,
    /// Now, over all functions.
    pub after_total: Side,
}

impl Sides {
    /// Puts the figures of the session's window beside what was before.
    #[must_use]
    pub fn of(before: &Before, session: &Session, now: &BTreeMap<Scope, Figures>) -> Self {
        let (after, after_total) = summed_up(session, now);
        Self {
            before: before.by_function.clone(),
            before_total: before.total.clone(),
            after,
            after_total,
        }
    }
}

/// Returns the side of each function, and of all together.
fn summed_up(session: &Session, figures: &BTreeMap<Scope, Figures>) -> (BTreeMap<Scope, Side>, Side) {
    let (books, length) = (session.books(), session.window().length_nanos());
    let side = |sums: &Figures| Side::of(sums, &books, length);
    let mut all = Figures::default();
    for sums in figures.values() {
        all.merge(sums.clone());
    }
    let by_function = figures.iter().map(|(scope, sums)| (scope.clone(), side(sums)));
    (by_function.collect(), side(&all))
}

/// The comparison, as the report shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// `previous`, `week` or `report`.
    pub with: &'static str,
    /// The window before.
    pub window: WindowText,
    /// Whether anything ran in it; without, nothing is compared.
    pub has_data: bool,
    /// Over all functions; null where there was nothing before.
    pub total: Option<Changes>,
    /// By function; empty where there was nothing before.
    pub functions: Vec<FunctionChanges>,
}

/// What changed for one function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunctionChanges {
    /// The provider.
    pub provider: String,
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// `both`, `new` or `gone`: on which side it ran.
    pub status: &'static str,
    /// What changed.
    pub changes: Changes,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changes {
    /// Attempts that ran.
    pub invocations: Change,
    /// Failed / invocations.
    pub error_rate: Change,
    /// Cold starts / invocations.
    pub cold_start_rate: Change,
    /// Median of durations, in milliseconds.
    pub p50_ms: Change,
    /// 95th percentile of durations, in milliseconds.
    pub p95_ms: Change,
    /// Attempts / events.
    pub retry_ratio: Change,
    /// List amount, in USD.
    pub cost_usd: Change,
    /// List amount of 1,000 invocations, in USD.
    pub cost_per_1k_usd: Change,
}

/// One value on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Before; null where it is not known.
    pub before: Option<Value>,
    /// Now; null where it is not known.
    pub after: Option<Value>,
    /// Now less before.
    pub delta: Option<Value>,
    /// The 95 % interval of the difference; null where only values are known, which count from 20 % on.
    pub interval: Option<[Value; 2]>,
    /// Whether the difference is more than chance; null where a side is not known.
    pub beyond_noise: Option<bool>,
}

/// How a value is printed.
#[derive(Clone, Copy)]
enum As {
    Number(u32),
    Money,
}

impl As {
    fn shown(self, amount: &Amount) -> Value {
        match self {
            Self::Number(0) => amount.fixed(0).parse::<i64>().map_or(Value::Null, |count| json!(count)),
            Self::Number(places) => number(amount, places),
            Self::Money => json!(amount.to_string()),
        }
    }
}

impl Change {
    fn of(before: Option<&Bounded>, after: Option<&Bounded>, shown: As) -> Self {
        let compared = before.zip(after).map(|(before, after)| Difference::of(before, after));
        let value = |side: Option<&Bounded>| side.map(|value| shown.shown(&value.point));
        let interval = compared.as_ref().and_then(|difference| difference.interval.as_ref());
        Self {
            before: value(before),
            after: value(after),
            delta: compared.as_ref().map(|difference| shown.shown(&difference.delta)),
            interval: interval.map(|(low, high)| match shown {
                As::Number(0) => [number(low, 1), number(high, 1)],
                _ => [shown.shown(low), shown.shown(high)],
            }),
            beyond_noise: compared.map(|difference| difference.beyond_noise),
        }
    }
}

/// The difference of two values.
struct Difference {
    delta: Amount,
    interval: Option<(Amount, Amount)>,
    beyond_noise: bool,
}

impl Difference {
    fn of(before: &Bounded, after: &Bounded) -> Self {
        let delta = after.point.clone() - before.point.clone();
        let interval = before.difference(after);
        let beyond_noise = if let Some((low, high)) = &interval {
            *low > Amount::zero() || *high < Amount::zero()
        } else {
            let tolerated = before.point.clone() * Amount::ratio(TOLERANCE_PERCENT, 100).as_ratio();
            delta > tolerated || Amount::zero() - delta.clone() > tolerated
        };
        Self {
            delta,
            interval,
            beyond_noise,
        }
    }
}

impl Changes {
    fn of(before: Option<&Side>, after: Option<&Side>) -> Self {
        let change = |of: fn(&Side) -> Option<&Bounded>, shown: As| {
            let (before, after) = (before.and_then(of), after.and_then(of));
            // An amount of an earlier report has no bounds: its invocations are taken to scatter as those of now.
            let scattered = match (shown, before, after) {
                (As::Money, Some(before), Some(after)) => Some(before.clone().scattered_as(after)),
                _ => before.cloned(),
            };
            Change::of(scattered.as_ref(), after, shown)
        };
        Self {
            invocations: change(|side| Some(&side.invocations), As::Number(0)),
            error_rate: change(|side| side.error_rate.as_ref(), As::Number(SHARE_PLACES)),
            cold_start_rate: change(|side| side.cold_start_rate.as_ref(), As::Number(SHARE_PLACES)),
            p50_ms: change(|side| side.p50_ms.as_ref(), As::Number(MS_PLACES)),
            p95_ms: change(|side| side.p95_ms.as_ref(), As::Number(MS_PLACES)),
            retry_ratio: change(|side| side.retry_ratio.as_ref(), As::Number(SHARE_PLACES)),
            cost_usd: change(|side| side.cost_usd.as_ref(), As::Money),
            cost_per_1k_usd: change(|side| side.cost_per_1k.as_ref(), As::Money),
        }
    }

    /// Returns what changed by more than chance, in words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let named = [
            ("invocations", &self.invocations),
            ("error rate", &self.error_rate),
            ("cold start rate", &self.cold_start_rate),
            ("p50 ms", &self.p50_ms),
            ("p95 ms", &self.p95_ms),
            ("attempts per event", &self.retry_ratio),
            ("USD", &self.cost_usd),
            ("USD per 1,000", &self.cost_per_1k_usd),
        ];
        let text = |value: &Option<Value>| match value {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "-".to_owned(),
        };
        let beyond = named
            .into_iter()
            .filter(|(_, change)| change.beyond_noise == Some(true));
        beyond
            .map(|(name, change)| format!("{name} {} -> {}", text(&change.before), text(&change.after)))
            .collect()
    }
}

impl Comparison {
    /// Compares both sides.
    #[must_use]
    pub fn of(before: &Before, sides: &Sides) -> Self {
        let has_data = sides.before_total.has_data();
        let scopes: BTreeSet<&Scope> = sides.before.keys().chain(sides.after.keys()).collect();
        let ran = |side: &BTreeMap<Scope, Side>, scope: &Scope| side.get(scope).cloned().filter(Side::has_data);
        let functions = scopes.into_iter().filter_map(|scope| {
            let (old, new) = (ran(&sides.before, scope), ran(&sides.after, scope));
            let status = match (&old, &new) {
                (Some(_), Some(_)) => "both",
                (None, Some(_)) => "new",
                (Some(_), None) => "gone",
                (None, None) => return None,
            };
            Some(FunctionChanges {
                provider: scope.provider.clone(),
                account: scope.account.clone(),
                region: scope.region.clone(),
                function: scope.function.clone(),
                status,
                changes: Changes::of(old.as_ref(), new.as_ref()),
            })
        });
        Self {
            with: before.with.as_str(),
            window: before.window.clone(),
            has_data,
            total: has_data.then(|| Changes::of(Some(&sides.before_total), Some(&sides.after_total))),
            functions: if has_data { functions.collect() } else { Vec::new() },
        }
    }

    /// Returns what it is compared with, in words.
    #[must_use]
    pub fn head(&self) -> String {
        let what = match self.with {
            "previous" => "the window before",
            "week" => "the week before",
            _ => "an earlier report",
        };
        let nothing = if self.has_data {
            ""
        } else {
            ": no data there, so nothing is compared"
        };
        format!(
            "compared with {what} ({} .. {}){nothing}",
            self.window.start, self.window.end
        )
    }

    /// Returns one line for all functions together and for each that changed by more than chance.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let Some(total) = &self.total else {
            return Vec::new();
        };
        let mut lines = vec![("all functions".to_owned(), said(&total.words()))];
        for row in &self.functions {
            let name = row.function.clone().unwrap_or_else(|| "(unknown)".to_owned());
            match (row.status, row.changes.words()) {
                ("both", words) if words.is_empty() => {}
                ("both", words) => lines.push((name, words.join(", "))),
                (status, _) => lines.push((name, status.to_owned())),
            }
        }
        lines
    }
}

fn said(words: &[String]) -> String {
    if words.is_empty() {
        "nothing changed by more than chance".to_owned()
    } else {
        words.join(", ")
    }
}

#[cfg(test)]
mod tests;
