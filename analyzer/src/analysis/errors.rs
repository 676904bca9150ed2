//! Errors, grouped by what makes them the same.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_schema::Outcome;

use crate::analysis::{Attempt, Group, Question, Tally, part, tally};
use crate::error::AnalysisError;
use crate::session::Session;

/// The failed attempts of one function with one fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorGroup {
    /// How many, in thousandths.
    pub failed_milli: i128,
    /// When the first one started, in nanoseconds since 1970.
    pub first_unix_nano: Option<i64>,
    /// When the last one started, in nanoseconds since 1970.
    pub last_unix_nano: Option<i64>,
    /// The versions that failed, as far as known.
    pub versions: BTreeSet<String>,
    /// How they ended.
    pub outcomes: BTreeSet<&'static str>,
    /// The earliest one.
    pub exemplar: Option<Exemplar>,
}

/// One failed attempt, ordered by its start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exemplar {
    /// When it started, in nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// Its id.
    pub invocation_id: String,
    /// Its trace, in hex.
    pub trace_id: Option<String>,
    /// The kind of the error.
    pub error_type: Option<String>,
    /// The error's message.
    pub error_message: Option<String>,
}

impl Tally for ErrorGroup {
    const READS: &'static [&'static str] = &["error_fingerprint", "error_message", "error_type", "trace_id"];

    fn add(&mut self, attempt: &Attempt<'_>) {
        if !Outcome::failed(attempt.outcome) {
            return;
        }
        let row = &attempt.row;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        self.merge(Self {
            failed_milli: i128::from(attempt.weight_milli()),
            first_unix_nano: Some(row.start_unix_nano),
            last_unix_nano: Some(row.start_unix_nano),
            versions: owned(row.version).into_iter().collect(),
            outcomes: [attempt.outcome.as_str()].into(),
            exemplar: Some(Exemplar {
                start_unix_nano: row.start_unix_nano,
                invocation_id: row.invocation_id.to_owned(),
                trace_id: owned(row.trace_id),
                error_type: owned(row.error_type),
                error_message: owned(row.error_message),
            }),
        });
    }

    fn merge(&mut self, other: Self) {
        self.failed_milli += other.failed_milli;
        self.first_unix_nano = self.first_unix_nano.into_iter().chain(other.first_unix_nano).min();
        self.last_unix_nano = self.last_unix_nano.max(other.last_unix_nano);
        self.versions.extend(other.versions);
        self.outcomes.extend(other.outcomes);
        self.exemplar = self.exemplar.take().into_iter().chain(other.exemplar).min();
    }
}

/// Answers which errors there are, by function and fingerprint; those without a fingerprint stand under none.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn errors(session: &Session, question: &Question) -> Result<BTreeMap<Group, ErrorGroup>, AnalysisError> {
    let mut groups = tally::<ErrorGroup>(session, question, part::error).await?;
    groups.retain(|_, group| group.failed_milli > 0);
    Ok(groups)
}
