//! One invocation: what was stated of it, what was made of that, what it cost step by step, and what it took part in.
//!
//! [`explain`] puts it together as one typed document, which the command line prints and a page can show.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{col, lit};
use pennyspan_schema::tables::{deliveries, invocation_calls};
use pennyspan_schema::{Table, Unit};
use pennyspan_store::FoldError;
use serde::Serialize;
use serde_json::Value as Json;

use crate::attempts;
use crate::error::AnalysisError;
use crate::judge::Finding;
use crate::judge::judgement::{WindowText, instant};
use crate::reading;
use crate::session::Session;

mod attempt;
mod facts;
mod findings;
mod nearest;
mod price;
mod text;

pub use attempt::AttemptText;
pub use facts::{FactText, FieldText, StatedText};
pub use findings::{Relation, TookPart};
pub use nearest::nearest;
pub use price::{PriceLine, PriceText, StepText};
pub use text::render;

/// The version of the JSON's meaning.
const VERSION: u32 = 1;

/// Everything about one invocation.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The version of its meaning.
    pub version: u32,
    /// The invocation, as the provider names it.
    pub invocation_id: String,
    /// The window that findings were looked for in, and neighbours.
    pub window: WindowText,
    /// Its attempts, by start.
    pub attempts: Vec<AttemptText>,
    /// The messages that it got, by time.
    pub deliveries: Vec<DeliveryText>,
    /// The findings that it took part in, in the order of the report.
    pub findings: Vec<TookPart>,
}

/// One message that it got.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DeliveryText {
    /// When that was said.
    pub time: String,
    /// Who says it.
    pub source: String,
    /// The queue, topic or stream.
    pub trigger_source: Option<String>,
    /// The message.
    pub message_id: Option<String>,
    /// When it was sent.
    pub enqueued: Option<String>,
    /// How often it was received, this time included.
    pub receive_count: Option<i64>,
    /// What became of it.
    pub outcome: String,
}

/// Calls to one dependency and operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CallText {
    /// What is called.
    pub dependency_kind: String,
    /// Whom.
    pub dependency: String,
    /// The operation.
    pub operation: Option<String>,
    /// Calls.
    pub calls: i64,
    /// Calls that failed.
    pub errors: i64,
    /// Calls refused for want of capacity.
    pub throttled: i64,
    /// The time in which at least one was open, in microseconds.
    pub busy_us: i64,
    /// The most calls in a row, each beginning after the one before ended.
    pub sequential_run: i64,
}

/// Why an invocation could not be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The tables cannot be read.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// Its facts cannot be merged.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// Explains an invocation; none where no attempt has this id.
///
/// `findings` are those of the session's window, in the order in which they are shown.
///
/// # Errors
/// [`ExplainError`] where the tables cannot be read.
pub async fn explain(
    session: &Session,
    findings: &[Finding],
    invocation_id: &str,
) -> Result<Option<Explanation>, ExplainError> {
    let facts = facts::merged(session, invocation_id).await?;
    let calls = calls(session, invocation_id).await?;
    let attempts = attempt::attempts(session, invocation_id, &facts, &calls).await?;
    if attempts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Explanation {
        version: VERSION,
        invocation_id: invocation_id.to_owned(),
        window: WindowText::of(session.window()),
        deliveries: deliveries(session, invocation_id).await?,
        findings: findings::of(findings, invocation_id, &attempts),
        attempts,
    }))
}

/// Reads the rows of a table that name the invocation.
async fn rows_of(
    session: &Session,
    table: Table,
    invocation_id: &str,
) -> Result<Vec<datafusion::arrow::array::RecordBatch>, AnalysisError> {
    let failed = || AnalysisError::run(table.name());
    let frame = reading::stored(session.context(), table).await.map_err(failed())?;
    let named = col("invocation_id").eq(lit(invocation_id));
    let frame = frame.filter(named).map_err(failed())?;
    frame.collect().await.map_err(failed())
}

/// A call, with the start of the attempt that made it.
type Called = (i64, CallText);

async fn calls(session: &Session, invocation_id: &str) -> Result<Vec<Called>, AnalysisError> {
    let mut all = Vec::new();
    for batch in rows_of(session, Table::InvocationCalls, invocation_id).await? {
        let reader = invocation_calls::Reader::new(&batch).map_err(AnalysisError::rows("calls"))?;
        all.extend(reader.rows().map(|row| (row.start_unix_nano, CallText::of(&row))));
    }
    all.sort();
    Ok(all)
}

async fn deliveries(session: &Session, invocation_id: &str) -> Result<Vec<DeliveryText>, AnalysisError> {
    let mut all = Vec::new();
    for batch in rows_of(session, Table::Deliveries, invocation_id).await? {
        let reader = deliveries::Reader::new(&batch).map_err(AnalysisError::rows("deliveries"))?;
        all.extend(
            reader
                .rows()
                .map(|row| (row.fact_unix_nano, row.content_hash, DeliveryText::of(&row))),
        );
    }
    all.sort();
    all.dedup_by_key(|(_, hash, _)| *hash);
    Ok(all.into_iter().map(|(_, _, delivery)| delivery).collect())
}

impl CallText {
    fn of(row: &invocation_calls::Row<'_>) -> Self {
        Self {
            dependency_kind: row.dependency_kind.to_owned(),
            dependency: row.dependency.to_owned(),
            operation: row.operation.map(str::to_owned),
            calls: row.call_count,
            errors: row.error_count,
            throttled: row.throttled_count,
            busy_us: row.busy_us,
            sequential_run: row.sequential_run_count,
        }
    }
}

impl DeliveryText {
    fn of(row: &deliveries::Row<'_>) -> Self {
        Self {
            time: instant(row.fact_unix_nano),
            source: row.source.to_owned(),
            trigger_source: row.trigger_source.map(str::to_owned),
            message_id: row.message_id.map(str::to_owned),
            enqueued: row.enqueued_unix_nano.map(instant),
            receive_count: row.receive_count,
            outcome: row.outcome.to_owned(),
        }
    }
}

/// Returns a value as JSON holds it: ids in hex, everything else as it is stored.
fn json(value: &ScalarValue) -> Json {
    match value {
        ScalarValue::Utf8(Some(text)) => Json::from(text.clone()),
        ScalarValue::Int64(Some(number)) => Json::from(*number),
        ScalarValue::Boolean(Some(flag)) => Json::from(*flag),
        ScalarValue::FixedSizeBinary(_, Some(bytes)) => Json::from(hex::encode(bytes)),
        _ => Json::Null,
    }
}

/// Returns a value with its unit, for people.
fn shown(unit: Unit, value: &Json) -> String {
    match (unit, value) {
        (Unit::UnixNano, Json::Number(number)) => number.as_i64().map_or_else(|| number.to_string(), instant),
        (Unit::Microsecond, Json::Number(number)) => match number.as_i64() {
            Some(us) => format!("{}.{:03} ms", us / 1000, (us % 1000).abs()),
            None => number.to_string(),
        },
        (Unit::Code | Unit::None | Unit::Count, Json::Number(number)) => number.to_string(),
        (_, Json::Number(number)) => format!("{number} {}", unit.symbol()),
        (_, Json::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// What identifies an attempt of the invocation: provider, key scope and start.
type Key = (String, String, i64);

#[cfg(test)]
mod tests;
