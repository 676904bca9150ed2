//! Invocation records: pennyspan's own form, one JSON object per statement about one attempt.

mod fields;

use std::borrow::Cow;

use pennyspan_schema::Source;
use pennyspan_schema::Table;
use pennyspan_schema::tables::invocation_facts;

use self::fields::Record;
use super::documents::{Document, documents};
use super::fault::Fault;
use super::names::{self, text_up_to};
use super::object::Object;
use super::said::{self, Said};
use super::slices::Slices;
use super::time::Filed;
use super::{Clock, DecodeError, Decoded, Origin, Output, Reason, Settings};

/// What a body should be.
const EXPECTED: &str = "invocation records as a JSON array or one per line";

/// Decodes invocation records: `POST /v1/invocations`, and files.
///
/// A bad record is rejected with a reason that names the field and what would be right; its neighbours are kept.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is an array that is not JSON, [`DecodeError::NothingAcceptable`] where no record is.
pub fn invocations(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("records")
}

/// Decodes a body, or a part of a larger one whose first line or item has the number `first`.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    let mut slices = Slices::new(origin, settings);
    for (index, document) in documents(body, first, EXPECTED)?.into_iter().enumerate() {
        let place = document.place;
        let appended =
            within(index, settings).and_then(|()| record(document, (origin, settings), &mut slices, &mut output));
        match appended {
            Ok(()) => output.accepted += 1,
            Err(fault) => output.reject(fault.at(Table::InvocationFacts, place.to_string())),
        }
    }
    Ok(output)
}

/// Checks that a body holds no more items than it may.
pub(super) fn within(index: usize, settings: &Settings) -> Result<(), Fault> {
    if index < settings.items {
        return Ok(());
    }
    let detail = format!("more than {} items in one request; send it in parts", settings.items);
    Err(Fault::whole(Reason::TooMany, detail))
}

/// Returns a document as an object.
pub(super) fn object_of(document: Document<'_>) -> Result<Object<'_>, Fault> {
    let malformed = |problem: String| Fault::whole(Reason::Malformed, format!("not a JSON object: {problem}"));
    Object::parse(document.json.map_err(malformed)?).map_err(|problem| malformed(problem.to_string()))
}

fn record(
    document: Document<'_>,
    (origin, settings): (&Origin<'_>, &Settings),
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), Fault> {
    let mut object = object_of(document)?;
    let record = Record::read(&mut object, settings)?;
    let clock = Clock::new(origin.received_at_unix_nano);
    let filed = clock.file(record.start_unix_nano);
    slices.open(filed.unix_nano)?;
    output.attributes_dropped += record.attributes_dropped;
    append(&record, filed, (origin, settings), output);
    Ok(())
}

fn append(record: &Record<'_>, filed: Filed, (origin, settings): (&Origin<'_>, &Settings), output: &mut Output) {
    let name = |text: &Cow<'_, str>| names::name(text, settings.name_bytes).into_owned();
    let function = name(&record.function);
    let cut = |text: &Option<Cow<'_, str>>| text.as_ref().map(name);
    let (account, region, version) = (cut(&record.account), cut(&record.region), cut(&record.version));
    let (platform, alias, service) = (cut(&record.platform), cut(&record.alias), cut(&record.service));
    let (environment, runtime, architecture) = (
        cut(&record.environment),
        cut(&record.runtime),
        cut(&record.architecture),
    );
    let (init_type, error_type, tenant) = (cut(&record.init_type), cut(&record.error_type), cut(&record.tenant));
    let instance_id = record
        .instance_id
        .as_deref()
        .map(|id| name(&Cow::Borrowed(names::instance_id(id))));
    let invocation_id = cut(&record.invocation_id);
    if let Some(timeout_ms) = record.timeout_ms {
        let said = Said {
            provider: &record.provider,
            account: account.as_deref(),
            region: region.as_deref(),
            function: &function,
            value: &timeout_ms.to_string(),
            unix_nano: filed.unix_nano,
            time_suspect: filed.suspect,
            received_unix_nano: origin.received_at_unix_nano,
        };
        output.said.add(said::TIMEOUT, said);
    }
    let nanos = record.duration_us.and_then(|duration| duration.checked_mul(1000));
    let mut row = invocation_facts::Row {
        provider: &record.provider,
        source: Source::Record.as_str(),
        fact_kind: "record",
        fact_unix_nano: filed.unix_nano,
        start_hint_unix_nano: Some(filed.unix_nano),
        end_unix_nano: nanos.and_then(|nanos| filed.unix_nano.checked_add(nanos)),
        sample_weight_milli: record.sample_weight_milli,
        platform: platform.as_deref(),
        account: account.as_deref(),
        region: region.as_deref(),
        function: Some(&function),
        version: version.as_deref(),
        alias: alias.as_deref(),
        service: service.as_deref(),
        environment: environment.as_deref(),
        runtime: runtime.as_deref(),
        architecture: architecture.as_deref(),
        instance_id: instance_id.as_deref(),
        attempt_reported: record.attempt,
        trace_id: record.trace_id,
        span_id: record.span_id,
        time_suspect: filed.suspect.then_some(true),
        duration_us: record.duration_us,
        init_duration_us: record.init_duration_us,
        init_type: init_type.as_deref(),
        restore_duration_us: record.restore_duration_us,
        billed_duration_ms: record.billed_duration_ms,
        memory_size_mib: record.memory_size_mib,
        max_memory_used_mib: record.max_memory_used_mib,
        cpu_time_us: record.cpu_time_us,
        out_bytes: record.bytes_out,
        outcome: record.outcome.map(pennyspan_schema::Outcome::as_str),
        error_type: error_type.as_deref(),
        http_status: record.http_status,
        route: record
            .route
            .as_deref()
            .map(|route| text_up_to(route, settings.value_bytes)),
        tenant: tenant.as_deref(),
        cold_start_reported: record.cold_start,
        attributes_json: record.attributes_json.as_deref(),
        received_unix_nano: origin.received_at_unix_nano,
        ..invocation_facts::Row::default()
    };
    record.trigger.fill(&mut row);
    let own_hash;
    if let Some(id) = invocation_id.as_deref() {
        row.invocation_id = id;
        row.key_scope = names::key_scope(row.provider, id, Some(&function));
    } else {
        own_hash = hex::encode(row.hash());
        row.invocation_id = &own_hash;
        row.key_scope = &function;
    }
    row.content_hash = row.hash();
    output.invocation_facts.append(&row);
    record.trigger.append_deliveries(&row, output);
}

#[cfg(test)]
mod tests;
