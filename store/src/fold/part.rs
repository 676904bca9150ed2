//! Folded rows of some keys, which give way when later facts of those keys are folded.

use std::collections::BTreeSet;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use pennyspan_schema::tables::{invocation_calls, invocations};
use pennyspan_schema::{Period, Slice, Table};

use super::instances::{add_up_instances, instance_minutes};
use super::key::{Key, hash};
use super::marks::{Marks, of_attempt};
use super::reading::Keys;
use super::rollup::{add_up, rollup_minutes};
use super::{FoldError, Folded};

/// Folded rows of some keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) folded: Folded,
    keys: Marks,
}

impl Part {
    /// Takes what one fold made.
    pub(crate) fn of(folded: Folded) -> Result<Self, FoldError> {
        let keys = Marks::of(Table::Invocations, &folded.invocations)?;
        Ok(Self { folded, keys })
    }

    /// Takes rows of `invocations`, each batch sorted by (function, start), and the rows of their calls, and adds them up.
    pub(crate) fn of_rows(invocations: Vec<RecordBatch>, calls: Vec<RecordBatch>) -> Result<Self, FoldError> {
        Self::of(Folded {
            rollup_minute: add_up(&rollup_minutes(&invocations)?, Period::Minute)?,
            instance_minutes: add_up_instances(&instance_minutes(&invocations)?)?,
            invocations,
            invocation_calls: calls,
            ..Folded::default()
        })
    }

    /// Puts parts together that have no attempt in common.
    pub(crate) fn joined<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Result<Self, FoldError> {
        let all = |rows: fn(&Folded) -> &Vec<RecordBatch>| -> Vec<RecordBatch> {
            parts.clone().flat_map(|part| rows(&part.folded)).cloned().collect()
        };
        Ok(Self {
            folded: Folded {
                invocations: all(|folded| &folded.invocations),
                invocation_calls: all(|folded| &folded.invocation_calls),
                rollup_minute: add_up(&all(|folded| &folded.rollup_minute), Period::Minute)?,
                instance_minutes: add_up_instances(&all(|folded| &folded.instance_minutes))?,
                ..Folded::default()
            },
            keys: Marks::joined(parts.map(|part| &part.keys)),
        })
    }

    /// Returns whether it may have attempts of one of these keys.
    pub(crate) fn may_hold(&self, keys: &Keys) -> bool {
        self.keys.may_hold(keys.iter().copied())
    }

    /// Returns the rows of all other keys.
    pub(crate) fn without(&self, keys: &Keys) -> Result<Self, FoldError> {
        let mut left = (Vec::new(), Vec::new());
        for batch in &self.folded.invocations {
            let reader = invocations::Reader::new(batch)?;
            let kept = (0..reader.len()).map(|row| Some(!keys.contains(&of_attempt(&reader, row))));
            keep(invocations::NAME, batch, &kept.collect(), &mut left.0)?;
        }
        for batch in &self.folded.invocation_calls {
            let reader = invocation_calls::Reader::new(batch)?;
            let key = |row| Key {
                provider: reader.provider(row),
                scope: reader.key_scope(row),
                invocation_id: reader.invocation_id(row),
            };
            let kept = (0..reader.len()).map(|row| Some(!keys.contains(&hash(key(row)))));
            keep(invocation_calls::NAME, batch, &kept.collect(), &mut left.1)?;
        }
        Self::of_rows(left.0, left.1)
    }
}

/// Returns the slices in which rows of `invocations` have attempts of some keys.
pub(crate) fn slices_with(invocations: &RecordBatch, keys: &Keys) -> Result<BTreeSet<Slice>, FoldError> {
    let reader = invocations::Reader::new(invocations)?;
    let rows = (0..reader.len()).filter(|row| keys.contains(&of_attempt(&reader, *row)));
    Ok(rows.map(|row| Slice::of(reader.start_unix_nano(row))).collect())
}

fn keep(
    table: &'static str,
    batch: &RecordBatch,
    kept: &BooleanArray,
    left: &mut Vec<RecordBatch>,
) -> Result<(), FoldError> {
    let rows = filter_record_batch(batch, kept).map_err(|source| FoldError::Concat { table, source })?;
    if rows.num_rows() > 0 {
        left.push(rows);
    }
    Ok(())
}
