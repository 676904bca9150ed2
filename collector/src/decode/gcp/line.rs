//! A log entry as a row among the logs.

use std::borrow::Cow;

use super::entry::Entry;
use crate::decode::delivery::Delivery;
use crate::decode::exception::Exception;
use crate::decode::fault::Fault;
use crate::decode::items::Items;
use crate::decode::object::Object;
use crate::decode::own_line::OwnLine;
use crate::decode::payload as event;
use crate::decode::sender::Sender;
use crate::decode::time::Filed;

/// Appends the row, and what an application's line states.
pub(super) fn append(
    entry: &mut Entry<'_>,
    platform_type: Option<&'static str>,
    filed: Filed,
    sender: &Sender<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let (id, certain) = entry.invocation();
    let mut payload = entry.json.take().unwrap_or_default();
    let is_delivery = Delivery::recognise(&payload) || event::read(&payload).is_some();
    let message = if is_delivery {
        None
    } else {
        payload.first_word(&["message", "msg"])
    };
    let stack = payload.first_word(&["stack_trace", "exception", "stack"]);
    let whole = whole(&payload, items);
    let left_over = message.is_some() || entry.text.is_some();
    let body = message.or(entry.text.take()).or(whole);
    let mut rest = if left_over { payload } else { Object::default() }.rest(items.settings)?;
    for (key, object) in [
        ("labels", &entry.labels),
        ("httpRequest", entry.http.as_ref().unwrap_or(&Object::default())),
    ] {
        if let Some(json) = object.rest(items.settings)?.into_json() {
            rest.add(key, &json, items.settings)?;
        }
    }
    for (key, value) in entry.rest.clone().into_members() {
        if key != "receiveTimestamp" {
            rest.add(&key, value.get(), items.settings)?;
        }
    }
    let line = OwnLine {
        body: body.unwrap_or_default(),
        severity: entry.severity.take(),
        invocation_id: id.as_deref(),
        certain,
        trace_id: entry.trace_id,
        span_id: entry.span_id,
        record_id: entry.insert_id.as_deref(),
        platform_type,
        error: stack.as_deref().and_then(Exception::printed),
        fatal: false,
        attributes_json: items.json_of(rest),
    };
    line.append(filed, sender, items);
    Ok(())
}

/// Returns a structured payload as JSON text.
fn whole<'a>(payload: &Object<'a>, items: &Items<'_>) -> Option<Cow<'a, str>> {
    payload.rest(items.settings).ok()?.into_json().map(Cow::Owned)
}
