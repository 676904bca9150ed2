//! `Span` and what hangs on it.

use serde_json::value::RawValue;

use super::super::fields::{EventFields, LinkFields, SpanFields};
use super::reading::Reading;

/// Reads a span into empty fields.
pub(super) fn read<'a>(value: &'a RawValue, span: &mut SpanFields<'a>, reading: &mut Reading) {
    reading.members("span", value, |reading, key, value| match key {
        "traceId" => span.trace_id = reading.id("trace_id", value),
        "spanId" => span.span_id = reading.id("span_id", value),
        "traceState" => span.trace_state = reading.text("trace_state", value),
        "parentSpanId" => span.parent_span_id = reading.id("parent_span_id", value),
        "flags" => span.flags = reading.uint32("flags", value),
        "name" => span.name = reading.text("name", value),
        "kind" => span.kind = reading.code("kind", value),
        "startTimeUnixNano" => span.start_unix_nano = reading.uint64("start_time_unix_nano", value),
        "endTimeUnixNano" => span.end_unix_nano = reading.uint64("end_time_unix_nano", value),
        "attributes" => reading.attributes(value, &mut span.attributes),
        "droppedAttributesCount" => span.attributes_left_out = reading.uint32("dropped_attributes_count", value),
        "events" => reading
            .elements("events", value)
            .into_iter()
            .for_each(|value| event(value, span, reading)),
        "droppedEventsCount" => span.events_left_out = reading.uint32("dropped_events_count", value),
        "links" => reading
            .elements("links", value)
            .into_iter()
            .for_each(|value| link(value, span, reading)),
        "droppedLinksCount" => span.links_left_out = reading.uint32("dropped_links_count", value),
        "status" => status(value, span, reading),
        _ => {}
    });
}

fn event<'a>(value: &'a RawValue, span: &mut SpanFields<'a>, reading: &mut Reading) {
    let mut event = EventFields::default();
    let from = span.pool.len();
    reading.members("events", value, |reading, key, value| match key {
        "timeUnixNano" => event.time_unix_nano = reading.uint64("events.time_unix_nano", value),
        "name" => event.name = reading.text("events.name", value),
        "attributes" => reading.attributes(value, &mut span.pool),
        "droppedAttributesCount" => {
            event.attributes_left_out = reading.uint32("events.dropped_attributes_count", value);
        }
        _ => {}
    });
    event.attributes = from..span.pool.len();
    span.events.push(event);
}

fn link<'a>(value: &'a RawValue, span: &mut SpanFields<'a>, reading: &mut Reading) {
    let mut link = LinkFields::default();
    let from = span.pool.len();
    reading.members("links", value, |reading, key, value| match key {
        "traceId" => link.trace_id = reading.id("links.trace_id", value),
        "spanId" => link.span_id = reading.id("links.span_id", value),
        "traceState" => link.trace_state = reading.text("links.trace_state", value),
        "attributes" => reading.attributes(value, &mut span.pool),
        "droppedAttributesCount" => link.attributes_left_out = reading.uint32("links.dropped_attributes_count", value),
        "flags" => link.flags = reading.uint32("links.flags", value),
        _ => {}
    });
    link.attributes = from..span.pool.len();
    span.links.push(link);
}

fn status<'a>(value: &'a RawValue, span: &mut SpanFields<'a>, reading: &mut Reading) {
    reading.members("status", value, |reading, key, value| match key {
        "message" => span.status_message = reading.text("status.message", value),
        "code" => span.status_code = reading.code("status.code", value),
        _ => {}
    });
}
