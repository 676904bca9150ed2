//! The view `environments`: one row per execution environment, from when it was first seen to when it was last.
//!
//! What is billed by the hours of instances (managed instances, provisioned capacity, minimum instances) is billed, and idle, in
//! these intervals, of which no record of an invocation tells. No platform states the end of every environment: where none was
//! stated, an environment lived at least until its last record.

use datafusion::error::Result;
use datafusion::prelude::{DataFrame, SessionContext};

/// Its name.
pub(crate) const NAME: &str = "environments";
/// What its row is.
pub(crate) const DOC: &str = "One execution environment, from its first record to its last.";

const SQL: &str = "
SELECT COALESCE(said.provider, ran.provider) AS provider,
       COALESCE(said.instance_id, ran.instance_id) AS instance_id,
       COALESCE(ran.account, said.account) AS account,
       COALESCE(ran.region, said.region) AS region,
       COALESCE(ran.function, said.function) AS function,
       COALESCE(ran.version, said.version) AS version,
       COALESCE(said.init_type, ran.init_type) AS init_type,
       COALESCE(said.memory_size_mib, ran.memory_size_mib) AS memory_size_mib,
       LEAST(said.first_unix_nano, ran.first_unix_nano) AS start_unix_nano,
       GREATEST(said.last_unix_nano, ran.last_unix_nano) AS end_unix_nano,
       said.ended_unix_nano IS NOT NULL AS end_stated,
       said.ended_status AS end_status,
       said.init_end_unix_nano AS init_end_unix_nano,
       COALESCE(ran.attempt_count, 0) AS attempt_count,
       said.request_count AS request_stated_count,
       ran.busy_us AS attempts_us,
       said.billed_ms AS billed_stated_ms
FROM (
    SELECT provider, instance_id, MIN(account) AS account, MIN(region) AS region, MIN(function) AS function,
           MIN(version) AS version, MIN(init_type) AS init_type, MAX(memory_size_mib) AS memory_size_mib,
           MIN(COALESCE(start_unix_nano, fact_unix_nano)) AS first_unix_nano,
           MAX(COALESCE(end_unix_nano, fact_unix_nano)) AS last_unix_nano,
           MAX(CASE WHEN fact_kind = 'shutdown' THEN fact_unix_nano END) AS ended_unix_nano,
           MAX(CASE WHEN fact_kind = 'shutdown' THEN status END) AS ended_status,
           MIN(CASE WHEN fact_kind IN ('init_report', 'init_runtime_done', 'restore_report', 'restore_runtime_done')
                    THEN fact_unix_nano END) AS init_end_unix_nano,
           MAX(request_count) AS request_count,
           MAX(CASE WHEN fact_kind = 'interval' THEN billed_ms END) AS billed_ms
    FROM environment_facts
    WHERE instance_id IS NOT NULL AND NOT time_suspect
    GROUP BY provider, instance_id
) said
FULL JOIN (
    SELECT provider, instance_id, MIN(account) AS account, MIN(region) AS region, MIN(function) AS function,
           MIN(version) AS version, MIN(init_type) AS init_type, MAX(memory_size_mib) AS memory_size_mib,
           MIN(start_unix_nano) AS first_unix_nano,
           MAX(COALESCE(end_unix_nano, start_unix_nano)) AS last_unix_nano,
           COUNT(*) AS attempt_count,
           SUM(duration_us) AS busy_us
    FROM invocations
    WHERE instance_id IS NOT NULL
    GROUP BY provider, instance_id
) ran ON said.provider = ran.provider AND said.instance_id = ran.instance_id";

/// Builds the view over the views of facts and attempts.
pub(crate) async fn view(context: &SessionContext) -> Result<DataFrame> {
    super::with_shown(context.sql(SQL).await?)
}
