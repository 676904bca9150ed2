//! Cloudflare Workers: trace events as Logpush sends them, and tail items as a tail worker or `wrangler tail` writes them.
//!
//! Both say the same under different names, so one code reads either: one invocation with its outcome, its processor and wall
//! time, what started it, its exceptions and its log lines.

mod event;
mod instant;
mod item;
mod lines;

use pennyspan_schema::Table;

use self::item::Item;
pub(crate) use self::item::{invocation_id, outcome_of};
use super::documents::documents;
use super::fault::Fault;
use super::items::Items;
use super::object::Object;
use super::record::object_of;
use super::{DecodeError, Decoded, Origin, Output, Settings};

/// The provider of every row that is decoded here.
const PROVIDER: &str = "cloudflare";
/// The product, as Cloudflare's own export over OTLP names it.
const PLATFORM: &str = "cloudflare.workers";
/// What a body should be.
const EXPECTED: &str = "Workers trace events, one per line";

/// Decodes what Logpush sends of the data set `workers_trace_events`: `POST /v1/cloudflare/logpush`.
///
/// Before a job is made, Logpush uploads `{"content":"tests"}` to see whether the destination takes it; that is accepted and holds
/// nothing.
///
/// # Errors
/// [`DecodeError::NothingAcceptable`] where no event is.
///
/// Source: Cloudflare, "Enable HTTP destination", and "Workers Trace Events" among the log fields.
pub fn logpush(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("trace events")
}

/// Decodes tail items: `POST /v1/cloudflare/tail`, and what `wrangler tail --format json` prints.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is an array that is not JSON, [`DecodeError::NothingAcceptable`] where no item is.
///
/// Source: Cloudflare, "Tail Handler", `TailItem`.
pub fn tail(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("tail items")
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
        let object = object_of(document);
        items.take(Table::InvocationFacts, &place, |items| take(object?, items));
    }
    Ok(items.output)
}

fn take(object: Object<'_>, items: &mut Items<'_>) -> Result<(), Fault> {
    if is_probe(&object) {
        return Ok(());
    }
    Item::read(object)?.append(items)
}

/// Returns whether an object is what Logpush uploads to see whether the destination takes it.
fn is_probe(object: &Object<'_>) -> bool {
    object.get("content").is_some_and(|value| value.get() == "\"tests\"") && object.clone().into_members().len() == 1
}

#[cfg(test)]
mod tests;
