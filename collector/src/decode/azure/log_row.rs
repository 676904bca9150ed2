//! Exceptions of Application Insights, and records of tables that are not read further, as rows among the logs.

use std::borrow::Cow;

use super::host_line::level_of;
use super::names::Place;
use super::telemetry::{rest_json, trace_of};
use crate::decode::exception::Exception;
use crate::decode::fault::Fault;
use crate::decode::items::Items;
use crate::decode::number;
use crate::decode::object::Object;
use crate::decode::own_line::OwnLine;
use crate::decode::sender::name;

/// Takes an exception: `AppExceptions`, or `exceptions` of classic tables.
///
/// It says nothing of how the invocation ended: a function may report one that it handled.
pub(super) fn exception<'p>(
    mut object: Object<'p>,
    mut properties: Object<'p>,
    place: &Place<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let filed = items.file(place.time.as_deref().and_then(number::unix_nano), "time")?;
    let kind = object.first_word(&[
        "InnermostType",
        "innermostType",
        "OuterType",
        "outerType",
        "ExceptionType",
        "type",
    ]);
    let message = object.first_word(&[
        "InnermostMessage",
        "innermostMessage",
        "OuterMessage",
        "outerMessage",
        "Message",
    ]);
    let severity = object.first_word(&["SeverityLevel", "severityLevel"]).map(level_of);
    let trace = object.first_word(&["OperationId", "operation_Id"]);
    let function = object.first_word(&["OperationName", "operation_Name"]);
    let id = properties.word("InvocationId").map(|id| name(id, items.settings));
    let host = properties.word("HostInstanceId");
    let sender = place
        .sender(None, function.as_deref().filter(|_| id.is_some()), host.as_deref())
        .settled(items.origin, items.settings);
    let line = OwnLine {
        body: message.clone().unwrap_or_default(),
        severity: severity.or(Some(Cow::Borrowed("Error"))),
        invocation_id: id.as_deref(),
        certain: true,
        trace_id: trace.as_deref().map(trace_of),
        error: Some(Exception {
            kind: kind.as_deref(),
            message: message.as_deref(),
            stack: None,
        }),
        attributes_json: rest_json(&object, &properties, items),
        ..OwnLine::default()
    };
    line.append(filed, &sender, items);
    Ok(())
}

/// Keeps a record of another table as it is.
pub(super) fn unknown(
    object: &Object<'_>,
    properties: &Object<'_>,
    table: Option<&str>,
    place: &Place<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let filed = items.file(place.time.as_deref().and_then(number::unix_nano), "time")?;
    let sender = place.sender(None, None, None).settled(items.origin, items.settings);
    let body = object.rest(items.settings)?.into_json();
    let table = table.map(|table| name(Cow::Borrowed(table), items.settings));
    let line = OwnLine {
        body: Cow::Owned(body.unwrap_or_default()),
        platform_type: table.as_deref(),
        attributes_json: rest_json(&Object::default(), properties, items),
        ..OwnLine::default()
    };
    line.append(filed, &sender, items);
    items.output.kept_raw += 1;
    Ok(())
}
