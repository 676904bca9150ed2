//! Parts of a statement that it reads more than once: they are computed once.
//!
//! DataFusion puts a common table expression in place wherever it is named, so that one that is named twice is computed
//! twice, and what it names itself four times.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, Schema};
use datafusion::catalog::MemTable;
use datafusion::common::plan_err;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast;

/// Runs one statement; no other may run in the context meanwhile, since common table expressions stand there as tables.
///
/// # Errors
/// A statement that cannot be planned or run.
pub(super) async fn collect(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
    let mut statements = DFParser::parse_sql(sql)?;
    let query = match (statements.pop_front(), statements.is_empty()) {
        (Some(Statement::Statement(statement)), true) => match *statement {
            ast::Statement::Query(query) => Some(query),
            _ => None,
        },
        _ => None,
    };
    let Some(query) = query else {
        return plan_err!("a rule asks one SELECT, and nothing else");
    };
    let mut tables = Tables {
        context,
        names: Vec::new(),
    };
    let query = tables.compute(*query).await?;
    plan(context, query).await?.collect().await
}

/// Tables that stand in a context until they are dropped.
struct Tables<'a> {
    context: &'a SessionContext,
    names: Vec<String>,
}

impl Tables<'_> {
    /// Computes what a query names more than once, and returns the query without it.
    async fn compute(&mut self, mut query: ast::Query) -> Result<ast::Query, DataFusionError> {
        let Some(with) = query.with.take() else {
            return Ok(query);
        };
        let named = names(&with, &query);
        let mut kept = Vec::new();
        for cte in &with.cte_tables {
            let name = &cte.alias.name.value;
            let is_shared = named.iter().filter(|known| *known == name).count() > 1;
            let can_stand = cte.alias.columns.is_empty() && !self.context.table_exist(name.as_str())?;
            if with.recursive || !is_shared || !can_stand {
                kept.push(cte.clone());
                continue;
            }
            let frame = plan(self.context, within(&with, &kept, &cte.query)).await?;
            self.context
                .register_table(name.as_str(), Arc::new(kept_rows(frame).await?))?;
            self.names.push(name.clone());
        }
        Ok(within(&with, &kept, &query))
    }
}

impl Drop for Tables<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            // The name was registered above; nothing else could be wrong with it.
            let _ = self.context.deregister_table(name.as_str());
        }
    }
}

/// Runs a frame and keeps its rows, with the types that they came with: the optimizer may widen a plan's decimals, and batches may
/// be stricter about nulls.
async fn kept_rows(frame: DataFrame) -> Result<MemTable, DataFusionError> {
    let planned = Arc::clone(frame.schema().inner());
    let mut partitions = frame.collect_partitioned().await?;
    let first = partitions.iter().flatten().next();
    let came = first.map_or(planned, RecordBatch::schema);
    let nullable = |field: &FieldRef| field.as_ref().clone().with_nullable(true);
    let schema = Arc::new(Schema::new(came.fields().iter().map(nullable).collect::<Vec<_>>()));
    for batch in partitions.iter_mut().flatten() {
        *batch = batch.clone().with_schema(Arc::clone(&schema))?;
    }
    MemTable::try_new(schema, partitions)
}

/// Returns a query that knows some common table expressions before its own.
fn within(with: &ast::With, known: &[ast::Cte], query: &ast::Query) -> ast::Query {
    let mut query = query.clone();
    if known.is_empty() {
        return query;
    }
    let own = query.with.take().map(|own| own.cte_tables).unwrap_or_default();
    query.with = Some(ast::With {
        cte_tables: known.iter().cloned().chain(own).collect(),
        ..with.clone()
    });
    query
}

/// Returns every name of a relation, as often as it stands in the common table expressions and the query.
fn names(with: &ast::With, query: &ast::Query) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |relation: &ast::ObjectName| {
        if let [ast::ObjectNamePart::Identifier(name)] = relation.0.as_slice() {
            found.push(name.value.clone());
        }
        ControlFlow::<()>::Continue(())
    };
    // The visitor never breaks off.
    let _ = ast::visit_relations(with, &mut note);
    let _ = ast::visit_relations(query, &mut note);
    found
}

async fn plan(context: &SessionContext, query: ast::Query) -> Result<DataFrame, DataFusionError> {
    let statement = Statement::Statement(Box::new(ast::Statement::Query(Box::new(query))));
    let plan = context.state().statement_to_plan(statement).await?;
    context.execute_logical_plan(plan).await
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;

    use super::*;

    const TWICE: &str = "WITH low AS (SELECT 1 AS n UNION ALL SELECT 2), high AS (SELECT n + 10 AS n FROM low), \
                         pairs AS (SELECT low.n AS low, high.n AS high FROM low JOIN high ON low.n + 10 = high.n) \
                         SELECT a.low, b.high FROM pairs AS a JOIN pairs AS b ON a.low = b.low ORDER BY 1";

    fn text(batches: &[RecordBatch]) -> String {
        pretty_format_batches(batches).unwrap().to_string()
    }

    #[tokio::test]
    async fn what_is_named_twice_gives_the_same_rows_and_leaves_no_table_behind() {
        let context = SessionContext::new();
        let plain = context.sql(TWICE).await.unwrap().collect().await.unwrap();
        let once = collect(&context, TWICE).await.unwrap();
        assert_eq!(text(&once), text(&plain));
        assert_eq!(once.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
        for name in ["low", "high", "pairs"] {
            assert!(!context.table_exist(name).unwrap(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_name_that_a_table_has_already_is_put_in_place_as_ever() {
        let context = SessionContext::new();
        context.sql("CREATE TABLE low AS SELECT 7 AS n").await.unwrap();
        let plain = context.sql(TWICE).await.unwrap().collect().await.unwrap();
        assert_eq!(text(&collect(&context, TWICE).await.unwrap()), text(&plain));
        assert!(context.table_exist("low").unwrap());
    }

    #[tokio::test]
    async fn what_is_not_one_select_is_not_run() {
        let context = SessionContext::new();
        for statement in ["CREATE TABLE low AS SELECT 7 AS n", "SELECT 1; SELECT 2", ""] {
            assert!(collect(&context, statement).await.is_err(), "{statement}");
        }
        assert!(!context.table_exist("low").unwrap());
    }

    #[tokio::test]
    async fn an_error_leaves_no_table_behind() {
        let context = SessionContext::new();
        let failing = "WITH low AS (SELECT 1 AS n) SELECT a.missing FROM low AS a JOIN low AS b ON a.n = b.n";
        assert!(collect(&context, failing).await.is_err());
        assert!(!context.table_exist("low").unwrap());
    }
}
