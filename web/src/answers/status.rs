//! The state of the data behind an answer.

use crate::format::Reading;
use crate::state::Window;

/// What an answer is based on.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Start of the newest invocation, nanoseconds since 1970.
    pub newest_unix_nano: Option<i64>,
    /// 95th percentile of the time from an event's end to its arrival.
    pub ingest_lag_p95_us: Option<Reading<i64>>,
    /// Time of the last fold, nanoseconds since 1970.
    pub as_of_unix_nano: Option<i64>,
    /// What else the reader must know: sampling, partial data, price books.
    pub badges: Vec<Badge>,
    /// Rows read for the answer.
    pub rows_read: i64,
    /// Files read for the answer.
    pub files_read: i64,
    /// How long the answer took.
    pub elapsed_us: i64,
    /// The workspace that was asked.
    pub workspace: String,
    /// Open findings that are critical or high.
    pub urgent_findings: i64,
    /// Services seen, for the filter.
    pub services: Vec<String>,
    /// Regions seen, for the filter.
    pub regions: Vec<String>,
    /// Environments seen, for the filter.
    pub environments: Vec<String>,
}

/// One statement about the state of the data: "List prices of" "1 Nov 2026".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// What it is about.
    pub label: String,
    /// What is so.
    pub value: String,
}

/// When and over which window the catalogue was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluated {
    /// The window.
    pub window: Window,
    /// When, nanoseconds since 1970.
    pub at_unix_nano: i64,
}

/// Which of the four kinds of nothing there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Emptiness {
    /// Nothing was ever sent.
    NeverSent,
    /// There is something, but not in this range.
    NotInRange {
        /// Start of the newest, nanoseconds since 1970.
        newest_unix_nano: i64,
    },
    /// There is something in this range, but the filters leave nothing.
    FilteredAway {
        /// The filter that, removed, would show something: its name in the address.
        filter: &'static str,
        /// How many invocations there are without it.
        without_count: i64,
    },
    /// There is something, but too little for the question.
    TooFew {
        /// How many there are.
        count: i64,
        /// How many it takes.
        needed_count: i64,
    },
}
