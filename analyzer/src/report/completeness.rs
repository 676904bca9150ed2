//! Whether the attempts that started were reported: those whose end nobody told are missing.

use serde::Serialize;

use crate::judge::query::{self, RowError};
use crate::session::Session;

/// Missing attempts that are listed; the rest is counted.
const LISTED: usize = 20;
/// The attempts whose end nobody told.
const MISSING: &str = "outcome = 'unknown' AND end_unix_nano IS NULL";

/// How many of the attempts of a window have an end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Completeness {
    /// Attempts that start in the window.
    pub attempts: u64,
    /// Those whose end was told.
    pub ended: u64,
    /// Those of them / attempts; 1 where there are none.
    pub share: f64,
    /// The first that have no end, by start: function and invocation id.
    pub missing: Vec<String>,
    /// How many more there are.
    pub more: u64,
}

/// What too few reported attempts mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPartial {
    /// A reason in the report.
    Warn,
    /// Exit code 3.
    Fail,
}

/// Counts the attempts of the session's window, and those without an end.
///
/// # Errors
/// [`RowError`] where the attempts cannot be read.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
pub async fn of(session: &Session) -> Result<Completeness, RowError> {
    let window = session.window();
    let inside = format!(
        "start_unix_nano >= {} AND start_unix_nano < {}",
        window.start_unix_nano, window.end_unix_nano
    );
    let counts = format!(
        "SELECT CONCAT(COUNT(*), ' ', SUM(CASE WHEN {MISSING} THEN 1 ELSE 0 END)) AS text FROM invocations WHERE {inside}"
    );
    let counts = texts(session, counts).await?;
    let mut counts = counts
        .iter()
        .flat_map(|text| text.split(' '))
        .filter_map(|number| number.parse().ok());
    let (attempts, without): (u64, u64) = (counts.next().unwrap_or(0), counts.next().unwrap_or(0));
    let list = format!(
        "SELECT CONCAT(COALESCE(function, '?'), ' ', invocation_id) AS text FROM invocations WHERE {inside} AND {MISSING} \
         ORDER BY start_unix_nano, function, invocation_id LIMIT {LISTED}"
    );
    let missing = if without > 0 {
        texts(session, list).await?
    } else {
        Vec::new()
    };
    let ended = attempts - without;
    Ok(Completeness {
        attempts,
        ended,
        share: if attempts == 0 {
            1.0
        } else {
            ended as f64 / attempts as f64
        },
        more: without.saturating_sub(missing.len() as u64),
        missing,
    })
}

impl Completeness {
    /// Returns why it is too little, in one line.
    #[must_use]
    pub fn reason(&self, required: f64) -> String {
        let more = if self.more > 0 {
            format!(", +{} more", self.more)
        } else {
            String::new()
        };
        format!(
            "{} of {} attempts were reported to their end, less than {} %; missing: {}{more}",
            self.ended,
            self.attempts,
            required * 100.0,
            self.missing.join(", ")
        )
    }
}

async fn texts(session: &Session, sql: String) -> Result<Vec<String>, RowError> {
    let failed = |source| RowError::Query {
        source: Box::new(source),
    };
    let batches = session
        .context()
        .sql(&sql)
        .await
        .map_err(failed)?
        .collect()
        .await
        .map_err(failed)?;
    let mut all = Vec::new();
    for batch in &batches {
        for at in 0..batch.num_rows() {
            all.extend(query::text(batch, "text", at)?);
        }
    }
    Ok(all)
}
