//! Folding whole slices, from all that was ever said of them: where it is not known what files hold of them.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use pennyspan_schema::tables::{invocation_facts, spans};
use pennyspan_schema::{Slice, Table};

use super::super::StoreError;
use super::super::marked::{MarkCache, Marked};
use super::super::reread::read_all;
use super::super::slice_fold::SliceFold;
use super::super::space::Space;
use super::super::state::State;
use super::fold_apart;
use crate::fold::{FoldError, Folded, Reading, slices_of};
use crate::scan::Sources;

/// Slices further apart than this are read and folded apart.
const GAP_SLICES: i64 = 15;
/// Slices that are read and folded together at most.
const TOGETHER_SLICES: i64 = 120;

/// What a fold of whole slices reads: rows that earlier folds read, and rows that none has.
pub(super) struct Whole {
    old_facts: Sources,
    new_facts: Sources,
    facts: Sources,
    old_spans: Sources,
    new_spans: Sources,
    spans: Sources,
    /// Slices that are folded in any case.
    anyway: BTreeSet<Slice>,
}

impl Whole {
    pub(super) fn of(state: &State) -> Self {
        let (old_facts, new_facts) = state.parted(Table::InvocationFacts);
        let (old_spans, new_spans) = state.parted(Table::Spans);
        Self {
            facts: old_facts.with(&new_facts),
            old_facts,
            new_facts,
            spans: old_spans.with(&new_spans),
            old_spans,
            new_spans,
            anyway: state.torn.union(&state.dirty).copied().collect(),
        }
    }

    /// Folds every slice whose rows may have changed.
    pub(super) async fn folded(&self, space: &Space) -> Result<BTreeMap<Slice, SliceFold>, StoreError> {
        let mut dirty = self.dirty(&space.marks).await?;
        dirty.extend(&self.anyway);
        let dirty = space.leave_too_late(dirty, &self.new_facts).await?;
        let mut folds = BTreeMap::new();
        // The newest first, as they are asked for most.
        for slices in groups(&dirty).into_iter().rev() {
            for (slice, folded) in self.fold(slices, &space.marks).await? {
                folds.insert(slice, SliceFold::whole(folded)?);
            }
            space.step();
        }
        Ok(folds)
    }

    /// Returns the slices whose rows the new rows may change.
    ///
    /// A new fact changes the attempts of its key; those and new spans change whose the spans of their traces are. So the
    /// slices are those of the touched keys' attempts without the new facts and with them, and those of the touched traces'
    /// spans, where orphans are counted.
    async fn dirty(&self, marks: &MarkCache) -> Result<BTreeSet<Slice>, StoreError> {
        let new_facts = read_all(marks.store(), Table::InvocationFacts, &self.new_facts).await?;
        let new_spans = read_all(marks.store(), Table::Spans, &self.new_spans).await?;
        let mut dirty = points(&new_facts)?;
        dirty.extend(starts(&new_spans)?);
        let Some(mut touched) = Reading::of(&dirty.iter().copied().collect::<Vec<_>>()) else {
            return Ok(dirty);
        };
        new_facts.iter().try_for_each(|batch| touched.note_facts(batch))?;
        new_spans.iter().try_for_each(|batch| touched.note_spans(batch))?;
        let mut old = Marked::new(Table::InvocationFacts, &self.old_facts, marks, touched.wide());
        old.read_facts(&mut touched, &new_facts).await?;
        let mut kept = old.kept(&touched)?;
        dirty.extend(slices_of(&kept)?);
        kept.extend(new_facts);
        dirty.extend(slices_of(&kept)?);
        let mut spans = Marked::new(Table::Spans, &self.old_spans, marks, touched.wide());
        spans.read_for(&touched).await?;
        dirty.extend(starts(&spans.kept(&touched)?)?);
        Ok(dirty)
    }

    /// Folds neighbouring slices.
    async fn fold(&self, slices: Vec<Slice>, marks: &MarkCache) -> Result<BTreeMap<Slice, Folded>, StoreError> {
        let Some(mut reading) = Reading::of(&slices) else {
            return Ok(BTreeMap::new());
        };
        let mut facts = Marked::new(Table::InvocationFacts, &self.facts, marks, reading.wide());
        facts.read_within(reading.near()).await?;
        facts.rows.iter().try_for_each(|batch| reading.note_facts(batch))?;
        let mut spans = Marked::new(Table::Spans, &self.spans, marks, reading.wide());
        spans.read_within(reading.near()).await?;
        spans.rows.iter().try_for_each(|batch| reading.note_spans(batch))?;
        facts.read_facts(&mut reading, &[]).await?;
        spans.read_for(&reading).await?;
        fold_apart(facts.kept(&reading)?, spans.kept(&reading)?, slices).await
    }
}

/// Returns the slices in which facts say that their attempts start.
fn points(facts: &[RecordBatch]) -> Result<BTreeSet<Slice>, FoldError> {
    let mut slices = BTreeSet::new();
    for batch in facts {
        let reader = invocation_facts::Reader::new(batch)?;
        let point = |row| reader.start_hint_unix_nano(row).unwrap_or(reader.fact_unix_nano(row));
        slices.extend((0..reader.len()).map(|row| Slice::of(point(row))));
    }
    Ok(slices)
}

fn starts(spans: &[RecordBatch]) -> Result<BTreeSet<Slice>, FoldError> {
    let mut slices = BTreeSet::new();
    for batch in spans {
        let reader = spans::Reader::new(batch)?;
        slices.extend((0..reader.len()).map(|row| Slice::of(reader.start_unix_nano(row))));
    }
    Ok(slices)
}

/// Puts slices together that lie near each other.
fn groups(slices: &BTreeSet<Slice>) -> Vec<Vec<Slice>> {
    let mut groups: Vec<Vec<Slice>> = Vec::new();
    for slice in slices {
        let joins = groups.last().filter(|group| {
            let (first, last) = (group[0].0, group[group.len() - 1].0);
            slice.0.saturating_sub(last) <= GAP_SLICES && slice.0.saturating_sub(first) < TOGETHER_SLICES
        });
        match joins {
            Some(_) => groups.last_mut().expect("a group was found").push(*slice),
            None => groups.push(vec![*slice]),
        }
    }
    groups
}
