use pennyspan_schema::Table;
use pennyspan_schema::tables::workflow_steps;
use serde_json::{Value, json};

use super::append_entry;
use crate::decode::object::Object;
use crate::decode::{Origin, Output, Settings};
use crate::request::Door;

fn entry(payload: &Value) -> Value {
    json!({
        "insertId": "x1", "logName": "projects/shop/logs/workflows.googleapis.com%2Fexecutions_system", "timestamp": "2026-10-08T07:30:00.2Z",
        "resource": { "type": "workflows.googleapis.com/Workflow", "labels": { "project_id": "shop", "location": "europe-west1", "workflow_id": "orders" } },
        "labels": { "workflows.googleapis.com/execution_id": "e-1", "workflows.googleapis.com/revision_id": "000003-a1" },
        "jsonPayload": payload
    })
}

fn append(entry: &Value) -> Option<workflow_steps::Reader> {
    let (text, door, settings) = (entry.to_string(), Door::default(), Settings::default());
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let mut output = Output::default();
    append_entry(&Object::parse(&text).unwrap(), (&origin, &settings), &mut output);
    let decoded = output.into_decoded();
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::WorkflowSteps);
    batch.map(|(_, batch)| workflow_steps::Reader::new(batch).unwrap())
}

#[test]
fn executions_and_calls_are_steps() {
    let system = "type.googleapis.com/google.cloud.workflows.type.ExecutionsSystemLog";
    let call = "type.googleapis.com/google.cloud.workflows.type.EngineCallLog";
    for (payload, state, status, kind) in [
        (
            json!({ "@type": system, "state": "ACTIVE", "activityTime": "2026-10-08T07:30:00.1Z", "start": { "argument": "{}" } }),
            None,
            Some("running"),
            "ExecutionsSystemLog.ACTIVE",
        ),
        (
            json!({ "@type": system, "state": "CANCELLED", "activityTime": "2026-10-08T07:30:00.1Z" }),
            None,
            Some("aborted"),
            "ExecutionsSystemLog.CANCELLED",
        ),
        (
            json!({ "@type": call, "state": "SUCCEEDED", "step": "charge", "callee": "http.post", "activityTime": "2026-10-08T07:30:00.1Z", "succeeded": { "callStartTime": "2026-10-08T07:29:59.1Z" } }),
            Some("charge"),
            Some("succeeded"),
            "EngineCallLog.SUCCEEDED",
        ),
        (
            json!({ "@type": call, "state": "LATER", "step": "charge" }),
            Some("charge"),
            None,
            "EngineCallLog.LATER",
        ),
    ] {
        let reader = append(&entry(&payload)).unwrap();
        let row = reader.row(0);
        assert_eq!(
            (row.execution_id, row.workflow, row.account, row.region),
            ("e-1", Some("orders"), Some("shop"), Some("europe-west1"))
        );
        assert_eq!((row.state, row.status, row.fact_kind), (state, status, kind));
        assert!(row.attributes_json.unwrap().contains("000003-a1"), "labels are kept");
    }
}

#[test]
fn a_failure_says_why() {
    let payload = json!({ "@type": "x/google.cloud.workflows.type.ExecutionsSystemLog", "state": "FAILED", "activityTime": "2026-10-08T07:30:00.1Z",
        "failure": { "exception": "{\"code\":503}", "source": "charge" } });
    let reader = append(&entry(&payload)).unwrap();
    assert_eq!(
        (reader.row(0).status, reader.row(0).error_message),
        (Some("failed"), Some("{\"code\":503}"))
    );
    assert_eq!(reader.row(0).end_unix_nano, Some(1_791_444_600_100_000_000));
}

#[test]
fn other_entries_are_none_of_workflows() {
    let mut other = entry(&json!({ "@type": "x/ExecutionsSystemLog", "state": "ACTIVE" }));
    other["resource"]["type"] = "cloud_run_revision".into();
    let mut unlabelled = entry(&json!({ "@type": "x/ExecutionsSystemLog", "state": "ACTIVE" }));
    unlabelled.as_object_mut().unwrap().remove("labels");
    for entry in [other, unlabelled, entry(&json!({ "message": "hello" }))] {
        assert!(append(&entry).is_none(), "{entry}");
    }
}

#[test]
fn an_entry_that_is_read_as_a_log_is_a_step_as_well() {
    let system = "type.googleapis.com/google.cloud.workflows.type.ExecutionsSystemLog";
    let body =
        entry(&json!({ "@type": system, "state": "ACTIVE", "activityTime": "2026-10-08T07:30:00.1Z" })).to_string();
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(1_791_444_700_000_000_000),
    };
    let decoded = crate::decode::gcp::logs(body.as_bytes(), &origin, &Settings::default()).unwrap();
    assert_eq!(
        (
            decoded.rows.count(Table::WorkflowSteps),
            decoded.rows.count(Table::Logs)
        ),
        (1, 1)
    );
}
