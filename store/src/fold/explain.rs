//! How the facts of one key became attempts: which facts each attempt has, and which of them gave each value.

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use pennyspan_schema::column::Merge;
use pennyspan_schema::tables::invocations;
use pennyspan_schema::{Column, Table};

use super::attempts::Attempts;
use super::key::Facts;
use super::{FoldError, merge};

/// One attempt, with the facts that it was merged from.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Its row of `invocations`, as fold makes it.
    pub invocation: RecordBatch,
    /// Its distinct facts: the best source first, then by time and content hash, which is how `Merge::First` looks.
    pub facts: RecordBatch,
    /// The columns that some fact states or that the attempt has, in the order of the table.
    pub choices: Vec<Choice>,
}

/// Where the value of one column came from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The column.
    pub column: &'static Column,
    /// The fact that gave the value: the first that states what the attempt has. None where fold concluded it from several.
    pub given_by: Option<usize>,
    /// The facts that state anything.
    pub stated_by: Vec<usize>,
    /// Whether facts state different values, of which only one could be kept.
    pub conflict: bool,
}

/// Explains the attempts of these facts, by start.
///
/// # Errors
/// [`FoldError`] where the rows are not those of `invocation_facts`.
pub fn explain(facts: &[RecordBatch]) -> Result<Vec<Explained>, FoldError> {
    let failed = |source| FoldError::Concat {
        table: Table::InvocationFacts.name(),
        source,
    };
    let all = concat_batches(&Table::InvocationFacts.schema(), facts).map_err(failed)?;
    let facts = Facts::open(std::slice::from_ref(&all))?;
    let attempts = Attempts::of(&facts)?;
    let mut explained: Vec<(i64, Explained)> = Vec::new();
    for (attempt, members) in attempts.iter() {
        let mut builder = invocations::Builder::default();
        builder.append(&merge::merge(attempt, members));
        let invocation = builder.finish();
        let rows: UInt32Array = members.places().iter().map(|at| Some(at.row)).collect();
        let facts = take_record_batch(&all, &rows).map_err(failed)?;
        let choices = choices(&invocation, &facts);
        explained.push((
            attempt.start,
            Explained {
                invocation,
                facts,
                choices,
            },
        ));
    }
    explained.sort_by_key(|(start, _)| *start);
    Ok(explained.into_iter().map(|(_, explained)| explained).collect())
}

fn choices(invocation: &RecordBatch, facts: &RecordBatch) -> Vec<Choice> {
    let merged = |column: &&'static Column| column.merge != Merge::None;
    let choice = |column: &'static Column| {
        let (value, stated) = (
            invocation.column_by_name(column.name)?,
            facts.column_by_name(column.name)?,
        );
        let stated_by: Vec<usize> = (0..stated.len()).filter(|row| stated.is_valid(*row)).collect();
        if stated_by.is_empty() && value.is_null(0) {
            return None;
        }
        let same = |a: &ArrayRef, b: &ArrayRef, row: usize| a.slice(0, 1).as_ref() == b.slice(row, 1).as_ref();
        let first = stated_by.first().map(|first| stated.slice(*first, 1));
        Some(Choice {
            column,
            given_by: stated_by.iter().copied().find(|row| same(value, stated, *row)),
            conflict: column.merge == Merge::First
                && first.is_some_and(|first| stated_by.iter().any(|row| !same(&first, stated, *row))),
            stated_by,
        })
    };
    Table::InvocationFacts
        .columns()
        .iter()
        .filter(merged)
        .filter_map(choice)
        .collect()
}

#[cfg(test)]
mod tests;
