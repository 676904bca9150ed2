//! How an invocation ended, by what a platform record says.

use pennyspan_schema::Outcome;

use super::statement::{Kind, Statement};

/// Returns the outcome that a platform record states, or `None` where it does not tell.
///
/// `REPORT` without a status does not tell: it is `ok` unless another fact of the attempt says otherwise. `runtimeDone` speaks
/// of the handler alone, so that its success is not yet the attempt's.
pub(super) fn outcome(statement: &Statement<'_>) -> Option<Outcome> {
    let status = statement.status.as_deref()?;
    match (statement.kind, status) {
        (Kind::RuntimeDone, "success") => None,
        (_, "success") => Some(Outcome::Ok),
        (_, "timeout") => Some(Outcome::Timeout),
        (_, "error" | "failure") if out_of_memory(statement) => Some(Outcome::OutOfMemory),
        (_, "failure") => Some(Outcome::Crash),
        (_, "error") if exited(statement) => Some(Outcome::Crash),
        (_, "error") => Some(Outcome::Error),
        _ => None,
    }
}

/// Returns whether the process ended because it needed more memory than it had: by its name, or killed with all of it used.
fn out_of_memory(statement: &Statement<'_>) -> bool {
    let full =
        matches!((statement.max_memory_used_mib, statement.memory_size_mib), (Some(used), Some(size)) if used >= size);
    let killed = statement
        .error_message
        .as_deref()
        .is_some_and(|message| message.contains("signal: killed"));
    statement.error_type.as_deref() == Some("Runtime.OutOfMemory") || (full && (exited(statement) || killed))
}

fn exited(statement: &Statement<'_>) -> bool {
    statement.error_type.as_deref() == Some("Runtime.ExitError")
}
