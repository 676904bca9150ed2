//! Azure: diagnostic records of function apps, and telemetry of Application Insights, however they were exported.
//!
//! The host logs a line when an invocation starts and one when it completes; Application Insights has a row per request, call,
//! exception and trace. Column names are those of Log Analytics (`AppRequests`, `DurationMs`) or the classic ones (`requests`,
//! `duration`); rows come as records of an event hub or a storage account, as the answer to a query, or as a list of objects.

mod host_line;
mod log_row;
mod metric_row;
mod names;
mod pseudo_json;
mod span_row;
mod tables;
mod telemetry;
mod trigger;

use pennyspan_schema::Table;

use self::names::Place;
use self::telemetry::Kind;
use super::documents::documents;
use super::fault::Fault;
use super::items::Items;
use super::object::Object;
use super::record::object_of;
use super::workflow::durable;
use super::{DecodeError, Decoded, Origin, Output, Reason, Settings, number};

/// The provider of every row that is decoded here.
const PROVIDER: &str = "azure";
/// The product, as OpenTelemetry's `cloud.platform` names it since semantic conventions 1.35.
const PLATFORM: &str = "azure.functions";
/// What a body should be.
const EXPECTED: &str = "Azure diagnostic records, or rows of Application Insights";

/// Decodes diagnostic records: `POST /v1/azure/records`, and files.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is an array that is not JSON, [`DecodeError::NothingAcceptable`] where no record is.
///
/// Source: Azure Monitor, "Resource logs schema" and the reference of the tables `FunctionAppLogs`, `AppRequests`,
/// `AppDependencies`, `AppExceptions` and `AppTraces`; Application Insights, "Telemetry data model".
pub fn records(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("records")
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

/// Takes a record: one by itself, or each of a batch or of a query's answer.
fn unpack(mut object: Object<'_>, place: &str, items: &mut Items<'_>) {
    if let Some((records, beyond)) = object.values_up_to("records", items.left()) {
        for (index, record) in records.into_iter().enumerate() {
            let place = format!("{place}, records[{index}]");
            items.take(Table::Logs, &place, |items| {
                let malformed = |problem| Fault::whole(Reason::Malformed, format!("not a JSON object: {problem}"));
                record_of(Object::parse(record.get()).map_err(malformed)?, items)
            });
        }
        items.reject_beyond(beyond, place);
        return;
    }
    if object.has("tables") {
        tables::rows(&mut object, place, items, record_of);
        return;
    }
    items.take(Table::Logs, &place, |items| record_of(object, items));
}

/// Takes one record, by what table it is of.
fn record_of(mut object: Object<'_>, items: &mut Items<'_>) -> Result<(), Fault> {
    let properties = names::properties(&mut object);
    let properties = properties
        .as_deref()
        .and_then(|json| Object::parse(json).ok())
        .unwrap_or_default();
    let place = Place::take(&mut object);
    let kind = Kind::of(&mut object);
    if kind == Kind::Other(None) && place.is_empty() {
        let remedy = "a record names its table, its resource or its time; send records as Azure exports them";
        return Err(Fault::of("category", Reason::MissingField, remedy));
    }
    match kind {
        Kind::HostLog => host_line::of_app_log(object, properties, &place, items),
        Kind::Trace => {
            orchestration(&properties, &place, items);
            host_line::of_trace(object, properties, &place, items)
        }
        Kind::Request => span_row::request(object, properties, &place, items),
        Kind::Dependency => span_row::dependency(object, properties, &place, items),
        Kind::Exception => log_row::exception(object, properties, &place, items),
        Kind::Metric(name) => metric_row::point(object, &name, &place, items),
        Kind::Other(name) => log_row::unknown(&object, &properties, name.as_deref(), &place, items),
    }
}

/// Appends what a trace says of an orchestration of Durable Functions, where it is a tracking event of one.
fn orchestration(properties: &Object<'_>, place: &Place<'_>, items: &mut Items<'_>) {
    let sender = place.sender(None, None, None);
    let trace = durable::Trace {
        time_unix_nano: match place.time.as_deref().and_then(number::unix_nano) {
            Some(time) => time,
            None => return,
        },
        account: sender.account.as_deref(),
        region: sender.region.as_deref(),
    };
    durable::append_trace(properties, trace, (items.origin, items.settings), &mut items.output);
}

#[cfg(test)]
mod tests;
