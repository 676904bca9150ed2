//! Facts by key: which statements speak of the same event.

use std::hash::{BuildHasher, Hash};

use arrow::array::RecordBatch;
use foldhash::fast::FixedState;
use pennyspan_schema::tables::invocation_facts::{NAME, Reader};

use super::FoldError;

/// Where a row lies: a batch and a row of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) batch: u32,
    pub(super) row: u32,
}

impl At {
    /// Returns every row's place, or `None` where there are more than the numbers of a place can tell apart.
    pub(super) fn all(lengths: impl Iterator<Item = usize>) -> Option<Vec<Self>> {
        let mut places = Vec::new();
        for (batch, rows) in lengths.enumerate() {
            let (batch, rows) = (u32::try_from(batch).ok()?, u32::try_from(rows).ok()?);
            places.extend((0..rows).map(|row| Self { batch, row }));
        }
        Some(places)
    }

    /// Returns the reader that holds the row, and the row's index in it.
    pub(super) fn of<R>(self, readers: &[R]) -> (&R, usize) {
        (&readers[self.batch as usize], self.row as usize)
    }
}

/// What facts of one event share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key<'a> {
    pub(super) provider: &'a str,
    pub(super) scope: &'a str,
    pub(super) invocation_id: &'a str,
}

/// The facts that a fold reads.
#[derive(Debug)]
pub(super) struct Facts {
    readers: Vec<Reader>,
}

impl Facts {
    pub(super) fn open(batches: &[RecordBatch]) -> Result<Self, FoldError> {
        Ok(Self {
            readers: batches.iter().map(Reader::new).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the reader that holds a fact, and the fact's index in it.
    pub(super) fn of(&self, at: At) -> (&Reader, usize) {
        at.of(&self.readers)
    }

    pub(super) fn key(&self, at: At) -> Key<'_> {
        let (reader, row) = self.of(at);
        Key {
            provider: reader.provider(row),
            scope: reader.key_scope(row),
            invocation_id: reader.invocation_id(row),
        }
    }

    /// Calls `visit` with each key's facts, keys and facts in no particular order.
    pub(super) fn each_key(&self, visit: impl FnMut(&[At])) -> Result<(), FoldError> {
        let places = At::all(self.readers.iter().map(Reader::len)).ok_or(FoldError::TooMany { table: NAME })?;
        self.each_run(places.into_iter().map(|at| (hash(self.key(at)), at)).collect(), visit);
        Ok(())
    }

    /// Calls `visit` with each key's facts, by hashes of the keys.
    ///
    /// Sorting 16 bytes per fact by the key's hash needs no text to be copied. Keys of one hash, which a sender can make, are
    /// told apart by another sort, so that they cost no more than any others.
    fn each_run(&self, mut hashed: Vec<(u64, At)>, mut visit: impl FnMut(&[At])) {
        hashed.sort_unstable();
        let mut same: Vec<At> = Vec::new();
        for run in hashed.chunk_by(|a, b| a.0 == b.0) {
            same.clear();
            same.extend(run.iter().map(|(_, at)| *at));
            let key = self.key(same[0]);
            if same.iter().all(|at| self.key(*at) == key) {
                visit(&same);
            } else {
                same.sort_unstable_by_key(|at| self.key(*at));
                same.chunk_by(|a, b| self.key(*a) == self.key(*b)).for_each(&mut visit);
            }
        }
    }
}

/// Returns the key's hash, equal in every process.
///
/// Senders can make keys of one hash. Wherever hashes are compared, such keys are told apart afterwards, or read together.
pub(super) fn hash(key: Key<'_>) -> u64 {
    FixedState::default().hash_one(key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{At, Facts};
    use crate::fold::tests::{Given, start};

    #[test]
    fn keys_of_one_hash_stay_apart() {
        let facts = ["a", "b", "a", "c", "b", "a"]
            .into_iter()
            .zip(0..)
            .map(|(id, at)| start(id, at));
        let facts = Facts::open(&Given::facts(facts).fact_batches(2)).unwrap();
        let places = At::all([2, 2, 2].into_iter()).unwrap();
        for hash in [|_: At| 7, |at: At| u64::from(of_b(at))] {
            let mut counts = BTreeMap::new();
            facts.each_run(places.iter().map(|at| (hash(*at), *at)).collect(), |run| {
                *counts.entry(facts.key(run[0]).invocation_id).or_insert(0) += run.len();
            });
            assert_eq!(counts, BTreeMap::from([("a", 3), ("b", 2), ("c", 1)]));
        }
    }

    /// Gives `a` and `c` one hash, and `b` another.
    fn of_b(at: At) -> bool {
        matches!((at.batch, at.row), (0, 1) | (2, 0))
    }
}
