//! Figures that budgets and comparisons judge: each with its 95 % bounds, from one pass.

use std::collections::BTreeMap;

use futures::StreamExt;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Amount, Price};
use pennyspan_schema::Table;
use pennyspan_schema::tables::invocation_calls::{self, Reader};

use crate::analysis::bounded::{Bounded, Weighed, Z_95, float, fraction};
use crate::analysis::cost::{CostTally, amount_of, monthly};
use crate::analysis::counts::Counts;
use crate::analysis::quantiles::{BoundedQuantile, Samples};
use crate::analysis::selection::matches;
use crate::analysis::{Attempt, Question, Scope, Selection, Tally, part, tally};
use crate::error::AnalysisError;
use crate::pricing::{Entry, Pricing};
use crate::session::Session;

/// Thousandths in one: weights are in thousandths.
const MILLI: i128 = 1_000;
/// Invocations that a cost is given for.
const PER: i128 = 1_000;

/// What attempts add up to, with what bounds need.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Attempts and how they ended.
    pub counts: Counts,
    ran: Weighed,
    cold_milli: i128,
    cold_unknown_milli: i128,
    durations: Samples,
    cold: Samples,
    inits: Samples,
    lags: Samples,
    events: Events,
    traced: Weighed,
    priced: Weighed,
    quantities: BTreeMap<Entry, Squares>,
    cost: CostTally,
}

/// Events, by the attempts that each of them had.
#[derive(Clone, Copy, Debug, Default)]
struct Events {
    rows: i64,
    /// Events of which an attempt is the first in the window.
    first_milli: i128,
    delivered_milli: i128,
    /// Sums over events of their attempts, and of the square of those.
    tried_milli: i128,
    squares_milli: i128,
}

/// A weighted sum, and the sum of squares of what each row adds to it.
#[derive(Clone, Copy, Debug, Default)]
struct Squares {
    sum: i128,
    squares: i128,
}

impl Tally for Figures {
    const READS: &'static [&'static str] = &["evidence_span"];

    fn add(&mut self, attempt: &Attempt<'_>) {
        let (row, weight_milli) = (&attempt.row, attempt.weight_milli());
        self.counts.add(attempt);
        self.cost.add(attempt);
        self.events.add(attempt);
        self.add_quantities(attempt);
        if !attempt.outcome.ran() {
            return;
        }
        self.ran.add(weight_milli);
        if row.evidence_span == Some(true) {
            self.traced.add(weight_milli);
        }
        let weight = i128::from(weight_milli);
        match row.cold_start {
            Some(true) => self.cold_milli += weight,
            Some(false) => {}
            None => self.cold_unknown_milli += weight,
        }
        let started = row.init_duration_us.or(row.restore_duration_us);
        for (samples, us) in [
            (&mut self.durations, attempt.duration_us()),
            (&mut self.cold, started.filter(|_| row.cold_start == Some(true))),
            (&mut self.inits, row.init_duration_us),
            (&mut self.lags, row.trigger_lag_us),
        ] {
            if let Some(us) = us {
                samples.add(us, weight_milli);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
        self.ran.merge(other.ran);
        self.cold_milli += other.cold_milli;
        self.cold_unknown_milli += other.cold_unknown_milli;
        self.durations.merge(other.durations);
        self.cold.merge(other.cold);
        self.inits.merge(other.inits);
        self.lags.merge(other.lags);
        self.events.merge(other.events);
        self.traced.merge(other.traced);
        self.priced.merge(other.priced);
        for (entry, squares) in other.quantities {
            self.quantities.entry(entry).or_default().merge(squares);
        }
        self.cost.merge(other.cost);
    }
}

impl Figures {
    fn add_quantities(&mut self, attempt: &Attempt<'_>) {
        let Pricing::Priced(charged) = &attempt.pricing else {
            return;
        };
        self.priced.add(attempt.weight_milli());
        let mut by_entry: BTreeMap<Entry, i128> = BTreeMap::new();
        for charge in &charged.charges {
            *by_entry.entry(charge.entry).or_default() += i128::from(charge.quantity);
        }
        for (entry, quantity) in by_entry {
            let weighted = quantity * i128::from(attempt.weight_milli());
            self.quantities.entry(entry).or_default().add(weighted);
        }
    }

    /// Returns failed / invocations.
    #[must_use]
    pub fn error_rate(&self) -> Option<Bounded> {
        Bounded::share(self.counts.failed_milli(), self.ran)
    }

    /// Returns cold starts / invocations; none where nothing tells of any.
    #[must_use]
    pub fn cold_rate(&self) -> Option<Bounded> {
        let told = self.cold_unknown_milli < self.ran.sum_milli;
        Bounded::share(self.cold_milli, self.ran).filter(|_| told)
    }

    /// Returns a quantile of durations, in milliseconds; `q_milli` is in thousandths, here and below.
    #[must_use]
    pub fn duration_ms(&self, q_milli: u16) -> Option<Bounded> {
        self.durations.bounded(q_milli).map(milliseconds)
    }

    /// Returns a quantile of the inits or restores of cold starts, in milliseconds.
    #[must_use]
    pub fn cold_ms(&self, q_milli: u16) -> Option<Bounded> {
        self.cold.bounded(q_milli).map(milliseconds)
    }

    /// Returns a quantile of inits, in milliseconds.
    #[must_use]
    pub fn init_ms(&self, q_milli: u16) -> Option<Bounded> {
        self.inits.bounded(q_milli).map(milliseconds)
    }

    /// Returns a quantile of the lags of first attempts, in milliseconds.
    #[must_use]
    pub fn lag_ms(&self, q_milli: u16) -> Option<Bounded> {
        self.lags.bounded(q_milli).map(milliseconds)
    }

    /// Returns attempts per event, with the normal bound of a mean over events.
    #[must_use]
    pub fn retry_ratio(&self) -> Option<Bounded> {
        self.events.ratio()
    }

    /// Returns the cost of 1,000 invocations of those that are priced: a mean with its normal bound.
    #[must_use]
    pub fn cost_per_1k(&self, books: &PriceBooks) -> Option<Bounded> {
        let invocations = Amount::ratio(PER * MILLI, self.priced.sum_milli);
        let n = self.priced.effective();
        let scatter = |squares: &Squares| {
            let sum = float(squares.sum);
            (float(squares.squares) - sum * sum / n).max(0.0).sqrt()
        };
        self.spent(books, scatter).map(|spent| spent.times(&invocations))
    }

    /// Returns what the window costs; its bound is that of a sum over as many invocations as may come by chance.
    #[must_use]
    pub fn cost_usd(&self, books: &PriceBooks) -> Option<Bounded> {
        self.spent(books, |squares| float(squares.squares).sqrt())
    }

    /// Returns what a month costs at the window's rate; none where the window is shorter than a day.
    #[must_use]
    pub fn monthly_usd(&self, books: &PriceBooks, length_nanos: i64) -> Option<Bounded> {
        let factor = monthly(&Amount::ratio(1, 1), length_nanos)?;
        self.cost_usd(books).map(|spent| spent.times(&factor))
    }

    /// Returns the attempts that ran, within what may come by chance.
    #[must_use]
    pub fn invocations(&self) -> Bounded {
        Bounded::count(self.ran)
    }

    /// Returns the list amount; each price's quantity reaches as far as its scatter says, and the amount as far as all of them.
    fn spent(&self, books: &PriceBooks, scatter: impl Fn(&Squares) -> f64) -> Option<Bounded> {
        if self.priced.rows == 0 {
            return None;
        }
        let prices: Vec<&Price> = books.prices().collect();
        let reach = self
            .quantities
            .iter()
            .map(|(entry, squares)| amount_of(&prices, *entry, upwards(Z_95 * scatter(squares))))
            .sum();
        Some(Bounded::within(self.cost.cost(books).amount, &reach, self.priced.rows))
    }

    /// Returns calls per invocation of those that spans tell of.
    #[must_use]
    pub fn calls_per_invocation(&self, calls: &Calls) -> Option<Bounded> {
        let point = Amount::ratio(calls.sum, self.traced.sum_milli);
        let (sum, n) = (float(calls.sum), self.traced.effective());
        let reach = Z_95 * (float(calls.squares) - sum * sum / n).max(0.0).sqrt() / float(self.traced.sum_milli);
        (self.traced.rows > 0).then(|| Some(Bounded::within(point, &fraction(reach)?, self.traced.rows)))?
    }
}

impl Events {
    fn add(&mut self, attempt: &Attempt<'_>) {
        let (row, weight) = (&attempt.row, i128::from(attempt.weight_milli()));
        let (events, tried) = (i128::from(row.event_count), i128::from(row.event_attempts_count));
        self.rows += row.event_count;
        self.first_milli += events * weight;
        self.delivered_milli += i128::from(row.delivery_count) * weight;
        self.tried_milli += events * tried * weight;
        self.squares_milli += events * tried * tried * weight;
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.first_milli += other.first_milli;
        self.delivered_milli += other.delivered_milli;
        self.tried_milli += other.tried_milli;
        self.squares_milli += other.squares_milli;
    }

    fn ratio(self) -> Option<Bounded> {
        if self.first_milli <= 0 {
            return None;
        }
        let events = float(self.first_milli);
        let mean = float(self.tried_milli) / events;
        let variance = (float(self.squares_milli) / events - mean * mean).max(0.0);
        let reach = fraction(Z_95 * (variance / float(i128::from(self.rows.max(1)))).sqrt())?;
        let point = Amount::ratio(self.delivered_milli, self.first_milli);
        Some(Bounded::within(point, &reach, self.rows))
    }
}

impl Squares {
    fn add(&mut self, weighted: i128) {
        self.sum = self.sum.saturating_add(weighted);
        self.squares = self.squares.saturating_add(weighted.saturating_mul(weighted));
    }

    fn merge(&mut self, other: Self) {
        self.sum = self.sum.saturating_add(other.sum);
        self.squares = self.squares.saturating_add(other.squares);
    }
}

fn milliseconds(us: BoundedQuantile) -> Bounded {
    let ms = |us: i64| Amount::ratio(i128::from(us), MILLI);
    Bounded {
        point: ms(us.point),
        bounds: Some((ms(us.low), ms(us.high))),
        n: us.rows,
    }
}

/// Returns the next whole number; of what is none, zero.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from f64 saturates, and a bound may"
)]
fn upwards(quantity: f64) -> i128 {
    quantity.ceil() as i128
}

/// Answers the figures of every function of the question.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn figures(session: &Session, question: &Question) -> Result<BTreeMap<Scope, Figures>, AnalysisError> {
    let groups = tally::<Figures>(session, question, part::none).await?;
    Ok(groups.into_iter().map(|(group, sums)| (group.scope, sums)).collect())
}

/// Calls of attempts: their weighted sum, and the sum of squares over attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    sum: i128,
    squares: i128,
}

/// Answers how many calls the attempts of functions make that a glob and a selection name; the selection's tenants are not asked,
/// since calls do not name them.
///
/// # Errors
/// [`AnalysisError`] where the calls cannot be read.
pub async fn calls(session: &Session, selection: &Selection, function: &str) -> Result<Calls, AnalysisError> {
    let mut rows = session
        .rows(Table::InvocationCalls, invocation_calls::COLUMNS, session.window())
        .await?;
    let mut attempts: BTreeMap<(String, String, i64), i128> = BTreeMap::new();
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(AnalysisError::run("calls"))?;
        let reader = Reader::new(&batch).map_err(AnalysisError::rows("calls"))?;
        for row in reader.rows() {
            let of = crate::attempts::Row {
                provider: row.provider,
                function: row.function,
                service: row.service,
                environment: row.environment,
                ..crate::attempts::Row::default()
            };
            if matches(function, row.function.unwrap_or_default()) && selection.selects(&of) {
                let key = (
                    row.key_scope.to_owned(),
                    row.invocation_id.to_owned(),
                    row.start_unix_nano,
                );
                *attempts.entry(key).or_default() += i128::from(row.call_count) * i128::from(row.sample_weight_milli);
            }
        }
    }
    Ok(attempts.into_values().fold(Calls::default(), |calls, weighted| Calls {
        sum: calls.sum.saturating_add(weighted),
        squares: calls.squares.saturating_add(weighted.saturating_mul(weighted)),
    }))
}
