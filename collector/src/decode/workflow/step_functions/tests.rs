use pennyspan_schema::Table;
use pennyspan_schema::tables::{logs, workflow_steps};
use serde_json::{Value, json};

use super::items;
use crate::decode::{Decoded, Origin, Settings};
use crate::request::Door;

const ARN: &str = "arn:aws:states:eu-west-1:123456789012:execution:orders:run-7";

fn decode(body: &str, resource: Option<&str>) -> Decoded {
    let door = Door {
        resource: resource.map(str::to_owned),
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    items(body.as_bytes(), 1, &origin, &Settings::default())
        .unwrap()
        .into_decoded()
}

fn steps(decoded: &Decoded) -> workflow_steps::Reader {
    let batch = decoded
        .rows
        .iter()
        .find(|(of, _)| *of == Table::WorkflowSteps)
        .unwrap()
        .1;
    workflow_steps::Reader::new(batch).unwrap()
}

fn event(id: i64, previous: i64, second: i64, kind: &str, details: Option<(&str, Value)>) -> Value {
    let mut event = json!({ "timestamp": format!("2026-10-08T09:30:{second:02}.500000+02:00"), "type": kind, "id": id, "previousEventId": previous });
    if let Some((key, details)) = details {
        event[key] = details;
    }
    event
}

/// A task that fails once and is tried again, then a map of two items.
fn history() -> Vec<Value> {
    let name = |name: &str| json!({ "name": name, "input": "{}" });
    let (entered, exited) = ("stateEnteredEventDetails", "stateExitedEventDetails");
    vec![
        event(
            1,
            0,
            0,
            "ExecutionStarted",
            Some((
                "executionStartedEventDetails",
                json!({ "input": "{}", "roleArn": "arn:aws:iam::1:role/r" }),
            )),
        ),
        event(2, 0, 1, "TaskStateEntered", Some((entered, name("Charge")))),
        event(
            3,
            2,
            1,
            "TaskScheduled",
            Some((
                "taskScheduledEventDetails",
                json!({ "resourceType": "lambda", "resource": "invoke" }),
            )),
        ),
        event(4, 3, 2, "TaskStarted", None),
        event(
            5,
            4,
            3,
            "TaskFailed",
            Some((
                "taskFailedEventDetails",
                json!({ "error": "Lambda.Unknown", "cause": "it ended", "resource": "invoke" }),
            )),
        ),
        event(6, 5, 5, "TaskScheduled", None),
        event(7, 6, 6, "TaskSucceeded", None),
        event(8, 7, 6, "TaskStateExited", Some((exited, name("Charge")))),
        event(9, 8, 7, "MapStateEntered", Some((entered, name("Each")))),
        event(
            10,
            9,
            7,
            "MapStateStarted",
            Some(("mapStateStartedEventDetails", json!({ "length": 1 }))),
        ),
        event(11, 10, 7, "PassStateEntered", Some((entered, name("Inner")))),
        event(12, 11, 8, "PassStateExited", Some((exited, name("Inner")))),
        event(13, 12, 8, "MapStateSucceeded", None),
        event(14, 13, 9, "MapStateExited", Some((exited, name("Each")))),
        event(
            15,
            14,
            10,
            "ExecutionTimedOut",
            Some(("executionTimedOutEventDetails", json!({ "error": "States.Timeout" }))),
        ),
    ]
}

#[test]
fn a_history_tells_states_attempts_and_how_they_ended() {
    let mut events = history();
    events.reverse();
    let decoded = decode(&json!({ "events": events }).to_string(), Some(ARN));
    assert_eq!(
        (decoded.accepted, decoded.rejections.total()),
        (15, 0),
        "{:?}",
        decoded.rejections
    );
    let reader = steps(&decoded);
    let rows: Vec<_> = reader.rows().collect();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.fact_kind, row.state, row.attempt, row.status.unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("ExecutionStarted", None, None, "running"),
            ("TaskStateEntered", Some("Charge"), None, "running"),
            ("TaskScheduled", Some("Charge"), Some(1), "running"),
            ("TaskStarted", Some("Charge"), Some(1), "running"),
            ("TaskFailed", Some("Charge"), Some(1), "failed"),
            ("TaskScheduled", Some("Charge"), Some(2), "running"),
            ("TaskSucceeded", Some("Charge"), Some(2), "succeeded"),
            ("TaskStateExited", Some("Charge"), Some(2), "succeeded"),
            ("MapStateEntered", Some("Each"), None, "running"),
            ("MapStateStarted", Some("Each"), None, "running"),
            ("PassStateEntered", Some("Inner"), None, "running"),
            ("PassStateExited", Some("Inner"), None, "succeeded"),
            ("MapStateSucceeded", None, None, "succeeded"),
            ("MapStateExited", Some("Each"), None, "succeeded"),
            ("ExecutionTimedOut", None, None, "timed_out"),
        ]
    );
    assert!(
        rows.iter()
            .all(|row| row.execution_id == ARN && row.workflow == Some("orders") && row.region == Some("eu-west-1"))
    );
    let seconds = |at: usize| (rows[at].end_unix_nano.unwrap() - rows[at].start_unix_nano.unwrap()) / 1_000_000_000;
    assert_eq!(
        (seconds(7), seconds(13), seconds(14)),
        (5, 2, 10),
        "Charge, Each, and the execution"
    );
    assert_eq!(
        (rows[4].error_type, rows[4].error_message),
        (Some("Lambda.Unknown"), Some("it ended"))
    );
    assert!(
        rows[2].attributes_json.unwrap().contains("\"resourceType\":\"lambda\""),
        "unknown fields are kept"
    );
}

#[test]
fn without_its_name_an_execution_is_its_first_event() {
    let body = json!({ "events": history() }).to_string();
    let (one, again) = (
        decode(&body, None),
        decode(&body, Some("arn:aws:lambda:eu-west-1:1:function:f")),
    );
    let id = steps(&one).row(0).execution_id.to_owned();
    assert!(id.starts_with("history-"), "{id}");
    assert_eq!(
        steps(&again).row(14).execution_id,
        id,
        "another resource is no execution"
    );
}

#[test]
fn times_of_both_versions_of_the_command_line_are_read() {
    for stamp in [
        json!("2026-10-08T07:30:00.500000+00:00"),
        json!(1_791_444_600.5),
        json!("2026-10-08T07:30:00.500Z"),
    ] {
        let body =
            json!({ "events": [{ "timestamp": stamp, "type": "ExecutionStarted", "id": 1, "previousEventId": 0 }] });
        assert_eq!(
            steps(&decode(&body.to_string(), None)).row(0).fact_unix_nano,
            1_791_444_600_500_000_000
        );
    }
}

#[test]
fn a_bad_event_leaves_its_neighbours_alone() {
    let mut events = history();
    events[3] = json!({ "type": "TaskStarted", "id": 4 });
    events[5] = json!("nothing");
    let decoded = decode(&json!({ "events": events }).to_string(), Some(ARN));
    assert_eq!((decoded.accepted, decoded.rejections.total()), (13, 2));
    assert_eq!(decoded.rejections.first()[0].place, "line 1, events[3]");
    let none = decode("{\"events\":{}}", None);
    assert_eq!(none.rejections.total(), 1);
}

#[test]
fn events_in_a_log_group_are_steps_and_lines() {
    let line = |id: &str, kind: &str, details: Value| {
        json!({ "id": id, "type": kind, "details": details, "redrive_count": "0", "previous_event_id": "1",
                "event_timestamp": "1791444600500", "execution_arn": "arn:aws:states:eu-west-1:123456789012:express:orders:run-7:0f0a" })
        .to_string()
    };
    let message = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/vendedlogs/states/orders", "logStream": "states/orders/2026-10-08-07-30/5f",
        "subscriptionFilters": ["f"],
        "logEvents": [
            { "id": "a", "timestamp": 1_791_444_601_000_i64, "message": line("2", "TaskStateEntered", json!({ "name": "Charge" })) },
            { "id": "b", "timestamp": 1_791_444_602_000_i64, "message": line("3", "ExecutionFailed", json!({ "error": "Busy", "cause": "try later" })) },
            { "id": "c", "timestamp": 1_791_444_602_000_i64, "message": "{\"execution_arn\":\"none\",\"type\":\"x\"}" }
        ]
    });
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(1_791_444_700_000_000_000),
    };
    let decoded =
        crate::decode::aws::cloudwatch(message.to_string().as_bytes(), &origin, &Settings::default()).unwrap();
    assert_eq!((decoded.accepted, decoded.rows.count(Table::Logs)), (3, 3));
    let reader = steps(&decoded);
    assert_eq!(reader.len(), 2);
    let (entered, failed) = (reader.row(0), reader.row(1));
    assert_eq!(
        (entered.state, entered.workflow, entered.fact_unix_nano),
        (Some("Charge"), Some("orders"), 1_791_444_600_500_000_000)
    );
    assert_eq!(
        (failed.status, failed.error_type, failed.error_message),
        (Some("failed"), Some("Busy"), Some("try later"))
    );
    let batch = decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1;
    let logs = logs::Reader::new(batch).unwrap();
    assert_eq!(
        (logs.row(0).platform_type, logs.row(1).error_type),
        (Some("step_functions.TaskStateEntered"), Some("Busy"))
    );
}

#[test]
fn long_chains_end() {
    let mut events = vec![event(
        1,
        0,
        0,
        "TaskStateEntered",
        Some(("stateEnteredEventDetails", json!({ "name": "Charge" }))),
    )];
    for id in 2..5000 {
        events.push(event(
            id,
            id - 1,
            1,
            "PassStateExited",
            Some(("stateExitedEventDetails", json!({ "name": "Other" }))),
        ));
    }
    let decoded = decode(&json!({ "events": events }).to_string(), Some(ARN));
    assert_eq!(decoded.accepted, 4999);
    assert_eq!(steps(&decoded).row(4998).start_unix_nano, None);
}
