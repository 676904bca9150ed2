//! Groups by names, found without copying the names.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The names of a group; none is unknown.
pub(crate) type Names<const N: usize> = [Option<String>; N];

/// Tallies by `N` names. Rows come sorted by function, so that the group found last is looked at first.
#[derive(Debug)]
pub(crate) struct Grouped<const N: usize, T> {
    groups: Vec<(Names<N>, T)>,
    /// Where the groups of a hash stand.
    places: HashMap<u64, Vec<usize>>,
    last: AtomicUsize,
}

impl<const N: usize, T> Default for Grouped<N, T> {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            places: HashMap::new(),
            last: AtomicUsize::new(0),
        }
    }
}

impl<const N: usize, T> Grouped<N, T> {
    /// Returns the tally of a group, where it was begun.
    pub(crate) fn get(&self, names: [Option<&str>; N]) -> Option<&T> {
        let place = self.last(&names).or_else(|| self.find(hash(&names), &names))?;
        self.groups.get(place).map(|(_, tally)| tally)
    }

    /// Returns the groups in the order of their names.
    pub(crate) fn into_sorted(self) -> BTreeMap<Names<N>, T> {
        self.groups.into_iter().collect()
    }

    /// Returns the groups in no order.
    pub(crate) fn into_groups(self) -> impl Iterator<Item = (Names<N>, T)> {
        self.groups.into_iter()
    }

    /// Returns the groups in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Names<N>, &T)> {
        self.groups.iter().map(|(names, tally)| (names, tally))
    }

    fn last(&self, names: &[Option<&str>; N]) -> Option<usize> {
        let last = self.last.load(Ordering::Relaxed);
        self.groups
            .get(last)
            .filter(|(known, _)| is(known, names))
            .map(|_| last)
    }

    fn find(&self, hash: u64, names: &[Option<&str>; N]) -> Option<usize> {
        let same = self.places.get(&hash)?;
        let found = same.iter().copied().find(|place| is(&self.groups[*place].0, names))?;
        self.last.store(found, Ordering::Relaxed);
        Some(found)
    }
}

impl<const N: usize, T: Default> Grouped<N, T> {
    /// Returns the tally of a group, which begins empty.
    pub(crate) fn of(&mut self, names: [Option<&str>; N]) -> &mut T {
        let known = self.last(&names).or_else(|| self.find(hash(&names), &names));
        let place = match known {
            Some(place) => place,
            None => self.begin(hash(&names), names),
        };
        &mut self.groups[place].1
    }

    fn begin(&mut self, hash: u64, names: [Option<&str>; N]) -> usize {
        let place = self.groups.len();
        self.groups
            .push((names.map(|name| name.map(str::to_owned)), T::default()));
        self.places.entry(hash).or_default().push(place);
        self.last.store(place, Ordering::Relaxed);
        place
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

#[cfg(test)]
mod tests {
    use super::Grouped;

    #[test]
    fn groups_are_found_again_in_whatever_order_they_are_asked_for() {
        let mut counts: Grouped<2, usize> = Grouped::default();
        let names = [[Some("a"), None], [Some("a"), Some("b")], [None, Some("b")]];
        for nth in [0, 0, 1, 2, 2, 1, 0] {
            *counts.of(names[nth]) += 1;
        }
        assert_eq!(names.map(|of| counts.get(of).copied()), [Some(3), Some(2), Some(2)]);
        assert_eq!(counts.get([None, None]), None);
        assert_eq!(counts.iter().count(), 3);
        let sorted: Vec<_> = counts.into_sorted().into_values().collect();
        assert_eq!(sorted, [2, 3, 2]);
    }
}
