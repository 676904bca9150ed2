//! Attempts that show a finding: the worst first.

use std::collections::BTreeMap;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Fields;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use pennyspan_rules::rule::{Value, bind};
use pennyspan_rules::{Decimal, Rule};
use pennyspan_schema::{Table, Window};

use crate::judge::judgement::ExemplarText;
use crate::judge::query::{Row, RowError, text};
use crate::session::Session;

/// Where a scope has its function.
const FUNCTION: usize = 3;
/// Exemplars of one finding.
const MOST: usize = 3;
/// Which attempts show a finding where the rule does not say: all of its scope.
const ALL: &str = "TRUE";
/// Where a function's attempts stand while they are asked for.
const OF_FUNCTION: &str = "attempts of a function";
/// What makes an attempt worse where the rule does not say.
const LONGEST: &str = "duration_us";

/// Returns the statement without a scope, so that it can be planned: what a row would fill in is null, and of the column's type.
pub(super) fn unscoped(rule: &Rule, columns: &Fields) -> String {
    statement(rule, Table::Invocations.name(), ALL, |name| match columns.find(name) {
        Some((_, field)) => Some(format!("arrow_cast(NULL, '{}')", field.data_type())),
        None => Some(
            rule.param(name)
                .map_or_else(|| "0".to_owned(), |param| param.value.to_string()),
        ),
    })
}

/// Finds the exemplars of a row.
pub(super) async fn find(
    session: &Session,
    rule: &Rule,
    row: &Row,
    params: &BTreeMap<String, Decimal>,
    window: Window,
) -> Result<Vec<ExemplarText>, RowError> {
    let named = row.named();
    let value = |name: &str| match name {
        "window_start" => Some(window.start_unix_nano.to_string()),
        "window_end" => Some(window.end_unix_nano.to_string()),
        other => params
            .get(other)
            .map(Decimal::to_string)
            .or_else(|| named.get(other).map(literal)),
    };
    let failed = |source| RowError::Query {
        source: Box::new(source),
    };
    let context = session.context();
    let batches = match &row.scope[FUNCTION] {
        None => {
            let sql = statement(rule, Table::Invocations.name(), &scope(row, window), value);
            collect(context, &sql).await
        }
        Some(function) => {
            let view = session.attempts_of(function).await.map_err(failed)?.into_view();
            context.register_table(OF_FUNCTION, view).map_err(failed)?;
            let sql = statement(rule, &format!("\"{OF_FUNCTION}\""), &scope(row, window), value);
            let batches = collect(context, &sql).await;
            context.deregister_table(OF_FUNCTION).map_err(failed)?;
            batches
        }
    };
    let batches = batches.map_err(failed)?;
    let mut found = Vec::new();
    for batch in &batches {
        for at in 0..batch.num_rows() {
            let (invocation_id, trace_id) = (text(batch, "invocation_id", at)?, text(batch, "trace_id", at)?);
            found.push(ExemplarText {
                invocation_id,
                trace_id,
            });
        }
    }
    Ok(found)
}

async fn collect(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
    context.sql(sql).await?.collect().await
}

fn statement(rule: &Rule, table: &str, scope: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let shows = bind(rule.exemplars.as_deref().unwrap_or(ALL), &value);
    let worst = bind(rule.worst.as_deref().unwrap_or(LONGEST), &value);
    format!(
        "SELECT invocation_id, trace_id FROM {table} WHERE {scope} AND ({shows}) \
         ORDER BY {worst} DESC NULLS LAST, start_unix_nano, invocation_id LIMIT {MOST}"
    )
}

/// Returns the condition that an attempt lies in the window and in the row's scope.
fn scope(row: &Row, window: Window) -> String {
    let mut conditions = vec![
        format!("start_unix_nano >= {}", window.start_unix_nano),
        format!("start_unix_nano < {}", window.end_unix_nano),
    ];
    for (column, part) in ["provider", "account", "region", "function"]
        .into_iter()
        .zip(&row.scope)
    {
        conditions.extend(part.as_ref().map(|part| format!("{column} = {}", quoted(part))));
    }
    if !row.versions.is_empty() {
        let versions = row.versions.iter().map(|version| quoted(version)).collect::<Vec<_>>();
        conditions.push(format!("version IN ({})", versions.join(", ")));
    }
    conditions.join(" AND ")
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) if number.is_finite() => format!("{number:?}"),
        Value::Null | Value::Number(_) => "NULL".to_owned(),
    }
}

/// Returns a text as SQL writes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_quotes_stays_a_text() {
        assert_eq!(quoted("a' OR '1' = '1"), "'a'' OR ''1'' = ''1'");
        assert_eq!(literal(&Value::Number(f64::NAN)), "NULL");
        assert_eq!(literal(&Value::Number(0.5)), "0.5");
    }
}
