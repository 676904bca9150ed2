//! How an attempt ended, from what its facts say together.

use pennyspan_schema::tables::invocation_facts::Reader;
use pennyspan_schema::tables::invocations::Row;
use pennyspan_schema::{Outcome, Source};

use super::super::attempts::Members;

/// What one source's facts say together is the first of these that one of them says: the exact before the general, and an
/// attempt that ran before one that did not.
const MOST_TELLING: [Outcome; 9] = [
    Outcome::OutOfMemory,
    Outcome::Timeout,
    Outcome::Crash,
    Outcome::ExceededCpu,
    Outcome::Error,
    Outcome::Cancelled,
    Outcome::Ok,
    Outcome::Throttled,
    Outcome::Dropped,
];

/// Returns how the attempt ended.
///
/// The best source that says anything decides. A platform report without status says nothing, so the attempt is `ok` unless
/// another fact says otherwise; an attempt whose end no platform record states, or of which the platform says that it does not know,
/// and of which nothing else tells, is `unknown`.
pub(super) fn outcome(members: Members<'_>, merged: &Row<'_>) -> Outcome {
    match stated(members) {
        Some(Outcome::Error | Outcome::Crash) if out_of_memory(members, merged) => Outcome::OutOfMemory,
        Some(outcome) => outcome,
        None if ended(members) => Outcome::Ok,
        None => Outcome::Unknown,
    }
}

/// Returns what the best source that says anything says.
fn stated(members: Members<'_>) -> Option<Outcome> {
    let mut best: Option<(Source, usize)> = None;
    for (reader, row) in members.iter() {
        let source = Source::from_word(reader.source(row)).unwrap_or(Source::Log);
        if best.is_some_and(|(of, _)| of < source) {
            break;
        }
        let said = reader.outcome(row).and_then(Outcome::from_word);
        let weight = said.and_then(|said| MOST_TELLING.iter().position(|outcome| *outcome == said));
        if let Some(weight) = weight {
            best = Some((source, best.map_or(weight, |(_, so_far)| so_far.min(weight))));
        }
    }
    best.map(|(_, weight)| MOST_TELLING[weight])
}

/// Returns whether the platform states the end, and does not say that it does not know which.
fn ended(members: Members<'_>) -> bool {
    let of_platform = members.iter().filter(|(reader, row)| {
        matches!(
            Source::from_word(reader.source(*row)),
            Some(Source::Platform | Source::Insights)
        )
    });
    let (mut ends, mut unknown) = (false, false);
    for (reader, row) in of_platform {
        ends |= reader.end_unix_nano(row).is_some() || reader.duration_us(row).is_some();
        unknown |= reader.outcome(row) == Some(Outcome::Unknown.as_str());
    }
    ends && !unknown
}

/// Returns whether memory ended it: the platform says so, or it killed the process when its memory was used up.
///
/// Lambda reports the second case as `Runtime.ExitError`, earlier as `signal: killed`, and says the memory in another record.
fn out_of_memory(members: Members<'_>, merged: &Row<'_>) -> bool {
    let used_up = merged
        .max_memory_used_mib
        .zip(merged.memory_size_mib)
        .is_some_and(|(used, size)| used >= size);
    let killed = |reader: &Reader, row| {
        reader.error_type(row) == Some("Runtime.ExitError")
            || reader
                .error_message(row)
                .is_some_and(|message| message.contains("signal: killed"))
    };
    members
        .iter()
        .any(|(reader, row)| reader.error_type(row) == Some("Runtime.OutOfMemory") || (used_up && killed(reader, row)))
}
