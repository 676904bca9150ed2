//! The lines that the platform writes at start and end of an execution of a first-generation function.

use pennyspan_schema::tables::invocation_facts;
use pennyspan_schema::{Outcome, Source, TriggerType};

use super::entry::Entry;
use crate::decode::items::Items;
use crate::decode::names::key_scope;
use crate::decode::number;
use crate::decode::sender::{Sender, name};
use crate::decode::time::Filed;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    Started,
    Took { duration_us: Option<i64>, end: End<'a> },
    OutOfMemory,
}

/// How an execution is said to have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End<'a> {
    /// Over HTTP, by the status that it answered.
    Code(Option<i64>),
    /// For an event, by a word.
    Word(&'a str),
}

/// Appends the statement in a line about an execution, and returns the kind of line that it is; `None` for any other.
pub(super) fn append(
    entry: &Entry<'_>,
    filed: Filed,
    sender: &Sender<'_>,
    items: &mut Items<'_>,
) -> Option<&'static str> {
    if !(entry.is_first_generation() && entry.of_platform()) {
        return None;
    }
    let line = Line::parse(entry.text.as_deref()?.trim())?;
    let execution = name(entry.execution_id()?, items.settings);
    let mut row = invocation_facts::Row {
        key_scope: key_scope(sender.provider, &execution, sender.function.as_deref()),
        invocation_id: &execution,
        source: Source::Platform.as_str(),
        fact_unix_nano: filed.unix_nano,
        time_suspect: filed.suspect.then_some(true),
        trace_id: entry.trace_id,
        ..sender.fact()
    };
    match line {
        Line::Started => {
            row.fact_kind = "start";
            row.start_hint_unix_nano = Some(filed.unix_nano);
        }
        Line::Took { duration_us, end } => {
            let nanos = duration_us.and_then(|us| us.checked_mul(1000));
            let start = nanos.and_then(|nanos| filed.unix_nano.checked_sub(nanos));
            row.fact_kind = "report";
            row.start_hint_unix_nano = start.map(|start| items.clock().file(start).unix_nano);
            row.end_unix_nano = Some(filed.unix_nano);
            row.duration_us = duration_us;
            row.outcome = end.outcome().map(Outcome::as_str);
            if let End::Code(code) = end {
                row.http_status = code;
                row.trigger_type = Some(TriggerType::Http.as_str());
            }
        }
        Line::OutOfMemory => {
            row.fact_kind = "memory_limit";
            row.end_unix_nano = Some(filed.unix_nano);
            row.outcome = Some(Outcome::OutOfMemory.as_str());
        }
    }
    items.append_fact(&row);
    Some(line.platform_type())
}

impl<'a> Line<'a> {
    /// Reads `Function execution started`, `Function execution took 112 ms, finished with status code: 200`, and the same for
    /// events, `.. finished with status: 'ok'`, which older ones begin as a sentence of its own and without quotes.
    fn parse(text: &'a str) -> Option<Self> {
        if text == "Function execution started" {
            return Some(Self::Started);
        }
        if text.starts_with("Error: memory limit exceeded") {
            return Some(Self::OutOfMemory);
        }
        let rest = text.strip_prefix("Function execution took ")?;
        let (took, rest) = rest.split_once(" ms")?;
        let lower = rest.find("inished with status").map(|at| &rest[at..])?;
        let (what, end) = lower.split_once(':')?;
        let end = end.trim().trim_matches(['\'', '"', '.']);
        Some(Self::Took {
            duration_us: number::duration_us(took),
            end: if what.ends_with("code") {
                End::Code(number::whole(end))
            } else {
                End::Word(end)
            },
        })
    }

    fn platform_type(self) -> &'static str {
        match self {
            Self::Started => "platform.start",
            Self::Took { .. } => "platform.report",
            Self::OutOfMemory => "platform.memoryLimit",
        }
    }
}

impl End<'_> {
    fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Code(code) => code.map(|code| if code >= 500 { Outcome::Error } else { Outcome::Ok }),
            Self::Word("ok") => Some(Outcome::Ok),
            Self::Word("timeout") => Some(Outcome::Timeout),
            Self::Word("crash" | "connection error") => Some(Outcome::Crash),
            Self::Word(word) if word.contains("memory") => Some(Outcome::OutOfMemory),
            Self::Word(_) => Some(Outcome::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{End, Line};

    #[test]
    fn every_rendering_of_an_end_is_read() {
        let took = |end| {
            Some(Line::Took {
                duration_us: Some(112_000),
                end,
            })
        };
        for (text, line) in [
            ("Function execution started", Some(Line::Started)),
            (
                "Function execution took 112 ms, finished with status code: 200",
                took(End::Code(Some(200))),
            ),
            (
                "Function execution took 112 ms, finished with status: 'timeout'",
                took(End::Word("timeout")),
            ),
            (
                "Function execution took 112 ms. Finished with status: ok",
                took(End::Word("ok")),
            ),
            ("Function execution took long", None),
            ("we say: Function execution started", None),
        ] {
            assert_eq!(Line::parse(text), line, "{text}");
        }
    }
}
