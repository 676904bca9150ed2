//! What was stated of an invocation, and which statement each value was taken from.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::common::ScalarValue;
use pennyspan_schema::column::Merge;
use pennyspan_schema::tables::{invocation_facts, invocations};
use pennyspan_schema::{Column, Table, Unit};
use pennyspan_store::fold::{self, Choice, Explained};
use serde::Serialize;
use serde_json::Value as Json;

use super::{ExplainError, Key, json};
use crate::error::AnalysisError;
use crate::judge::judgement::instant;
use crate::session::Session;

/// Columns of a fact that its other parts show.
const APART: [&str; 7] = [
    "provider",
    "key_scope",
    "invocation_id",
    "source",
    "fact_kind",
    "fact_unix_nano",
    "received_unix_nano",
];

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactText {
    /// Its number, from 1: the most trusted first.
    pub number: usize,
    /// How far it is trusted.
    pub source: String,
    /// What is stated.
    pub kind: String,
    /// When.
    pub time: String,
    /// When it was received; files have no such time.
    pub received: Option<String>,
    /// Its content.
    pub states: Vec<StatedText>,
}

/// A column and its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatedText {
    /// The column.
    pub column: &'static str,
    /// The value.
    pub value: Json,
    /// What it measures.
    #[serde(skip)]
    pub unit: Unit,
}

/// A merged value, and where it came from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldText {
    /// The column.
    pub column: &'static str,
    /// The value; null where fold leaves it unknown.
    pub value: Json,
    /// What it measures.
    #[serde(skip)]
    pub unit: Unit,
    /// The number of the fact that gave it; none where fold concluded it.
    pub fact: Option<usize>,
    /// How the column is merged: `first`, `min`, `max` or `any`.
    pub merge: &'static str,
    /// Why this fact, in words.
    pub why: String,
    /// Whether facts state different values, of which only this one was kept.
    pub conflict: bool,
    /// What the other facts state, by their numbers, where it differs.
    pub others: BTreeMap<usize, Json>,
}

/// The facts and fields of one attempt.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged {
    pub(super) facts: Vec<FactText>,
    pub(super) fields: Vec<FieldText>,
    /// The number of the fact that says when it began.
    pub(super) start_fact: Option<usize>,
}

/// Merges the facts of an invocation again, attempt by attempt.
pub(super) async fn merged(session: &Session, invocation_id: &str) -> Result<BTreeMap<Key, Merged>, ExplainError> {
    let stored = super::rows_of(session, Table::InvocationFacts, invocation_id).await?;
    let mut all = BTreeMap::new();
    for explained in fold::explain(&stored)? {
        let rows = AnalysisError::rows("the facts of an invocation");
        let reader = invocations::Reader::new(&explained.invocation).map_err(rows)?;
        let rows = AnalysisError::rows("the facts of an invocation");
        let facts = invocation_facts::Reader::new(&explained.facts).map_err(rows)?;
        let key = (
            reader.provider(0).to_owned(),
            reader.key_scope(0).to_owned(),
            reader.start_unix_nano(0),
        );
        let merged = Merged {
            facts: (0..facts.len())
                .map(|row| fact(&facts, &explained.facts, row))
                .collect(),
            start_fact: (0..facts.len())
                .find(|row| facts.start_hint_unix_nano(*row).is_some())
                .map(|row| row + 1),
            fields: explained
                .choices
                .iter()
                .map(|choice| field(choice, &explained, &facts))
                .collect(),
        };
        all.insert(key, merged);
    }
    Ok(all)
}

fn fact(reader: &invocation_facts::Reader, batch: &RecordBatch, row: usize) -> FactText {
    let states = Table::InvocationFacts
        .columns()
        .iter()
        .filter(|column| !APART.contains(&column.name));
    let states = states.filter_map(|column| {
        let value = value(batch, column, row);
        (!value.is_null()).then_some(StatedText {
            column: column.name,
            value,
            unit: column.unit,
        })
    });
    FactText {
        number: row + 1,
        source: reader.source(row).to_owned(),
        kind: reader.fact_kind(row).to_owned(),
        time: instant(reader.fact_unix_nano(row)),
        received: reader.received_unix_nano(row).map(instant),
        states: states.collect(),
    }
}

fn field(choice: &Choice, explained: &Explained, facts: &invocation_facts::Reader) -> FieldText {
    let merged = value(&explained.invocation, choice.column, 0);
    let stated = |row: &usize| (row + 1, value(&explained.facts, choice.column, *row));
    let others = choice
        .stated_by
        .iter()
        .map(stated)
        .filter(|(_, other)| *other != merged);
    FieldText {
        column: choice.column.name,
        unit: choice.column.unit,
        fact: choice.given_by.map(|row| row + 1),
        merge: match choice.column.merge {
            Merge::First => "first",
            Merge::Min => "min",
            Merge::Max => "max",
            Merge::Any => "any",
            Merge::None => "fold",
        },
        why: why(choice, facts),
        conflict: choice.conflict,
        others: others.collect(),
        value: merged,
    }
}

/// Says why a fact gave the value, as fold decides it.
fn why(choice: &Choice, facts: &invocation_facts::Reader) -> String {
    let Some(winner) = choice.given_by else {
        return "concluded from all facts together".to_owned();
    };
    let source = |row: usize| facts.source(row);
    let stated = choice.stated_by.len();
    match choice.column.merge {
        _ if stated == 1 => "no other fact states it".to_owned(),
        Merge::Min => format!("the smallest of {stated}"),
        Merge::Max => format!("the largest of {stated}"),
        Merge::Any => format!("true in one of {stated} is enough"),
        Merge::First | Merge::None => {
            let rivals: Vec<usize> = choice
                .stated_by
                .iter()
                .copied()
                .filter(|row| *row != winner && source(*row) == source(winner))
                .collect();
            let time = |row: usize| facts.fact_unix_nano(row);
            if choice.column.name == "outcome" && !rivals.is_empty() {
                format!("the most telling of what {} states", source(winner))
            } else if rivals.is_empty() {
                format!("{} is trusted most of the {stated} that state it", source(winner))
            } else if rivals.iter().any(|row| time(*row) == time(winner)) {
                format!(
                    "{} is trusted most; of its statements at one time, the smallest content hash",
                    source(winner)
                )
            } else {
                format!("{} is trusted most, and its earliest statement counts", source(winner))
            }
        }
    }
}

fn value(batch: &RecordBatch, column: &Column, row: usize) -> Json {
    let stated = batch.column_by_name(column.name).filter(|array| array.is_valid(row));
    stated
        .and_then(|array| ScalarValue::try_from_array(array, row).ok())
        .map_or(Json::Null, |value| json(&value))
}
