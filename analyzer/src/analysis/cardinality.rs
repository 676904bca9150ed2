//! Cardinality: how many different things telemetry names in a window, which is what tables and pages grow with.

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::{Int64Type, UInt64Type};
use pennyspan_schema::Window;

use crate::error::AnalysisError;
use crate::session::Session;

/// How many different things were named in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cardinality {
    /// Functions, by provider, account and region.
    pub functions: i64,
    /// Versions of functions.
    pub versions: i64,
    /// What triggers functions: queues, topics, streams, schedules.
    pub trigger_sources: i64,
    /// Execution environments.
    pub instances: i64,
    /// Series of metrics, estimated: metric, instance and attributes.
    pub metric_series: i64,
}

/// Counts the distinct rows of some columns.
const DISTINCT: [(&str, &str, &str); 4] = [
    (
        "rollup_minute",
        "minute_unix_nano",
        "provider, account, region, function",
    ),
    (
        "rollup_minute",
        "minute_unix_nano",
        "provider, account, region, function, version",
    ),
    ("rollup_minute", "minute_unix_nano", "provider, trigger_source"),
    ("instance_minutes", "minute_unix_nano", "provider, instance_id"),
];

/// Answers how many different things a window names.
///
/// # Errors
/// [`AnalysisError`] where the tables cannot be read.
pub async fn cardinality(session: &Session, window: Window) -> Result<Cardinality, AnalysisError> {
    let mut counts = [0; DISTINCT.len()];
    for (count, (view, time, columns)) in counts.iter_mut().zip(DISTINCT) {
        let last = columns.rsplit(", ").next().unwrap_or(columns);
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT DISTINCT {columns} FROM {view} WHERE {last} IS NOT NULL AND {})",
            within(time, window)
        );
        *count = number(session, &sql).await?;
    }
    let series = format!(
        "SELECT approx_distinct(concat_ws('|', metric, function, instance_id, attributes_json)) FROM metric_points WHERE {}",
        within("time_unix_nano", window)
    );
    let [functions, versions, trigger_sources, instances] = counts;
    Ok(Cardinality {
        functions,
        versions,
        trigger_sources,
        instances,
        metric_series: number(session, &series).await?,
    })
}

fn within(column: &str, window: Window) -> String {
    let Window {
        start_unix_nano,
        end_unix_nano,
    } = window;
    format!("{column} >= {start_unix_nano} AND {column} < {end_unix_nano}")
}

/// Returns the number that a statement gives.
async fn number(session: &Session, sql: &str) -> Result<i64, AnalysisError> {
    let failed = || AnalysisError::run("cardinality");
    let frame = session.context().sql(sql).await.map_err(failed())?;
    let batches = frame.collect().await.map_err(failed())?;
    let column = batches
        .first()
        .filter(|batch| batch.num_rows() > 0)
        .map(|batch| batch.column(0));
    let signed = column.and_then(|column| column.as_primitive_opt::<Int64Type>().map(|values| values.value(0)));
    let unsigned = || column?.as_primitive_opt::<UInt64Type>().map(|values| values.value(0));
    Ok(signed
        .or_else(|| unsigned().and_then(|value| i64::try_from(value).ok()))
        .unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::Window;
    use pennyspan_schema::tables::{instance_minutes, metric_points, rollup_minute};

    use super::{Cardinality, cardinality};
    use crate::Span;
    use crate::testing::{SECOND, SEVEN, World};

    #[tokio::test]
    async fn what_a_window_names_is_counted_once_and_what_has_no_name_is_not() {
        let mut world = World::default();
        for (minute, function, version, source) in [
            (0, Some("a"), Some("1"), Some("orders")),
            (0, Some("a"), Some("2"), Some("orders")),
            (60, Some("a"), Some("2"), None),
            (60, Some("b"), None, Some("mails")),
            (60, None, Some("9"), None),
            (3_600, Some("later"), Some("1"), Some("late")),
        ] {
            world.rollup(&rollup_minute::Row {
                minute_unix_nano: SEVEN + minute * SECOND,
                provider: "aws",
                function,
                version,
                trigger_source: source,
                outcome: "ok",
                ..rollup_minute::Row::default()
            });
        }
        for (minute, instance_id) in [(0, "i-1"), (60, "i-1"), (60, "i-2"), (3_600, "i-3")] {
            world.instance_minute(&instance_minutes::Row {
                minute_unix_nano: SEVEN + minute * SECOND,
                provider: "aws",
                instance_id,
                ..instance_minutes::Row::default()
            });
        }
        for (second, metric) in [(0, "errors"), (10, "errors"), (10, "faults"), (3_600, "later")] {
            world.metric_point(&metric_points::Row {
                metric,
                point_kind: "sum",
                time_unix_nano: SEVEN + second * SECOND,
                ..metric_points::Row::default()
            });
        }
        let window = Window {
            start_unix_nano: SEVEN,
            end_unix_nano: SEVEN + 120 * SECOND,
        };
        let session = world.session(Span::Whole).await;
        let expected = Cardinality {
            functions: 2,
            versions: 3,
            trigger_sources: 2,
            instances: 2,
            metric_series: 2,
        };
        assert_eq!(cardinality(&session, window).await.unwrap(), expected);
        let none = World::default().session(Span::Whole).await;
        assert_eq!(cardinality(&none, window).await.unwrap(), Cardinality::default());
    }
}
