//! An explanation for a terminal.

use std::fmt::{self, Write};

use pennyspan_schema::Unit;

use super::{AttemptText, Explanation, FactText, FieldText, PriceText, StatedText, shown};
use crate::report::escape::{cut, terminal};

/// The longest value that is shown whole.
const VALUE_WIDTH: usize = 120;
/// Columns that tell nothing to a reader of the text.
const HIDDEN: [&str; 2] = ["content_hash", "time_suspect"];
/// The weight of an attempt that was not sampled.
const WHOLE: i64 = 1_000;

/// Prints an explanation as plain text.
///
/// # Errors
/// The writer's, which a `String` never has.
pub fn render(explanation: &Explanation) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let attempts = explanation.attempts.len();
    let plural = if attempts == 1 { "" } else { "s" };
    writeln!(
        text,
        "{}: {attempts} attempt{plural}",
        terminal(&explanation.invocation_id)
    )?;
    for (at, attempt) in explanation.attempts.iter().enumerate() {
        head(&mut text, at + 1, attempt)?;
        facts(&mut text, &attempt.facts)?;
        fields(&mut text, &attempt.fields)?;
        completed(&mut text, attempt)?;
        calls(&mut text, attempt)?;
        price(&mut text, &attempt.price)?;
    }
    deliveries(&mut text, explanation)?;
    findings(&mut text, explanation)?;
    Ok(text)
}

/// Returns a column's name without the unit that its value is shown with.
fn label(unit: Unit, column: &'static str) -> &'static str {
    let suffix = match unit {
        Unit::UnixNano | Unit::Microsecond | Unit::Millisecond | Unit::Mebibyte | Unit::MebibyteMillisecond => {
            unit.suffix()
        }
        _ => None,
    };
    suffix.and_then(|suffix| column.strip_suffix(suffix)).unwrap_or(column)
}

/// Returns whether a value says anything beyond the ordinary.
fn tells(stated: &StatedText) -> bool {
    let ordinary = match stated.column {
        "sample_weight_milli" => stated.value.as_i64() == Some(WHOLE),
        _ => stated.value == false,
    };
    !ordinary && !HIDDEN.contains(&stated.column)
}

fn safe(value: &str) -> String {
    cut(&terminal(value), VALUE_WIDTH).into_owned()
}

fn head(text: &mut String, number: usize, attempt: &AttemptText) -> fmt::Result {
    let or_unknown = |part: &Option<String>| part.as_deref().map_or_else(|| "unknown".to_owned(), safe);
    writeln!(
        text,
        "\nattempt {number}: {} of {} in {} ({}), version {}",
        or_unknown(&attempt.outcome),
        or_unknown(&attempt.function),
        or_unknown(&attempt.region),
        safe(&attempt.provider),
        or_unknown(&attempt.version),
    )?;
    let by = attempt
        .start_fact
        .map_or_else(String::new, |fact| format!(" (began as fact {fact} says)"));
    writeln!(
        text,
        "  {} .. {}{by}",
        attempt.start,
        attempt.end.as_deref().unwrap_or("end unknown")
    )?;
    if !attempt.in_window {
        writeln!(text, "  it lies outside of the window, so that no finding counts it")?;
    }
    Ok(())
}

fn facts(text: &mut String, facts: &[FactText]) -> fmt::Result {
    if facts.is_empty() {
        return writeln!(text, "\n  facts: not kept any more");
    }
    writeln!(text, "\n  facts, the most trusted first")?;
    for fact in facts {
        writeln!(
            text,
            "    {}. {} {}  {}",
            fact.number,
            safe(&fact.source),
            safe(&fact.kind),
            fact.time
        )?;
        let states: Vec<String> = fact
            .states
            .iter()
            .filter(|stated| tells(stated))
            .map(|stated| {
                format!(
                    "{} {}",
                    label(stated.unit, stated.column),
                    safe(&shown(stated.unit, &stated.value))
                )
            })
            .collect();
        for line in states.chunks(3) {
            writeln!(text, "       {}", line.join(", "))?;
        }
    }
    Ok(())
}

fn fields(text: &mut String, fields: &[FieldText]) -> fmt::Result {
    if fields.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n  merged (platform > insights > record > span > log, then the earliest)"
    )?;
    for field in fields.iter().filter(|field| !HIDDEN.contains(&field.column)) {
        let by = field
            .fact
            .map_or_else(|| "fold".to_owned(), |fact| format!("fact {fact}"));
        let value = safe(&shown(field.unit, &field.value));
        writeln!(
            text,
            "    {:<24} {value:<26} {by}: {}",
            label(field.unit, field.column),
            field.why
        )?;
        if field.conflict {
            let others = field
                .others
                .iter()
                .map(|(fact, value)| format!("fact {fact} says {}", safe(&shown(field.unit, value))));
            writeln!(
                text,
                "    {:<24} conflict: {}",
                "",
                others.collect::<Vec<_>>().join(", ")
            )?;
        }
    }
    Ok(())
}

fn completed(text: &mut String, attempt: &AttemptText) -> fmt::Result {
    if attempt.completed.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n  completed from environment, settings, neighbours and billing rules"
    )?;
    for stated in attempt.completed.iter().filter(|stated| tells(stated)) {
        writeln!(
            text,
            "    {:<24} {}",
            label(stated.unit, stated.column),
            safe(&shown(stated.unit, &stated.value))
        )?;
    }
    Ok(())
}

fn calls(text: &mut String, attempt: &AttemptText) -> fmt::Result {
    if attempt.calls.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n  calls")?;
    for call in &attempt.calls {
        let operation = call
            .operation
            .as_deref()
            .map_or_else(String::new, |name| format!(" {}", safe(name)));
        writeln!(
            text,
            "    {} {}{operation}: {} calls, {} errors, {} throttled, {} busy, {} in a row",
            safe(&call.dependency_kind),
            safe(&call.dependency),
            call.calls,
            call.errors,
            call.throttled,
            shown(Unit::Microsecond, &call.busy_us.into()),
            call.sequential_run,
        )?;
    }
    Ok(())
}

fn price(text: &mut String, price: &PriceText) -> fmt::Result {
    let amount = price
        .cost_usd
        .as_ref()
        .map_or_else(String::new, |usd| format!(", estimated ${usd} at list prices"));
    writeln!(text, "\n  price: {}{amount}", price.status)?;
    for line in &price.lines {
        writeln!(text, "    {}  ${}", line.item, line.cost_usd)?;
        for step in &line.steps {
            writeln!(text, "      {:<11} {}", step.name, terminal(&step.text))?;
        }
    }
    if !price.waste.is_empty() {
        let parts: Vec<String> = price
            .waste
            .iter()
            .map(|part| format!("{} {}", part.name, part.text))
            .collect();
        writeln!(text, "    spent on {}", parts.join(", "))?;
    }
    for note in &price.notes {
        writeln!(text, "    {}", terminal(note))?;
    }
    Ok(())
}

fn deliveries(text: &mut String, explanation: &Explanation) -> fmt::Result {
    if explanation.deliveries.is_empty() {
        return Ok(());
    }
    writeln!(text, "\ndeliveries")?;
    for delivery in &explanation.deliveries {
        let received = delivery
            .receive_count
            .map_or_else(String::new, |count| format!(", received {count} times"));
        writeln!(
            text,
            "  {}  {} from {}: {}{received}",
            delivery.time,
            delivery
                .message_id
                .as_deref()
                .map_or_else(|| "a message".to_owned(), safe),
            delivery
                .trigger_source
                .as_deref()
                .map_or_else(|| "an unknown source".to_owned(), safe),
            safe(&delivery.outcome),
        )?;
    }
    Ok(())
}

fn findings(text: &mut String, explanation: &Explanation) -> fmt::Result {
    let window = &explanation.window;
    if explanation.findings.is_empty() {
        return writeln!(text, "\nno finding in {} .. {} counts it", window.start, window.end);
    }
    writeln!(text, "\nfindings in {} .. {}", window.start, window.end)?;
    for took in &explanation.findings {
        let suppressed = took
            .suppressed
            .as_ref()
            .map_or_else(String::new, |why| format!(" (suppressed: {})", safe(why)));
        writeln!(
            text,
            "  {:<8}  {}: it {}; {}{suppressed}",
            took.severity,
            took.rule,
            took.relation.sentence(),
            terminal(&took.message)
        )?;
    }
    Ok(())
}
