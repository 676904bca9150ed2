//! Attempts of one key: the first, the second, and the first that succeeded.
//!
//! Nearly every key has one attempt. So the first reading keeps a hash of each key only, and a second one reads the
//! attempts of those keys whose hash was seen twice.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use futures::StreamExt;
use pennyspan_schema::{Outcome, Table, Window};

use crate::error::AnalysisError;
use crate::neighbours::RANK_NANOS;
use crate::neighbours::sighting::{self, Row};
use crate::reading::Reading;

/// A key: provider, key scope and invocation id.
type Key = (String, String, String);

/// The keys that have more than one attempt.
#[derive(Debug, Default)]
pub struct Keys {
    hashes: Vec<u64>,
    attempts: BTreeMap<Key, Attempts>,
}

/// The attempts of one key, by rising start.
#[derive(Debug, Default)]
struct Attempts {
    starts: Vec<i64>,
    first_success: Option<i64>,
    first_in_window: Option<i64>,
}

/// Where an attempt stands among those of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Rank of its start, from 1, among the attempts in the window and the six hours before it.
    pub rank: i64,
    /// Whether it is the key's first attempt in the window.
    pub first_in_window: bool,
    /// Whether it is the key's first attempt that succeeded.
    pub first_success: bool,
}

impl Keys {
    /// Takes note of one attempt.
    pub(crate) fn see(&mut self, row: &Row<'_>) {
        self.hashes.push(hash(row));
    }

    /// Reads the attempts of the keys that were seen more than once.
    pub(crate) async fn settle(
        &mut self,
        reading: &Reading,
        seen: Window,
        window: Window,
    ) -> Result<(), AnalysisError> {
        let repeated = repeated(std::mem::take(&mut self.hashes));
        if repeated.is_empty() {
            return Ok(());
        }
        let ranked = Window {
            start_unix_nano: window
                .start_unix_nano
                .saturating_sub(RANK_NANOS)
                .max(seen.start_unix_nano),
            ..seen
        };
        let mut rows = reading
            .stream(Table::Invocations, sighting::COLUMNS, Some(ranked))
            .await?;
        let mut found: BTreeMap<Key, Vec<(i64, bool)>> = BTreeMap::new();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run("attempts of one key"))?;
            let reader = sighting::Reader::new(&batch).map_err(AnalysisError::rows("attempts of one key"))?;
            for row in reader.rows().filter(|row| repeated.contains(&hash(row))) {
                let succeeded = row.outcome == Some(Outcome::Ok.as_str());
                found
                    .entry(key_of(&row))
                    .or_default()
                    .push((row.start_unix_nano, succeeded));
            }
        }
        found.retain(|_, attempts| attempts.len() > 1);
        self.attempts = found
            .into_iter()
            .map(|(key, attempts)| (key, Attempts::of(attempts, window)))
            .collect();
        Ok(())
    }

    /// Returns where an attempt stands; an attempt of a key that was seen once is its first.
    #[must_use]
    pub fn standing(
        &self,
        (provider, key_scope, invocation_id): (&str, &str, &str),
        start_unix_nano: i64,
        ok: bool,
    ) -> Standing {
        let alone = Standing {
            rank: 1,
            first_in_window: true,
            first_success: ok,
        };
        if self.attempts.is_empty() {
            return alone;
        }
        let key = (provider.to_owned(), key_scope.to_owned(), invocation_id.to_owned());
        let Some(attempts) = self.attempts.get(&key) else {
            return alone;
        };
        let before = attempts.starts.partition_point(|start| *start < start_unix_nano);
        Standing {
            rank: i64::try_from(before).unwrap_or(i64::MAX).saturating_add(1),
            first_in_window: attempts.first_in_window == Some(start_unix_nano),
            first_success: attempts.first_success == Some(start_unix_nano),
        }
    }
}

impl Attempts {
    fn of(mut attempts: Vec<(i64, bool)>, window: Window) -> Self {
        attempts.sort_unstable();
        Self {
            first_success: attempts
                .iter()
                .find(|(_, succeeded)| *succeeded)
                .map(|(start, _)| *start),
            first_in_window: attempts
                .iter()
                .map(|(start, _)| *start)
                .find(|start| window.contains(*start)),
            starts: attempts.into_iter().map(|(start, _)| start).collect(),
        }
    }
}

fn key_of(row: &Row<'_>) -> Key {
    (
        row.provider.to_owned(),
        row.key_scope.to_owned(),
        row.invocation_id.to_owned(),
    )
}

fn hash(row: &Row<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (row.provider, row.key_scope, row.invocation_id).hash(&mut hasher);
    hasher.finish()
}

/// Returns the hashes that stand more than once.
fn repeated(mut hashes: Vec<u64>) -> HashSet<u64> {
    hashes.sort_unstable();
    hashes
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
        .collect()
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::Window;

    use super::{Attempts, repeated};

    #[test]
    fn only_hashes_that_stand_twice_are_read_again() {
        assert_eq!(repeated(vec![3, 1, 2, 1, 1]), [1].into());
    }

    #[test]
    fn the_first_attempt_in_the_window_may_not_be_the_keys_first() {
        let window = Window {
            start_unix_nano: 10,
            end_unix_nano: 20,
        };
        let attempts = Attempts::of(vec![(15, true), (5, false), (12, false)], window);
        assert_eq!((attempts.first_in_window, attempts.first_success), (Some(12), Some(15)));
        assert_eq!(attempts.starts, [5, 12, 15]);
    }
}
