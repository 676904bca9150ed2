//! The view `executions`: one row per execution of a workflow, from the states that it entered and left.

use datafusion::error::Result;
use datafusion::prelude::{DataFrame, SessionContext};

/// Its name.
pub(crate) const NAME: &str = "executions";
/// What its row is.
pub(crate) const DOC: &str = "One execution of a workflow: when it began and ended, how, and how its states went.";

const SQL: &str = "
SELECT provider, execution_id, MIN(account) AS account, MIN(region) AS region, MIN(workflow) AS workflow,
       MIN(COALESCE(start_unix_nano, fact_unix_nano)) AS start_unix_nano,
       MAX(COALESCE(end_unix_nano, fact_unix_nano)) AS end_unix_nano,
       COALESCE(MAX(CASE WHEN state IS NULL AND status <> 'running' THEN status END), 'running') AS status,
       COUNT(DISTINCT state) AS state_count,
       COUNT(DISTINCT CASE WHEN attempt > 1 THEN CAST(attempt AS VARCHAR) || ':' || state END) AS retry_count,
       COUNT(DISTINCT CASE WHEN status IN ('failed', 'timed_out') THEN state END) AS failed_state_count,
       MIN(error_type) AS error_type
FROM workflow_steps
WHERE NOT time_suspect
GROUP BY provider, execution_id";

/// Builds the view over the view of states.
pub(crate) async fn view(context: &SessionContext) -> Result<DataFrame> {
    super::with_shown(context.sql(SQL).await?)
}
