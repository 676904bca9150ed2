//! The names of attributes that are looked for, found by their key.

use std::sync::LazyLock;

use super::{NAMES, Slot};

/// Places of the table, several times as many as there are names, so that most keys that are none meet an empty one.
const PLACES: usize = 1 << BITS;
const BITS: u32 = 10;

/// One name: what it stands for, and how much it is preferred (0 most).
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    name: &'static str,
    /// What the name stands for.
    pub(super) slot: Slot,
    /// How many other names are preferred.
    pub(super) rank: u8,
}

/// A table of all names by the hash of their key; a name whose place is taken stands in the next one that is free.
pub(super) struct Names {
    places: Vec<Option<Entry>>,
}

impl Names {
    /// Returns the table.
    pub(super) fn all() -> &'static Self {
        static ALL: LazyLock<Names> = LazyLock::new(Names::new);
        &ALL
    }

    fn new() -> Self {
        let mut places = vec![None; PLACES];
        for (slot, _, names) in NAMES {
            for (rank, name) in (0..).zip(*names) {
                let mut place = place_of(name);
                while places[place].is_some() {
                    place = (place + 1) % PLACES;
                }
                places[place] = Some(Entry {
                    name,
                    slot: *slot,
                    rank,
                });
            }
        }
        Self { places }
    }

    /// Returns the entry of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        let mut place = place_of(key);
        while let Some(entry) = &self.places[place] {
            if entry.name == key {
                return Some(entry);
            }
            place = (place + 1) % PLACES;
        }
        None
    }
}

/// Returns where a key stands: by its length, its first and its last eight bytes.
fn place_of(key: &str) -> usize {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = key.as_bytes();
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first.wrapping_mul(SPREAD) ^ last.rotate_left(23)).wrapping_add(bytes.len() as u64);
    usize::try_from(mixed.wrapping_mul(SPREAD) >> (u64::BITS - BITS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{NAMES, Names, PLACES};

    #[test]
    fn every_name_is_found_and_nothing_else() {
        let names = Names::all();
        let all = || {
            NAMES
                .iter()
                .flat_map(|(slot, _, names)| names.iter().zip(std::iter::repeat(slot)))
        };
        for (name, slot) in all() {
            let found = names.entry(name).unwrap();
            assert_eq!((found.name, found.slot), (*name, *slot));
            assert!(names.entry(&format!("{name}.")).is_none(), "{name}");
        }
        for key in ["", "a", "url.path", "faas.nam"] {
            assert!(names.entry(key).is_none(), "{key}");
        }
        assert!(all().count() * 4 < PLACES);
    }
}
