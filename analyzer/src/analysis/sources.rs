//! Sources: what has arrived of which kind, from where, and when last.

use std::collections::BTreeMap;

use futures::StreamExt;
use pennyspan_schema::{Table, Unit, columns};

use crate::error::AnalysisError;
use crate::session::Session;

columns! {
    /// One row as it arrived.
    table "arrivals";

    /// The provider.
    provider: Text { unit: Unit::None, nullable: "not said", source: "raw tables" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "raw tables" },
    /// The source of a fact.
    source: Text { unit: Unit::None, nullable: "only facts have one", source: "raw tables" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "raw tables" },
    /// When a span started.
    start_unix_nano: Int { unit: Unit::UnixNano, nullable: "not a span", source: "spans" },
    /// When a log record was written.
    time_unix_nano: Int { unit: Unit::UnixNano, nullable: "not a log record", source: "logs" },
    /// When a fact was stated.
    fact_unix_nano: Int { unit: Unit::UnixNano, nullable: "not a fact", source: "invocation_facts" },
    /// When a setting was observed.
    observed_unix_nano: Int { unit: Unit::UnixNano, nullable: "not a setting", source: "configurations" },
    /// When a function was deployed.
    deployed_unix_nano: Int { unit: Unit::UnixNano, nullable: "not a deployment", source: "deployments" },
}

/// What arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Spans.
    Spans,
    /// Log records.
    Logs,
    /// Data points of metrics.
    Metrics,
    /// The platform's own records about invocations.
    Platform,
    /// Invocation records.
    Records,
    /// Settings.
    Configurations,
    /// Deployments.
    Deployments,
}

/// A kind of telemetry from one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The provider, where said.
    pub provider: Option<String>,
    /// The region, where said.
    pub region: Option<String>,
    /// What it is.
    pub kind: Kind,
}

/// What has arrived from a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// When the last row was received, or for files what time it names; in nanoseconds since 1970.
    pub last_unix_nano: i64,
    /// All rows.
    pub rows: i64,
    /// Rows that were received at `since` or later.
    pub recent_rows: i64,
}

const TABLES: [Table; 6] = [
    Table::Spans,
    Table::Logs,
    Table::MetricPoints,
    Table::InvocationFacts,
    Table::Configurations,
    Table::Deployments,
];

/// Answers what has arrived, and how much of it since an instant.
///
/// # Errors
/// [`AnalysisError`] where the tables cannot be read.
pub async fn sources(session: &Session, since_unix_nano: i64) -> Result<BTreeMap<Source, Arrived>, AnalysisError> {
    let mut all: BTreeMap<Source, Arrived> = BTreeMap::new();
    for table in TABLES {
        let failed = || AnalysisError::run(table.name());
        let known: Vec<&str> = COLUMNS
            .iter()
            .map(|column| column.name)
            .filter(|name| table.columns().iter().any(|column| column.name == *name))
            .collect();
        let frame = crate::reading::stored(session.context(), table)
            .await
            .map_err(failed())?;
        let mut rows = frame
            .select_columns(&known)
            .map_err(failed())?
            .execute_stream()
            .await
            .map_err(failed())?;
        while let Some(batch) = rows.next().await {
            let reader = Reader::new(&batch.map_err(failed())?).map_err(AnalysisError::rows(table.name()))?;
            for row in reader.rows() {
                let Some(kind) = kind(table, &row) else { continue };
                let owned = |text: Option<&str>| text.map(str::to_owned);
                let source = Source {
                    provider: owned(row.provider),
                    region: owned(row.region),
                    kind,
                };
                let arrived = all.entry(source).or_default();
                arrived.rows += 1;
                arrived.recent_rows += i64::from(
                    row.received_unix_nano
                        .is_some_and(|received| received >= since_unix_nano),
                );
                arrived.last_unix_nano = arrived.last_unix_nano.max(when(&row));
            }
        }
    }
    Ok(all)
}

/// Returns what a row is; facts that were made of spans or logs are counted there.
fn kind(table: Table, row: &Row<'_>) -> Option<Kind> {
    Some(match table {
        Table::Spans => Kind::Spans,
        Table::Logs => Kind::Logs,
        Table::MetricPoints => Kind::Metrics,
        Table::Configurations => Kind::Configurations,
        Table::Deployments => Kind::Deployments,
        _ => match row.source {
            Some("platform" | "insights") => Kind::Platform,
            Some("record") => Kind::Records,
            _ => return None,
        },
    })
}

fn when(row: &Row<'_>) -> i64 {
    let said = [
        row.start_unix_nano,
        row.time_unix_nano,
        row.fact_unix_nano,
        row.observed_unix_nano,
        row.deployed_unix_nano,
    ];
    row.received_unix_nano
        .or_else(|| said.into_iter().flatten().max())
        .unwrap_or(0)
}
