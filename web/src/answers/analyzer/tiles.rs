//! Tiles: a number of now, the same of the window before, and its course.

use pennyspan_analyzer::analysis::counts::whole;
use pennyspan_analyzer::analysis::courses::Course;
use pennyspan_analyzer::analysis::overview::Overview;
use pennyspan_rules::price::PriceBooks;

use super::home::sum;
use super::numbers;
use crate::answers::Tile;
use crate::format::{Harm, Missing, Shown, Usd, count, duration, per_minute, percent, usd};
use crate::state::Window;

/// What a tile shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Invocations,
    Errors,
    P95,
    Cold,
    Throttled,
    Cut,
    Lag,
    UsdPerHour,
}

/// The tiles of the home page.
pub(super) const HOME: [Number; 8] = [
    Number::Errors,
    Number::Invocations,
    Number::P95,
    Number::Cold,
    Number::Throttled,
    Number::Cut,
    Number::Lag,
    Number::UsdPerHour,
];

/// The tiles of a function.
pub(super) const FUNCTION: [Number; 6] = [
    Number::Invocations,
    Number::Errors,
    Number::P95,
    Number::Cold,
    Number::Lag,
    Number::UsdPerHour,
];

/// Two windows, out of which tiles are made.
pub(super) struct Tiles<'a> {
    pub(super) books: &'a PriceBooks,
    pub(super) now: &'a Course<Overview>,
    pub(super) before: &'a Course<Overview>,
    pub(super) window: Window,
    pub(super) path: &'a str,
    pub(super) harm: &'a (dyn Fn(&[&str]) -> Harm + Sync),
}

/// A number as it is shown, and as it is compared.
type Read = (Shown, Option<f64>);

impl Tiles<'_> {
    pub(super) fn of(&self, numbers: &[Number]) -> Vec<Tile> {
        let (now, before) = (sum(self.now), (!self.before.is_empty()).then(|| sum(self.before)));
        numbers
            .iter()
            .map(|number| self.tile(*number, &now, before.as_ref()))
            .collect()
    }

    fn tile(&self, number: Number, now: &Overview, before: Option<&Overview>) -> Tile {
        let (value, is) = self.read(number, now);
        let (was, was_number) = before.map_or_else(
            || (Shown::missing(Missing::NoData), None),
            |before| self.read(number, before),
        );
        let course = |course: &Course<Overview>| {
            course
                .iter()
                .map(|cell| cell.as_ref().and_then(|cell| self.read(number, cell).1))
                .collect()
        };
        Tile {
            label: number.label().to_owned(),
            value,
            was,
            change: was_number.zip(is),
            note: String::new(),
            harm: number.harm(is, (self.harm)(number.rules())),
            values: course(self.now),
            compare: course(self.before),
            path: self.path.to_owned(),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a position in a picture and a ratio of change"
    )]
    fn read(&self, number: Number, of: &Overview) -> Read {
        let ran = whole(of.counts.invocations_milli);
        let plain = |n: i64| (count(n), Some(n as f64));
        let share = |part: i64, all: i64| (percent(part, all), numbers::share(part, all));
        let us = |quantiles: &pennyspan_analyzer::analysis::quantiles::Quantiles, value: Option<i64>| match value {
            Some(us) => (duration(us).quantile(numbers::precision(quantiles)), Some(us as f64)),
            None => (Shown::missing(Missing::NoData), None),
        };
        match number {
            Number::Invocations => (per_minute(ran, self.window.length()), Some(ran as f64)),
            Number::Errors => share(whole(of.counts.failed_milli()), ran),
            Number::P95 => {
                let quantiles = of.latency.answer();
                us(&quantiles, quantiles.p95)
            }
            Number::Cold => match numbers::cold(&of.cold_starts.answer()) {
                Ok((cold, known)) => share(cold, known),
                Err(why) => (Shown::missing(why), None),
            },
            Number::Throttled => plain(whole(of.counts.throttles_milli)),
            Number::Cut => plain(whole(of.counts.timeouts_milli + of.counts.out_of_memory_milli)),
            Number::Lag => {
                let quantiles = of.lag.answer().first_attempt_us;
                us(&quantiles, quantiles.p95)
            }
            Number::UsdPerHour => self.usd_per_hour(of),
        }
    }

    fn usd_per_hour(&self, of: &Overview) -> Read {
        let amount = numbers::amount(&of.cost.cost(self.books));
        if amount.priced == 0 {
            return (amount.shown(), None);
        }
        let hour = i128::from(3_600 * numbers::SECOND);
        let length = i128::from(self.window.length().max(1));
        // Hours are few digits; a dollar has eighteen places.
        let rate = Usd(amount.usd.0.saturating_mul(hour / 1_000_000_000) / (length / 1_000_000_000).max(1));
        (usd(rate), Some(amount.usd.position()))
    }
}

impl Number {
    fn label(self) -> &'static str {
        match self {
            Self::Invocations => "Invocations per min",
            Self::Errors => "Error rate",
            Self::P95 => "Duration p95",
            Self::Cold => "Cold starts",
            Self::Throttled => "Throttled",
            Self::Cut => "Timeouts and OOM",
            Self::Lag => "Trigger lag p95",
            Self::UsdPerHour => "USD per hour",
        }
    }

    /// Returns whether a number is red: its rule fires, and it is not nothing, unless nothing is what is wrong.
    fn harm(self, value: Option<f64>, fires: Harm) -> Harm {
        let shows = self == Self::Invocations || value.is_some_and(|value| value > 0.0);
        if shows { fires } else { Harm::Quiet }
    }

    fn rules(self) -> &'static [&'static str] {
        match self {
            Self::Invocations => &["gone-quiet"],
            Self::Errors => &["error-rate", "poison-message"],
            Self::P95 => &["duration-regression", "near-timeout"],
            Self::Cold => &["cold-start-rate", "slow-init"],
            Self::Throttled => &[],
            Self::Cut => &["timeouts", "oom"],
            Self::Lag => &["trigger-lag"],
            Self::UsdPerHour => &["retry-amplification"],
        }
    }
}
