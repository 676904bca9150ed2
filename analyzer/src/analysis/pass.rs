//! One pass over the attempts: partitions side by side, groups merged at the end.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::{ExecutionPlanProperties, execute_stream_partitioned};
use futures::StreamExt;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Month;
use tokio::task::JoinSet;

use crate::analysis::cost::month_start;
use crate::analysis::{Attempt, Group, Part, Question, Scope, Tally};
use crate::attempts::{self, Reader, Row};
use crate::error::AnalysisError;
use crate::pricing::Pricer;
use crate::session::Session;

/// Runs a tally over the attempts of a question, by function and part.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn tally<T: Tally>(
    session: &Session,
    question: &Question,
    part: Part,
) -> Result<BTreeMap<Group, T>, AnalysisError> {
    let from = if T::MONTH_TO_DATE {
        month_start(Month::of(question.window.start_unix_nano))
    } else {
        question.window.start_unix_nano
    };
    let frame = session
        .attempts(
            pennyspan_schema::Window {
                start_unix_nano: from,
                ..question.window
            },
            T::READS,
        )
        .await?;
    let failed = || AnalysisError::run(attempts::NAME);
    let task = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await.map_err(failed())?;
    tracing::debug!(
        partitions = plan.output_partitioning().partition_count(),
        "reading attempts"
    );
    let mut partitions = JoinSet::new();
    for stream in execute_stream_partitioned(plan, task).map_err(failed())? {
        let pass = Pass {
            question: question.clone(),
            books: session.books(),
            part,
            groups: Groups::<T>::default(),
        };
        partitions.spawn(pass.run(stream));
    }
    let mut all: BTreeMap<Group, T> = BTreeMap::new();
    while let Some(done) = partitions.join_next().await {
        let groups = done.map_err(|_| AnalysisError::Stopped {
            question: attempts::NAME.to_owned(),
        })??;
        for (group, tally) in groups.into_iter() {
            all.entry(group).or_default().merge(tally);
        }
    }
    Ok(all)
}

/// The pass over one partition.
struct Pass<T> {
    question: Question,
    books: Arc<PriceBooks>,
    part: Part,
    groups: Groups<T>,
}

impl<T: Tally> Pass<T> {
    async fn run(mut self, mut rows: SendableRecordBatchStream) -> Result<Groups<T>, AnalysisError> {
        let books = Arc::clone(&self.books);
        let mut pricer = Pricer::new(&books);
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(attempts::NAME))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows(attempts::NAME))?;
            for row in reader.rows().filter(|row| self.question.selection.selects(row)) {
                let attempt = Attempt::new(row, pricer.price(&row));
                let tally = self.groups.of(&row, (self.part)(&row));
                if self.question.window.contains(row.start_unix_nano) {
                    tally.add(&attempt);
                } else {
                    tally.add_earlier(&attempt);
                }
            }
        }
        Ok(self.groups)
    }
}

/// The groups of one partition, found without copying their names.
struct Groups<T>(HashMap<u64, Vec<(Group, T)>>);

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Tally> Groups<T> {
    fn of(&mut self, row: &Row<'_>, part: Option<&str>) -> &mut T {
        let mut hasher = DefaultHasher::new();
        (row.provider, row.account, row.region, row.function, part).hash(&mut hasher);
        let same = self.0.entry(hasher.finish()).or_default();
        let at = same
            .iter()
            .position(|(group, _)| group.is_of(row, part))
            .unwrap_or_else(|| {
                same.push((Group::of(row, part), T::default()));
                same.len() - 1
            });
        &mut same[at].1
    }

    fn into_iter(self) -> impl Iterator<Item = (Group, T)> {
        self.0.into_values().flatten()
    }
}

impl Group {
    fn of(row: &Row<'_>, part: Option<&str>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let scope = Scope {
            provider: row.provider.to_owned(),
            account: owned(row.account),
            region: owned(row.region),
            function: owned(row.function),
        };
        Self {
            scope,
            part: owned(part),
        }
    }

    fn is_of(&self, row: &Row<'_>, part: Option<&str>) -> bool {
        let scope = &self.scope;
        (
            scope.provider.as_str(),
            scope.account.as_deref(),
            scope.region.as_deref(),
            scope.function.as_deref(),
        ) == (row.provider, row.account, row.region, row.function)
            && self.part.as_deref() == part
    }
}
