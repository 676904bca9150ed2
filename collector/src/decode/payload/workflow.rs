//! Tasks of state machines, whose input carries the context object of Step Functions.

use pennyspan_schema::TriggerType;

use super::{count, delivery, object, text, time};
use crate::decode::delivery::{Delivery, Message};
use crate::decode::object::Object;

/// How many objects deep the context is looked for: an input may stand under `Payload`, and the context under a name of its own.
const DEPTH: usize = 2;

/// Reads a task's input that holds the context object, whole or in part.
pub(super) fn task<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    find(event, DEPTH)
}

fn find<'a>(event: &Object<'a>, depth: usize) -> Option<Delivery<'a>> {
    of_context(event).or_else(|| {
        let deeper = depth.checked_sub(1)?;
        let mut within = event.members().filter(|(_, json)| json.contains("\"EnteredTime\""));
        within.find_map(|(key, _)| find(&object(event, key)?, deeper))
    })
}

fn of_context<'a>(context: &Object<'a>) -> Option<Delivery<'a>> {
    let (machine, state) = (object(context, "StateMachine")?, object(context, "State")?);
    let message = Message {
        enqueued_unix_nano: time(&state, "EnteredTime"),
        ..Message::default()
    };
    let task = delivery(TriggerType::Workflow, text(&machine, "Name"), vec![message]);
    Some(Delivery {
        attempt: count(&state, "RetryCount").and_then(|retries| retries.checked_add(1)),
        ..task
    })
}
