//! The rows of a statement as text, for people.

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::guard::Answer;

/// Rows as text; what is null has no text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextRows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there were more rows.
    pub truncated: bool,
}

/// Writes an answer's rows as text, each cell cut after `cell_chars` characters.
#[must_use]
pub fn text_rows(answer: &Answer, cell_chars: usize) -> TextRows {
    let columns = answer
        .schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let rows = answer
        .batches
        .iter()
        .flat_map(|batch| lines(batch, cell_chars))
        .collect();
    TextRows {
        columns,
        rows,
        truncated: answer.truncated,
    }
}

fn lines(batch: &RecordBatch, cell_chars: usize) -> Vec<Vec<Option<String>>> {
    let options = FormatOptions::default();
    let formatters: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options).ok())
        .collect();
    let cell = |(column, formatter): (usize, &Option<ArrayFormatter<'_>>), row: usize| {
        let shown = || {
            formatter
                .as_ref()
                .and_then(|formatter| formatter.value(row).try_to_string().ok())
        };
        batch
            .column(column)
            .is_valid(row)
            .then(shown)
            .flatten()
            .map(|text| text.chars().take(cell_chars).collect())
    };
    (0..batch.num_rows())
        .map(|row| formatters.iter().enumerate().map(|pair| cell(pair, row)).collect())
        .collect()
}
