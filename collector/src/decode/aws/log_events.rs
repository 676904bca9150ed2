//! Log events as `aws logs filter-log-events` and `aws logs tail --format json` print them:
//! `{"events":[{"logStreamName","timestamp","message","eventId"}]}`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use pennyspan_schema::Table;

use super::cloudwatch::{LogEvent, whence_of};
use super::scene::Given;
use crate::decode::documents::{Document, documents};
use crate::decode::fault::Fault;
use crate::decode::object::Object;
use crate::decode::record::{object_of, within};
use crate::decode::slices::Slices;
use crate::decode::{DecodeError, Origin, Output, Settings};

/// What a body should be.
const EXPECTED: &str = "log events of the AWS command line";

/// A stream, which is one execution environment, and the account and group that it is of, as far as they are said.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stream<'a> {
    pub(super) owner: Option<Cow<'a, str>>,
    pub(super) group: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
}

/// The log events of each stream, each with where it stands.
pub(super) type Streams<'a> = BTreeMap<Stream<'a>, Vec<(String, LogEvent<'a>)>>;

/// Decodes log events; `first` is the number of the body's first line or item.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    let mut streams = Streams::default();
    for (index, document) in documents(body, first, EXPECTED)?.into_iter().enumerate() {
        let place = document.place;
        let sorted = within(index, settings).and_then(|()| sort(document, &mut streams, &mut output));
        if let Err(fault) = sorted {
            output.reject(fault.at(Table::Logs, place.to_string()));
        }
    }
    append(streams, (origin, settings), &mut output);
    Ok(output)
}

/// Appends the events of each stream, with what its lines say of where they come from.
pub(super) fn append(streams: Streams<'_>, given: Given<'_>, output: &mut Output) {
    let mut slices = Slices::new(given.0, given.1);
    for (of, events) in streams {
        let lines = events.iter().map(|(_, event)| &*event.message);
        let whence = whence_of(of.owner, of.group.as_deref(), of.name, lines, given);
        for (place, event) in events {
            match event.append(&whence, given, &mut slices, output) {
                Ok(()) => output.accepted += 1,
                Err(fault) => output.reject(fault.at(Table::Logs, place)),
            }
        }
    }
}

/// Sorts the events of a command's output, or one event, to their streams.
fn sort<'a>(document: Document<'a>, streams: &mut Streams<'a>, output: &mut Output) -> Result<(), Fault> {
    let place = document.place;
    let mut object = object_of(document)?;
    let Some(events) = object.objects("events")? else {
        return sort_one(&mut object, place.to_string(), streams);
    };
    for (index, mut event) in events.into_iter().enumerate() {
        let place = format!("{place}, events[{index}]");
        if let Err(fault) = sort_one(&mut event, place.clone(), streams) {
            output.reject(fault.at(Table::Logs, place));
        }
    }
    Ok(())
}

fn sort_one<'a>(event: &mut Object<'a>, place: String, streams: &mut Streams<'a>) -> Result<(), Fault> {
    let stream = event.text("logStreamName")?;
    let event = LogEvent::read(event)?;
    let of = Stream {
        name: stream,
        ..Stream::default()
    };
    streams.entry(of).or_default().push((place, event));
    Ok(())
}
