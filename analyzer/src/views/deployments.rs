//! The view `deployments`: markers, and what only neighbours reveal.

use std::sync::Arc;

use datafusion::catalog::MemTable;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, col};
use datafusion::prelude::{DataFrame, SessionContext};
use pennyspan_schema::Table;
use pennyspan_schema::tables::deployments::{Builder, Row};

use crate::neighbours::deployments::{Deployment, Deployments};
use crate::views::shown;

/// Builds the view from the deployments found.
pub(crate) fn view(context: &SessionContext, deployments: &Deployments) -> Result<DataFrame> {
    let mut builder = Builder::default();
    for deployment in deployments.iter() {
        builder.append(&row(deployment));
    }
    let table = MemTable::try_new(Table::Deployments.schema(), vec![vec![builder.finish()]])?;
    let columns: Vec<Expr> = Table::Deployments
        .columns()
        .iter()
        .flat_map(|column| shown(column, col(column.name)))
        .collect();
    context.read_table(Arc::new(table))?.select(columns)
}

fn row(deployment: &Deployment) -> Row<'_> {
    Row {
        deployed_unix_nano: deployment.deployed_unix_nano,
        provider: deployment.provider.as_deref(),
        account: deployment.account.as_deref(),
        region: deployment.region.as_deref(),
        function: deployment.function.as_deref(),
        service: deployment.service.as_deref(),
        version: deployment.version.as_deref(),
        revision: deployment.revision.as_deref(),
        link: deployment.link.as_deref(),
        source: &deployment.source,
        ..Row::default()
    }
}
