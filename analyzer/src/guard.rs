//! Statements that people write: one read-only SELECT over the views, within limits of time, memory and rows.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast;
use futures::StreamExt;

use crate::views;

/// The longest statement that is read, in bytes.
const LONGEST_SQL: usize = 64 * 1024;

/// What one statement may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may run.
    pub time: Duration,
    /// Rows that are returned; what is beyond is cut, and the answer says so.
    pub rows: usize,
    /// Bytes that the returned rows may have.
    pub bytes: usize,
}

/// The rows of a statement.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Names and types.
    pub schema: SchemaRef,
    /// The rows.
    pub batches: Vec<RecordBatch>,
    /// Whether there were more rows than allowed.
    pub truncated: bool,
}

/// Why a statement was not answered.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// It is longer than is read.
    #[error("the statement has {bytes} bytes; at most {LONGEST_SQL} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is no SQL.
    #[error("the statement is not understood as SQL")]
    Parse {
        /// What and where.
        #[source]
        source: Box<DataFusionError>,
    },
    /// There is not exactly one.
    #[error("{count} statements were given; ask one at a time")]
    NotOne {
        /// How many there are.
        count: usize,
    },
    /// It is no SELECT.
    #[error("only SELECT is answered; the tables cannot be changed")]
    NotSelect,
    /// It names a table that is no view.
    #[error("`{table}` is no view; ask {views}")]
    UnknownTable {
        /// The name.
        table: String,
        /// The views.
        views: String,
    },
    /// A column, function or type is wrong.
    #[error(
        "the statement cannot be planned; columns are listed by `SELECT * FROM view LIMIT 1`, and functions must give the same answer at every time"
    )]
    Plan {
        /// What is wrong.
        #[source]
        source: Box<DataFusionError>,
    },
    /// It ran too long.
    #[error("the statement was stopped after {seconds} s; narrow its time range, or ask for more time")]
    TooSlow {
        /// The limit.
        seconds: u64,
    },
    /// It needs more memory than it may use.
    #[error("the statement needs more memory than it may use; narrow its time range, or group by fewer columns")]
    TooMuchMemory {
        /// What did not fit.
        #[source]
        source: Box<DataFusionError>,
    },
    /// What its memory cannot hold cannot be put down either: the limit on temporary files is reached, or the disk is full.
    #[error(
        "the statement needs more memory and temporary files than it may use; narrow its time range, or group by fewer columns"
    )]
    TooMuchSpilled {
        /// What could not be written.
        #[source]
        source: Box<DataFusionError>,
    },
    /// Its rows are larger than allowed.
    #[error("the rows are larger than {bytes} bytes; select fewer columns or rows")]
    TooLarge {
        /// The limit.
        bytes: usize,
    },
    /// It failed while running.
    #[error("the statement failed while running")]
    Run {
        /// Why.
        #[source]
        source: Box<DataFusionError>,
    },
}

/// Runs one statement.
pub(crate) async fn run(
    context: &SessionContext,
    sql: &str,
    params: &BTreeMap<String, ScalarValue>,
    limits: Limits,
) -> Result<Answer, GuardError> {
    let statement = parse(sql)?;
    check_tables(context, &statement)?;
    tokio::time::timeout(limits.time, answer(context, statement, params, limits))
        .await
        .unwrap_or(Err(GuardError::TooSlow {
            seconds: limits.time.as_secs(),
        }))
}

fn parse(sql: &str) -> Result<Statement, GuardError> {
    if sql.len() > LONGEST_SQL {
        return Err(GuardError::TooLong { bytes: sql.len() });
    }
    let mut statements = DFParser::parse_sql(sql).map_err(|source| GuardError::Parse {
        source: Box::new(source),
    })?;
    let statement = match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => statement,
        (_, others) => {
            return Err(GuardError::NotOne {
                count: if sql.trim().is_empty() { 0 } else { others + 1 },
            });
        }
    };
    match &statement {
        Statement::Statement(inner) if matches!(inner.as_ref(), ast::Statement::Query(_)) => Ok(statement),
        _ => Err(GuardError::NotSelect),
    }
}

/// Refuses every table but the views, so that neither stored tables nor paths can be named.
fn check_tables(context: &SessionContext, statement: &Statement) -> Result<(), GuardError> {
    let planned = |source| GuardError::Plan {
        source: Box::new(source),
    };
    let state = context.state();
    let tables = state.resolve_table_references(statement).map_err(planned)?;
    for table in tables {
        let registered = table.schema().is_none() && context.table_exist(table.clone()).map_err(planned)?;
        if !registered {
            return Err(GuardError::UnknownTable {
                table: table.to_string(),
                views: views::names().join(", "),
            });
        }
    }
    Ok(())
}

async fn answer(
    context: &SessionContext,
    statement: Statement,
    params: &BTreeMap<String, ScalarValue>,
    limits: Limits,
) -> Result<Answer, GuardError> {
    let planned = |source| GuardError::Plan {
        source: Box::new(source),
    };
    let plan = context.state().statement_to_plan(statement).await.map_err(planned)?;
    let options = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    options.verify_plan(&plan).map_err(planned)?;
    let mut frame = context.execute_logical_plan(plan).await.map_err(planned)?;
    if !params.is_empty() {
        let params: HashMap<String, ScalarValue> = params.clone().into_iter().collect();
        frame = frame.with_param_values(ParamValues::from(params)).map_err(planned)?;
    }
    let frame = frame.limit(0, Some(limits.rows.saturating_add(1))).map_err(planned)?;
    let mut rows = frame.execute_stream().await.map_err(failed)?;
    let mut answer = Answer {
        schema: rows.schema(),
        batches: Vec::new(),
        truncated: false,
    };
    let (mut left, mut bytes) = (limits.rows, 0_usize);
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(failed)?;
        bytes = bytes.saturating_add(batch.get_array_memory_size());
        if bytes > limits.bytes {
            return Err(GuardError::TooLarge { bytes: limits.bytes });
        }
        answer.truncated |= batch.num_rows() > left;
        let kept = batch.slice(0, batch.num_rows().min(left));
        left -= kept.num_rows();
        answer.batches.push(kept);
    }
    Ok(answer)
}

/// Says in words why a statement failed. Arrow itself writes nothing but what is put down for want of memory.
pub(crate) fn failed(source: DataFusionError) -> GuardError {
    let root = source.find_root();
    let no_memory = matches!(root, DataFusionError::ResourcesExhausted(_));
    let not_put_down =
        matches!(root, DataFusionError::ArrowError(error, _) if matches!(**error, ArrowError::IoError(..)));
    let source = Box::new(source);
    match (no_memory, not_put_down) {
        (true, _) => GuardError::TooMuchMemory { source },
        (_, true) => GuardError::TooMuchSpilled { source },
        _ => GuardError::Run { source },
    }
}

#[cfg(test)]
mod tests;
