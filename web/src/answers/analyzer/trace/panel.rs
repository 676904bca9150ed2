//! The facts of one span.

use pennyspan_analyzer::analysis::trace::{SpanRow, Trace};

use super::tree::attempt_of;
use super::{lead, place};
use crate::answers::SpanDetail;
use crate::answers::analyzer::numbers;
use crate::format::{duration, micro_usd};

/// The most attributes that are shown.
const ATTRIBUTES: usize = 60;
/// Characters of one value.
const VALUE: usize = 400;

/// OTLP's kinds by their numbers.
const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];

pub(super) fn detail(span: &SpanRow, trace: &Trace) -> SpanDetail {
    let kind = usize::try_from(span.kind)
        .ok()
        .and_then(|kind| KINDS.get(kind))
        .copied();
    let mut facts = vec![
        ("Service".to_owned(), span.service.clone()),
        (
            "Function".to_owned(),
            span.scope.as_ref().and_then(|scope| scope.function.clone()),
        ),
        ("Version".to_owned(), span.version.clone()),
        ("Kind".to_owned(), kind.map(str::to_owned)),
        (
            "Duration".to_owned(),
            Some(duration((span.end_unix_nano - span.start_unix_nano) / 1_000).text()),
        ),
    ];
    if let Some((kind, peer, operation)) = &span.call {
        let operation = operation.as_deref().unwrap_or_default();
        facts.push(("Calls".to_owned(), Some(format!("{peer} {operation} ({kind})"))));
    }
    if let Some(status) = span.http_status {
        facts.push(("HTTP status".to_owned(), Some(status.to_string())));
    }
    if span.clock_skew {
        facts.push(("Clock".to_owned(), Some("it ends before it starts".to_owned())));
    }
    if let Some(attempt) = attempt_of(span, trace) {
        facts.push(("Invocation".to_owned(), Some(attempt.invocation_id.clone())));
        facts.push(("Outcome".to_owned(), Some(attempt.outcome.as_str().replace('_', " "))));
        let cold = attempt
            .cold_start
            .map(|cold| if cold { "yes" } else { "no" }.to_owned());
        facts.push(("Cold start".to_owned(), cold));
        let amount = numbers::amount(&attempt.cost);
        facts.push((
            "Estimated cost".to_owned(),
            (amount.priced > 0).then(|| micro_usd(amount.usd).text()),
        ));
    }
    facts.extend(attributes(span.attributes_json.as_deref()));
    let links = trace.links.iter().filter(|link| link.span_id == span.span_id);
    let function = span.scope.as_ref().map(|scope| {
        let known = trace
            .attempts
            .iter()
            .map(|attempt| &attempt.scope)
            .find(|known| known.function == scope.function);
        numbers::id(known.unwrap_or(scope))
    });
    SpanDetail {
        span_id: span.span_id.clone(),
        name: format!("{} in {}", span.name, place(span)),
        error: span.error.clone(),
        links: links.map(|link| lead(link, &trace.spans)).collect(),
        function,
        facts: facts
            .into_iter()
            .map(|(name, value)| {
                (
                    crate::text::cut(&name, 120),
                    value.map(|value| crate::text::cut(&value, VALUE)),
                )
            })
            .collect(),
    }
}

fn attributes(json: Option<&str>) -> Vec<(String, Option<String>)> {
    let parsed = json.and_then(|json| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json).ok());
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    parsed
        .unwrap_or_default()
        .into_iter()
        .take(ATTRIBUTES)
        .map(|(name, value)| (name, Some(text(value))))
        .collect()
}
