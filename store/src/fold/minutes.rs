//! What is added up by minute: a walk over attempts that keeps one function's minute at a time.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use pennyspan_schema::Slice;
use pennyspan_schema::tables::invocations::Reader;

use super::FoldError;

/// Rows of this many make a batch.
pub(super) const BATCH_ROWS: usize = 8_192;

/// Adds attempts up by groups within each minute of each function, and hands out each group in order.
///
/// `invocations` come sorted by (function, start), as fold makes them; only one function's minute is held at a time. Attempts
/// whose time cannot be are in no minute.
pub(super) fn each_group<'a, G: Ord, S: Default>(
    invocations: &'a [Reader],
    group_of: impl Fn(&'a Reader, usize) -> Option<G>,
    add: impl Fn(&mut S, &'a Reader, usize),
    mut emit: impl FnMut(Slice, &G, &S),
) {
    let mut current: Option<(Option<&str>, Slice)> = None;
    let mut groups: BTreeMap<G, S> = BTreeMap::new();
    for (reader, row) in invocations
        .iter()
        .flat_map(|reader| (0..reader.len()).map(move |row| (reader, row)))
    {
        if reader.time_suspect(row) == Some(true) {
            continue;
        }
        let place = (reader.function(row), Slice::of(reader.start_unix_nano(row)));
        if let Some((_, minute)) = current.filter(|current| *current != place) {
            for (group, sums) in &std::mem::take(&mut groups) {
                emit(minute, group, sums);
            }
        }
        current = Some(place);
        if let Some(group) = group_of(reader, row) {
            add(groups.entry(group).or_default(), reader, row);
        }
    }
    if let Some((_, minute)) = current {
        for (group, sums) in &groups {
            emit(minute, group, sums);
        }
    }
}

/// Adds rows up that have one key, in whatever order they come, and hands out each key in order.
pub(super) fn each_sum<'a, R: 'a, K: Ord, S: Default>(
    batches: impl Iterator<Item = (&'a R, usize)>,
    key_of: impl Fn(&'a R, usize) -> K,
    add: impl Fn(&mut S, &'a R, usize),
    mut emit: impl FnMut(&K, &S),
) {
    let rows = batches.flat_map(|(reader, rows)| (0..rows).map(move |row| (reader, row)));
    let mut rows: Vec<(K, (&'a R, usize))> = rows.map(|at| (key_of(at.0, at.1), at)).collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    for same in rows.chunk_by(|(one, _), (other, _)| one == other) {
        let mut sums = S::default();
        for (_, (reader, row)) in same {
            add(&mut sums, reader, *row);
        }
        emit(&same[0].0, &sums);
    }
}

/// Opens batches of `invocations`.
pub(super) fn open(batches: &[RecordBatch]) -> Result<Vec<Reader>, FoldError> {
    Ok(batches.iter().map(Reader::new).collect::<Result<_, _>>()?)
}
