//! What hangs on a span: events, among them exceptions, and links.

use super::super::super::Settings;
use super::super::super::attributes::{Attribute, Value, write_display, write_list, write_object, write_text};
use super::super::super::fault::Fault;
use super::super::super::names::text_up_to;
use super::super::fields::{LinkFields, SpanFields};
use super::SpanBuffers;

/// An exception that a span recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exception<'v> {
    pub(super) kind: Option<&'v str>,
    pub(super) message: Option<&'v str>,
    pub(super) stack: Option<&'v str>,
}

/// Returns the last exception among a span's events.
pub(super) fn exception<'v>(span: &'v SpanFields<'_>) -> Option<Exception<'v>> {
    let event = span.events.iter().rfind(|event| event.name == "exception")?;
    let attributes = &span.pool[event.attributes.clone()];
    let text = |key| text_of(attributes, key);
    Some(Exception {
        kind: text("exception.type"),
        message: text("exception.message"),
        stack: text("exception.stacktrace"),
    })
}

fn text_of<'v>(attributes: &'v [Attribute<'_>], key: &str) -> Option<&'v str> {
    attributes
        .iter()
        .find(|attribute| attribute.key == key)?
        .value
        .as_text()
        .filter(|text| !text.is_empty())
}

/// Checks the ids of a span's links.
pub(super) fn check_links(links: &[LinkFields<'_>]) -> Result<(), Fault> {
    links.iter().try_for_each(|link| {
        link.trace_id.get::<16>("links.trace_id")?;
        link.span_id.get::<8>("links.span_id").map(drop)
    })
}

/// Cuts names and the number of attributes to their limits; returns how many were left out.
pub(super) fn cut(span: &mut SpanFields<'_>, settings: &Settings) -> usize {
    let mut left_out = 0;
    let events = span.events.iter_mut().map(|event| &mut event.attributes);
    for range in events.chain(span.links.iter_mut().map(|link| &mut link.attributes)) {
        left_out += range.len().saturating_sub(settings.attributes);
        range.end = range.end.min(range.start.saturating_add(settings.attributes));
    }
    for event in &mut span.events {
        if event.name.len() > settings.value_bytes {
            event.name = text_up_to(&event.name, settings.value_bytes).to_owned().into();
        }
    }
    left_out
}

/// Writes events and links as JSON; none of them is an empty text.
pub(super) fn write(span: &SpanFields<'_>, buffers: &mut SpanBuffers) {
    buffers.events.clear();
    if !span.events.is_empty() {
        write_list(&mut buffers.events, span.events.iter(), |out, event| {
            out.push_str("{\"time_unix_nano\":");
            write_display(out, event.time_unix_nano);
            out.push_str(",\"name\":");
            write_text(out, &event.name);
            write_attributes(out, &span.pool[event.attributes.clone()], event.attributes_left_out);
            out.push('}');
        });
    }
    buffers.links.clear();
    if !span.links.is_empty() {
        write_list(&mut buffers.links, span.links.iter(), |out, link| {
            write_link(out, link, &span.pool);
        });
    }
}

fn write_link(out: &mut String, link: &LinkFields<'_>, pool: &[Attribute<'_>]) {
    let hex_of = |bytes: Option<&[u8]>| bytes.map(hex::encode).unwrap_or_default();
    let trace_id = link.trace_id.get::<16>("links.trace_id").ok().flatten();
    let span_id = link.span_id.get::<8>("links.span_id").ok().flatten();
    out.push_str("{\"trace_id\":");
    write_text(out, &hex_of(trace_id.as_ref().map(<[u8; 16]>::as_slice)));
    out.push_str(",\"span_id\":");
    write_text(out, &hex_of(span_id.as_ref().map(<[u8; 8]>::as_slice)));
    if !link.trace_state.is_empty() {
        out.push_str(",\"trace_state\":");
        write_text(out, &link.trace_state);
    }
    if link.flags != 0 {
        out.push_str(",\"flags\":");
        write_display(out, link.flags);
    }
    write_attributes(out, &pool[link.attributes.clone()], link.attributes_left_out);
    out.push('}');
}

fn write_attributes(out: &mut String, attributes: &[Attribute<'_>], left_out: u32) {
    if !attributes.is_empty() {
        out.push_str(",\"attributes\":");
        write_object(out, attributes.iter());
    }
    if left_out > 0 {
        out.push_str(",\"dropped_attributes_count\":");
        Value::Int(i64::from(left_out)).write(out);
    }
}
