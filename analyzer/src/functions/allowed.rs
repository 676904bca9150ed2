//! Which functions a query may use: those that give the same answer whenever they are asked, and none that makes values
//! of any size from a number.

use std::sync::Arc;

use datafusion::execution::SessionStateDefaults;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{ScalarUDF, Volatility};

/// Functions that could fill the memory from a short statement, outside the memory pool's sight.
const UNBOUNDED: [&str; 9] = [
    "array_repeat",
    "array_resize",
    "generate_series",
    "list_repeat",
    "list_resize",
    "lpad",
    "range",
    "repeat",
    "rpad",
];

/// Adds the allowed functions and the planners of their operators.
pub(crate) fn allow(builder: SessionStateBuilder) -> SessionStateBuilder {
    let scalars = SessionStateDefaults::default_scalar_functions();
    builder
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(scalars.into_iter().filter(allowed).collect())
        .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
        .with_window_functions(SessionStateDefaults::default_window_functions())
}

fn allowed(function: &Arc<ScalarUDF>) -> bool {
    let names = || std::iter::once(function.name()).chain(function.aliases().iter().map(String::as_str));
    function.signature().volatility == Volatility::Immutable && !names().any(|name| UNBOUNDED.contains(&name))
}
