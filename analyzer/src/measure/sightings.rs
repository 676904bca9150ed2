//! What must be known of all attempts before any is measured: when versions and environments were first seen, and whether
//! failures are sampled more often than successes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::attempt::Row;
use super::sighted;
use crate::grouped::Grouped;

/// Environments of a version that do not count, since a deployment is always cold.
const FIRST_ENVIRONMENTS: usize = 20;
/// The version that never changes its name, so that its first sight says nothing.
const LATEST: &str = "$LATEST";

/// When something was first and last seen, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// Weights of attempts that only spans speak of, by whether they failed.
#[derive(Clone, Copy, Debug, Default)]
struct Sampling {
    ok: (i128, i128),
    failed: (i128, i128),
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    versions: Grouped<4, BTreeMap<String, Seen>>,
    environments: Grouped<5, HashMap<String, i64>>,
    early: Grouped<5, BTreeSet<String>>,
    sampling: Grouped<4, Sampling>,
}

impl Sightings {
    /// Takes note of one attempt that ran.
    pub(crate) fn see(&mut self, row: &sighted::Row<'_>) {
        let at = row.start_unix_nano;
        if let Some(version) = row.version.filter(|version| *version != LATEST) {
            let versions = self.versions.of(row.scope());
            match versions.get_mut(version) {
                Some(seen) => {
                    *seen = Seen {
                        first: seen.first.min(at),
                        last: seen.last.max(at),
                    }
                }
                None => drop(versions.insert(version.to_owned(), Seen { first: at, last: at })),
            }
        }
        if let Some(instance) = row.instance_id {
            let environments = self.environments.of(with(row.scope(), row.version));
            match environments.get_mut(instance) {
                Some(first) => *first = at.min(*first),
                None => drop(environments.insert(instance.to_owned(), at)),
            }
        }
        if !row.recorded() {
            let sampling = self.sampling.of(row.scope());
            let (weight, rows) = if row.outcome().failed() {
                &mut sampling.failed
            } else {
                &mut sampling.ok
            };
            *weight += i128::from(row.sample_weight_milli);
            *rows += 1;
        }
    }

    /// Finds each version's first environments.
    pub(crate) fn settle(&mut self) {
        for (names, environments) in std::mem::take(&mut self.environments).into_sorted() {
            let mut by_time: Vec<(i64, String)> = environments
                .into_iter()
                .map(|(instance, first)| (first, instance))
                .collect();
            by_time.sort_unstable();
            let first = by_time
                .into_iter()
                .take(FIRST_ENVIRONMENTS)
                .map(|(_, instance)| instance);
            *self.early.of(names.each_ref().map(Option::as_deref)) = first.collect();
        }
    }

    /// Returns whether an attempt ran on one of its version's first environments; none where its environment is unknown.
    pub(crate) fn early(&self, row: &Row<'_>) -> Option<bool> {
        let instance = row.instance_id?;
        Some(
            self.early
                .get(with(row.scope(), row.version))
                .is_some_and(|first| first.contains(instance)),
        )
    }

    /// Returns whether a function's spans are sampled with a preference for failures, so that they tell no share.
    pub(crate) fn biased(&self, scope: [Option<&str>; 4]) -> bool {
        let Some(Sampling { ok, failed }) = self.sampling.get(scope) else {
            return false;
        };
        // The mean weight of failures is below half of that of successes.
        ok.1 > 0 && failed.1 > 0 && failed.0 * ok.1 * 2 < ok.0 * failed.1
    }

    /// Returns when a version of a function was seen.
    pub(crate) fn version(&self, scope: [Option<&str>; 4], version: &str) -> Option<Seen> {
        self.versions.get(scope)?.get(version).copied()
    }

    /// Returns the version that was first seen before a version.
    pub(crate) fn predecessor(&self, scope: [Option<&str>; 4], version: &str) -> Option<&str> {
        self.neighbour(scope, version, |seen, of| seen < of, true)
    }

    /// Returns the version that was first seen after a version.
    pub(crate) fn successor(&self, scope: [Option<&str>; 4], version: &str) -> Option<&str> {
        self.neighbour(scope, version, |seen, of| seen > of, false)
    }

    fn neighbour<'a>(
        &'a self,
        scope: [Option<&str>; 4],
        version: &str,
        side: fn(&(i64, &str), &(i64, &str)) -> bool,
        last: bool,
    ) -> Option<&'a str> {
        let versions = self.versions.get(scope)?;
        let (name, seen) = versions.get_key_value(version)?;
        let of = (seen.first, name.as_str());
        let others = versions
            .iter()
            .map(|(name, seen)| (seen.first, name.as_str()))
            .filter(|seen| side(seen, &of));
        let found = if last { others.max() } else { others.min() };
        found.map(|(_, name)| name)
    }
}

/// Adds a version to the names of a function.
fn with<'a>(
    [provider, account, region, function]: [Option<&'a str>; 4],
    version: Option<&'a str>,
) -> [Option<&'a str>; 5] {
    [provider, account, region, function, version]
}
