//! The reading: calls and deliveries first, then all attempts twice, once to see them and once to measure them.

use std::sync::Arc;

use futures::StreamExt;
use pennyspan_rules::PriceBooks;
use pennyspan_schema::tables::invocation_calls;
use pennyspan_schema::{Slice, Table, Window};

use super::attempt::{self, Reader, Row};
use super::counted;
use super::delivery;
use super::dependency::Dependencies;
use super::event::Events;
use super::evidence::Evidences;
use super::function::Functions;
use super::minute::Minutes;
use super::shape::Shapes;
use super::sighted;
use super::sightings::Sightings;
use super::source::Sources;
use super::version::Versions;
use crate::analysis::Selection;
use crate::error::AnalysisError;
use crate::neighbours::LOOKBACK_NANOS;
use crate::pricing::{Basis, Entry, Pricer, Pricing};
use crate::session::Session;

/// How far each view reads before the window, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    pub(crate) minutes_nanos: i64,
    pub(crate) dependencies_nanos: i64,
}

/// Everything that is measured.
pub(crate) struct Pass {
    window: Window,
    selection: Selection,
    pub(super) functions: Functions,
    pub(super) minutes: Minutes,
    pub(super) versions: Versions,
    pub(super) sources: Sources,
    pub(super) dependencies: Dependencies,
    pub(super) events: Events,
    pub(super) shapes: Shapes,
    pub(super) evidences: Evidences,
    sightings: Sightings,
    prices: Vec<Option<f64>>,
}

impl Pass {
    /// Reads everything that views need.
    pub(crate) async fn run(
        session: &Session,
        window: Window,
        selection: &Selection,
        reach: Reach,
        done: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, AnalysisError> {
        let books = session.books();
        let mut pass = Self {
            window,
            selection: selection.clone(),
            functions: Functions::default(),
            minutes: Minutes::default(),
            versions: Versions::default(),
            sources: Sources::default(),
            dependencies: Dependencies::default(),
            events: Events::default(),
            shapes: Shapes::default(),
            evidences: Evidences::default(),
            sightings: Sightings::default(),
            prices: per_mib_ms(&books),
        };
        let back = |nanos: i64| Window {
            start_unix_nano: window.start_unix_nano.saturating_sub(nanos),
            ..window
        };
        pass.read_calls(session, back(reach.dependencies_nanos)).await?;
        done("calls");
        pass.read_deliveries(session, back(LOOKBACK_NANOS)).await?;
        done("deliveries");
        let range = back(reach.minutes_nanos.max(reach.dependencies_nanos).max(LOOKBACK_NANOS));
        pass.see_attempts(session, range).await?;
        pass.sightings.settle();
        done("sightings");
        pass.add_attempts(session, range, &books).await?;
        done("attempts");
        for counted in counted::read(session, back(reach.minutes_nanos)).await? {
            pass.minutes
                .add_counted(counted.scope(), Slice::of(counted.unix_nano).0, counted.count);
        }
        Ok(pass)
    }

    async fn read_calls(&mut self, session: &Session, range: Window) -> Result<(), AnalysisError> {
        let mut rows = session
            .rows(Table::InvocationCalls, invocation_calls::COLUMNS, range)
            .await?;
        let mut attempt = String::new();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run("calls"))?;
            let reader = invocation_calls::Reader::new(&batch).map_err(AnalysisError::rows("calls"))?;
            for call in reader.rows() {
                name_attempt(
                    &mut attempt,
                    [call.provider, call.key_scope, call.invocation_id],
                    Some(call.start_unix_nano),
                );
                self.dependencies.add(&call, &attempt);
                if self.window.contains(call.start_unix_nano) {
                    self.shapes.take(&call, &attempt);
                }
            }
        }
        self.shapes.settle();
        Ok(())
    }

    async fn read_deliveries(&mut self, session: &Session, range: Window) -> Result<(), AnalysisError> {
        let mut rows = session.rows(Table::Deliveries, delivery::COLUMNS, range).await?;
        let mut key = String::new();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(delivery::NAME))?;
            let reader = delivery::Reader::new(&batch).map_err(AnalysisError::rows(delivery::NAME))?;
            for row in reader.rows() {
                if let Some(invocation_id) = row.invocation_id {
                    name_attempt(&mut key, [row.provider, row.key_scope, invocation_id], None);
                    self.events.take(&row, &key);
                }
            }
        }
        Ok(())
    }

    /// Takes note of what must be known of all attempts before any is measured.
    async fn see_attempts(&mut self, session: &Session, range: Window) -> Result<(), AnalysisError> {
        let mut rows = session.rows(Table::Invocations, sighted::COLUMNS, range).await?;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(sighted::NAME))?;
            let reader = sighted::Reader::new(&batch).map_err(AnalysisError::rows(sighted::NAME))?;
            for row in reader.rows().filter(|row| row.is_selected(&self.selection)) {
                self.evidences.see(&row);
                if row.outcome().ran() {
                    self.sightings.see(&row);
                }
            }
        }
        Ok(())
    }

    async fn add_attempts(
        &mut self,
        session: &Session,
        range: Window,
        books: &PriceBooks,
    ) -> Result<(), AnalysisError> {
        let mut pricer = Pricer::new(books);
        let mut rows = session.rows(Table::Invocations, attempt::COLUMNS, range).await?;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(attempt::NAME))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows(attempt::NAME))?;
            for row in reader.rows() {
                if self.selection.selects(&row.priced()) {
                    self.add(&row, &mut pricer);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, row: &Row<'_>, pricer: &mut Pricer<'_>) {
        if self.sightings.biased(row.scope()) && !row.recorded() {
            return;
        }
        let inside = self.window.contains(row.start_unix_nano);
        if inside {
            self.functions.add(row, &self.sightings, self.window);
        }
        if !row.outcome().ran() {
            return;
        }
        let (time, request) = entries(pricer.price(&row.priced()));
        // Measures count MiB and milliseconds: what is billed by another unit as well has no price for them.
        let price = time.and_then(|entry| Some((entry, self.prices.get(entry.0).copied().flatten()?)));
        let (duration, usd_per_mib_ms) = price.unzip();
        self.minutes.add(row, usd_per_mib_ms);
        let day_before = self.window.start_unix_nano.saturating_sub(LOOKBACK_NANOS);
        if row.start_unix_nano < day_before {
            return;
        }
        self.versions.add(row, &self.sightings, self.window);
        if self.events.concern(row) {
            self.events.add(row, &name_of(row, None));
        }
        let name = || name_of(row, Some(row.start_unix_nano));
        if row.outcome().failed() {
            self.dependencies.add_failed(row, &name());
        }
        if inside {
            self.evidences.add(row, duration, request);
            self.sources.add(row);
            if row.evidence_span {
                self.shapes.add(row, &name(), usd_per_mib_ms);
            }
        }
    }
}

/// Returns the entries that price an attempt's time first, and its request.
fn entries(pricing: Pricing) -> (Option<Entry>, Option<Entry>) {
    let Pricing::Priced(charged) = pricing else {
        return (None, None);
    };
    let of = |wanted: fn(Basis) -> bool| {
        charged
            .charges
            .iter()
            .find(|charge| wanted(charge.basis))
            .map(|charge| charge.entry)
    };
    (
        of(|basis| matches!(basis, Basis::Time { .. })),
        of(|basis| basis == Basis::Request),
    )
}

/// Returns the list price of each entry for one MiB*ms, where that is its unit, as a number that decides levels.
fn per_mib_ms(books: &Arc<PriceBooks>) -> Vec<Option<f64>> {
    use num_traits::ToPrimitive;
    let each = books.prices().map(|price| {
        let of_time = price.unit.base() == "MiB*ms";
        of_time
            .then(|| (price.unit_price() * price.unit.convert(1)).to_f64())
            .flatten()
    });
    each.collect()
}

/// Returns what names an attempt, or with no start its key.
fn name_of(row: &Row<'_>, start_unix_nano: Option<i64>) -> String {
    let mut name = String::new();
    name_attempt(
        &mut name,
        [row.provider, row.key_scope, row.invocation_id],
        start_unix_nano,
    );
    name
}

/// Writes what names an attempt, or with no start its key, into a buffer.
fn name_attempt(buffer: &mut String, key: [&str; 3], start_unix_nano: Option<i64>) {
    use std::fmt::Write;
    buffer.clear();
    for part in key {
        buffer.push_str(part);
        buffer.push('\u{1f}');
    }
    if let Some(start) = start_unix_nano {
        // Writing into a String cannot fail.
        let _ = write!(buffer, "{start}");
    }
}
