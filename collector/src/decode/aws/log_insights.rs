//! Results of CloudWatch Logs Insights: what `aws logs get-query-results` prints, and the console's JSON and CSV.
//!
//! `{"results":[[{"field":"@timestamp","value":"2026-10-08 07:30:28.235"},{"field":"@message","value":".."}]],"status":".."}`, or
//! objects with the fields as keys. A query gives the fields that it names: without `@timestamp` and `@message` a row says too
//! little to be read. Times are UTC.
//!
//! Source: `GetQueryResults`, Amazon CloudWatch Logs API reference,
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html>.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use pennyspan_schema::Table;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cloudwatch::LogEvent;
use super::log_events::{self, Stream, Streams};
use crate::decode::documents::documents;
use crate::decode::fault::Fault;
use crate::decode::object::{Object, no_time};
use crate::decode::record::{object_of, within};
use crate::decode::{DecodeError, Origin, Output, Reason, Settings, number};

/// What a body should be.
const EXPECTED: &str = "results of CloudWatch Logs Insights";

/// The fields of a row that are read.
#[derive(Debug, Default)]
struct Row<'a> {
    timestamp: Option<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
    stream: Option<Cow<'a, str>>,
    /// The account and the group, as `123456789012:/aws/lambda/checkout`.
    log: Option<Cow<'a, str>>,
}

/// Decodes results; `first` is the number of the body's first line or item.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    let mut streams = Streams::default();
    for (index, document) in documents(body, first, EXPECTED)?.into_iter().enumerate() {
        let place = document.place;
        let sorted = within(index, settings)
            .and_then(|()| object_of(document))
            .and_then(|object| sort(object, &place.to_string(), &mut streams, &mut output));
        if let Err(fault) = sorted {
            output.reject(fault.at(Table::Logs, place.to_string()));
        }
    }
    log_events::append(streams, (origin, settings), &mut output);
    Ok(output)
}

/// Sorts the rows of a command's output, or one row, to their streams.
fn sort<'a>(mut object: Object<'a>, place: &str, streams: &mut Streams<'a>, output: &mut Output) -> Result<(), Fault> {
    let Some(results) = object.take("results") else {
        return sort_row(Row::of_object(&mut object)?, place.to_owned(), streams);
    };
    let rows: Vec<&RawValue> = serde_json::from_str(results.get())
        .map_err(|_| Fault::of("results", Reason::BadValue, "expected a list of rows"))?;
    for (index, row) in rows.into_iter().enumerate() {
        let place = format!("{place}, results[{index}]");
        if let Err(fault) = Row::of_pairs(row).and_then(|row| sort_row(row, place.clone(), streams)) {
            output.reject(fault.at(Table::Logs, place));
        }
    }
    Ok(())
}

fn sort_row<'a>(row: Row<'a>, place: String, streams: &mut Streams<'a>) -> Result<(), Fault> {
    let missing = || {
        Fault::of(
            "@message",
            Reason::MissingField,
            "add @timestamp and @message to the query's `fields`",
        )
    };
    let message = row.message.ok_or_else(missing)?;
    let timestamp = row.timestamp.ok_or_else(|| no_time("@timestamp"))?;
    let time = time(&timestamp).ok_or_else(|| {
        Fault::of(
            "@timestamp",
            Reason::BadValue,
            "expected a time such as 2026-10-08 07:30:28.235",
        )
    })?;
    let (owner, group) = match row.log {
        Some(log) => match log.split_once(':') {
            Some((owner, group)) => (Some(owner.to_owned().into()), Some(group.to_owned().into())),
            None => (None, Some(log)),
        },
        None => (None, None),
    };
    let of = Stream {
        owner,
        group,
        name: row.stream,
    };
    streams
        .entry(of)
        .or_default()
        .push((place, LogEvent::of(Some(time), message)));
    Ok(())
}

/// Reads a time, which is UTC unless it has an offset, or milliseconds since 1970.
fn time(text: &str) -> Option<i64> {
    let utc = || {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
            .ok()?
            .and_utc()
            .timestamp_nanos_opt()
    };
    number::unix_nano(text)
        .or_else(utc)
        .or_else(|| number::unix_nano_of_millis(text))
}

impl<'a> Row<'a> {
    fn of_object(object: &mut Object<'a>) -> Result<Self, Fault> {
        Ok(Self {
            timestamp: object.text("@timestamp")?,
            message: object.text("@message")?,
            stream: object.text("@logStream")?,
            log: object.text("@log")?,
        })
    }

    fn of_pairs(row: &'a RawValue) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Pair<'a> {
            #[serde(borrow)]
            field: Cow<'a, str>,
            #[serde(borrow, default)]
            value: Cow<'a, str>,
        }
        let expected = |_| Fault::of("results", Reason::BadValue, "expected a list of {\"field\",\"value\"}");
        let pairs: Vec<Pair<'a>> = serde_json::from_str(row.get()).map_err(expected)?;
        let mut row = Self::default();
        for Pair { field, value } in pairs {
            match &*field {
                "@timestamp" => row.timestamp = Some(value),
                "@message" => row.message = Some(value),
                "@logStream" => row.stream = Some(value),
                "@log" => row.log = Some(value),
                _ => {}
            }
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests;
