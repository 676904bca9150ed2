//! A request to a Cloud Run revision, which is an invocation.

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source, TriggerType};

use super::entry::{Entry, request_id};
use crate::decode::fault::Fault;
use crate::decode::items::Items;
use crate::decode::names::key_scope;
use crate::decode::number;
use crate::decode::object::Object;
use crate::decode::sender::Sender;
use crate::decode::time::Filed;

/// Who sends requests on behalf of something else, by the start of its user agent, and what that is.
///
/// Source: Pub/Sub, "Push subscriptions" (`APIs-Google`, `CloudPubSub-Google`); Cloud Scheduler and Cloud Tasks, "HTTP targets".
const SENDERS: &[(&str, TriggerType)] = &[
    ("CloudPubSub-Google", TriggerType::Topic),
    ("APIs-Google", TriggerType::Topic),
    ("Google-Cloud-Scheduler", TriggerType::Timer),
    ("Google-Cloud-Tasks", TriggerType::Queue),
];

/// What the platform writes into the entry of a request that it ended itself.
///
/// Source: Cloud Run, "Troubleshoot", messages of requests that fail with 429, 500, 503 and 504.
const ENDS: &[(&str, Outcome)] = &[
    ("no available instance", Outcome::Throttled),
    ("maximum request timeout", Outcome::Timeout),
    ("connection to the instance had an error", Outcome::Crash),
    ("malformed", Outcome::Crash),
];

/// Appends the invocation.
///
/// Its duration is the latency, which contains the start of a new instance and what the request waited for one; what is billed
/// is less, and is not said.
pub(super) fn append(
    entry: &Entry<'_>,
    mut request: Object<'_>,
    filed: Filed,
    sender: &Sender<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let latency = request.word("latency");
    let duration_us = latency
        .as_deref()
        .and_then(|latency| number::scaled(latency.strip_suffix('s').unwrap_or(latency), 6))
        .filter(|us| *us >= 0);
    let nanos = duration_us.and_then(|us| us.checked_mul(1000));
    let http_status = request.count("status").ok().flatten();
    let out_bytes = request.word("responseSize").and_then(|bytes| number::whole(&bytes));
    let user_agent = request
        .get("userAgent")
        .and_then(|value| crate::decode::object::text(value.get()));
    let trigger = user_agent
        .as_deref()
        .and_then(of_user_agent)
        .unwrap_or(TriggerType::Http);
    let words = entry.text.as_deref().unwrap_or_default();
    let outcome = outcome(words, http_status);
    let rest = items.json_of(request.rest(items.settings)?);
    let own_id = entry
        .trace_id
        .zip(entry.span_id)
        .map(|(trace, span)| request_id(trace, span))
        .or_else(|| entry.execution_id().map(std::borrow::Cow::into_owned))
        .or_else(|| entry.insert_id.as_deref().map(str::to_owned));
    let mut row = invocation_facts::Row {
        source: Source::Platform.as_str(),
        fact_kind: "request",
        fact_unix_nano: filed.unix_nano,
        start_hint_unix_nano: Some(filed.unix_nano),
        end_unix_nano: nanos.and_then(|nanos| filed.unix_nano.checked_add(nanos)),
        trace_id: entry.trace_id,
        span_id: entry.span_id,
        trace_sampled: entry.sampled,
        time_suspect: filed.suspect.then_some(true),
        trigger_type: Some(trigger.as_str()),
        duration_us,
        out_bytes: out_bytes.filter(|bytes| *bytes >= 0),
        outcome: outcome.map(Outcome::as_str),
        error_message: Some(words).filter(|words| !words.is_empty()),
        http_status,
        attributes_json: rest.as_deref(),
        ..sender.fact()
    };
    let hashed;
    row.invocation_id = if let Some(id) = own_id.as_deref() {
        id
    } else {
        hashed = hex::encode(row.hash());
        &hashed
    };
    row.key_scope = key_scope(sender.provider, row.invocation_id, sender.function.as_deref());
    items.append_fact(&row);
    Ok(())
}

fn of_user_agent(user_agent: &str) -> Option<TriggerType> {
    let found = SENDERS.iter().find(|(start, _)| user_agent.starts_with(start));
    found.map(|(_, trigger)| *trigger)
}

/// Returns how a request ended: by the platform's words where it ended it, else by its status.
fn outcome(words: &str, http_status: Option<i64>) -> Option<Outcome> {
    let said = ENDS
        .iter()
        .find(|(part, _)| words.contains(part))
        .map(|(_, outcome)| *outcome);
    said.or(match http_status? {
        499 => Some(Outcome::Cancelled),
        500.. => Some(Outcome::Error),
        _ => Some(Outcome::Ok),
    })
}
