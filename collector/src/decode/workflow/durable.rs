//! Azure Durable Functions: tracking events of orchestrations.
//!
//! The extension writes one trace per event of an instance, whose custom dimensions are prefixed with `prop__`: `hubName`,
//! `functionName`, `functionType` (`Orchestrator`, `Activity`, `Entity`), `instanceId`, `state` (`Scheduled`, `Started`,
//! `Awaited`, `Listening`, `Completed`, `Failed` and others), `reason`, `isReplay`, `extensionVersion`. A replay runs what was
//! run before and is no event of its own.
//!
//! Source: "Diagnostics in Durable Functions", section "Tracking data",
//! <https://learn.microsoft.com/en-us/azure/azure-functions/durable/durable-functions-diagnostics>.

use std::borrow::Cow;

use pennyspan_schema::tables::workflow_steps;

use super::{Status, append};
use crate::decode::names::{name, text_up_to};
use crate::decode::object::Object;
use crate::decode::{Clock, Origin, Output, Settings};

/// The provider of every row.
const PROVIDER: &str = "azure";

/// What is known of a trace beside its dimensions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trace<'a> {
    pub(crate) time_unix_nano: i64,
    pub(crate) account: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
}

/// Appends what a trace's custom dimensions say of an orchestration, where they are those of a tracking event.
pub(crate) fn append_trace(
    dimensions: &Object<'_>,
    trace: Trace<'_>,
    (origin, settings): (&Origin<'_>, &Settings),
    output: &mut Output,
) {
    let mut dimensions = dimensions.clone();
    let text = |object: &mut Object<'_>, field| object.text(field).ok().flatten().map(Cow::into_owned);
    let instance = text(&mut dimensions, "prop__instanceId");
    let state = text(&mut dimensions, "prop__state");
    let function = text(&mut dimensions, "prop__functionName");
    let (Some(instance), Some(state), Some(function)) = (instance, state, function) else {
        return;
    };
    let is_replay = text(&mut dimensions, "prop__isReplay");
    if is_replay.is_some_and(|replay| replay.eq_ignore_ascii_case("true")) {
        return;
    }
    let is_orchestrator = text(&mut dimensions, "prop__functionType").as_deref() == Some("Orchestrator");
    let reason = text(&mut dimensions, "prop__reason").filter(|reason| !reason.is_empty());
    let status = status(&state);
    let is_failure = status == Status::Failed;
    let filed = Clock::new(origin.received_at_unix_nano).file(trace.time_unix_nano);
    let function = name(&function, settings.name_bytes);
    let attributes = dimensions
        .rest(settings)
        .ok()
        .and_then(crate::decode::object::Rest::into_json);
    append(
        workflow_steps::Row {
            provider: PROVIDER,
            account: trace.account,
            region: trace.region,
            workflow: is_orchestrator.then_some(&*function),
            execution_id: &name(&instance, settings.name_bytes),
            state: (!is_orchestrator).then_some(&*function),
            fact_kind: &name(&state, settings.name_bytes),
            fact_unix_nano: filed.unix_nano,
            time_suspect: filed.suspect,
            start_unix_nano: (state == "Started").then_some(filed.unix_nano),
            end_unix_nano: status.is_end().then_some(filed.unix_nano),
            status: Some(status.as_str()),
            error_type: is_failure.then_some("failed"),
            error_message: reason
                .as_deref()
                .filter(|_| is_failure)
                .map(|text| text_up_to(text, settings.value_bytes)),
            attributes_json: attributes.as_deref(),
            received_unix_nano: origin.received_at_unix_nano,
            ..workflow_steps::Row::default()
        },
        output,
    );
}

fn status(state: &str) -> Status {
    match state {
        "Completed" | "ExternalEventRaised" => Status::Succeeded,
        "Failed" => Status::Failed,
        "Terminated" | "Canceled" | "Cancelled" => Status::Aborted,
        _ => Status::Running,
    }
}

#[cfg(test)]
mod tests;
