//! Google Cloud: the log entries of Cloud Run and of functions of both generations, pushed by Pub/Sub or exported.
//!
//! What Google Workflows logs of its executions is read beside that.
//!
//! A request log entry is an invocation. Functions of the first generation write two lines per execution instead. What the
//! platform says of an instance (why it started, when it was ready, that it ran out of memory) speaks of the environment.

mod entry;
mod envelope;
mod execution;
mod instance;
mod line;
mod request_log;

use pennyspan_schema::Table;

use self::entry::Entry;
pub(crate) use self::envelope::message_identity;
use super::documents::documents;
use super::items::Items;
use super::record::object_of;
use super::{DecodeError, Decoded, Origin, Output, Settings, workflow};
use crate::decode::fault::Fault;
use crate::decode::object::Object;

/// The provider of every row that is decoded here.
const PROVIDER: &str = "gcp";
/// What a body should be.
const EXPECTED: &str = "Google Cloud log entries as a JSON array or one per line";

/// Decodes the message of a Pub/Sub push subscription that is fed by a log sink: `POST /v1/gcp/pubsub`.
///
/// # Errors
/// [`DecodeError::NothingAcceptable`] where the message holds no log entry; it is not acknowledged then, so that Pub/Sub sends it
/// again, or to the subscription's dead-letter topic.
///
/// Source: Pub/Sub, "Create push subscriptions" (`PubsubMessage`); Cloud Logging, `LogEntry`.
pub fn pubsub(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("log entries")
}

/// Decodes log entries: `POST /v1/gcp/logs`, and files.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is an array that is not JSON, [`DecodeError::NothingAcceptable`] where no entry is.
///
/// Source: Cloud Logging, `LogEntry`.
pub fn logs(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("log entries")
}

/// Decodes a body, or a part of a larger one whose first line or item has the number `first`.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut items = Items::new(origin, settings);
    for document in documents(body, first, EXPECTED)? {
        let place = document.place;
        match object_of(document) {
            Ok(object) => unpack(object, &place.to_string(), &mut items),
            Err(fault) => items.take(Table::Logs, &place, |_| Err(fault)),
        }
    }
    Ok(items.output)
}

/// Takes an entry: one by itself, one that a Pub/Sub message carries, or each of a list.
fn unpack(mut object: Object<'_>, place: &str, items: &mut Items<'_>) {
    if object.has("message") && !object.has("logName") {
        items.take(Table::Logs, &place, |items| {
            let json = envelope::entry_json(&mut object, items.settings)?;
            take(
                Object::parse(&json).map_err(|problem| envelope::no_entry(&problem.to_string()))?,
                items,
            )
        });
        return;
    }
    let Some((entries, beyond)) = object.values_up_to("entries", items.left()) else {
        items.take(Table::Logs, &place, |items| take(object, items));
        return;
    };
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("{place}, entries[{index}]");
        items.take(Table::Logs, &place, |items| {
            take(
                Object::parse(entry.get()).map_err(|problem| envelope::no_entry(&problem.to_string()))?,
                items,
            )
        });
    }
    items.reject_beyond(beyond, place);
}

/// Takes one entry: what it states, and where it is a line, its row among the logs.
fn take(object: Object<'_>, items: &mut Items<'_>) -> Result<(), Fault> {
    let before = items.output.workflow_steps.len();
    workflow::google::append_entry(&object, (items.origin, items.settings), &mut items.output);
    let of_workflow = items.output.workflow_steps.len() > before;
    let mut entry = Entry::read(object)?;
    let filed = items.file(entry.time_unix_nano, "timestamp")?;
    let sender = entry.sender().settled(items.origin, items.settings);
    if let Some(request) = entry.request_log() {
        return request_log::append(&entry, request, filed, &sender, items);
    }
    let platform_type =
        execution::append(&entry, filed, &sender, items).or_else(|| instance::append(&entry, filed, &sender, items));
    let unknown = platform_type.is_none() && !of_workflow && entry.is_unknown();
    line::append(&mut entry, platform_type, filed, &sender, items)?;
    items.output.kept_raw += usize::from(unknown);
    Ok(())
}

#[cfg(test)]
mod tests;
