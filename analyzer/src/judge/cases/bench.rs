//! A place to run queries over the rows of cases: the views of an empty workspace, some of them replaced.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use pennyspan_rules::rule::{Case, CaseRow, Cell};
use pennyspan_rules::{PriceBooks, Rule};
use pennyspan_store::{Folded, Snapshot};

use super::{Levels, WINDOW, table};
use crate::error::AnalysisError;
use crate::judge::query::{self, RowError};
use crate::measure::Measures;
use crate::session::{Session, Settings, Span};

/// Memory that the rows of cases may use, in bytes.
const MEMORY_BYTES: usize = 256 << 20;
/// The column by which cases are kept apart where several stand in one table.
const APART: &str = "account";

/// The views of an empty workspace.
pub(super) struct Bench {
    pub(super) context: SessionContext,
}

impl Bench {
    pub(super) async fn open() -> Result<Self, AnalysisError> {
        let snapshot = Snapshot::new([], Folded::default(), None);
        let settings = Settings {
            partitions: NonZeroUsize::MIN,
            memory_bytes: MEMORY_BYTES,
            spill: None,
            skew_limit_us: 0,
        };
        let session = Session::open(
            &snapshot,
            Arc::new(PriceBooks::default()),
            Span::Window(WINDOW),
            settings,
        )
        .await?;
        Measures::default().register(session.context())?;
        Ok(Self {
            context: session.context().clone(),
        })
    }

    /// Runs a bound query over the rows of cases, and returns the levels of each case.
    ///
    /// Several cases are kept apart by the account, which is part of every scope.
    pub(super) async fn levels(&self, sql: &str, rule: &Rule, cases: &[&Case]) -> Result<Vec<Levels>, RowError> {
        let fault = |source| RowError::Query {
            source: Box::new(source),
        };
        for view in &rule.views {
            let all = cases
                .iter()
                .enumerate()
                .flat_map(|(at, case)| case.rows.iter().map(move |row| (at, row)));
            let rows: Vec<(usize, &CaseRow)> = all.filter(|(_, row)| row.view == *view).collect();
            self.replace(view, &rows, cases.len() > 1).await.map_err(fault)?;
        }
        let mut levels: Vec<Levels> = vec![Levels::new(); cases.len()];
        for row in query::run(&self.context, sql).await? {
            let at = match cases {
                [_] => Some(0),
                _ => row.scope[1].as_ref().and_then(|account| account.parse::<usize>().ok()),
            };
            if let Some(levels) = at.and_then(|at| levels.get_mut(at)) {
                levels.extend(row.level);
            }
        }
        for levels in &mut levels {
            levels.sort_unstable();
        }
        Ok(levels)
    }

    /// Puts rows in the place of a view.
    async fn replace(&self, view: &str, rows: &[(usize, &CaseRow)], apart: bool) -> Result<(), DataFusionError> {
        let schema: SchemaRef = Arc::clone(self.context.table(view).await?.schema().inner());
        let column = |name: &str, data_type| -> Result<ArrayRef, DataFusionError> {
            let numbers: Vec<Cell> = rows.iter().map(|(at, _)| Cell::Text(at.to_string())).collect();
            let given = rows.iter().map(|(_, row)| {
                row.cells
                    .iter()
                    .find(|(known, _)| known == name)
                    .map_or(&Cell::Null, |(_, cell)| cell)
            });
            let cells: Vec<&Cell> = if apart && name == APART {
                numbers.iter().collect()
            } else {
                given.collect()
            };
            table::array(name, data_type, &cells).map_err(|error| DataFusionError::External(Box::new(error)))
        };
        let fields = schema
            .fields()
            .iter()
            .map(|field| column(field.name(), field.data_type()));
        let columns = fields.collect::<Result<Vec<_>, _>>()?;
        let nullable = Arc::new(table::nullable(&schema));
        let batch = RecordBatch::try_new(Arc::clone(&nullable), columns)?;
        self.context.deregister_table(view)?;
        self.context
            .register_table(view, Arc::new(MemTable::try_new(nullable, vec![vec![batch]])?))?;
        Ok(())
    }
}
