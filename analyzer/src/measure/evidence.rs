//! What stands behind a function's rows: who speaks of its attempts, what they are priced with, and whose they are.

use std::collections::BTreeSet;

use super::attempt::Row;
use super::event::Team;
use super::sighted;
use super::tally::smaller;
use crate::grouped::Grouped;
use crate::pricing::Entry;

/// Who speaks of a function's attempts of the window, and their prices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// Attempts.
    pub(crate) attempts: i64,
    /// Those that platform, Insights or invocation records speak of.
    pub(crate) recorded: i64,
    /// Those that stand for more than themselves.
    pub(crate) sampled: i64,
    /// Whether a setting tells the time limit.
    pub(crate) limit_configured: bool,
    /// Price entries of their duration.
    pub(crate) duration: BTreeSet<Entry>,
    /// Price entries of their requests.
    pub(crate) requests: BTreeSet<Entry>,
}

/// The evidence of every function.
#[derive(Debug, Default)]
pub(crate) struct Evidences {
    pub(crate) functions: Grouped<4, Evidence>,
    pub(crate) teams: Grouped<4, Team>,
}

impl Evidences {
    /// Takes note of whose an attempt is.
    pub(crate) fn see(&mut self, row: &sighted::Row<'_>) {
        let team = self.teams.of(row.scope());
        smaller(&mut team.service, row.service);
        smaller(&mut team.environment, row.environment);
    }

    /// Adds one attempt of the window, and the entries that price its duration and its request.
    pub(crate) fn add(&mut self, row: &Row<'_>, duration: Option<Entry>, request: Option<Entry>) {
        let of = self.functions.of(row.scope());
        of.attempts += 1;
        of.recorded += i64::from(row.recorded());
        of.sampled += i64::from(row.sample_weight_milli > 1_000);
        of.limit_configured |= row.timeout_ms.is_some();
        of.duration.extend(duration);
        of.requests.extend(request);
    }
}
