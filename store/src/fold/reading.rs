//! What a fold of some slices has to read.
//!
//! A slice's rows depend on all facts of the keys that have a fact near it, on the spans of those keys' traces, and, where a
//! span has lost its ancestors, on the other attempts of those traces. [`Reading`] learns keys and traces from what it is
//! shown, and then says which rows of a wider window matter:
//!
//! 1. [`Reading::near`]: show it the facts and spans of this window ([`Reading::note_facts`], [`Reading::note_spans`]);
//! 2. [`Reading::wide`]: show it the facts of this window ([`Reading::widen`]);
//! 3. fold the facts and spans of the wide window that [`Reading::facts`] and [`Reading::spans`] keep.
//!
//! Both windows are of the tables' time columns. More rows than these change nothing.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use pennyspan_schema::tables::{invocation_facts, spans};
use pennyspan_schema::{Slice, Window};

use super::FoldError;
use super::attempt::{REACH, UNENDED};
use super::key::{Key, hash};
use super::marks::{Marks, of_trace};

/// How long in nanoseconds after a slice facts without hint, and spans, are looked for before their keys are known.
const TRAILING: i64 = 60_000_000_000;

/// Hashes of keys.
pub(crate) type Keys = HashSet<u64, RandomState>;

/// What a fold of some slices has to read.
#[derive(Clone, Debug)]
pub struct Reading {
    slices: Window,
    /// Hashes of keys: two keys of one hash are read together, which changes nothing.
    keys: Keys,
    traces: HashSet<[u8; 16], RandomState>,
}

impl Reading {
    /// Starts a reading for slices; `None` without slices.
    #[must_use]
    pub fn of(slices: &[Slice]) -> Option<Self> {
        let (first, last) = (slices.iter().min()?, slices.iter().max()?);
        let slices = Window {
            start_unix_nano: first.start_unix_nano(),
            end_unix_nano: last.end_unix_nano(),
        };
        Some(Self {
            slices,
            keys: HashSet::default(),
            traces: HashSet::default(),
        })
    }

    /// Returns the window in which the slices' attempts show themselves: every fact states its start at most a run later.
    #[must_use]
    pub fn near(&self) -> Window {
        self.widened(UNENDED, REACH + TRAILING)
    }

    /// Returns the window in which all that matters to the slices' attempts lies.
    #[must_use]
    pub fn wide(&self) -> Window {
        self.widened(2 * REACH, 2 * REACH)
    }

    /// Returns the window in which attempts lie that facts within the slices may change.
    pub(crate) fn reach(&self) -> Window {
        self.widened(2 * REACH, 2 * REACH)
    }

    /// Returns the window in which all lies that matters to the attempts of [`Self::reach`].
    pub(crate) fn around(&self) -> Window {
        self.widened(4 * REACH, 4 * REACH)
    }

    fn widened(&self, before: i64, after: i64) -> Window {
        Window {
            start_unix_nano: self.slices.start_unix_nano.saturating_sub(before),
            end_unix_nano: self.slices.end_unix_nano.saturating_add(after),
        }
    }

    /// Learns keys and traces from facts of the near window.
    ///
    /// # Errors
    /// [`FoldError::Read`] where the batch is not one of `invocation_facts`.
    pub fn note_facts(&mut self, facts: &RecordBatch) -> Result<(), FoldError> {
        let reader = invocation_facts::Reader::new(facts)?;
        let near = self.widened(UNENDED, TRAILING);
        for row in 0..reader.len() {
            let hint = reader.start_hint_unix_nano(row);
            if near.contains(hint.unwrap_or(reader.fact_unix_nano(row))) {
                self.keys.insert(hash_of(&reader, row));
                self.traces.extend(reader.trace_id(row));
            }
        }
        Ok(())
    }

    /// Learns traces from spans of the near window.
    ///
    /// # Errors
    /// [`FoldError::Read`] where the batch is not one of `spans`.
    pub fn note_spans(&mut self, spans: &RecordBatch) -> Result<(), FoldError> {
        let reader = spans::Reader::new(spans)?;
        let near = self.widened(UNENDED, TRAILING);
        let near = (0..reader.len()).filter(|row| near.contains(reader.start_unix_nano(*row)));
        self.traces.extend(near.map(|row| reader.trace_id(row)));
        Ok(())
    }

    /// Learns, from the facts of the wide window, the traces of the keys that are known and then the keys of those traces.
    ///
    /// # Errors
    /// [`FoldError::Read`] where a batch is not one of `invocation_facts`.
    pub fn widen<'a>(&mut self, facts: impl IntoIterator<Item = &'a RecordBatch>) -> Result<(), FoldError> {
        let readers = facts
            .into_iter()
            .map(invocation_facts::Reader::new)
            .collect::<Result<Vec<_>, _>>()?;
        let rows = || {
            readers
                .iter()
                .flat_map(|reader| (0..reader.len()).map(move |row| (reader, row)))
        };
        for (reader, row) in rows() {
            if let Some(trace) = reader.trace_id(row)
                && self.keys.contains(&hash_of(reader, row))
            {
                self.traces.insert(trace);
            }
        }
        for (reader, row) in rows() {
            if reader.trace_id(row).is_some_and(|trace| self.traces.contains(&trace)) {
                self.keys.insert(hash_of(reader, row));
            }
        }
        Ok(())
    }

    /// Returns whether it has learned of a key, by its hash.
    pub(super) fn has_key(&self, hash: u64) -> bool {
        self.keys.contains(&hash)
    }

    /// Returns whether it has learned of a trace.
    pub(super) fn has_trace(&self, trace: &[u8; 16]) -> bool {
        self.traces.contains(trace)
    }

    /// Returns those of the keys that some of these facts speak of, by their hashes.
    pub(crate) fn keys_in(&self, facts: &[RecordBatch]) -> Result<Keys, FoldError> {
        let mut keys = Keys::default();
        for batch in facts {
            let reader = invocation_facts::Reader::new(batch)?;
            let hashes = (0..reader.len()).map(|row| hash_of(&reader, row));
            keys.extend(hashes.filter(|hash| self.keys.contains(hash)));
        }
        Ok(keys)
    }

    /// Returns whether facts with these marks may matter, or teach something.
    pub(crate) fn may_keep_facts(&self, marks: &Marks) -> bool {
        marks.may_hold(self.keys.iter().copied()) || self.may_keep_spans(marks)
    }

    /// Returns whether spans with these marks may matter.
    pub(crate) fn may_keep_spans(&self, marks: &Marks) -> bool {
        marks.may_hold(self.traces.iter().map(|trace| of_trace(*trace)))
    }

    /// Returns the facts that matter.
    ///
    /// # Errors
    /// [`FoldError::Read`] where the batch is not one of `invocation_facts`.
    pub fn facts(&self, facts: &RecordBatch) -> Result<RecordBatch, FoldError> {
        let reader = invocation_facts::Reader::new(facts)?;
        let kept: BooleanArray = (0..reader.len())
            .map(|row| Some(self.keys.contains(&hash_of(&reader, row))))
            .collect();
        keep(invocation_facts::NAME, facts, &kept)
    }

    /// Returns the spans that matter.
    ///
    /// # Errors
    /// [`FoldError::Read`] where the batch is not one of `spans`.
    pub fn spans(&self, spans: &RecordBatch) -> Result<RecordBatch, FoldError> {
        let reader = spans::Reader::new(spans)?;
        let kept: BooleanArray = (0..reader.len())
            .map(|row| Some(self.traces.contains(&reader.trace_id(row))))
            .collect();
        keep(spans::NAME, spans, &kept)
    }
}

/// Returns the oldest slice of which a fold can read everything, where facts or spans before an instant are gone.
pub(crate) fn oldest_slice(kept_from_unix_nano: i64) -> Slice {
    let read_from = Slice::of(kept_from_unix_nano.saturating_add(2 * REACH));
    Slice(read_from.0.saturating_add(1))
}

pub(super) fn hash_of(reader: &invocation_facts::Reader, row: usize) -> u64 {
    let (provider, scope) = (reader.provider(row), reader.key_scope(row));
    hash(Key {
        provider,
        scope,
        invocation_id: reader.invocation_id(row),
    })
}

fn keep(table: &'static str, batch: &RecordBatch, kept: &BooleanArray) -> Result<RecordBatch, FoldError> {
    filter_record_batch(batch, kept).map_err(|source| FoldError::Concat { table, source })
}
