//! Questions with typed answers: one file each.
//!
//! An analysis is a [`Tally`]: what one attempt adds to a group, and how two tallies become one. Both are independent
//! of order, so that partitions may be read side by side. [`tally`] runs any of them over the view `invocations`, by
//! function and, where asked, by one more part.

use std::collections::BTreeMap;

use pennyspan_schema::Window;

use crate::attempts::Row;

mod attempt;
pub mod bounded;
pub mod cardinality;
pub mod cold_starts;
pub mod concurrency;
pub mod cost;
pub mod counts;
pub mod courses;
pub mod coverage;
pub mod deployed;
pub mod errors;
pub mod figures;
pub mod functions;
pub mod latency;
pub mod overview;
mod pass;
pub mod quantiles;
pub mod retries;
pub mod rows;
pub mod seen;
pub mod selection;
pub mod settings;
pub mod sources;
pub mod trace;
pub mod trigger_lag;

pub use attempt::Attempt;
pub use pass::tally;
pub use selection::Selection;

/// What is asked of the attempts.
#[derive(Clone, Debug)]
pub struct Question {
    /// The attempts that start in it.
    pub window: Window,
    /// Which of them.
    pub selection: Selection,
}

/// Where a function stands: what a row of the report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The provider.
    pub provider: String,
    /// The account, where known.
    pub account: Option<String>,
    /// The region, where known.
    pub region: Option<String>,
    /// The function, where known.
    pub function: Option<String>,
}

/// A function, and the part of its attempts that is counted apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The function.
    pub scope: Scope,
    /// The part: a version, a tenant, a trace, as the question says; none where it is not known or not asked.
    pub part: Option<String>,
}

/// Says to which part of its function an attempt belongs.
pub type Part = for<'a> fn(&Row<'a>) -> Option<&'a str>;

/// What attempts add up to, in whatever order they come.
pub trait Tally: Default + Send + 'static {
    /// Columns that it reads beyond those of every tally.
    const READS: &'static [&'static str] = &[];

    /// Whether it also needs the attempts from the start of the window's month.
    const MONTH_TO_DATE: bool = false;

    /// Adds an attempt of the window.
    fn add(&mut self, attempt: &Attempt<'_>);

    /// Adds an attempt of the window's month that starts before the window.
    fn add_earlier(&mut self, attempt: &Attempt<'_>) {
        let _ = attempt;
    }

    /// Adds what another tally of the same group counted.
    fn merge(&mut self, other: Self);
}

/// The parts that questions are asked by.
pub mod part {
    use crate::attempts::Row;

    /// No part: whole functions.
    #[must_use]
    pub fn none<'a>(_row: &Row<'a>) -> Option<&'a str> {
        None
    }

    /// The version that ran.
    #[must_use]
    pub fn version<'a>(row: &Row<'a>) -> Option<&'a str> {
        row.version
    }

    /// How the environment was initialized.
    #[must_use]
    pub fn init_type<'a>(row: &Row<'a>) -> Option<&'a str> {
        row.init_type
    }

    /// The workload's own customer.
    #[must_use]
    pub fn tenant<'a>(row: &Row<'a>) -> Option<&'a str> {
        row.tenant
    }

    /// The trace, in hex; the tally must read `trace_id`.
    #[must_use]
    pub fn trace<'a>(row: &Row<'a>) -> Option<&'a str> {
        row.trace_id
    }

    /// What groups errors.
    #[must_use]
    pub fn error<'a>(row: &Row<'a>) -> Option<&'a str> {
        row.error_fingerprint
    }

    /// Where attempts came from.
    #[must_use]
    pub fn trigger_source<'a>(row: &Row<'a>) -> Option<&'a str> {
        row.trigger_source
    }
}

/// Adds up the groups of all functions by their part.
#[must_use]
pub fn over_functions<T: Tally>(groups: BTreeMap<Group, T>) -> BTreeMap<Option<String>, T> {
    let mut parts: BTreeMap<Option<String>, T> = BTreeMap::new();
    for (group, tally) in groups {
        parts.entry(group.part).or_default().merge(tally);
    }
    parts
}

#[cfg(test)]
mod tests;
