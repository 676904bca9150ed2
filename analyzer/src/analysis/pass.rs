//! One pass over the attempts: partitions side by side, groups merged at the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::{ExecutionPlanProperties, execute_stream_partitioned};
use futures::StreamExt;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Month;
use tokio::task::JoinSet;

use crate::analysis::cost::month_start;
use crate::analysis::{Attempt, Group, Part, Question, Scope, Tally};
use crate::attempts::{self, Reader};
use crate::error::AnalysisError;
use crate::grouped::{Grouped, Names};
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
            None,
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
            groups: Grouped::<5, T>::default(),
        };
        partitions.spawn(pass.run(stream));
    }
    let mut all: BTreeMap<Group, T> = BTreeMap::new();
    while let Some(done) = partitions.join_next().await {
        let groups = done.map_err(|_| AnalysisError::Stopped {
            question: attempts::NAME.to_owned(),
        })??;
        for (names, tally) in groups.into_groups() {
            all.entry(Group::of(names)).or_default().merge(tally);
        }
    }
    Ok(all)
}

/// The pass over one partition.
struct Pass<T> {
    question: Question,
    books: Arc<PriceBooks>,
    part: Part,
    groups: Grouped<5, T>,
}

impl<T: Tally> Pass<T> {
    async fn run(mut self, mut rows: SendableRecordBatchStream) -> Result<Grouped<5, T>, AnalysisError> {
        let books = Arc::clone(&self.books);
        let mut pricer = Pricer::new(&books);
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(attempts::NAME))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows(attempts::NAME))?;
            for row in reader.rows().filter(|row| self.question.selection.selects(row)) {
                let attempt = Attempt::new(row, pricer.price(&row));
                let part = (self.part)(&row);
                let names = [Some(row.provider), row.account, row.region, row.function, part];
                let tally = self.groups.of(names);
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

impl Group {
    /// Returns the group of a function's four names and a part.
    pub(crate) fn of([provider, account, region, function, part]: Names<5>) -> Self {
        let scope = Scope {
            provider: provider.unwrap_or_default(),
            account,
            region,
            function,
        };
        Self { scope, part }
    }
}
