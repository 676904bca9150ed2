//! X-Ray segment documents: each segment and subsegment is a span, and Lambda's segments tell of attempts.
//!
//! They come as the output of `aws xray batch-get-traces`, as documents one per line, and in the daemon's form: the line
//! `{"format":"json","version":1}` before each document. A document that is `in_progress` is left out where the finished one of
//! the same id stands in the same body; where it came before, the finished one counts in its stead, since it has an end.
//!
//! Sources: "AWS X-Ray segment documents", <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>;
//! `BatchGetTraces`, <https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html>; "AWS X-Ray daemon",
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon.html>.

mod attempt;
mod called;
mod cause;
mod segment;

use std::borrow::Cow;
use std::collections::BTreeSet;

use pennyspan_schema::Table;
use serde_json::value::RawValue;

use self::segment::{Segment, Surroundings};
use super::scene::Given;
use crate::decode::documents::documents;
use crate::decode::fault::Fault;
use crate::decode::object::{self, Object};
use crate::decode::slices::Slices;
use crate::decode::{DecodeError, Origin, Output, Reason, Settings};

/// What a body should be.
const EXPECTED: &str = "X-Ray segment documents, or what `aws xray batch-get-traces` prints";

/// Segments that are finished, by trace and id as they are written.
type Finished = BTreeSet<(String, String)>;

/// Returns whether an object is a segment document, the output of `batch-get-traces`, or the line before a document.
pub(super) fn is_document(object: &Object<'_>) -> bool {
    object.has("Traces") || is_trace(object) || is_header(object) || is_segment(object)
}

fn is_trace(object: &Object<'_>) -> bool {
    object.has("Segments") && object.has("Id")
}

fn is_header(object: &Object<'_>) -> bool {
    object.has("format") && object.has("version") && !object.has("name")
}

fn is_segment(object: &Object<'_>) -> bool {
    ["trace_id", "id", "start_time", "name"]
        .iter()
        .all(|key| object.has(key))
}

/// Decodes a body, or a part of a larger one whose first line or item has the number `first`.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let documents = documents(body, first, EXPECTED)?;
    let mut finished = Finished::new();
    for json in documents.iter().filter_map(|document| document.json.as_ref().ok()) {
        note_finished(json, &mut finished);
    }
    let mut output = Output::default();
    let mut slices = Slices::new(origin, settings);
    for document in documents {
        let malformed = |problem: String| Fault::whole(Reason::Malformed, format!("not JSON: {problem}"));
        let read = document.json.map_err(malformed).and_then(|json| {
            let place = document.place.to_string();
            read(json, &place, &finished, (origin, settings), &mut slices, &mut output)
        });
        if let Err(fault) = read {
            output.reject(fault.at(Table::Spans, document.place.to_string()));
        }
    }
    Ok(output)
}

/// Reads one document, or one output of `batch-get-traces`, that stands within something larger.
pub(super) fn document(json: &str, given: Given<'_>, slices: &mut Slices, output: &mut Output) -> Result<(), Fault> {
    let mut finished = Finished::new();
    note_finished(json, &mut finished);
    read(json, "document", &finished, given, slices, output)
}

/// Notes the ids of finished segments, where any is in progress.
fn note_finished(json: &str, finished: &mut Finished) {
    let _ = each_segment(json, "", &mut |_, segment| {
        let Ok(mut segment) = Object::parse(segment) else {
            return;
        };
        let in_progress = segment.flag("in_progress").ok().flatten().unwrap_or_default();
        let (trace, id) = (
            segment.text("trace_id").ok().flatten(),
            segment.text("id").ok().flatten(),
        );
        if let (false, Some(trace), Some(id)) = (in_progress, trace, id) {
            finished.insert((trace.into_owned(), id.into_owned()));
        }
    });
}

/// Hands each segment document of a value to `take`, with where it stands.
fn each_segment(json: &str, place: &str, take: &mut dyn FnMut(String, &str)) -> Result<(), Fault> {
    let expected = |problem: &str| Fault::whole(Reason::Malformed, format!("{problem}; expected {EXPECTED}"));
    let object = Object::parse(json).map_err(|problem| expected(&problem.to_string()))?;
    let list = |field: &'static str| -> Result<Vec<&RawValue>, Fault> {
        let Some(values) = object.get(field) else {
            return Ok(Vec::new());
        };
        serde_json::from_str(values.get()).map_err(|_| Fault::of(field, Reason::BadValue, "expected a list"))
    };
    if is_header(&object) {
        return Ok(());
    }
    if object.has("Traces") {
        for (index, trace) in list("Traces")?.into_iter().enumerate() {
            each_segment(trace.get(), &format!("{place}, Traces[{index}]"), take)?;
        }
        return Ok(());
    }
    if is_trace(&object) {
        for (index, segment) in list("Segments")?.into_iter().enumerate() {
            let document = Object::parse(segment.get())
                .ok()
                .and_then(|mut segment| segment.take("Document"));
            let text = document
                .and_then(|document| object::text(document.get()))
                .unwrap_or_default();
            take(format!("{place}, Segments[{index}]"), &text);
        }
        return Ok(());
    }
    if !is_segment(&object) {
        return Err(expected("an object without trace_id, id, name and start_time"));
    }
    take(place.to_owned(), json);
    Ok(())
}

fn read(
    json: &str,
    place: &str,
    finished: &Finished,
    given: Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    each_segment(json, place, &mut |place, segment| {
        if let Err(fault) = one(segment, finished, given, slices, output) {
            output.reject(fault.at(Table::Spans, place));
        }
    })
}

/// Reads one segment document, with its subsegments.
fn one(
    json: &str,
    finished: &Finished,
    given: Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    let malformed = |problem: serde_json::Error| {
        Fault::of(
            "Document",
            Reason::Malformed,
            format!("not the JSON of a segment: {problem}"),
        )
    };
    let object = Object::parse(json).map_err(malformed)?;
    if is_superseded(&object, finished) {
        output.accepted += 1;
        return Ok(());
    }
    let surroundings = Surroundings::of_document(&object, given)?;
    segments(object, &surroundings, 0, slices, output)
}

fn is_superseded(object: &Object<'_>, finished: &Finished) -> bool {
    let mut object = object.clone();
    let text = |text: Result<Option<Cow<'_, str>>, Fault>| text.ok().flatten().unwrap_or_default().into_owned();
    let in_progress = object.flag("in_progress").ok().flatten().unwrap_or_default();
    in_progress && finished.contains(&(text(object.text("trace_id")), text(object.text("id"))))
}

/// Appends a segment and, below it, its subsegments.
fn segments(
    mut object: Object<'_>,
    surroundings: &Surroundings<'_>,
    depth: usize,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    let settings = surroundings.given.1;
    output.room(output.spans.len(), settings)?;
    let below = object.objects("subsegments")?.unwrap_or_default();
    let segment = Segment::read(object, surroundings)?;
    slices.open(segment.filed().unix_nano)?;
    segment.append(surroundings, output);
    if depth == 0 {
        attempt::append(&segment, &below, surroundings, output);
    }
    output.accepted += 1;
    if depth >= settings.depth && !below.is_empty() {
        let detail = format!("nests deeper than {} levels; flatten it", settings.depth);
        return Err(Fault::of("subsegments", Reason::TooDeep, detail));
    }
    let inside = surroundings.below(segment.id());
    for (index, subsegment) in below.into_iter().enumerate() {
        if let Err(fault) = segments(subsegment, &inside, depth + 1, slices, output) {
            output.reject(fault.at(Table::Spans, format!("subsegments[{index}]")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
