//! Which functions are known to have lost telemetry.

use std::collections::BTreeSet;

use pennyspan_schema::Window;

use super::query::{RowError, text};
use crate::grouped::Names;
use crate::session::Session;

/// Returns the functions of which the platform dropped lines in a window; what it did not name is filled in by the environment.
pub(super) async fn lossy(session: &Session, window: Window) -> Result<BTreeSet<Names<4>>, RowError> {
    let failed = |source| RowError::Query {
        source: Box::new(source),
    };
    let sql = format!(
        "SELECT DISTINCT provider, account, region, function, instance_id FROM environment_facts \
         WHERE fact_kind = 'logs_dropped' AND fact_unix_nano >= {} AND fact_unix_nano < {}",
        window.start_unix_nano, window.end_unix_nano
    );
    let asked = session.context().sql(&sql).await.map_err(failed)?;
    let batches = asked.collect().await.map_err(failed)?;
    let environments = &session.neighbours().environments;
    let mut functions = BTreeSet::new();
    for batch in &batches {
        for at in 0..batch.num_rows() {
            let [provider, account, region, function, instance_id] =
                ["provider", "account", "region", "function", "instance_id"].map(|name| text(batch, name, at));
            let (provider, instance_id) = (provider?, instance_id?);
            let known = environments
                .of(provider.as_deref().unwrap_or_default(), instance_id.as_deref())
                .cloned()
                .unwrap_or_default();
            functions.insert([
                provider,
                account?.or(known.account),
                region?.or(known.region),
                function?.or(known.function),
            ]);
        }
    }
    Ok(functions)
}
