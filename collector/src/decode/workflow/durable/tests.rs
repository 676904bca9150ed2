use pennyspan_schema::Table;
use pennyspan_schema::tables::workflow_steps;
use serde_json::{Value, json};

use super::{Trace, append_trace};
use crate::decode::object::Object;
use crate::decode::{Origin, Output, Settings};
use crate::request::Door;

fn append(dimensions: &Value) -> Option<workflow_steps::Reader> {
    let (text, door, settings) = (dimensions.to_string(), Door::default(), Settings::default());
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let trace = Trace {
        time_unix_nano: 1_791_444_600_100_000_000,
        region: Some("westeurope"),
        ..Trace::default()
    };
    let mut output = Output::default();
    append_trace(&Object::parse(&text).unwrap(), trace, (&origin, &settings), &mut output);
    let decoded = output.into_decoded();
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::WorkflowSteps);
    batch.map(|(_, batch)| workflow_steps::Reader::new(batch).unwrap())
}

fn tracking(kind: &str, state: &str, replay: &str) -> Value {
    json!({ "prop__hubName": "hub", "prop__functionName": "Charge", "prop__functionType": kind, "prop__instanceId": "i-1",
            "prop__state": state, "prop__isReplay": replay, "prop__reason": "card refused", "prop__extensionVersion": "2.13.4" })
}

#[test]
fn tracking_events_are_steps() {
    for (dimensions, workflow, state, status) in [
        (
            tracking("Orchestrator", "Started", "False"),
            Some("Charge"),
            None,
            "running",
        ),
        (
            tracking("Orchestrator", "Completed", "False"),
            Some("Charge"),
            None,
            "succeeded",
        ),
        (tracking("Activity", "Failed", "false"), None, Some("Charge"), "failed"),
        (
            tracking("Activity", "Scheduled", "false"),
            None,
            Some("Charge"),
            "running",
        ),
        (
            tracking("Orchestrator", "Terminated", "False"),
            Some("Charge"),
            None,
            "aborted",
        ),
    ] {
        let reader = append(&dimensions).unwrap();
        let row = reader.row(0);
        assert_eq!(
            (row.execution_id, row.workflow, row.state, row.status),
            ("i-1", workflow, state, Some(status))
        );
        assert_eq!(row.error_message, (status == "failed").then_some("card refused"));
        assert!(
            row.attributes_json.unwrap().contains("2.13.4"),
            "unknown fields are kept"
        );
    }
}

#[test]
fn a_replay_and_other_traces_are_no_events() {
    assert!(append(&tracking("Orchestrator", "Started", "True")).is_none());
    assert!(append(&json!({ "prop__instanceId": "i-1", "Category": "Host.Results" })).is_none());
}

#[test]
fn a_trace_that_is_read_as_a_log_is_a_step_as_well() {
    let record = json!({ "time": "2026-10-08T07:30:00Z", "Type": "AppTraces", "Message": "Function 'Charge (Orchestrator)' started.",
        "resourceId": "/SUBSCRIPTIONS/5A/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.INSIGHTS/COMPONENTS/SHOP", "Properties": tracking("Orchestrator", "Started", "False") });
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(1_791_444_700_000_000_000),
    };
    let decoded = crate::decode::azure::records(record.to_string().as_bytes(), &origin, &Settings::default()).unwrap();
    assert_eq!(
        (
            decoded.rows.count(Table::WorkflowSteps),
            decoded.rows.count(Table::Logs)
        ),
        (1, 1)
    );
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::WorkflowSteps)
        .unwrap()
        .1;
    let reader = workflow_steps::Reader::new(batch).unwrap();
    assert_eq!((reader.row(0).account, reader.row(0).execution_id), (Some("5a"), "i-1"));
}
