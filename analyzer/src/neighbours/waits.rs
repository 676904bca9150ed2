//! How long attempts waited on other functions that they called.

use std::collections::HashMap;

use futures::StreamExt;
use pennyspan_schema::tables::invocation_calls::{self, Reader};
use pennyspan_schema::{Table, Window};

use crate::error::AnalysisError;
use crate::reading::Reading;

/// What calls of a function are filed under.
const FUNCTION: &str = "function";

/// The time in which calls to functions were open, by invocation id, provider, key scope and start.
#[derive(Debug, Default)]
pub struct Waits(HashMap<String, Vec<Wait>>);

#[derive(Debug)]
struct Wait {
    provider: String,
    key_scope: String,
    start_unix_nano: i64,
    busy_us: i64,
}

impl Waits {
    /// Reads the calls of a range of time.
    ///
    /// # Errors
    /// [`AnalysisError`] where the table cannot be read.
    pub(crate) async fn read(reading: &Reading, range: Window) -> Result<Self, AnalysisError> {
        let mut rows = reading
            .stream(Table::InvocationCalls, invocation_calls::COLUMNS, Some(range))
            .await?;
        let mut all = Self::default();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run("calls"))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows("calls"))?;
            for row in reader.rows().filter(|row| row.dependency_kind == FUNCTION) {
                let wait = Wait {
                    provider: row.provider.to_owned(),
                    key_scope: row.key_scope.to_owned(),
                    start_unix_nano: row.start_unix_nano,
                    busy_us: row.busy_us,
                };
                all.0.entry(row.invocation_id.to_owned()).or_default().push(wait);
            }
        }
        Ok(all)
    }

    /// Returns how long an attempt waited, in microseconds.
    #[must_use]
    pub fn of(&self, (provider, key_scope, invocation_id): (&str, &str, &str), start_unix_nano: i64) -> Option<i64> {
        let waits = self.0.get(invocation_id)?;
        let of = |wait: &&Wait| {
            (wait.provider.as_str(), wait.key_scope.as_str(), wait.start_unix_nano)
                == (provider, key_scope, start_unix_nano)
        };
        waits
            .iter()
            .filter(of)
            .map(|wait| wait.busy_us)
            .reduce(i64::saturating_add)
    }
}
