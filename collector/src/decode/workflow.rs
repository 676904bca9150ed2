//! Executions of workflows: what an orchestrator says of each state that it enters and leaves.
//!
//! One row is one event, in the provider's words, with the state, the attempt, when it began and ended, and how. What a provider
//! says beside that is kept as it is.

use pennyspan_schema::tables::workflow_steps;

use super::Output;

pub(crate) mod durable;
pub(crate) mod google;
pub(crate) mod step_functions;

/// How a state, or an execution as a whole, stands after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It goes on.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// It was ended at its time limit.
    TimedOut,
    /// It was ended by somebody.
    Aborted,
}

impl Status {
    /// Returns the word that the column holds.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Aborted => "aborted",
        }
    }

    /// Returns whether it has ended.
    pub(crate) fn is_end(self) -> bool {
        self != Self::Running
    }
}

/// Appends a row with the hash of its content.
pub(crate) fn append(mut row: workflow_steps::Row<'_>, output: &mut Output) {
    row.content_hash = row.hash();
    output.workflow_steps.append(&row);
}
