//! What decoding gives: rows per table, and rejections by reason.

use std::collections::BTreeMap;
use std::fmt;

use pennyspan_schema::tables::{
    configurations, deliveries, deployments, environment_facts, invocation_facts, logs, metric_points, spans,
    workflow_steps,
};
use pennyspan_schema::{Rows, Table};

use super::fault::Fault;
use super::said::AllSaid;
use super::{DecodeError, Settings};

/// How many rejections of one body are kept word for word; all of them are counted.
const KEPT: usize = 20;

/// Why an item was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// An id is not hex, has the wrong length, or is all zero.
    BadId,
    /// A field has a value that its type or range does not allow.
    BadValue,
    /// A required field is missing.
    MissingField,
    /// The item has no time, and a file has no time of receipt.
    NoTime,
    /// The item nests deeper than the limit.
    TooDeep,
    /// The request has more items than the limit, or its rows hold more bytes.
    TooMany,
    /// The request opens more slices (minutes) than the limit.
    TooManySlices,
    /// The item is not of the format.
    Malformed,
}

impl Reason {
    /// Returns the word by which the reason is counted.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadId => "bad_id",
            Self::BadValue => "bad_value",
            Self::MissingField => "missing_field",
            Self::NoTime => "no_time",
            Self::TooDeep => "too_deep",
            Self::TooMany => "too_many",
            Self::TooManySlices => "too_many_slices",
            Self::Malformed => "malformed",
        }
    }
}

/// One rejected item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The table that the item would have gone to.
    pub table: Table,
    /// Where it stands, such as `line 7` or `resourceSpans[0].scopeSpans[0].spans[3]`.
    pub place: String,
    /// The field, where one is to blame.
    pub field: Option<&'static str>,
    /// The reason, by which it is counted.
    pub reason: Reason,
    /// What is wrong and what would be right, without the item's own text.
    pub detail: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "{}: {field}: {}", self.place, self.detail),
            None => write!(f, "{}: {}", self.place, self.detail),
        }
    }
}

/// The rejections of one body: the first ones word for word, all of them counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejections {
    counts: BTreeMap<(Table, Reason), usize>,
    first: Vec<Rejection>,
}

impl Rejections {
    /// Adds one.
    pub(crate) fn push(&mut self, rejection: Rejection) {
        *self.counts.entry((rejection.table, rejection.reason)).or_default() += 1;
        if self.first.len() < KEPT {
            self.first.push(rejection);
        }
    }

    /// Adds as many of one kind as there are, of which one is kept word for word.
    fn push_many(&mut self, rejection: Rejection, count: usize) {
        *self.counts.entry((rejection.table, rejection.reason)).or_default() += count.saturating_sub(1);
        self.push(rejection);
    }

    /// Adds those of another part of the same body.
    pub fn append(&mut self, other: Self) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
        self.first.extend(other.first);
        self.first.truncate(KEPT);
    }

    /// Returns them with a place before their own, that of the body within something larger.
    pub(crate) fn within(mut self, place: &str) -> Self {
        for rejection in &mut self.first {
            rejection.place = format!("{place}, {}", rejection.place);
        }
        self
    }

    /// Returns how many there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Returns how many there are per table and reason.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<(Table, Reason), usize> {
        &self.counts
    }

    /// Returns the first ones, word for word.
    #[must_use]
    pub fn first(&self) -> &[Rejection] {
        &self.first
    }
}

/// What one body became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The rows.
    pub rows: Rows,
    /// The items that were rejected.
    pub rejections: Rejections,
    /// Items that were understood, in the body's own unit (spans, log records, data points, lines): what an answer counts.
    pub accepted: usize,
    /// Attributes that were left out for being more than the limit.
    pub attributes_dropped: usize,
    /// Accepted items of a shape that this decoder does not know, which are kept as they came.
    pub kept_raw: usize,
}

/// Builders of every raw table, and the rejections so far.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) spans: spans::Builder,
    pub(crate) logs: logs::Builder,
    pub(crate) metric_points: metric_points::Builder,
    pub(crate) invocation_facts: invocation_facts::Builder,
    pub(crate) deliveries: deliveries::Builder,
    pub(crate) environment_facts: environment_facts::Builder,
    pub(crate) configurations: configurations::Builder,
    pub(crate) deployments: deployments::Builder,
    pub(crate) workflow_steps: workflow_steps::Builder,
    pub(crate) accepted: usize,
    pub(crate) attributes_dropped: usize,
    pub(crate) kept_raw: usize,
    /// Settings that items name in passing.
    pub(crate) said: AllSaid,
    rejections: Rejections,
    /// Where what is read now stands within something larger.
    within: Option<String>,
}

impl Output {
    /// Counts a rejected item.
    pub(crate) fn reject(&mut self, mut rejection: Rejection) {
        if let Some(place) = &self.within {
            rejection.place = format!("{place}, {}", rejection.place);
        }
        self.rejections.push(rejection);
    }

    /// Says where the items stand that come next; their rejections name it before their own place.
    pub(crate) fn stand_within(&mut self, place: Option<String>) {
        self.within = place;
    }

    /// Returns how many items were judged so far, accepted or rejected.
    pub(crate) fn judged(&self) -> usize {
        self.accepted + self.rejections.total()
    }

    /// Counts as many rejected items of one kind as there are, which is at least one.
    pub(crate) fn reject_many(&mut self, rejection: Rejection, count: usize) {
        self.rejections.push_many(rejection, count);
    }

    /// Says whether there is room for another item beside `taken` others.
    pub(crate) fn room(&self, taken: usize, settings: &Settings) -> Result<(), Fault> {
        if taken >= settings.items {
            let detail = format!("a request has at most {} items", settings.items);
            return Err(Fault::whole(Reason::TooMany, detail));
        }
        if self.built_bytes() >= settings.rows_bytes {
            let detail = format!("the rows of a request hold at most {} bytes", settings.rows_bytes);
            return Err(Fault::whole(Reason::TooMany, detail));
        }
        Ok(())
    }

    /// Returns the bytes of the rows so far.
    fn built_bytes(&self) -> usize {
        self.spans.bytes()
            + self.logs.bytes()
            + self.metric_points.bytes()
            + self.invocation_facts.bytes()
            + self.deliveries.bytes()
            + self.environment_facts.bytes()
            + self.configurations.bytes()
            + self.deployments.bytes()
            + self.workflow_steps.bytes()
    }

    /// Returns the rows and rejections.
    ///
    /// # Errors
    /// [`DecodeError::NothingAcceptable`] where there were items and none was accepted.
    pub(crate) fn finish(self, what: &'static str) -> Result<Decoded, DecodeError> {
        if self.accepted == 0
            && let Some(first) = self.rejections.first.first()
        {
            let (items, first) = (self.rejections.total(), Box::new(first.clone()));
            return Err(DecodeError::NothingAcceptable { items, what, first });
        }
        Ok(self.into_decoded())
    }

    /// Returns the rows and rejections of a part of something larger, of which every item may be rejected.
    pub(crate) fn into_decoded(mut self) -> Decoded {
        self.said.append(&mut self.configurations);
        let batches = [
            (Table::Spans, self.spans.finish_some()),
            (Table::Logs, self.logs.finish_some()),
            (Table::MetricPoints, self.metric_points.finish_some()),
            (Table::InvocationFacts, self.invocation_facts.finish_some()),
            (Table::Deliveries, self.deliveries.finish_some()),
            (Table::EnvironmentFacts, self.environment_facts.finish_some()),
            (Table::Configurations, self.configurations.finish_some()),
            (Table::Deployments, self.deployments.finish_some()),
            (Table::WorkflowSteps, self.workflow_steps.finish_some()),
        ];
        let mut rows = Rows::default();
        for (table, batch) in batches {
            if let Some(batch) = batch {
                rows.push(table, batch);
            }
        }
        Decoded {
            rows,
            rejections: self.rejections,
            accepted: self.accepted,
            attributes_dropped: self.attributes_dropped,
            kept_raw: self.kept_raw,
        }
    }
}
