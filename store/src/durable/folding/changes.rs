//! Folding only what new facts and spans change: the keys that they speak of, and those that share a trace with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Int64Type;
use pennyspan_schema::tables::{invocation_facts, spans};
use pennyspan_schema::{Slice, Table, Window};

use super::super::StoreError;
use super::super::marked::{MarkCache, Marked};
use super::super::recent::Recent;
use super::super::reread::read_file;
use super::super::slice_fold::SliceFold;
use super::super::state::{Files, State};
use crate::delta::DataFile;
use crate::fold::{FoldError, FoldInput, Folded, Keys, Part, Reading, fold_changed, orphans_changed};

/// New facts and spans, and what is known so far.
pub(super) struct Changes {
    facts: Vec<RecordBatch>,
    spans: Vec<RecordBatch>,
    files: Files,
    folds: BTreeMap<Slice, Arc<SliceFold>>,
    orphans: BTreeMap<Slice, u64>,
    /// The oldest slice of which everything can be read; `None` where it can of all.
    folds_from: Option<Slice>,
}

/// What is folded of the keys that changed, by slice.
struct Changed {
    folded: BTreeMap<Slice, Folded>,
    /// What was counted of the same traces before.
    orphans_before: BTreeMap<Slice, u64>,
    /// The keys whose rows so far do not count any more.
    gone: Keys,
    /// Where attempts of these keys lie.
    reach: Window,
}

impl Changes {
    /// Takes what a fold reads for the first time; nothing where it would read nothing.
    pub(super) fn of(state: &State) -> Option<Self> {
        let new = |table| -> Vec<RecordBatch> {
            let batches = state.folding.iter().flat_map(|folding| folding.batches(table));
            batches.cloned().collect()
        };
        let (facts, spans) = (new(Table::InvocationFacts), new(Table::Spans));
        (!(facts.is_empty() && spans.is_empty())).then(|| Self {
            facts,
            spans,
            files: state.files.clone(),
            folds: state.folds.clone(),
            orphans: state.orphans.clone(),
            folds_from: state.folds_from(),
        })
    }

    /// Returns the new facts.
    pub(super) fn facts(&self) -> &[RecordBatch] {
        &self.facts
    }

    /// Returns whether slices of a window may change.
    pub(super) fn may_change(&self, window: Window) -> Result<bool, FoldError> {
        let reach = self.reading()?.map(|reading| reading.reach());
        Ok(reach.is_some_and(|reach| {
            reach.start_unix_nano < window.end_unix_nano && window.start_unix_nano < reach.end_unix_nano
        }))
    }

    /// Returns the slices that changed, as they are now.
    pub(super) async fn folded(
        self,
        marks: &MarkCache,
        recent: &Recent,
    ) -> Result<BTreeMap<Slice, SliceFold>, StoreError> {
        let Some(changed) = self.changed(marks, recent).await? else {
            return Ok(BTreeMap::new());
        };
        let mut folds = self.begun(&changed, marks).await?;
        let applying = tokio::task::spawn_blocking(move || {
            changed.apply(&mut folds)?;
            Ok::<_, FoldError>(folds)
        });
        Ok(joined(applying.await)??)
    }

    /// Folds the keys that changed, from the new rows and what was said of these keys and traces before.
    async fn changed(&self, marks: &MarkCache, recent: &Recent) -> Result<Option<Changed>, StoreError> {
        let Some(mut reading) = self.reading()? else {
            return Ok(None);
        };
        let segments = recent.all();
        let files = |table| {
            let files = self.files.get(&table).into_iter().flat_map(|files| files.iter());
            files.filter(|file| !segments.hold(file)).collect::<Vec<_>>()
        };
        let (of_facts, of_spans) = (files(Table::InvocationFacts), files(Table::Spans));
        let mut facts = Marked::beside(
            Table::InvocationFacts,
            &segments.list,
            of_facts,
            marks,
            reading.around(),
        );
        facts.read_for(&reading).await?;
        reading.widen(facts.rows.iter().chain(&self.facts))?;
        let changed = reading.clone();
        facts.read_for(&reading).await?;
        reading.widen(facts.rows.iter().chain(&self.facts))?;
        facts.read_for(&reading).await?;
        let mut spans = Marked::beside(Table::Spans, &segments.list, of_spans, marks, reading.around());
        spans.read_for(&reading).await?;
        let (old_facts, old_spans) = (facts.kept(&reading)?, spans.kept(&reading)?);
        let (new_facts, new_spans) = (self.facts.clone(), self.spans.clone());
        let folding =
            tokio::task::spawn_blocking(move || fold(&changed, (old_facts, old_spans), (new_facts, new_spans)));
        let mut changed = joined(folding.await)??;
        if let Some(from) = self.folds_from {
            changed.leave_before(from);
        }
        Ok(Some(changed))
    }

    /// Returns the new rows' keys and traces; nothing without rows.
    fn reading(&self) -> Result<Option<Reading>, FoldError> {
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        let mut see = |time: i64| (first, last) = (first.min(time), last.max(time));
        for batch in &self.facts {
            let reader = invocation_facts::Reader::new(batch)?;
            let point = |row| reader.start_hint_unix_nano(row).unwrap_or(reader.fact_unix_nano(row));
            (0..reader.len()).map(point).for_each(&mut see);
        }
        for batch in &self.spans {
            let reader = spans::Reader::new(batch)?;
            (0..reader.len())
                .map(|row| reader.start_unix_nano(row))
                .for_each(&mut see);
        }
        if first > last {
            return Ok(None);
        }
        let Some(mut reading) = Reading::of(&[Slice::of(first), Slice::of(last)]) else {
            return Ok(None);
        };
        self.facts.iter().try_for_each(|batch| reading.note_facts(batch))?;
        self.spans.iter().try_for_each(|batch| reading.note_spans(batch))?;
        Ok(Some(reading))
    }

    /// Returns the slices that change, as they are so far, with what files hold of them where that is needed.
    async fn begun(&self, changed: &Changed, marks: &MarkCache) -> Result<BTreeMap<Slice, SliceFold>, StoreError> {
        let over = self.slices_to_take_over(changed, marks).await?;
        let mut folds: BTreeMap<Slice, SliceFold> = BTreeMap::new();
        let mut unknown = Vec::new();
        for slice in changed.slices().chain(over.iter().copied()) {
            match self.folds.get(&slice) {
                Some(fold) => _ = folds.insert(slice, (**fold).clone()),
                None => unknown.push(slice),
            }
        }
        if !changed.gone.is_empty() {
            let within = self.folds.iter().filter(|(slice, _)| changed.reaches(**slice));
            let held = within.filter(|(_, fold)| fold.may_hold(&changed.gone));
            folds.extend(held.map(|(slice, fold)| (*slice, (**fold).clone())));
        }
        unknown.sort_unstable();
        unknown.dedup();
        let mut minutes = self.stored(Table::RollupMinute, &unknown, marks).await?;
        let mut instances = self.stored(Table::InstanceMinutes, &unknown, marks).await?;
        for slice in unknown {
            let take = |rows: &mut BTreeMap<Slice, Vec<RecordBatch>>| rows.remove(&slice).unwrap_or_default();
            let orphans = self.orphans.get(&slice).copied().unwrap_or_default();
            folds.insert(
                slice,
                SliceFold::beside(take(&mut minutes), take(&mut instances), orphans),
            );
        }
        let mut attempts = self.stored(Table::Invocations, &over, marks).await?;
        let mut calls = self.stored(Table::InvocationCalls, &over, marks).await?;
        for slice in over {
            if let Some(fold) = folds.get_mut(&slice) {
                let rows = (attempts.remove(&slice), calls.remove(&slice));
                fold.take_over(Part::of_rows(rows.0.unwrap_or_default(), rows.1.unwrap_or_default())?);
            }
        }
        Ok(folds)
    }

    /// Returns the slices of which files hold attempts that do not count any more.
    async fn slices_to_take_over(&self, changed: &Changed, marks: &MarkCache) -> Result<Vec<Slice>, StoreError> {
        let mut slices = Vec::new();
        if changed.gone.is_empty() {
            return Ok(slices);
        }
        let files = self
            .files
            .get(&Table::Invocations)
            .into_iter()
            .flat_map(|files| files.iter());
        for file in files.filter(|file| file.touches(changed.reach)) {
            if marks
                .of(Table::Invocations, file)
                .await?
                .may_hold(changed.gone.iter().copied())
            {
                for batch in read_file(marks.store(), Table::Invocations, file).await? {
                    slices.extend(crate::fold::slices_with(&batch, &changed.gone)?);
                }
            }
        }
        slices.sort_unstable();
        slices.dedup();
        slices.retain(|slice| changed.reaches(*slice) && self.folds.get(slice).is_none_or(|fold| fold.is_beside()));
        Ok(slices)
    }

    /// Reads what files hold of some slices, which rise.
    async fn stored(
        &self,
        table: Table,
        slices: &[Slice],
        marks: &MarkCache,
    ) -> Result<BTreeMap<Slice, Vec<RecordBatch>>, StoreError> {
        let mut stored: BTreeMap<Slice, Vec<RecordBatch>> = BTreeMap::new();
        let files = self.files.get(&table).into_iter().flat_map(|files| files.iter());
        for file in files.filter(|file| touches_one_of(file, slices)) {
            for batch in read_file(marks.store(), table, file).await? {
                for (slice, rows) in by_slice(table, &batch, slices)? {
                    stored.entry(slice).or_default().push(rows);
                }
            }
        }
        Ok(stored)
    }
}

/// Folds the keys that changed.
fn fold(
    changed: &Reading,
    (old_facts, old_spans): (Vec<RecordBatch>, Vec<RecordBatch>),
    (new_facts, new_spans): (Vec<RecordBatch>, Vec<RecordBatch>),
) -> Result<Changed, FoldError> {
    let orphans_before = if old_spans.is_empty() {
        BTreeMap::new()
    } else {
        let old = FoldInput {
            facts: &old_facts,
            spans: &old_spans,
        };
        orphans_changed(&old, changed)?
    };
    let gone = changed.keys_in(&old_facts)?;
    let all = FoldInput {
        facts: &[old_facts, new_facts].concat(),
        spans: &[old_spans, new_spans].concat(),
    };
    Ok(Changed {
        folded: fold_changed(&all, changed)?,
        orphans_before,
        gone,
        reach: changed.reach(),
    })
}

impl Changed {
    /// Leaves the slices before one as they are: a part of what was said of them is gone.
    fn leave_before(&mut self, from: Slice) {
        self.folded.retain(|slice, _| *slice >= from);
        self.orphans_before.retain(|slice, _| *slice >= from);
        self.reach.start_unix_nano = self.reach.start_unix_nano.max(from.start_unix_nano());
    }

    /// Returns the slices that get other rows, or other orphans.
    fn slices(&self) -> impl Iterator<Item = Slice> {
        let gets = self.folded.iter().filter(|(slice, folded)| {
            !folded.invocations.is_empty() || folded.orphan_span_count != self.before(**slice)
        });
        let lose = self
            .orphans_before
            .keys()
            .filter(|slice| !self.folded.contains_key(slice));
        gets.map(|(slice, _)| *slice).chain(lose.copied())
    }

    /// Returns whether the attempts of a slice are among those that were folded again.
    fn reaches(&self, slice: Slice) -> bool {
        self.reach.contains(slice.start_unix_nano())
    }

    fn before(&self, slice: Slice) -> u64 {
        self.orphans_before.get(&slice).copied().unwrap_or_default()
    }

    /// Puts what was folded in the place of what does not count any more.
    fn apply(mut self, folds: &mut BTreeMap<Slice, SliceFold>) -> Result<(), FoldError> {
        for (slice, fold) in folds {
            fold.retract(&self.gone)?;
            let folded = self.folded.remove(slice).unwrap_or_default();
            let orphans = fold.orphans.saturating_add(folded.orphan_span_count);
            fold.orphans = orphans.saturating_sub(self.before(*slice));
            if !folded.invocations.is_empty() {
                fold.add(folded)?;
            }
            fold.sum_up()?;
        }
        Ok(())
    }
}

fn touches_one_of(file: &DataFile, slices: &[Slice]) -> bool {
    file.slices().is_some_and(|(first, last)| {
        let next = slices.partition_point(|slice| *slice < first);
        slices.get(next).is_some_and(|slice| *slice <= last)
    })
}

/// Returns the rows of each of some slices, which rise.
fn by_slice(table: Table, batch: &RecordBatch, slices: &[Slice]) -> Result<BTreeMap<Slice, RecordBatch>, FoldError> {
    let times = batch
        .column_by_name(table.time_column())
        .and_then(|times| times.as_primitive_opt::<Int64Type>());
    let Some(times) = times else {
        return Err(FoldError::Layout { table: table.name() });
    };
    let mut rows: BTreeMap<Slice, Vec<u32>> = BTreeMap::new();
    for (row, time) in (0..).zip(times.values()) {
        let slice = Slice::of(*time);
        if slices.binary_search(&slice).is_ok() {
            rows.entry(slice).or_default().push(row);
        }
    }
    let taken = |(slice, rows)| {
        let rows = take_record_batch(batch, &UInt32Array::from(rows)).map_err(|source| FoldError::Concat {
            table: table.name(),
            source,
        });
        Ok((slice, rows?))
    };
    rows.into_iter().map(taken).collect()
}

fn joined<T>(done: Result<T, tokio::task::JoinError>) -> Result<T, StoreError> {
    done.map_err(|source| StoreError::BrokenOff {
        table: Table::Invocations.name(),
        source,
    })
}
