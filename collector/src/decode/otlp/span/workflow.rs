//! What spans of orchestrators say of executions of workflows.
//!
//! Durable Task (Azure Durable Functions among others) names them in `durabletask.*`; the spans of kind server are the executions,
//! those of kind client or producer only ask for them. Temporal's SDKs name them in `temporalWorkflowID`, `temporalRunID` and in the
//! span's name.
//!
//! Sources: `DurableTask.Core`, `Tracing/Schema.cs`; Temporal's SDKs, OpenTelemetry interceptors.

use pennyspan_schema::tables::{spans, workflow_steps};

use super::super::slots::Slot;
use super::{Known, STATUS_ERROR, UNKNOWN_PROVIDER, trigger};
use crate::decode::Output;
use crate::decode::workflow::{Status, append as append_step};

/// The kind of such a fact.
const FACT_KIND: &str = "span";

/// What ran: the workflow as a whole, or one state of it.
enum Ran<'v> {
    Workflow(&'v str),
    State(&'v str),
}

/// Appends what a span says of an execution, where it is one of an orchestrator.
pub(super) fn append(known: &Known<'_, '_>, row: &spans::Row<'_>, output: &mut Output) {
    let item = known.words.item;
    let Some(instance) = item.text(Slot::WorkflowInstance) else {
        return;
    };
    let asks = [trigger::CLIENT, trigger::PRODUCER].map(i64::from).contains(&row.kind);
    let (ran, execution) = match item.text(Slot::WorkflowType) {
        Some(_) if asks || row.name.starts_with("create_orchestration") => return,
        Some(kind) => {
            let Some(task) = item.text(Slot::WorkflowTask) else {
                return;
            };
            (
                if kind == "orchestration" {
                    Ran::Workflow(task)
                } else {
                    Ran::State(task)
                },
                instance,
            )
        }
        None => match row.name.split_once(':') {
            Some(("RunWorkflow", name)) => (Ran::Workflow(name), item.text(Slot::WorkflowRun).unwrap_or(instance)),
            Some(("RunActivity", name)) => (Ran::State(name), item.text(Slot::WorkflowRun).unwrap_or(instance)),
            _ => return,
        },
    };
    let (workflow, state) = match ran {
        Ran::Workflow(name) => (Some(name), None),
        Ran::State(name) => (None, Some(name)),
    };
    let span = format!(
        "{{\"trace_id\":\"{}\",\"span_id\":\"{}\"}}",
        hex::encode(row.trace_id),
        hex::encode(row.span_id)
    );
    append_step(
        workflow_steps::Row {
            provider: row.provider.unwrap_or(UNKNOWN_PROVIDER),
            account: row.account,
            region: row.region,
            workflow,
            execution_id: execution,
            state,
            fact_kind: FACT_KIND,
            fact_unix_nano: row.start_unix_nano,
            time_suspect: row.time_suspect,
            start_unix_nano: Some(row.start_unix_nano),
            end_unix_nano: row.end_unix_nano.filter(|_| !row.clock_skew),
            status: status(item.text(Slot::WorkflowStatus), row).map(Status::as_str),
            error_type: row.error_type,
            error_message: row.status_message,
            attributes_json: Some(&span),
            received_unix_nano: row.received_unix_nano,
            ..workflow_steps::Row::default()
        },
        output,
    );
}

/// Returns how it went: in the orchestrator's word, by the span's status, or well if it ended at all.
fn status(word: Option<&str>, row: &spans::Row<'_>) -> Option<Status> {
    let said = word.and_then(|word| match word.to_ascii_lowercase().as_str() {
        "completed" => Some(Status::Succeeded),
        "failed" => Some(Status::Failed),
        "terminated" | "canceled" | "cancelled" => Some(Status::Aborted),
        "running" | "pending" | "suspended" => Some(Status::Running),
        _ => None,
    });
    let by_span = || match row.end_unix_nano {
        _ if row.status_code == i64::from(STATUS_ERROR) => Some(Status::Failed),
        Some(_) => Some(Status::Succeeded),
        None => None,
    };
    said.or_else(by_span)
}
