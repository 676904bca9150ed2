//! What is folded of one slice and not in files yet.

use std::sync::Arc;

use arrow::array::RecordBatch;
use pennyspan_schema::{Period, Table};

use crate::fold::{FoldError, Folded, Keys, Part, add_up, add_up_instances};

/// Parts that become one, so that a slice has few.
const PARTS: usize = 16;

/// What is folded of one slice and not in files yet: attempts and calls by the folds that made them, and the slice's sums.
#[derive(Clone, Debug, Default)]
pub(super) struct SliceFold {
    parts: Vec<Arc<Part>>,
    beside: Beside,
    rollup_minute: Vec<RecordBatch>,
    instance_minutes: Vec<RecordBatch>,
    /// Spans of functions without a known attempt.
    pub(super) orphans: u64,
}

/// What the parts stand beside.
#[derive(Clone, Debug, Default)]
enum Beside {
    /// Nothing: no row that files hold of the slice counts.
    #[default]
    Nothing,
    /// The attempts and calls that files hold of the slice, whose sums are these.
    Stored {
        rollup_minute: Vec<RecordBatch>,
        instance_minutes: Vec<RecordBatch>,
    },
}

impl SliceFold {
    /// Takes all rows of a slice, instead of those that files hold.
    pub(super) fn whole(folded: Folded) -> Result<Self, FoldError> {
        let orphans = folded.orphan_span_count;
        let mut whole = Self {
            orphans,
            ..Self::default()
        };
        whole.add(folded)?;
        whole.sum_up()?;
        Ok(whole)
    }

    /// Starts beside the attempts that files hold of the slice, and their calls, with their sums.
    pub(super) fn beside(rollup_minute: Vec<RecordBatch>, instance_minutes: Vec<RecordBatch>, orphans: u64) -> Self {
        Self {
            beside: Beside::Stored {
                rollup_minute,
                instance_minutes,
            },
            orphans,
            ..Self::default()
        }
    }

    /// Takes the attempts and calls of the slice that files hold; from now on the files' do not count.
    pub(super) fn take_over(&mut self, stored: Part) {
        self.parts.push(Arc::new(stored));
        self.beside = Beside::Nothing;
    }

    /// Returns whether attempts that files hold of the slice count.
    pub(super) fn is_beside(&self) -> bool {
        matches!(self.beside, Beside::Stored { .. })
    }

    /// Returns whether its rows of a table stand instead of all that files hold of the slice.
    pub(super) fn replaces(&self, table: Table) -> bool {
        match table {
            Table::Invocations | Table::InvocationCalls => !self.is_beside(),
            _ => true,
        }
    }

    /// Returns whether its parts may have attempts of some keys.
    pub(super) fn may_hold(&self, keys: &Keys) -> bool {
        self.parts.iter().any(|part| part.may_hold(keys))
    }

    /// Lets go of the attempts of some keys.
    pub(super) fn retract(&mut self, keys: &Keys) -> Result<(), FoldError> {
        for part in &mut self.parts {
            if part.may_hold(keys) {
                *part = Arc::new(part.without(keys)?);
            }
        }
        Ok(())
    }

    /// Adds attempts that it has not.
    pub(super) fn add(&mut self, folded: Folded) -> Result<(), FoldError> {
        self.parts.push(Arc::new(Part::of(folded)?));
        if self.parts.len() > PARTS {
            let joined = Part::joined(self.parts.iter().map(|part| &**part))?;
            self.parts = vec![Arc::new(joined)];
        }
        Ok(())
    }

    /// Adds the slice's sums up anew.
    pub(super) fn sum_up(&mut self) -> Result<(), FoldError> {
        if let (Beside::Nothing, [part]) = (&self.beside, &*self.parts) {
            self.rollup_minute.clone_from(&part.folded.rollup_minute);
            self.instance_minutes.clone_from(&part.folded.instance_minutes);
            return Ok(());
        }
        let (mut minutes, mut instances) = match &self.beside {
            Beside::Nothing => (Vec::new(), Vec::new()),
            Beside::Stored {
                rollup_minute,
                instance_minutes,
            } => (rollup_minute.clone(), instance_minutes.clone()),
        };
        for part in &self.parts {
            minutes.extend(part.folded.rollup_minute.iter().cloned());
            instances.extend(part.folded.instance_minutes.iter().cloned());
        }
        self.rollup_minute = add_up(&minutes, Period::Minute)?;
        self.instance_minutes = add_up_instances(&instances)?;
        Ok(())
    }

    /// Returns its rows of a table.
    pub(super) fn rows_of(&self, table: Table) -> impl Iterator<Item = &RecordBatch> {
        let of_parts = self.parts.iter().flat_map(move |part| match table {
            Table::Invocations => part.folded.invocations.as_slice(),
            Table::InvocationCalls => part.folded.invocation_calls.as_slice(),
            _ => &[],
        });
        let sums = match table {
            Table::RollupMinute => self.rollup_minute.as_slice(),
            Table::InstanceMinutes => self.instance_minutes.as_slice(),
            _ => &[],
        };
        of_parts.chain(sums)
    }
}
