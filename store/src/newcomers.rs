//! Rows that are about to be stored, and which of them are stored already.
//!
//! Two rows of a table are the same where they state the same: facts and the like by their content hash, spans by trace, id, kind
//! and start, everything else by all values but the time of receipt.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use pennyspan_schema::column::Digest;
use pennyspan_schema::{Rows, Table, Window};

/// What identifies a row of its table.
type Identity = [u8; 16];

/// The column that holds the identity of rows that have one.
const HASH: &str = "content_hash";
/// The column that says nothing about what a row states.
const RECEIVED: &str = "received_unix_nano";
/// What identifies a span.
const SPAN: [&str; 4] = ["trace_id", "span_id", "kind", "start_unix_nano"];

/// Rows that are about to be stored.
#[derive(Debug, Default)]
pub struct Newcomers {
    tables: BTreeMap<Table, Arrived>,
}

/// What arrived for one table.
#[derive(Debug, Default)]
struct Arrived {
    /// By identity: how many rows, and whether it is stored.
    rows: HashMap<Identity, (usize, bool)>,
    times: Option<Window>,
}

/// How many rows are new, and how many are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Rows that are not stored.
    pub new: usize,
    /// Rows that are stored already.
    pub stored: usize,
    /// Rows that stand more than once among those that arrived, without the first of each.
    pub repeated: usize,
}

impl Newcomers {
    /// Adds rows that arrived.
    ///
    /// # Errors
    /// [`ArrowError`] where a batch has not its table's columns.
    pub fn add(&mut self, rows: &Rows) -> Result<(), ArrowError> {
        for (table, batch) in rows.iter() {
            let arrived = self.tables.entry(table).or_default();
            for identity in identities(table, batch)? {
                arrived.rows.entry(identity).or_default().0 += 1;
            }
            arrived.times = joined(arrived.times, times(table, batch));
        }
        Ok(())
    }

    /// Returns the tables with rows, and the window in which a row of each must lie to be one of them.
    pub(crate) fn windows(&self) -> impl Iterator<Item = (Table, Window)> + '_ {
        let window = |(table, arrived): (&Table, &Arrived)| Some((*table, arrived.times?));
        self.tables.iter().filter_map(window)
    }

    /// Takes note of rows that are stored.
    ///
    /// # Errors
    /// [`ArrowError`] where a batch has not its table's columns.
    pub fn note_stored(&mut self, table: Table, batch: &RecordBatch) -> Result<(), ArrowError> {
        let Some(arrived) = self.tables.get_mut(&table) else {
            return Ok(());
        };
        for identity in identities(table, batch)? {
            if let Some((_, stored)) = arrived.rows.get_mut(&identity) {
                *stored = true;
            }
        }
        Ok(())
    }

    /// Returns how many rows of each table are new.
    pub fn compared(&self) -> impl Iterator<Item = (Table, Compared)> + '_ {
        self.tables.iter().map(|(table, arrived)| (*table, arrived.compared()))
    }
}

impl Arrived {
    fn compared(&self) -> Compared {
        let mut sums = Compared::default();
        for (count, stored) in self.rows.values() {
            let first = if *stored { &mut sums.stored } else { &mut sums.new };
            *first += 1;
            sums.repeated += count - 1;
        }
        sums
    }
}

/// Returns what identifies each row.
fn identities(table: Table, batch: &RecordBatch) -> Result<Vec<Identity>, ArrowError> {
    if let Some(hashes) = batch
        .column_by_name(HASH)
        .and_then(|column| column.as_fixed_size_binary_opt())
    {
        let identity = |row| std::array::from_fn(|at| hashes.value(row).get(at).copied().unwrap_or(0));
        return Ok((0..hashes.len()).map(identity).collect());
    }
    let states = |name: &str| {
        if table == Table::Spans {
            SPAN.contains(&name)
        } else {
            name != RECEIVED
        }
    };
    let columns: Vec<_> = table
        .columns()
        .iter()
        .filter(|column| states(column.name))
        .filter_map(|column| batch.column_by_name(column.name).map(Arc::clone))
        .collect();
    let fields = columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()))
        .collect();
    let rows = RowConverter::new(fields)?.convert_columns(&columns)?;
    let identity = |row: arrow::row::Row<'_>| {
        let mut digest = Digest::default();
        digest.feed(row.as_ref());
        digest.finish()
    };
    Ok(rows.iter().map(identity).collect())
}

/// Returns the window of the rows' times.
fn times(table: Table, batch: &RecordBatch) -> Option<Window> {
    let times = batch
        .column_by_name(table.time_column())?
        .as_primitive_opt::<Int64Type>()?;
    Some(Window {
        start_unix_nano: min(times)?,
        end_unix_nano: max(times)?.saturating_add(1),
    })
}

fn joined(one: Option<Window>, other: Option<Window>) -> Option<Window> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Window {
            start_unix_nano: one.start_unix_nano.min(other.start_unix_nano),
            end_unix_nano: one.end_unix_nano.max(other.end_unix_nano),
        }),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::tables::{invocation_facts, logs, spans};
    use pennyspan_schema::{Rows, Table};

    use super::{Compared, Newcomers};

    fn log(body: &'static str, received: Option<i64>) -> logs::Row<'static> {
        logs::Row {
            time_unix_nano: 7,
            body: Some(body),
            received_unix_nano: received,
            ..logs::Row::default()
        }
    }

    /// Returns two lines, of which the first stands twice.
    fn lines() -> Rows {
        let mut builder = logs::Builder::default();
        for row in [log("a", None), log("b", None), log("a", Some(9))] {
            builder.append(&row);
        }
        let mut rows = Rows::default();
        rows.push(Table::Logs, builder.finish());
        rows
    }

    #[test]
    fn lines_are_the_same_whenever_they_were_received() {
        let mut newcomers = Newcomers::default();
        newcomers.add(&lines()).unwrap();
        let of = |newcomers: &Newcomers| newcomers.compared().collect::<Vec<_>>();
        let fresh = Compared {
            new: 2,
            stored: 0,
            repeated: 1,
        };
        assert_eq!(of(&newcomers), [(Table::Logs, fresh)]);
        let mut stored = logs::Builder::default();
        stored.append(&log("b", Some(1)));
        stored.append(&log("c", None));
        newcomers.note_stored(Table::Logs, &stored.finish()).unwrap();
        let again = Compared {
            new: 1,
            stored: 1,
            repeated: 1,
        };
        assert_eq!(of(&newcomers), [(Table::Logs, again)]);
        let (table, window) = newcomers.windows().next().unwrap();
        assert_eq!(
            (table, window.start_unix_nano, window.end_unix_nano),
            (Table::Logs, 7, 8)
        );
    }

    #[test]
    fn spans_are_known_by_their_identity_and_facts_by_their_content() {
        let mut rows = Rows::default();
        let (mut some, mut facts) = (spans::Builder::default(), invocation_facts::Builder::default());
        for name in ["first", "again"] {
            some.append(&spans::Row {
                name,
                ..spans::Row::default()
            });
        }
        some.append(&spans::Row {
            span_id: [1; 8],
            ..spans::Row::default()
        });
        for byte in [1, 2, 1] {
            facts.append(&invocation_facts::Row {
                content_hash: [byte; 16],
                ..invocation_facts::Row::default()
            });
        }
        rows.push(Table::Spans, some.finish());
        rows.push(Table::InvocationFacts, facts.finish());
        let mut newcomers = Newcomers::default();
        newcomers.add(&rows).unwrap();
        let expected = Compared {
            new: 2,
            stored: 0,
            repeated: 1,
        };
        assert!(
            newcomers.compared().all(|(_, compared)| compared == expected),
            "{newcomers:?}"
        );
    }
}
