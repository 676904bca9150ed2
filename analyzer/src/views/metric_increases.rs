//! The view `metric_increases`: by how much counters and histograms rose from one point to the next.
//!
//! A cumulative point counts from its start; OpenTelemetry's receiver in a Lambda environment counts from the environment's start,
//! so that each instance is a series of its own, which ends with it. A series begins anew where its start is another, or where it
//! falls: then all that it counts is new. The first point of a series that does not say since when it counts rose by nobody knows
//! how much. Of delta points, each is its own increase.

use datafusion::error::Result;
use datafusion::prelude::{DataFrame, SessionContext};

/// Its name.
pub(crate) const NAME: &str = "metric_increases";
/// What its row is.
pub(crate) const DOC: &str = "By how much one series of a counter or histogram rose until one of its points.";

const SQL: &str = "
SELECT metric, point_kind, metric_unit, provider, account, region, service, environment, function, version, instance_id,
       attributes_json, resource_json, scope_name,
       CASE WHEN temporality = 2 AND NOT anew THEN before_unix_nano ELSE start_unix_nano END AS since_unix_nano,
       time_unix_nano,
       anew,
       CASE WHEN temporality = 1 THEN total
            WHEN NOT anew THEN total - before_total
            WHEN start_unix_nano IS NOT NULL OR before_unix_nano IS NOT NULL THEN total END AS increase,
       CASE WHEN temporality = 1 THEN observation_count
            WHEN NOT anew THEN observation_count - before_count
            WHEN start_unix_nano IS NOT NULL OR before_unix_nano IS NOT NULL THEN observation_count END
           AS observation_increase_count
FROM (
    SELECT *, before_unix_nano IS NULL OR (start_unix_nano IS DISTINCT FROM before_start_unix_nano)
              OR COALESCE(total < before_total, false) OR COALESCE(observation_count < before_count, false) AS anew
    FROM (
        SELECT *, LAG(time_unix_nano) OVER series AS before_unix_nano, LAG(start_unix_nano) OVER series AS before_start_unix_nano,
               LAG(total) OVER series AS before_total, LAG(observation_count) OVER series AS before_count
        FROM (
            SELECT *, CAST(COALESCE(value_text, sum_text) AS DOUBLE) AS total
            FROM metric_points
            WHERE temporality IN (1, 2) AND NOT time_suspect
                  AND (monotonic OR point_kind IN ('histogram', 'exponential_histogram'))
        )
        WINDOW series AS (
            PARTITION BY metric, point_kind, temporality, provider, account, region, service, environment, function, version,
                         instance_id, attributes_json, resource_json, scope_name
            ORDER BY time_unix_nano, start_unix_nano, observation_count, total
        )
    )
)";

/// Builds the view over the view of points.
pub(crate) async fn view(context: &SessionContext) -> Result<DataFrame> {
    super::with_shown(context.sql(SQL).await?)
}
