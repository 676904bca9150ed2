//! Which keys and traces rows speak of, so that a fold leaves out what cannot matter.

use arrow::array::RecordBatch;
use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, invocations, spans};

use super::FoldError;
use super::key::{Key, hash};
use super::reading::hash_of;

/// Marks that share their first bits, on average.
const TOGETHER: usize = 8;

/// The hashes of the keys and traces of which rows of `invocation_facts`, `spans` or `invocations` speak: some 9 bytes each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    sorted: Vec<u64>,
    /// Where the marks begin that share their first bits, and the end: what is looked for lies in a few neighbours, not in all.
    begins: Vec<u32>,
}

impl Marks {
    /// Returns the marks of rows of `invocation_facts` or `spans`; other tables have none.
    pub(crate) fn of(table: Table, rows: &[RecordBatch]) -> Result<Self, FoldError> {
        let mut sorted = Vec::new();
        for batch in rows {
            match table {
                Table::InvocationFacts => {
                    let reader = invocation_facts::Reader::new(batch)?;
                    sorted.extend((0..reader.len()).map(|row| hash_of(&reader, row)));
                    sorted.extend((0..reader.len()).filter_map(|row| reader.trace_id(row)).map(of_trace));
                }
                Table::Spans => {
                    let reader = spans::Reader::new(batch)?;
                    sorted.extend((0..reader.len()).map(|row| of_trace(reader.trace_id(row))));
                }
                Table::Invocations => {
                    let reader = invocations::Reader::new(batch)?;
                    sorted.extend((0..reader.len()).map(|row| of_attempt(&reader, row)));
                }
                _ => {}
            }
        }
        Ok(Self::sorted(sorted))
    }

    fn sorted(mut sorted: Vec<u64>) -> Self {
        sorted.sort_unstable();
        sorted.dedup();
        sorted.shrink_to_fit();
        // More marks than can be numbered are looked for in one run.
        let bits = if u32::try_from(sorted.len()).is_ok() {
            (sorted.len() / TOGETHER).max(1).ilog2()
        } else {
            0
        };
        let begin = |run: u64| sorted.partition_point(|mark| first_bits(*mark, bits) < run);
        let begins = (0..=1_u64 << bits).map(|run| u32::try_from(begin(run)).unwrap_or(u32::MAX));
        let begins = if bits == 0 { Vec::new() } else { begins.collect() };
        Self { sorted, begins }
    }

    /// Returns the marks of all.
    pub(crate) fn joined<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::sorted(all.into_iter().flat_map(|marks| marks.sorted.iter().copied()).collect())
    }

    /// Returns whether some row may speak of one of these.
    pub(crate) fn may_hold(&self, hashes: impl IntoIterator<Item = u64>) -> bool {
        !self.sorted.is_empty()
            && hashes
                .into_iter()
                .any(|hash| self.run(hash).binary_search(&hash).is_ok())
    }

    /// Returns the marks among which one would be.
    fn run(&self, mark: u64) -> &[u64] {
        let Some(bits) = self.begins.len().checked_sub(1).map(usize::ilog2) else {
            return &self.sorted;
        };
        let run = usize::try_from(first_bits(mark, bits)).unwrap_or(usize::MAX);
        match self.begins.get(run..) {
            Some([from, to, ..]) => &self.sorted[*from as usize..*to as usize],
            _ => &[],
        }
    }
}

fn first_bits(mark: u64, bits: u32) -> u64 {
    mark.checked_shr(u64::BITS - bits).unwrap_or(0)
}

/// Returns the mark of an attempt: its key's.
pub(super) fn of_attempt(reader: &invocations::Reader, row: usize) -> u64 {
    hash(Key {
        provider: reader.provider(row),
        scope: reader.key_scope(row),
        invocation_id: reader.invocation_id(row),
    })
}

/// Returns the mark of a trace: trace ids are random, so half of one tells traces apart.
pub(super) fn of_trace(trace: [u8; 16]) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|index| trace[index]))
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn marks_hold_what_they_were_made_of_and_nothing_else() {
        let spread = |count: u64| {
            (1..=count)
                .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .collect::<Vec<_>>()
        };
        let crowded = |count: u64| (0..count).collect::<Vec<_>>();
        for given in [
            vec![],
            spread(1),
            spread(7),
            spread(5_000),
            crowded(900),
            vec![0, u64::MAX, u64::MAX],
        ] {
            let marks = Marks::sorted(given.clone());
            assert!(
                given.iter().all(|mark| marks.may_hold([*mark])),
                "{} marks",
                given.len()
            );
            assert!(!marks.may_hold([0x1234_5678_9abc_def0]));
            let joined = Marks::joined([&marks, &Marks::sorted(vec![0x1234_5678_9abc_def0])]);
            assert!(
                given
                    .into_iter()
                    .chain([0x1234_5678_9abc_def0])
                    .all(|mark| joined.may_hold([mark]))
            );
        }
    }
}
