//! Reading only what speaks of what a fold has touched.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use object_store::ObjectStore;
use pennyspan_schema::{Table, Window};

use super::StoreError;
use super::recent::Segment;
use super::reread::{read_columns, read_file};
use crate::delta::DataFile;
use crate::fold::{FoldError, Marks, Reading, SPAN_COLUMNS};
use crate::scan::Sources;

/// Folds after which marks that none of them used are forgotten.
const KEPT_FOLDS: u64 = 64;

/// The marks of files that recent folds asked for or flushes wrote.
#[derive(Debug)]
pub(super) struct MarkCache {
    store: Arc<dyn ObjectStore>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    fold: u64,
    by_location: HashMap<String, (u64, Arc<Marks>)>,
}

impl MarkCache {
    pub(super) fn new(store: &Arc<dyn ObjectStore>) -> Self {
        Self {
            store: Arc::clone(store),
            known: Mutex::default(),
        }
    }

    /// Returns where the files lie.
    pub(super) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Takes note of a file's marks.
    pub(super) fn note(&self, file: &DataFile, marks: Marks) -> Arc<Marks> {
        let marks = Arc::new(marks);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fold = known.fold;
        known
            .by_location
            .insert(file.location().to_string(), (fold, Arc::clone(&marks)));
        marks
    }

    fn get(&self, file: &DataFile) -> Option<Arc<Marks>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fold = known.fold;
        let (used, marks) = known.by_location.get_mut(file.location().as_ref())?;
        *used = fold;
        Some(Arc::clone(marks))
    }

    /// Begins a fold, and forgets what many folds did not ask for.
    pub(super) fn begin_fold(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.fold += 1;
        let oldest = known.fold.saturating_sub(KEPT_FOLDS);
        known.by_location.retain(|_, (used, _)| *used >= oldest);
    }

    /// Returns a file's marks.
    pub(super) async fn of(&self, table: Table, file: &Arc<DataFile>) -> Result<Arc<Marks>, StoreError> {
        match self.get(file) {
            Some(marks) => Ok(marks),
            None => Ok(self.note(file, Marks::of(table, &read_file(&self.store, table, file).await?)?)),
        }
    }
}

/// Reads a table's rows for one reading: rows in memory at once or when they may matter, and each file when the reading first
/// asks for it.
pub(super) struct Marked<'a> {
    table: Table,
    files: Vec<&'a Arc<DataFile>>,
    cache: &'a MarkCache,
    segments: &'a [Segment],
    read: HashSet<&'a str>,
    read_segments: HashSet<usize>,
    /// What was read so far.
    pub(super) rows: Vec<RecordBatch>,
}

impl<'a> Marked<'a> {
    /// Starts with a table's rows in memory, and reads of its files.
    pub(super) fn new(table: Table, sources: &'a Sources, cache: &'a MarkCache, window: Window) -> Self {
        Self {
            rows: sources.batches.to_vec(),
            ..Self::beside(table, &[], sources.files.iter().collect(), cache, window)
        }
    }

    /// Starts with nothing, and reads of segments in memory and of files.
    pub(super) fn beside(
        table: Table,
        segments: &'a [Segment],
        files: Vec<&'a Arc<DataFile>>,
        cache: &'a MarkCache,
        window: Window,
    ) -> Self {
        Self {
            table,
            files: files.into_iter().filter(|file| file.touches(window)).collect(),
            cache,
            segments,
            read: HashSet::new(),
            read_segments: HashSet::new(),
            rows: Vec::new(),
        }
    }

    /// Reads the files with rows in a window.
    pub(super) async fn read_within(&mut self, window: Window) -> Result<(), StoreError> {
        for file in self.files.clone() {
            if file.touches(window) {
                self.read(file).await?;
            }
        }
        Ok(())
    }

    /// Reads what may matter to the reading by what it has learned so far.
    pub(super) async fn read_for(&mut self, reading: &Reading) -> Result<(), StoreError> {
        for (index, segment) in self.segments.iter().enumerate() {
            let rows = if self.read_segments.contains(&index) {
                &[]
            } else {
                segment.rows_for(self.table, reading)
            };
            if !rows.is_empty() {
                self.read_segments.insert(index);
                self.rows.extend(rows.iter().cloned());
            }
        }
        for file in self.files.clone() {
            if self.read.contains(file.name()) {
                continue;
            }
            let marks = self.cache.of(self.table, file).await?;
            let matters = match self.table {
                Table::Spans => reading.may_keep_spans(&marks),
                _ => reading.may_keep_facts(&marks),
            };
            if matters {
                self.read(file).await?;
            }
        }
        Ok(())
    }

    async fn read(&mut self, file: &'a Arc<DataFile>) -> Result<(), StoreError> {
        if self.read.insert(file.name()) {
            let (store, table) = (&self.cache.store, self.table);
            self.rows.extend(match table {
                Table::Spans => read_columns(store, table, file, SPAN_COLUMNS).await?,
                _ => read_file(store, table, file).await?,
            });
        }
        Ok(())
    }

    /// Reads the facts that a reading asks for, in the three steps in which it learns: the keys' traces, those traces' keys,
    /// and all facts of the keys; new facts teach as well.
    pub(super) async fn read_facts(&mut self, reading: &mut Reading, new: &[RecordBatch]) -> Result<(), StoreError> {
        for _ in 0..2 {
            self.read_for(reading).await?;
            reading.widen(self.rows.iter().chain(new))?;
        }
        self.read_for(reading).await
    }

    /// Returns the facts that matter, or the spans.
    pub(super) fn kept(&self, reading: &Reading) -> Result<Vec<RecordBatch>, FoldError> {
        let keep = |batch| match self.table {
            Table::Spans => reading.spans(batch),
            _ => reading.facts(batch),
        };
        let kept = self.rows.iter().map(keep);
        let mut kept = kept.collect::<Result<Vec<_>, _>>()?;
        kept.retain(|batch| batch.num_rows() > 0);
        Ok(kept)
    }
}
