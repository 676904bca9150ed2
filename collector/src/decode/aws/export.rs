//! Log files of Lambda functions: what CloudWatch Logs exports to S3, what `aws logs tail` and `sam logs` print, and lines as
//! they were logged.
//!
//! An export leads each event with its time, `aws logs tail` with time and stream, `sam logs` with stream and time. A line that
//! nothing leads belongs to the message above it, unless it is a platform's line or JSON. The short form of `aws logs tail` has
//! no offset: it is read as UTC.
//!
//! `sls logs` leaves the platform's lines without a time. `START` takes that of the first line that the function logged in the
//! same request, the others that of its last one; where it logged none, they have no time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use pennyspan_schema::Table;

use super::cloudwatch::whence_of;
use super::logs::{self, Entry};
use super::scene::{Given, Scene};
use super::statement::Kind;
use super::whence::Whence;
use super::{application, text};
use crate::decode::slices::Slices;
use crate::decode::{DecodeError, Origin, Output, Settings, names, number};

/// What stands before a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lead<'a> {
    time_unix_nano: Option<i64>,
    stream: Option<&'a str>,
}

/// One message, which may span lines.
#[derive(Clone, Debug)]
struct Message<'a> {
    line: usize,
    lead: Lead<'a>,
    text: Cow<'a, str>,
}

/// Returns whether a line begins a message.
pub(crate) fn begins_message(line: &str) -> bool {
    line.trim_start().starts_with('{') || text::is_platform_line(line) || lead(line).is_some() || own_prefix(line)
}

/// Returns whether a line is recognisably one of a Lambda function's log.
pub(crate) fn is_lambda_log(line: &str) -> bool {
    text::is_platform_line(line) || lead(line).is_some() || own_prefix(line)
}

/// Returns whether a runtime's prefix leads the line: a time or a level, then a tab.
fn own_prefix(line: &str) -> bool {
    line.split_once('\t').is_some_and(|(first, _)| {
        let timed = number::unix_nano(first)
            .or_else(|| application::local_time(first))
            .is_some();
        timed || (first.starts_with('[') && first.ends_with(']'))
    })
}

/// Decodes log lines; `first` is the number of the body's first line.
#[expect(clippy::unnecessary_wraps, reason = "every decoder of a file's parts has this form")]
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let text = String::from_utf8_lossy(body);
    let mut output = Output::default();
    let mut slices = Slices::new(origin, settings);
    append_messages(messages(&text, first), (origin, settings), &mut slices, &mut output);
    Ok(output)
}

/// Reads the lines of a text that stands within something larger.
pub(super) fn messages_of(text: &str, given: Given<'_>, slices: &mut Slices, output: &mut Output) {
    append_messages(messages(text, 1), given, slices, output);
}

fn append_messages(mut messages: Vec<Message<'_>>, given: Given<'_>, slices: &mut Slices, output: &mut Output) {
    time_platform_lines(&mut messages, given.1);
    let whence = by_stream(&messages, given);
    for message in &messages {
        let whence = whence.get(&message.lead.stream).cloned().unwrap_or_default();
        match append(message, &whence, given, slices, output) {
            Ok(()) => output.accepted += 1,
            Err(fault) => output.reject(fault.at(Table::Logs, format!("line {}", message.line))),
        }
    }
}

/// Gives the platform's lines that have no time one of the lines that the function logged in the same request.
fn time_platform_lines(messages: &mut [Message<'_>], settings: &Settings) {
    let mut logged: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for message in messages.iter() {
        if let Some((request, time)) = application::prefix_of(&message.text) {
            let (first, last) = logged.entry(request.to_owned()).or_insert((time, time));
            (*first, *last) = (time.min(*first), time.max(*last));
        }
    }
    let untimed = messages
        .iter_mut()
        .filter(|message| message.lead.time_unix_nano.is_none());
    for message in untimed {
        let Some(statement) = text::statement(message.text.trim(), settings) else {
            continue;
        };
        let of_request = statement.request_id.as_deref().and_then(|request| logged.get(request));
        let time = of_request.map(|(first, last)| if statement.kind == Kind::Start { *first } else { *last });
        drop(statement);
        message.lead.time_unix_nano = time;
    }
}

fn append(
    message: &Message<'_>,
    whence: &Whence<'_>,
    given: Given<'_>,
    slices: &mut Slices,
    output: &mut Output,
) -> Result<(), crate::decode::fault::Fault> {
    if let Some(time) = message.lead.time_unix_nano {
        slices.open(time)?;
    }
    let scene = Scene {
        time_unix_nano: message.lead.time_unix_nano,
        invocation_id: None,
        whence,
    };
    let entry = Entry {
        text: &message.text,
        record_id: None,
        platform_type: None,
        time_field: "time",
    };
    logs::append(entry, scene, given, output)
}

/// Returns what each stream's lines say of where they come from.
fn by_stream<'a>(messages: &'a [Message<'a>], given: Given<'a>) -> BTreeMap<Option<&'a str>, Whence<'a>> {
    let mut lines: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for message in messages {
        lines.entry(message.lead.stream).or_default().push(&message.text);
    }
    let whence = |(stream, lines): (Option<&'a str>, Vec<&'a str>)| {
        (
            stream,
            whence_of(None, None, stream.map(Cow::Borrowed), lines.into_iter(), given),
        )
    };
    lines.into_iter().map(whence).collect()
}

/// Splits a text into messages; line ends and blanks at the end of one do not count.
fn messages(text: &str, first: usize) -> Vec<Message<'_>> {
    let mut messages: Vec<Message<'_>> = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match messages.last_mut() {
            Some(message) if !begins_message(line) => {
                let text = message.text.to_mut();
                text.push('\n');
                text.push_str(line);
            }
            _ if line.trim().is_empty() => {}
            _ => {
                let (lead, text) = lead(line).unwrap_or((
                    Lead {
                        time_unix_nano: own_time(line),
                        ..Lead::default()
                    },
                    line,
                ));
                messages.push(Message {
                    line: first + index,
                    lead,
                    text: Cow::Borrowed(text),
                });
            }
        }
    }
    for message in &mut messages {
        let length = message.text.trim_ascii_end().len();
        match &mut message.text {
            Cow::Borrowed(text) => *text = &text[..length],
            Cow::Owned(text) => text.truncate(length),
        }
    }
    messages
}

/// Returns the time of a platform's line that names its own, as the old line of a time-out does.
fn own_time(line: &str) -> Option<i64> {
    line.split([' ', '\t']).next().and_then(number::unix_nano)
}

/// Takes what leads a message: a time, and before or after it perhaps a log stream.
fn lead(line: &str) -> Option<(Lead<'_>, &str)> {
    if text::is_platform_line(line) {
        return None;
    }
    let (first, rest) = line.split_once(' ')?;
    if let Some(time) = time(first) {
        let (stream, text) = match rest.split_once(' ') {
            Some((second, text)) if is_stream(second) => (Some(second), text),
            _ => (None, rest),
        };
        return Some((
            Lead {
                time_unix_nano: Some(time),
                stream,
            },
            text,
        ));
    }
    let (second, text) = rest.split_once(' ')?;
    let lead = Lead {
        time_unix_nano: Some(time(second)?),
        stream: Some(first),
    };
    is_stream(first).then_some((lead, text))
}

/// Reads a time with an offset, or without one as UTC.
fn time(text: &str) -> Option<i64> {
    let utc = || {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
            .ok()?
            .and_utc()
            .timestamp_nanos_opt()
    };
    number::unix_nano(text).or_else(utc)
}

/// Returns whether a word is a log stream of Lambda: `2026/10/08/[$LATEST]22be..`.
fn is_stream(word: &str) -> bool {
    word.contains('[') && word.contains(']') && names::instance_id(word).len() == 32
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::Table;
    use pennyspan_schema::tables::{invocation_facts, logs};

    use super::items;
    use crate::decode::{Decoded, Origin, Settings, number};
    use crate::request::Door;

    const ID: &str = "0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01";
    const STREAM: &str = "2026/10/08/checkout[$LATEST]22be53a8cfde4e68b844f8ec293b2543";

    fn decode(text: &str) -> Decoded {
        let door = Door::default();
        let origin = Origin {
            door: &door,
            region: None,
            received_at_unix_nano: None,
        };
        items(text.as_bytes(), 1, &origin, &Settings::default())
            .unwrap()
            .into_decoded()
    }

    fn log_lines(decoded: &Decoded) -> logs::Reader {
        logs::Reader::new(decoded.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1).unwrap()
    }

    #[test]
    fn an_export_leads_each_message_with_its_time() {
        let text = format!(
            "2026-10-08T07:30:28.000Z INIT_START Runtime Version: nodejs:22.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:1\n\
             2026-10-08T07:30:28.235Z START RequestId: {ID} Version: 7\n\n\
             2026-10-08T07:30:28.300Z 2026-10-08T07:30:28.299Z\t{ID}\tERROR\tfirst\nsecond\n  third\n\
             2026-10-08T07:30:29.000Z REPORT RequestId: {ID}\tDuration: 765.00 ms\tBilled Duration: 765 ms\t\nXRAY TraceId: 1-66d978e5-56c7378e556e94b5461da07c\tSampled: true\t\n"
        );
        let decoded = decode(&text);
        let logs = log_lines(&decoded);
        assert_eq!((logs.len(), decoded.rejections.total()), (4, 0));
        assert_eq!(logs.row(2).body, Some("first\nsecond\n  third"));
        let batch = decoded
            .rows
            .iter()
            .find(|(of, _)| *of == Table::InvocationFacts)
            .unwrap()
            .1;
        let facts = invocation_facts::Reader::new(batch).unwrap();
        assert_eq!(
            (facts.len(), facts.row(1).duration_us, facts.row(1).region),
            (2, Some(765_000), Some("eu-west-1"))
        );
        assert_eq!(
            (facts.row(1).start_hint_unix_nano, facts.row(1).trace_sampled),
            (facts.row(0).start_hint_unix_nano, Some(true))
        );
    }

    #[test]
    fn streams_stand_before_or_after_the_time() {
        for line in [
            format!("2026-10-08T07:30:28.235000+00:00 {STREAM} START RequestId: {ID} Version: 7"),
            format!("{STREAM} 2026-10-08T07:30:28.235000 START RequestId: {ID} Version: 7"),
            format!("2026-10-08T07:30:28.235 {STREAM} START RequestId: {ID} Version: 7"),
        ] {
            let decoded = decode(&line);
            let row = log_lines(&decoded);
            let row = row.row(0);
            assert_eq!(
                Some(row.time_unix_nano),
                number::unix_nano("2026-10-08T07:30:28.235Z"),
                "{line}"
            );
            assert_eq!(
                (row.function, row.instance_id),
                (Some("checkout"), Some("22be53a8cfde4e68b844f8ec293b2543"))
            );
        }
    }

    #[test]
    fn sls_logs_times_platform_lines_by_what_the_function_logged() {
        let other = "1e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a02";
        let text = format!(
            "START RequestId: {ID} Version: 7\n2026-10-08 09:30:28.235 (+02:00)\t{ID}\tINFO\tINFO\thello\n\
             2026-10-08 09:30:28.900 (+02:00)\t{ID}\tINFO\tINFO\tbye\nEND RequestId: {ID}\n\
             REPORT RequestId: {ID}\tDuration: 700.00 ms\tBilled Duration: 700 ms\tMemory Size: 128 MB\t\n\n\
             START RequestId: {other} Version: 7\n"
        );
        let decoded = decode(&text);
        let logs = log_lines(&decoded);
        let times: Vec<_> = logs.rows().map(|row| row.time_unix_nano % 60_000_000_000).collect();
        assert_eq!(times, [28_235, 28_235, 28_900, 28_900, 28_900].map(|ms| ms * 1_000_000));
        assert_eq!(
            (logs.row(1).body, logs.row(1).severity_text),
            (Some("hello"), Some("INFO"))
        );
        assert_eq!(
            decoded.rejections.first()[0].place,
            "line 7",
            "nothing tells when that one began"
        );
    }

    #[test]
    fn lines_as_they_were_logged_have_the_times_in_them() {
        let text = format!(
            "2026-10-08T07:30:28.235Z\t{ID}\tINFO\thello\n{{\"timestamp\":\"2026-10-08T07:30:28.300Z\",\"message\":\"json\"}}\n\
             2026-10-08T07:30:31.000Z {ID} Task timed out after 3.00 seconds\nSTART RequestId: 2e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a03 Version: 7\n"
        );
        let decoded = decode(&text);
        let logs = log_lines(&decoded);
        let times: Vec<_> = logs.rows().map(|row| row.time_unix_nano % 60_000_000_000).collect();
        assert_eq!(times, [28_235_000_000, 28_300_000_000, 31_000_000_000]);
        assert_eq!(logs.row(2).platform_type, Some("platform.fault"));
        assert_eq!(decoded.rejections.first()[0].place, "line 4", "a line without a time");
    }
}
