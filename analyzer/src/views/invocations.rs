//! The view `invocations`: the folded attempts, completed by what depends on neighbours, settings and prices.
//!
//! One function of the session takes the folded columns that it needs and returns every derived column at once; the
//! plan evaluates it once per batch, so the view streams whatever its size.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StructArray};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{DataFusionError, Result};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, col,
};
use datafusion::prelude::{DataFrame, SessionContext};
use pennyspan_schema::tables::invocations::Reader;
use pennyspan_schema::{Column, Table};

use crate::neighbours::{Neighbours, derived};
use crate::pricing::ListAmount;
use crate::views::{shown, stored};

/// Builds the view over the stored attempts.
pub(crate) async fn view(context: &SessionContext, neighbours: &Arc<Neighbours>) -> Result<DataFrame> {
    over(stored(context, Table::Invocations).await?, neighbours)
}

/// Builds the view over some of the stored attempts.
pub(crate) fn over(attempts: DataFrame, neighbours: &Arc<Neighbours>) -> Result<DataFrame> {
    let inputs: Vec<Expr> = Table::Invocations
        .columns()
        .iter()
        .filter(|column| read(column))
        .map(|column| col(column.name))
        .collect();
    let derive = ScalarUDF::from(Derive::new(Arc::clone(neighbours))).call(inputs);
    let value = |name: &'static str| get_field(derive.clone(), name);
    let mut columns = Vec::new();
    for column in Table::Invocations.columns() {
        match derived::COLUMNS.iter().find(|other| other.name == column.name) {
            Some(filled) => columns.extend(shown(filled, value(filled.name))),
            None => columns.extend(shown(column, col(column.name))),
        }
    }
    let folded = Table::Invocations.columns();
    for added in derived::COLUMNS
        .iter()
        .filter(|column| folded.iter().all(|other| other.name != column.name))
    {
        columns.extend(shown(added, value(added.name)));
    }
    let frame = attempts.select(columns)?;
    let amount = ScalarUDF::from(ListAmount::new(Arc::clone(&neighbours.books)));
    let inputs = ListAmount::inputs().iter().map(|name| col(*name)).collect();
    frame.with_column("cost_usd", amount.call(inputs))
}

/// Nullable columns that the derivation reads; it reads all those that are never null as well.
const READ: [&str; 27] = [
    "account",
    "architecture",
    "billed_duration_ms",
    "cold_start_reported",
    "duration_us",
    "end_unix_nano",
    "enqueued_min_unix_nano",
    "execution_model",
    "function",
    "init_duration_us",
    "init_type",
    "instance_id",
    "memory_size_mib",
    "outcome",
    "platform",
    "region",
    "restore_billed_ms",
    "restore_duration_us",
    "runtime",
    "runtime_us",
    "scheduled_unix_nano",
    "service",
    "trigger_lag_us",
    "trigger_partition",
    "trigger_source",
    "trigger_type",
    "version",
];

fn read(column: &Column) -> bool {
    column.nullable.is_none() || READ.contains(&column.name)
}

/// `derive(..)`: every derived column of an attempt, as a struct.
#[derive(Debug)]
struct Derive {
    neighbours: Arc<Neighbours>,
    signature: Signature,
    inputs: Arc<Schema>,
}

impl Derive {
    fn new(neighbours: Arc<Neighbours>) -> Self {
        let fields: Vec<_> = Table::Invocations
            .columns()
            .iter()
            .filter(|column| read(column))
            .map(Column::field)
            .collect();
        Self {
            neighbours,
            signature: Signature::variadic_any(Volatility::Immutable),
            inputs: Arc::new(Schema::new(fields)),
        }
    }
}

/// Two derivations are the same where they read the same neighbours.
impl PartialEq for Derive {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.neighbours, &other.neighbours)
    }
}

impl Eq for Derive {}

impl std::hash::Hash for Derive {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.neighbours).hash(state);
    }
}

impl ScalarUDFImpl for Derive {
    fn name(&self) -> &'static str {
        "derive"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(derived::schema().fields().clone()))
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns: Vec<ArrayRef> = arguments
            .args
            .into_iter()
            .map(|value| value.into_array(arguments.number_rows))
            .collect::<Result<_>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.inputs), columns)?;
        let reader = Reader::new(&batch).map_err(|source| DataFusionError::External(Box::new(source)))?;
        let mut builder = derived::Builder::default();
        for row in reader.rows() {
            builder.append(&self.neighbours.derive(&row));
        }
        Ok(ColumnarValue::Array(Arc::new(StructArray::from(builder.finish()))))
    }
}
