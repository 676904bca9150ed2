//! The whole history of one execution, whose events lead back to each other.

use std::collections::BTreeMap;

use pennyspan_schema::Table;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{Before, Event, Execution};
use crate::decode::documents::documents;
use crate::decode::fault::Fault;
use crate::decode::object::Object;
use crate::decode::record::{object_of, within};
use crate::decode::{DecodeError, Origin, Output, Reason, Settings};

/// What a body should be.
const EXPECTED: &str = "what `aws stepfunctions get-execution-history` prints";
/// How many events are gone back at most to find where a state was entered.
const MOST_BACK: usize = 1000;

/// Decodes histories; `first` is the number of the body's first line or item.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    for (index, document) in documents(body, first, EXPECTED)?.into_iter().enumerate() {
        let place = document.place;
        let read = within(index, settings)
            .and_then(|()| object_of(document))
            .and_then(|object| history(&object, &place.to_string(), (origin, settings), &mut output));
        if let Err(fault) = read {
            output.reject(fault.at(Table::WorkflowSteps, place.to_string()));
        }
    }
    Ok(output)
}

fn history(
    object: &Object<'_>,
    place: &str,
    given: (&Origin<'_>, &Settings),
    output: &mut Output,
) -> Result<(), Fault> {
    let missing = || Fault::of("events", Reason::MissingField, "a history has a list of events");
    let list = object.get("events").ok_or_else(missing)?;
    let list: Vec<&RawValue> =
        serde_json::from_str(list.get()).map_err(|_| Fault::of("events", Reason::BadValue, "expected a list"))?;
    let mut events = Vec::with_capacity(list.len().min(given.1.items));
    for (index, value) in list.iter().enumerate() {
        let read = within(index, given.1)
            .and_then(|()| {
                Object::parse(value.get()).map_err(|problem| Fault::whole(Reason::Malformed, problem.to_string()))
            })
            .and_then(|mut event| Event::read(&mut event, "timestamp", "previousEventId", given.1));
        match read {
            Ok(event) => events.push((event, value.get())),
            Err(fault) => output.reject(fault.at(Table::WorkflowSteps, format!("{place}, events[{index}]"))),
        }
    }
    // The command line can print them from the last to the first.
    events.sort_by_key(|(event, _)| event.id);
    let execution = execution(given.0, &events);
    let before = before(&events);
    for ((event, _), before) in events.iter().zip(before) {
        event.append(&execution, &before, given, output);
        output.accepted += 1;
    }
    Ok(())
}

/// Returns the execution: the one that the door names, else one that its first event stands for.
fn execution(origin: &Origin<'_>, events: &[(Event<'_>, &str)]) -> Execution {
    let of_door = origin.door.resource.as_deref().and_then(Execution::of_arn);
    of_door.unwrap_or_else(|| {
        let first = events.first().map_or("", |(_, text)| *text);
        let hash = hex::encode(Sha256::digest(first.as_bytes()));
        Execution {
            id: format!("history-{}", &hash[..32]),
            ..Execution::default()
        }
    })
}

/// Returns what the earlier events tell of each event.
fn before(events: &[(Event<'_>, &str)]) -> Vec<Before> {
    let by_id: BTreeMap<i64, usize> = events
        .iter()
        .enumerate()
        .filter_map(|(index, (event, _))| Some((event.id?, index)))
        .collect();
    let previous = |index: usize| -> Option<usize> {
        let earlier = *by_id.get(&events[index].0.previous?)?;
        (earlier < index).then_some(earlier)
    };
    // The event that entered the state in which each event stands.
    let mut entered: Vec<Option<usize>> = Vec::with_capacity(events.len());
    let mut attempts: BTreeMap<usize, i64> = BTreeMap::new();
    let mut all = Vec::with_capacity(events.len());
    for (index, (event, _)) in events.iter().enumerate() {
        let kind = &*event.kind;
        let of_previous = previous(index).and_then(|earlier| entered[earlier]);
        let stands_in = if kind.ends_with("StateEntered") {
            Some(index)
        } else {
            of_previous
        };
        entered.push(stands_in);
        if kind.starts_with("Execution") {
            all.push(Before {
                start_unix_nano: events.first().map(|(first, _)| first.time_unix_nano),
                ..Before::default()
            });
            continue;
        }
        // Behind the end of a branch stands the branch's last state, not the state that has the branches.
        let of_branches = event.state.is_none() && (kind.starts_with("Parallel") || kind.starts_with("Map"));
        let own = if kind.ends_with("StateExited") {
            entered_by_name(events, index, previous)
        } else {
            stands_in.filter(|_| !of_branches || kind.ends_with("Started"))
        };
        let Some(own) = own else {
            all.push(Before::default());
            continue;
        };
        if kind.ends_with("Scheduled") {
            *attempts.entry(own).or_default() += 1;
        }
        all.push(Before {
            state: events[own].0.state.as_deref().map(str::to_owned),
            attempt: attempts.get(&own).copied(),
            start_unix_nano: Some(events[own].0.time_unix_nano),
        });
    }
    all
}

/// Goes back to the event that entered the state which an event leaves by name.
fn entered_by_name(
    events: &[(Event<'_>, &str)],
    index: usize,
    previous: impl Fn(usize) -> Option<usize>,
) -> Option<usize> {
    let left = events[index].0.state.as_deref()?;
    let mut at = index;
    for _ in 0..MOST_BACK {
        at = previous(at)?;
        let earlier = &events[at].0;
        if earlier.kind.ends_with("StateEntered") && earlier.state.as_deref() == Some(left) {
            return Some(at);
        }
    }
    None
}
