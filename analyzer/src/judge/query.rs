//! A rule's query with its parameters, and the rows that it returns.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use pennyspan_rules::rule::{Severity, Value, bind};
use pennyspan_rules::{Decimal, Rule};
use pennyspan_schema::Window;

use super::once;

/// Nanoseconds in a second.
const SECOND_NANOS: i64 = 1_000_000_000;
/// Columns of a row that are no measured values.
const NO_VALUES: [&str; 9] = [
    "provider",
    "account",
    "region",
    "function",
    "sub_resource",
    "level",
    "versions",
    "n",
    "threshold",
];
/// What the names of impact columns begin with.
const IMPACT: &str = "impact_";

/// Why a row of a query is not one that a rule may return.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// A required column is missing or has another type.
    #[error(
        "the query returns no column `{column}` of type {expected}; see the catalogue's page for what a query returns"
    )]
    Column {
        /// The column.
        column: String,
        /// The type.
        expected: &'static str,
    },
    /// The level is none.
    #[error("the query returns the level `{level}`; return critical, high, medium, low, info or null")]
    Level {
        /// As returned.
        level: String,
    },
    /// Two rows for one scope.
    #[error("the query returns two rows for the scope {scope}; return the row of the highest level")]
    TwoRows {
        /// The scope.
        scope: String,
    },
    /// The statement failed.
    #[error("the query cannot be run")]
    Query {
        /// Why.
        #[source]
        source: Box<DataFusionError>,
    },
}

/// The part of the world that a row is about: provider, account, region, function and sub-resource, where they belong to it.
pub(crate) type RowScope = [Option<String>; 5];

/// One row of a rule's query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) scope: RowScope,
    pub(crate) level: Option<Severity>,
    pub(crate) versions: Vec<String>,
    pub(crate) n: i64,
    /// The parameter that was passed, where the query names it.
    pub(crate) threshold: Option<String>,
    /// Every other column in the order of the query.
    pub(crate) values: Vec<(String, Value)>,
    /// The columns of the impact.
    pub(crate) impact: BTreeMap<String, ScalarValue>,
}

/// Returns the rule's values of its parameters.
pub(crate) fn defaults(rule: &Rule) -> BTreeMap<String, Decimal> {
    rule.params
        .iter()
        .map(|param| (param.name.clone(), param.value))
        .collect()
}

/// Puts a window and values of parameters into a rule's query.
pub(crate) fn bound(rule: &Rule, values: &BTreeMap<String, Decimal>, window: Window) -> String {
    bind(&rule.query, |name| match name {
        "window_start" => Some(window.start_unix_nano.to_string()),
        "window_end" => Some(window.end_unix_nano.to_string()),
        "lookback_start" => Some(lookback_start(rule, window).to_string()),
        other => values.get(other).map(Decimal::to_string),
    })
}

/// Returns where a rule's look-back begins.
pub(crate) fn lookback_start(rule: &Rule, window: Window) -> i64 {
    window
        .start_unix_nano
        .saturating_sub(rule.lookback_s.saturating_mul(SECOND_NANOS))
}

/// Runs a bound query; rows are in the order of their scopes.
pub(crate) async fn run(context: &SessionContext, sql: &str) -> Result<Vec<Row>, RowError> {
    let query = |source| RowError::Query {
        source: Box::new(source),
    };
    let batches = once::collect(context, sql).await.map_err(query)?;
    let mut rows = Vec::new();
    for batch in &batches {
        for at in 0..batch.num_rows() {
            rows.push(Row::read(batch, at)?);
        }
    }
    rows.sort_by(|a: &Row, b| a.scope.cmp(&b.scope));
    match rows.windows(2).find(|pair| pair[0].scope == pair[1].scope) {
        Some(pair) => Err(RowError::TwoRows {
            scope: words(&pair[0].scope),
        }),
        None => Ok(rows),
    }
}

/// Prints a scope.
pub(crate) fn words(scope: &RowScope) -> String {
    scope
        .iter()
        .map(|part| part.as_deref().unwrap_or("-"))
        .collect::<Vec<_>>()
        .join(" ")
}

impl Row {
    fn read(batch: &RecordBatch, at: usize) -> Result<Self, RowError> {
        let scope = ["provider", "account", "region", "function", "sub_resource"];
        let mut read = scope
            .into_iter()
            .map(|column| text(batch, column, at))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let scope: RowScope = std::array::from_fn(|_| read.next().flatten());
        let level = match text(batch, "level", at)? {
            Some(level) => Some(level.parse().map_err(|_| RowError::Level { level })?),
            None => None,
        };
        let versions = text(batch, "versions", at)?.unwrap_or_default();
        let n = match value(&scalar(batch, "n", at)?) {
            Value::Integer(n) => n,
            Value::Null => 0,
            Value::Text(_) | Value::Number(_) => {
                return Err(RowError::Column {
                    column: "n".to_owned(),
                    expected: "BIGINT",
                });
            }
        };
        let mut row = Self {
            scope,
            level,
            versions: versions
                .split(',')
                .filter(|version| !version.is_empty())
                .map(str::to_owned)
                .collect(),
            n,
            threshold: text(batch, "threshold", at).ok().flatten(),
            values: Vec::new(),
            impact: BTreeMap::new(),
        };
        for field in batch.schema_ref().fields() {
            let name = field.name();
            if name.starts_with(IMPACT) {
                row.impact.insert(name.clone(), scalar(batch, name, at)?);
            } else if !NO_VALUES.contains(&name.as_str()) {
                row.values.push((name.clone(), value(&scalar(batch, name, at)?)));
            }
        }
        Ok(row)
    }

    /// Returns everything that a sentence or a runbook may name.
    pub(crate) fn named(&self) -> BTreeMap<String, Value> {
        let mut named: BTreeMap<String, Value> = self.values.iter().cloned().collect();
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        for (name, part) in ["provider", "account", "region", "function", "sub_resource"]
            .into_iter()
            .zip(&self.scope)
        {
            named.insert(name.to_owned(), text(part));
        }
        let versions = (!self.versions.is_empty()).then(|| self.versions.join(", "));
        named.insert("versions".to_owned(), text(&versions));
        named.insert("n".to_owned(), Value::Integer(self.n));
        named
    }
}

fn scalar(batch: &RecordBatch, column: &str, at: usize) -> Result<ScalarValue, RowError> {
    let missing = || RowError::Column {
        column: column.to_owned(),
        expected: "any",
    };
    let array = batch.column_by_name(column).ok_or_else(missing)?;
    ScalarValue::try_from_array(array, at).map_err(|source| RowError::Query {
        source: Box::new(source),
    })
}

pub(crate) fn text(batch: &RecordBatch, column: &str, at: usize) -> Result<Option<String>, RowError> {
    let wrong = || RowError::Column {
        column: column.to_owned(),
        expected: "TEXT",
    };
    let array = batch.column_by_name(column).ok_or_else(wrong)?;
    if array.data_type() == &DataType::Null || array.is_null(at) {
        return Ok(None);
    }
    match value(&scalar(batch, column, at)?) {
        Value::Text(text) => Ok(Some(text)),
        _ => Err(wrong()),
    }
}

/// Returns a value as sentences and reports show it.
fn value(scalar: &ScalarValue) -> Value {
    match scalar {
        _ if scalar.is_null() => Value::Null,
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            Value::Text(text.clone())
        }
        ScalarValue::Boolean(Some(flag)) => Value::Text(flag.to_string()),
        ScalarValue::Int64(Some(number)) => Value::Integer(*number),
        other => match (whole(other), other.cast_to(&DataType::Float64)) {
            (Some(number), _) => i64::try_from(number).map_or(Value::Null, Value::Integer),
            (None, Ok(ScalarValue::Float64(Some(number)))) => Value::Number(number),
            _ => Value::Text(other.to_string()),
        },
    }
}

/// Returns a scalar that is a whole number by its type.
pub(crate) fn whole(scalar: &ScalarValue) -> Option<i128> {
    match scalar {
        ScalarValue::Int64(value) => value.map(i128::from),
        ScalarValue::Int32(value) => value.map(i128::from),
        ScalarValue::UInt64(value) => value.map(i128::from),
        ScalarValue::Decimal128(value, _, 0) => *value,
        _ => None,
    }
}
