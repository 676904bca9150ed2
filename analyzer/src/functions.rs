//! The SQL functions of a session: those of SQL that are allowed, those that show ids and durations, and those of rules.

use datafusion::error::DataFusionError;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

mod allowed;
pub(crate) mod judging;
pub(crate) mod show;

pub(crate) use allowed::allow;

/// Registers every function beyond SQL's own.
pub(crate) fn register(context: &mut SessionContext) -> Result<(), DataFusionError> {
    datafusion_functions_json::register_all(context)?;
    context.register_udf(ScalarUDF::from(show::HexId::short()));
    context.register_udf(ScalarUDF::from(show::HexId::long()));
    context.register_udf(ScalarUDF::from(show::AsMilliseconds::new()));
    judging::register(context);
    Ok(())
}
