//! One attempt: its row of the view, and what stands behind it.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{col, lit};
use pennyspan_schema::{Column, Table};
use serde::Serialize;
use serde_json::Value as Json;

use super::facts::{Merged, StatedText};
use super::price::{PriceText, Prices};
use super::{CallText, Called, ExplainError, FactText, FieldText, Key, attempts, json};
use crate::error::AnalysisError;
use crate::judge::judgement::instant;
use crate::neighbours::derived;
use crate::session::Session;

/// One attempt.
#[derive(Clone, Debug, Serialize)]
pub struct AttemptText {
    /// The provider.
    pub provider: String,
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// The version that ran.
    pub version: Option<String>,
    /// When it began.
    pub start: String,
    /// The number of the fact that says so: the most trusted that does; none where the earliest statement stands in.
    pub start_fact: Option<usize>,
    /// When it ended: the latest end that a fact states, else its start plus its duration.
    pub end: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Whether it lies in the window, so that findings count it.
    pub in_window: bool,
    /// The facts that it was merged from, the most trusted first; none where they are not kept any more.
    pub facts: Vec<FactText>,
    /// Each merged value, and which fact gave it.
    pub fields: Vec<FieldText>,
    /// What its environment, settings, neighbours and billing rules add or change.
    pub completed: Vec<StatedText>,
    /// Its calls, by dependency and operation.
    pub calls: Vec<CallText>,
    /// What it cost.
    pub price: PriceText,
    /// What a finding's sub-resource may name: where it came from, its route, error and customer.
    #[serde(skip)]
    pub(super) named: Vec<String>,
}

/// Reads the attempts of an invocation, by start.
pub(super) async fn attempts(
    session: &Session,
    invocation_id: &str,
    facts: &BTreeMap<Key, Merged>,
    calls: &[Called],
) -> Result<Vec<AttemptText>, ExplainError> {
    let failed = || AnalysisError::run("an invocation");
    let books = session.books();
    let mut prices = Prices::new(&books);
    let view = session
        .context()
        .table(Table::Invocations.name())
        .await
        .map_err(failed())?;
    let view = view
        .filter(col("invocation_id").eq(lit(invocation_id)))
        .map_err(failed())?;
    let mut all = Vec::new();
    for batch in view.collect().await.map_err(failed())? {
        let reader = attempts::Reader::new(&batch).map_err(AnalysisError::rows("an invocation"))?;
        for (at, row) in reader.rows().enumerate() {
            let scope = text(&batch, "key_scope", at).unwrap_or_default();
            let key = (row.provider.to_owned(), scope, row.start_unix_nano);
            let merged = facts.get(&key).cloned().unwrap_or_default();
            let own = calls.iter().filter(|(start, _)| *start == row.start_unix_nano);
            let completed = completed(&batch, at, &merged);
            let billed_source = text(&batch, "billed_source", at);
            all.push((
                key,
                AttemptText {
                    completed,
                    calls: own.map(|(_, call)| call.clone()).collect(),
                    price: prices.of(&row, billed_source.as_deref()),
                    in_window: session.window().contains(row.start_unix_nano),
                    ..AttemptText::of(&row, merged)
                },
            ));
        }
    }
    all.sort_by(|(a, _), (b, _)| (a.2, a).cmp(&(b.2, b)));
    Ok(all.into_iter().map(|(_, attempt)| attempt).collect())
}

impl AttemptText {
    fn of(row: &attempts::Row<'_>, merged: Merged) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let named = [row.trigger_source, row.route, row.error_fingerprint, row.tenant];
        Self {
            provider: row.provider.to_owned(),
            account: owned(row.account),
            region: owned(row.region),
            function: owned(row.function),
            version: owned(row.version),
            start: instant(row.start_unix_nano),
            start_fact: merged.start_fact,
            end: row.end_unix_nano.map(instant),
            outcome: owned(row.outcome),
            in_window: false,
            facts: merged.facts,
            fields: merged.fields,
            completed: Vec::new(),
            calls: Vec::new(),
            price: PriceText::default(),
            named: named.into_iter().flatten().map(str::to_owned).collect(),
        }
    }
}

/// Returns the derived columns whose values the facts alone do not give.
fn completed(batch: &RecordBatch, at: usize, merged: &Merged) -> Vec<StatedText> {
    let added = |column: &Column| {
        let value = value(batch, column.name, at);
        let folded = merged.fields.iter().find(|field| field.column == column.name);
        let is_new = !value.is_null() && folded.is_none_or(|field| field.value != value);
        is_new.then_some(StatedText {
            column: column.name,
            value,
            unit: column.unit,
        })
    };
    derived::COLUMNS.iter().filter_map(added).collect()
}

fn value(batch: &RecordBatch, column: &str, at: usize) -> Json {
    let array = batch.column_by_name(column).filter(|array| array.is_valid(at));
    array
        .and_then(|array| ScalarValue::try_from_array(array, at).ok())
        .map_or(Json::Null, |value| json(&value))
}

fn text(batch: &RecordBatch, column: &str, at: usize) -> Option<String> {
    value(batch, column, at).as_str().map(str::to_owned)
}
