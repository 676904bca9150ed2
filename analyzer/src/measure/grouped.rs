//! Groups by names, found without copying the names.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The names of a group; none is unknown.
pub(crate) type Names<const N: usize> = [Option<String>; N];

/// Tallies by `N` names.
#[derive(Clone, Debug)]
pub(crate) struct Grouped<const N: usize, T>(HashMap<u64, Vec<(Names<N>, T)>>);

impl<const N: usize, T> Default for Grouped<N, T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<const N: usize, T> Grouped<N, T> {
    /// Returns the tally of a group, where it was begun.
    pub(crate) fn get(&self, names: [Option<&str>; N]) -> Option<&T> {
        let same = self.0.get(&hash(&names))?;
        same.iter().find(|(known, _)| is(known, &names)).map(|(_, tally)| tally)
    }

    /// Returns the groups in the order of their names.
    pub(crate) fn into_sorted(self) -> BTreeMap<Names<N>, T> {
        self.0.into_values().flatten().collect()
    }

    /// Returns the groups in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Names<N>, &T)> {
        self.0.values().flatten().map(|(names, tally)| (names, tally))
    }
}

impl<const N: usize, T: Default> Grouped<N, T> {
    /// Returns the tally of a group, which begins empty.
    pub(crate) fn of(&mut self, names: [Option<&str>; N]) -> &mut T {
        let same = self.0.entry(hash(&names)).or_default();
        let at = same.iter().position(|(known, _)| is(known, &names)).unwrap_or_else(|| {
            same.push((names.map(|name| name.map(str::to_owned)), T::default()));
            same.len() - 1
        });
        &mut same[at].1
    }
}

fn hash<const N: usize>(names: &[Option<&str>; N]) -> u64 {
    let mut hasher = DefaultHasher::new();
    names.hash(&mut hasher);
    hasher.finish()
}

fn is<const N: usize>(known: &Names<N>, names: &[Option<&str>; N]) -> bool {
    known.iter().zip(names).all(|(known, name)| known.as_deref() == *name)
}
