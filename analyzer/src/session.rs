//! A session: one snapshot of one workspace, ready for questions.
//!
//! It reads nothing but the snapshot: no network, no clock, no file but those that it wrote itself. Its memory is limited;
//! sorts and aggregates that outgrow it are put down in a folder that it was given, within a limit of its own, and what
//! does not fit there either is an error in words.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::MemorySchemaProvider;
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::{SessionConfig, SessionContext};
use pennyspan_rules::PriceBooks;
use pennyspan_schema::{Column, Table, Window};
use pennyspan_store::Snapshot;

use crate::attempts;
use crate::error::AnalysisError;
use crate::guard::{Answer, GuardError, Limits};
use crate::neighbours::Neighbours;
use crate::reading::{self, Reading, within};
use crate::{functions, guard, views};

mod memory;
mod prune;
mod span;

use memory::Parted;
pub use span::Span;

/// Rules that move the reading of JSON members and struct fields below views: there a column stands twice under one
/// name, which DataFusion 55 then refuses as ambiguous.
const UNWANTED_RULES: [&str; 2] = ["extract_leaf_expressions", "push_down_leaf_projections"];

/// How much a session may use.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Partitions read side by side.
    pub partitions: NonZeroUsize,
    /// Memory of sorts, joins and aggregates, in bytes.
    pub memory_bytes: usize,
    /// Where sorts and aggregates go that need more memory; with none they end with an error.
    pub spill: Option<Spill>,
    /// How far a lag may be corrected for clocks of sender and receiver that disagree, in microseconds; 0 corrects none.
    pub skew_limit_us: i64,
}

/// Files that a session writes while it answers, and removes when it ends.
#[derive(Clone, Debug)]
pub struct Spill {
    /// The folder, which must exist.
    pub folder: PathBuf,
    /// What all its files together may take, in bytes.
    pub bytes: u64,
}

/// One snapshot, its views, and what neighbours say about the attempts of one window.
#[derive(Clone)]
pub struct Session {
    context: SessionContext,
    neighbours: Arc<Neighbours>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("window", &self.window())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Opens a snapshot for the questions about one span of time.
    ///
    /// # Errors
    /// [`AnalysisError`] where the snapshot cannot be read.
    pub async fn open(
        snapshot: &Snapshot,
        books: Arc<PriceBooks>,
        span: Span,
        settings: Settings,
    ) -> Result<Self, AnalysisError> {
        let skew_limit_us = settings.skew_limit_us;
        let context = context(settings).map_err(AnalysisError::prepare("session"))?;
        register_stored(&context, snapshot).map_err(AnalysisError::prepare("tables"))?;
        let reading = Reading::new(&context);
        let window = span.resolve(reading.starts().await?);
        let neighbours = Arc::new(Neighbours::read(&reading, window, books, skew_limit_us).await?);
        register_views(&context, &neighbours).await?;
        Ok(Self { context, neighbours })
    }

    /// Returns the window that the session answers for.
    #[must_use]
    pub fn window(&self) -> Window {
        self.neighbours.window
    }

    /// Returns the price books.
    #[must_use]
    pub fn books(&self) -> Arc<PriceBooks> {
        Arc::clone(&self.neighbours.books)
    }

    /// Returns the side tables.
    #[must_use]
    pub fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// Returns the context, to which functions and views may be added.
    #[must_use]
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Answers one read-only statement over the views.
    ///
    /// # Errors
    /// [`GuardError`] says in words what is not allowed, or which limit was reached.
    pub async fn query(
        &self,
        sql: &str,
        params: &BTreeMap<String, ScalarValue>,
        limits: Limits,
    ) -> Result<Answer, GuardError> {
        guard::run(&self.context, sql, params, limits).await
    }

    /// Streams some columns of a view's rows of a range of time, in no order.
    pub(crate) async fn rows(
        &self,
        table: Table,
        columns: &[Column],
        range: Window,
    ) -> Result<SendableRecordBatchStream, AnalysisError> {
        let failed = || AnalysisError::run(table.name());
        let view = self.context.table(table.name()).await.map_err(failed())?;
        let columns = columns.iter().map(|column| col(column.name)).collect::<Vec<_>>();
        let frame = view
            .filter(within(table, range))
            .and_then(|frame| frame.select(columns))
            .map_err(failed())?;
        frame.execute_stream().await.map_err(failed())
    }

    /// Returns the view `invocations` over the attempts that can be one function's.
    pub(crate) async fn attempts_of(&self, function: &str) -> Result<DataFrame, DataFusionError> {
        let stored = reading::stored(&self.context, Table::Invocations).await?;
        let possible = stored.filter(col("function").eq(lit(function)).or(col("function").is_null()))?;
        views::invocations::over(possible, &self.neighbours)
    }

    /// Returns the attempts that start in a range, with the columns of every analysis and some more.
    ///
    /// Where one function is meant, attempts that are stored with another's name are not read; those stored with none
    /// are, since their environment may name it.
    pub(crate) async fn attempts(
        &self,
        range: Window,
        more: &[&str],
        function: Option<&str>,
    ) -> Result<DataFrame, AnalysisError> {
        let wanted = |column: &&Column| !attempts::ON_DEMAND.contains(&column.name) || more.contains(&column.name);
        let columns: Vec<Expr> = attempts::COLUMNS
            .iter()
            .filter(wanted)
            .map(|column| col(column.name))
            .collect();
        let read = || AnalysisError::run(attempts::NAME);
        let view = match function {
            None => self.context.table(Table::Invocations.name()).await,
            Some(name) => self.attempts_of(name).await,
        };
        view.and_then(|view| view.filter(within(Table::Invocations, range)))
            .and_then(|frame| frame.select(columns))
            .map_err(read())
    }
}

fn context(settings: Settings) -> Result<SessionContext, DataFusionError> {
    let mut config = SessionConfig::new()
        .with_target_partitions(settings.partitions.get())
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(true);
    let options = config.options_mut();
    options.execution.parquet.schema_force_view_types = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.sql_parser.enable_options_value_normalization = false;
    options.execution.time_zone = Some("UTC".to_owned());
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(memory(&settings))
        .with_disk_manager_builder(spilling(settings.spill))
        .build_arc()?;
    let builder = functions::allow(SessionStateBuilder::new().with_config(config).with_runtime_env(runtime));
    let state = builder.with_optimizer_rule(Arc::new(prune::CompareIdBytes)).build();
    let mut context = SessionContext::new_with_state(state);
    for rule in UNWANTED_RULES {
        context.remove_optimizer_rule(rule);
    }
    functions::register(&mut context)?;
    Ok(context)
}

/// Returns the memory of sorts, joins and aggregates.
fn memory(settings: &Settings) -> Arc<dyn MemoryPool> {
    match settings.spill {
        Some(_) => Arc::new(Parted::new(settings.memory_bytes)),
        None => Arc::new(GreedyMemoryPool::new(settings.memory_bytes)),
    }
}

fn spilling(spill: Option<Spill>) -> DiskManagerBuilder {
    let files = DiskManagerBuilder::default();
    match spill {
        None => files.with_mode(DiskManagerMode::Disabled),
        Some(Spill { folder, bytes }) => files
            .with_mode(DiskManagerMode::Directories(vec![folder]))
            .with_max_temp_directory_size(bytes),
    }
}

fn register_stored(context: &SessionContext, snapshot: &Snapshot) -> Result<(), DataFusionError> {
    let options = context.state();
    let catalog = context.catalog(&options.config_options().catalog.default_catalog);
    let catalog = catalog.ok_or_else(|| DataFusionError::Internal("the session has no catalog".to_owned()))?;
    catalog.register_schema(reading::STORED, Arc::new(MemorySchemaProvider::new()))?;
    for table in Table::ALL {
        context.register_table(
            format!("{}.{}", reading::STORED, table.name()),
            snapshot.provider(*table),
        )?;
    }
    Ok(())
}

async fn register_views(context: &SessionContext, neighbours: &Arc<Neighbours>) -> Result<(), AnalysisError> {
    for table in Table::ALL {
        let failed = || AnalysisError::prepare(table.name());
        let view = match table {
            Table::Invocations => views::invocations::view(context, neighbours).await,
            Table::Deployments => views::deployments::view(context, &neighbours.deployments),
            other => views::of(context, *other).await,
        };
        context
            .register_table(table.name(), view.map_err(failed())?.into_view())
            .map_err(failed())?;
    }
    views::register_summed_up(context)
        .await
        .map_err(AnalysisError::prepare("views"))
}

#[cfg(test)]
mod tests;
