//! From the analyzer's numbers to those of the pages.

use pennyspan_analyzer::analysis::Scope;
use pennyspan_analyzer::analysis::cost::Cost;
use pennyspan_analyzer::analysis::counts::{Counts, whole};
use pennyspan_analyzer::analysis::courses::Grid;
use pennyspan_analyzer::analysis::deployed;
use pennyspan_analyzer::analysis::quantiles;
use pennyspan_rules::price::{self, PriceBooks};

use crate::answers::{FunctionId, Quantiles};
use crate::chart::{Bins, Deployment};
use crate::format::{Amount, Missing, Precision, Reading, Usd};
use crate::state::Window;

/// The most intervals of a chart.
const INTERVALS: i64 = 75;
/// Lengths of an interval that people know, in seconds.
const STEPS_S: [i64; 18] = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800,
];
/// Nanoseconds in a second.
pub(super) const SECOND: i64 = 1_000_000_000;
/// The most deployments that charts mark.
const MARKERS: usize = 20;

pub(super) fn window(window: Window) -> pennyspan_schema::Window {
    pennyspan_schema::Window {
        start_unix_nano: window.start,
        end_unix_nano: window.end,
    }
}

/// Cuts a window into intervals of a length that people know.
pub(super) fn grid(of: Window) -> Grid {
    let fits = |step: &i64| of.length() / (step * SECOND) <= INTERVALS;
    let step = STEPS_S
        .into_iter()
        .find(fits)
        .map_or(of.length() / INTERVALS, |step| step * SECOND);
    Grid {
        window: window(of),
        step_nanos: step.max(1),
    }
}

pub(super) fn bins(grid: Grid) -> Bins {
    Bins {
        start_unix_nano: grid.window.start_unix_nano,
        step_ns: grid.step_nanos,
        count: grid.count(),
    }
}

pub(super) fn usd(amount: &price::Amount) -> Usd {
    let digits: String = amount.fixed(18).chars().filter(|c| *c != '.').collect();
    // Eighteen places of any amount below 10^20 dollars fit.
    Usd(digits.parse().unwrap_or(i128::MAX))
}

pub(super) fn amount(cost: &Cost) -> Amount {
    Amount {
        usd: usd(&cost.amount),
        priced: whole(cost.priced_milli),
        not_priced: whole(cost.not_priced_milli),
    }
}

pub(super) fn quantiles(of: &quantiles::Quantiles) -> Quantiles {
    let reading = |us: Option<i64>| us.ok_or(Missing::NoData);
    Quantiles {
        p50_us: reading(of.p50),
        p95_us: reading(of.p95),
        p99_us: reading(of.p99),
        precision: precision(of),
    }
}

pub(super) fn precision(of: &quantiles::Quantiles) -> Precision {
    if of.approximate {
        Precision::Buckets
    } else {
        Precision::Exact
    }
}

/// Returns cold starts of those invocations of which it is known; an error where it is known of none.
pub(super) fn cold(of: &pennyspan_analyzer::analysis::cold_starts::ColdStarts) -> Reading<(i64, i64)> {
    let known = of.invocations_milli - of.unknown_milli;
    match (of.invocations_milli, known) {
        (0, _) => Err(Missing::NoData),
        (_, 0) => Err(Missing::Unknown),
        _ => Ok((whole(of.cold_milli), whole(known))),
    }
}

/// Returns invocations and those that failed.
pub(super) fn failures(counts: &Counts) -> (i64, i64) {
    (whole(counts.invocations_milli), whole(counts.failed_milli()))
}

pub(super) fn id(scope: &Scope) -> FunctionId {
    FunctionId {
        provider: scope.provider.clone(),
        account: scope.account.clone().unwrap_or_default(),
        region: scope.region.clone().unwrap_or_default(),
        function: scope.function.clone().unwrap_or_default(),
    }
}

pub(super) fn scope(id: &FunctionId) -> Scope {
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Scope {
        provider: id.provider.clone(),
        account: known(&id.account),
        region: known(&id.region),
        function: known(&id.function),
    }
}

/// Makes markers of deployments: those of one instant once, and at most as many as can be told apart.
pub(super) fn markers<'a>(deployments: impl Iterator<Item = &'a deployed::Deployment>) -> Vec<Deployment> {
    let mut markers: Vec<Deployment> = Vec::new();
    for deployment in deployments {
        let version = [&deployment.version, &deployment.revision].into_iter().flatten().next();
        let marker = Deployment {
            at_unix_nano: deployment.deployed_unix_nano,
            version: version.cloned().unwrap_or_else(|| deployment.source.clone()),
        };
        if markers
            .last()
            .is_none_or(|last| last.at_unix_nano != marker.at_unix_nano)
        {
            markers.push(marker);
        }
    }
    let extra = markers.len().saturating_sub(MARKERS);
    markers.split_off(extra)
}

/// Names the price books with the day up to which they were checked, Lambda's first.
pub(super) fn price_dates(books: &PriceBooks) -> Vec<String> {
    let named = |book: &price::PriceBook| format!("{} of {}", book.id, book.as_of);
    let lambda = books.books().iter().filter(|book| book.id == "aws-lambda");
    lambda
        .chain(books.books().iter().filter(|book| book.id != "aws-lambda"))
        .map(named)
        .collect()
}

/// Makes positions of a picture out of counts.
#[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
pub(super) fn positions(values: &[Option<i64>]) -> Vec<Option<f64>> {
    values.iter().map(|value| value.map(|value| value as f64)).collect()
}

/// Returns a part of a whole as a plain number; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
pub(super) fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
