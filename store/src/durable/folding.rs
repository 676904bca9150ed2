//! Folding what was published: which slices changed, and what they hold now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use pennyspan_schema::tables::{invocation_facts, spans};
use pennyspan_schema::{Slice, Table};

use super::StoreError;
use super::marked::{MarkCache, Marked};
use super::reread::read_all;
use super::space::Space;
use crate::fold::{FoldError, FoldInput, Folded, Reading, fold_slices, slices_of};
use crate::scan::Sources;

/// Slices further apart than this are read and folded apart.
const GAP_SLICES: i64 = 15;
/// Slices that are read and folded together at most.
const TOGETHER_SLICES: i64 = 120;
/// What a fold reads: rows that earlier folds read, and rows that none has.
struct Cut {
    old_facts: Sources,
    new_facts: Sources,
    facts: Sources,
    old_spans: Sources,
    new_spans: Sources,
    spans: Sources,
}

/// Folds what was published since the last fold. The caller sees to it that nothing else works on the workspace.
pub(super) async fn fold(space: &Space) -> Result<(), StoreError> {
    let now = space.options.now();
    let cut = cut(space)?;
    let mut folds = BTreeMap::new();
    if !(cut.new_facts.is_empty() && cut.new_spans.is_empty()) {
        space.marks.begin_fold();
        let dirty = cut.dirty(&space.marks).await?;
        // The newest first, as they are asked for most.
        for slices in groups(&dirty).into_iter().rev() {
            folds.extend(cut.fold(slices, &space.marks).await?);
            space.step();
        }
    }
    if !folds.is_empty() {
        space.options.begin("fold");
    }
    let mut state = space.state();
    for (slice, folded) in folds {
        match folded.orphan_span_count {
            0 => state.orphans.remove(&slice),
            count => state.orphans.insert(slice, count),
        };
        state.folds.insert(slice, Arc::new(folded));
    }
    if let Some(folded) = state.folding.take() {
        state.ripe.append(folded)?;
    }
    state.unfolded.clear();
    state.as_of_unix_nano = Some(now);
    drop(state);
    space.counts.folds.add(now);
    space.step();
    Ok(())
}

/// Takes the fresh rows, with those of a fold that failed.
fn cut(space: &Space) -> Result<Cut, FoldError> {
    let mut state = space.state();
    let fresh = std::mem::take(&mut state.fresh);
    match &mut state.folding {
        Some(folding) => folding.append(fresh)?,
        folding => *folding = Some(fresh),
    }
    let (old_facts, new_facts) = state.parted(Table::InvocationFacts);
    let (old_spans, new_spans) = state.parted(Table::Spans);
    Ok(Cut {
        facts: old_facts.with(&new_facts),
        old_facts,
        new_facts,
        spans: old_spans.with(&new_spans),
        old_spans,
        new_spans,
    })
}

impl Cut {
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
        let in_memory = old.rows.len();
        old.rows.extend(new_facts.iter().cloned());
        old.read_facts(&mut touched).await?;
        let kept = old.kept(&touched)?;
        let mut without_new = kept.clone();
        without_new.drain(in_memory..in_memory + new_facts.len());
        dirty.extend(slices_of(&without_new)?);
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
        facts.read_facts(&mut reading).await?;
        spans.read_for(&reading).await?;
        let (facts, spans) = (facts.kept(&reading)?, spans.kept(&reading)?);
        let folding = tokio::task::spawn_blocking(move || {
            let input = FoldInput {
                facts: &facts,
                spans: &spans,
            };
            fold_slices(&input, &slices)
        });
        let folded = folding.await.map_err(|source| StoreError::BrokenOff {
            table: Table::Invocations.name(),
            source,
        })?;
        Ok(folded?)
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
