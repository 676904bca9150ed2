//! Leaving alone what can no longer be folded: a fold of the facts that came since would replace what all facts said.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Slice, Table};

use super::StoreError;
use super::reread::read_all;
use super::space::Space;
use crate::fold::FoldError;
use crate::scan::Sources;

impl Space {
    /// Returns the slices of which every fact and span is still there, and counts the new facts of the others.
    pub(super) async fn leave_too_late(
        &self,
        mut dirty: BTreeSet<Slice>,
        new_facts: &Sources,
    ) -> Result<BTreeSet<Slice>, StoreError> {
        let Some(from) = self.state().folds_from() else {
            return Ok(dirty);
        };
        let whole = dirty.split_off(&from);
        if !dirty.is_empty() {
            let new_facts = read_all(self.marks.store(), Table::InvocationFacts, new_facts).await?;
            self.note_too_late(&new_facts)?;
        }
        Ok(whole)
    }

    /// Counts the new facts of slices of which a part of what was said is gone.
    pub(super) fn note_too_late(&self, new_facts: &[RecordBatch]) -> Result<(), FoldError> {
        let Some(from) = self.state().folds_from() else {
            return Ok(());
        };
        let mut too_late = 0;
        for batch in new_facts {
            let facts = invocation_facts::Reader::new(batch)?;
            let starts = |row| facts.start_hint_unix_nano(row).unwrap_or(facts.fact_unix_nano(row));
            too_late += (0..facts.len()).filter(|row| Slice::of(starts(*row)) < from).count() as u64;
        }
        if too_late > 0 {
            self.counts.add(
                "facts_too_late_total",
                self.workspace(),
                Table::InvocationFacts,
                too_late,
            );
            tracing::warn!(
                workspace = %self.workspace(),
                facts = too_late,
                "{too_late} facts came after the facts beside them were removed: they are kept, and not folded"
            );
        }
        Ok(())
    }
}
