//! Measure views: what rules read. Counts, integer sums and histograms of one window, computed once and kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::MemTable;
use datafusion::prelude::SessionContext;

use pennyspan_rules::Rule;
use pennyspan_schema::Window;

use crate::analysis::Question;
use crate::error::AnalysisError;
use crate::neighbours::configurations::Subject;
use crate::session::Session;

mod attempt;
mod counted;
mod delivery;
mod dependency;
mod event;
mod evidence;
mod function;
mod minute;
mod pass;
mod shape;
mod sighted;
mod sightings;
mod source;
mod tally;
mod version;
pub(crate) mod view;
pub mod views;

use event::Origin;
pub(crate) use event::Team;
pub(crate) use evidence::{Evidence, Evidences};
use pass::{Pass, Reach};
use view::MeasureRow;
use views::{ByDependency, ByFunctionMinute, VIEWS};

/// Nanoseconds in a second.
const SECOND_NANOS: i64 = 1_000_000_000;
/// The setting that says after how many attempts a source gives a message up.
const MOST_RECEIVES: &str = "max_receive_count";

/// The measure views of one window.
#[derive(Debug, Default)]
pub struct Measures {
    batches: BTreeMap<&'static str, RecordBatch>,
    pub(crate) evidences: Evidences,
}

impl Measures {
    /// Measures the attempts of a question, with as much history as some rules read; `done` is told what was read.
    ///
    /// # Errors
    /// [`AnalysisError`] where the tables cannot be read.
    pub async fn of(
        session: &Session,
        question: &Question,
        rules: &[&Rule],
        done: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, AnalysisError> {
        let lookback_nanos = |view: &str| {
            let reading = rules.iter().filter(|rule| rule.views.iter().any(|read| read == view));
            reading
                .map(|rule| rule.lookback_s.saturating_mul(SECOND_NANOS))
                .max()
                .unwrap_or(0)
        };
        let reach = Reach {
            minutes_nanos: lookback_nanos(ByFunctionMinute::VIEW.name),
            dependencies_nanos: lookback_nanos(ByDependency::VIEW.name),
        };
        let pass = Pass::run(session, question.window, &question.selection, reach, done).await?;
        Ok(Self::finish(session, question.window, pass))
    }

    fn finish(session: &Session, window: Window, mut pass: Pass) -> Self {
        let mut measures = Self::default();
        let settings = &session.neighbours().configurations;
        let most_receives = |origin: &Origin| {
            let [provider, account, region, _, _, source] = origin.each_ref().map(Option::as_deref);
            let subject = Subject {
                provider: provider?,
                account,
                region,
                resource: source?,
            };
            settings.number(subject, MOST_RECEIVES, window.start_unix_nano)
        };
        measures.put(&pass.functions.rows());
        measures.put(&pass.minutes.rows());
        measures.put(&pass.versions.rows());
        measures.put(&pass.sources.rows());
        measures.put(&pass.dependencies.rows());
        measures.put(&pass.events.message_rows(window, &pass.evidences.teams, most_receives));
        measures.put(&pass.events.event_rows(window, &pass.evidences.teams));
        measures.put(&pass.shapes.rows());
        measures.evidences = pass.evidences;
        measures
    }

    fn put<R: MeasureRow>(&mut self, rows: &[R]) {
        self.batches.insert(R::VIEW.name, R::batch(rows));
    }

    /// Registers every measure view; one that stands there already is replaced, and one without rows is empty.
    ///
    /// # Errors
    /// [`AnalysisError`] where the context refuses a view.
    pub fn register(&self, context: &SessionContext) -> Result<(), AnalysisError> {
        for view in &VIEWS {
            let failed = || AnalysisError::prepare(view.name);
            let schema = view.schema();
            let batch = self
                .batches
                .get(view.name)
                .cloned()
                .unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&schema)));
            let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(failed())?;
            context.deregister_table(view.name).map_err(failed())?;
            context.register_table(view.name, Arc::new(table)).map_err(failed())?;
        }
        Ok(())
    }
}
