//! Folding what was published: which slices changed, and what they hold now.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use pennyspan_schema::{Slice, Table};

use super::StoreError;
use super::generation::Generation;
use super::slice_fold::SliceFold;
use super::space::Space;
use super::state::State;
use crate::fold::{FoldError, FoldInput, Folded, fold_slices};
use changes::Changes;
use whole::Whole;

mod changes;
mod whole;

/// What a fold is made of.
enum Cut {
    /// New rows, beside all that is known of the rest.
    Changes(Changes),
    /// Slices of which it is not known what files hold: a crash or a failure, deletion or retention left them so.
    Whole(Box<Whole>),
}

/// Folds what was published since the last fold. The caller sees to it that nothing else works on the workspace.
pub(super) async fn fold(space: &Space) -> Result<(), StoreError> {
    let now = space.options.now();
    let folds = match cut(space)? {
        Some(cut) => {
            space.marks.begin_fold();
            cut.folded(space).await?
        }
        None => BTreeMap::new(),
    };
    if !folds.is_empty() {
        space.options.begin("fold");
    }
    note_recent(space)?;
    let mut state = space.state();
    for (slice, fold) in folds {
        match fold.orphans {
            0 => state.orphans.remove(&slice),
            count => state.orphans.insert(slice, count),
        };
        state.folds.insert(slice, Arc::new(fold));
    }
    if let Some(folded) = state.folding.take() {
        state.ripe.append(folded)?;
    }
    state.unfolded.clear();
    state.torn.clear();
    state.dirty.clear();
    state.as_of_unix_nano = Some(now);
    drop(state);
    space.counts.folds.add(now);
    space.step();
    Ok(())
}

/// Takes the fresh rows, with those of a fold that failed; none where nothing is to be folded.
fn cut(space: &Space) -> Result<Option<Cut>, FoldError> {
    let mut state = space.state();
    let fresh = std::mem::take(&mut state.fresh);
    match &mut state.folding {
        Some(folding) => folding.append(fresh)?,
        folding => *folding = Some(fresh),
    }
    let begun = state.folding.as_ref().and_then(Generation::frames);
    // A log whose end was torn brings frames again that folded files hold already.
    let again = begun.is_some_and(|(first, _)| space.recent.began_above(first));
    let changes = Changes::of(&state);
    let partly_removed = match (&changes, state.partly_removed()) {
        (Some(changes), Some(window)) => changes.may_change(window)?,
        _ => false,
    };
    if again || partly_removed || !(state.unfolded.is_empty() && state.torn.is_empty() && state.dirty.is_empty()) {
        return Ok(Some(Cut::Whole(Box::new(Whole::of(&state)))));
    }
    Ok(changes.map(Cut::Changes))
}

impl Cut {
    async fn folded(self, space: &Space) -> Result<BTreeMap<Slice, SliceFold>, StoreError> {
        match self {
            Self::Changes(changes) => {
                space.note_too_late(changes.facts())?;
                changes.folded(&space.marks, &space.recent).await
            }
            Self::Whole(whole) => whole.folded(space).await,
        }
    }
}

/// Folds slices from their facts and spans, on a thread that may take its time.
pub(super) async fn fold_apart(
    facts: Vec<RecordBatch>,
    spans: Vec<RecordBatch>,
    slices: Vec<Slice>,
) -> Result<BTreeMap<Slice, Folded>, StoreError> {
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

/// Keeps what was folded at hand for the next folds.
fn note_recent(space: &Space) -> Result<(), FoldError> {
    let rows = {
        let state = space.state();
        let rows = |state: &State, table| {
            let batches = state.folding.iter().flat_map(|folding| folding.batches(table));
            batches.cloned().collect::<Vec<_>>()
        };
        let frames = state.folding.as_ref().and_then(Generation::frames);
        frames.map(|frames| (frames, rows(&state, Table::InvocationFacts), rows(&state, Table::Spans)))
    };
    match rows {
        Some((frames, facts, spans)) => space.recent.push(frames, &facts, &spans),
        None => Ok(()),
    }
}
