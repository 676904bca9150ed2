//! Google Workflows: log entries of executions and of the calls that their steps make.
//!
//! An entry's `jsonPayload` is an `ExecutionsSystemLog` (log `executions_system`: `state`, `activityTime`, `start`, `success`,
//! `failure`) or an `EngineCallLog` (log `engine_call`: `state`, `step`, `callee`, `succeeded`, `exceptionRaised`); the execution
//! stands in the label `workflows.googleapis.com/execution_id`, the workflow in the resource's labels.
//!
//! Sources: "Google Cloud platform logs", section Workflows, <https://cloud.google.com/logging/docs/api/platform-logs>;
//! `google/cloud/workflows/type/executions_system.proto` and `engine_call.proto` of `googleapis`. What stands within `succeeded` and
//! `exceptionRaised` was not read in a document: unknown names are kept.

use std::borrow::Cow;

use pennyspan_schema::tables::workflow_steps;

use super::{Status, append};
use crate::decode::names::{name, text_up_to};
use crate::decode::object::Object;
use crate::decode::{Clock, Origin, Output, Settings};

/// The provider of every row.
const PROVIDER: &str = "gcp";
/// The label that names the execution.
const EXECUTION: &str = "workflows.googleapis.com/execution_id";
/// The type of the resource of such entries.
const RESOURCE: &str = "workflows.googleapis.com/Workflow";
/// What its payloads are.
const PAYLOADS: &[&str] = &["ExecutionsSystemLog", "EngineCallLog"];

/// Appends what a log entry says of an execution, where it is one of Workflows.
pub(crate) fn append_entry(entry: &Object<'_>, (origin, settings): (&Origin<'_>, &Settings), output: &mut Output) {
    let mut entry = entry.clone();
    let text = |object: &mut Object<'_>, field| object.text(field).ok().flatten().map(Cow::into_owned);
    let mut resource = entry.object("resource").ok().flatten().unwrap_or_default();
    let mut labels = entry.object("labels").ok().flatten().unwrap_or_default();
    let (Some(mut payload), Some(execution)) =
        (entry.object("jsonPayload").ok().flatten(), text(&mut labels, EXECUTION))
    else {
        return;
    };
    let of_workflow = text(&mut resource, "type").as_deref() == Some(RESOURCE);
    let payload_type = text(&mut payload, "@type").unwrap_or_default();
    let Some(kind) = PAYLOADS
        .iter()
        .find(|kind| payload_type.ends_with(**kind))
        .filter(|_| of_workflow)
    else {
        return;
    };
    let mut of = resource.object("labels").ok().flatten().unwrap_or_default();
    let activity = payload.time("activityTime").ok().flatten();
    let logged = entry.time("timestamp").ok().flatten();
    let Some(time) = activity.or(logged).or(origin.received_at_unix_nano) else {
        return;
    };
    let state = text(&mut payload, "state").unwrap_or_default();
    let status = status(&state);
    let step = text(&mut payload, "step");
    let failure = failure(&mut payload);
    let started = ["succeeded", "exceptionRaised"].iter().find_map(|field| {
        let mut ended = payload.clone().object(field).ok().flatten()?;
        ended.time("callStartTime").ok().flatten()
    });
    let mut rest = payload.rest(settings).unwrap_or_default();
    for (key, value) in labels.into_members() {
        let _ = rest.add(&key, value.get(), settings);
    }
    let attributes = rest.into_json();
    let filed = Clock::new(origin.received_at_unix_nano).file(time);
    let ended = status.is_some_and(Status::is_end);
    let cut = |text: Option<String>| text.map(|text| name(&text, settings.name_bytes).into_owned());
    let (project, workflow) = (text(&mut of, "project_id"), text(&mut of, "workflow_id"));
    let project = project.or_else(|| text(&mut of, "resource_container"));
    let (project, workflow, region) = (cut(project), cut(workflow), cut(text(&mut of, "location")));
    let step = cut(step);
    append(
        workflow_steps::Row {
            provider: PROVIDER,
            account: project.as_deref(),
            region: region.as_deref(),
            workflow: workflow.as_deref(),
            execution_id: &name(&execution, settings.name_bytes),
            state: step.as_deref(),
            fact_kind: &name(&format!("{kind}.{state}"), settings.name_bytes),
            fact_unix_nano: filed.unix_nano,
            time_suspect: filed.suspect,
            start_unix_nano: if ended { started } else { Some(filed.unix_nano) },
            end_unix_nano: ended.then_some(filed.unix_nano),
            status: status.map(Status::as_str),
            error_type: failure.as_ref().map(|(kind, _)| *kind),
            error_message: failure
                .as_ref()
                .map(|(_, message)| text_up_to(message, settings.value_bytes)),
            attributes_json: attributes.as_deref(),
            received_unix_nano: origin.received_at_unix_nano,
            ..workflow_steps::Row::default()
        },
        output,
    );
}

/// Returns how execution or call stands; a state that is not known says nothing.
fn status(state: &str) -> Option<Status> {
    match state {
        "ACTIVE" | "BEGUN" | "QUEUED" => Some(Status::Running),
        "SUCCEEDED" => Some(Status::Succeeded),
        "FAILED" | "EXCEPTION_RAISED" => Some(Status::Failed),
        "CANCELLED" => Some(Status::Aborted),
        _ => None,
    }
}

/// Returns what failed, and with which words.
fn failure(payload: &mut Object<'_>) -> Option<(&'static str, String)> {
    [("failure", "execution_failed"), ("exceptionRaised", "exception_raised")]
        .into_iter()
        .find_map(|(field, kind)| {
            let mut failure = payload.clone().object(field).ok().flatten()?;
            Some((kind, failure.text("exception").ok().flatten()?.into_owned()))
        })
}

#[cfg(test)]
mod tests;
