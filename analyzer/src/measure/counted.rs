//! What the platform itself counts: its own metric of invocations.

use futures::StreamExt;
use pennyspan_schema::tables::metric_points::{self, Reader, Row};
use pennyspan_schema::{Table, Window};

use crate::error::AnalysisError;
use crate::session::Session;

/// CloudWatch's metric, as its metric streams name it.
const INVOCATIONS: &str = "amazonaws.com/AWS/Lambda/Invocations";
/// Dimensions under which an invocation is counted once more: by version or alias.
const ONCE_MORE: [&str; 2] = ["\"Resource\"", "\"ExecutedVersion\""];

/// How often a function was invoked in a minute, as the platform counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counted {
    provider: Option<String>,
    account: Option<String>,
    region: Option<String>,
    function: String,
    pub(super) unix_nano: i64,
    pub(super) count: i64,
}

/// Reads the counts of a range of time; a point that came twice counts once.
pub(super) async fn read(session: &Session, range: Window) -> Result<Vec<Counted>, AnalysisError> {
    let mut rows = session.rows(Table::MetricPoints, metric_points::COLUMNS, range).await?;
    let mut all = Vec::new();
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(AnalysisError::run("metric points"))?;
        let reader = Reader::new(&batch).map_err(AnalysisError::rows("metric points"))?;
        all.extend(reader.rows().filter_map(|row| Counted::of(&row)));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

impl Counted {
    fn of(row: &Row<'_>) -> Option<Self> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let by_function = row
            .attributes_json
            .is_none_or(|json| ONCE_MORE.iter().all(|dimension| !json.contains(dimension)));
        if row.metric != INVOCATIONS || !by_function {
            return None;
        }
        Some(Self {
            provider: owned(row.provider).or_else(|| Some("aws".to_owned())),
            account: owned(row.account),
            region: owned(row.region),
            function: row.function?.to_owned(),
            // A point's time is the end of its minute.
            unix_nano: row.start_unix_nano.unwrap_or(row.time_unix_nano.saturating_sub(1)),
            count: whole(row.sum_text.or(row.value_text)?)?,
        })
    }

    pub(super) fn scope(&self) -> [Option<&str>; 4] {
        [
            self.provider.as_deref(),
            self.account.as_deref(),
            self.region.as_deref(),
            Some(&self.function),
        ]
    }
}

/// Reads a whole number, which senders may write with zeros after the point.
fn whole(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().all(|digit| digit == b'0') {
        whole.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn counts_are_whole_numbers() {
        assert_eq!(
            (whole("12"), whole("12.0"), whole("12.5"), whole("x")),
            (Some(12), Some(12), None, None)
        );
    }
}
